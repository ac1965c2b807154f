"""Programs in the shape in which people ask about them: several things at once, small data, habits of old tutorials.

Written by hand after the kinds of question that come back every month; none is copied. Each names every cause that a
good answer would give; one of them among the first three findings counts as named.
"""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

Dense = layers.Dense


@dataclass(frozen=True)
class Asked:
    """A question: a program and the causes of its trouble."""

    name: str
    causes: tuple[str, ...]
    make: Callable[[], tuple[Any, Any, Any, dict[str, Any]]]


ASKED: list[Asked] = []


def asked(*causes: str) -> Callable[[Callable[[], tuple[Any, Any, Any, dict[str, Any]]]], Any]:
    """Enter a program with its causes."""

    def enter(make: Callable[[], tuple[Any, Any, Any, dict[str, Any]]]) -> Any:
        ASKED.append(Asked(make.__name__, causes, make))
        return make

    return enter


def _model(shape: tuple[int, ...], stack: list[Any], **settings: Any) -> Any:
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(**settings)
    return model


def _r() -> np.random.Generator:
    return np.random.default_rng(11)


XOR_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
XOR_Y = np.array([[0], [1], [1], [0]], "float32")


@asked("wrong-last-activation", "wrong-loss", "bad-learning-rate", "wrong-optimizer", "epochs-too-few")
def xor_linear_output() -> Any:
    stack = [Dense(2, activation="relu"), Dense(1)]
    return (
        _model((2,), stack, optimizer="sgd", loss="mse", metrics=["accuracy"]),
        XOR_X,
        XOR_Y,
        {"epochs": 100, "batch_size": 1},
    )


@asked("wrong-last-activation")
def xor_softmax() -> Any:
    stack = [Dense(8, activation="tanh"), Dense(1, activation="softmax")]
    return _model((2,), stack, optimizer="sgd", loss="binary_crossentropy"), XOR_X, XOR_Y, {"epochs": 500}


@asked("wrong-loss", "bad-learning-rate", "wrong-optimizer", "epochs-too-few", "wrong-hidden-activation")
def xor_sigmoid_mse() -> Any:
    stack = [Dense(2, activation="sigmoid"), Dense(1, activation="sigmoid")]
    return _model((2,), stack, optimizer="sgd", loss="mean_squared_error"), XOR_X, XOR_Y, {"epochs": 1000}


@asked("wrong-architecture", "wrong-layer-units")
def xor_without_hidden_layer() -> Any:
    stack = [Dense(1, activation="sigmoid")]
    return (
        _model((2,), stack, optimizer=keras.optimizers.Adam(0.1), loss="binary_crossentropy"),
        XOR_X,
        XOR_Y,
        {"epochs": 500},
    )


@asked("missing-normalization", "missing-target-scaling")
def square_of_large_numbers() -> Any:
    x = np.arange(-1000, 1000, dtype="float32")[:, None]
    stack = [Dense(32, activation="relu"), Dense(1)]
    return _model((1,), stack, optimizer="adam", loss="mse"), x, x**2, {"epochs": 50}


@asked("wrong-last-activation")
def sine_with_relu_output() -> Any:
    x = np.linspace(-3, 3, 800)[:, None]
    stack = [Dense(32, activation="relu"), Dense(32, activation="relu"), Dense(1, activation="relu")]
    return _model((1,), stack, optimizer="adam", loss="mse"), x, np.sin(x), {"epochs": 50}


@asked("missing-hidden-activation")
def sine_with_linear_layers() -> Any:
    x = np.linspace(-3, 3, 800)[:, None]
    stack = [Dense(64), Dense(64), Dense(1)]
    return _model((1,), stack, optimizer="adam", loss="mse"), x, np.sin(3 * x), {"epochs": 50, "batch_size": 16}


@asked("wrong-last-activation")
def sine_with_sigmoid_output() -> Any:
    x = np.linspace(-3, 3, 800)[:, None]
    stack = [Dense(32, activation="tanh"), Dense(1, activation="sigmoid")]
    return _model((1,), stack, optimizer="adam", loss="mse", metrics=["accuracy"]), x, np.sin(x), {"epochs": 50}


def _house(count: int = 500) -> tuple[Any, Any]:
    r = _r()
    area, rooms, year = r.uniform(40, 300, count), r.integers(1, 8, count), r.integers(1900, 2020, count)
    price = 2000 * area + 15_000 * rooms + 300 * (year - 1900) + 10_000 * r.normal(size=count)
    return np.stack([area, rooms, year], 1).astype("float32"), price.astype("float32")


