"""What cannot run inside a compiled epoch, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.step import Model, Stepper

# The versions that the tests have run with, as (major, minor); the oldest are those of setup.cfg.
TESTED = {"keras": (3, 15), "tensorflow": (2, 21)}
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


@cache
def versions_reason() -> str | None:
    """Say why nothing can be trained by the compiled loop with the Keras and TensorFlow that are installed, or None."""
    names = internals.missing()
    if names:
        return f"{installed()} lacks {', '.join(names)}, which modelwizard needs"
    if untested() and not _descends():
        return f"{installed()} is newer than modelwizard knows, and takes its steps in another way"
    return None


def untested() -> bool:
    """Say whether Keras or TensorFlow is newer than all that modelwizard was tested with."""
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
    return any(tuple(map(int, versions[name].split(".")[:2])) > tested for name, tested in TESTED.items())


def installed() -> str:
    """Name the versions that are installed."""
    return f"Keras {keras.__version__} with TensorFlow {tf.__version__}"


def install() -> str:
    """Return the command that installs the newest versions that modelwizard was tested with."""
    return " ".join(["pip install", *(f'"{name}=={major}.{minor}.*"' for name, (major, minor) in TESTED.items())])


def _descends() -> bool:
    """Say whether a step is that of the textbook: a linear model with an L2 penalty, by momentum and weight decay."""
    x, y, weight = np.array([[1.0], [3.0]], "float32"), np.array([[2.0], [0.0]], "float32"), np.ones(2, "float32")
    inputs = keras.Input((1,), name="inputs")
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer="l2", name="dense")
    model: Any = keras.Model(inputs, dense(inputs), name="sample")
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5, weight_decay=0.5, name="sgd"), "mse")
    stepper = Stepper(model)
    try:
        found = [float(stepper.train_step(*map(tf.constant, (x, y, weight)))[0]) for _ in "12"]
    except Exception:  # of any kind: what a Keras to come may do is not known
        return False
    value, speed, wanted = 1.0, 0.0, list[float]()
    for _ in found:
        wanted.append(float(np.mean((value * x - y) ** 2)) + 0.01 * value**2)
        gradient = float(np.mean(2 * (value * x - y) * x)) + 0.02 * value
        speed = 0.5 * speed - 0.1 * gradient
        value += speed - 0.1 * 0.5 * value
    return bool(np.allclose([*found, *np.ravel(model.get_weights())], [*wanted, value], rtol=1e-4))


def model_reason(model: Model) -> str | None:
    """Say why this model cannot be trained by the compiled loop, or None."""
    thing: Any = model  # another name, so that the type checker does not narrow the model's
    if not isinstance(thing, keras.Layer):
        return "it is no model of Keras 3"
    if model.run_eagerly or tf.config.functions_run_eagerly():
        return "it is to run eagerly"
    for name in _OWN_STEPS:
        if not internals.of_keras(getattr(type(model), name, None)):
            return f"the model has a {name} of its own"
    if tf.distribute.has_strategy() or keras.distribution.distribution() is not None or internals.distributed(model):
        return "it is distributed over devices"
    if any(getattr(layer, "stateful", False) for layer in internals.layers(model)):
        return "a stateful layer ties it to one batch size"
    if not isinstance(model.optimizer, keras.optimizers.Optimizer | None):
        return "the optimizer is none of Keras 3"
    return None


def callbacks_reason(callbacks: Iterable[Any]) -> str | None:
    """Say which callback must be called at every batch, or None."""
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            return f"{type(callback).__name__} is no callback of Keras 3"
        own = [hook for hook in _BATCH_HOOKS if not internals.unused(getattr(callback, hook, None))]
        if own and not _idle(callback):
            return f"the callback {type(callback).__name__} is called at every batch ({own[0]})"
    return None


def may_touch(callbacks: Iterable[Any]) -> bool:
    """Say whether a callback has code of the user's own, which may set what layers read when they are traced."""
    return any(
        isinstance(callback, keras.callbacks.LambdaCallback) or not internals.of_keras(type(callback))
        for callback in callbacks
    )


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
