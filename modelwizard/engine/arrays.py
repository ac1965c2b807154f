"""Rows of inputs, targets and weights as nested arrays: converted once, taken, split and put on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

# A nested structure (dict, list, tuple) of arrays, as Keras takes for several inputs or outputs.
Nest = Any
Array = npt.NDArray[Any]


class NotArrays(Exception):
    """Data that do not lie in memory as dense numbers; the message ends a sentence that begins "the data are"."""


@dataclass(frozen=True)
class Rows:
    """Inputs, targets and sample weights whose arrays share their first axis.

    Args:
        x: Inputs, each (count, …).
        y: Targets, each (count, …). Defaults to none (a model whose loss is all `add_loss`).
        weight: Sample weights in the structure that the loss wants. Defaults to none.
        count: Number of rows.
    """

    x: Nest
    y: Nest
    weight: Nest
    count: int


@dataclass(frozen=True)
class Layout:
    """How the flat list of arrays that a compiled function takes becomes (x, y, weight) again.

    Args:
        structure: (x, y, weight) with any leaves; only its nesting counts.
        present: Which leaves are arrays; the others are None.
    """

    structure: Nest
    present: tuple[bool, ...]

    def pack(self, leaves: Sequence[Any]) -> tuple[Nest, Nest, Nest]:
        """Put tensors, one for each present leaf, back into the structure."""
        rest = iter(leaves)
        flat = [next(rest) if present else None for present in self.present]
        return keras.tree.pack_sequence_as(self.structure, flat)


def rows(x: Nest, y: Nest = None, weight: Nest = None, class_weight: dict[int, float] | None = None) -> Rows:
    """Convert what a user may pass to `model.fit` in memory to NumPy arrays of Keras's own types.

    Floats become `keras.config.floatx()`, a pandas Series a column, lists of arrays tuples, as in Keras's
    `ArrayDataAdapter`.

    Raises:
        NotArrays: A leaf is no dense array of numbers, or the lengths differ.
    """
    if class_weight is not None:
        if weight is not None or keras.tree.is_nested(y):
            raise NotArrays("weighted in a way that Keras refuses (`class_weight` with weights or several outputs)")
        weight = _class_weights(_array(y), class_weight)
    x, y, weight = (_convert(part) for part in (x, y, weight))
    if weight is not None and keras.tree.is_nested(y) and not keras.tree.is_nested(weight):
        shared = weight
        weight = keras.tree.map_structure(lambda _: shared, y)
    lengths = {leaf.shape[0] for leaf in keras.tree.flatten((x, y, weight)) if leaf is not None}
    if len(lengths) != 1:
        raise NotArrays(f"of different lengths ({sorted(lengths)})")
    return Rows(x, y, weight, lengths.pop())


def layout(data: Rows) -> Layout:
    """Describe the nesting of the rows, without their values."""
    structure = (data.x, data.y, data.weight)
    flat = keras.tree.flatten(structure)
    blank = keras.tree.map_structure(lambda _: 0, structure)
    return Layout(blank, tuple(leaf is not None for leaf in flat))


def leaves(data: Rows) -> list[Array]:
    """Return the arrays of the rows in the order of `Layout.pack`."""
    return [leaf for leaf in keras.tree.flatten((data.x, data.y, data.weight)) if leaf is not None]


def take(data: Rows, index: Array | slice) -> Rows:
    """Return the rows at `index`."""

    def pick(leaf: Array | None) -> Array | None:
        return None if leaf is None else leaf[index]

    taken: Any = keras.tree.map_structure(pick, (data.x, data.y, data.weight))
    x, y, weight = taken
    count = len(range(*index.indices(data.count))) if isinstance(index, slice) else len(index)
    return Rows(x, y, weight, count)


def split(data: Rows, fraction: float) -> tuple[Rows, Rows]:
    """Split off the last `fraction` of the rows for validation, as `validation_split` of Keras does."""
    border = int(np.floor(data.count * (1.0 - fraction)))
    if border in (0, data.count):
        raise NotArrays(f"too few to split ({data.count} rows with validation_split={fraction})")
    return take(data, slice(0, border)), take(data, slice(border, data.count))


def capacity(count: int) -> int:
    """Round a number of rows up to one of eight sizes an octave.

    XLA compiles for one shape; folds and trials whose row counts differ a little share it when padded.
    """
    grain = max(1, 2 ** (max(count - 1, 1).bit_length() - 4))
    return -(-count // grain) * grain


def tensors(data: Rows, pad_to: int | None = None) -> list[tf.Tensor]:
    """Copy the arrays of the rows to the device.

    Args:
        data: The rows.
        pad_to: Number of rows to pad with zeros to; the padding is never indexed. Defaults to no padding.
    """
    return [tf.convert_to_tensor(_padded(leaf, pad_to or data.count)) for leaf in leaves(data)]


def _padded(leaf: Array, count: int) -> Array:
    missing = count - leaf.shape[0]
    return np.pad(leaf, [(0, missing)] + [(0, 0)] * (leaf.ndim - 1)) if missing else leaf


def _convert(part: Nest) -> Nest:
    """Convert the leaves, and lists to tuples, as Keras does."""
    if part is None:
        return None
    return keras.tree.lists_to_tuples(keras.tree.map_structure(_array, part))


def _array(leaf: Any) -> Any:
    if leaf is None:
        return None
    if isinstance(leaf, tf.RaggedTensor | tf.SparseTensor) or hasattr(leaf, "tocsr"):
        raise NotArrays("sparse or ragged")
    if not hasattr(leaf, "__array__"):
        raise NotArrays(f"no arrays in memory (received {type(leaf).__name__})")
    array = np.asarray(leaf)
    if array.ndim == 0:
        raise NotArrays("single numbers instead of arrays")
    if type(leaf).__name__ == "Series":
        array = array[:, None]
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        return array.astype(keras.config.floatx(), copy=False)
    if array.dtype.kind not in "biu":
        raise NotArrays(f"text or objects (dtype {array.dtype})")
    return array


def _class_weights(y: Array, class_weight: dict[int, float]) -> Array:
    """Turn weights of classes into weights of rows (keras `class_weight_to_sample_weights`)."""
    if y.ndim > 1:
        y = np.argmax(y, axis=-1) if y.shape[-1] != 1 else y[..., 0]
    ids, inverse = np.unique(np.round(y).astype("int64"), return_inverse=True)
    table = np.asarray([class_weight.get(int(i), 1.0) for i in ids], keras.config.floatx())
    return table[inverse.reshape(y.shape)]
