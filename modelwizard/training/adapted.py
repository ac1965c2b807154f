"""Adapt leaks: layers whose learned state comes from other rows than those that they were to learn from.

The state of a model's `Normalization`, `Discretization`, `StringLookup`, `IntegerLookup` and `TextVectorization`
layers (nested models included) is compared with what the training rows give. A finding needs both halves: the state is
not that of the training rows, and it is that of rows which the code was not handed. Constants that a person chose fail
the second half. Layers inside custom layers, and numbers that merely size a layer (`CategoryEncoding`), are not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.findings import Found, few, found
from modelwizard.contract.messages import message
from modelwizard.engine import keras_internals as internals

Array = NDArray[Any]
Columns = Mapping[str, Array]

SAME, EXACT = 5e-4, 1e-4  # in widths of a column: near enough to the training rows; near enough to name other rows
CHUNK = 2000  # texts cut into words at a time
L = keras.layers
JUDGED = (L.Normalization, L.Discretization, L.StringLookup, L.IntegerLookup, L.TextVectorization)


@dataclass(frozen=True)
class _Site:
    """A layer with state, and what reaches it.

    Args:
        layer: The layer.
        values: Its input, all rows.
        columns: The raw columns that lead to it.
        sets: Row numbers of each set that the state may come from, `train` first.
        raw: The raw columns, all rows.
        where: The file to name.
        names: Names of the columns that a `Normalization` layer of as many columns scales.
        spelled: Words that the project's code spells out.
    """

    layer: Any
    values: Array
    columns: tuple[str, ...]
    sets: Mapping[str, Array]
    raw: Columns
    where: str
    names: Sequence[str]
    spelled: Collection[str]

    def found(self, sentence: str, rows: str, columns: Sequence[str] = (), **values: Any) -> Found:
        """Say that the layer's state is that of other rows."""
        told = {"layer": self.layer.name, "columns": few(columns or self.columns), "rows": message(f"findings.{rows}")}
        return found("MW602" if sentence == "vocabulary" else "MW601", sentence, self.where, **told, **values)


def check(
    model: Any,
    train: Columns,
    validation: Columns,
    others: Columns | None = None,
    *,
    where: str = "preprocessing.py",
    names: Sequence[str] = (),
    spelled: Collection[str] = (),
) -> list[Found]:
    """Find the layers of a model that learned from other rows than the training rows.

    Args:
        model: The Keras model from raw columns to blocks, or a network on blocks.
        train: Its inputs by name, of the rows that it was to learn from.
        validation: The same of the validation rows.
        others: The same of all further rows of the data file; they are only compared with. Defaults to none, and then
            a state learned from the whole file cannot be told from a person's own constants.
        where: The file to name. Defaults to preprocessing.py.
        names: Names of the columns that a `Normalization` layer of as many columns scales. Defaults to their numbers.
        spelled: Words that the project's code spells out (`watching.literals`), a person's own vocabulary.

    Returns:
        Findings; none when the model does not take these inputs.
    """
    keys = _inputs(model)
    if not keys or not all(name in part for name in keys for part in (train, validation)):
        return []
    parts = [train, validation, *([others] if others is not None and all(name in others for name in keys) else [])]
    ends = np.cumsum([0, *(len(part[keys[0]]) for part in parts)]).tolist()
    rows = {"train": (0, ends[1]), "both": (0, ends[2]), "validation": (ends[1], ends[2])}
    rows |= {"all": (0, ends[-1])} if ends[-1] > ends[2] else {}
    sets = {name: np.arange(*border) for name, border in rows.items()}
    raw = {key: np.concatenate([np.asarray(part[key]) for part in parts]) for key in keys}
    types = [str if t.dtype == "string" else t.dtype for t in model.inputs]
    feed = [raw[key].astype(dtype) for key, dtype in zip(keys, types, strict=True)]
    try:
        reached = list(_walk(model, feed, [(key,) for key in keys]))
    except Exception:  # the project feeds its model in a way of its own, and was refused before if that fails too
        return []
    sites = [_Site(*one, sets, raw, where, names, spelled) for one in reached]
    return [one for one in map(_judge, sites) if one is not None]


def _inputs(model: Any) -> list[str]:
    """Return the names of a model's inputs in the order of `model.inputs`; none where there is no graph to walk."""
    try:
        struct = internals.nesting(model, "inputs")
        tensors: list[Any] = list(model.inputs or ())
    except (AttributeError, ValueError):  # subclassed, or not built
        return []
    by_id: dict[int, str] = {id(t): name for name, t in struct.items()} if hasattr(struct, "items") else {}
    return [by_id.get(id(tensor), str(tensor.name)) for tensor in tensors]


