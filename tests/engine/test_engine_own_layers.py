"""Layers of the user's own run compiled, and share a program where they can be compared and copied."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import modelwizard as mw
from modelwizard.engine import trainer

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(100, 6)).astype("float32")
Y = (X[:, :1] + 0.3 * RANDOM.normal(size=(100, 1)) > 0).astype("float32")
TOKENS = RANDOM.integers(0, 9, (100, 6)).astype("int32")
EXECUTIONS = ["graph", pytest.param("xla", marks=pytest.mark.slow)]


class Members(layers.Layer):
    """Dense layers of several members of an ensemble, which share the inputs but for a scale."""

    def __init__(self, members: int, units: int, activation: str | None = "silu", **settings: Any) -> None:
        super().__init__(**settings)
        self.members, self.units, self.activation = members, units, keras.activations.get(activation)

    def build(self, shape: Any) -> None:
        size = (self.members, shape[-1], self.units)
        self.scale = self.add_weight(shape=size[:2], initializer="ones", name="scale")
        self.kernel = self.add_weight(shape=size, initializer="he_normal", name="kernel", regularizer="l2")
        self.bias = self.add_weight(shape=(self.members, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        return self.activation(ops.einsum("bmi,mio->bmo", inputs * self.scale, self.kernel) + self.bias)


class Batched(Members):
    """The same by a batched product of matrices."""

    def call(self, inputs: Any) -> Any:
        rows = ops.transpose(inputs * self.scale, (1, 0, 2))
        return self.activation(ops.transpose(ops.matmul(rows, self.kernel), (1, 0, 2)) + self.bias)


class Shift(layers.Layer):
    """Shifts by a number that its configuration does not tell."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.by = 0.0

    def call(self, inputs: Any) -> Any:
        return inputs + self.by


class Lookup(layers.Layer):
    """An embedding of the user's own: its gradients are sparse."""

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(shape=(9, 4), initializer="normal", name="table")

    def call(self, inputs: Any) -> Any:
        return ops.take(self.table, inputs, axis=0)


class Inside(layers.Layer):
    """Holds layers of Keras, one of them random."""

    def __init__(self, rate: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.rate, self.dense, self.dropout = rate, layers.Dense(5, activation="relu"), layers.Dropout(rate)

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.dropout(self.dense(inputs), training=training)


def compiled(inputs: Any, hidden: Any, rate: float = 0.01) -> keras.Model:
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.AdamW(rate, weight_decay=0.1), "binary_crossentropy")
    return model


def ensemble(kind: type[Members], rate: float = 0.01, dropout: float = 0.0, units: int = 8) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,))
    hidden = kind(3, units)(layers.RepeatVector(3)(inputs))
    hidden = layers.Dropout(dropout)(hidden)
    return compiled(inputs, ops.mean(kind(3, 4, None)(hidden), axis=1), rate)


def shifted(by: float) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs, layer = keras.Input((6,)), Shift()
    layer.by = by
    return compiled(inputs, layer(inputs))


def looked_up(rate: float = 0.01) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,), dtype="int32")
    return compiled(inputs, layers.Flatten()(Lookup()(inputs)), rate)


def inside(rate: float) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,))
    return compiled(inputs, Inside(rate)(inputs))


def check(build: Any, execution: str, x: np.ndarray = X) -> None:
    """Compare a trial and `mw.fit` with `model.fit`."""
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 16, "shuffle": False}
    expected, trial, fitted = build(), build(), build()
    losses = expected.fit(x, Y, **settings, verbose=0).history["loss"]
    run = trainer.train(trial, (x, Y), execution=execution, **settings)
    history = mw.fit(fitted, x, Y, execution=execution, verbose=0, **settings).history
    np.testing.assert_allclose([row["loss"] for row in run.history], losses, rtol=1e-4)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-4)
    for model in (trial, fitted):
        for mine, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("kind", [Members, pytest.param(Batched, marks=pytest.mark.slow)])
def test_members_that_share_a_trunk_share_a_program(
    kind: type[Members], execution: str, programs: dict[str, Any]
) -> None:
    for rate in (0.01, 0.03):
        check(lambda rate=rate: ensemble(kind, rate), execution)
    trainer.train(ensemble(kind, dropout=0.5), (X, Y), epochs=1, execution=execution)
    assert len(programs) == 1
    check(lambda: ensemble(kind, units=5), execution)  # another width of a layer of one's own is another structure
    assert len(programs) == 2


def test_what_a_configuration_does_not_tell_keeps_models_apart(programs: dict[str, Any]) -> None:
    for by in (0.0, 1.0):
        check(lambda by=by: shifted(by), "graph")
    assert len(programs) == 1  # of the default alone there is a true copy


def test_sparse_gradients_of_a_layer_of_ones_own_stay_sparse(programs: dict[str, Any]) -> None:
    check(looked_up, "graph", TOKENS)
    assert not programs


def test_the_rate_of_a_dropout_inside_another_layer_belongs_to_the_structure(programs: dict[str, Any]) -> None:
    losses = [
        trainer.train(inside(rate), (X, Y), epochs=1, execution="graph").history[0]["loss"] for rate in (0.1, 0.8)
    ]
    assert len(programs) == 2
    assert losses[0] != losses[1]


@pytest.mark.parametrize("wrapped", ["TimeDistributed", "MultiHeadAttention"])
def test_the_rate_of_a_dropout_inside_a_layer_of_keras_belongs_to_the_structure(
    wrapped: str, programs: dict[str, Any]
) -> None:
    def build(rate: float) -> keras.Model:
        keras.utils.set_random_seed(1)
        inputs = keras.Input((3, 4))
        if wrapped == "TimeDistributed":
            hidden = layers.TimeDistributed(layers.Dropout(rate))(inputs)
        else:
            hidden = layers.MultiHeadAttention(1, 4, dropout=rate)(inputs, inputs)
        return compiled(inputs, layers.Flatten()(hidden))

    x = RANDOM.normal(size=(100, 3, 4)).astype("float32")
    for rate in (0.1, 0.8):
        trainer.train(build(rate), (x, Y), epochs=1, execution="graph")
    assert len(programs) == 2
