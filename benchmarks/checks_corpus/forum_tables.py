"""Forum programs on tables: last layers, losses, labels, metrics."""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from keras.layers import Dense

from checks_corpus.forum import cars, customers, flowers, forum, stack, standard


@forum("wrong-last-activation")
def line_through_seven_points() -> Any:
    x = np.arange(-1.0, 6.0).reshape(7, 1)
    i = keras.Input((1,))
    h = Dense(2, activation="relu")(Dense(4, activation="relu")(i))
    model = keras.Model(i, Dense(1, activation="relu")(h))
    model.compile(loss=keras.losses.MeanSquaredError(), optimizer=keras.optimizers.Adam(0.001))
    return model, x, 2 * x - 1, {"epochs": 500}


@forum("missing-normalization", "missing-target-scaling")
def fourth_power() -> Any:
    x = np.linspace(-100, 100, 1000).reshape(-1, 1)
    model = stack((1,), Dense(50, activation="sigmoid"), Dense(50, activation="elu"), Dense(1))
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(learning_rate=0.001))
    return model, x, x**4, {"epochs": 50, "batch_size": 32}


@forum("wrong-last-activation", "missing-hidden-activation", "wrong-loss", "epochs-too-few", "wrong-layer-units")
def xor_in_many_rows() -> Any:
    r = np.random.default_rng(0)
    x = r.integers(0, 2, (4000, 2))
    model = keras.Sequential([keras.Input((2,)), Dense(2), Dense(2, activation="relu"), Dense(1, activation="relu")])
    model.compile(optimizer="SGD", loss="mean_squared_error")
    return model, x, x[:, 0] ^ x[:, 1], {"epochs": 5}


@forum("wrong-last-activation")
def and_gate_relu() -> Any:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    model = stack((2,), Dense(4, activation="relu"), Dense(1, activation="relu"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, np.array([0, 0, 0, 1]), {"epochs": 1000, "batch_size": 1}


@forum("wrong-last-activation", "missing-target-scaling")
def marks_out_of_fifty() -> Any:
    r = np.random.default_rng(1)
    x = r.uniform(0, 1, (300, 4))
    y = 50 * np.clip(0.3 + 0.6 * x[:, 1] - 0.2 * x[:, 3] + 0.05 * r.normal(size=300), 0, 1)
    model = stack((4,), Dense(8, activation="sigmoid"), Dense(1, activation="sigmoid"))
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.05))
    return model, x, y, {"epochs": 100, "batch_size": 16}


