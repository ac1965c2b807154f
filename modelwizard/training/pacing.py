"""How long the trials of a search may be, so that the first one, the model's defaults, ends within a time budget.

What the defaults cost is measured before the search, in a process that stands by for its first trial and keeps what it
has compiled; where there is none, in this process.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from modelwizard.engine import trainer
from modelwizard.training import memory, trials
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.workshop import Workshop

EPOCHS = 3  # that are timed; the first one pays for tracing and compiling, and is not counted
FIRST, LATER = 0.6, 0.4
"""Shares of the search's time that its first trial may take, and a later one."""
LONGER = 1.5
"""Times the next shorter length that the longest one must be, where the time cuts it."""
FEWEST = 4


@dataclass(frozen=True)
class Pace:
    """What a trial costs.

    Args:
        start: Seconds before its epochs, over all folds.
        epoch: Seconds of one epoch, over all folds.
        compile: Seconds of tracing and compiling, where this is still to be done. Defaults to 0.
    """

    start: float
    epoch: float
    compile: float = 0.0

    def epochs(self, seconds: float) -> float:
        """Return how many epochs some seconds do for."""
        return (seconds - self.start - self.compile) / max(self.epoch, 1e-6)


def pace(workshop: Workshop, request: Mapping[str, Any]) -> dict[str, Any]:
    """Measure, in the process that will train the first trial; see `measure`."""
    return {**vars(measure(workshop, request)), "compile": 0.0}


def measure(workshop: Workshop, request: Mapping[str, Any]) -> Pace:
    """Time a few epochs of the model's defaults on the training rows of the first fold; nothing is looked at.

    Twice: what is done once, such as tracing, does not count for every fold.

    Args:
        workshop: The project.
        request: `seed`, `trials` (in all), `training` (epochs, batch_size), `first` (values of the first trials; only
            those of the very first one count), `repeats`.
    """
    folds = len(workshop.folds(int(request.get("repeats") or 1)))
    once, seconds = _timed(workshop, request)
    start, _ = _timed(workshop, request)
    epoch = float(np.median(seconds[1:] or seconds))
    return Pace(start * folds, epoch * folds, max(0.0, once - start) + compiling(seconds))


def compiling(seconds: Sequence[float]) -> float:
    """Return the seconds of a first epoch beyond the median of those after it: what compiling took.

    Args:
        seconds: Seconds of each epoch.
    """
    return max(0.0, seconds[0] - float(np.median(seconds[1:] or seconds)))


def _timed(workshop: Workshop, request: Mapping[str, Any]) -> tuple[float, list[float]]:
    """Train the defaults on the first fold; return the seconds before and after all epochs, and those of each."""
    folds, training, begin = workshop.folds(int(request.get("repeats") or 1)), request["training"], time.monotonic()
    fold, seed = folds[0], derive(int(request["seed"]), "pace")
    planned = int(training["epochs"]) * len(folds) * trials.alike(int(request["trials"]))
    keras.utils.set_random_seed(seed)
    batch = min(int(training["batch_size"]), len(fold.train))
    steps = int(training["epochs"]) * -(-len(fold.train) // batch)
    values = next(iter(request.get("first") or ()), {})
    model, _ = trials.build(workshop, values, fold.encoding, steps)
    with blame(workshop.project.folder, "train the model", workshop.builder):
        run = trainer.train(
            model,
            (fold.train.x, fold.train.y),
            epochs=EPOCHS,
            batch_size=batch,
            seed=seed,
            record=False,
            repeats=-(-planned // EPOCHS),  # timed the way that the trials will run
            room=workshop.rows,
        )
    seconds = [row["seconds"] for row in run.history]
    total = time.monotonic() - begin
    memory.release()
    return total - sum(seconds), seconds


def shortened(request: Mapping[str, Any], pace: Pace, seconds: float) -> dict[str, Any]:
    """Return the request of a search with lengths of trials that a time budget does for.

    Args:
        request: The request; its lengths are the longest that are allowed.
        pace: What a trial of the model's defaults costs.
        seconds: Time of the search.
    """
    training, choices = request["training"], dict(request.get("choices") or {})
    usual = int(training["epochs"])
    epochs = max(min(usual, FEWEST), min(usual, int(pace.epochs(FIRST * seconds))))
    if "epochs" not in choices:
        return {**request, "training": {**training, "epochs": epochs}}

    def scaled(length: int) -> int:
        return max(1, round(epochs * length / usual))

    most = max(epochs, pace.epochs(LATER * seconds))
    lengths = sorted({*map(scaled, choices["epochs"])})
    kept = [length for length in lengths if length <= most]
    if lengths[-1] > most >= LONGER * kept[-1]:
        kept.append(int(most))
    choices["epochs"] = kept
    first = [
        values | {"epochs": min(scaled(values["epochs"]), kept[-1])} if "epochs" in values else values
        for values in request.get("first") or ()
    ]
    return {**request, "training": {**training, "epochs": epochs}, "choices": choices, "first": first}
