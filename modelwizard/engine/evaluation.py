"""Evaluation in one compiled call: Keras's metrics for `fit`, bare losses and outputs for trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Array, Layout
from modelwizard.engine.keeping import Describe, Function
from modelwizard.engine.step import Model, Stepper, batch_rows, forward, own_loss
from modelwizard.engine.tracing import loop, trace

# Rows of one forward pass where the batches of an evaluation do not change its result, and the numbers that the
# largest layer may give out in it.
BLOCK = 1024
BLOCK_NUMBERS = 16_000_000


class Evaluation:
    """The loss of `compile` (no penalties, dropout off) and the outputs of any number of rows.

    Args:
        stepper: Scores batches; its variables are captured.
        layout: How the leaves form (x, y, weight).
        leaves: Data of the right types and shapes; the number of rows stays free.
        outputs: Specification of each output.
    """

    def __init__(
        self, stepper: Stepper, layout: Layout, leaves: Sequence[tf.Tensor], outputs: Sequence[tf.TensorSpec]
    ) -> None:
        def run(leaves: list[tf.Tensor], rows: tf.Tensor, batch: tf.Tensor) -> Any:
            steps = (rows + batch - 1) // batch

            def body(i: tf.Tensor, total: tf.Tensor, kept: list[tf.TensorArray]) -> Any:
                x, y, weight = layout.pack(_slice(leaves, i, batch, rows))
                loss, y_pred = stepper.score(x, y, weight)
                flat = keras.tree.flatten(y_pred)
                kept = [array.write(i, tf.cast(output, tf.float32)) for array, output in zip(kept, flat, strict=True)]
                return i + 1, total + tf.cast(loss, tf.float32) * batch_rows(x), kept

            kept = [tf.TensorArray(tf.float32, steps, infer_shape=False, element_shape=spec.shape) for spec in outputs]
            _, total, kept = loop(steps, body, tf.constant(0.0), kept)
            return total / tf.cast(rows, tf.float32), [array.concat() for array in kept]

        self._function = _compile(run, leaves, stepper.origin, ("losses", layout))

    def __call__(self, leaves: Sequence[tf.Tensor], rows: int, batch: int) -> tuple[float, list[Array]]:
        """Return the mean loss of the first `rows` rows, and their outputs, each (rows, …) float32."""
        loss, *outputs = self._function(list(leaves), tf.constant(rows), tf.constant(batch))
        return float(loss), [output.numpy() for output in outputs]


class MetricsEvaluation:
    """What `model.evaluate` computes, left in the model's own metrics for `model.get_metrics_result`.

    Args:
        model: The model; its variables and metrics are captured.
        layout: How the leaves form (x, y, weight).
        leaves: Data of the right types and shapes; the number of rows stays free.
        origin: What the model's traces are kept by.
    """

    def __init__(self, model: Model, layout: Layout, leaves: Sequence[tf.Tensor], origin: Describe | None) -> None:
        def run(leaves: list[tf.Tensor], rows: tf.Tensor, batch: tf.Tensor) -> Any:
            def body(i: tf.Tensor) -> Any:
                x, y, weight = layout.pack(_slice(leaves, i, batch, rows))
                y_pred = forward(model, x, training=False)
                loss = internals.compute_loss(model, x, y, y_pred, weight, training=False)
                internals.running_loss(model).update_state(loss, sample_weight=batch_rows(x))
                update_metrics(model, y, y_pred, weight)
                return (i + 1,)

            return loop((rows + batch - 1) // batch, body)

        self._function = _compile(run, leaves, origin, ("evaluation", layout))

    def __call__(self, leaves: Sequence[tf.Tensor], rows: int, batch: int) -> None:
        """Evaluate the first `rows` rows in batches of `batch`, adding to the state of the metrics."""
        self._function(list(leaves), tf.constant(rows), tf.constant(batch))


class TrainMetrics:
    """Adds the outputs that training steps left behind to the metrics of `compile`, batch by batch.

    Metrics do not belong inside the loop: with 200 thresholds they cost ten times the step under XLA.

    Args:
        model: The model with its compiled metrics.
        layout: How the leaves form (x, y, weight).
        leaves: The training data, for types and shapes.
        outputs: The outputs' structure and specification.
        origin: What the model's traces are kept by.
    """

    def __init__(
        self,
        model: Model,
        layout: Layout,
        leaves: Sequence[tf.Tensor],
        outputs: Any,
        origin: Describe | None,
    ) -> None:
        def run(leaves: list[tf.Tensor], order: tf.Tensor, kept: list[tf.Tensor], batch: tf.Tensor) -> Any:
            rows = tf.size(order)

            def body(i: tf.Tensor) -> Any:
                index = order[i * batch : tf.minimum((i + 1) * batch, rows)]
                _, y, weight = layout.pack([tf.gather(leaf, index) for leaf in leaves])
                y_pred = keras.tree.pack_sequence_as(outputs, _slice(kept, i, batch, rows))
                update_metrics(model, y, y_pred, weight)
                return (i + 1,)

            return loop((rows + batch - 1) // batch, body)

        self._function = trace(
            run,
            [tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype) for leaf in leaves],
            tf.TensorSpec([None], tf.int32),
            keras.tree.flatten(outputs),
            tf.TensorSpec([], tf.int32),
            origin=origin,
            told=("metrics", layout, outputs),
        )

    def __call__(self, leaves: Sequence[tf.Tensor], order: Array, kept: Sequence[tf.Tensor], batch: int) -> None:
        """Update the metrics with the outputs `kept` of the rows in `order`."""
        self._function(list(leaves), tf.constant(order, tf.int32), list(kept), tf.constant(batch))


def update_metrics(model: Model, y: Any, y_pred: Any, weight: Any) -> None:
    """Add a batch to the metrics of `compile`, if there are any."""
    metrics = internals.compile_metrics(model)
    if metrics is not None:
        metrics.update_state(y, y_pred, sample_weight=weight)


def build(model: Model, x: Any, y: Any, weight: Any) -> Any:
    """Create every variable of a model, its loss, metrics and optimizer from a few rows.

    Returns:
        The structure of the outputs as specifications with a free first axis.
    """
    if _described(model):
        outputs = model.outputs[0] if isinstance(model, keras.Sequential) else model.output
    else:
        outputs = forward(model, keras.tree.map_structure(tf.convert_to_tensor, x), training=False)
    internals.build_all(model, x, y, weight)
    return keras.tree.map_structure(lambda t: tf.TensorSpec([None, *t.shape[1:]], t.dtype), outputs)


def _described(model: Model) -> bool:
    """Say whether a model tells the shapes of its outputs; calling a recurrent one takes half a second."""
    if not internals.is_graph(model) or not model.built:
        return False
    return all(None not in tensor.shape[1:] for tensor in keras.tree.flatten(model.outputs))


def block(model: Model, batch: int) -> int:
    """Return how many rows to evaluate at a time where any number gives the same: many, if they fit into memory."""
    widest = 1
    for layer in internals.layers(model):
        try:
            shapes = [tensor.shape for tensor in keras.tree.flatten(layer.output)]
        except (AttributeError, ValueError):  # not built by a functional call, or called more than once
            continue
        widest = max([widest, *(int(np.prod([size or 1 for size in shape[1:]])) for shape in shapes)])
    return max(batch, min(BLOCK, BLOCK_NUMBERS // widest))


def in_blocks(model: Model) -> bool:
    """Say whether losses and metrics come out the same for any batching, so that large blocks may be used.

    True for Keras's own losses with the mean over the batch and its own metrics, on models without masks and
    without `add_loss`; whatever else is evaluated in the user's batches.
    """
    loss = internals.compile_loss(model)
    if loss is None or own_loss(model) or own_reduction(model) or _masked(model):
        return False
    if loss.metrics or _adds_loss(model):
        return False  # Keras counts every batch alike for the losses of single outputs
    return all(_of_keras(metric) for metric in getattr(internals.compile_metrics(model), "metrics", []))


def _adds_loss(model: Model) -> bool:
    """Say whether a layer adds a loss that depends on its inputs; the model has just been called, or traced."""
    layers = internals.layers(model)
    return any(internals.adds_loss(layer) or getattr(layer, "activity_regularizer", None) for layer in layers)


def own_reduction(model: Model) -> bool:
    """Say whether a loss is the user's own function or is not averaged over the batch."""
    losses = internals.losses(model)
    return not losses or any(loss.reduction != "sum_over_batch_size" or not _of_keras(loss) for loss in losses)


def _of_keras(thing: Any) -> bool:
    """Say whether a loss or a metric, and the function that it averages, are Keras's own."""
    function = internals.wrapped(thing)
    return internals.of_keras(type(thing)) and (function is None or internals.of_keras(function))


def _masked(model: Model) -> bool:
    layers = internals.layers(model)
    return any(getattr(layer, "mask_zero", False) or type(layer).__name__ == "Masking" for layer in layers)


def _slice(leaves: Sequence[tf.Tensor], i: tf.Tensor, batch: tf.Tensor, rows: tf.Tensor) -> list[tf.Tensor]:
    return [leaf[i * batch : tf.minimum((i + 1) * batch, rows)] for leaf in leaves]


def _compile(run: Any, leaves: Sequence[tf.Tensor], origin: Describe | None, told: Any) -> Function:
    return trace(
        run,
        [tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype) for leaf in leaves],
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.int32),
        origin=origin,
        told=told,
    )
