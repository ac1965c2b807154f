"""Train a copy for some steps inside one compiled function, and measure it. TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from modelwizard.engine import copies
from modelwizard.engine import keras_internals as internals

STRETCHES = 12
"""How many points of a loss curve are kept."""

JUDGED = 400
"""Rows that a loss is computed on, in one call: a recurrent net pays for each call."""


@dataclass
class Rows:
    """Rows to train on and rows held back, as tensors ready to gather from."""

    x: list[Any]
    y: list[Any]
    held_x: list[Any]
    held_y: list[Any]
    weight: Any = None
    x_keys: Sequence[str] = ()
    y_keys: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Number of rows to train on."""
        return int(self.y[0].shape[0])


def copied(
    model: Any,
    edit: Callable[[Any, dict[str, Any]], dict[str, Any]] | None = None,
    *,
    fresh: bool = False,
    optimizer: Any = None,
) -> Any:
    """Return a copy of a model, compiled with its loss and an optimizer without memory.

    Args:
        model: A compiled Sequential or functional model.
        edit: Changes the configuration of a layer. Defaults to no change.
        fresh: Whether to draw new first weights instead of copying them. Defaults to copying.
        optimizer: Another optimizer. Defaults to a new one with the original's settings.
    """

    def make(layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config(edit(layer, config) if edit is not None else config)

    made = copies.clone(model, make) if fresh else copies.copy(model, make)
    return compiled_like(made, model, optimizer)


def compiled_like(made: Any, model: Any, optimizer: Any = None) -> Any:
    """Return a copy, compiled with the loss of the original and an optimizer without memory."""
    if optimizer is None:
        inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        optimizer = type(inner).from_config(inner.get_config())
    return copies.compile_like(made, model, optimizer, jit_compile=False)


def feed(values: Sequence[Any], keys: Sequence[str] = ()) -> Any:
    """Return what a model is called with: a dict where it has keys, else one tensor, or a list of several."""
    if keys:
        return dict(zip(keys, values, strict=True))
    return values[0] if len(values) == 1 else list(values)


class Trainer:
    """Trains one compiled copy, a stretch of steps a call; the same compiled function serves other rows and rates.

    The engine of the worker trains whole epochs; a probe stops after some steps or seconds and starts again from the
    same weights, which is why it keeps a small loop of its own.
    """

    def __init__(self, model: Any, rows: Rows) -> None:
        self.model = model
        self.rows = rows
        model.optimizer.build(model.trainable_variables)
        self._weights = model.get_weights()
        self._memory = [v.numpy() for v in model.optimizer.variables]
        self._stretch: Any = None

    def again(self, rows: Rows, rate: float | None = None) -> Trainer:
        """Go back to the first weights, with other rows or another learning rate."""
        self.model.set_weights(self._weights)
        for variable, value in zip(self.model.optimizer.variables, self._memory, strict=True):
            variable.assign(value)
        if rate is not None:
            self.model.optimizer.learning_rate = rate
        types = [[a.dtype for a in (*r.x, *r.y)] for r in (self.rows, rows)]
        self._stretch = self._stretch if types[0] == types[1] else None  # whole numbers that were standardised
        self.rows = rows
        return self

    def _compiled(self) -> Any:
        if self._stretch is None:

            def spec(tensor: Any) -> Any:
                return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)

            weight = spec(self.rows.weight) if self.rows.weight is not None else None
            signature = [
                tf.TensorSpec([None, None], tf.int32),
                [spec(a) for a in self.rows.x],
                [spec(a) for a in self.rows.y],
            ]
            signature += [weight] if weight is not None else []
            self._stretch = tf.function(self._steps, input_signature=signature)
        return self._stretch

    def _steps(self, batches: Any, x: Any, y: Any, weight: Any = None) -> Any:
        losses = tf.TensorArray(tf.float32, size=tf.shape(batches)[0])
        for i in tf.range(tf.shape(batches)[0]):
            losses = losses.write(i, self._step(batches[i], x, y, weight))
        return losses.stack()

    def _step(self, batch: Any, x: Any, y: Any, weight: Any) -> Any:
        model = self.model
        fed = feed([tf.gather(a, batch) for a in x], self.rows.x_keys)
        wanted = feed([tf.gather(a, batch) for a in y], self.rows.y_keys)
        given = tf.gather(weight, batch) if weight is not None else None
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=fed, y=wanted, y_pred=model(fed, training=True), sample_weight=given)
        gradients: list[Any] = tape.gradient(loss, [v.value for v in model.trainable_variables])
        pairs = [(g, v) for g, v in zip(gradients, model.trainable_variables, strict=True) if g is not None]
        model.optimizer.apply([g for g, _ in pairs], [v for _, v in pairs])
        return tf.cast(loss, tf.float32)

    def train(self, steps: int, batch: int, seconds: float) -> tuple[list[float], int]:
        """Train for some steps or seconds.

        Args:
            steps: Steps to make.
            batch: Rows a step.
            seconds: When to stop at the latest, the compiling of the first stretch left aside.

        Returns:
            Mean loss of each stretch, and the steps that were made.
        """
        order = np.random.default_rng(0)
        batch = max(1, min(batch, self.rows.count))
        weight = [self.rows.weight] if self.rows.weight is not None else []
        stretch = self._compiled()
        losses: list[float] = []
        done, started = 0, 0.0
        stream = np.zeros(0, dtype=np.int32)
        each = max(1, steps // STRETCHES)
        while done < steps:
            now = min(1 if done == 0 else each, steps - done)
            while len(stream) < now * batch:
                stream = np.concatenate([stream, order.permutation(self.rows.count).astype(np.int32)])
            batches = tf.constant(stream[: now * batch].reshape(now, batch))
            found = stretch(batches, self.rows.x, self.rows.y, *weight).numpy()
            stream = stream[now * batch :]
            done += now
            started = started or time.perf_counter()
            losses.append(float(found.mean()))
            if not np.isfinite(losses[-1]):
                break
            spent = time.perf_counter() - started
            if done > 1 and spent > seconds:
                break
            if done == 1 + each and spent * STRETCHES > seconds:
                each = max(1, int(each * seconds / max(spent, 1e-6) / STRETCHES))
        return losses, done

    def loss(self, x: Sequence[Any], y: Sequence[Any], limit: int = JUDGED) -> tuple[float, NDArray[Any]]:
        """Return the plain loss (no penalties) and the first output of some rows, dropout off."""
        outputs = self.model(feed([a[:limit] for a in x], self.rows.x_keys), training=False)
        wanted = feed([a[:limit] for a in y], self.rows.y_keys)
        value = float(np.asarray(internals.compile_loss(self.model)(wanted, outputs)))
        return value, np.asarray(keras.tree.flatten(outputs)[0])
