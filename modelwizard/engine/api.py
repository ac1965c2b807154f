"""`mw.fit`: `model.fit` for data in memory, at the price of its arithmetic."""

from __future__ import annotations

import warnings
from typing import Any

import keras

from modelwizard.errors import UsageError

_SAID: set[str] = set()
EXECUTIONS = ("auto", "xla", "graph", "keras")


class HandedToKeras(UserWarning):
    """A training ran by `model.fit`, for the reason that the message gives; said once for each reason."""


def fit(
    model: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: str | int = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool | str = True,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | list[int] = 1,
    *,
    execution: str = "auto",
) -> keras.callbacks.History:
    """Train a compiled Keras model as `model.fit` does, with whole epochs inside one compiled function.

    All arguments but the last mean what they mean for `model.fit`, and callbacks are called at the same epoch ends.
    What cannot run compiled (batch-level callbacks, generators, a `train_step` of one's own, text inputs) is handed
    to `model.fit`, with one `HandedToKeras` warning that says why.

    Args:
        model: A compiled Keras 3 model.
        x: Inputs: an array, or a dict, list or tuple of arrays.
        y: Targets, likewise.
        batch_size: Rows of a batch. Defaults to 32, or to what makes `steps_per_epoch` batches of all rows.
        epochs: Number of the last epoch. Defaults to 1.
        verbose: 0, 1, 2 or "auto".
        callbacks: Keras callbacks.
        validation_split: Fraction of the last rows to validate on. Defaults to none.
        validation_data: (x, y) or (x, y, sample_weight) to validate on. Defaults to none.
        shuffle: True shuffles the rows before each epoch, "batch" within batches. Defaults to True.
        class_weight: Weight of each class id in the loss.
        sample_weight: Weight of each row in the loss.
        initial_epoch: Number of the first epoch. Defaults to 0.
        steps_per_epoch: Batches of an epoch; the next one goes on in the data where it ended. Defaults to all.
        validation_steps: Batches to validate on, from the first. Defaults to all.
        validation_batch_size: Rows of a validation batch. Defaults to `batch_size`.
        validation_freq: Validate every so many epochs, or at these. Defaults to 1.
        execution: "auto" chooses; "xla", "graph" and "keras" (`model.fit`) override.

    Returns:
        The same `keras.callbacks.History` as `model.fit`.

    Raises:
        UsageError: `execution` is none of the four.
    """
    if execution not in EXECUTIONS:
        raise UsageError("Unknown execution.", expected=", ".join(EXECUTIONS), received=str(execution))
    arguments = {name: value for name, value in locals().items() if name not in ("model", "execution")}
    if execution == "keras":
        return model.fit(**arguments)
    if keras.backend.backend() != "tensorflow":
        return _by_keras(model, f"the backend is {keras.backend.backend()}", arguments)
    from modelwizard.engine.fitting import Fit, NotCompiled

    try:
        return Fit(**arguments, execution=execution).run(model)
    except NotCompiled as reason:
        return _by_keras(model, str(reason), arguments)


def _by_keras(model: Any, reason: str, arguments: dict[str, Any]) -> keras.callbacks.History:
    """Train by `model.fit`, and say why once."""
    message = f"This training runs by model.fit, because {reason}."
    if message not in _SAID:
        _SAID.add(message)
        warnings.warn(message, HandedToKeras, stacklevel=3)
    return model.fit(**arguments)
