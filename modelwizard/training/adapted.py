"""Adapt leaks: layers whose learned state comes from other rows than those that they were to learn from.

The state of a model's `Normalization`, `Discretization`, `StringLookup`, `IntegerLookup` and `TextVectorization`
layers (nested models included) is compared with what the training rows give. A finding needs both halves: the state is
not that of the training rows, and it is that of rows which the code was not handed. Constants that a person chose fail
the second half. Layers inside custom layers, and numbers that merely size a layer (`CategoryEncoding`), are not judged.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Columns = Mapping[str, Array]

SAME, EXACT = 5e-4, 1e-4  # in widths of a column: near enough to the training rows; near enough to name other rows
CHUNK = 2000  # texts cut into words at a time
JUDGED = ("Normalization", "Discretization", "StringLookup", "IntegerLookup", "TextVectorization")
TOLD = 4  # examples in a sentence
FIX = {
    "preprocessing.py": "Encoding must learn from the rows it is handed: compute its state from `rows` alone.",
    "model.py": "build_model must learn from the training rows alone: leave adapt() and statistics to Encoding.",
}


@dataclass(frozen=True)
class _Site:
    """A layer with state, and what reaches it."""

    layer: Any
    values: Array  # its input, all rows
    columns: tuple[str, ...]  # the raw columns that lead to it
    sets: Mapping[str, Array]  # row numbers of each set that the state may come from, `train` first
    raw: Columns  # all rows

    def __str__(self) -> str:
        many = "columns" if len(self.columns) > 1 else "column"
        return f"the layer {self.layer.name!r}" + (f" ({many} {listed(self.columns)})" if self.columns else "")


def check(
    model: Any,
    train: Columns,
    validation: Columns,
    others: Columns | None = None,
    *,
    where: str = "preprocessing.py",
    names: Sequence[str] = (),
    spelled: Collection[str] = (),
) -> list[str]:
    """Name the layers of a model that learned from other rows than the training rows.

    Args:
        model: The Keras model from raw columns to blocks, or a network on blocks.
        train: Its inputs by name, of the rows that it was to learn from.
        validation: The same of the validation rows.
        others: The same of all further rows of the data file; they are only compared with. Defaults to none, and then
            a state learned from the whole file cannot be told from a person's own constants.
        where: The file to name. Defaults to preprocessing.py.
        names: Names of the columns that a `Normalization` layer of as many columns scales. Defaults to their numbers.
        spelled: Words that the project's code spells out (`literals`); as a vocabulary they are a person's own.

    Returns:
        Plain sentences; none when nothing was found, or when the model does not take these inputs.
    """
    keys = _inputs(model)
    if not keys or not all(name in part for name in keys for part in (train, validation)):
        return []
    parts = {"train": train, "validation": validation}
    if others is not None and all(name in others for name in keys):
        parts["others"] = others
    parts = {name: {key: np.asarray(part[key]) for key in keys} for name, part in parts.items()}
    raw = {key: np.concatenate([part[key] for part in parts.values()]) for key in keys}
    sets = _sets({name: len(part[keys[0]]) for name, part in parts.items()})
    types = [str if t.dtype == "string" else t.dtype for t in model.inputs]
    feed = [raw[key].astype(dtype) for key, dtype in zip(keys, types, strict=True)]
    try:
        sites = [_Site(*reached, sets, raw) for reached in _walk(model, feed, [(key,) for key in keys])]
    except Exception:  # the project feeds its model in a way of its own, and was refused before if that fails too
        return []
    told = [text for site in sites for text in _judge(site, names, spelled)]
    return list(dict.fromkeys(f"{where}: {text}. {FIX.get(where, FIX['preprocessing.py'])}" for text in told))


def literals(folder: Path) -> set[str]:
    """Return the texts that the Python files of a folder spell out, docstrings apart; lists in one text are parted."""
    found: set[str] = set()
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in prose and isinstance(node.value, str | int):
                found |= {str(node.value), *re.split(r"[\s,;|]+", str(node.value))}
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple"):
                found |= {c for a in node.args if isinstance(a, ast.Constant) for c in str(a.value)}
    return found


@contextmanager
def watching(data: Any, *users: Any, doing: str = "Encoding", allowed: Collection[str] = ()) -> Generator[list[str]]:
    """Note in sentences which rows the project's code loads by itself inside the block; nothing stays changed.

    Args:
        data: The project's data.py.
        *users: Its other modules, which may hold `load` and `read_rows` under names of their own.
        doing: Who is watched, as a sentence begins. Defaults to `Encoding`.
        allowed: Parts that it may load: those it was handed. Defaults to none.
    """
    found, inside, load, read = list[str](), [0], data.load, data.read_rows
    fix = f"{doing} must learn from what it is handed: rows loaded there include those that it is judged by."

    def watched_load(*parts: str) -> Any:
        extra = [part for part in parts if part not in allowed]
        found.extend([f"{doing} loads the {' and '.join(extra)} rows by itself (data.load). {fix}"] * bool(extra))
        inside[0] += 1
        try:
            return load(*parts)
        finally:
            inside[0] -= 1

    def watched_read(*values: Any, **options: Any) -> Any:
        found.extend([f"{doing} reads a whole data file by itself (data.read_rows). {fix}"] * (not inside[0]))
        return read(*values, **options)

    theirs = [(m, n, v) for m in (data, *users) for n, v in list(vars(m).items()) if v is load or v is read]
    for module, name, value in theirs:
        setattr(module, name, watched_load if value is load else watched_read)
    try:
        yield found
    finally:
        for module, name, value in theirs:
            setattr(module, name, value)


def listed(values: Iterable[str]) -> str:
    """Return the first few of some names, quoted."""
    names = list(values)
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return ", ".join(repr(name) for name in names[:TOLD]) + more


def _sets(counts: Mapping[str, int]) -> dict[str, Array]:
    """Return row numbers of the training rows, and of each set that a leaking state could come from."""
    train, both, rows = counts["train"], counts["train"] + counts["validation"], sum(counts.values())
    sets = {"train": (0, train), "training and validation rows together": (0, both), "validation rows": (train, both)}
    wider = sets | ({"all rows of the file": (0, rows)} if rows > both else {})
    return {name: np.arange(*ends) for name, ends in wider.items()}


def _inputs(model: Any) -> list[str]:
    """Return the names of a model's inputs in the order of `model.inputs`; none where there is no graph to walk."""
    try:
        struct: Any = getattr(model, "_inputs_struct", None)
        tensors: list[Any] = list(model.inputs or ())
    except (AttributeError, ValueError):  # subclassed, or not built
        return []
    by_id: dict[int, str] = {id(t): name for name, t in struct.items()} if hasattr(struct, "items") else {}
    return [by_id.get(id(tensor), str(tensor.name)) for tensor in tensors]


