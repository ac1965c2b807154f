"""Stage 3: a round of keras-tuner trials over the open space, judged against the overfitting model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.contract.entries import Trial, Verdict
from modelwizard.contract.jobs import Inspect, Reserve, Search
from modelwizard.contract.messages import message
from modelwizard.contract.results import Dimension, Inspection
from modelwizard.contract.trials import Hyperparameters
from modelwizard.errors import ProjectError
from modelwizard.evidence.advice import Point
from modelwizard.files import write_text
from modelwizard.journal import looks
from modelwizard.project import verdicts
from modelwizard.stages import accounting, regularize
from modelwizard.stages.influence import Range
from modelwizard.stages.inputs import Run
from modelwizard.stages.ladder import Capacity, capacity
from modelwizard.stages.verdict import Verdict as Judgement
from modelwizard.walk.overfit import no_regularisation
from modelwizard.walk.plan import workers
from modelwizard.walk.session import Session, ended_best

TRIALS = 20
"""Trials of a round, when neither --trials nor --time-budget is given."""
MOST = 500
"""Trials of a round that is limited by time."""
EPOCHS = 32
"""Epochs of a trial by default; the learning rate falls over them, so that few are enough."""
STEPS = 600
"""Optimizer steps of a trial at least: few rows get more epochs."""
LENGTHS = (0.25, 0.5, 1, 2, 4)
"""Lengths that are searched, as multiples of the default: a short training is the cheapest regulariser. The third trial
is the shortest: a learning rate that has fallen to zero early is better than a long training that is cut at its best
epoch, where rows are noisy, and it costs little."""
FAST = {"learning_rate": 2, "dropout": 0.5}
REGULARISED = {"dropout": 2.5, "weight_decay": 10}
"""What the fourth and the fifth trial multiply the defaults by: on the tables of `benchmarks/quality.py` the best
settings of large tables of numbers lie near the first, those of small noisy ones near the second."""
WIDE = {"units": 2, "dropout": 1.5, "learning_rate": 2}
ENOUGH_TIME = 120.0
"""Seconds that must be left for a sixth trial that is wide and twice as long: it takes several times what others do."""
MEMBERS, LONGER = 3, 1.25
"""Networks that finalize trains, and how much longer than a trial's each takes: it sees the validation rows too."""
BATCHES = [2, 4, 8, 16, 32]
"""Batch sizes that are searched when modelwizard.toml asks for it."""
PATIENCE = 12
"""Epochs without a better validation loss after which a trial ends; its best epoch counts."""


def walk(session: Session) -> Judgement:
    """Run a round of trials and judge all trials so far."""
    session.reporter.stage("regularize", (message("regularize.search"), message("regularize.looks_are_counted")))
    facts = session.child.run(Inspect())
    border, known = _border(session)
    ranges = _ranges(facts.space, capacity(border) if known else None)
    done = session.trials("regularize")
    wanted = session.options.trials or (MOST if session.options.time_budget else TRIALS)
    total = _before_this_round(session) + wanted
    best = accounting.best_trial(session.metric, done)
    watch = session.watch(
        message("regularize.watch"),
        trials=None if session.options.time_budget and not session.options.trials else total,
        done=len(done),
        baseline=_baseline_score(session),
        best=best.score if best else None,
    )
    with session.reporter.watch(watch) as on_event:
        found = session.child.run(_search(session, facts, ranges, done, total), session.recording(on_event))
    if found.stopped == "failures":
        session.reporter.warn(message("regularize.failures", told=found.message))
    return _judge(session, border, ranges)


def _border(session: Session) -> tuple[Run, bool]:
    """Return the run that marks the border of overfitting, and whether it was found; else the largest of stage 2."""
    found = verdicts(session.journal.entries())["overfit"]
    runs = {run.name: run for run in session.usable("overfit", "baseline")}
    name = found.numbers.get("run") if found else None
    if found and name in runs and found.verdict == "passed":
        return _judged_alike(session, runs[name]), True
    if not runs:
        raise ProjectError("No run of the overfit stage is left.", fix=session.typed("modelwizard overfit"))
    return _judged_alike(session, max(runs.values(), key=lambda run: run.parameters)), False


