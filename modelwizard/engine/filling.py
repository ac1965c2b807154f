"""The last, smaller batch of an epoch, filled up to the size that is compiled with rows that count for nothing.

A program of XLA has one batch size. Rows of weight 0 add nothing to the loss and to its gradients where no row has a
part in the result of another; the others weigh so much more that the mean is theirs alone.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.hyperparameters import VariableDropout
from modelwizard.engine.step import Model

# Operations outside of layers that treat each row alike; any other may reach across rows.
_ROW_BY_ROW = ("Add", "Divide", "GetItem", "Multiply", "Subtract")


def fills(model: Model) -> bool:
    """Say whether rows of weight 0 change nothing for the other rows of a batch.

    True for Functional and Sequential models with one output, made of Keras's layers without a state of their own.
    """
    if not _operations(model) or len(keras.tree.flatten(model.outputs)) != 1:
        return False
    layers = [layer for layer in internals.layers(model) if not isinstance(layer, keras.Model)]
    return all(_alone(layer) for layer in layers) and all(_row_by_row(operation) for operation in _operations(model))


def weights(given: tf.Tensor | None, real: tf.Tensor, batch: int) -> tf.Tensor:
    """Return weights for a batch of which the first `real` rows count: their weighted sum over `batch` is their mean.

    Args:
        given: Sample weights (batch, …), or None.
        real: Number of rows that count, a scalar.
        batch: Rows of the batch.
    """
    share = tf.where(tf.range(batch) < real, tf.cast(batch, tf.float32) / tf.cast(real, tf.float32), 0.0)
    if given is None:
        return share
    return given * tf.cast(tf.reshape(share, [batch] + [1] * (len(given.shape) - 1)), given.dtype)


def _operations(model: Model) -> list[Any]:
    """List what a model does, layer by layer; nothing for a model whose `call` is written by hand."""
    if isinstance(model, keras.Sequential):
        return model.layers
    return model.operations if internals.is_graph(model) else []


def _row_by_row(operation: Any) -> bool:
    if isinstance(operation, keras.Model):
        inner = _operations(operation)
        return bool(inner) and all(_row_by_row(part) for part in inner)
    return isinstance(operation, keras.layers.Layer) or type(operation).__name__ in _ROW_BY_ROW


def _alone(layer: Any) -> bool:
    """Say whether a layer computes each row from that row alone."""
    kind = type(layer)
    if kind is keras.layers.Lambda or not (internals.of_keras(kind) or kind is VariableDropout):
        return False
    axes = keras.tree.flatten(getattr(layer, "axis", -1))
    return all(axis == -1 or axis > 0 for axis in axes) and not layer.non_trainable_weights
