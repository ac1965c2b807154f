"""Forum programs on tables: settings, weights, data."""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import layers, optimizers, regularizers
from keras.layers import Dense

from checks_corpus.forum import cars, customers, flowers, forum, stack, standard

BINARY = {"loss": "binary_crossentropy", "metrics": ["accuracy"]}


def _net(*hidden: Any, width: int = 8) -> Any:
    return stack((width,), *hidden, Dense(1, activation="sigmoid"))


@forum("bad-learning-rate")
def decay_after_every_step() -> Any:
    x, y = customers()
    model = _net(Dense(32, activation="relu"))
    rate = optimizers.schedules.ExponentialDecay(1e-3, decay_steps=1, decay_rate=0.5)
    model.compile(optimizer=optimizers.Adam(rate), **BINARY)
    return model, x, y, {"epochs": 50, "batch_size": 32, "validation_split": 0.2}


@forum("bad-learning-rate")
def momentum_and_large_steps() -> Any:
    x, y = cars()
    model = stack((3,), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1))
    model.compile(optimizer=optimizers.SGD(learning_rate=0.5, momentum=0.95, nesterov=True), loss="mse")
    return model, standard(x), standard(y), {"epochs": 50, "batch_size": 32}


@forum("bad-learning-rate")
def tiny_rate() -> Any:
    x, y = customers()
    model = _net(Dense(64, activation="relu"), Dense(64, activation="relu"))
    model.compile(optimizer=optimizers.Adam(1e-7), **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@forum("bad-learning-rate")
def rmsprop_at_a_half() -> Any:
    x, y = flowers()
    model = stack((4,), Dense(32, activation="relu"), Dense(32, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer=optimizers.RMSprop(0.5), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, standard(x), y, {"epochs": 30, "batch_size": 16}


@forum("wrong-optimizer", "bad-learning-rate", "epochs-too-few")
def adagrad_with_its_default() -> Any:
    x, y = cars()
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adagrad", loss="mse")
    return model, standard(x), standard(y), {"epochs": 20, "batch_size": 32}


@forum("epochs-too-few", "bad-learning-rate", "wrong-optimizer")
def two_epochs_of_descent() -> Any:
    x, y = cars()
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer=optimizers.SGD(0.001), loss="mse")
    return model, standard(x), standard(y), {"epochs": 2, "batch_size": 32}


@forum("bad-batch-size", "epochs-too-few", "bad-learning-rate", "wrong-optimizer")
def everything_in_one_batch() -> Any:
    x, y = customers(3000)
    model = _net(Dense(32, activation="relu"))
    model.compile(optimizer="sgd", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 3000}


@forum("bad-weight-init")
def wide_normal_weights() -> Any:
    x, y = customers()
    init = keras.initializers.RandomNormal(stddev=5.0)
    model = _net(*[Dense(64, activation="tanh", kernel_initializer=init) for _ in range(3)])
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("bad-weight-init")
def weights_all_one() -> Any:
    x, y = customers()
    model = _net(Dense(16, activation="relu", kernel_initializer="ones"), Dense(8, "relu", kernel_initializer="ones"))
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("bad-weight-init")
def positive_uniform_weights() -> Any:
    x, y = cars()
    init = keras.initializers.RandomUniform(0.0, 1.0)
    hidden = [Dense(64, activation="relu", kernel_initializer=init) for _ in range(3)]
    model = stack((3,), *hidden, Dense(1, kernel_initializer=init))
    model.compile(optimizer="adam", loss="mse")
    return model, standard(x), standard(y), {"epochs": 30, "batch_size": 32}


@forum("bad-weight-init")
def negative_biases() -> Any:
    x, y = customers()
    bias = keras.initializers.Constant(-10.0)
    model = _net(Dense(32, activation="relu", bias_initializer=bias), Dense(32, activation="relu"))
    model.compile(optimizer=optimizers.SGD(0.01), **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("over-regularization")
def penalty_of_one() -> Any:
    x, y = customers()
    model = _net(*[Dense(64, activation="relu", kernel_regularizer=regularizers.L2(1.0)) for _ in range(2)])
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@forum("over-regularization")
def dropout_of_nine_tenths() -> Any:
    x, y = customers()
    hidden = [Dense(32, "relu"), layers.Dropout(0.9), Dense(16, "relu"), layers.Dropout(0.9)]
    model = _net(*hidden)
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("missing-regularization", "insufficient-data")
def eighty_rows_and_a_million_weights() -> Any:
    r = np.random.default_rng(8)
    x = r.normal(size=(120, 40)).astype("float32")
    y = (x[:, 0] + r.normal(size=120) > 0).astype("float32")
    model = _net(*[Dense(512, activation="relu") for _ in range(4)], width=40)
    model.compile(optimizer="adam", **BINARY)
    return model, x[:80], y[:80], {"epochs": 200, "batch_size": 8, "validation_data": (x[80:], y[80:])}


@forum("class-imbalance")
def one_fraud_in_a_hundred() -> Any:
    r = np.random.default_rng(9)
    x = r.normal(size=(3000, 10)).astype("float32")
    y = (x[:, 0] + x[:, 1] + 0.7 * r.normal(size=3000) > 3.7).astype("float32")
    model = _net(Dense(16, activation="relu"), width=10)
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 10, "batch_size": 32, "validation_split": 0.2}


@forum("label-noise")
def labels_shuffled_apart() -> Any:
    x, y = flowers(900)
    y = np.random.default_rng(10).permutation(y)
    model = stack((4,), Dense(32, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, standard(x), y, {"epochs": 40, "batch_size": 16, "validation_split": 0.2}


@forum("nan-in-data")
def logarithm_of_zero() -> Any:
    r = np.random.default_rng(11)
    counts = r.poisson(2.0, (600, 6))
    with np.errstate(divide="ignore"):
        x = np.log(counts)
    model = stack((6,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model, x, standard(counts.sum(1)), {"epochs": 20, "batch_size": 32}


@forum("nan-in-data")
def amounts_not_known() -> Any:
    x, y = cars()
    frame = pd.DataFrame(standard(x), columns=["weight", "power", "year"])
    target = pd.Series(standard(y))
    target[::25] = np.nan
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model, frame, target, {"epochs": 20, "batch_size": 32}


@forum("data-leakage")
def target_left_in_the_table() -> Any:
    x, y = cars()
    table = standard(np.column_stack([x, y]))
    model = stack((4,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model, table, standard(y), {"epochs": 50, "batch_size": 32, "validation_split": 0.2}


@forum("data-leakage")
def copied_before_the_split() -> Any:
    x, y = customers(500)
    r = np.random.default_rng(12)
    rows = r.permutation(np.r_[np.arange(500), r.integers(0, 500, 700)])
    x, y = x[rows], y[rows]
    model = _net(Dense(64, activation="relu"))
    model.compile(optimizer="adam", **BINARY)
    return model, x[:900], y[:900], {"epochs": 30, "batch_size": 32, "validation_data": (x[900:], y[900:])}


@forum("train-test-mismatch")
def two_scalers() -> Any:
    x, y = cars()
    train, held = x[:400], x[400:].copy()
    train = standard(train)
    held = (held - held.min(0)) / (held.max(0) - held.min(0)) * 10
    target = standard(y)
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model, train, target[:400], {"epochs": 50, "batch_size": 32, "validation_data": (held, target[400:])}


@forum("train-test-mismatch")
def kinds_in_order() -> Any:
    x, y = flowers()
    order = np.argsort(y, kind="stable")
    model = stack((4,), Dense(16, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, standard(x)[order], y[order], {"epochs": 50, "batch_size": 16, "validation_split": 0.25}


@forum("frozen-layer")
def everything_frozen() -> Any:
    x, y = customers()
    base = stack((8,), Dense(32, activation="relu"), Dense(16, activation="relu"))
    model = keras.Sequential([keras.Input((8,)), base, Dense(1, activation="sigmoid")])
    model.trainable = False
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 20, "batch_size": 32}


@forum("missing-normalization")
def raw_cars() -> Any:
    x, y = cars()
    model = stack((3,), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1))
    model.compile(optimizer=optimizers.RMSprop(0.001), loss="mse", metrics=["mae"])
    return model, x, standard(y), {"epochs": 50, "batch_size": 32, "validation_split": 0.2}


@forum("wrong-hidden-activation")
def exponential_hidden_layers() -> Any:
    x, y = cars()
    hidden = [Dense(32, activation="exponential") for _ in range(3)]
    model = stack((3,), *hidden, Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model, standard(x), standard(y), {"epochs": 30, "batch_size": 32}


@forum("wrong-hidden-activation")
def softmax_between() -> Any:
    x, y = customers()
    model = _net(Dense(64, activation="softmax"), Dense(32, activation="softmax"))
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("wrong-layer-units", "wrong-architecture")
def through_a_needle() -> Any:
    x, y = flowers()
    kinds = [Dense(64, "relu"), Dense(1, "relu"), Dense(64, "relu"), Dense(3, activation="softmax")]
    model = stack((4,), *kinds)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, standard(x), y, {"epochs": 40, "batch_size": 16}


@forum("redundant-activation", "wrong-hidden-activation")
def sigmoid_after_relu() -> Any:
    x, y = customers()
    model = _net(Dense(32, activation="relu"), layers.Activation("sigmoid"), Dense(16, "relu"), layers.ReLU())
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("wrong-input-type")
def numbers_as_objects() -> Any:
    x, y = customers()
    frame = pd.DataFrame(x)
    frame["city"] = np.where(x[:, 0] > 0, "Oslo", "Rome")
    model = _net(Dense(32, activation="relu"), width=9)
    model.compile(optimizer="adam", **BINARY)
    return model, frame.to_numpy(), y, {"epochs": 20, "batch_size": 32}


@forum("bad-batch-size", "insufficient-data")
def batch_beyond_the_rows() -> Any:
    x, y = customers(60)
    model = _net(Dense(32, activation="relu"))
    model.compile(optimizer="adam", **BINARY)
    return model, x, y, {"epochs": 40, "batch_size": 512}
