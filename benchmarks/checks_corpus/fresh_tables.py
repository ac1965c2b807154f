"""Fresh programs on tables: broken ones after questions of forums, on the small real tables of scikit-learn."""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, optimizers
from keras.layers import Dense
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from checks_corpus.forum import Entry, customers, stack

BROKEN, RIGHT = Entry(), Entry()


def rented(count: int = 1200) -> tuple[Any, Any]:
    """Return hours with weather, and the bicycles that were out."""
    r = np.random.default_rng(61)
    hour, warm, wet, week = r.integers(0, 24, count), r.normal(15, 8, count), r.random(count), r.integers(0, 7, count)
    out = 180 + 120 * np.sin((hour - 8) / 24 * 6.28) + 6 * warm - 90 * wet + 20 * (week > 4) + 20 * r.normal(size=count)
    return np.stack([hour, warm, wet, week], 1), out.clip(0).round()


def flats(count: int = 800) -> tuple[Any, Any]:
    """Return measures of flats and their prices in money."""
    r = np.random.default_rng(62)
    area, rooms, floor, built = r.gamma(6, 12, count), r.integers(1, 6, count), r.integers(0, 9, count), r.random(count)
    price = 2500 * area * (1 + 0.3 * built) + 9000 * rooms + 2000 * floor + 15000 * r.normal(size=count)
    return np.stack([area, rooms, floor, built], 1), price


def payments(count: int = 4000) -> tuple[Any, Any]:
    """Return payments, of which seven in a thousand are a fraud."""
    r = np.random.default_rng(63)
    y = (r.random(count) < 0.007).astype("int64")
    return r.normal(size=(count, 12)) + 0.8 * y[:, None] * (np.arange(12) < 4), y