def _judged_alike(session: Session, run: Run) -> Run:
    """Return a run as it is, or trained anew when rows are judged by another scheme by now."""
    entry = next(e for e in session.trials() if e.run == run.name)
    if entry.scheme == session.scheme:
        return run
    watch = session.watch(message("regularize.watch_overfitting"))
    return session.run(session.train("overfit", dict(run.hyperparameters), entry.training, watch))


def _ranges(space: list[Dimension], size: Capacity | None) -> dict[str, Range]:
    """Return what each hyperparameter is drawn from: model.py's ranges, capped by the overfitting model if known."""
    caps = regularize.bounds(size) if size else {}
    found: dict[str, Range] = {}
    for h in space:
        values = [v for v in h.values or [] if isinstance(v, int | float) and not isinstance(v, bool)]
        low, high = (min(values), max(values)) if values else (h.min, h.max)
        if low is None or high is None or low >= high:
            continue
        log = h.sampling == "log"
        if h.name in caps:
            cap = caps[h.name]
            top = min(max(cap.high, h.default, low), high)
            bottom = min(max(cap.low, low), top)
            found[h.name] = Range(bottom, top, log, open_low=False, open_high=False)
        else:
            found[h.name] = Range(low, high, log, open_low=not h.regulariser, open_high=True)
    return found


def _search(session: Session, facts: Inspection, ranges: Mapping[str, Range], done: list[Trial], total: int) -> Search:
    """Describe the search: the defaults, the baseline's settings, then short, fast, regularised and wide."""
    caps = {name: (ranges[name].low, ranges[name].high) for name in ("layers", "units") if name in ranges}
    baseline, _ = session.experiment("1-baseline.toml")
    defaults = {h.name: h.default for h in facts.space if not h.conditional}
    default = {name: _within(value, caps.get(name)) for name, value in defaults.items()}
    training = session.project.settings.training
    epochs = _epochs(session, facts.rows["train"])
    lengths = [max(1, round(epochs * length)) for length in LENGTHS]
    free = "epochs" not in default  # one of the person's own is theirs
    wide = _scaled(default, facts.space, WIDE) | ({"epochs": lengths[LENGTHS.index(2)]} if free else {})
    wide = {name: _within(value, caps.get(name)) for name, value in wide.items()}
    left = session.seconds_left()
    searched = (("epochs", lengths, free), ("batch_size", BATCHES, training.tune_batch_size))
    return Search(
        stage="regularize",
        trials=total,
        seed=session.seed + 1,
        epochs=epochs,
        batch_size=training.batch_size,
        patience=PATIENCE,
        choices={name: values for name, values, wanted in searched if wanted},
        done=list(done),
        first=[
            default,
            {**default, **baseline, **no_regularisation(facts.space)},
            *([{**default, "epochs": lengths[0]}] if free else []),
            *(_scaled(default, facts.space, factors) for factors in (FAST, REGULARISED)),
            *([wide] if left is None or left >= ENOUGH_TIME else []),
        ],
        bounds=caps,
        time_budget=session.seconds_left(),
        reserve=_reserve(session) if session.options.whole else Reserve(),
        workers=workers(session.options),
    )


