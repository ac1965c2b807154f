"""One training step and one forward pass, as Keras's own trainer does them, without its metrics."""

from __future__ import annotations

import warnings
from typing import Any

import tensorflow as tf

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.keeping import Describe

Model = Any  # keras.Model; its training internals carry no types


class Stepper:
    """What the compiled loops run: steps on a model's own variables, by its own optimizer.

    Args:
        model: A compiled and built Keras model.

    Attributes:
        origin: Describes what its traces may be kept by; None where they are not kept.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.origin: Describe | None = None

    def train_step(self, x: Any, y: Any, weight: Any) -> tuple[tf.Tensor, Any]:
        """Take one optimizer step on a batch (the body of `keras.Model.train_step`).

        Returns:
            The loss before the step, and the outputs it was computed from.
        """
        model = self.model
        with tf.GradientTape() as tape:
            outputs = forward(model, x, training=True)
            loss = internals.compute_loss(model, x, y, outputs, weight, training=True)
            variables = model.trainable_weights
            scaled = model.optimizer.scale_loss(loss) if variables else loss
        if variables:
            gradients = tape.gradient(scaled, variables)
            model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return loss, outputs

    def score(self, x: Any, y: Any, weight: Any) -> tuple[tf.Tensor, Any]:
        """Return the loss of `compile` alone (no penalties, dropout off), and the outputs."""
        outputs = forward(self.model, x, training=False)
        return data_loss(self.model, x, y, outputs, weight), outputs


def forward(model: Model, x: Any, training: bool) -> Any:
    """Call the model, saying `training` where its `call` asks for it."""
    return model(x, training=training) if internals.takes_training(model) else model(x)


def data_loss(model: Model, x: Any, y: Any, outputs: Any, weight: Any) -> tf.Tensor:
    """Compute the loss of `compile` alone: no L1/L2 penalty, no `add_loss`.

    A model whose whole loss comes from `add_loss` or its own `compute_loss` has no such part: its full loss counts.
    """
    loss = internals.compile_loss(model)
    if loss is None or own_loss(model):
        return internals.compute_loss(model, x, y, outputs, weight, training=False)
    return loss(y, outputs, weight)


def own_loss(model: Model) -> bool:
    """Say whether the model computes its loss by a `compute_loss` of its own."""
    return not internals.of_keras(type(model).compute_loss)


def batch_rows(x: Any) -> tf.Tensor:
    """Return the number of rows of a batch as float32, the weight of its loss in Keras's running mean."""
    first = next(leaf for leaf in tf.nest.flatten(x) if leaf is not None)
    return tf.cast(tf.shape(first)[0], tf.float32)
