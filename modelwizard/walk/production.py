"""The way to model.keras: probes, what is decided on their held-out predictions, the last polish, the export."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict, replace

from modelwizard.contract.entries import Exported, Trial
from modelwizard.contract.jobs import Final, Polish, Probe
from modelwizard.contract.messages import message
from modelwizard.contract.results import Polished, Probed, Produced
from modelwizard.contract.trials import Hyperparameters, Summary, Training
from modelwizard.errors import ProjectError
from modelwizard.evidence.kfold import production_epochs
from modelwizard.stages import squeeze
from modelwizard.stages.accounting import best_trial
from modelwizard.stages.squeeze import Squeeze
from modelwizard.walk import findings
from modelwizard.walk.plan import workers
from modelwizard.walk.regularize import MEMBERS, PATIENCE
from modelwizard.walk.session import Session, ended_best

MOST = 6
"""Networks that are averaged at most when there is time for more than usual."""


def produce(session: Session, seeds: int) -> tuple[Produced, Squeeze]:
    """Train the production model of the best settings and export it as model.keras.

    Args:
        session: The stage at work.
        seeds: Networks that are trained and averaged, and probes before them.

    Returns:
        What was made, and what was decided on the way.
    """
    hyperparameters, training = _settings(session)
    probe = Probe(hyperparameters=hyperparameters, training=training, patience=PATIENCE, seeds=seeds)
    probed = _probe(session, probe) if session.options.time_budget is None else _stand_in(session, probe)
    found = _squeeze(session, probed.runs)
    polish = _polish(session, probe, probed)
    made = _export(session, probe, probed.runs, found, polish)
    known = asdict(replace(made, findings=[]))  # each is a line of its own
    session.journal.append(Exported(**known, stage="finalize", squeeze=found.record(), polish=polish))
    findings.record(session, "finalize", made.findings)
    session.write_experiment(
        "4-finalize.toml",
        message("finalize.experiment", members=made.members),
        hyperparameters,
        replace(made.training, stop_after=made.epochs),
        {"threshold": found.say_from} if found.threshold else None,
    )
    session.reporter.say(
        message(
            "finalize.model",
            members=made.members,
            epochs=made.epochs,
            wanted=made.wanted_epochs if made.epochs < made.wanted_epochs else None,
            parameters=made.parameters,
            rows=made.equality.rows,
            largest=made.equality.largest,
        )
    )
    return made, found


def _settings(session: Session) -> tuple[Hyperparameters, Training]:
    """Return the settings that the search chose, or those of the best trial so far where it has chosen none."""
    if (session.project.folder / "experiments" / "3-regularize.toml").exists():
        return session.experiment("3-regularize.toml")
    found = best_trial(session.metric, _judged(session))
    if found is None:
        raise ProjectError("No trial has settings that could be used.", fix=session.typed("modelwizard baseline"))
    session.reporter.warn(message("finalize.no_trial_of_search", run=found.run))
    return found.hyperparameters, ended_best(found)


def _judged(session: Session) -> list[Trial]:
    """Return the trials that judged the present rows with the present code."""
    code = session.project.code_hashes()
    names = {run.name for run in session.usable("baseline", "overfit", "regularize")}
    return [e for e in session.trials() if e.run in names and e.code == code and e.scheme == session.scheme]


def _stand_in(session: Session, probe: Probe) -> Probed:
    """Let the trial that had these settings stand for the probes: under a time budget, networks gain more than probes.

    Where there is no such trial, one probe is trained.
    """
    trained = replace(probe.training, stop_after=None)
    known = [
        e
        for e in _judged(session)
        if e.best_epochs and e.hyperparameters == probe.hyperparameters and e.training == trained
    ]
    if not known:
        return _probe(session, replace(probe, seeds=1, time_budget=_training_time(session)))
    return Probed([known[-1].run], production_epochs([epoch + 1 for epoch in known[-1].best_epochs]))


def _training_time(session: Session) -> float | None:
    """Return the seconds that networks may be trained for, before what exporting and testing need."""
    left = session.seconds_left()
    return None if left is None else max(0.1, left - session.options.reserve)


def _probe(session: Session, probe: Probe) -> Probed:
    """Train the settings where rows are held out, several times; each is a trial of the journal."""
    watch = session.watch(message("finalize.watch_probes"), trials=probe.seeds, done=0)
    with session.reporter.watch(watch) as on_event:
        done: list[Summary] = [*session.trials("finalize")]
        return session.child.run(replace(probe, done=done), session.recording(on_event))


def _squeeze(session: Session, runs: Sequence[str]) -> Squeeze:
    """Decide on temperature and threshold, and count the looks that this takes.

    Where one training stands for the probes, the next best trials are averaged with it.
    """
    entries = [entry for entry in session.trials() if entry.run in runs]
    beside = sorted((e for e in _judged(session) if e.run not in runs), key=lambda e: e.val_loss or 0.0)
    others = beside[: max(0, MEMBERS - len(entries))]
    validation = session.validation(entries[0])
    probes, rest = ([session.run(entry) for entry in some] for some in (entries, others))
    found = squeeze.decide(validation, probes, rest, seed=session.seed)
    for purpose, count in found.looks.items():
        session.look("finalize", purpose, count, [run.name for run in (*probes, *rest)])
    for told in found.told().values():
        session.reporter.say(told)
    return found


def _polish(session: Session, probe: Probe, probed: Probed) -> Polished | None:
    """Try the last polish where modelwizard.toml asks for it."""
    if not session.project.settings.training.polish:
        return None
    if session.options.time_budget is not None:
        session.reporter.note(message("finalize.polish_takes_too_long"))
        return None
    job = Polish(
        hyperparameters=probe.hyperparameters, training=probe.training, seeds=probe.seeds, epochs=probed.epochs
    )
    with session.reporter.watch(session.watch(message("finalize.watch_polish"), trials=1, done=0)) as on_event:
        found = session.child.run(job, on_event)
    session.look("finalize", "polish", found.looks, probed.runs)
    session.reporter.say(squeeze.polished(found))
    return found


def _export(session: Session, probe: Probe, runs: Sequence[str], found: Squeeze, polish: Polished | None) -> Produced:
    """Train the production networks and write model.keras."""
    job = Final(
        hyperparameters=probe.hyperparameters,
        training=probe.training,
        seeds=probe.seeds if session.options.time_budget is None else MOST,
        done=[*session.trials()],
        runs=list(runs),
        time_budget=_training_time(session),
        workers=workers(session.options),
        strategy=session.project.settings.training.production if session.scheme == "kfold" else "retrain",
        temperature=found.divide_by,
        polish=polish.learning_rate if polish and polish.kept else None,
    )
    with session.reporter.watch(session.watch(message("finalize.watch_production"), trials=1, done=0)) as on_event:
        return session.child.run(job, on_event)
