"""Columns as amounts: which cells are numbers, whether they are finite, and which problem types they fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelwizard.errors import DataError, ModelWizardError, UsageError
from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.cells import cells_of
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, to_number
from modelwizard.problems import Problem
from modelwizard.problems.seen import plain
from modelwizard.settings import Format


def amounts(frame: pd.DataFrame, name: str, form: Format) -> np.ndarray:
    """Return a target column as numbers; refuse cells that are none, and infinities."""
    cells = cells_of(frame, name)
    missing = cells.isin([*form.missing, *MISSING_NUMBER]).to_numpy()
    values = to_number(cells, form.decimal, form.thousands, form.missing)
    odd = np.isnan(values) & ~missing
    if odd.any():
        many = odd.sum() > 0.5 * (~missing).sum()
        kind: type[ModelWizardError] = UsageError if many else DataError
        raise kind(
            f"The target '{name}' holds {int(odd.sum()):,} values that are no numbers.",
            expected=f"numbers with the decimal sign '{form.decimal}'",
            received=", ".join(repr(str(cell)) for cell in cells[odd].unique()[:3]),
            fix="mend these cells, or empty them"
            if not many
            else "--problem multiclass (or binary)"
            if cells.nunique() <= max(20, 0.2 * len(cells))
            else "choose another target with --target",
        )
    _refuse_infinite(name, values)
    return values


def _refuse_infinite(name: str, values: np.ndarray) -> None:
    rows = np.flatnonzero(np.isinf(values))
    if len(rows):
        where = ", ".join(f"{row + 1:,}" for row in rows[:5]) + (", …" if len(rows) > 5 else "")
        raise DataError(
            f"Column '{name}' holds {len(rows):,} infinite value{'s' * (len(rows) > 1)}.",
            expected="finite numbers",
            received=f"inf in data row {where}",
            fix="empty these cells (they then count as missing), or write the number that was meant",
        )


def check_infinite(frame: pd.DataFrame, columns: Sequence[Column], form: Format) -> None:
    """Refuse infinities among the numeric features: nothing can be standardised with them.

    Args:
        frame: The raw table.
        columns: Its columns.
        form: The format of the file.

    Raises:
        DataError: A column holds an infinite value; the first such column is named.
    """
    for column in columns:
        if column.kind == "numeric" and column.infinite:
            _refuse_infinite(column.name, to_number(cells_of(frame, column.name), form.decimal, form.thousands))


def check_amounts(name: str, values: np.ndarray, problem: Problem) -> None:
    """Refuse numbers that a problem type cannot produce."""
    why = problem.outside(values)
    if why:
        percent = problem.range == (0, 1) and len(values) and values.min() >= 0 and 1 < values.max() <= 100
        raise UsageError(
            f"The target '{name}' does not fit '{problem.name}': {why}.",
            expected=problem.expected,
            received=f"values from {plain(values.min())} to {plain(values.max())}",
            fix="divide it by 100 in the file if these are percents, or --problem regression"
            if percent
            else f"--problem {problem.instead}",
        )
