"""The one way to copy a model: its layers anew, its weights if wanted, and what it was compiled with."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import keras

from modelwizard.engine import keras_internals as internals

Model = Any  # keras.Model; its training internals carry no types


def clone(model: Model, make: Callable[[Any], Any] | None = None) -> Model:
    """Return a model of the same layers with first weights of its own, but for adapted statistics; not compiled.

    Args:
        model: A Functional or Sequential model.
        make: Makes the copy of a layer, at every depth. Defaults to one of the same configuration.
    """
    with _uncompiled(model):
        made = keras.models.clone_model(model, clone_function=make, recursive=make is not None)
    for layer, twin in zip(_normalising(model), _normalising(made), strict=True):
        twin.set_weights(layer.get_weights())
        twin.finalize_state()  # its mean and variance are read from its weights only here
    return made


def copy(model: Model, make: Callable[[Any], Any] | None = None) -> Model:
    """Return a clone that has the weights of the model, too."""
    made = clone(model, make)
    made.set_weights(model.get_weights())
    return made


def compile_like(made: Model, model: Model, optimizer: Any, **settings: Any) -> Model:
    """Compile a clone with the losses of the model and their weights, without metrics; return it.

    Args:
        made: The clone.
        model: The original.
        optimizer: Of the clone.
        **settings: Further arguments of `compile`.
    """
    made.compile(optimizer, model.loss, loss_weights=internals.loss_weights(model), **settings)
    return made


def _normalising(model: Model) -> list[Any]:
    return [
        layer for layer in internals.layers(model) if isinstance(layer, keras.layers.Normalization) and layer.weights
    ]


@contextmanager
def _uncompiled(model: Model) -> Generator[None]:
    """Let a model pass as not compiled: a clone would be compiled from a configuration, which own classes lack."""
    compiled = [part for part in internals.layers(model) if getattr(part, "compiled", False)]
    for part in compiled:
        part.compiled = False
    try:
        yield
    finally:
        for part in compiled:
            part.compiled = True
