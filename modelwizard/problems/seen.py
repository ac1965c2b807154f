"""What the target columns hold, as problem types look at it to say whether they fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CLASSES = 12
"""More different whole numbers than a rating scale has are an amount."""


def plain(number: float) -> str:
    """Return a number as a person writes it: 1490400 rather than 1.4904e+06."""
    return f"{number:.0f}" if number == round(number) and abs(number) < 1e15 else f"{number:.6g}"


@dataclass(frozen=True)
class Seen:
    """The target columns, looked at once.

    Args:
        names: The columns.
        labels: Different values of a single target, as they stand in the file; empty for several targets.
        counts: Rows of each of them.
        numbers: Finite numbers of a single target, each as often as it occurs; None if its values are words.
        marks: Whether each of several targets holds a yes and a no only.
        amounts: Whether all of several targets hold numbers.
        applied: Of several yes and no targets, how many are a yes in each row.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...] = ()
    counts: NDArray[Any] | None = None
    numbers: NDArray[Any] | None = None
    marks: bool = False
    amounts: bool = False
    applied: NDArray[Any] | None = None

    @property
    def several(self) -> bool:
        """Whether there are several targets."""
        return len(self.names) > 1

    @property
    def distinct(self) -> int:
        """How many different values a single target holds."""
        return len(self.labels)

    @cached_property
    def rows(self) -> int:
        """Rows in which a single target holds a value."""
        return 0 if self.counts is None else int(self.counts.sum())

    @cached_property
    def whole(self) -> bool:
        """Whether all are whole numbers."""
        return self.numbers is not None and bool((self.numbers == self.numbers.round()).all())

    @cached_property
    def low(self) -> float:
        """The lowest number."""
        return float(self._amounts.min())

    @cached_property
    def high(self) -> float:
        """The highest number."""
        return float(self._amounts.max())

    @cached_property
    def mean(self) -> float:
        """The mean of the numbers."""
        return float(self._amounts.mean())

    @cached_property
    def variance(self) -> float:
        """The variance of the numbers."""
        return float(self._amounts.var())

    def quantile(self, share: float) -> float:
        """Return the number that this share of the rows does not exceed."""
        import numpy as np

        return float(np.quantile(self._amounts, share))

    @property
    def span(self) -> str:
        """The range of the numbers in words, "0 to 9"."""
        return f"{plain(self.low)} to {plain(self.high)}"

    @property
    def _amounts(self) -> NDArray[Any]:
        assert self.numbers is not None
        return self.numbers

    @property
    def few(self) -> bool:
        """Whether the numbers are whole and few enough to be classes: a scale of at most twelve steps."""
        return self.whole and self.distinct <= MOST_CLASSES and self.high - self.low <= 2 * MOST_CLASSES
