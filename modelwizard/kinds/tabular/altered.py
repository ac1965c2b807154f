"""A project's table as it is not: other rows, or other targets, in what its own code reads."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Generator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

READERS = ("read_csv", "read_table", "read_parquet", "read_json", "read_excel", "read_feather")


@contextlib.contextmanager
def altered(
    targets: Collection[str], rows: NDArray[np.integer], labels: NDArray[np.integer]
) -> Generator[Callable[[Any], None]]:
    """Let pandas' readers return the project's table changed, inside the block; other tables stay as they are.

    Yields what does the same to the reading of a project's data.py: what pandas reads of a file with titles, units or
    lists is not yet the table.

    Args:
        targets: Its target columns, by which it is known beside its number of rows.
        rows: Which row stands in the place of each, shape (n,).
        labels: Of which row each has the target, shape (n,).
    """

    def changed(read: Any) -> Any:
        @functools.wraps(read)
        def reread(*given: Any, **options: Any) -> Any:
            frame = read(*given, **options)
            whole = isinstance(frame, pd.DataFrame) and len(frame) == len(rows)
            if not whole or not {*targets} <= {str(name).strip() for name in frame.columns}:
                return frame
            other = frame.take(rows.tolist()).set_axis(frame.index)
            for i in (i for i, name in enumerate(frame.columns) if str(name).strip() in targets):
                values = frame.iloc[:, i].to_numpy()[labels]
                other.isetitem(i, pd.Series(values, index=frame.index).astype(frame.dtypes.iloc[i]))
            return other

        return reread

    def alter(data: Any) -> None:
        reading = getattr(data, "reading", None)  # not in a project of the first edition
        if reading is not None:
            reading.read_table = changed(reading.read_table)

    kept = {name: getattr(pd, name) for name in READERS}
    for name, read in kept.items():
        setattr(pd, name, changed(read))
    try:
        yield alter
    finally:
        for name, read in kept.items():
            setattr(pd, name, read)
