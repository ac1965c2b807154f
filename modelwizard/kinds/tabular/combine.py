"""New features made of existing ones: each as numbers now, and as the line of code that makes it in `data.py`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.results import Proposal

Floats = NDArray[np.floating]

YEAR = 365.25
"""Days of a year, for the season."""


@dataclass(frozen=True)
class Operation:
    """A way to make one number of one or two.

    Args:
        code: The expression, `{a}` and `{b}` standing for the columns.
        name: The name of the result, `{a}` and `{b}` standing for the columns' names.
        compute: The same in NumPy.
    """

    code: str
    name: str
    compute: Callable[..., Floats]


def _season(wave: Any) -> Callable[[Floats], Floats]:
    return lambda a: wave(a * (2 * math.pi / YEAR))


OPERATIONS: Mapping[str, Operation] = {
    "ratio": Operation("{a} / {b}", "{a}_per_{b}", lambda a, b: a / b),
    "product": Operation("{a} * {b}", "{a}_times_{b}", lambda a, b: a * b),
    "difference": Operation("{a} - {b}", "{a}_minus_{b}", lambda a, b: a - b),
    "sum": Operation("{a} + {b}", "{a}_plus_{b}", lambda a, b: a + b),
    "log": Operation("keras.ops.log1p({a})", "log_{a}", np.log1p),
    "season sine": Operation(f"keras.ops.sin({{a}} * {2 * math.pi / YEAR:.7f})", "{a}_season_sine", _season(np.sin)),
    "season cosine": Operation(
        f"keras.ops.cos({{a}} * {2 * math.pi / YEAR:.7f})", "{a}_season_cosine", _season(np.cos)
    ),
    "hour of the week": Operation("24 * {a} + {b}", "{b}_of_the_week", lambda a, b: 24 * a + b),
}
"""Every operation by its name."""

PAIRED = ("ratio", "product", "difference", "sum")
"""Operations that are tried on every pair of numbers."""


@dataclass(frozen=True)
class Feature:
    """A feature that could be added.

    Args:
        op: A name of `OPERATIONS`.
        of: The columns that it is made of, in order.
    """

    op: str
    of: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return its name: words only, since a point in a name means a part of a date."""
        words = (re.sub(r"\W+", "_", column).strip("_") or "column" for column in self.of)
        return OPERATIONS[self.op].name.format(**dict(zip("ab", words, strict=False)))

    @property
    def code(self) -> str:
        """Return the line that makes it inside `add_features`."""
        columns = (f"columns[{quoted(column)}]" for column in self.of)
        return f"columns[{quoted(self.name)}] = " + OPERATIONS[self.op].code.format(
            **dict(zip("ab", columns, strict=False))
        )

    def proposal(self, share: float = 0.0, t: float = 0.0) -> Proposal:
        """Return it with what the training rows say for it: the share that it explains, and that in standard errors."""
        return Proposal(self.name, self.op, self.code, share, t)

    def values(self, columns: Mapping[str, Floats]) -> Floats:
        """Return its values; what is no finite number counts as missing."""
        with np.errstate(all="ignore"):
            found = OPERATIONS[self.op].compute(*(np.asarray(columns[column], dtype=float) for column in self.of))
        return np.where(np.isfinite(found), found, np.nan)


def quoted(name: str) -> str:
    """Return a column's name as a Python string in double quotes."""
    return json.dumps(name, ensure_ascii=False)


def pairs(numbers: Collection[str], days: Collection[str] = ()) -> list[Feature]:
    """Return every feature of two columns: all operations on two numbers, the time between two dates.

    Args:
        numbers: Columns of plain numbers.
        days: Columns that count days.
    """
    found: list[Feature] = []
    for group, operations in ((list(numbers), PAIRED), (list(days), ("difference",))):
        for i, a in enumerate(group):
            for b in group[i + 1 :]:
                found += [Feature(op, (a, b)) for op in operations]
                found += [Feature("ratio", (b, a))] * ("ratio" in operations)
    return found
