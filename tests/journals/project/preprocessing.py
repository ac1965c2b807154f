"""From raw columns to what the network eats, as Keras layers that travel inside the exported model.

Statistics and vocabularies are computed from the rows handed to `Encoding`: training rows, and nothing else.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

import data

SMALL = 12  # up to this many categories become one-hot flags; above, ids for an embedding
BINS = 32  # quantile bins of each number, from which the network learns a vector for it
MOST_BINNED = 8_000_000  # numbers (rows x columns) that are binned at most: each takes 128 bytes of memory
RARE = 3  # categories seen in fewer rows share one id with those never seen
WORDS = 5000  # words kept for each free-text column
ROUND = 64  # their number is rounded up to a multiple of this: networks of other folds have the same shape
CYCLES = {"month": 13, "weekday": 8, "hour": 25}  # parts of a date that become flags, with an id 0 for missing


class Encoding:
    """The state learned from some rows, and the layers made of it.

    The network's inputs are blocks: `numeric` (rows, numbers) scaled floats; `flags` (rows, flags) zeros and ones
    for missing values and small categories; `categorical` (rows, columns) ids for embeddings; `text` (rows, words)
    TF-IDF weights; `bins` (rows, numbers, BINS) how far each number has come through each of its quantile bins. A
    block without columns is left out.

    Args:
        rows: The rows to learn from.
    """

    def __init__(self, rows: data.Rows) -> None:
        self.raw = {name: keras.Input((1,), name=_layer(name), dtype=_dtype(kind)) for name, kind in data.KINDS.items()}
        self.features: dict[str, Any] = data.add_features(_expand(dict(self.raw)))
        self.cardinalities: list[int] = []  # number of ids in each column of the `categorical` block
        self.names: dict[str, list[str]] = {"numeric": [], "bins": [], "flags": [], "categorical": [], "text": []}
        self.columns: dict[str, list[str]] = {block: [] for block in self.names}  # the feature behind each name
        parts = {block: [] for block in self.names}
        self._add_numbers(rows, parts)
        self._add_categories(rows, parts)
        self._add_texts(rows, parts)
        self._round_flags(parts)
        joined = {block: _join(tensors) for block, tensors in parts.items() if tensors}
        if not joined:
            raise ValueError("no input column is left: see [columns] in modelwizard.toml and add_features in data.py")
        self.model = keras.Model(self.raw, joined, name="preprocessing")
        self._learn_target(rows.y)

    def _add_numbers(self, rows: data.Rows, parts: dict[str, list[Any]]) -> None:
        """Scale by median and quartiles, clip smoothly, flag missing values (RealMLP: Holzmüller et al. 2024)."""
        names = [n for n in self.features if data.KINDS.get(n, "numeric") == "numeric"]
        if not names:
            return
        values = run(keras.Model(self.raw, {n: self.features[n] for n in names}), rows.x)
        cycles = [n for n in names if n.rpartition(".")[2] in CYCLES and n not in data.KINDS]
        for name in cycles:
            self._add_cycle(name, values[name], parts)
        plain = [name for name in names if name not in cycles]
        table = np.concatenate([values[name] for name in plain] or [np.empty((len(rows.y), 0))], axis=1)
        table[~np.isfinite(table)] = np.nan
        table[:, np.isnan(table).all(axis=0)] = 0.0
        low, centre, high = np.nanquantile(table, [0.25, 0.5, 0.75], axis=0)
        width = np.where(high > low, high - low, (np.nanmax(table, axis=0) - np.nanmin(table, axis=0)) / 2)
        keep = np.flatnonzero(width > 1e-6 * np.maximum(1.0, np.abs(centre)))  # nearly constant ones would blow up
        for name in (plain[i] for i in keep):
            self._name("numeric", name, [name])
        if not len(keep):
            return
        tensor = _join([self.features[name] for name in self.names["numeric"]])
        absent = ops.logical_not(ops.isfinite(tensor))
        filled = ops.where(absent, ops.zeros_like(tensor) + centre[keep].astype(np.float32), tensor)
        scaled = keras.layers.Normalization(mean=centre[keep], variance=width[keep] ** 2, name="robust_scale")(filled)
        parts["numeric"].append(scaled / ops.sqrt(1 + ops.square(scaled / 3)))  # stays within -3 and 3
        # Rows to come lie behind every bin of their date: days tell a trend only; month and weekday tell the season.
        fine = [i for i, n in enumerate(self.names["numeric"]) if not n.endswith(".days") or n in data.KINDS]
        if fine and table.shape[0] * len(fine) <= MOST_BINNED:
            known = (np.where(np.isnan(table), centre, table)[:, keep] - centre[keep]) / width[keep]
            parts["bins"].append(_bins(ops.take(scaled, np.array(fine), axis=1), known[:, fine]))
            for name in (self.names["numeric"][i] for i in fine):
                self._name("bins", name, [name])
        gaps = np.flatnonzero(np.isnan(table[:, keep]).any(axis=0))
        if len(gaps):
            parts["flags"].append(ops.cast(ops.take(absent, gaps.astype(np.int32), axis=1), "float32"))
            for name in (self.names["numeric"][i] for i in gaps):
                self._name("flags", name, [f"{name} missing"])

    def _add_cycle(self, name: str, values: np.ndarray, parts: dict[str, list[Any]]) -> None:
        """Turn month, weekday or hour into flags, unless it is the same in all rows."""
        if len(np.unique(values[np.isfinite(values)])) < 2:
            return
        tensor, size = self.features[name], CYCLES[name.rpartition(".")[2]]
        ids = ops.cast(ops.where(ops.isfinite(tensor), tensor + 1, ops.zeros_like(tensor)), "int32")
        parts["flags"].append(ops.one_hot(ops.squeeze(ids, 1), size))
        self._name("flags", name, [f"{name} missing", *(f"{name}={i}" for i in range(size - 1))])

    def _add_categories(self, rows: data.Rows, parts: dict[str, list[Any]]) -> None:
        """Look categories up: id 0 for rare and unseen ones, then one id each, a missing value being one."""
        for name in (n for n in self.features if data.KINDS.get(n) in ("categorical", "boolean")):
            levels, counts = np.unique(rows.x[name].astype(str), return_counts=True)
            known = levels[counts >= min(RARE, counts.max())].tolist()
            size = len(known) + 1
            lookup = keras.layers.StringLookup(vocabulary=known, name=_layer(f"lookup {name}"))
            ids = lookup(self.features[name])
            if size <= SMALL:
                parts["flags"].append(ops.one_hot(ops.squeeze(ids, 1), size))
                self._name("flags", name, [f"{name} other", *(f"{name}={level}" for level in known)])
            else:
                parts["categorical"].append(ops.cast(ids, "int32"))
                self._name("categorical", name, [name])
                self.cardinalities.append(-(-size // 8) * 8)  # rounded up, as flags and words are

    def _add_texts(self, rows: data.Rows, parts: dict[str, list[Any]]) -> None:
        """Weigh words by TF-IDF and scale each row to length one; rare ones are left out."""
        for name in (n for n in self.features if data.KINDS.get(n) == "text"):
            found = keras.layers.TextVectorization(WORDS, output_mode="multi_hot")
            found.adapt(rows.x[name])
            batches = np.array_split(rows.x[name], -(-len(rows.y) // 4096))
            seen = [ops.convert_to_numpy(found(batch)).sum(axis=0) for batch in batches]
            counts = np.sum(seen, axis=0)[1:]  # rows with each word; entry 0 is any other word
            known = np.array(found.get_vocabulary(include_special_tokens=False))
            common = np.flatnonzero(counts >= min(RARE, counts.max(initial=0)))
            width = -(-(len(common) + 1) // ROUND) * ROUND
            words = keras.layers.TextVectorization(
                width, output_mode="tf_idf", pad_to_max_tokens=True, vocabulary=known[common].tolist(),
                idf_weights=np.log1p(len(rows.y) / (1 + counts[common])), name=_layer(f"words {name}"),
            )  # fmt: skip
            weights = keras.layers.Reshape((width,))(words(self.features[name]))
            parts["text"].append(keras.layers.UnitNormalization(name=_layer(f"length {name}"))(weights))
            unused = [f"{name}: unused {i}" for i in range(width - 1 - len(common))]
            self._name("text", name, [f"{name}: other", *(f"{name}: {word}" for word in known[common]), *unused])

    def _round_flags(self, parts: dict[str, list[Any]]) -> None:
        """Add flags that are always 0 up to a multiple of 8: folds whose rare categories differ share their shape."""
        spare = -len(self.names["flags"]) % 8
        if parts["flags"] and spare:
            parts["flags"].append(ops.zeros_like(ops.tile(parts["flags"][0][:, :1], (1, spare))))
            self._name("flags", self.columns["flags"][-1], [f"unused {i}" for i in range(spare)])

    def _name(self, block: str, column: str, names: list[str]) -> None:
        """Name the next entries of a block, and the feature that they come from."""
        self.names[block] += names
        self.columns[block] += [column] * len(names)

    def _learn_target(self, y: np.ndarray) -> None:
        """Learn how the target is scaled: standardised for any number, divided by its mean for a positive one."""
        width = 1 if y.ndim == 1 else y.shape[1]
        self.target_offset, self.target_scale = np.zeros(width), np.ones(width)
        if data.PROBLEM["type"] in ("regression", "vector"):
            self.target_offset, self.target_scale = y.mean(axis=0), np.maximum(y.std(axis=0), 1e-12)
        elif data.PROBLEM["type"] == "positive":
            self.target_scale = y.mean(axis=0)
        encoded = np.eye(int(y.max()) + 1)[y] if y.ndim == 1 else self.encode_target(y)
        self.target_mean = encoded.mean(axis=0)  # shares of classes or labels, for the bias of the last layer

    def inputs(self) -> dict[str, Any]:
        """Make one `keras.Input` per block, for the network to start from."""
        return {n: keras.Input(t.shape[1:], name=n, dtype=t.dtype) for n, t in self.model.output.items()}

    def encode(self, x: dict[str, np.ndarray], batch: int = 20000) -> dict[str, np.ndarray]:
        """Turn raw columns into blocks; done once, before training."""
        count = len(next(iter(x.values())))
        slices = [slice(i, i + batch) for i in range(0, count, batch)]
        done = [run(self.model, {name: values[s] for name, values in x.items()}) for s in slices]
        return {name: np.concatenate([part[name] for part in done]) for name in done[0]}

    def encode_target(self, y: np.ndarray) -> np.ndarray:
        """Turn targets into what the loss compares with."""
        if data.PROBLEM["type"] == "multiclass":
            one_hot = np.eye(len(data.PROBLEM["classes"]), dtype=np.float32)
            return y if data.PROBLEM["loss"].startswith("sparse") else one_hot[y]
        return ((y - self.target_offset) / self.target_scale).astype(np.float32)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Turn the network's outputs back into the target's own units."""
        return outputs * self.target_scale + self.target_offset if self.rescales else outputs

    @property
    def rescales(self) -> bool:
        """Whether the network sees the target in other units than a person does."""
        return bool((self.target_scale != 1).any() or (self.target_offset != 0).any())