def _walk(model: Any, feed: list[Array], origins: list[tuple[str, ...]]) -> Iterator[tuple[Any, Array, Any]]:
    """Run rows up to each layer with state, in a model and in those inside it; what is behind is not computed.

    A layer called more than once may have learned from all its inputs together, and is not judged.
    """
    import keras

    kinds = [getattr(keras.layers, name) for name in JUDGED]
    behind = {id(t): origin for t, origin in zip(model.inputs, origins, strict=True)}
    calls = _nodes(model)
    times = Counter(id(layer) for layer, _ in calls)
    wanted = [(a, ts) for a, ts in calls if isinstance(a, (*kinds, keras.Model)) and times[id(a)] == 1]
    if not wanted:
        return
    targets = {str(id(t)): t for _, tensors in wanted for t in tensors}
    reached: dict[str, Any] = keras.Model(model.inputs, targets)([keras.ops.convert_to_tensor(a) for a in feed])
    for layer, tensors in wanted:
        values: list[Array] = [keras.ops.convert_to_numpy(reached[str(id(t))]) for t in tensors]  # pyright: ignore
        if not isinstance(layer, keras.Model):
            yield layer, values[0], _origin(tensors[0], behind)
        elif _inputs(layer):
            yield from _walk(layer, values, [_origin(t, behind) for t in tensors])


