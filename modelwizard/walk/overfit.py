"""Stage 2: climb the capacity ladder from the baseline's model until validation turns upward."""

from __future__ import annotations

from msgspec.structs import replace

from modelwizard.contract.entries import Trial
from modelwizard.contract.jobs import Inspect
from modelwizard.contract.messages import message
from modelwizard.contract.results import Dimension, Inspection
from modelwizard.contract.trials import Hyperparameters, Training
from modelwizard.stages import overfit
from modelwizard.stages.inputs import Run, Validation
from modelwizard.stages.ladder import FEWEST_EPOCHS, Capacity, Experiment, Ladder, Stop, propose, step
from modelwizard.stages.verdict import Verdict
from modelwizard.walk.session import Session

MOST_RUNS = 24


def walk(session: Session) -> Verdict:
    """Train larger and longer models, every regulariser at zero, until the border is crossed."""
    session.reporter.stage("overfit", (message("overfit.ladder"), message("overfit.same_conditions")))
    facts = session.child.run(Inspect())
    zero = no_regularisation(facts.space)
    hyperparameters, training = session.experiment("1-baseline.toml")
    entries = [e for e in session.trials("overfit") if e.code == facts.code and not e.fraction]
    entries = [e for e in entries if e.scheme == session.scheme]
    entries = [*_first(session, {**hyperparameters, **zero}, training, facts), *entries]
    runs = [session.run(entry) for entry in entries if entry.predictions]
    names = {h.name for h in facts.space}
    start = Capacity(
        int(hyperparameters["layers"]) if "layers" in names and "layers" in hyperparameters else None,
        int(hyperparameters["units"]) if "units" in names and "units" in hyperparameters else None,
        training.epochs,
    )
    validation: Validation | None = session.validation(entries[0]) if runs else None
    base = session.dumb_loss(validation) if validation else 0.0
    limit, budget = session.options.trials or MOST_RUNS, session.options.time_budget
    while True:
        steps = tuple(
            step(validation, run, base, runs[i - 1] if i else None, seed=session.seed)
            for i, run in enumerate(runs)
            if validation
        )
        ladder = Ladder(
            start,
            steps,
            facts.rows["train"],
            budget,
            (budget or 0.0) - (session.seconds_left() or 0.0),
            limit,
        )
        proposal = propose(ladder)
        if isinstance(proposal, Stop):
            break
        entry = _climb(session, proposal, {**hyperparameters, **zero}, training, len(runs), limit)
        runs.append(session.run(entry))
        if validation is None:
            validation = session.validation(entry)
            base = session.dumb_loss(validation)
    assert validation is not None  # the ladder stops only after a rung
    subset = _subset(session, runs[-1], zero, training, facts, base) if proposal.subset else None
    verdict = overfit.judge(validation, runs, base, proposal, subset, seed=session.seed)
    _keep(session, verdict, runs, training)
    return verdict


def _first(session: Session, values: Hyperparameters, training: Training, facts: Inspection) -> list[Trial]:
    """Return the baseline's run where the first rung would be the same again: it is not trained and counted twice."""
    if training.epochs < FEWEST_EPOCHS:
        return []
    for entry in reversed(session.trials("baseline")):
        same = all(entry.hyperparameters.get(k) == v for k, v in values.items())
        same = same and entry.training == training and entry.code == facts.code
        if same and entry.scheme == session.scheme and entry.predictions:
            return [entry]
    return []


def no_regularisation(space: list[Dimension]) -> Hyperparameters:
    """Return the weakest value of every hyperparameter that regularises."""
    weakest = {h.name: min(h.values) if h.values else h.min for h in space if h.regulariser}
    return {name: value for name, value in weakest.items() if value is not None}


def _climb(
    session: Session,
    step: Experiment,
    hyperparameters: Hyperparameters,
    training: Training,
    done: int,
    limit: int,
) -> Trial:
    """Train one rung."""
    session.reporter.note(message("ladder.rung", size=step.capacity.told(), why=step.why))
    watch = session.watch(message("overfit.watch"), trials=limit, done=done)
    values = {**hyperparameters, **step.hyperparameters}
    return session.train("overfit", values, replace(training, epochs=step.capacity.epochs), watch)


def _subset(
    session: Session,
    last: Run,
    zero: Hyperparameters,
    training: Training,
    facts: Inspection,
    base: float,
) -> overfit.Subset:
    """Check that the largest model can memorise a small part of the training rows."""
    rows = overfit.subset_rows(facts.rows["train"])
    session.reporter.note(message("overfit.memorise_subset", rows=rows))
    entry = session.train(
        "overfit",
        {**last.hyperparameters, **zero},
        replace(training, epochs=max(last.epochs_run, 300)),
        session.watch(message("overfit.watch_subset")),
        fraction=rows / facts.rows["train"],
    )
    history = session.project.read_run(entry.run).history
    return overfit.Subset(rows, min(row["train_loss"] for row in history), base)


def _keep(session: Session, verdict: Verdict, runs: list[Run], training: Training) -> None:
    """Write the experiment that stage 3 starts from: the model that marks the border."""
    kept = next((run for run in runs if run.name == verdict.numbers.get("run")), None)
    if kept:
        session.write_experiment(
            "2-overfit.toml",
            message("overfit.experiment"),
            dict(kept.hyperparameters),
            replace(training, epochs=kept.epochs_run),
        )
