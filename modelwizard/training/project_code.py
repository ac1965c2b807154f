"""The project contract: what the worker uses of a project's own code, whatever kind of data it is about.

A person may rewrite any of these files; as long as they keep this, every stage works. What is marked as optional may be
left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class RowsCode(Protocol):
    """Some rows, as `data.load` returns them; a named tuple that is made anew from (x, y, rows)."""

    @property
    def x(self) -> dict[str, Array]:
        """Raw columns by name, n rows each: float32, or text."""
        ...

    @property
    def y(self) -> Array:
        """Canonical targets: class numbers (n,), or (n, k) in their own units."""
        ...

    @property
    def rows(self) -> Array:
        """(n,) positions in the data file, the first row being 0."""
        ...


class DataCode(Protocol):
    """data.py."""

    @property
    def Rows(self) -> Any:
        """The type of what `load` returns."""
        ...

    @property
    def KINDS(self) -> Mapping[str, str]:
        """Optional: kind of each raw column; `modelwizard features` asks for it."""
        ...

    def load(self, *parts: str) -> RowsCode:
        """Load the rows of some parts of the split."""
        ...

    def read_rows(self, path: str | Path) -> Any:
        """Read a file of raw rows, the data file or another one like it."""
        ...

    def to_columns(self, table: Any) -> dict[str, Array]:
        """Take the raw columns of what `read_rows` returned."""
        ...


class EncodingCode(Protocol):
    """`preprocessing.Encoding`: learned from the rows it is made with.

    Optional, for `modelwizard features`: `features` (tensors by name) and `columns` (the feature behind each column of
    a block). Optional, for networks that share a shape: `cardinalities` (number of ids of each embedding).
    """

    @property
    def raw(self) -> dict[str, Any]:
        """A `keras.Input` for each raw column."""
        ...

    @property
    def model(self) -> Any:
        """The Keras model from raw columns to blocks."""
        ...

    def inputs(self) -> dict[str, Any]:
        """Make a `keras.Input` for each block."""
        ...

    def encode(self, x: dict[str, Array]) -> dict[str, Array]:
        """Turn raw columns into blocks."""
        ...

    def encode_target(self, y: Array) -> Array:
        """Turn canonical targets into what the loss compares with."""
        ...

    def decode(self, outputs: Array) -> Array:
        """Optional: turn outputs of the network into the target's own units, where they are others."""
        ...

    @property
    def target_scale(self) -> NDArray[np.floating] | float:
        """Optional: what targets are divided by before training."""
        ...

    @property
    def target_offset(self) -> NDArray[np.floating] | float:
        """Optional: what is taken from targets before that."""
        ...


class PreprocessingCode(Protocol):
    """preprocessing.py."""

    def Encoding(self, rows: RowsCode) -> EncodingCode:
        """Learn an encoding from rows."""
        ...

    def run(self, model: Any, x: Mapping[str, Array]) -> Any:
        """Optional, for `modelwizard features`: call a model of raw columns on whole columns."""
        ...


class ModelCode(Protocol):
    """model.py."""

    def build_model(self, hp: Any, encoding: EncodingCode, steps: int | None = None) -> Any:
        """Build and compile the network; `steps` is optional."""
        ...


class ExportCode(Protocol):
    """export.py; in a project of the first edition its function stands in model.py."""

    def export_model(self, members: list[tuple[Any, EncodingCode]], temperature: float = 1.0) -> Any:
        """Make one model from raw columns to predictions; `temperature` is optional."""
        ...


class PredictCode(Protocol):
    """predict.py."""

    def predict(self, model: Any, table: Any) -> Any:
        """Predict what `data.read_rows` has read, as a table with a column for each thing that is said."""
        ...


NEEDED: dict[str, tuple[str, ...]] = {
    "data": ("load", "read_rows", "to_columns"),
    "preprocessing": ("Encoding", "Encoding.inputs", "Encoding.encode", "Encoding.encode_target"),
    "model": ("build_model",),
    "export": ("export_model",),
}
"""What each module must have."""
