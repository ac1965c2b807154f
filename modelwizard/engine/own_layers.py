"""What a layer of the user's own is made of, so that models with such layers can share a program.

A configuration need not tell all that a layer of the user's own computes with, so its attributes are read: numbers,
texts, arrays, weights and layers inside it. A layer that holds anything else shares with none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from types import FunctionType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.step import Model, forward


class Unshared(Exception):
    """The model holds what cannot be described, or what one vector of weights cannot do."""


def is_own(layer: Any) -> bool:
    """Say whether a layer's class is none of Keras's."""
    return not internals.of_keras(type(layer))


def describe(layer: Any) -> Any:
    """Describe a layer of the user's own: equal for layers that compute the same from the same weights.

    Raises:
        Unshared: It holds something that cannot be compared.
    """
    penalties = {id(v.regularizer) for v in layer.variables if v.regularizer is not None}
    told = {
        name: _value(value, penalties)
        for name, value in vars(layer).items()
        if name in internals.TELLING or not (name in _bookkeeping() or name.startswith(internals.TRACKED))
    }
    return [identity(type(layer)), told]


def identity(kind: type) -> str:
    """Name a class, apart from one of the same name in code that was loaded anew."""
    return f"{kind.__module__}.{kind.__qualname__} {id(kind)}"


def check_copy(model: Model, copy: Model) -> None:
    """Make sure that the copy of a model has the same layers of the user's own.

    Raises:
        Unshared: A configuration did not tell all.
    """
    for layer, twin in zip(internals.layers(model), internals.layers(copy), strict=True):
        if is_own(layer) and describe(layer) != describe(twin):
            raise Unshared


def check_gradients(model: Model, x: Any, y: Any, weight: Any) -> None:
    """Make sure that no layer but Keras's embeddings has sparse gradients, which a vector of weights would not.

    Raises:
        Unshared: One has.
    """
    x, y, weight = (keras.tree.map_structure(_tensor, part) for part in (x, y, weight))
    apart = {id(v) for layer in internals.layers(model) if isinstance(layer, keras.layers.Embedding)
             for v in layer.variables}  # fmt: skip
    others = [v.value for v in model.trainable_variables if id(v) not in apart]
    with tf.GradientTape() as tape:
        outputs = forward(model, x, training=True)
        loss = internals.compute_loss(model, x, y, outputs, weight, training=True)
    gradients: Any = tape.gradient(loss, others)
    if any(isinstance(gradient, tf.IndexedSlices) for gradient in gradients):
        raise Unshared


def _tensor(leaf: Any) -> Any:
    return None if leaf is None else tf.convert_to_tensor(leaf)


@cache
def _bookkeeping() -> frozenset[str]:
    """Return the names of the attributes that every layer has after its first call."""

    class Bare(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    bare = Bare()
    bare(keras.Input((1,)))
    return frozenset(vars(bare))


def _value(value: Any, penalties: set[int]) -> Any:
    """Describe the value of an attribute."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(name): _value(item, penalties) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(item, penalties) for item in value]
    if isinstance(value, np.ndarray | np.generic | tf.Tensor):
        array = np.asarray(value)
        if array.dtype == object:
            raise Unshared
        return [array.dtype.str, list(array.shape), hashlib.sha256(array.tobytes()).hexdigest()]
    return _object(value, penalties)


def _object(value: Any, penalties: set[int]) -> Any:
    """Describe an object of Keras that a layer holds."""
    if isinstance(value, keras.Variable):
        return ["variable", list(value.shape), value.dtype, value.trainable]
    if isinstance(value, keras.layers.Layer):
        if is_own(value):
            return describe(value)
        config = {k: v for k, v in value.get_config().items() if k not in ("name", "seed")}
        return [type(value).__name__, keras.saving.serialize_keras_object(config)]
    if isinstance(value, keras.Initializer):
        return "initializer"
    if isinstance(value, keras.random.SeedGenerator):
        return "random"
    if isinstance(value, keras.Regularizer) and id(value) in penalties:
        return "penalty"
    if isinstance(value, FunctionType) and internals.of_keras(value):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, keras.dtype_policies.DTypePolicy):
        return value.name
    raise Unshared