def _reserve(session: Session) -> Reserve:
    """Return what must be left when the search ends: seconds, and networks like those of the best trial.

    Judging the trials, and saying what the test should show, each take about as long as exporting and testing.
    """
    networks = -(-MEMBERS // workers(session.options)) * LONGER
    return Reserve(3 * session.options.reserve, networks)


def _epochs(session: Session, rows: int) -> int:
    """Return the epochs of a trial by default: enough steps; the worker makes them fewer for a time budget.

    A round that goes on keeps the length of its trials.
    """
    before = session.trials("regularize")
    if before and before[0].code == session.project.code_hashes():
        return before[0].training.epochs
    steps = -(-rows // session.project.settings.training.batch_size)
    return max(EPOCHS, -(-STEPS // steps))


def _within(value: Any, cap: tuple[float, float] | None) -> Any:
    return type(value)(min(max(value, cap[0]), cap[1])) if cap else value


def _scaled(values: Hyperparameters, space: list[Dimension], factors: Mapping[str, float]) -> Hyperparameters:
    """Return values of which some are multiplied, as far as their ranges, steps and choices allow.

    What a person has fixed, or made a choice of words, stays as it is.
    """
    changed = dict(values)
    for h in (h for h in space if h.name in factors and h.name in values):
        if isinstance(values[h.name], str | bool):
            continue
        wanted = values[h.name] * factors[h.name]
        if h.values:
            changed[h.name] = min(h.values, key=lambda v, wanted=wanted: abs(v - wanted))
        elif h.min is not None and h.max is not None:
            step = h.step if h.sampling != "log" and h.step else 0
            placed = h.min + round((wanted - h.min) / step) * step if step else wanted
            changed[h.name] = min(max(round(placed, 12), h.min), h.max)
    return changed


def _before_this_round(session: Session) -> int:
    """Return how many trials the rounds before had: a round that was interrupted goes on with its own."""
    last = next((e.seq for e in reversed(session.journal.of(Verdict, "regularize"))), 0)
    return sum(entry.seq < last for entry in session.trials("regularize"))


def _baseline_score(session: Session) -> float | None:
    found = verdicts(session.journal.entries())["baseline"]
    score = found.numbers.get("score") if found else None
    return None if score is None else float(score)


def _judge(session: Session, border: Run, ranges: Mapping[str, Range]) -> Judgement:
    """Judge every trial so far, and keep the best one as an experiment."""
    entries = session.trials("regularize")
    runs = session.usable("regularize")
    if not runs:
        like = next(e for e in reversed(session.trials()) if e.run == border.name)
        late = bool(entries) and all(e.status == "stopped" for e in entries)
        return regularize.judge(session.validation(like), [], border, ranges, seed=session.seed, late=late)
    validation = session.validation(next(e for e in entries if e.run == runs[0].name))
    rounds = [e.numbers for e in session.journal.of(Verdict, "regularize")]
    verdict = regularize.judge(
        validation,
        runs,
        border,
        ranges,
        baseline_score=_baseline_score(session),
        history=[Point(**n["point"]) for n in rounds if n.get("point")],
        warned_before=bool(rounds) and rounds[-1].get("level") in ("warn", "stop", "refresh"),
        seed=session.seed,
    )
    best = next((e for e in entries if e.run == verdict.numbers.get("run")), None)
    if best:
        session.write_experiment(
            "3-regularize.toml",
            message("regularize.experiment", trials=len(entries), run=best.run),
            best.hyperparameters,
            ended_best(best),
        )
    _trace(session, verdict)
    return verdict


def _trace(session: Session, verdict: Judgement) -> None:
    """Sum up the looks in one line, and keep the table of trials as a file that any program reads."""
    seen = looks(session.journal.entries()).validation
    told = accounting.account(session.metric, seen, verdict.numbers)
    if told is not None:
        session.reporter.say(told)
    entries = session.trials("regularize")
    names = sorted({name for e in entries for name in e.hyperparameters})
    columns = ("run", "status", "score", "val_loss", "best_epoch", "parameters", "seconds")
    lines = [",".join([*columns, *names])]
    lines += [
        ",".join([*(str(getattr(e, c)) for c in columns), *(str(e.hyperparameters.get(n, "")) for n in names)])
        for e in entries
    ]
    write_text(session.project.runs / "regularize.csv", "\n".join(lines) + "\n")
