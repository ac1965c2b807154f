"""How the forum part is entered: programs written by somebody who had not read the rules.

Each stands for a kind of question that forums get about misbehaving programs, rewritten with generated data. A program
names every cause that a good answer would give; an empty list of causes means that nothing is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from checks_corpus.asked import Asked


class Entry:
    """A list that programs enter themselves in: `@entry("cause", …)` above a broken one, `@entry` above a right one."""

    def __init__(self) -> None:
        self.programs: list[Asked] = []

    def __call__(self, *given: Any) -> Any:
        """Enter a program, or return what enters it with its causes."""
        if callable(given[0]):
            self.programs.append(Asked(given[0].__name__, (), given[0]))
            return given[0]

        def enter(make: Callable[[], Any]) -> Any:
            self.programs.append(Asked(make.__name__, given, make))
            return make

        return enter


forum, sound = Entry(), Entry()


def stack(shape: tuple[int, ...], *layers: Any) -> Any:
    """Return a Sequential, built layer by layer as most people write it."""
    model = keras.Sequential()
    model.add(keras.Input(shape))
    for layer in layers:
        model.add(layer)
    return model


def customers(count: int = 900, width: int = 8) -> tuple[Any, Any]:
    """Return a standardised table and a yes or no that depends on it."""
    r = np.random.default_rng(21)
    x = r.normal(size=(count, width))
    score = x[:, 0] - x[:, 1] * x[:, 2] + 0.8 * x[:, 3] + 0.4 * r.normal(size=count)
    return x.astype("float32"), (score > 0).astype("float32")


def flowers(count: int = 600) -> tuple[Any, Any]:
    """Return four measures of three kinds of flower, and the kind's number."""
    r = np.random.default_rng(22)
    kind = r.integers(0, 3, count)
    centre = np.array([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.5, 2.0]])
    return (centre[kind] + 0.3 * r.normal(size=(count, 4))).astype("float32"), kind


def cars(count: int = 500) -> tuple[Any, Any]:
    """Return raw measures of cars and their consumption in miles a gallon."""
    r = np.random.default_rng(23)
    weight, power, year = r.normal(3000, 800, count), r.normal(105, 35, count), r.integers(70, 83, count)
    mpg = 45 - 0.006 * weight - 0.05 * power + 0.6 * (year - 70) + 1.5 * r.normal(size=count)
    return np.stack([weight, power, year], 1), mpg


def standard(x: Any) -> Any:
    """Return columns of mean 0 and deviation 1."""
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")


def glyphs(count: int = 700, size: int = 20, kinds: int = 10) -> tuple[Any, Any]:
    """Return grey pictures in bytes, and their class."""
    r = np.random.default_rng(24)
    y = r.integers(0, kinds, count)
    shapes = np.kron(r.integers(0, 2, (kinds, 5, 5)), np.ones((2, 2)))
    x = r.integers(0, 50, (count, size, size))
    for i, kind in enumerate(y):
        a, b = r.integers(2, size - 12, 2)
        x[i, a : a + 10, b : b + 10] += (180 * shapes[kind]).astype(int)
    return x[..., None].astype("uint8"), y


def reviews(count: int = 800, length: int = 40, words: int = 1000, kinds: int = 2) -> tuple[Any, Any]:
    """Return word numbers, padded with zeros at the end, and the kind of the text."""
    r = np.random.default_rng(25)
    x, y = r.integers(100, words, (count, length)), r.integers(0, kinds, count)
    for i in range(count):
        end = int(r.integers(20, length + 1))
        x[i, r.integers(0, end, 6)] = r.integers(1, 8, 6) + 10 * y[i]
        x[i, end:] = 0
    return x, y


def prices(count: int = 500, steps: int = 30) -> tuple[Any, Any]:
    """Return windows of a price and the price that follows each."""
    r = np.random.default_rng(26)
    walk = 350 + np.cumsum(0.2 * r.normal(size=count + steps)) + 40 * np.sin(np.arange(count + steps) / 12)
    return np.stack([walk[i : i + steps] for i in range(count)])[..., None], walk[steps:]


def sensors(count: int = 600, steps: int = 64) -> tuple[Any, Any]:
    """Return signals of three sensors, and which of four movements made them."""
    r = np.random.default_rng(27)
    y, t = r.integers(0, 4, count), np.arange(steps)
    speed = np.array([0.15, 0.3, 0.6, 1.0])[y][:, None, None]
    x = np.sin(speed * t[None, :, None] + r.uniform(0, 6, (count, 1, 3))) + 0.3 * r.normal(size=(count, steps, 3))
    return x.astype("float32"), y
