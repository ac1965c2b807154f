"""Rows that are alike in all inputs: which, whether they agree in the target, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelwizard.evidence.scheme import common
from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.cells import cells_of, short
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, to_number
from modelwizard.problems.target import Target
from modelwizard.settings import Format

_LEFT_OUT = ("identifier", "constant", "ignore")


def copies_of(
    frame: pd.DataFrame, columns: Sequence[Column], targets: Sequence[str], form: Format | None = None
) -> np.ndarray:
    """Return a number for each row, the same for rows alike in all inputs, in the order of first rows, shape (n,).

    Numbers are compared by value, to twelve digits, so that 1 is 1.0 and what arithmetic added is no difference; all
    cells without a value are alike.

    Args:
        frame: The raw table.
        columns: Its columns; identifiers, constants and ignored ones are no inputs.
        targets: Columns that are no inputs either.
        form: Says which cells are empty and how numbers are written. Defaults to the empty cell and a decimal point.
    """
    numeric = {column.name for column in columns if column.kind == "numeric"}
    return _alike(frame, _inputs(frame, columns, targets), numeric, form or Format("csv"))


def told(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    target: Target,
    form: Format,
    group: str = "",
    time: str = "",
) -> str:
    """Say how many rows have the same inputs as another row, whether they agree in the target, and where they go.

    Returns:
        One sentence; "" where there are no such rows.
    """
    same = copies_of(frame, columns, target.names, form)
    sizes = np.bincount(same)
    repeated = sizes[same] > 1
    if not repeated.any():
        return ""
    known = repeated & target.known
    answers = _alike(frame, target.names, set(target.names), form)[known]
    against = int(beside_largest(same[known], answers).sum())
    what = "label" if target.type.classifies else "target"
    sentence = f"{repeated.sum():,} of {len(frame):,} rows have the same inputs as another row, and "
    sentence += f"{against:,} of them another {what} than most of these" if against else f"the same {what}"
    large = int(common(sizes, len(frame)).sum())
    if large:
        which = "the largest set of them" if large == 1 else f"the largest of {large} large sets"
        looks = _looks(frame, _inputs(frame, columns, target.names), int(same.tolist().index(sizes.argmax())), form)
        sentence += f"; {which} is {sizes.max():,} rows with {looks}"
    return f"{sentence}. {_whereabouts(large, group, time)}"


def beside_largest(sets: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Return how many rows of each set are not of its most frequent kind, shape (sets.max() + 1,)."""
    width = int(kinds.max(initial=0)) + 1
    pairs, counts = np.unique(sets * width + kinds, return_counts=True)
    sizes = np.bincount(sets)
    largest = np.zeros_like(sizes)
    np.maximum.at(largest, pairs // width, counts)
    return sizes - largest


def _whereabouts(large: int, group: str, time: str) -> str:
    """Say into which parts the sets of rows with the same inputs go."""
    if time:
        return f"Each is where its '{time}' puts it, so parts can hold rows with the same inputs."
    if not large:
        return "Rows with the same inputs stay in one part."
    where = f"goes with its '{group}'" if group else "is spread over all parts in proportion"
    return f"A set of more than 1 % of the rows is a common case and {where}; smaller sets stay in one part."


def _inputs(frame: pd.DataFrame, columns: Sequence[Column], targets: Sequence[str]) -> list[str]:
    skipped = {*targets, *(column.name for column in columns if column.kind in _LEFT_OUT)}
    return [str(name) for name in frame.columns if name not in skipped]


def _alike(frame: pd.DataFrame, names: Sequence[str], numeric: set[str], form: Format) -> np.ndarray:
    """Number the rows by their cells in some columns."""
    same = np.zeros(len(frame), dtype=np.int64)
    for name in names:
        code, values = pd.factorize(cells_of(frame, name).to_numpy(dtype=object))
        text = pd.Series(values, dtype=object)
        empty = text.isin(form.missing).to_numpy()
        if name in numeric:
            number = to_number(text, form.decimal, form.thousands, form.missing)
            empty = empty | text.isin(MISSING_NUMBER).to_numpy()
            text = text.mask(np.isfinite(number), pd.Series([f"{value:.12g}" for value in number], dtype=object))
        value = np.asarray(pd.factorize(text.mask(empty, ""))[0], dtype=np.int64)
        same = np.asarray(pd.factorize(same * (len(value) + 1) + value[code])[0], dtype=np.int64)
        if len(same) and same.max() == len(same) - 1:
            break  # no two rows are alike, whatever the other columns hold
    return same


def _looks(frame: pd.DataFrame, names: Sequence[str], row: int, form: Format, most: int = 3) -> str:
    """Return the first inputs of a row in words."""
    cells = {name: str(cells_of(frame, name).iloc[row]) for name in names}
    full = {name: cell for name, cell in cells.items() if cell not in form.missing}
    if not full:
        return "no value in any input"
    shown = [f"{name} = {short(cell)}" for name, cell in list(full.items())[:most]]
    return ", ".join([*shown, "…"] if len(full) > most or len(full) < len(cells) else shown)
