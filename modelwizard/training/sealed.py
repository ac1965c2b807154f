"""The seal on the test rows: rows that pass through a fit or an evaluation are compared with those marked `test`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.errors import ProjectError
from modelwizard.project import Project
from modelwizard.training.user_code import UserCode, blame


def check(code: UserCode, parts: NDArray[np.str_], rows: Any, table: Mapping[str, NDArray[Any]]) -> None:
    """Refuse rows of which some are sealed.

    Row numbers are believed only where the content is that of the row they name: a loader that reads the file on its
    own and numbers its rows anew is found by the content of the rows. Rows with features of their own, made in
    data.py, cannot be compared and are judged by their numbers.

    Args:
        code: The project's modules.
        parts: The part of each data row.
        rows: What data.py loaded.
        table: Raw columns of the whole file.

    Raises:
        ProjectError: Test rows are among them.
    """
    numbers = np.asarray(rows.rows)
    inside = (numbers >= 0) & (numbers < len(parts))
    named = int((parts[numbers[inside]] == "test").sum())
    if named:
        raise _leak(code, named)
    if not inside.all():
        raise ProjectError(
            f"{code.line_of(code.data, 'load')}: load() names rows that the data file does not have.",
            expected=f"positions from 0 to {len(parts) - 1}",
            received=str(int(numbers[~inside][0])),
        )
    found = int(_disguised(parts, rows, table).sum())
    if found:
        raise _leak(code, found)


def open_rows(project: Project, code: UserCode) -> Any:
    """Load the test rows; only the last step of the walk calls this."""
    with blame(project.folder, "load the test rows"):
        return code.data.load("test")


def _disguised(parts: NDArray[np.str_], rows: Any, table: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Say which rows are not the ones they claim to be, but have the content of a test row."""
    same = [name for name in rows.x if name in table and rows.x[name].dtype == table[name].dtype]
    numbers = np.asarray(rows.rows)
    honest = np.ones(len(numbers), dtype=bool)
    for name in same:
        claimed, real = np.ravel(rows.x[name]), np.ravel(table[name])[numbers]
        equal = np.asarray(claimed == real, dtype=bool)
        if claimed.dtype.kind == "f":
            equal |= np.isnan(claimed) & np.isnan(real)
        honest &= equal
    if honest.all() or not same:
        return ~honest & False
    test = np.flatnonzero(parts == "test")
    sealed = set(_contents({name: np.ravel(table[name])[test] for name in same}))
    suspects = np.flatnonzero(~honest)
    contents = _contents({name: np.ravel(rows.x[name])[suspects] for name in same})
    found = np.zeros(len(numbers), dtype=bool)
    found[suspects] = [content in sealed for content in contents]
    return found


def _contents(columns: dict[str, NDArray[Any]]) -> list[str]:
    """Return the content of each row as one text."""
    return ["\x1f".join(row) for row in zip(*(values.astype(str) for values in columns.values()), strict=True)]


def _leak(code: UserCode, count: int) -> ProjectError:
    return ProjectError(
        f"{code.line_of(code.data, 'load')}: load() returns {count} test row{'s' * (count > 1)} before `finalize`.",
        expected="only the rows of the parts asked for; the test rows are for `modelwizard finalize` alone",
        fix="restore the generated load(); a test score on training rows means nothing",
    )
