"""Questions about tables."""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from checks_corpus.asked import asked, model, numbers

XOR_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
XOR_Y = np.array([[0], [1], [1], [0]], "float32")


@asked("wrong-last-activation", "wrong-loss", "bad-learning-rate", "wrong-optimizer", "epochs-too-few")
def xor_linear_output() -> Any:
    stack = [layers.Dense(2, activation="relu"), layers.Dense(1)]
    return (
        model((2,), stack, optimizer="sgd", loss="mse", metrics=["accuracy"]),
        XOR_X,
        XOR_Y,
        {"epochs": 100, "batch_size": 1},
    )


@asked("wrong-last-activation")
def xor_softmax() -> Any:
    stack = [layers.Dense(8, activation="tanh"), layers.Dense(1, activation="softmax")]
    return model((2,), stack, optimizer="sgd", loss="binary_crossentropy"), XOR_X, XOR_Y, {"epochs": 500}


@asked("wrong-loss", "bad-learning-rate", "wrong-optimizer", "epochs-too-few", "wrong-hidden-activation")
def xor_sigmoid_mse() -> Any:
    stack = [layers.Dense(2, activation="sigmoid"), layers.Dense(1, activation="sigmoid")]
    return model((2,), stack, optimizer="sgd", loss="mean_squared_error"), XOR_X, XOR_Y, {"epochs": 1000}


@asked("wrong-architecture", "wrong-layer-units")
def xor_without_hidden_layer() -> Any:
    stack = [layers.Dense(1, activation="sigmoid")]
    return (
        model((2,), stack, optimizer=keras.optimizers.Adam(0.1), loss="binary_crossentropy"),
        XOR_X,
        XOR_Y,
        {"epochs": 500},
    )


@asked("missing-normalization", "missing-target-scaling")
def square_of_large_numbers() -> Any:
    x = np.arange(-1000, 1000, dtype="float32")[:, None]
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1)]
    return model((1,), stack, optimizer="adam", loss="mse"), x, x**2, {"epochs": 50}


@asked("wrong-last-activation")
def sine_with_relu_output() -> Any:
    x = np.linspace(-3, 3, 800)[:, None]
    stack = [
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="relu"),
    ]
    return model((1,), stack, optimizer="adam", loss="mse"), x, np.sin(x), {"epochs": 50}


@asked("missing-hidden-activation")
def sine_with_linear_layers() -> Any:
    x = np.linspace(-3, 3, 800)[:, None]
    stack = [layers.Dense(64), layers.Dense(64), layers.Dense(1)]
    return model((1,), stack, optimizer="adam", loss="mse"), x, np.sin(3 * x), {"epochs": 50, "batch_size": 16}


@asked("wrong-last-activation")
def sine_with_sigmoid_output() -> Any:
    x = np.linspace(-3, 3, 800)[:, None]
    stack = [layers.Dense(32, activation="tanh"), layers.Dense(1, activation="sigmoid")]
    return model((1,), stack, optimizer="adam", loss="mse", metrics=["accuracy"]), x, np.sin(x), {"epochs": 50}


def _house(count: int = 500) -> tuple[Any, Any]:
    r = numbers()
    area, rooms, year = r.uniform(40, 300, count), r.integers(1, 8, count), r.integers(1900, 2020, count)
    price = 2000 * area + 15_000 * rooms + 300 * (year - 1900) + 10_000 * r.normal(size=count)
    return np.stack([area, rooms, year], 1).astype("float32"), price.astype("float32")


@asked("missing-target-scaling", "missing-normalization")
def house_prices_raw() -> Any:
    x, y = _house()
    stack = [layers.Dense(32, activation="relu"), layers.Dense(16, activation="relu"), layers.Dense(1)]
    return model((3,), stack, optimizer="adam", loss="mse", metrics=["mae"]), x, y, {"epochs": 20, "batch_size": 10}


@asked("missing-target-scaling", "missing-normalization", "bad-learning-rate")
def house_prices_nan() -> Any:
    x, y = _house()
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1)]
    return model((3,), stack, optimizer="sgd", loss="mse"), x, y, {"epochs": 20, "batch_size": 32}


