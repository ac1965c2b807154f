"""Ending hopeless trials: the median rule, on equal shares of the training."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

FEWEST = 4
"""Finished trials that a median is taken of at least."""
FIRST = 0.3
"""Share of the training before which no trial is ended: a high learning rate begins worse than it ends."""
PARTS = 20
"""Points of a training at which trials are compared."""

Bar = tuple[float, ...]
Curve = tuple[Sequence[float], int]
"""Validation loss after each epoch, and the epochs that were planned."""


def bar(curves: Sequence[Curve], planned: float = math.inf) -> Bar:
    """Return what a trial must have reached at each twentieth of its training: the median of those before it.

    Trials may have different lengths: since the learning rate falls over each one's own length, they are compared at
    the same share of it, and with trials that were no longer: at the same share these have taken no more steps.
    Source: the median stopping rule of Golovin et al. 2017, "Google Vizier", on best values.

    Args:
        curves: One for each finished trial; one that ended early keeps its best value.
        planned: Epochs of the trial. Defaults to more than any.

    Returns:
        PARTS values, or none when fewer than FEWEST trials are finished.
    """
    alike = [(losses, length) for losses, length in curves if length <= planned]
    if len(alike) < FEWEST:
        return ()
    reached = [[_best(losses, share(part) * length) for part in range(PARTS)] for losses, length in alike]
    return tuple(float(value) for value in np.median(reached, axis=0))


def hopeless(losses: Sequence[float], planned: int, wanted: Bar) -> bool:
    """Say whether a trial in progress is worse than the bar at its share of the training.

    Args:
        losses: Its validation losses so far.
        planned: Its epochs.
        wanted: What `bar` returned; empty ends nothing.
    """
    part = len(losses) * PARTS // planned - 1
    if not wanted or part < 0 or share(part) < FIRST or len(losses) >= planned:
        return False
    return _best(losses, len(losses)) > wanted[part]


def share(part: int) -> float:
    """Return the share of the training that a part ends at."""
    return (part + 1) / PARTS


def _best(losses: Sequence[float], epochs: float) -> float:
    """Return the smallest finite loss of the first epochs, one at least; infinity if there is none."""
    seen = [loss for loss in losses[: max(1, math.floor(epochs + 1e-9))] if math.isfinite(loss)]
    return min(seen, default=math.inf)
