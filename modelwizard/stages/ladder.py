"""The capacity ladder of stage 2: what to train next, and when to stop climbing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from modelwizard.contract.messages import Message, message
from modelwizard.evidence.arrays import Floats
from modelwizard.evidence.overfitting import Kind, Overfitting, judge, kind
from modelwizard.evidence.scores import SCORES
from modelwizard.stages.inputs import Run, Validation

Change = Literal["start", "epochs", "width", "depth", "learning rate"]

CYCLE: tuple[Change, ...] = ("epochs", "width", "depth")
"""Epochs x 2, then width x 2, then one more layer, and round again: two to seventeen times cheaper in simulation than
widening alone, and deepening a narrow network never got there."""
FEWEST_EPOCHS = 15
MOST_EPOCHS = 2000
MOST_LAYERS = 8
MOST_UNITS = 2048
WEIGHTS_PER_ROW = 100
FEWEST_WEIGHTS = 500_000
MEMORISED = 0.05
SMALL_GAIN = 0.01
DIVERGENCES = 3

Why = Literal["proven", "memorised", "optimisation limit", "budget", "cap", "diverged"]


@dataclass(frozen=True)
class Capacity:
    """How large a model is and how long it trains; None where `model.py` has no such hyperparameter."""

    layers: int | None
    units: int | None
    epochs: int

    def told(self) -> Message:
        """Return "3 layers of 256 units, 80 epochs"."""
        whole = self.layers is not None and self.units is not None
        return message("ladder.size" if whole else "ladder.part_of_size", **vars(self))


def capacity(run: Run) -> Capacity:
    """Return the capacity that a run was built with."""
    layers, units = run.hyperparameters.get("layers"), run.hyperparameters.get("units")
    return Capacity(None if layers is None else int(layers), None if units is None else int(units), run.epochs_run)


@dataclass(frozen=True)
class Step:
    """One rung of the ladder, judged.

    Args:
        run: Name of the run.
        capacity: Its size.
        loss: What the loss curve says.
        metric: What the metric's curve says; None when it is a function of the loss.
        kind: What was proven.
        train_share: Last training loss as a share of the constant prediction's loss.
        train_gain: Relative fall of the training loss against the rung before; infinity for the first.
        val_t: Paired t of the best validation epoch against that of the rung before; infinity for the first.
        parameters: Trainable parameters.
        seconds: Training time.
        diverged: Whether the losses became NaN early.
        learning_rate: The rate it was trained with, when it is a hyperparameter.
    """

    run: str
    capacity: Capacity
    loss: Overfitting
    metric: Overfitting | None
    kind: Kind
    train_share: float
    train_gain: float
    val_t: float
    parameters: int
    seconds: float
    diverged: bool = False
    learning_rate: float | None = None

    @property
    def memorised(self) -> bool:
        """Whether the training rows are memorised: loss below 5 % of the baseline's."""
        return self.train_share < MEMORISED


def step(validation: Validation, run: Run, baseline_loss: float, previous: Run | None = None, *, seed: int = 0) -> Step:
    """Judge one rung.

    Args:
        validation: The rows that judge.
        run: The run of this rung.
        baseline_loss: Mean excess loss of the constant prediction, in the unit of the run's training loss.
        previous: The run of the rung before.
        seed: Seed of the splits.
    """
    floor = validation.floor()
    train = np.asarray(run.train_loss, dtype=np.float64) - floor
    losses = run.losses(validation)
    found = judge(losses, train, groups=validation.units, widen=validation.inflation, seed=seed)
    metric = None if validation.loss in SCORES[validation.metric].like else _metric(validation, run, seed)
    last = _last_finite(train)
    gain, t = math.inf, math.inf
    if previous is not None:
        gain, t = _progress(validation, run, previous, last, floor)
    rate = run.hyperparameters.get("learning_rate")
    return Step(
        run.name,
        capacity(run),
        found,
        metric,
        kind(found, metric),
        last / baseline_loss if baseline_loss > 0 else math.nan,
        gain,
        t,
        run.parameters,
        run.seconds,
        found.reason == "diverged",
        None if rate is None else float(rate),
    )


def _metric(validation: Validation, run: Run, seed: int) -> Overfitting:
    """Judge the curve of the person's metric: a rise of one point, or 1 % of an error (2 % of its square)."""
    sign = -1.0 if validation.direction == "max" else 1.0
    scores = np.asarray(run.train_loss if run.train_score is None else run.train_score, dtype=np.float64)
    if run.train_score is None or not np.isfinite(scores).any():
        sign, scores = 1.0, np.asarray(run.train_loss, dtype=np.float64)  # the metric was not recorded on training rows
    return judge(
        run.metric_costs(validation),
        sign * scores,
        margin=0.01,
        unit=1.0 if validation.bounded else None,
        groups=validation.units,
        widen=validation.inflation,
        seed=seed,
    )


def _progress(validation: Validation, run: Run, previous: Run, last: float, floor: float) -> tuple[float, float]:
    """Return the relative fall of the training loss and the paired t of validation against the rung before."""
    old = _last_finite(np.asarray(previous.train_loss, dtype=np.float64) - floor)
    gain = (old - last) / old if old > 0 else math.nan
    mine, theirs = run.best_epoch(validation), previous.best_epoch(validation)
    if mine is None or theirs is None:
        return gain, math.inf
    return gain, validation.gain(previous.losses(validation)[theirs], run.losses(validation)[mine]).t


