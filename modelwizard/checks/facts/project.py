"""What only a project can tell: its last run, and its features made again with other labels. Values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Record:
    """What a run of the project left behind: its losses after every epoch, and its last validation predictions.

    Args:
        name: Name of the run.
        train: Plain loss on training rows after each epoch.
        validation: Plain loss on validation rows after each epoch.
        labels: (n,) class numbers of the validation rows; empty where there are no classes.
        probabilities: (n,) or (n, classes) probabilities after the epoch with the lowest validation loss.
    """

    name: str = ""
    train: tuple[float, ...] = ()
    validation: tuple[float, ...] = ()
    labels: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    probabilities: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Relabelled:
    """What became of the features of held-out rows when their labels were shuffled and the features made again.

    Args:
        changed: Name of each feature that is not the same, and the share of rows in which it differs.
        rows: Held-out rows that were compared.
        time: The column that orders the rows in time; "" without one.
    """

    changed: tuple[tuple[str, float], ...] = ()
    rows: int = 0
    time: str = ""
