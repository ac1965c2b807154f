"""What the cells of a column hold, counted once, and how values and names are written for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from modelwizard.kinds.tabular.numbers import MISSING


def cells_of(frame: pd.DataFrame, name: object) -> pd.Series:
    """Return one column of a table whose names are unique (to a type checker it could be several)."""
    return cast(pd.Series, frame[name])


@dataclass(frozen=True)
class Values:
    """What a column holds: its different values in file order, how often each occurs, and how many are missing.

    Args:
        values: The different cells that hold a value, in file order.
        counts: How often each occurs, shape (len(values),).
        missing: Cells without a value.
        rows: All cells.
    """

    values: list[str]
    counts: np.ndarray
    missing: int
    rows: int

    @property
    def present(self) -> int:
        """Cells that hold a value."""
        return self.rows - self.missing

    def without(self, tokens: Sequence[str]) -> Values:
        """Return the same with more words counted as missing."""
        if not set(tokens).intersection(self.values):
            return self
        keep = np.array([value not in tokens for value in self.values], dtype=bool)
        values = [value for value, kept in zip(self.values, keep, strict=True) if kept]
        gone = int(self.counts[~keep].sum())
        return Values(values, self.counts[keep], self.missing + gone, self.rows)


def values_of(column: pd.Series, missing: Sequence[str] = MISSING) -> Values:
    """Count the different values of a text column."""
    codes, values = pd.factorize(column.to_numpy(dtype=object))
    counts = np.bincount(codes, minlength=len(values))
    found = Values(values.tolist(), counts, 0, len(column))
    return found.without(missing)


def short(value: str, width: int = 20) -> str:
    """Return a value, cut to a width with an ellipsis."""
    return value if len(value) <= width else value[: width - 1] + "…"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return names in quotes, shortened after a few: 'a', 'b' and 7 more columns."""
    shown = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most:,} more columns"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
