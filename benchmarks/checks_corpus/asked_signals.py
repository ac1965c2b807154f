"""Questions about pictures, texts and time series."""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers

from checks_corpus.asked import asked, model, numbers


def _bytes(channels: int = 1, count: int = 600, size: int = 28) -> tuple[Any, Any]:
    r = numbers()
    y = r.integers(0, 10, count)
    x = r.integers(0, 60, size=(count, size, size, channels))
    for i, label in enumerate(y):
        x[i, 2 + 2 * label : 5 + 2 * label, 4:24] = 220
    return x, y


@asked("missing-normalization")
def digits_in_bytes_with_sgd() -> Any:
    x, y = _bytes()
    stack = [layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")]
    made = model((784,), stack, optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    return made, x.reshape(600, 784).astype("float32"), np.eye(10)[y], {"epochs": 10, "batch_size": 128}


@asked("wrong-loss", "wrong-last-activation")
def digits_sigmoid_binary() -> Any:
    x, y = _bytes()
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="sigmoid"),
    ]
    made = model((28, 28, 1), stack, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return made, x / 255.0, np.eye(10)[y], {"epochs": 5, "batch_size": 64}


@asked("wrong-output-units", "wrong-last-activation", "wrong-loss", "labels-encoding-mismatch")
def digits_with_one_output() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(1, activation="softmax")]
    made = model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return made, x / 255.0, y, {"epochs": 5}


@asked("wrong-loss", "wrong-output-units", "labels-encoding-mismatch")
def digits_as_regression() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(1)]
    made = model((28, 28, 1), stack, optimizer="adam", loss="mse", metrics=["accuracy"])
    return made, x / 255.0, y, {"epochs": 5}


@asked("labels-encoding-mismatch", "wrong-loss")
def digits_ints_for_categorical() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")]
    return model((28, 28, 1), stack, optimizer="adam", loss="categorical_crossentropy"), x / 255.0, y, {"epochs": 5}


@asked("missing-hidden-activation")
def convolutions_without_activation() -> Any:
    x, y = _bytes()
    stack = [
        layers.Conv2D(16, 3),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64),
        layers.Dense(10, activation="softmax"),
    ]
    return (
        model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy"),
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
        layers.Dense(2, activation="softmax"),
    ]
    made = model((28, 28, 3), stack, optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return made, x / 255.0, (y > 4).astype("float32"), {"epochs": 10, "batch_size": 16}


@asked("wrong-last-activation")
def cats_and_dogs_softmax() -> Any:
    x, y = _bytes(3, 300)
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(1),
        layers.Activation("softmax"),
    ]
    made = model((28, 28, 3), stack, optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return made, x / 255.0, (y > 4).astype("float32"), {"epochs": 10, "batch_size": 16}


@asked("wrong-last-activation", "wrong-loss")
def cats_and_dogs_relu_mse() -> Any:
    x, y = _bytes(3, 300)
    stack = [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(1, activation="relu"),
    ]
    return (
        model((28, 28, 3), stack, optimizer="adam", loss="mse", metrics=["accuracy"]),
        x / 255.0,
        y > 4,
        {"epochs": 10},
    )


def _stock(count: int = 400, steps: int = 20) -> tuple[Any, Any]:
    walk = 1200 + np.cumsum(numbers().normal(0, 5, count + steps))
    return np.stack([walk[i : i + steps] for i in range(count)])[..., None], walk[steps:]


@asked("missing-normalization", "missing-target-scaling")
def stock_prices_raw() -> Any:
    x, y = _stock()
    return (
        model((20, 1), [layers.LSTM(32), layers.Dense(1)], optimizer="adam", loss="mse"),
        x,
        y,
        {"epochs": 10, "batch_size": 32},
    )


@asked("wrong-last-activation", "missing-normalization", "missing-target-scaling", "wrong-metric")
def stock_prices_sigmoid() -> Any:
    x, y = _stock()
    stack = [layers.LSTM(32), layers.Dense(1, activation="sigmoid")]
    return model((20, 1), stack, optimizer="adam", loss="mse", metrics=["accuracy"]), x, y, {"epochs": 10}


@asked("wrong-architecture")
def sequence_left_on() -> Any:
    x, y = _stock()
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    stack = [layers.LSTM(16, return_sequences=True), layers.Dense(1)]
    return model((20, 1), stack, optimizer="adam", loss="mse"), x, y, {"epochs": 10}


@asked("wrong-input-type", "wrong-architecture")
def review_scores_into_embedding() -> Any:
    r = numbers()
    x = r.random((400, 20))
    stack = [layers.Embedding(1000, 8), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    return (
        model((20,), stack, optimizer="adam", loss="binary_crossentropy"),
        x,
        (x[:, 0] > 0.5).astype(int),
        {"epochs": 5},
    )


@asked("missing-normalization", "wrong-last-activation", "wrong-loss")
def autoencoder_on_bytes() -> Any:
    x, _ = _bytes()
    x = x.reshape(600, 784).astype("float32")
    stack = [layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")]
    return model((784,), stack, optimizer="adam", loss="binary_crossentropy"), x, x, {"epochs": 20, "batch_size": 256}


@asked("train-test-mismatch", "missing-normalization")
def test_pictures_not_scaled() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")]
    made = model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return made, x[:500] / 255.0, y[:500], {"epochs": 5, "validation_data": (x[500:], y[500:])}


@asked("wrong-layer-units", "wrong-architecture")
def hidden_units_of_one() -> Any:
    x, y = _bytes()
    stack = [layers.Flatten(), layers.Dense(2, activation="relu"), layers.Dense(10, activation="softmax")]
    return (
        model((28, 28, 1), stack, optimizer="adam", loss="sparse_categorical_crossentropy"),
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
        layers.Dense(10, activation="softmax"),
    ]
    made = model((28, 28, 1), stack, optimizer="adadelta", loss="categorical_crossentropy", metrics=["accuracy"])
    return made, x / 255.0, np.eye(10)[y], {"epochs": 12, "batch_size": 128}
