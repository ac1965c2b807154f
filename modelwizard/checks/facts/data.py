"""Statistics of the arrays that a model is trained on. numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.facts.values import Target, deviations

SAMPLE = 20_000
"""Rows that statistics are computed on; more would not change a verdict and would cost seconds."""


def as_array(values: Any) -> NDArray[Any]:
    """Return values (list, DataFrame, tensor, array) as one numpy array, ragged lists as objects."""
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    try:
        return np.asarray(values)
    except ValueError:
        return np.asarray(values, dtype=object)


def flatten(values: Any, names: Sequence[str] = ()) -> list[NDArray[Any]]:
    """Return the arrays of an array, a list or tuple of arrays, or a dict of arrays, in a fixed order.

    Args:
        values: What `fit` accepts as x or y.
        names: Names that give the order of a dict. Defaults to sorted keys, the order in which Keras flattens a dict.
    """
    if values is None:
        return []
    if isinstance(values, Mapping):
        keys = list(names) if names and all(n in values for n in names) else sorted(values)
        return [as_array(values[k]) for k in keys]
    if isinstance(values, (list, tuple)) and values and all(_is_array(v) for v in values):
        return [as_array(v) for v in values]
    return [as_array(values)]


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and len(value.shape) > 0


def sample(array: NDArray[Any], rows: int = SAMPLE) -> NDArray[Any]:
    """Return evenly spaced rows, the first and the last among them."""
    if len(array) <= rows:
        return array
    return array[np.linspace(0, len(array) - 1, rows).astype(int)]


def unusable(array: NDArray[Any]) -> float:
    """Return the share of values that are NaN or infinite; 0 for anything but floats."""
    if not np.issubdtype(array.dtype, np.floating) or array.size == 0:
        return 0.0
    return float(1.0 - np.isfinite(array).mean())


def read_target(values: Any, inputs: Sequence[NDArray[Any]] = ()) -> Target:
    """Return the statistics of one target array.

    Args:
        values: The target as given to `fit`.
        inputs: The input arrays: a target that equals one of them is a reconstruction.
    """
    array = as_array(values)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        return Target(array.shape, str(array.dtype), numeric=False)
    given, kept = str(array.dtype), sample(array)
    numbers = kept.astype(np.float64)
    nan = unusable(numbers)
    finite = numbers[np.isfinite(numbers)] if nan else numbers.ravel()
    if finite.size == 0:
        return Target(array.shape, given, nan=nan)
    distinct, counts = np.unique(finite, return_counts=True) if finite.size < 4_000_000 else (finite[:0], finite[:0])
    few = len(distinct) <= 1000
    one_hot, multi_hot = _hot(numbers)
    columns = numbers.reshape(-1, numbers.shape[-1]) if numbers.ndim > 1 else numbers.reshape(-1, 1)
    share = np.nanmean(columns, axis=0) if one_hot else (counts / counts.sum() if few else np.zeros(0))
    return Target(
        shape=array.shape,
        dtype=given,
        whole=bool(np.all(finite == np.round(finite))),
        low=float(finite.min()),
        high=float(finite.max()),
        values=tuple(float(v) for v in distinct) if few else (),
        one_hot=one_hot,
        multi_hot=multi_hot,
        mean=float(finite.mean()),
        std=float(deviations(finite)),
        column_std=tuple(float(s) for s in deviations(columns[:, :1000])),
        nan=nan,
        reconstruction=any(_same(array, x) for x in inputs),
        class_share=tuple(float(s) for s in share) if len(share) <= 1000 else (),
    )


def _hot(numbers: NDArray[np.float64]) -> tuple[bool, bool]:
    if numbers.ndim < 2 or numbers.shape[-1] < 2:
        return False, False
    if not np.all((numbers == 0) | (numbers == 1)):
        return False, False
    return bool(np.all(numbers.sum(axis=-1) == 1)), True


def _same(target: NDArray[Any], given: NDArray[Any]) -> bool:
    """Whether a target is its input again: the same values, or the same pictures with noise on them."""
    if target is given:
        return True
    if np.array_equal(target, given):
        return target.size >= 2 * len(target)
    if target.size != given.size or target.size < 2 * len(target) or not np.issubdtype(given.dtype, np.number):
        return False
    a, b = sample(target, 200).astype(float).ravel(), sample(given, 200).astype(float).ravel()
    if a.std() == 0 or b.std() == 0 or (np.all(a == np.round(a)) and not np.all(b == np.round(b))):
        return False  # a map of classes is no picture, however much it looks like one
    return bool(np.corrcoef(a, b)[0, 1] > 0.5)