def _bins(scaled: Any, known: np.ndarray) -> Any:
    """Say how far numbers have come through each bin: 0 below its lower edge, 1 above its upper edge.

    The piecewise-linear encoding of Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep
    Learning". The edges are quantiles of the distinct values of the training rows: a value that most rows share, such
    as 0, takes one bin only.
    """
    places = np.linspace(0, 1, BINS + 1)
    edges = np.stack([np.quantile(np.unique(column), places) for column in known.T]).astype(np.float32)
    width = np.maximum(np.diff(edges), np.float32(1e-3))
    return ops.clip((ops.expand_dims(scaled, 2) - edges[:, :-1]) / width, 0.0, 1.0)


def _expand(columns: dict[str, Any]) -> dict[str, Any]:
    """Split each date column into numbers: days since 1970, month 0-11, weekday 0-6 (Monday first), hour 0-23."""
    for name in [n for n, kind in data.KINDS.items() if kind == "date"]:
        digit = keras.layers.TextVectorization(
            split="character", standardize=None, vocabulary=list("0123456789"), output_sequence_length=19,
            name=_layer(f"digits {name}"),
        )(columns.pop(name))  # fmt: skip
        known = digit[:, :1] > 1  # id 0 is the end of the text, 1 is no digit
        value = ops.cast(ops.maximum(digit - 2, 0), "float32")
        year = ops.sum(value[:, 0:4] * np.array([1000, 100, 10, 1], np.float32), axis=1, keepdims=True)
        two = np.array([10, 1], np.float32)
        month, day, hour = (ops.sum(value[:, i : i + 2] * two, axis=1, keepdims=True) for i in (5, 8, 11))
        # Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "days_from_civil"), in whole floats.
        shifted = year - ops.cast(month <= 2, "float32")
        era = ops.floor(shifted / 400)
        of_era = shifted - era * 400
        of_year = ops.floor((153 * ops.mod(month + 9, 12) + 2) / 5) + day - 1
        days = era * 146097 + of_era * 365 + ops.floor(of_era / 4) - ops.floor(of_era / 100) + of_year - 719468
        gap = ops.where(known, 0.0, np.float32("nan"))
        columns[f"{name}.days"] = days + gap
        columns[f"{name}.month"] = month - 1 + gap
        columns[f"{name}.weekday"] = ops.mod(days + 3, 7) + gap
        columns[f"{name}.hour"] = hour + gap
    return columns


def run(model: Any, x: dict[str, np.ndarray]) -> Any:
    """Call a model of raw columns on whole columns at once; returns an array, or a dictionary of arrays."""
    types = {name: np.float32 if kind == "numeric" else str for name, kind in data.KINDS.items()}
    outputs = model({name: ops.convert_to_tensor(x[name].astype(dtype)) for name, dtype in types.items()})
    if isinstance(outputs, dict):
        return {name: ops.convert_to_numpy(values) for name, values in outputs.items()}
    return ops.convert_to_numpy(outputs)


def _join(tensors: list[Any]) -> Any:
    return ops.concatenate(tensors, axis=1) if len(tensors) > 1 else tensors[0]


def _dtype(kind: str) -> str:
    return "float32" if kind == "numeric" else "string"


def _layer(name: str) -> str:
    """Make a name that Keras accepts for a layer: it uses "/" for paths."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name).strip("_.") or "column"