def _walk(model: Any, feed: list[Array], origins: list[tuple[str, ...]]) -> Iterator[tuple[Any, Array, Any]]:
    """Run rows up to each layer with state, in a model and in those inside it; what is behind is not computed.

    A layer called more than once may have learned from all its inputs together, and is not judged.
    """
    calls = [node for node in internals.calls(model) if not node.is_input]
    behind = {id(t): origin for t, origin in zip(model.inputs, origins, strict=True)}
    for node in calls:
        columns = tuple(dict.fromkeys(name for t in node.input_tensors for name in behind.get(id(t), ())))
        behind |= {id(t): columns for t in node.outputs}
    times = Counter(id(node.operation) for node in calls)
    wanted = [n for n in calls if isinstance(n.operation, (*JUDGED, keras.Model)) and times[id(n.operation)] == 1]
    if not wanted:
        return
    targets = {str(id(t)): t for node in wanted for t in node.input_tensors}
    reached: dict[str, Any] = keras.Model(model.inputs, targets)([keras.ops.convert_to_tensor(a) for a in feed])
    for node in wanted:
        values: list[Array] = [keras.ops.convert_to_numpy(reached[str(id(t))]) for t in node.input_tensors]  # pyright: ignore
        if not isinstance(node.operation, keras.Model):
            yield node.operation, values[0], behind[id(node.input_tensors[0])]
        elif _inputs(node.operation):
            yield from _walk(node.operation, values, [behind[id(t)] for t in node.input_tensors])


def _judge(site: _Site) -> Found | None:
    """Return what is wrong with one layer's state."""
    if isinstance(site.layer, L.Normalization):
        return _scales(site)
    return _bins(site) if isinstance(site.layer, L.Discretization) else _vocabulary(site) or _weights(site)


def _scales(site: _Site) -> Found | None:
    """Judge mean and variance: one column that only the training rows explain clears the layer.

    So do round numbers, unless three columns at least have exactly those of other rows: a person may have chosen them.
    """
    layer, count = site.layer, site.values.shape[-1]
    if site.values.ndim != 2 or layer.invert or tuple(layer.axis) not in ((-1,), (1,)) or layer.mean is None:
        return None
    state = np.stack([np.ravel(np.asarray(layer.mean)), np.sqrt(np.ravel(np.asarray(layer.variance)))], axis=1)
    suspects: dict[str, list[tuple[str, str]]] = {}
    chosen = True
    for j in range(count):
        name, choices = _choices(site, j, state[j, 0])
        fits = {source: _agrees(state[j], site, j, choices, source) for source in site.sets}
        others = [source for source in fits if fits[source] and source != "train"]
        if fits["train"] and not others:
            return None
        if others and not fits["train"]:
            name = site.names[j] if len(site.names) == count else name
            suspects.setdefault(others[0], []).append((name, fits[others[0]]))
            chosen &= _round(*state[j])
    if not suspects or (chosen and sum(map(len, suspects.values())) < 3):
        return None
    source = max(suspects, key=lambda s: len(suspects[s]))
    columns, kinds = zip(*suspects[source], strict=True)
    return site.found("scaling", source, columns, statistic=message(f"findings.{kinds[0]}"))


def _choices(site: _Site, j: int, centre: float) -> tuple[str, list[Array]]:
    """Return a column's name, and the rows that its statistics may have been computed from.

    A missing value was filled before it came here, often by the layer's own mean; the statistics then come from the
    rows that are not missing. All rows, and all without those, are both possible.
    """
    values, name = site.values[:, j], f"column {j + 1}"
    finite, filled = np.isfinite(values), np.zeros(len(values), dtype=bool)
    choices = [finite]
    for column, raw in site.raw.items():
        if raw.size != len(values):
            continue
        flat = raw.reshape(-1)
        gaps = ~np.isfinite(flat) if flat.dtype.kind == "f" else flat == ""
        if flat.dtype.kind == "f" and np.array_equal(flat[~gaps].astype(np.float32), values[~gaps]):
            name = column
            choices.append(finite & ~gaps)
        if gaps.any() and (values[gaps] == np.float32(centre)).all():
            filled |= gaps
    return name, [*choices, finite & ~filled] if filled.any() else choices


def _agrees(state: Array, site: _Site, j: int, choices: list[Array], source: str) -> str:
    """Name the first statistic of a set of rows that a centre and a width agree with, or return nothing."""
    rows, near = site.sets[source], SAME if source == "train" else EXACT
    for keep in choices:
        for kind, centre, width in statistics(site.values[rows, j][keep[rows]].astype(np.float64)):
            rounding = 4 * float(np.finfo(np.float32).eps) * abs(centre)
            if abs(state[0] - centre) <= near * width + rounding and abs(state[1] - width) <= near * width and width:
                return kind
    return ""


def statistics(values: Array) -> list[tuple[str, float, float]]:
    """Return the usual ways to scale (n,) finite numbers, as (name, centre, width)."""
    if len(values) < 2:
        return []
    mean, std = float(values.mean()), float(values.std())
    smallest, low, middle, high, largest = np.quantile(values, [0, 0.25, 0.5, 0.75, 1]).tolist()
    return [
        ("mean_variance", mean, std),
        ("mean_variance", mean, float(values.std(ddof=1))),
        ("median_quartiles", middle, high - low),
        ("median_quartiles", middle, (high - low) / 1.3489795),  # of a normal distribution, in its deviations
        ("median_range", middle, (largest - smallest) / 2),  # the generated code, where the quartiles coincide
        ("minimum_range", smallest, largest - smallest),
        ("middle_range", (smallest + largest) / 2, (largest - smallest) / 2),
    ]


