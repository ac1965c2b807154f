"""What rows have in common: their content, what must not be parted, their order in time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from modelwizard.errors import UsageError
from modelwizard.evidence.scheme import common
from modelwizard.kinds.facts import Column
from modelwizard.kinds.question import one_of
from modelwizard.kinds.tabular.cells import cells_of, values_of
from modelwizard.kinds.tabular.copies import beside_largest, copies_of
from modelwizard.kinds.tabular.dates import date_format, to_time
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, to_number
from modelwizard.settings import Format
from modelwizard.splitting.split import Rows

_LONGEST_CHAIN = 0.1  # of the rows, beside the chain's largest group: half of the test set


def row_hashes(frame: pd.DataFrame, names: Sequence[str] | None = None) -> np.ndarray:
    """Return 16 hex digits for each row: BLAKE2b of its raw cells, with the unit separator between them.

    Args:
        frame: The raw table.
        names: The columns to look at. Defaults to all.
    """
    cells = (frame if names is None else frame[list(names)]).to_numpy(dtype=object)
    rows = ["\x1f".join(row) for row in cells.tolist()]
    return np.array([hashlib.blake2b(row.encode("utf-8", "replace"), digest_size=8).hexdigest() for row in rows])


def rows_of(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    targets: Sequence[str],
    form: Format,
    group: str = "",
    time: str = "",
) -> Rows:
    """Return which rows must not be parted, and their order.

    Args:
        frame: The raw table.
        columns: Its columns.
        targets: The target columns.
        form: The format of the file.
        group: Column whose rows of one value stay together. Defaults to none.
        time: Column that orders the rows; then each row is a unit of its own. Defaults to none.

    Raises:
        UsageError: There is no such column, or it cannot order rows.
    """
    for name, flag in ((group, "--group "), (time, "--time ")):
        if name:
            one_of(name, [str(column) for column in frame.columns], "a column of the data", flag)
    units = np.arange(len(frame)) if time else units_of(frame, columns, targets, group, form)
    rows = Rows(units)
    if group:
        cells = cells_of(frame, group)
        rows = replace(rows, groups=cells.mask(cells.isin(form.missing), "").to_numpy(dtype=str))
    if time:
        moments = cells_of(frame, time).to_numpy(dtype=str)
        rows = replace(rows, moments=moments, ranks=times_of(frame, time, form))
    return rows


def units_of(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    targets: Sequence[str],
    group: str = "",
    form: Format | None = None,
) -> np.ndarray:
    """Return a number for each row; rows that must not be parted have the same one, shape (n,).

    Rows belong together that have the same group, or the same inputs, whatever their target; and what is linked over
    several steps does, too. Rows of a set of the same inputs that is `common` are not kept together: they have the same
    negative number, and are to be spread over the parts; where there are groups, they go with these.

    Args:
        frame: The raw table.
        columns: Its columns.
        targets: The target columns.
        group: Column whose rows of one value stay together; an empty cell is no group. Defaults to none.
        form: Says which cells are empty and how numbers are written. Defaults as in `copies_of`.
    """
    same = copies_of(frame, columns, targets, form)
    spread = common(np.bincount(same), len(frame))[same]
    if not group:
        return np.where(spread, -1 - same, same)
    cells = cells_of(frame, group)
    empty = cells.isin(form.missing if form else ("",)).to_numpy()
    groups = np.asarray(pd.factorize(cells.to_numpy(dtype=object))[0], dtype=np.int64)
    groups = np.where(empty, groups.max() + 1 + np.arange(len(groups)), groups)
    alone = len(same) + np.arange(len(same))
    units = _linked(np.where(spread, alone, same), groups)
    # No part has room for many groups at once: where copies chain so many, groups alone stay together.
    chained = beside_largest(units, groups)[units] > max(_LONGEST_CHAIN * len(frame), 10)
    return _linked(np.where(spread | chained, alone, same), groups) if chained.any() else units


def _linked(same: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Number the rows so that those linked by a chain of equal numbers of either kind have the same one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    same = np.asarray(pd.factorize(same)[0], dtype=np.int64)
    # Rows are edges between their group and their inputs; a connected part must not be divided.
    size = int(same.max()) + 1
    edges = coo_array((np.ones(len(same)), (same, size + groups)), shape=(size + int(groups.max()) + 1,) * 2)
    return np.asarray(connected_components(edges, directed=False)[1])[same].astype(np.int64)


def times_of(frame: pd.DataFrame, name: str, form: Format) -> np.ndarray:
    """Return the rank of each row in time, equal for equal times, -1 where there is none, shape (n,).

    Raises:
        UsageError: The column holds neither dates nor numbers.
    """
    cells = cells_of(frame, name)
    found = values_of(cells, form.missing).without(MISSING_NUMBER)
    layout = date_format(found.values)
    if layout:
        moments = to_time(cells, layout)
        known = ~np.isnat(moments)
        moments = moments.astype(np.int64)
    else:
        moments = to_number(cells, form.decimal, form.thousands, form.missing)
        known = np.isfinite(moments)
        if known.sum() < 0.5 * found.present or not found.present:
            raise UsageError(
                f"Rows cannot be ordered by '{name}'.",
                expected="a column of dates or numbers",
                received=f"values such as {found.values[0] if found.values else 'nothing'}",
                fix="choose another column with --time",
            )
    rank = np.full(len(cells), -1, dtype=np.int64)
    rank[known] = np.unique(moments[known], return_inverse=True)[1]
    return rank
