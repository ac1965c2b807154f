"""What cannot run inside a compiled epoch, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from modelwizard.engine.step import Model

# Methods of keras.Model whose own version would not be run by the compiled loop.
_OWN_STEPS = ("train_step", "test_step", "compute_metrics", "make_train_function", "fit", "evaluate")
_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)


def model_reason(model: Model) -> str | None:
    """Say why this model cannot be trained by the compiled loop, or None."""
    thing: Any = model  # another name, so that the type checker does not narrow the model's
    if not isinstance(thing, keras.Model) or model.optimizer is None:
        return "the model has no optimizer of Keras 3"
    if model.run_eagerly or tf.config.functions_run_eagerly():
        return "it is to run eagerly"
    for name in _OWN_STEPS:
        if not getattr(type(model), name).__module__.startswith("keras."):
            return f"the model has a {name} of its own"
    if tf.distribute.has_strategy() or keras.distribution.distribution() is not None:
        return "it is distributed over devices"
    if model._distribute_strategy is not None:
        return "it is distributed over devices"
    if any(getattr(layer, "stateful", False) for layer in model._flatten_layers()):
        return "a stateful layer ties it to one batch size"
    if not isinstance(model.optimizer, keras.optimizers.Optimizer):
        return "the optimizer is none of Keras 3"
    return None


def callbacks_reason(callbacks: Iterable[Any]) -> str | None:
    """Say which callback must be called at every batch, or None."""
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            return f"{type(callback).__name__} is no callback of Keras 3"
        own = [hook for hook in _BATCH_HOOKS if not _is_default(getattr(callback, hook, None))]
        if own and not _idle(callback):
            return f"the callback {type(callback).__name__} is called at every batch ({own[0]})"
    return None


def _is_default(hook: Any) -> bool:
    """Say whether a hook is the empty one of `keras.callbacks.Callback` (Keras marks those)."""
    return hook is None or getattr(hook, "_is_default", False)


def _idle(callback: Any) -> bool:
    """Say whether a callback of Keras itself does nothing at batches as it is set, or can be served at epoch ends."""
    kind = type(callback)
    if kind in (keras.callbacks.ProgbarLogger, keras.callbacks.TerminateOnNaN):
        return True
    if kind in (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore):
        return callback.save_freq == "epoch"
    if kind is keras.callbacks.TensorBoard:
        return callback.update_freq == "epoch" and not callback.profile_batch
    return False
