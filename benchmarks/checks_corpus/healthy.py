"""What the healthy models share: data that can be learned, and a way to compile."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

Program = tuple[Any, Any, Any, dict[str, Any]]
FIT = {"batch_size": 64, "epochs": 10, "validation_split": 0.1}
SPARSE, BINARY = "sparse_categorical_crossentropy", "binary_crossentropy"


def digits(size: int = 16, count: int = 1000, channels: int = 1) -> tuple[Any, Any]:
    """Return small pictures of five kinds and their numbers."""
    r = np.random.default_rng(1)
    y = r.integers(0, 5, count)
    x = r.uniform(0, 0.2, size=(count, size, size, channels))
    for i, label in enumerate(y):
        a, b = r.integers(1, size - 6, 2)
        x[i, a : a + 5, b : b + 5] += np.roll(np.eye(5), label, axis=1)[..., None] * 0.8
    return x.astype("float32"), y


def tokens(length: int = 40, count: int = 1000) -> tuple[Any, Any]:
    """Return word numbers and whether their mood is good."""
    r = np.random.default_rng(2)
    x = r.integers(20, 500, size=(count, length))
    y = r.integers(0, 2, count)
    for i in range(count):
        x[i, r.integers(0, length, 5)] = r.integers(1, 10, 5) + 9 * y[i]
    return x, y


def table(count: int = 1000, width: int = 12) -> tuple[Any, Any]:
    """Return a table and an amount that depends on it."""
    r = np.random.default_rng(3)
    x = r.normal(size=(count, width)).astype("float32")
    return x, np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + x[:, 3] + 0.1 * r.normal(size=count)


def series(steps: int = 24, count: int = 800) -> tuple[Any, Any]:
    """Return waves and the value that follows each."""
    r = np.random.default_rng(4)
    phase, speed = r.uniform(0, 6, (count, 1)), r.uniform(0.1, 0.6, (count, 1))
    s = np.sin(phase + speed * np.arange(steps + 1)) + 0.05 * r.normal(size=(count, steps + 1))
    return s[:, :steps, None].astype("float32"), s[:, steps].astype("float32")


def sequential(
    stack: list[Any], shape: tuple[int, ...], loss: Any, optimizer: Any = "adam", metrics: Any = ("accuracy",)
) -> Any:
    """Return a compiled Sequential."""
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics) if metrics else None)
    return model
