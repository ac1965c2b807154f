"""Who takes part in `quality.py`: each rival is one function `(train, test, task, seconds, seed) -> predictions`.

The frames hold the cells of the file as text, all columns of the task, targets included in `train` alone. Predictions
are float arrays (n, k): the probability of the second class, of each class, of each label, or one value per target.
Modules are imported when their rival runs, so that each may live in an environment of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Rival:
    """One who takes part.

    Args:
        where: Module of this package and name of the function.
        timed: Whether the time limit changes what it does; the others are measured once for all limits.
        optional: Whether it runs only when it is named. Defaults to False.
    """

    where: str
    timed: bool
    optional: bool = False


RIVALS = {
    "wizard": Rival("wizard:walk", timed=True),
    "dumb": Rival("simple:dumb", timed=False),
    "linear": Rival("simple:linear", timed=False),
    "hgb": Rival("simple:boosted_trees", timed=False),
    "sklearn_mlp": Rival("simple:mlp", timed=False),
    "keras_mlp": Rival("nets:plain", timed=True),
    "keras_tuner": Rival("nets:random_search", timed=True),
    "autogluon": Rival("others:autogluon", timed=True, optional=True),
    "flaml": Rival("others:flaml", timed=True, optional=True),
    "autokeras": Rival("others:autokeras", timed=True, optional=True),
    "realmlp": Rival("others:realmlp", timed=True, optional=True),
}


class RefusedError(Exception):
    """A rival does not take this kind of table, or declines to; no defect of the benchmark."""


class Clock:
    """A time limit that began when the process did its first work; loading a library counts.

    Args:
        seconds: The limit.
    """

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self, margin: float = 0.0) -> float:
        """Return the seconds left before a margin, at least one."""
        return max(1.0, self.end - margin - time.monotonic())

    def over(self, margin: float = 0.0) -> bool:
        """Say whether the time is up, or a margin before that."""
        return time.monotonic() > self.end - margin
