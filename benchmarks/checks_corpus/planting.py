"""What faults are made of: a fault, and the ways to damage data and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from checks_corpus.recipes import Maker, Recipe

ALL = ("binary", "multiclass", "multilabel", "amount")
LABELED = ("binary", "multiclass", "multilabel")
DENSE = ("mlp", "conv", "words")


@dataclass(frozen=True)
class Fault:
    """One thing that is made wrong.

    Args:
        name: What is done.
        causes: Words that name it rightly.
        tasks: Tasks of the programs it can be planted in.
        plant: Returns the broken recipe, or None where it does not apply.
        bodies: Kinds of hidden layers it applies to; empty for all.
        only: Names of the recipes it applies to; empty for all.
    """

    name: str
    causes: tuple[str, ...]
    tasks: tuple[str, ...]
    plant: Callable[[Recipe], Recipe]
    bodies: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def fits(self, recipe: Recipe) -> bool:
        """Whether the fault can be planted in a recipe."""
        body = not self.bodies or recipe.body.__name__ in self.bodies
        return recipe.task in self.tasks and body and (not self.only or recipe.name in self.only)


def ids(recipe: Recipe) -> Any:
    """Return class numbers."""
    return recipe.y.argmax(-1) if recipe.y.ndim == 2 and recipe.task == "multiclass" else recipe.y


def one_hot(recipe: Recipe) -> Any:
    """Return one-hot labels."""
    return recipe.y if recipe.y.ndim == 2 else np.eye(recipe.units, dtype="float32")[recipe.y.astype(int)]


def with_nan(x: Any) -> Any:
    """Return inputs with holes."""
    broken = np.array(x, dtype="float32")
    broken.reshape(len(broken), -1)[::37, 0] = np.nan
    return broken


def ordered(recipe: Recipe) -> Recipe:
    """Sort the rows by label."""
    order = np.argsort(ids(recipe).reshape(len(recipe.y), -1)[:, 0], kind="stable")
    return replace(recipe, x=recipe.x[order], y=recipe.y[order])


def held_out(recipe: Recipe, change: Callable[[Any, Any], tuple[Any, Any]]) -> Recipe:
    """Hand the last rows over as validation data, changed."""
    cut = int(len(recipe.x) * 0.8)
    fit = {k: v for k, v in recipe.fit.items() if k != "validation_split"}
    held = change(recipe.x[cut:], recipe.y[cut:])
    return replace(recipe, x=recipe.x[:cut], y=recipe.y[:cut], fit={**fit, "validation_data": held})


def stretched(x: Any) -> Any:
    """Return inputs on raw scales."""
    if x.ndim > 2:
        return (x * 255).astype("float32")
    scale = np.geomspace(1, 3000, x.shape[1]).astype("float32")
    return x * scale + 2 * scale


def sgd(rate: float) -> Maker:
    """Return a maker of plain gradient descent."""
    return lambda: keras.optimizers.SGD(rate)


def adam(rate: float) -> Maker:
    """Return a maker of Adam."""
    return lambda: keras.optimizers.Adam(rate)


def rare(recipe: Recipe) -> tuple[Any, Any]:
    """Leave eight rows of the positive class."""
    ones, zeros = np.flatnonzero(recipe.y == 1)[:8], np.flatnonzero(recipe.y == 0)
    kept = np.random.default_rng(0).permutation(np.r_[ones, zeros])
    return recipe.x[kept], recipe.y[kept]