def _last_finite(curve: Floats) -> float:
    """Return the last finite value of a curve, NaN if there is none."""
    finite = curve[np.isfinite(curve)]
    return float(finite[-1]) if len(finite) else math.nan


@dataclass(frozen=True)
class Ladder:
    """The state of the climb.

    Args:
        start: Capacity of the baseline's model.
        steps: Rungs so far, oldest first.
        train_rows: Training rows; caps the size.
        budget: Seconds for the stage. Defaults to no limit.
        spent: Seconds spent so far.
        most_runs: Runs at most. Defaults to 24.
    """

    start: Capacity
    steps: tuple[Step, ...] = ()
    train_rows: int = 0
    budget: float | None = None
    spent: float = 0.0
    most_runs: int = 24


@dataclass(frozen=True)
class Experiment:
    """What to train next; every regulariser at zero.

    Args:
        capacity: Size and length.
        changed: What differs from the rung before.
        why: One sentence for the person.
        learning_rate: The rate to use, or None for the model's default.
    """

    capacity: Capacity
    changed: Change
    why: Message
    learning_rate: float | None = None

    @property
    def hyperparameters(self) -> dict[str, int | float]:
        """Return the values that are set, by name."""
        values = {"layers": self.capacity.layers, "units": self.capacity.units, "learning_rate": self.learning_rate}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Stop:
    """Why the climb ends; `subset` asks for the check that a small part of the rows can be memorised.

    Under a time budget it is never asked for: it may take longer than all rungs before it.
    """

    why: Why
    told: Message
    subset: bool = False


def propose(ladder: Ladder) -> Experiment | Stop:
    """Return the next rung, or why to stop.

    Stops when overfitting is proven; when training rows are memorised without harm; after two rungs in a row that
    gained < 1 % of training loss and no validation beyond noise (optimisation limit); at the budget or the caps.
    Source: ours; the order is that of the lowest simulated cost until proof.
    """
    if not ladder.steps:
        first = Capacity(ladder.start.layers, ladder.start.units, max(ladder.start.epochs, FEWEST_EPOCHS))
        return Experiment(first, "start", message("ladder.start"))
    last = ladder.steps[-1]
    if last.kind != "none":
        return Stop("proven", message("ladder.proven", rise=last.loss.rise, size=last.capacity.told()))
    if last.diverged:
        return _slower(ladder, last)
    if last.memorised:
        return Stop("memorised", message("ladder.memorised", share=last.train_share))
    if _exhausted(ladder.steps):
        return Stop("optimisation limit", message("ladder.limit"), subset=ladder.budget is None)
    return _larger(ladder, last)


def _exhausted(steps: tuple[Step, ...]) -> bool:
    """Say whether the last two rungs brought nothing."""
    recent = [item for item in steps[-2:] if not item.diverged]
    return len(recent) == 2 and all(item.train_gain < SMALL_GAIN and item.val_t < 1 for item in recent)


def _slower(ladder: Ladder, last: Step) -> Experiment | Stop:
    """Answer divergence with a third of the learning rate, three times at most."""
    count = sum(item.diverged for item in ladder.steps)
    if count > DIVERGENCES or last.learning_rate is None:
        return Stop("diverged", message("ladder.diverged", count=count, runs=len(ladder.steps)))
    rate = last.learning_rate / 3
    return Experiment(last.capacity, "learning rate", message("ladder.slower", rate=rate), rate)


def _larger(ladder: Ladder, last: Step) -> Experiment | Stop:
    """Return the next rung of the cycle that is allowed by the caps and the budget."""
    climbed = sum(not item.diverged for item in ladder.steps)
    if climbed >= ladder.most_runs:
        return Stop("budget", message("ladder.most_runs", runs=climbed))
    most_weights = max(WEIGHTS_PER_ROW * ladder.train_rows, FEWEST_WEIGHTS)
    order: list[Change] = [CYCLE[(climbed - 1 + turn) % len(CYCLE)] for turn in range(len(CYCLE))]
    for change in order:
        size = _changed(last.capacity, change)
        if size is None or (change != "epochs" and 2 * last.parameters > most_weights):
            continue
        cost = last.seconds * 2
        if ladder.budget is not None and ladder.spent + cost > ladder.budget:
            left = max(ladder.budget - ladder.spent, 0)
            return Stop("budget", message("ladder.too_little_time", needed=cost, left=left))
        return Experiment(size, change, message(f"ladder.more_{change}"), last.learning_rate)
    largest = message("ladder.largest", size=last.capacity.told(), rows=ladder.train_rows)
    return Stop("cap", largest, subset=ladder.budget is None)


def _changed(size: Capacity, change: Change) -> Capacity | None:
    """Return the capacity after one change; None at its cap or where there is no such hyperparameter."""
    if change == "epochs":
        return Capacity(size.layers, size.units, size.epochs * 2) if size.epochs * 2 <= MOST_EPOCHS else None
    if change == "width":
        if size.units is None or size.units * 2 > MOST_UNITS:
            return None
        return Capacity(size.layers, size.units * 2, size.epochs)
    if size.layers is None or size.layers + 1 > MOST_LAYERS:
        return None
    return Capacity(size.layers + 1, size.units, size.epochs)
