"""Statistics of the inputs as the first layer with weights sees them, whatever scaling the model does itself."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.facts.data import sample, unusable
from modelwizard.checks.facts.graph import behind
from modelwizard.checks.facts.model import Source
from modelwizard.checks.facts.values import LOOKUPS, NORMALISING, Input, deviations
from modelwizard.engine import keras_internals as internals

ROWS = 512
"""Rows pushed through the leading layers; statistics of scale need no more."""


def read_inputs(source: Source, arrays: list[NDArray[Any]]) -> list[Input]:
    """Return the statistics of each input array.

    Args:
        source: The model laid open.
        arrays: The input arrays in the order of the model's inputs.
    """
    entries = source.inputs
    found: list[Input] = []
    for position, array in enumerate(arrays):
        entry = entries[position] if len(entries) == len(arrays) else None
        found.append(_read(source, arrays, array, entry))
    return found


def _first(source: Source, entry: int | None) -> int | None:
    """Return the first layer behind an input that has weights, or looks its values up."""
    found = ((i, source.layers[i]) for i in behind(source.layers, entry))
    return next((i for i, la in found if la.kind in LOOKUPS or (la.parameters and la.kind != "Normalization")), None)


def _kind(source: Source, first: int | None, *, whole: bool) -> str:
    """Return the kind of the first layer; of a layer of one's own, what it holds that looks up or normalises."""
    if first is None and not source.opaque:
        return "unknown"
    outer = [source.operations[first]] if first is not None else source.operations
    own = type(outer[0]).__name__ if first is not None else "opaque"
    if first is not None and internals.of_keras(type(outer[0])):
        return own
    layers: list[Any] = [o for o in outer if isinstance(o, keras.Layer)]
    inner = [type(la).__name__ for layer in layers for la in internals.layers(layer)]
    found = [k for k in inner if k in LOOKUPS and whole] + [k for k in inner if k in NORMALISING | {"Normalization"}]
    return next((k for k in found if k in LOOKUPS), "BatchNormalization" if found else own)


def _read(source: Source, arrays: list[NDArray[Any]], array: NDArray[Any], entry: int | None) -> Input:
    name = source.layers[entry].name if entry is not None else "x"
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        first = _first(source, entry)
        kind = source.layers[first].kind if first is not None else "unknown"
        return Input(name, array.shape, str(array.dtype), numeric=False, first=kind)
    kept = sample(array, 5000)
    numbers = kept.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    first = _first(source, entry)
    kind = _kind(source, first, whole=bool(finite.size and np.all(finite == np.round(finite))))
    seen = _push(source, arrays, first) if first is not None and kind not in LOOKUPS else None
    seen = numbers if seen is None else seen
    mean, std = _spread(seen)
    flat = numbers.reshape(-1, numbers.shape[-1]) if numbers.ndim > 1 else numbers.reshape(-1, 1)
    return Input(
        name=name,
        shape=array.shape,
        dtype=str(array.dtype),
        nan=unusable(array),
        first=kind,
        seen=_top(seen),
        mean=mean,
        std=std,
        constant=int((deviations(flat) == 0).sum()) if numbers.ndim == 2 else 0,
        whole=bool(finite.size and np.all(finite == np.round(finite))),
        low=float(finite.min()) if finite.size else 0.0,
        high=float(finite.max()) if finite.size else 0.0,
        normalised=kind in NORMALISING,
        unadapted=_unadapted(source, entry, first),
    )


def _top(values: NDArray[np.float64]) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(np.quantile(finite, 0.999)) if finite.size else 0.0


def _spread(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    flat = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)
    flat = np.where(np.isfinite(flat), flat, np.nan)[:, :2000]
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.nanmean(flat, axis=0)), np.nan_to_num(deviations(flat))


def _unadapted(source: Source, entry: int | None, first: int | None) -> bool:
    before = behind(source.layers, entry, stop=first)
    return any(source.layers[i].kind == "Normalization" and _identity(source.operations[i]) for i in before)


def _identity(layer: Any) -> bool:
    if getattr(layer, "input_mean", None) is not None:
        return False
    try:
        mean, variance = np.asarray(layer.adapt_mean), np.asarray(layer.adapt_variance)
    except Exception:
        return False  # not built yet
    return not mean.any() and bool(np.all(variance == 1))


def _push(source: Source, arrays: list[NDArray[Any]], first: int) -> NDArray[np.float64] | None:
    """Run rows through the layers before `first`; None where that cannot be done."""
    if source.opaque:
        return None
    values: list[Any] = [sample(a, ROWS) for a in arrays]
    try:
        for inputs, tensor in source.stages[first]:
            at = next((i for i, t in enumerate(inputs) if t is tensor), None)
            values = [values[at] if at is not None else keras.Model(list(inputs), tensor)(values, training=False)]
        return np.asarray(values[0], dtype=np.float64)
    except Exception:
        return None  # layers that do not run alone: the values as given are the best that is known
