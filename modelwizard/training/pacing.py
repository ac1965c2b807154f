"""How long the trials of a search may be, so that the first one, the model's defaults, ends within a time budget.

What the defaults cost is measured before the search, in a process that stands by for its first trial and keeps what it
has compiled; where there is none, in this process.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras
import msgspec
import numpy as np

from modelwizard.contract.jobs import Pace, Search
from modelwizard.contract.results import Paced
from modelwizard.engine import trainer
from modelwizard.training import memory, trials
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop

EPOCHS = 3  # that are timed; the first one pays for tracing and compiling, and is not counted
FIRST, LATER = 0.6, 0.4
"""Shares of the search's time that its first trial may take, and a later one."""
LONGER = 1.5
"""Times the next shorter length that the longest one must be, where the time cuts it."""
FEWEST = 4


def pace(workshop: Workshop, job: Pace, _: Watcher) -> Paced:
    """Measure, in the process that will train the first trial; see `measure`."""
    return msgspec.structs.replace(measure(workshop, job), compile=0.0)


def measure(workshop: Workshop, job: Pace) -> Paced:
    """Time a few epochs of the model's defaults on the training rows of the first fold; nothing is looked at.

    Twice: what is done once, such as tracing, does not count for every fold.
    """
    folds = len(workshop.folds())
    once, seconds = _timed(workshop, job)
    start, _ = _timed(workshop, job)
    epoch = float(np.median(seconds[1:] or seconds))
    return Paced(start * folds, epoch * folds, max(0.0, once - start) + compiling(seconds))


def compiling(seconds: Sequence[float]) -> float:
    """Return the seconds of a first epoch beyond the median of those after it: what compiling took.

    Args:
        seconds: Seconds of each epoch.
    """
    return max(0.0, seconds[0] - float(np.median(seconds[1:] or seconds)))


def _timed(workshop: Workshop, job: Pace) -> tuple[float, list[float]]:
    """Train the defaults on the first fold; return the seconds before and after all epochs, and those of each."""
    folds, begin = workshop.folds(), time.monotonic()
    fold, seed = folds[0], derive(job.seed, "pace")
    planned = job.epochs * len(folds) * trials.alike(job.trials)
    keras.utils.set_random_seed(seed)
    batch = min(job.batch_size, len(fold.train))
    steps = job.epochs * -(-len(fold.train) // batch)
    model, _ = trials.build(workshop, job.first, fold.encoding, steps)
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


def shortened(job: Search, pace: Paced, seconds: float) -> Search:
    """Return a search with lengths of trials that a time budget does for.

    Args:
        job: The search; its lengths are the longest that are allowed.
        pace: What a trial of the model's defaults costs.
        seconds: Time of the search.
    """
    usual = job.epochs
    epochs = max(min(usual, FEWEST), min(usual, int(pace.epochs(FIRST * seconds))))
    if "epochs" not in job.choices:
        return msgspec.structs.replace(job, epochs=epochs)

    def scaled(length: int) -> int:
        return max(1, round(epochs * length / usual))

    most = max(epochs, pace.epochs(LATER * seconds))
    lengths = sorted({*map(scaled, job.choices["epochs"])})
    kept = [length for length in lengths if length <= most]
    if lengths[-1] > most >= LONGER * kept[-1]:
        kept.append(int(most))
    first = [
        values | {"epochs": min(scaled(values["epochs"]), kept[-1])} if "epochs" in values else values
        for values in job.first
    ]
    return msgspec.structs.replace(job, epochs=epochs, choices={**job.choices, "epochs": kept}, first=first)