@asked("missing-target-scaling", "missing-normalization")
def house_prices_raw() -> Any:
    x, y = _house()
    stack = [Dense(32, activation="relu"), Dense(16, activation="relu"), Dense(1)]
    return _model((3,), stack, optimizer="adam", loss="mse", metrics=["mae"]), x, y, {"epochs": 20, "batch_size": 10}


@asked("missing-target-scaling", "missing-normalization", "bad-learning-rate")
def house_prices_nan() -> Any:
    x, y = _house()
    stack = [Dense(32, activation="relu"), Dense(1)]
    return _model((3,), stack, optimizer="sgd", loss="mse"), x, y, {"epochs": 20, "batch_size": 32}


@asked("wrong-last-activation", "wrong-loss", "wrong-metric")
def house_prices_classified() -> Any:
    x, y = _house()
    x = (x - x.mean(0)) / x.std(0)
    stack = [Dense(32, activation="relu"), Dense(1, activation="sigmoid")]
    model = _model((3,), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y / 1000, {"epochs": 20}


def _bytes(channels: int = 1, count: int = 600, size: int = 28) -> tuple[Any, Any]:
    r = _r()
    y = r.integers(0, 10, count)
    x = r.integers(0, 60, size=(count, size, size, channels))
    for i, label in enumerate(y):
        x[i, 2 + 2 * label : 5 + 2 * label, 4:24] = 220
    return x, y


@asked("missing-normalization")
def digits_in_bytes_with_sgd() -> Any:
    x, y = _bytes()
    stack = [Dense(128, activation="relu"), Dense(10, activation="softmax")]
    model = _model((784,), stack, optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x.reshape(600, 784).astype("float32"), np.eye(10)[y], {"epochs": 10, "batch_size": 128}


@asked("wrong-loss", "wrong-last-activation")
def digits_sigmoid_binary() -> Any:
    x, y = _bytes()
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(10, activation="sigmoid"),
    ]
    model = _model((28, 28, 1), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x / 255.0, np.eye(10)[y], {"epochs": 5, "batch_size": 64}


@asked("wrong-output-units", "wrong-last-activation", "wrong-loss", "labels-encoding-mismatch")
def digits_with_one_output() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), Dense(64, activation="relu"), Dense(1, activation="softmax")]
    model = _model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x / 255.0, y, {"epochs": 5}


@asked("wrong-loss", "wrong-output-units", "labels-encoding-mismatch")
def digits_as_regression() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), Dense(64, activation="relu"), Dense(1)]
    model = _model((28, 28, 1), stack, optimizer="adam", loss="mse", metrics=["accuracy"])
    return model, x / 255.0, y, {"epochs": 5}


@asked("labels-encoding-mismatch", "wrong-loss")
def digits_ints_for_categorical() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), Dense(64, activation="relu"), Dense(10, activation="softmax")]
    return _model((28, 28, 1), stack, optimizer="adam", loss="categorical_crossentropy"), x / 255.0, y, {"epochs": 5}


@asked("missing-hidden-activation")
def convolutions_without_activation() -> Any:
    x, y = _bytes()
    stack = [
        layers.Conv2D(16, 3),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(64),
        Dense(10, activation="softmax"),
    ]
    return (
        _model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy"),
        x / 255.0,
        y,
        {"epochs": 5},
    )


@asked("wrong-last-activation", "wrong-output-units", "wrong-loss")
def cats_and_dogs_two_outputs() -> Any:
    x, y = _bytes(3, 300)
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(2, activation="softmax"),
    ]
    model = _model((28, 28, 3), stack, optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x / 255.0, (y > 4).astype("float32"), {"epochs": 10, "batch_size": 16}


@asked("wrong-last-activation")
def cats_and_dogs_softmax() -> Any:
    x, y = _bytes(3, 300)
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(64, activation="relu"),
        layers.Dropout(0.5),
        Dense(1),
        layers.Activation("softmax"),
    ]
    model = _model((28, 28, 3), stack, optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x / 255.0, (y > 4).astype("float32"), {"epochs": 10, "batch_size": 16}


@asked("wrong-last-activation", "wrong-loss")
def cats_and_dogs_relu_mse() -> Any:
    x, y = _bytes(3, 300)
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(1, activation="relu"),
    ]
    return (
        _model((28, 28, 3), stack, optimizer="adam", loss="mse", metrics=["accuracy"]),
        x / 255.0,
        y > 4,
        {"epochs": 10},
    )


