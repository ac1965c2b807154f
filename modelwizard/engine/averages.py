"""The moving average of the weights that an optimizer with `use_ema` keeps, in the place of the weights.

Keras starts the average at the weights after the first step (their momentum is 0 there), so that it needs no
correction for a start at zero; it lags behind the weights by about 1 / (1 - ema_momentum) steps.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.step import Model


def pairs(model: Model) -> list[tuple[Any, Any]]:
    """Pair each weight with its average; nothing before the first step, or without `use_ema`."""
    return [
        (variable, average)
        for optimizer in _inner(model.optimizer)
        if getattr(optimizer, "use_ema", False) and optimizer.built and internals.steps_taken(optimizer) > 0
        for variable, average in zip(
            internals.averaged_variables(optimizer), internals.moving_averages(optimizer), strict=True
        )
        if average is not None
    ]


@contextmanager
def averaged(model: Model) -> Generator[None]:
    """Give the model its averaged weights inside, as `keras.callbacks.SwapEMAWeights` does around an evaluation."""
    swapped = [(variable, variable.numpy(), average) for variable, average in pairs(model)]
    for variable, _, average in swapped:
        variable.assign(average)
    try:
        yield
    finally:
        for variable, raw, _ in swapped:
            variable.assign(raw)


def _inner(optimizer: Any) -> list[Any]:
    """Return the optimizers that hold averages: those inside a loss scaler or a collection of optimizers."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    return list(getattr(optimizer, "optimizers", [optimizer]))
