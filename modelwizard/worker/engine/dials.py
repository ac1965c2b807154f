"""Numbers that become inputs of a compiled program, so that they vary without a new compilation.

A copy of a model holds them as variables: dropout rates, weight decay, the learning rate and the factors of its
schedule. L1 and L2 factors become one number for each weight. All are read off any model of the same structure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.worker.engine.step import Model

# Arguments of Keras's learning-rate schedules that are plain factors of their formulas.
SCHEDULE = ("initial_learning_rate", "decay_steps")
PENALTIES = ("L1", "L2", "L1L2")
# Penalties that stay in the copy as they are: on what is no weight, or a weight whose gradient is sparse.
CONSTANT_PENALTIES = ("activity_regularizer", "embeddings_regularizer")


class DialDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` whose rate is a variable, zero included; the masks are drawn as Keras draws them."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**{**config, "rate": 0.5})  # a rate of 0 would make no seed generator
        self.dial = _variable(0.0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop inputs at the dial's rate and scale up the others."""
        if not training:
            return inputs
        rate = tf.cast(self.dial, inputs.dtype)
        shape = tf.shape(inputs)
        if self.noise_shape is not None:
            shape = [shape[i] if size is None else size for i, size in enumerate(self.noise_shape)]
        drawn: Any = keras.random.uniform(shape, dtype=inputs.dtype, seed=self.seed_generator)
        return tf.where(drawn >= rate, inputs / (1 - rate), tf.zeros([], inputs.dtype))


def copy_model(model: Model) -> Model:
    """Return a model of the same layers, with dials in the place of dropout rates."""
    copy: Any = keras.models.clone_model(model, clone_function=_copy_layer, recursive=True)
    # The optimizer is a stand-in that builds fast; `copy_optimizer` makes the one that is used.
    copy.compile(
        optimizer="sgd",
        loss=model.loss,
        loss_weights=model._compile_loss._user_loss_weights if model._compile_loss else None,
        auto_scale_loss=False,
    )
    return copy


def copy_optimizer(optimizer: Any) -> Any:
    """Return an optimizer of the same settings, not built, with dials for weight decay and the schedule."""
    copy = type(optimizer).from_config(optimizer.get_config())
    if copy.weight_decay is not None:
        copy.weight_decay = _variable(copy.weight_decay)
    for name in _schedule(copy):
        setattr(copy._learning_rate, name, _variable(getattr(copy._learning_rate, name)))
    return copy


def turn(model: Model, optimizer: Any, source: Model) -> None:
    """Set the dials of a copy and its optimizer to the numbers of `source`."""
    for dial, number in zip(_dials(model), _dials(source), strict=True):
        dial.assign(number)
    if optimizer.weight_decay is not None:
        optimizer.weight_decay.assign(source.optimizer.weight_decay)
    for name in _schedule(optimizer):
        getattr(optimizer._learning_rate, name).assign(getattr(source.optimizer._learning_rate, name))
    if isinstance(optimizer._learning_rate, keras.Variable):
        optimizer._learning_rate.assign(source.optimizer._learning_rate)


def share(copy: Model, other: Model) -> None:
    """Let a copy use the dials of another copy of the same structure."""
    for layer, twin in zip(copy._flatten_layers(), other._flatten_layers(), strict=True):
        if isinstance(layer, DialDropout):
            layer.dial = twin.dial


def penalty(variable: Any) -> tuple[float, float]:
    """Return the L1 and L2 factors of a weight's penalty."""
    l1, l2 = (float(getattr(variable.regularizer, name, None) or 0.0) for name in ("l1", "l2"))
    return l1, l2


def reseed(model: Model, seed: int) -> None:
    """Start every random layer of a model from `seed`."""
    generators = [g for layer in model._flatten_layers() for g in getattr(layer, "_seed_generators", [])]
    for i, generator in enumerate(dict.fromkeys(generators)):
        start = np.random.SeedSequence([seed, i]).generate_state(1)[0] % 2**31
        generator.state.assign([int(start), 0])


def _dials(model: Model) -> Iterator[Any]:
    """Yield, in a fixed order, a copy's dial variables, or an ordinary model's numbers for them."""
    for layer in model._flatten_layers():
        if isinstance(layer, DialDropout):
            yield layer.dial
        elif type(layer) is keras.layers.Dropout:
            yield layer.rate


def _copy_layer(layer: Any) -> Any:
    config = layer.get_config()
    return (DialDropout if type(layer) is keras.layers.Dropout else type(layer)).from_config(config)


def _schedule(optimizer: Any) -> list[str]:
    """Name the dials of an optimizer's learning-rate schedule, if it has one."""
    schedule = optimizer._learning_rate
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return []
    return [name for name in SCHEDULE if hasattr(schedule, name)]


def _variable(value: float) -> tf.Variable:
    return tf.Variable(tf.constant(value, tf.float32), trainable=False)