def _round(*values: float) -> bool:
    """Say whether a person could have written the numbers: three digits at most."""
    return all(abs(v - float(f"{v:.3g}")) <= 1e-6 * abs(v) for v in values)


def _bins(site: _Site) -> Found | None:
    """Judge the boundaries of bins: quantiles, or what `adapt` makes of the rows."""
    layer, values = site.layer, site.values.reshape(len(site.values), -1)
    bounds = np.asarray(layer.bin_boundaries or [], dtype=np.float64)
    if not len(bounds) or (layer.num_bins is None and _round(*bounds)):
        return None
    for source, rows in site.sets.items():
        chosen = values[rows][np.isfinite(values[rows]).all(axis=1)]
        guesses = [np.quantile(chosen, np.linspace(0, 1, len(bounds) + 2)[1:-1])] if chosen.size else []
        if layer.num_bins is not None and chosen.size:
            again = type(layer)(num_bins=layer.num_bins, epsilon=layer.epsilon)
            again.adapt(chosen)
            guesses.append(np.asarray(again.bin_boundaries))
        limit = (SAME if source == "train" else EXACT) * max(float(np.ptp(bounds)), 1e-12)
        if any(len(g) == len(bounds) and np.abs(g - bounds).max() <= limit for g in guesses):
            return None if source == "train" else site.found("bins", source)
    return None


def _vocabulary(site: _Site) -> Found | None:
    """Find entries that no training row has, but other rows do.

    A list with entries that no row at all has was not learned from these rows, and is a person's own.
    """
    missing = {str(word) for word in site.layer.get_vocabulary(include_special_tokens=False)} - {""}
    for words in _words(site, "train"):
        missing -= words
        if not missing:
            return None
    nowhere, judged = missing.copy(), set[str]()
    for words in _words(site, "validation"):
        judged |= words & missing
    for words in _words(site, max(site.sets, key=lambda source: len(site.sets[source]))):
        nowhere -= words
    foreign = missing - set(site.spelled)
    if nowhere or not foreign:
        return None
    judged &= foreign
    return site.found("vocabulary", "validation" if judged else "others", entries=few(sorted(judged or foreign)))


def _words(site: _Site, source: str) -> Iterator[set[str]]:
    """Yield the entries that the rows of a set hold, some rows at a time."""
    values = site.values[site.sets[source]]
    for start in range(0, len(values), CHUNK):
        entries = set(_tokens(site.layer, values[start : start + CHUNK])[0].tolist())
        yield {entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in entries}


def _tokens(layer: Any, values: Array) -> tuple[Array, Array]:
    """Return the entries that a layer looks up, made by its own steps, and the number of the row of each."""
    cut = internals.words(layer, values)
    if hasattr(cut, "flat_values"):
        return np.asarray(cut.flat_values), np.asarray(cut.value_rowids())
    flat = np.asarray(cut).reshape(len(values), -1)
    flat = flat.astype(np.int64) if flat.dtype.kind == "f" else flat
    return flat.reshape(-1), np.repeat(np.arange(len(flat)), flat.shape[1])


def _weights(site: _Site) -> Found | None:
    """Judge TF-IDF weights: log(1 + N / (1 + documents with the word)), as `adapt` computes them (Keras 3).

    Each weight names its number of documents once N is given: whole numbers throughout speak for an N. Only where
    they speak against the training rows are documents counted.
    """
    lookup = internals.lookup(site.layer)
    if lookup.output_mode != "tf_idf" or getattr(lookup, "idf_weights_const", None) is None:
        return None
    vocabulary = [str(word) for word in lookup.get_vocabulary(include_special_tokens=False)]
    special = len(lookup.get_vocabulary()) - len(vocabulary)
    idf = np.asarray(lookup.idf_weights_const, dtype=np.float64)[special : special + len(vocabulary)]
    if len(idf) < 5 or (idf <= 0).any() or _documents(idf, len(site.sets["train"])) is not None:
        return None
    for source in list(site.sets)[1:]:
        documents = _documents(idf, len(site.sets[source]))
        if documents is None:
            continue
        flat, rows = _tokens(site.layer, site.values[site.sets[source]])
        counts = Counter(word for word, _ in set(zip(flat.tolist(), rows.tolist(), strict=True)))
        if all(counts[word.encode()] == n for word, n in zip(vocabulary[:20], documents[:20], strict=True)):
            return site.found("weights", source)
    return None


def _documents(idf: Array, count: int) -> Array | None:
    """Return the whole numbers of documents behind weights, or None when there are none."""
    numbers = count / np.expm1(idf) - 1
    whole = np.round(numbers)
    fits = np.abs(numbers - whole) <= 0.01 + 1e-5 * whole
    return whole.astype(int) if (fits & (whole >= 0) & (whole <= count)).all() else None