@forum("labels-encoding-mismatch", "wrong-output-units")
def wine_scores_from_three_to_eight() -> Any:
    r = np.random.default_rng(2)
    x = r.normal(size=(700, 11))
    y = np.clip(np.round(5.5 + x[:, 0] + 0.5 * x[:, 5]), 3, 8).astype("int64")
    model = stack((11,), Dense(64, activation="relu"), Dense(32, activation="relu"), Dense(6, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, {"epochs": 40, "validation_split": 0.2}


@forum("labels-encoding-mismatch", "wrong-loss")
def one_hot_into_sparse() -> Any:
    x, y = flowers()
    i = keras.Input((4,))
    model = keras.Model(i, Dense(3, activation="softmax")(Dense(16, activation="relu")(i)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model, x, keras.utils.to_categorical(y), {"epochs": 30, "batch_size": 5}


@forum("wrong-last-activation", "wrong-loss")
def hinge_with_sigmoid() -> Any:
    x, y = customers()
    model = stack((8,), Dense(16, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="hinge", metrics=["accuracy"])
    return model, x, 2 * y - 1, {"epochs": 30, "validation_split": 0.1}


@forum("wrong-loss")
def poisson_for_kinds() -> Any:
    x, y = flowers()
    model = stack((4,), Dense(10, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="mean_absolute_percentage_error", metrics=["accuracy"])
    return model, x, np.eye(3)[y], {"epochs": 50, "batch_size": 10}


@forum("wrong-loss")
def percentage_error_with_zeros() -> Any:
    r = np.random.default_rng(3)
    x = r.normal(size=(600, 5))
    y = np.maximum(0, x[:, 0] + 0.5 * x[:, 1])
    model = stack((5,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mape")
    return model, x, y, {"epochs": 40, "batch_size": 32}


@forum("wrong-loss")
def logarithmic_error_of_negatives() -> Any:
    x, y = cars()
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mean_squared_logarithmic_error", metrics=["mae"])
    return model, standard(x), standard(y), {"epochs": 50, "batch_size": 32}


@forum("wrong-loss", "redundant-activation", "wrong-last-activation")
def softmax_called_logits() -> Any:
    x, y = flowers()
    model = stack((4,), Dense(16, activation="relu"), Dense(3), layers.Softmax())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, x, y, {"epochs": 50, "batch_size": 16}


@forum("wrong-last-activation", "wrong-loss")
def logits_called_probabilities() -> Any:
    x, y = customers()
    i = keras.Input((8,))
    h = layers.ReLU()(Dense(32)(i))
    model = keras.Model(i, Dense(1)(h))
    model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.BinaryAccuracy()])
    return model, x, y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@forum("wrong-metric")
def accuracy_of_logits() -> Any:
    x, y = customers()
    model = stack((8,), Dense(32, activation="relu"), Dense(1))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=[keras.metrics.BinaryAccuracy(), keras.metrics.Precision()])
    return model, x, y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@forum("wrong-metric")
def plain_accuracy_of_probabilities() -> Any:
    x, y = flowers()
    model = stack((4,), Dense(16, activation="tanh"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=[keras.metrics.Accuracy()])
    return model, standard(x), np.eye(3)[y], {"epochs": 50, "batch_size": 16}


@forum("wrong-metric")
def accuracy_of_consumption() -> Any:
    x, y = cars()
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mae", metrics=["accuracy"])
    return model, standard(x), standard(y), {"epochs": 60, "batch_size": 16, "validation_split": 0.2}


@forum("wrong-loss", "wrong-last-activation", "wrong-metric")
def thirty_intents_with_sigmoid() -> Any:
    r = np.random.default_rng(4)
    y = r.integers(0, 30, 900)
    bag = (r.random((900, 120)) < 0.03).astype("float32")
    bag[np.arange(900), y * 4] = 1
    model = stack((120,), Dense(128, activation="relu"), layers.Dropout(0.2), Dense(30, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, bag, np.eye(30)[y], {"epochs": 10, "batch_size": 64}


@forum("wrong-loss")
def genres_by_categorical() -> Any:
    r = np.random.default_rng(5)
    x = r.normal(size=(700, 12)).astype("float32")
    y = (x[:, :5] + 0.3 * r.normal(size=(700, 5)) > 0.4).astype("float32")
    model = stack((12,), Dense(64, activation="relu"), Dense(5, activation="sigmoid"))
    model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    return model, x, y, {"epochs": 30, "batch_size": 32}


@forum("labels-encoding-mismatch", "wrong-loss", "wrong-last-activation")
def genders_one_and_two() -> Any:
    x, y = customers()
    model = stack((8,), Dense(16, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(loss="mse", optimizer="adam", metrics=["accuracy"])
    return model, x, y + 1, {"epochs": 30, "batch_size": 32}


@forum("labels-encoding-mismatch", "wrong-last-activation", "wrong-loss")
def plus_and_minus_one() -> Any:
    x, y = customers()
    model = stack((8,), Dense(32, activation="relu"), Dense(1), layers.Activation("sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"])
    return model, x, np.where(y > 0, 1, -1), {"epochs": 30, "batch_size": 32}


@forum("wrong-last-activation")
def action_values_with_softmax() -> Any:
    r = np.random.default_rng(6)
    x = r.normal(size=(800, 4)).astype("float32")
    q = np.stack([20 * x[:, 0], 15 * x[:, 1] - 5, 10 * x[:, 2] * x[:, 3]], 1)
    model = stack((4,), Dense(24, activation="relu"), Dense(24, activation="relu"), Dense(3, activation="softmax"))
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(learning_rate=0.001))
    return model, x, q, {"epochs": 20, "batch_size": 32}


@forum("wrong-last-activation")
def second_head_of_two() -> Any:
    x, y = customers()
    i = keras.Input((8,))
    h = Dense(32, activation="relu")(i)
    amount = Dense(1, name="amount")(h)
    leaves = Dense(1, activation="softmax", name="leaves")(h)
    model = keras.Model(i, {"amount": amount, "leaves": leaves})
    model.compile("adam", {"amount": "mse", "leaves": "binary_crossentropy"}, metrics={"leaves": ["accuracy"]})
    return model, x, {"amount": x[:, 0] + x[:, 4], "leaves": y}, {"epochs": 20, "batch_size": 32}


@forum("wrong-last-activation")
def same_or_not_with_relu() -> Any:
    r = np.random.default_rng(7)
    a = r.normal(size=(900, 6)).astype("float32")
    same = r.integers(0, 2, 900)
    b = np.where(same[:, None] == 1, a + 0.1 * r.normal(size=a.shape), r.normal(size=a.shape)).astype("float32")
    encoder = stack((6,), Dense(32, activation="relu"), Dense(16))
    left, right = keras.Input((6,)), keras.Input((6,))
    distance = keras.ops.absolute(encoder(left) - encoder(right))
    model = keras.Model([left, right], Dense(1, activation="relu")(distance))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, [a, b], same, {"epochs": 20, "batch_size": 32}


@forum("wrong-output-units", "labels-encoding-mismatch", "wrong-loss", "wrong-last-activation")
def kinds_through_one_sigmoid() -> Any:
    x, y = flowers()
    model = stack((4,), Dense(8, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, standard(x), y, {"epochs": 100, "batch_size": 5}


@forum("labels-encoding-mismatch", "wrong-loss")
def kinds_as_numbers_for_categorical() -> Any:
    x, y = flowers()
    model = stack((4,), Dense(8, activation="relu"), Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, standard(x), y, {"epochs": 100, "batch_size": 5}
