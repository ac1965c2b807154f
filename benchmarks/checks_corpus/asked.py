"""How questions are entered: programs in the shape in which people ask about them.

Written by hand after the kinds of question that come back every month; none is copied. Each names every cause that a
good answer would give; one of them among the first three findings counts as named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np


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


def model(shape: tuple[int, ...], stack: list[Any], **settings: Any) -> Any:
    """Return a compiled Sequential."""
    made = keras.Sequential([keras.Input(shape), *stack])
    made.compile(**settings)
    return made


def numbers() -> np.random.Generator:
    """Return the generator that every question starts from."""
    return np.random.default_rng(11)
