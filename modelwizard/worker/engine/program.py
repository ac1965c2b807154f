"""A model with its compiled loops: built lazily, each once, and run over whole epochs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.worker.engine import arrays, evaluation
from modelwizard.worker.engine.arrays import Array, Rows
from modelwizard.worker.engine.evaluation import Evaluation, MetricsEvaluation, TrainMetrics
from modelwizard.worker.engine.loops import XLA_STEPS, GraphLoop, XlaLoop
from modelwizard.worker.engine.step import Model

# Seconds that one call of a compiled loop should last at most: between calls one can stop or be interrupted.
CALL_SECONDS = 0.5
# Bytes of outputs that training steps may leave behind for the metrics in one call.
KEPT_BYTES = 16e6


class Program:
    """The compiled loops of one model for one kind of data.

    Args:
        model: A compiled Keras model; built here if it was not.
        data: Training rows, for structure, types and shapes.
        metrics: Whether the metrics of `compile` are to be updated while training.
    """

    def __init__(self, model: Model, data: Rows, *, metrics: bool) -> None:
        self.model = model
        self.layout = arrays.layout(data)
        self.outputs = _build(model, data)
        self.in_blocks = evaluation.in_blocks(model)
        self.xla_error: str | None = None
        self._samples = arrays.tensors(arrays.take(data, slice(0, 1)))
        self._metrics = metrics and bool(getattr(model._compile_metrics, "metrics", []))
        self._graph: GraphLoop | None = None
        self._xla: dict[tuple[Any, ...], XlaLoop] = {}
        self._evaluations: dict[tuple[Any, ...], Any] = {}
        self._steps = 16

    @property
    def graph(self) -> GraphLoop:
        """Return the loop without XLA, compiled on first use."""
        if self._graph is None:
            self._graph = GraphLoop(self.model, self.layout, self._samples, self._kept())
        return self._graph

    def train(self, leaves: Sequence[tf.Tensor], order: Array, batch: int, mode: str) -> float:
        """Train once over the rows in `order`.

        Args:
            leaves: The data on the device.
            order: Row numbers, int32; the last batch may be smaller.
            batch: Rows of a batch.
            mode: "graph" or "xla"; a model that XLA refuses runs as a graph from then on.

        Returns:
            The mean of the batches' losses, weighted by their rows: Keras's running loss.
        """
        total = 0.0
        done = 0
        while done < len(order):
            part = order[done : done + self._call_steps(batch) * batch]
            full = len(part) // batch * batch
            if mode == "xla" and full and self.xla_error is None:
                part = part[:full]
                loss, kept = self._run_xla(leaves, part, batch)
            else:
                loss, kept = self._timed(lambda part=part: self.graph(leaves, part, batch), len(part) / batch)
            if self._metrics:
                self._train_metrics()(leaves, part, kept, evaluation.BLOCK if self.in_blocks else batch)
            total += loss
            done += len(part)
        return total / max(1, len(order))

    def losses(self, data: Rows, leaves: Sequence[tf.Tensor], batch: int) -> tuple[float, list[Array]]:
        """Return the mean loss without penalties, dropout off, and the outputs of all rows of `data`."""
        layout = arrays.layout(data)
        key = ("losses", layout.present)
        if key not in self._evaluations:
            flat = keras.tree.flatten(self.outputs)
            self._evaluations[key] = Evaluation(self.model, layout, leaves, flat)
        return self._evaluations[key](leaves, data.count, evaluation.BLOCK if self.in_blocks else batch)

    def evaluate(self, data: Rows, leaves: Sequence[tf.Tensor], batch: int) -> dict[str, float]:
        """Return what `model.evaluate(..., return_dict=True)` returns."""
        layout = arrays.layout(data)
        key = ("metrics", layout.present)
        if key not in self._evaluations:
            self._evaluations[key] = MetricsEvaluation(self.model, layout, leaves)
        self.model.reset_metrics()
        self._evaluations[key](leaves, data.count, evaluation.BLOCK if self.in_blocks else batch)
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def _run_xla(self, leaves: Sequence[tf.Tensor], part: Array, batch: int) -> tuple[float, list[Any]]:
        shapes = tuple((tuple(leaf.shape), leaf.dtype.name) for leaf in leaves)
        room = XLA_STEPS[0] if len(part) // batch <= XLA_STEPS[0] else XLA_STEPS[1]
        key = (shapes, batch, room)
        try:
            if key not in self._xla:
                self._xla[key] = XlaLoop(self.model, self.layout, leaves, self._kept(), batch, room)
            loop = self._xla[key]
            return self._timed(lambda: loop(leaves, part), len(part) / batch)
        except (tf.errors.OpError, NotImplementedError, TypeError, ValueError) as error:
            # The compilation failed, before any step was taken: the weights are as they were.
            self.xla_error = str(error)
            return self.graph(leaves, part, batch)

    def _timed(self, call: Callable[[], Any], steps: float) -> Any:
        """Run a call and set how many steps the next may take."""
        begin = time.perf_counter()
        result = call()
        seconds = (time.perf_counter() - begin) / max(1.0, steps)
        self._steps = int(np.clip(CALL_SECONDS / seconds, max(1, self._steps // 4), self._steps * 8))
        return result

    def _call_steps(self, batch: int) -> int:
        if not self._metrics:
            return max(1, min(self._steps, XLA_STEPS[1]))
        row = sum(np.prod(spec.shape[1:]) * spec.dtype.size for spec in keras.tree.flatten(self.outputs))
        return max(1, min(self._steps, XLA_STEPS[1], int(KEPT_BYTES / max(1.0, row * batch))))

    def _kept(self) -> list[tf.TensorSpec] | None:
        return keras.tree.flatten(self.outputs) if self._metrics else None

    def _train_metrics(self) -> TrainMetrics:
        key = ("train metrics",)
        if key not in self._evaluations:
            self._evaluations[key] = TrainMetrics(self.model, self.layout, self._samples, self.outputs)
        return self._evaluations[key]


def _build(model: Model, data: Rows) -> Any:
    """Create every variable of the model, its loss, metrics and optimizer; return the outputs' specification."""
    few = arrays.take(data, slice(0, 2))
    outputs = evaluation.output_specs(model, keras.tree.map_structure(tf.convert_to_tensor, few.x))
    model._symbolic_build(data_batch=(few.x, few.y, few.weight))
    return outputs
