"""The array types of this room, and the readings that every module needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Ints: TypeAlias = npt.NDArray[np.integer[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]
ArrayLike: TypeAlias = npt.ArrayLike


def column(values: ArrayLike) -> Floats:
    """Return the values as a float64 vector (n,); (n, 1) is flattened, anything wider is refused."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"expected one value per row, got an array of shape {array.shape}")
    return array


def matrix(values: ArrayLike) -> Floats:
    """Return the values as a float64 matrix (n, k); (n,) becomes (n, 1)."""
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def one_hot(labels: ArrayLike, classes: int) -> Floats:
    """Return class ids (n,) or (n, 1) as an indicator matrix (n, classes)."""
    ids = np.asarray(labels).reshape(-1).astype(np.int64)
    hot = np.zeros((len(ids), classes))
    hot[np.arange(len(ids)), ids] = 1.0
    return hot


def unit_ids(rows: int, groups: ArrayLike | None) -> Ints:
    """Return 0-based ids of the independent units: the groups where given, else each row is its own."""
    if groups is None:
        return np.arange(rows)
    labels = np.asarray(groups)
    if labels.shape != (rows,):
        raise ValueError(f"expected one group per row, ({rows},), got {labels.shape}")
    return np.unique(labels, return_inverse=True)[1].reshape(-1)


def time_blocks(rows: int, length: int) -> Ints:
    """Cut rows in time order into blocks of `length` rows; use the ids as groups.

    Errors of neighbouring rows of a series are correlated; blocks at least as long as the horizon (or as the
    memory of the errors) are nearly independent of each other.
    Source: Künsch 1989, "The jackknife and the bootstrap for general stationary observations".
    """
    return np.arange(rows) // max(int(length), 1)


def finite_columns(columns: Sequence[Floats] | Floats) -> Bools:
    """Say for each column of predictions whether all its values are finite (a diverged epoch has none)."""
    return np.array([bool(np.isfinite(column).all()) for column in columns], dtype=np.bool_)
