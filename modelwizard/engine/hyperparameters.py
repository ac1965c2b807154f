"""Hyperparameters that are inputs of a compiled program, so that they vary without a new compilation.

A copy of a model holds them as variables: dropout rates, weight decay, the momentum of averaged weights, and the
learning rate, by a schedule one for each step. L1 and L2 factors become one number for each weight. All are read off
any model of the same structure.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import copies
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.step import Model

PENALTIES = ("L1", "L2", "L1L2")
# Penalties that stay in the copy as they are: on what is no weight, or a weight whose gradient is sparse.
CONSTANT_PENALTIES = ("activity_regularizer", "embeddings_regularizer")


class VariableDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` whose rate is a variable, zero included; the masks are drawn as Keras draws them."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**{**config, "rate": 0.5})  # a rate of 0 would make no seed generator
        self.variable_rate = _variable(0.0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop inputs at the variable's rate and scale up the others."""
        if not training:
            return inputs
        rate = tf.cast(self.variable_rate, inputs.dtype)
        shape = tf.shape(inputs)
        if self.noise_shape is not None:
            shape = [shape[i] if size is None else size for i, size in enumerate(self.noise_shape)]
        drawn: Any = keras.random.uniform(shape, dtype=inputs.dtype, seed=self.seed_generator)
        return tf.where(drawn >= rate, inputs / (1 - rate), tf.zeros([], inputs.dtype))


def copy_model(model: Model) -> Model:
    """Return a model of the same layers, with variables in the place of dropout rates."""
    # The optimizer is a stand-in that builds fast; `copy_optimizer` makes the one that is used.
    return copies.compile_like(copies.clone(model, _copy_layer), model, "sgd", auto_scale_loss=False)


def copy_optimizer(optimizer: Any) -> Any:
    """Return an optimizer of the same settings, not built, whose decay, averaging and schedule are variables."""
    config = optimizer.get_config()
    if scheduled(optimizer):
        config["learning_rate"] = 0.0
    copy = type(optimizer).from_config(config)
    if scheduled(optimizer):
        internals.set_schedule(copy, Rates())
    if copy.weight_decay is not None:
        copy.weight_decay = _variable(copy.weight_decay)
    copy.ema_momentum = _variable(copy.ema_momentum)
    return copy


def dials(model: Model, optimizer: Any) -> list[Any]:
    """List the variables that hold the hyperparameters of a copy and its optimizer, and the averages of weights."""
    found = [layer.variable_rate for layer in internals.layers(model) if isinstance(layer, VariableDropout)]
    rate = internals.learning_rate(optimizer)
    found += [rate.table] if isinstance(rate, Rates) else []
    found += [] if optimizer.weight_decay is None else [optimizer.weight_decay]
    found += internals.moving_averages(optimizer) if optimizer.use_ema else []
    return [*found, optimizer.ema_momentum]


def scheduled(optimizer: Any) -> bool:
    """Say whether an optimizer's learning rate follows a schedule."""
    return isinstance(internals.learning_rate(optimizer), keras.optimizers.schedules.LearningRateSchedule)


def spares(optimizer: Any) -> bool:
    """Say whether an optimizer spares some weights its decay (`exclude_from_weight_decay`)."""
    return optimizer.weight_decay is not None and internals.spares(optimizer)


def decay(optimizer: Any, variable: Any) -> float:
    """Return the decay of a weight."""
    return float(optimizer.weight_decay) if internals.decays(optimizer, variable) else 0.0


class Rates(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of every step as a table, which holds any schedule; its last entry lasts for ever."""

    def __init__(self) -> None:
        self.table = tf.Variable(tf.zeros([1]), shape=[None], trainable=False)
        self._filled: Any = None

    def fill(self, schedule: Any, steps: int) -> None:
        """Write down a schedule's rates for at least so many steps, unless they stand there: folds have the same."""
        count = 2 ** max(1, steps - 1).bit_length()  # few lengths: XLA compiles for one
        # The settings say all of a schedule that is Keras' own.
        known = internals.of_keras(type(schedule)) and (type(schedule), schedule.get_config(), count)
        if known and known == self._filled:
            return
        self._filled = known
        function = tf.function(lambda: tf.vectorized_map(schedule, tf.range(count)), autograph=False)
        rates: Any = function()
        self.table.assign(tf.broadcast_to(tf.cast(rates, tf.float32), [count]))

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        step = tf.cast(step, tf.int32)
        return tf.gather(self.table, tf.minimum(step, tf.size(self.table) - 1))

    def get_config(self) -> dict[str, Any]:
        """Return nothing: the table is filled from another schedule."""
        return {}


def load(model: Model, optimizer: Any, source: Model) -> None:
    """Set the hyperparameters of a copy and its optimizer to those of `source`, but for a schedule's rates."""
    for layer, twin in zip(internals.layers(model), internals.layers(source), strict=True):
        if isinstance(layer, VariableDropout):
            layer.variable_rate.assign(twin.rate)
    if optimizer.weight_decay is not None:
        optimizer.weight_decay.assign(source.optimizer.weight_decay)
    optimizer.ema_momentum.assign(source.optimizer.ema_momentum)
    rate = internals.learning_rate(optimizer)
    if isinstance(rate, keras.Variable):
        rate.assign(internals.learning_rate(source.optimizer))


def plan(optimizer: Any, source: Model, steps: int) -> None:
    """Set the rates of a schedule for the steps of a training."""
    rates = internals.learning_rate(optimizer)
    if isinstance(rates, Rates):
        rates.fill(internals.learning_rate(source.optimizer), steps)


def share(copy: Model, other: Model) -> None:
    """Let a copy use the dropout rates of another copy of the same structure."""
    for layer, twin in zip(internals.layers(copy), internals.layers(other), strict=True):
        if isinstance(layer, VariableDropout):
            layer.variable_rate = twin.variable_rate


def penalty(variable: Any) -> tuple[float, float]:
    """Return the L1 and L2 factors of a weight's penalty."""
    l1, l2 = (float(getattr(variable.regularizer, name, None) or 0.0) for name in ("l1", "l2"))
    return l1, l2


def reseed(model: Model, seed: int) -> None:
    """Start every random layer of a model from `seed`."""
    generators = [g for layer in internals.layers(model) for g in internals.seed_generators(layer)]
    for i, generator in enumerate(dict.fromkeys(generators)):
        start = np.random.SeedSequence([seed, i]).generate_state(1)[0] % 2**31
        generator.state.assign([int(start), 0])


def _copy_layer(layer: Any) -> Any:
    config = layer.get_config()
    return (VariableDropout if type(layer) is keras.layers.Dropout else type(layer)).from_config(config)


def _variable(value: float) -> tf.Variable:
    return tf.Variable(tf.constant(value, tf.float32), trainable=False)