def _nodes(model: Any) -> list[tuple[Any, list[Any]]]:
    """Return each call of a layer on the way to a model's outputs, with the tensors it was called on."""
    waiting, seen, found = list(model.outputs), set[tuple[int, int]](), list[tuple[Any, list[Any]]]()
    ends = {id(t) for t in model.inputs}
    while waiting:
        tensor = waiting.pop()
        layer, index = tensor._keras_history.operation, tensor._keras_history.node_index
        if id(tensor) not in ends and (id(layer), index) not in seen:
            seen.add((id(layer), index))
            found.append((layer, list(layer._inbound_nodes[index].input_tensors)))
            waiting += found[-1][1]
    return found[::-1]


def _origin(tensor: Any, behind: dict[int, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the raw columns that a tensor is made of."""
    if id(tensor) not in behind:
        history = tensor._keras_history
        sources = history.operation._inbound_nodes[history.node_index].input_tensors
        behind[id(tensor)] = tuple(dict.fromkeys(name for t in sources for name in _origin(t, behind)))
    return behind[id(tensor)]


def _judge(site: _Site, names: Sequence[str], spelled: Collection[str]) -> list[str]:
    """Return what is wrong with one layer's state."""
    bases = {base.__name__ for base in type(site.layer).__mro__}
    if "Normalization" in bases:
        return _scales(site, names)
    return _bins(site) if "Discretization" in bases else _vocabulary(site, spelled) or _weights(site)


def _scales(site: _Site, names: Sequence[str]) -> list[str]:
    """Judge mean and variance: one column that only the training rows explain clears the layer.

    So do round numbers, unless three columns at least have exactly those of other rows: a person may have chosen them.
    """
    layer, count = site.layer, site.values.shape[-1]
    if site.values.ndim != 2 or layer.invert or tuple(layer.axis) not in ((-1,), (1,)) or layer.mean is None:
        return []
    state = np.stack([np.ravel(np.asarray(layer.mean)), np.sqrt(np.ravel(np.asarray(layer.variance)))], axis=1)
    suspects: dict[str, list[tuple[str, str]]] = {}
    chosen = True
    for j in range(count):
        name, choices = _choices(site, j, state[j, 0])
        fits = {source: _agrees(state[j], site, j, choices, source) for source in site.sets}
        others = [source for source in fits if fits[source] and source != "train"]
        if fits["train"] and not others:
            return []
        if others and not fits["train"]:
            name = names[j] if len(names) == count else name
            suspects.setdefault(others[0], []).append((name, fits[others[0]]))
            chosen &= _round(*state[j])
    if not suspects or (chosen and sum(map(len, suspects.values())) < 3):
        return []
    source = max(suspects, key=lambda s: len(suspects[s]))
    told, kinds = zip(*suspects[source], strict=True)
    return [f"the layer {layer.name!r} scales {listed(told)} by {kinds[0]} of {source}, not of the training rows"]


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
        ("mean and variance", mean, std),
        ("mean and variance", mean, float(values.std(ddof=1))),
        ("median and quartiles", middle, high - low),
        ("median and quartiles", middle, (high - low) / 1.3489795),  # of a normal distribution, in its deviations
        ("median and range", middle, (largest - smallest) / 2),  # the generated code, where the quartiles coincide
        ("minimum and range", smallest, largest - smallest),
        ("middle and range", (smallest + largest) / 2, (largest - smallest) / 2),
    ]


def _round(*values: float) -> bool:
    """Say whether a person could have written the numbers: three digits at most."""
    return all(abs(v - float(f"{v:.3g}")) <= 1e-6 * abs(v) for v in values)


def _bins(site: _Site) -> list[str]:
    """Judge the boundaries of bins: quantiles, or what `adapt` makes of the rows."""
    layer, values = site.layer, site.values.reshape(len(site.values), -1)
    bounds = np.asarray(layer.bin_boundaries or [], dtype=np.float64)
    if not len(bounds) or (layer.num_bins is None and _round(*bounds)):
        return []
    for source, rows in site.sets.items():
        chosen = values[rows][np.isfinite(values[rows]).all(axis=1)]
        guesses = [np.quantile(chosen, np.linspace(0, 1, len(bounds) + 2)[1:-1])] if chosen.size else []
        if layer.num_bins is not None and chosen.size:
            again = type(layer)(num_bins=layer.num_bins, epsilon=layer.epsilon)
            again.adapt(chosen)
            guesses.append(np.asarray(again.bin_boundaries))
        limit = (SAME if source == "train" else EXACT) * max(float(np.ptp(bounds)), 1e-12)
        if any(len(g) == len(bounds) and np.abs(g - bounds).max() <= limit for g in guesses):
            return [] if source == "train" else [f"{site} has the bins of {source}, not of the training rows"]
    return []


def _vocabulary(site: _Site, spelled: Collection[str]) -> list[str]:
    """Find entries that no training row has, but other rows do.

    A list with entries that no row at all has was not learned from these rows, and is a person's own.
    """
    missing = {str(word) for word in site.layer.get_vocabulary(include_special_tokens=False)} - {""}
    for words in _words(site, "train"):
        missing -= words
        if not missing:
            return []
    nowhere, seen = missing.copy(), set[str]()
    for words in _words(site, "validation rows"):
        seen |= words & missing
    for words in _words(site, max(site.sets, key=lambda source: len(site.sets[source]))):
        nowhere -= words
    found = sorted(missing - set(spelled))
    if nowhere or not found:
        return []
    judged = [word for word in found if word in seen]
    whose, entries = ("validation rows", judged) if judged else ("other rows of the file", found)
    return [f"the vocabulary of {site} has entries of {whose} that no training row holds: {listed(entries)}"]


def _words(site: _Site, source: str) -> Iterator[set[str]]:
    """Yield the entries that the rows of a set hold, some rows at a time."""
    values = site.values[site.sets[source]]
    for start in range(0, len(values), CHUNK):
        entries = set(_tokens(site.layer, values[start : start + CHUNK])[0].tolist())
        yield {entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in entries}


def _tokens(layer: Any, values: Array) -> tuple[Array, Array]:
    """Return the entries that a layer looks up, made by its own steps, and the number of the row of each."""
    cut: Any = layer._preprocess(values) if hasattr(layer, "_preprocess") else values
    if hasattr(cut, "flat_values"):
        return np.asarray(cut.flat_values), np.asarray(cut.value_rowids())
    flat = np.asarray(cut).reshape(len(values), -1)
    flat = flat.astype(np.int64) if flat.dtype.kind == "f" else flat
    return flat.reshape(-1), np.repeat(np.arange(len(flat)), flat.shape[1])


def _weights(site: _Site) -> list[str]:
    """Judge TF-IDF weights: log(1 + N / (1 + documents with the word)), as `adapt` computes them (Keras 3).

    Each weight names its number of documents once N is given: whole numbers throughout speak for an N. Only where
    they speak against the training rows are documents counted.
    """
    lookup = getattr(site.layer, "_lookup_layer", site.layer)
    if lookup.output_mode != "tf_idf" or getattr(lookup, "idf_weights_const", None) is None:
        return []
    vocabulary = [str(word) for word in lookup.get_vocabulary(include_special_tokens=False)]
    special = len(lookup.get_vocabulary()) - len(vocabulary)
    idf = np.asarray(lookup.idf_weights_const, dtype=np.float64)[special : special + len(vocabulary)]
    if len(idf) < 5 or (idf <= 0).any() or _documents(idf, len(site.sets["train"])) is not None:
        return []
    for source in list(site.sets)[1:]:
        documents = _documents(idf, len(site.sets[source]))
        if documents is None:
            continue
        flat, rows = _tokens(site.layer, site.values[site.sets[source]])
        counts = Counter(word for word, _ in set(zip(flat.tolist(), rows.tolist(), strict=True)))
        if all(counts[word.encode()] == n for word, n in zip(vocabulary[:20], documents[:20], strict=True)):
            return [f"the TF-IDF weights of {site} are those of {source}, not of the training rows"]
    return []


def _documents(idf: Array, count: int) -> Array | None:
    """Return the whole numbers of documents behind weights, or None when there are none."""
    numbers = count / np.expm1(idf) - 1
    whole = np.round(numbers)
    fits = np.abs(numbers - whole) <= 0.01 + 1e-5 * whole
    return whole.astype(int) if (fits & (whole >= 0) & (whole <= count)).all() else None
