"""One small training by `mw.fit` and by `model.fit`, for tests that the two are alike."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
from keras import layers

import modelwizard as mw
from modelwizard.engine import api

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(70, 4)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def build(optimizer: Any = "sgd", metrics: Any = ("accuracy", "auc"), **settings: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,))
    hidden = layers.Dense(6, activation="relu")(inputs)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer, "binary_crossentropy", metrics=list(metrics), **settings)
    return model


def both(
    x: Any = X, y: Any = Y, model: Any = build, callbacks: Any = list, execution: str = "graph", **settings: Any
) -> None:
    """Assert that `mw.fit` and `model.fit` tell the same history, in numbers of the same types."""
    settings = {"batch_size": 16, "epochs": 3, "shuffle": False, "verbose": 0, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("error", api.HandedToKeras)
        received = mw.fit(model(), x, y, execution=execution, callbacks=callbacks(), **settings)
    expected = model().fit(x, y, callbacks=callbacks(), **settings)
    assert list(received.history) == list(expected.history)
    assert received.epoch == expected.epoch
    assert received.params == expected.params
    for name, values in expected.history.items():
        assert [type(value) for value in received.history[name]] == [type(value) for value in values], name
        np.testing.assert_allclose(received.history[name], values, rtol=1e-4, atol=1e-6, err_msg=name)
