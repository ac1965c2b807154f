"""Finds preprocessing that was learned from other rows than the training rows, after an edit of the project's code.

Two ways are watched: rows that the code loads on its own while it learns or builds, and state inside the layers
(vocabularies, centres) that the training rows cannot have given.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.errors import ProjectError
from modelwizard.worker.user_code import UserCode

TOLERANCE = 0.02  # of a column's spread, between a layer's centre and that of the training rows
ROWS = 5_000  # that flow through the layers at a time

Columns = dict[str, NDArray[Any]]


@contextlib.contextmanager
def watching(code: UserCode, found: list[str]) -> Generator[None]:
    """Note which rows data.py hands out to code that was given its training rows already.

    Args:
        code: The project's modules.
        found: Sentences are added here, none twice.

    Raises:
        ProjectError: The test rows were asked for.
    """
    load, read = code.data.load, code.data.read_rows

    def loaded(*parts: str) -> Any:
        if "test" in parts:
            raise ProjectError(
                "The test rows are loaded while preprocessing is learned or the model is built.",
                expected='rows that were given, or data.load("train")',
                received=f"data.load({', '.join(map(repr, parts))})",
                fix="learn statistics from training rows only; `modelwizard finalize` opens the test rows",
            )
        if set(parts) != {"train"}:
            _add(found, f"Preprocessing or model load the {' and '.join(parts)} rows on their own: a look that leaks.")
        return load(*parts)

    def read_rows(*arguments: Any) -> Any:
        _add(found, "Preprocessing or model read the data file on their own, test rows included: a look that leaks.")
        return read(*arguments)

    code.data.load, code.data.read_rows = loaded, read_rows
    try:
        yield
    finally:
        code.data.load, code.data.read_rows = load, read


def inspect(model: Any, raw: Columns) -> list[str]:
    """Compare the state of a preprocessing model's layers with the rows it was learned from.

    A vocabulary may hold only words of these rows; a `Normalization` must be centred at their mean or median.

    Args:
        model: The model from raw columns to blocks.
        raw: Raw columns of the training rows.

    Returns:
        What does not fit, one sentence each.
    """
    rules = (
        (keras.layers.StringLookup, _lookup),
        (keras.layers.TextVectorization, _words),
        (keras.layers.Normalization, _centre),
    )
    found: list[str] = []
    for layer in getattr(model, "layers", ()):
        for kind, rule in rules:
            if isinstance(layer, kind):
                # What a person built otherwise (a layer called twice, or on no column) is not judged.
                with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
                    found += rule(model, layer, raw)
    return found


def _flow(model: Any, tensor: Any, raw: Columns) -> Iterator[NDArray[Any]]:
    """Yield what flows through a tensor of the model for the given rows, some rows at a time."""
    part = keras.Model(model.input, tensor)
    for i in range(0, len(next(iter(raw.values()))), ROWS):
        rows = {name: values[i : i + ROWS] for name, values in raw.items()}
        tensors: dict[str, Any] = {
            name: keras.ops.convert_to_tensor(v if v.dtype == np.float32 else v.astype(str)) for name, v in rows.items()
        }
        yield np.asarray(keras.ops.convert_to_numpy(part(tensors)))


def _lookup(model: Any, layer: Any, raw: Columns) -> list[str]:
    """Find values in a vocabulary that no training row has."""
    known: set[str] = set()
    for values in _flow(model, layer.input, raw):
        known |= {
            v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in set(values.ravel().tolist())
        }
    special = {layer.mask_token, layer.oov_token, ""}
    return _unseen(layer, [str(w) for w in layer.get_vocabulary() if w not in known and w not in special])


def _words(model: Any, layer: Any, raw: Columns) -> list[str]:
    """Find words in a vocabulary that no training row has: their column of counts or weights is zero throughout."""
    vocabulary = layer.get_vocabulary()
    seen = np.zeros(len(vocabulary), dtype=bool)
    for values in _flow(model, layer.output, raw):
        table = values.reshape(len(values), -1)
        if table.shape[1] != len(vocabulary):
            return []  # the layer gives ids, not one column per word
        seen |= (table != 0).any(axis=0)
    return _unseen(layer, [str(word) for word, there in zip(vocabulary[1:], seen[1:], strict=True) if not there])


def _unseen(layer: Any, words: list[str]) -> list[str]:
    if not words:
        return []
    return [
        f"The vocabulary of {layer.name!r} holds {len(words)} values that no training row has, such as "
        f"{', '.join(map(repr, words[:3]))}: it was learned from other rows, or set by hand."
    ]


def _centre(model: Any, layer: Any, raw: Columns) -> list[str]:
    """Find columns whose centre is neither the mean nor the median of the training rows."""
    values = np.concatenate(list(_flow(model, layer.input, raw)))
    centre = np.ravel(np.asarray(keras.ops.convert_to_numpy(layer.mean)))
    if values.ndim != 2 or values.shape[1] != len(centre):
        return []
    table = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    spread = np.nanstd(table, axis=0) + 1e-12
    nearest = np.minimum(np.abs(centre - np.nanmean(table, axis=0)), np.abs(centre - np.nanmedian(table, axis=0)))
    off = np.flatnonzero(nearest > TOLERANCE * spread)
    if not len(off):
        return []
    return [
        f"{layer.name!r} is centred elsewhere than at the mean or median of the training rows in {len(off)} of "
        f"{len(centre)} columns: it was learned from other rows, or set by hand."
    ]


def _add(found: list[str], sentence: str) -> None:
    if sentence not in found:
        found.append(sentence)