@BROKEN("missing-normalization", "wrong-optimizer")
def wine_kinds_as_they_come() -> Any:
    x, y = load_wine(return_X_y=True)
    x, _, y, _ = train_test_split(x, y, test_size=0.3, random_state=1)
    model = stack((13,), Dense(16, activation="relu"), Dense(8, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 100, "batch_size": 16, "validation_split": 0.1}


@BROKEN("wrong-last-activation", "missing-target-scaling")
def progression_by_sigmoid() -> Any:
    x, y = load_diabetes(return_X_y=True)
    model = stack((10,), Dense(64, activation="relu"), Dense(32, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["mae"])
    return model, x, y, {"epochs": 100, "batch_size": 32, "validation_split": 0.2}


@BROKEN("missing-normalization", "bad-learning-rate")
def tumours_unscaled_at_a_tenth() -> Any:
    x, y = load_breast_cancer(return_X_y=True)
    model = stack((30,), Dense(30, activation="relu"), Dense(15, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer=optimizers.Adam(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 50, "batch_size": 32, "validation_split": 0.2}


@BROKEN("labels-encoding-mismatch")
def iris_by_name() -> Any:
    data = load_iris()
    y = data.target_names[data.target]
    model = stack((4,), Dense(10, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, data.data, y, {"epochs": 50, "batch_size": 8}


@BROKEN("wrong-loss", "wrong-last-activation")
def iris_three_sigmoids_squared() -> Any:
    x, y = load_iris(return_X_y=True)
    model = stack((4,), Dense(8, activation="relu"), Dense(3, activation="sigmoid"))
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["accuracy"])
    order = np.random.default_rng(0).permutation(150)
    x, y = StandardScaler().fit_transform(x)[order], keras.utils.to_categorical(y)[order]
    return model, x, y, {"epochs": 100, "batch_size": 5, "validation_split": 0.2}


@BROKEN("wrong-loss", "wrong-metric")
def wine_kinds_by_binary_crossentropy() -> Any:
    x, y = load_wine(return_X_y=True)
    x, _, y, _ = train_test_split(StandardScaler().fit_transform(x), y, test_size=0.2, random_state=0)
    model = stack((13,), Dense(32, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
    return model, x, keras.utils.to_categorical(y), {"epochs": 60, "batch_size": 16}


@BROKEN("missing-normalization", "nan-in-data")
def minus_999_for_missing() -> Any:
    x, y = customers(1000)
    x[np.random.default_rng(3).random(x.shape) < 0.1] = -999
    model = stack((8,), Dense(32, activation="relu"), Dense(16, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("class-imbalance")
def seven_frauds_in_a_thousand() -> Any:
    x, y = payments()
    model = stack((12,), Dense(16, activation="relu"), layers.Dropout(0.2), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32, "validation_split": 0.2}


@BROKEN("missing-target-scaling")
def flats_in_money() -> Any:
    x, y = flats()
    net = [Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1)]
    model = stack((4,), *net)
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model, StandardScaler().fit_transform(x), y, {"epochs": 50, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-loss", "wrong-last-activation", "wrong-metric")
def flats_by_crossentropy() -> Any:
    x, y = flats()
    model = stack((4,), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, MinMaxScaler().fit_transform(x), MinMaxScaler().fit_transform(y[:, None]), {"epochs": 30}


@BROKEN("data-leakage")
def status_code_tells_the_answer() -> Any:
    x, y = customers(900)
    r = np.random.default_rng(4)
    code = np.where(y == 1, r.integers(4, 9, 900), r.integers(0, 4, 900))
    x = StandardScaler().fit_transform(np.c_[x, code])
    model = stack((9,), Dense(32, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("data-leakage", "train-test-mismatch")
def oversampled_before_the_split() -> Any:
    r = np.random.default_rng(5)
    x, y = payments(1500)
    few, many = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    at = r.permutation(np.r_[many, r.choice(few, len(many))])
    a, b, c, d = train_test_split(x[at], y[at], test_size=0.25, random_state=0)
    model = stack((12,), Dense(64, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, a, c, {"epochs": 20, "batch_size": 32, "validation_data": (b, d)}


@BROKEN("train-test-mismatch", "missing-normalization")
def only_training_rows_scaled() -> Any:
    x, y = rented()
    a, b, c, d = train_test_split(x, y / y.std(), test_size=0.25, random_state=0)
    model = stack((4,), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mae")
    return model, MinMaxScaler().fit_transform(a), c, {"epochs": 40, "batch_size": 32, "validation_data": (b, d)}


@BROKEN("missing-regularization", "insufficient-data", "wrong-layer-units")
def sixty_rows_five_wide_layers() -> Any:
    x, y = load_diabetes(return_X_y=True)
    wide = [Dense(1024, activation="relu") for _ in range(5)]
    model = stack((10,), *wide, Dense(1))
    model.compile(optimizer="adam", loss="mse")
    x, y = StandardScaler().fit_transform(x)[:60], (y[:60] - y.mean()) / y.std()
    return model, x, y, {"epochs": 100, "batch_size": 8, "validation_split": 0.2}


@BROKEN("over-regularization")
def four_fifths_dropped_thrice() -> Any:
    x, y = load_breast_cancer(return_X_y=True)
    hidden = [la for _ in range(3) for la in (Dense(16, activation="relu"), layers.Dropout(0.8))]
    model = stack((30,), *hidden, Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, StandardScaler().fit_transform(x), y, {"epochs": 30, "batch_size": 16, "validation_split": 0.2}


@BROKEN("over-regularization")
def half_a_penalty() -> Any:
    x, y = customers()
    hidden = [Dense(32, activation="relu", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.5)) for _ in range(2)]
    model = stack((8,), *hidden, Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@BROKEN("bad-learning-rate", "missing-target-scaling")
def momentum_at_one() -> Any:
    x, y = rented()
    model = stack((4,), Dense(32, activation="relu"), Dense(32, activation="relu"), Dense(1))
    model.compile(optimizer=optimizers.SGD(1.0, momentum=0.9), loss="mse")
    return model, StandardScaler().fit_transform(x), y / 100, {"epochs": 30, "batch_size": 32}


@BROKEN("bad-learning-rate", "epochs-too-few")
def a_ten_millionth() -> Any:
    x, y = customers()
    model = stack((8,), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer=optimizers.Adam(learning_rate=1e-7), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 25, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-hidden-activation")
def six_sigmoids_deep() -> Any:
    x, y = rented()
    model = stack((4,), *[Dense(32, activation="sigmoid") for _ in range(6)], Dense(1))
    model.compile(optimizer="adam", loss="mse")
    y = (y - y.mean()) / y.std()
    return model, StandardScaler().fit_transform(x), y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("missing-hidden-activation")
def bicycles_by_a_line() -> Any:
    x, y = rented()
    model = stack((4,), Dense(64), layers.Dropout(0.1), Dense(64), layers.BatchNormalization(), Dense(1))
    model.compile(optimizer="adam", loss="mse")
    y = (y - y.mean()) / y.std()
    return model, StandardScaler().fit_transform(x), y, {"epochs": 40, "batch_size": 32, "validation_split": 0.2}


@BROKEN("labels-encoding-mismatch", "wrong-output-units")
def four_of_ten_digits() -> Any:
    r = np.random.default_rng(6)
    kind = r.integers(0, 4, 600)
    x = r.normal(size=(600, 6)) + np.eye(4, 6)[kind] * 2.5
    model = stack((6,), Dense(32, activation="relu"), Dense(4, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, np.array([1, 3, 4, 7])[kind], {"epochs": 20, "batch_size": 32}


@BROKEN("epochs-too-few")
def stops_when_it_gets_better() -> Any:
    x, y = customers()
    model = stack((8,), Dense(32, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="min", patience=3)
    return model, x, y, {"epochs": 100, "batch_size": 32, "validation_split": 0.2, "callbacks": [stop]}
