"""Rows that do not fit into memory: read in chunks, shuffled within and between them, trained by the same loops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from modelwizard.engine import arrays
from modelwizard.engine.arrays import NotArrays, Rows

# (x, y) or (x, y, sample_weight), as `model.fit` takes them.
Batch = tuple[Any, ...]
# Turns a table of some rows into inputs and targets.
Encode = Callable[[pd.DataFrame], Batch]

CHUNK = 65_536


class Stream:
    """Inputs and targets that are read anew for each epoch; give it to `mw.fit` as `x`.

    The next chunk is read while the present one is trained on. Rows are shuffled within their chunk, and what is left
    of a chunk after its last full batch goes into the next, so that only the last batch of an epoch is smaller.

    Args:
        read: Returns the chunks of an epoch in the order they are to be trained on. It is given a generator of random
            numbers, or None when nothing is to be shuffled.
    """

    def __init__(self, read: Callable[[np.random.Generator | None], Iterable[Batch]]) -> None:
        self._read = read

    @classmethod
    def parquet(cls, path: str | Path, encode: Encode, columns: list[str] | None = None) -> Stream:
        """Read a Parquet file by its row groups, which come in a new order each epoch.

        Args:
            path: The file.
            encode: Turns a table of its rows into (x, y) or (x, y, sample_weight).
            columns: Columns to read. Defaults to all.
        """
        from pyarrow.parquet import ParquetFile

        def read(random: np.random.Generator | None) -> Iterator[Batch]:
            with ParquetFile(path) as file:
                groups = np.arange(file.num_row_groups)
                if random is not None:
                    random.shuffle(groups)
                for batch in file.iter_batches(CHUNK, row_groups=groups.tolist(), columns=columns):
                    yield encode(batch.to_pandas())

        return cls(read)

    @classmethod
    def csv(cls, path: str | Path, encode: Encode, rows: int = CHUNK, **options: Any) -> Stream:
        """Read a CSV file from its beginning, `rows` rows at a time; shuffled within these only.

        Args:
            path: The file.
            encode: Turns a table of its rows into (x, y) or (x, y, sample_weight).
            rows: Rows of a chunk. Defaults to 65,536.
            **options: For `pandas.read_csv`.
        """

        def read(random: np.random.Generator | None) -> Iterator[Batch]:
            reader: Any = pd.read_csv(path, chunksize=rows, **options)
            with reader as chunks:
                for chunk in chunks:
                    yield encode(chunk)

        return cls(read)

    @classmethod
    def dataset(cls, dataset: Any, rows: int = CHUNK) -> Stream:
        """Read a finite `tf.data.Dataset` of batches, which are joined and cut anew to the batch size of the training.

        Args:
            dataset: Its elements are (x, y) or (x, y, sample_weight), with the rows on the first axis.
            rows: Rows of a chunk. Defaults to 65,536.
        """

        def read(random: np.random.Generator | None) -> Iterator[Batch]:
            waiting: list[Rows] = []
            for batch in dataset:
                waiting.append(arrays.rows(*batch))
                if sum(part.count for part in waiting) >= rows:
                    yield _batch(join(waiting))
                    waiting = []
            if waiting:
                yield _batch(join(waiting))

        return cls(read)

    def first(self) -> Rows:
        """Return the first chunk, for structure, types and shapes."""
        for batch in self._read(None):
            return arrays.rows(*batch)
        raise NotArrays("empty")

    def epoch(self, batch: int, random: np.random.Generator | None) -> Iterator[Rows]:
        """Yield the chunks of an epoch, each but the last a whole number of batches, shuffled if `random` is given."""
        left: Rows | None = None
        for chunk in _ahead(self._read(random)):
            data = arrays.rows(*chunk)
            if random is not None:
                data = arrays.take(data, random.permutation(data.count))
            data = data if left is None else join([left, data])
            whole = data.count // batch * batch
            left = arrays.take(data, slice(whole, data.count))
            if whole:
                yield arrays.take(data, slice(0, whole))
        if left is not None and left.count:
            yield left


def join(parts: list[Rows]) -> Rows:
    """Join rows of the same structure, one behind the other."""
    structures = [(part.x, part.y, part.weight) for part in parts]

    def joined(*leaves: Any) -> Any:
        return None if leaves[0] is None else np.concatenate(leaves)

    whole: Any = keras.tree.map_structure(joined, *structures)
    x, y, weight = whole
    return Rows(x, y, weight, sum(part.count for part in parts))


def _batch(data: Rows) -> Batch:
    return data.x, data.y, data.weight


def _ahead(chunks: Iterable[Batch]) -> Iterator[Batch]:
    """Yield chunks, reading the next one on another thread meanwhile."""
    source = iter(chunks)
    with ThreadPoolExecutor(1) as reader:
        waiting = reader.submit(next, source, None)
        while (chunk := waiting.result()) is not None:
            waiting = reader.submit(next, source, None)
            yield chunk
