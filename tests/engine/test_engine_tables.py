"""The tables of layers and optimizers that the engine knows by name: each does what it stands there for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from modelwizard.engine import structure, trainer

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(64, 6)).astype("float32")
TOKENS = RANDOM.integers(0, 9, (64, 6)).astype("int32")
Y = (X[:, :1] > 0).astype("float32")


@pytest.mark.parametrize("name", structure.ELEMENTWISE)
def test_an_optimizer_treats_every_weight_alike(name: str) -> None:
    """One vector of weights is updated as its parts are."""
    parts = [RANDOM.normal(size=shape).astype("float32") for shape in ((2, 3), (4,))]
    steps = [[RANDOM.normal(size=part.shape).astype("float32") for part in parts] for _ in range(3)]

    def join(values: list[Any]) -> np.ndarray:
        return np.concatenate([np.ravel(value) for value in values])

    results = []
    for together in (False, True):
        optimizer = getattr(keras.optimizers, name)(0.1, weight_decay=0.01)
        weights = [keras.Variable(join(parts))] if together else [keras.Variable(part) for part in parts]
        for gradients in steps:
            optimizer.apply([tf.constant(g) for g in ([join(gradients)] if together else gradients)], weights)
        results.append(join([weight.numpy() for weight in weights]))
    np.testing.assert_allclose(*results, rtol=1e-6)


def merged(kind: str) -> Callable[[Any], Any]:
    return lambda hidden: getattr(layers, kind)()([hidden, layers.Activation("tanh")(hidden)])


# Layer → what stands between a hidden layer of any width and the output.
BETWEEN: dict[str, Callable[[Any], Any]] = {
    **{kind: merged(kind) for kind in ("Add", "Average", "Concatenate", "Maximum", "Multiply", "Subtract")},
    "Activation": lambda hidden: layers.Activation("tanh")(hidden),
    "BatchNormalization": lambda hidden: layers.BatchNormalization()(hidden),
    "Dropout": lambda hidden: layers.Dropout(0.0)(hidden),
    "ELU": lambda hidden: layers.ELU()(hidden),
    "EinsumDense": lambda hidden: layers.EinsumDense("bi,ij->bj", 5)(hidden),
    "Flatten": lambda hidden: layers.Flatten()(hidden),
    "LeakyReLU": lambda hidden: layers.LeakyReLU()(hidden),
    "ReLU": lambda hidden: layers.ReLU()(hidden),
    "Rescaling": lambda hidden: layers.Rescaling(2.0)(hidden),
    "UnitNormalization": lambda hidden: layers.UnitNormalization()(hidden),
}
AT_ENDS = {"Dense", "Embedding", "InputLayer"}


def build(kind: str, width: int) -> Any:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,))
    start = layers.Flatten()(layers.Embedding(9, 2)(inputs)) if kind == "Embedding" else inputs
    hidden = layers.Dense(width)(start)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(BETWEEN.get(kind, lambda same: same)(hidden)))
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
    return model


@pytest.mark.slow
@pytest.mark.parametrize("kind", structure.WIDTHLESS)
def test_a_layer_computes_the_same_whatever_the_width_before_it(kind: str, programs: dict[str, Any]) -> None:
    x = TOKENS if kind == "Embedding" else X
    for width in (4, 9):
        run = trainer.train(build(kind, width), (x, Y), epochs=2, batch_size=16, shuffle=False, execution="graph")
        expected = build(kind, width).fit(x, Y, epochs=2, batch_size=16, shuffle=False, verbose=0).history["loss"]
        np.testing.assert_allclose([row["loss"] for row in run.history], expected, rtol=1e-4)
    assert len(programs) == 1


@pytest.mark.parametrize("width", [4, 9])
def test_a_layer_that_needs_its_width_shares_with_models_of_that_width(width: int, programs: dict[str, Any]) -> None:
    """Keras 3.15 makes a tensor of the width that LayerNormalization sees when it is traced."""

    def made() -> Any:
        keras.utils.set_random_seed(1)
        inputs = keras.Input((6,))
        hidden = layers.LayerNormalization()(layers.Dense(width)(inputs))
        model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
        model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
        return model

    run = trainer.train(made(), (X, Y), epochs=1, batch_size=16, shuffle=False, execution="graph")
    expected = made().fit(X, Y, epochs=1, batch_size=16, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(run.history[0]["loss"], expected[0], rtol=1e-4)


def test_every_layer_of_the_table_is_tried() -> None:
    assert set(BETWEEN) | AT_ENDS == set(structure.WIDTHLESS)
