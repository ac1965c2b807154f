"""The trainable weights of a model in one vector: one program for many models of its structure.

The optimizer updates one long variable instead of many short ones, which is the same arithmetic for optimizers that
treat every weight alike, with a fraction of the operations: half the time of a small step without XLA, and half the
compilation. Where the structure leaves widths open, sizes and shapes are inputs too.

Embeddings stay apart: their gradients are sparse, and Keras squares the entries of a token that occurs twice in a
batch one by one, which a dense gradient would not reproduce.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import hyperparameters, structure
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Array
from modelwizard.engine.step import Model, Stepper, data_loss, forward


@dataclass(frozen=True)
class Weights:
    """A copy of a model's state at some moment.

    Args:
        vector: The trainable weights, one behind the other.
        apart: The embeddings.
        others: The variables that are not trained, random states included.
    """

    vector: Array
    apart: list[Array]
    others: list[Array]


class FlatState:
    """The variables that a program works on: weights in a vector, how to cut it, the rest, and the optimizer.

    Args:
        model: The copy with variable hyperparameters that the program is traced from.
        source: The model it was copied from.
    """

    def __init__(self, model: Model, source: Model) -> None:
        self.model = model
        self.vector = internals.open_length(keras.Variable(np.zeros(1, "float32"), name="weights"))
        together, apart = split(model)
        self.sizes = tf.Variable(tf.zeros([len(together)], tf.int32))
        self.shapes = [tf.Variable(tf.zeros([len(v.shape)], tf.int32)) for v in together]
        self.apart = [keras.Variable(np.zeros(v.shape, "float32"), name="embeddings") for v in apart]
        self.others = [
            tf.Variable(v.value, shape=[None] * len(v.shape), trainable=False) for v in model.non_trainable_variables
        ]
        # The L1 and L2 factor of each weight in the vector, where the structure has penalties.
        self.factors = [_open_vector() for _ in "12"] if structure.penalised(source) else []
        self.optimizer = hyperparameters.copy_optimizer(source.optimizer)
        self.optimizer.build([self.vector, *self.apart])
        self.decays: list[tf.Variable] = []
        if hyperparameters.spares(source.optimizer):
            self.decays = [_open_vector(), *(tf.Variable(tf.zeros([]), trainable=False) for _ in apart)]
            internals.set_decay(self.optimizer, self._decay)
        self._initial = [(v, v.numpy()) for v in self.optimizer.variables]
        for variable, value in self._initial:
            if value.ndim == 1:
                internals.open_length(variable)
        if self.optimizer.use_ema:  # bare, since a Keras variable refuses values of another length
            internals.bare_averages(self.optimizer)

    def load(self, model: Model, seed: int) -> None:
        """Take over the weights and hyperparameters of a model of the structure; start random masks from `seed`."""
        together, apart = split(model)
        parts = [v.numpy() for v in together]
        self.sizes.assign([part.size for part in parts])
        for shape, part in zip(self.shapes, parts, strict=True):
            shape.assign(part.shape)
        vector = np.concatenate([part.ravel() for part in parts]) if parts else np.zeros(0, "float32")
        hyperparameters.reseed(self.model, seed)
        theirs = iter(model.non_trainable_weights)
        others = [next(theirs).numpy() if is_weight else v.numpy() for v, is_weight in self._others()]
        self.put(Weights(vector, [v.numpy() for v in apart], others))
        for variable, value in self._initial:
            variable.value.assign(np.broadcast_to(value, vector.shape) if value.ndim == 1 else value)
        hyperparameters.load(self.model, self.optimizer, model)

        def spread(numbers: list[float]) -> Array:
            """Repeat a number of each variable for all its weights."""
            return np.repeat(np.asarray(numbers, "float32"), [part.size for part in parts])

        for i, factor in enumerate(self.factors):
            factor.assign(spread([hyperparameters.penalty(v)[i] for v in together]))
        if self.decays:
            self.decays[0].assign(spread([hyperparameters.decay(model.optimizer, v) for v in together]))
            for held, variable in zip(self.decays[1:], apart, strict=True):
                held.assign(hyperparameters.decay(model.optimizer, variable))

    @property
    def judged(self) -> list[Any]:
        """The variables that losses and outputs are computed from: weights, or their averages where these are kept."""
        if self.optimizer.use_ema:
            return internals.moving_averages(self.optimizer)
        return [v.value for v in (self.vector, *self.apart)]

    def take(self) -> Weights:
        """Copy the present weights, averaged where the optimizer averages them."""
        trained = internals.steps_taken(self.optimizer) > 0
        vector, *apart = [v.numpy() for v in (self.judged if trained else (self.vector, *self.apart))]
        return Weights(vector, apart, [v.numpy() for v in self.others])

    def put(self, weights: Weights) -> None:
        """Set the present weights."""
        self.vector.value.assign(weights.vector)
        for variable, value in zip(self.apart + self.others, weights.apart + weights.others, strict=True):
            variable.assign(value)

    def store(self, weights: Weights, model: Model) -> None:
        """Write weights into a model of the structure; its random states and optimizer stay as they are."""
        together, apart = split(model)
        parts = np.split(weights.vector, np.cumsum([int(np.prod(v.shape)) for v in together])[:-1])
        for variable, part in zip(together, parts, strict=True):
            variable.assign(part.reshape(variable.shape))
        for variable, value in zip(apart, weights.apart, strict=True):
            variable.assign(value)
        values = [value for value, (_, is_weight) in zip(weights.others, self._others(), strict=True) if is_weight]
        for variable, value in zip(model.non_trainable_weights, values, strict=True):
            variable.assign(value)

    def _decay(self, variables: Sequence[Any]) -> None:
        """Apply weight decay (`keras.optimizers.Optimizer`), to each weight its own."""
        own = dict(zip(map(id, (self.vector, *self.apart)), self.decays, strict=True))
        for variable in variables:
            value = variable.value
            value.assign_sub(value * own[id(variable)] * tf.cast(self.optimizer.learning_rate, value.dtype))

    def _others(self) -> list[tuple[Any, bool]]:
        """Pair the variables that are not trained with whether they are weights, not random states."""
        weights = {id(v) for v in self.model.non_trainable_weights}
        return [(v, id(v) in weights) for v in self.model.non_trainable_variables]


class FlatStepper(Stepper):
    """Steps on a `FlatState` through a Keras model that is only traced, never holds the weights.

    Args:
        model: A copy with variable hyperparameters of a model of the structure.
        state: The variables.
        open_widths: Whether widths of hidden layers are to stay open; they are those of `model` otherwise, as XLA
            needs it.
    """

    def __init__(self, model: Model, state: FlatState, open_widths: bool) -> None:
        super().__init__(model)
        for variable in split(model)[0]:
            variable.regularizer = None  # the state adds L1 and L2 penalties to all weights at once
        self._state = state
        self.open_widths = open_widths
        self._owners = {id(v): layer for layer in internals.layers(model) for v in internals.own_variables(layer)}
        self._hidden = structure.hidden_dense(model) if open_widths else set[str]()

    def train_step(self, x: Any, y: Any, weight: Any) -> tuple[tf.Tensor, Any]:
        """Take one optimizer step on a batch, on the vector of all weights."""
        state = self._state
        trained = self._read([v.value for v in (state.vector, *state.apart)])
        with tf.GradientTape() as tape:
            tape.watch(trained)
            with self._scope(trained) as scope:
                known = dict(scope.state_mapping)
                outputs = forward(self.model, x, training=True)
                loss = internals.compute_loss(self.model, x, y, outputs, weight, training=True)
        gradients: Any = tape.gradient(loss, trained)
        penalty, gradients[0] = self._penalise(trained[0], gradients[0])
        for variable, held in zip(self.model.non_trainable_variables, state.others, strict=True):
            value = scope.get_current_value(variable)
            if value is not known[id(variable)]:
                held.assign(value)
        state.optimizer.apply(gradients, [state.vector, *state.apart])
        return loss + penalty, outputs

    def score(self, x: Any, y: Any, weight: Any) -> tuple[tf.Tensor, Any]:
        """Return the loss of `compile` alone (no penalties, dropout off), and the outputs."""
        with self._scope(self._read(self._state.judged)):
            outputs = forward(self.model, x, training=False)
            return data_loss(self.model, x, y, outputs, weight), outputs

    def _penalise(self, vector: tf.Tensor, gradient: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return Σ l1·|w| + l2·w², and the gradient with that of the penalty added (keras `L1L2`)."""
        if not self._state.factors:
            return tf.zeros([]), gradient
        l1, l2 = (factor.read_value() for factor in self._state.factors)
        first, second = l1 * tf.sign(vector), l2 * vector
        return tf.reduce_sum(vector * (first + second)), gradient + first + 2.0 * second

    def _sizes(self) -> list[int]:
        return [int(np.prod(v.shape)) for v in split(self.model)[0]]

    def _read(self, held: Sequence[Any]) -> list[tf.Tensor]:
        """Return the values of the variables of the vector and the embeddings."""
        vector, *apart = [variable.read_value() for variable in held]
        if not self.open_widths:
            vector.set_shape([sum(self._sizes())])
        return [vector, *apart]

    def _scope(self, trained: list[tf.Tensor]) -> Any:
        """Return a scope in which the model's variables have the program's values.

        The values go in as updates: the constructor of the scope wants every shape fixed.
        """
        scope = keras.StatelessScope()
        for pair in self._mapping(trained):
            scope.add_update(pair)
        return scope

    def _mapping(self, trained: list[tf.Tensor]) -> list[tuple[Any, tf.Tensor]]:
        """Pair the model's variables with their values, most of the trained ones cut out of the vector."""
        variables, apart = split(self.model)
        sizes = self._state.sizes if self.open_widths else self._sizes()
        shapes = self._state.shapes if self.open_widths else [v.shape for v in variables]
        mapping: list[tuple[Any, tf.Tensor]] = list(zip(apart, trained[1:], strict=True))
        for variable, part, shape in zip(variables, tf.split(trained[0], sizes, num=len(shapes)), shapes, strict=True):
            value = tf.reshape(part, shape)
            value.set_shape(self._known(variable))
            mapping.append((variable, value))
        for variable, held in zip(self.model.non_trainable_variables, self._state.others, strict=True):
            value = held.read_value()
            value.set_shape(self._known(variable))
            mapping.append((variable, value))
        return mapping

    def _known(self, variable: Any) -> Sequence[int | None]:
        """Return the part of a variable's shape that is the same for all models of the program."""
        owner = self._owners.get(id(variable))
        if not self.open_widths or owner is None or type(owner) is keras.layers.Embedding:
            return variable.shape
        open_axes = [None] * len(variable.shape)
        if type(owner) is keras.layers.Dense and owner.name not in self._hidden:
            return [*open_axes[1:], variable.shape[-1]]
        return open_axes


def split(model: Model) -> tuple[list[Any], list[Any]]:
    """Part the variables that are trained into those for the vector and the embeddings, which stay apart."""
    embeddings = [layer for layer in internals.layers(model) if isinstance(layer, keras.layers.Embedding)]
    sparse = {id(v) for layer in embeddings for v in internals.own_variables(layer, trained=True)}
    trained = model.trainable_variables
    return [v for v in trained if id(v) not in sparse], [v for v in trained if id(v) in sparse]


def _open_vector() -> tf.Variable:
    """Return a variable that takes vectors of any length."""
    return tf.Variable(tf.zeros([1]), shape=[None], trainable=False)