def _patients(count: int = 768) -> tuple[Any, Any]:
    r = _r()
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
    stack = [Dense(12, activation="relu"), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]
    model = _model((8,), stack, optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 150, "batch_size": 10}


@asked("wrong-last-activation", "missing-normalization")
def patients_softmax() -> Any:
    x, y = _patients()
    stack = [Dense(12, activation="relu"), Dense(1, activation="softmax")]
    return (
        _model((8,), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"]),
        x,
        y,
        {"epochs": 50, "batch_size": 10},
    )


@asked("wrong-loss")
def patients_categorical() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [Dense(12, activation="relu"), Dense(1, activation="sigmoid")]
    return (
        _model((8,), stack, optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]),
        x,
        y,
        {"epochs": 50},
    )


@asked("labels-encoding-mismatch", "wrong-last-activation")
def patients_signed() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [Dense(12, activation="relu"), Dense(1, activation="tanh")]
    return (
        _model((8,), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"]),
        x,
        2 * y - 1,
        {"epochs": 50},
    )


@asked("bad-learning-rate")
def patients_rate_of_one() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [Dense(32, activation="relu"), Dense(32, activation="relu"), Dense(1, activation="sigmoid")]
    model = _model((8,), stack, optimizer=keras.optimizers.Adam(0.3), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 50, "batch_size": 32}


@asked("bad-learning-rate")
def patients_slow() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [Dense(32, activation="relu"), Dense(1, activation="sigmoid")]
    model = _model((8,), stack, optimizer=keras.optimizers.SGD(1e-4), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 20, "batch_size": 32}


@asked("wrong-hidden-activation")
def deep_sigmoids() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [*[Dense(16, activation="sigmoid") for _ in range(6)], Dense(1, activation="sigmoid")]
    return _model((8,), stack, optimizer="sgd", loss="binary_crossentropy"), x, y, {"epochs": 30}


@asked("over-regularization")
def dropout_everywhere() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [
        layers.Dropout(0.5),
        Dense(8, activation="relu"),
        layers.Dropout(0.8),
        Dense(8, activation="relu"),
        layers.Dropout(0.8),
        Dense(1, activation="sigmoid"),
    ]
    return _model((8,), stack, optimizer="adam", loss="binary_crossentropy"), x, y, {"epochs": 30}


@asked("bad-weight-init")
def weights_of_zero() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [
        Dense(16, activation="relu", kernel_initializer="zeros"),
        Dense(1, activation="sigmoid", kernel_initializer="zeros"),
    ]
    return _model((8,), stack, optimizer="adam", loss="binary_crossentropy"), x, y, {"epochs": 30}


@asked("redundant-activation")
def logits_squashed_twice() -> Any:
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0)
    stack = [Dense(16, activation="relu"), Dense(2, activation="softmax"), layers.Activation("softmax")]
    return _model((8,), stack, optimizer="adam", loss="sparse_categorical_crossentropy"), x, y, {"epochs": 30}


@asked("wrong-output-units", "wrong-architecture")
def two_columns_for_one_label() -> Any:
    x, y = _patients()
    stack = [Dense(16, activation="relu"), Dense(2, activation="sigmoid")]
    return (
        _model((8,), stack, optimizer="adam", loss="binary_crossentropy"),
        (x - x.mean(0)) / x.std(0),
        y,
        {"epochs": 30},
    )


def _stock(count: int = 400, steps: int = 20) -> tuple[Any, Any]:
    walk = 1200 + np.cumsum(_r().normal(0, 5, count + steps))
    return np.stack([walk[i : i + steps] for i in range(count)])[..., None], walk[steps:]


@asked("missing-normalization", "missing-target-scaling")
def stock_prices_raw() -> Any:
    x, y = _stock()
    return (
        _model((20, 1), [layers.LSTM(32), Dense(1)], optimizer="adam", loss="mse"),
        x,
        y,
        {"epochs": 10, "batch_size": 32},
    )


@asked("wrong-last-activation", "missing-normalization", "missing-target-scaling", "wrong-metric")
def stock_prices_sigmoid() -> Any:
    x, y = _stock()
    stack = [layers.LSTM(32), Dense(1, activation="sigmoid")]
    return _model((20, 1), stack, optimizer="adam", loss="mse", metrics=["accuracy"]), x, y, {"epochs": 10}


@asked("wrong-architecture")
def sequence_left_on() -> Any:
    x, y = _stock()
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    stack = [layers.LSTM(16, return_sequences=True), Dense(1)]
    return _model((20, 1), stack, optimizer="adam", loss="mse"), x, y, {"epochs": 10}


