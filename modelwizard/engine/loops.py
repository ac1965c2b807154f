"""Many training steps inside one compiled function, with XLA or without.

Both loops take the rows as tensors and the order of the rows as an argument, so that shuffling, folds and subsets
cost no new compilation. Keras's batch-by-batch overhead (about a millisecond a step) is paid once a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import filling
from modelwizard.engine.arrays import Array, Layout
from modelwizard.engine.device import on_gpu
from modelwizard.engine.randomness import threefry
from modelwizard.engine.step import Stepper
from modelwizard.engine.tracing import loop, trace

# Steps a call of an XLA loop has room for (its shapes are fixed); shorter calls leave the rest unused.
XLA_STEPS = (128, 1024)


class GraphLoop:
    """A plain `tf.function` over any number of rows and any batch size, the last and smaller batch included.

    Args:
        stepper: Takes the steps; its variables are captured.
        layout: How the leaves form (x, y, weight).
        leaves: The data, for their types and shapes; the number of rows stays free.
        outputs: Specification of each output, or None when outputs need not be kept (no metrics).
    """

    def __init__(
        self,
        stepper: Stepper,
        layout: Layout,
        leaves: Sequence[tf.Tensor],
        outputs: Sequence[tf.TensorSpec] | None,
    ) -> None:
        def run(leaves: list[tf.Tensor], order: tf.Tensor, batch: tf.Tensor) -> Any:
            total = tf.size(order)
            steps = (total + batch - 1) // batch

            def body(i: tf.Tensor, loss_sum: tf.Tensor, kept: list[tf.TensorArray]) -> Any:
                index = order[i * batch : tf.minimum((i + 1) * batch, total)]
                x, y, weight = layout.pack([tf.gather(leaf, index) for leaf in leaves])
                loss, y_pred = stepper.train_step(x, y, weight)
                kept = _keep(kept, i, y_pred)
                return i + 1, loss_sum + _weighted(loss, tf.size(index)), kept

            kept = [
                tf.TensorArray(spec.dtype, steps, infer_shape=False, element_shape=spec.shape) for spec in outputs or ()
            ]
            _, loss_sum, kept = loop(steps, body, tf.constant(0.0), kept)
            return loss_sum, [array.concat() for array in kept]

        self._function = trace(
            run,
            [tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype) for leaf in leaves],
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([], tf.int32),
            origin=stepper.origin,
            told=("plain loop", layout, bool(outputs)),
        )

    @property
    def operations(self) -> list[str]:
        """The type of every operation of one step, for estimates and for finding convolutions."""
        return self._function.operations

    def __call__(self, leaves: Sequence[tf.Tensor], order: Array, batch: int) -> tuple[float, list[Any]]:
        """Train on the rows in `order`.

        Returns:
            The sum of the batches' losses, each weighted by its rows, and the outputs, each (len(order), …).
        """
        loss, *outputs = self._function(list(leaves), tf.constant(order, tf.int32), tf.constant(batch, tf.int32))
        return float(loss), outputs


class XlaLoop:
    """A loop compiled by XLA for one batch size and one number of rows.

    Args:
        stepper: Takes the steps; its variables are captured.
        layout: How the leaves form (x, y, weight).
        leaves: The data; their shapes are compiled in.
        outputs: Specification of each output, or None when outputs need not be kept.
        batch: Rows of a batch.
        steps: Steps a call has room for.
        fills: Whether a last, smaller batch is filled up with rows of weight 0 (`filling.fills`); there are full
            batches only otherwise.
    """

    def __init__(
        self,
        stepper: Stepper,
        layout: Layout,
        leaves: Sequence[tf.Tensor],
        outputs: Sequence[tf.TensorSpec] | None,
        batch: int,
        steps: int,
        *,
        fills: bool,
    ) -> None:
        def run(leaves: list[tf.Tensor], order: tf.Tensor, rows: tf.Tensor) -> Any:
            def body(i: tf.Tensor, loss_sum: tf.Tensor, kept: list[tf.TensorArray]) -> Any:
                index = order[i]
                x, y, weight = layout.pack([tf.gather(leaf, index) for leaf in leaves])
                real = tf.minimum(batch, rows - i * batch)
                if fills:
                    weight = filling.weights(weight, real, batch)
                loss, y_pred = stepper.train_step(x, y, weight)
                kept = _keep(kept, i, y_pred)
                return i + 1, loss_sum + _weighted(loss, real), kept

            kept = [tf.TensorArray(spec.dtype, steps, element_shape=[batch, *spec.shape[1:]]) for spec in outputs or ()]
            _, loss_sum, kept = loop((rows + batch - 1) // batch, body, tf.constant(0.0), kept)
            return loss_sum, [_flat(array.stack()) for array in kept]

        self.stepper = stepper
        self.batch = batch
        self.steps = steps
        with _fast_random():
            self._function = trace(
                run,
                [tf.TensorSpec(leaf.shape, leaf.dtype) for leaf in leaves],
                tf.TensorSpec([steps, batch], tf.int32),
                tf.TensorSpec([], tf.int32),
                xla=True,
                origin=stepper.origin,
                told=("loop", layout, bool(outputs), fills),
            )

    def __call__(self, leaves: Sequence[tf.Tensor], order: Array, batch: int) -> tuple[float, list[Any]]:
        """Train on at most `steps` batches of the size that was compiled.

        Returns:
            As `GraphLoop`.
        """
        room = np.zeros(self.steps * batch, np.int32)
        room[: len(order)] = order
        rows = tf.constant(len(order), tf.int32)
        loss, *outputs = self._function(list(leaves), tf.constant(room.reshape(self.steps, batch)), rows)
        return float(loss), [output[: len(order)] for output in outputs]


def _keep(kept: list[tf.TensorArray], i: tf.Tensor, y_pred: Any) -> list[tf.TensorArray]:
    if not kept:
        return kept
    flat = keras.tree.flatten(y_pred)
    return [array.write(i, output) for array, output in zip(kept, flat, strict=True)]


def _weighted(loss: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    return tf.cast(loss, tf.float32) * tf.cast(rows, tf.float32)


def _flat(stacked: tf.Tensor) -> tf.Tensor:
    """Join the axes (steps, batch, …) of kept outputs to (rows, …)."""
    rest = list(stacked.shape[2:])
    return tf.reshape(stacked, [-1, *rest])


def _fast_random() -> AbstractContextManager[None]:
    """Return the context in which a function for XLA is traced on the machine at hand."""
    return nullcontext() if on_gpu() else threefry()