@asked("wrong-last-activation", "wrong-loss", "wrong-metric")
def house_prices_classified() -> Any:
    x, y = _house()
    x = (x - x.mean(0)) / x.std(0)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")]
    made = model((3,), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return made, x, y / 1000, {"epochs": 20}


def _patients(count: int = 768) -> tuple[Any, Any]:
    r = numbers()
    x = np.stack(
        [
            r.integers(0, 15, count),
            r.normal(120, 30, count),
            r.normal(70, 12, count),
            r.normal(20, 10, count),
            r.exponential(100, count),
            r.normal(32, 7, count),
            r.uniform(0.1, 2, count),
            r.integers(21, 80, count),
        ],
        1,
    )
    z = (x - x.mean(0)) / x.std(0)
    risk = 1.5 * z[:, 1] + z[:, 5] - z[:, 7] * z[:, 0] + 0.5 * r.normal(size=count)
    return x, (risk > 0).astype(int)


@asked("missing-normalization", "bad-learning-rate", "wrong-optimizer")
def patients_raw_sgd() -> Any:
    x, y = _patients()
    stack = [
        layers.Dense(12, activation="relu"),
        layers.Dense(8, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
    made = model((8,), stack, optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return made, x, y, {"epochs": 150, "batch_size": 10}


@asked("wrong-last-activation", "missing-normalization")
def patients_softmax() -> Any:
    x, y = _patients()
    stack = [layers.Dense(12, activation="relu"), layers.Dense(1, activation="softmax")]
    return (
        model((8,), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"]),
        x,
        y,
        {"epochs": 50, "batch_size": 10},
    )


@asked("wrong-loss")
def patients_categorical() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [layers.Dense(12, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return (
        model((8,), stack, optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]),
        x,
        y,
        {"epochs": 50},
    )


@asked("labels-encoding-mismatch", "wrong-last-activation")
def patients_signed() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [layers.Dense(12, activation="relu"), layers.Dense(1, activation="tanh")]
    return (
        model((8,), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"]),
        x,
        2 * y - 1,
        {"epochs": 50},
    )


@asked("bad-learning-rate")
def patients_rate_of_one() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
    made = model((8,), stack, optimizer=keras.optimizers.Adam(0.3), loss="binary_crossentropy", metrics=["accuracy"])
    return made, x, y, {"epochs": 50, "batch_size": 32}


@asked("bad-learning-rate")
def patients_slow() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")]
    made = model((8,), stack, optimizer=keras.optimizers.SGD(1e-4), loss="binary_crossentropy", metrics=["accuracy"])
    return made, x, y, {"epochs": 20, "batch_size": 32}


@asked("wrong-hidden-activation")
def deep_sigmoids() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [*[layers.Dense(16, activation="sigmoid") for _ in range(6)], layers.Dense(1, activation="sigmoid")]
    return model((8,), stack, optimizer="sgd", loss="binary_crossentropy"), x, y, {"epochs": 30}


@asked("over-regularization")
def dropout_everywhere() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [
        layers.Dropout(0.5),
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.8),
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.8),
        layers.Dense(1, activation="sigmoid"),
    ]
    return model((8,), stack, optimizer="adam", loss="binary_crossentropy"), x, y, {"epochs": 30}


@asked("bad-weight-init")
def weights_of_zero() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [
        layers.Dense(16, activation="relu", kernel_initializer="zeros"),
        layers.Dense(1, activation="sigmoid", kernel_initializer="zeros"),
    ]
    return model((8,), stack, optimizer="adam", loss="binary_crossentropy"), x, y, {"epochs": 30}


@asked("redundant-activation")
def logits_squashed_twice() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [layers.Dense(16, activation="relu"), layers.Dense(2, activation="softmax"), layers.Activation("softmax")]
    return model((8,), stack, optimizer="adam", loss="sparse_categorical_crossentropy"), x, y, {"epochs": 30}


@asked("wrong-output-units", "wrong-architecture")
def two_columns_for_one_label() -> Any:
    x, y = _patients()
    stack = [layers.Dense(16, activation="relu"), layers.Dense(2, activation="sigmoid")]
    return (
        model((8,), stack, optimizer="adam", loss="binary_crossentropy"),
        (x - x.mean(0)) / x.std(0),
        y,
        {"epochs": 30},
    )


@asked("wrong-last-activation")
def topics_with_softmax() -> Any:
    r = numbers()
    bag = (r.random((500, 100)) < 0.1).astype("float32")
    y = np.stack([bag[:, :10].sum(1) > 0, bag[:, 10:20].sum(1) > 1, bag[:, 20:30].sum(1) > 0], 1).astype("float32")
    stack = [layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")]
    return model((100,), stack, optimizer="adam", loss="categorical_crossentropy"), bag, y, {"epochs": 20}


@asked("labels-encoding-mismatch", "wrong-output-units")
def ratings_from_one() -> Any:
    r = numbers()
    x = r.normal(size=(500, 6))
    y = np.clip(np.round(x[:, 0] + 3), 1, 5).astype(int)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(5, activation="softmax")]
    return model((6,), stack, optimizer="adam", loss="sparse_categorical_crossentropy"), x, y, {"epochs": 20}


@asked("epochs-too-few")
def one_epoch() -> Any:
    x, y = _patients()
    stack = [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return (
        model((8,), stack, optimizer="adam", loss="binary_crossentropy"),
        (x - x.mean(0)) / x.std(0),
        y,
        {"epochs": 1, "batch_size": 64},
    )


@asked("labels-encoding-mismatch", "wrong-loss", "wrong-last-activation")
def reward_as_label() -> Any:
    r = numbers()
    x = r.normal(size=(500, 6))
    y = x[:, 0] * 3 + 10
    stack = [layers.Dense(32, activation="relu"), layers.Dense(2, activation="softmax")]
    return model((6,), stack, optimizer="adam", loss="sparse_categorical_crossentropy"), x, y, {"epochs": 20}


@asked("wrong-loss", "wrong-last-activation")
def multi_target_cross_entropy() -> Any:
    r = numbers()
    x = r.normal(size=(500, 6))
    stack = [layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")]
    return model((6,), stack, optimizer="adam", loss="categorical_crossentropy"), x, x[:, :3] * 2 + 1, {"epochs": 20}


@asked("bad-batch-size", "epochs-too-few")
def whole_set_a_batch() -> Any:
    x, y = _patients()
    stack = [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return (
        model((8,), stack, optimizer="adam", loss="binary_crossentropy"),
        (x - x.mean(0)) / x.std(0),
        y,
        {"epochs": 20, "batch_size": 768},
    )