@asked("wrong-last-activation")
def topics_with_softmax() -> Any:
    r = _r()
    bag = (r.random((500, 100)) < 0.1).astype("float32")
    y = np.stack([bag[:, :10].sum(1) > 0, bag[:, 10:20].sum(1) > 1, bag[:, 20:30].sum(1) > 0], 1).astype("float32")
    stack = [Dense(32, activation="relu"), Dense(3, activation="softmax")]
    return _model((100,), stack, optimizer="adam", loss="categorical_crossentropy"), bag, y, {"epochs": 20}


@asked("labels-encoding-mismatch", "wrong-output-units")
def ratings_from_one() -> Any:
    r = _r()
    x = r.normal(size=(500, 6))
    y = np.clip(np.round(x[:, 0] + 3), 1, 5).astype(int)
    stack = [Dense(32, activation="relu"), Dense(5, activation="softmax")]
    return _model((6,), stack, optimizer="adam", loss="sparse_categorical_crossentropy"), x, y, {"epochs": 20}


@asked("wrong-input-type", "wrong-architecture")
def review_scores_into_embedding() -> Any:
    r = _r()
    x = r.random((400, 20))
    stack = [layers.Embedding(1000, 8), layers.Flatten(), Dense(1, activation="sigmoid")]
    return (
        _model((20,), stack, optimizer="adam", loss="binary_crossentropy"),
        x,
        (x[:, 0] > 0.5).astype(int),
        {"epochs": 5},
    )


@asked("missing-normalization", "wrong-last-activation", "wrong-loss")
def autoencoder_on_bytes() -> Any:
    x, _ = _bytes()
    x = x.reshape(600, 784).astype("float32")
    stack = [Dense(32, activation="relu"), Dense(784, activation="sigmoid")]
    return _model((784,), stack, optimizer="adam", loss="binary_crossentropy"), x, x, {"epochs": 20, "batch_size": 256}


@asked("train-test-mismatch", "missing-normalization")
def test_pictures_not_scaled() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), Dense(64, activation="relu"), Dense(10, activation="softmax")]
    model = _model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x[:500] / 255.0, y[:500], {"epochs": 5, "validation_data": (x[500:], y[500:])}


@asked("epochs-too-few")
def one_epoch() -> Any:
    x, y = _patients()
    stack = [Dense(16, activation="relu"), Dense(1, activation="sigmoid")]
    return (
        _model((8,), stack, optimizer="adam", loss="binary_crossentropy"),
        (x - x.mean(0)) / x.std(0),
        y,
        {"epochs": 1, "batch_size": 64},
    )


@asked("wrong-layer-units", "wrong-architecture")
def hidden_units_of_one() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), Dense(2, activation="relu"), Dense(10, activation="softmax")]
    return (
        _model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy"),
        x / 255.0,
        y,
        {"epochs": 10},
    )


@asked("wrong-optimizer", "bad-learning-rate")
def adadelta_of_old() -> Any:
    x, y = _bytes()
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        Dense(10, activation="softmax"),
    ]
    model = _model((28, 28, 1), stack, optimizer="adadelta", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x / 255.0, np.eye(10)[y], {"epochs": 12, "batch_size": 128}


@asked("labels-encoding-mismatch", "wrong-loss", "wrong-last-activation")
def reward_as_label() -> Any:
    r = _r()
    x = r.normal(size=(500, 6))
    y = x[:, 0] * 3 + 10
    stack = [Dense(32, activation="relu"), Dense(2, activation="softmax")]
    return _model((6,), stack, optimizer="adam", loss="sparse_categorical_crossentropy"), x, y, {"epochs": 20}


@asked("wrong-loss", "wrong-last-activation")
def multi_target_cross_entropy() -> Any:
    r = _r()
    x = r.normal(size=(500, 6))
    stack = [Dense(32, activation="relu"), Dense(3, activation="softmax")]
    return _model((6,), stack, optimizer="adam", loss="categorical_crossentropy"), x, x[:, :3] * 2 + 1, {"epochs": 20}


@asked("bad-batch-size", "epochs-too-few")
def whole_set_a_batch() -> Any:
    x, y = _patients()
    stack = [Dense(16, activation="relu"), Dense(1, activation="sigmoid")]
    return (
        _model((8,), stack, optimizer="adam", loss="binary_crossentropy"),
        (x - x.mean(0)) / x.std(0),
        y,
        {"epochs": 20, "batch_size": 768},
    )
