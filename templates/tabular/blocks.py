"""How columns become blocks of inputs. All statistics are those of the rows handed in: training rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

import data

BLOCKS = ("numeric", "bins", "flags", "categorical", "text")
# modelwizard: if numbers
BINS = 32  # quantile bins of each number, from which the network learns a vector for it
MOST_BINNED = 8_000_000  # numbers (rows x columns) that are binned at most: each takes 128 bytes of memory
# modelwizard: end
# modelwizard: if dates
CYCLES = {"month": 12, "weekday": 7, "hour": 24}  # parts of a date that become flags
# modelwizard: end


class Part(NamedTuple):
    """Some columns of a block."""

    block: str  # one of BLOCKS
    tensor: Any  # (rows, columns) or, for bins, (rows, columns, BINS)
    features: list[str]  # the feature behind each column
    size: int = 0  # number of ids, of a categorical column


# modelwizard: if numbers
def numbers(raw: dict[str, Any], features: dict[str, Any], rows: data.Rows) -> list[Part]:
    """Scale by median and quartiles, clip smoothly (RealMLP: Holzmüller et al. 2024), flag missing values."""
    names = [name for name in features if data.KINDS.get(name, "numeric") == "numeric"]
    # modelwizard: if dates
    names = [name for name in names if date_part(name) not in CYCLES]
    # modelwizard: end
    if not names:
        return []
    table = compute(raw, [features[name] for name in names], rows)
    table[:, np.isnan(table).all(axis=0)] = 0.0
    low, centre, high = np.nanquantile(table, [0.25, 0.5, 0.75], axis=0)
    width = np.where(high > low, high - low, (np.nanmax(table, axis=0) - np.nanmin(table, axis=0)) / 2)
    keep = np.flatnonzero(width > 1e-6 * np.maximum(1.0, np.abs(centre)))  # nearly constant ones would blow up
    if not len(keep):
        return []
    names, table, centre, width = [names[i] for i in keep], table[:, keep], centre[keep], width[keep]
    tensor = join([features[name] for name in names])
    missing = ops.logical_not(ops.isfinite(tensor))
    filled = ops.where(missing, ops.zeros_like(tensor) + centre.astype(np.float32), tensor)
    scaled = keras.layers.Normalization(mean=centre, variance=width**2, name="robust_scale")(filled)
    clipped = scaled / ops.sqrt(1 + ops.square(scaled / 3))  # stays within -3 and 3
    parts = [Part("numeric", clipped, names)]
    parts += bins(names, scaled, (np.where(np.isnan(table), centre, table) - centre) / width)
    gaps = np.flatnonzero(np.isnan(table).any(axis=0)).astype(np.int32)
    if len(gaps):
        flags = ops.cast(ops.take(missing, gaps, axis=1), "float32")
        parts.append(Part("flags", flags, [names[i] for i in gaps]))
    return parts


def bins(names: list[str], scaled: Any, table: np.ndarray) -> list[Part]:
    """Say how far numbers have come through each bin: 0 below its lower edge, 1 above its upper edge.

    The piecewise-linear encoding of Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep
    Learning". Edges are quantiles of the distinct values: one that most rows share, such as 0, takes one bin only.
    """
    # modelwizard: if dates
    # New rows lie behind every bin of their date: days can tell a trend only; month and weekday tell the season.
    binned = np.array([i for i, name in enumerate(names) if date_part(name) != "days"], dtype=int)
    names, scaled, table = [names[i] for i in binned], ops.take(scaled, binned, axis=1), table[:, binned]
    # modelwizard: end
    if not names or table.size > MOST_BINNED:
        return []
    shares = np.linspace(0, 1, BINS + 1)
    edges = np.stack([np.quantile(np.unique(column), shares) for column in table.T]).astype(np.float32)
    width = np.maximum(np.diff(edges), np.float32(1e-3))
    return [Part("bins", ops.clip((ops.expand_dims(scaled, 2) - edges[:, :-1]) / width, 0.0, 1.0), names)]


# modelwizard: end
# modelwizard: if dates
def cycles(raw: dict[str, Any], features: dict[str, Any], rows: data.Rows) -> list[Part]:
    """Turn month, weekday and hour into flags, the first for a missing date; what never differs is left out."""
    parts = []
    for name in [name for name in features if date_part(name) in CYCLES]:
        values, tensor, size = compute(raw, [features[name]], rows), features[name], CYCLES[date_part(name)] + 1
        if len(np.unique(values[np.isfinite(values)])) > 1:
            ids = ops.cast(ops.where(ops.isfinite(tensor), tensor + 1, ops.zeros_like(tensor)), "int32")
            parts.append(Part("flags", ops.one_hot(ops.squeeze(ids, 1), size), [name] * size))
    return parts


def date_part(name: str) -> str:
    """Return which part of a date a feature is: `month` of `signed_up.month`; nothing for other features."""
    return "" if name in data.KINDS else name.rpartition(".")[2]


# modelwizard: end
# modelwizard: if numbers
def compute(raw: dict[str, Any], features: list[Any], rows: data.Rows) -> np.ndarray:
    """Compute numeric features (n, features); infinite ones are missing."""
    table = run(keras.Model(raw, join(features)), rows.x)
    return np.where(np.isfinite(table), table, np.float32(np.nan))


# modelwizard: end
def run(model: Any, x: dict[str, np.ndarray], batch: int = 20_000) -> Any:
    """Call a model of raw columns on some rows at a time; returns an array, or a dictionary of arrays."""
    columns = {name: values.astype(str if values.dtype == object else np.float32) for name, values in x.items()}
    starts = range(0, len(next(iter(columns.values()))), batch)
    parts = [model({n: ops.convert_to_tensor(v[i : i + batch]) for n, v in columns.items()}) for i in starts]
    if isinstance(parts[0], dict):
        return {n: np.concatenate([ops.convert_to_numpy(part[n]) for part in parts]) for n in parts[0]}
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])


def join(tensors: list[Any]) -> Any:
    """Put columns side by side."""
    return ops.concatenate(tensors, axis=1) if len(tensors) > 1 else tensors[0]


def layer_names(columns: dict[str, Any]) -> dict[str, str]:
    """Make names that Keras accepts for layers (it uses "/" for paths), each different, none used already."""
    names: dict[str, str] = {}
    for column in columns:
        name = "".join(c if c.isalnum() or c in "._-" else "_" for c in column).strip("_.") or "column"
        ours = name.startswith(("lookup", "words", "length", "robust_scale", "preprocessing", "network", "get_item"))
        name = f"column_{name}" if ours or hasattr(ops, name.rstrip("_0123456789")) else name
        while name in names.values():
            name += "_"
        names[column] = name
    return names
