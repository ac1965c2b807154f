"""A model with its compiled loops: built lazily, each once, and run over whole epochs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.engine import arrays, averages, cost, evaluation, filling, origins
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Array, Rows
from modelwizard.engine.evaluation import Evaluation, MetricsEvaluation, TrainMetrics
from modelwizard.engine.loops import XLA_STEPS, GraphLoop, XlaLoop
from modelwizard.engine.step import Model, Stepper

# Seconds that one call of a compiled loop should last at most: between calls one can stop or be interrupted.
CALL_SECONDS = 0.5
# Bytes of outputs that training steps may leave behind for the metrics in one call.
KEPT_BYTES = 16e6
# Steps from which a call says how fast a loop is.
TIMED_STEPS = 8

Leaves = Sequence[tf.Tensor]


class Program:
    """The compiled loops of one model, or of one structure of models, for one kind of data.

    Args:
        stepper: What the loops run; its model is built here if it was not.
        data: Training rows, for structure, types and shapes.
        metrics: Whether the metrics of `compile` are to be updated while training.

    Attributes:
        speeds: Seconds a step that each way has been seen to take, at best.
        xla_error: Why XLA could not compile the model, if it could not.
    """

    def __init__(self, stepper: Stepper, data: Rows, *, metrics: bool) -> None:
        self.stepper = stepper
        self.model = model = stepper.model
        self.layout = arrays.layout(data)
        self.speeds: dict[str, float] = {}
        self.xla_error: str | None = None
        self._few = arrays.take(data, slice(0, 2))
        self._samples = arrays.tensors(self._few)
        self.outputs = evaluation.build(model, self._few.x, self._few.y, self._few.weight)
        if stepper.origin is None:
            stepper.origin = lambda: origins.of_model(model, self._few)
        self._in_blocks = evaluation.in_blocks(model)
        self._fills = self._in_blocks and filling.fills(model)
        self._blocks: tuple[Model, int, int] = (None, 0, 0)  # the model, the batch, and its block
        self._metrics = metrics and bool(getattr(internals.compile_metrics(model), "metrics", []))
        self._graph: GraphLoop | None = None
        self._xla: dict[tuple[Any, ...], XlaLoop] = {}
        self._evaluations: dict[tuple[Any, ...], Any] = {}
        self._steps = 16

    def loaded(self) -> Model:
        """Return the model whose shapes are trained at present."""
        return self.model

    def exact(self) -> Stepper:
        """Return a stepper whose shapes are all known, as XLA needs it."""
        return self.stepper

    @property
    def graph(self) -> GraphLoop:
        """Return the loop without XLA, compiled on first use."""
        if self._graph is None:
            self._graph = GraphLoop(self.stepper, self.layout, self._samples, self._kept())
        return self._graph

    def cost(self, batch: int) -> cost.Cost:
        """Estimate a step and a compilation."""
        operations = cost.count(self.model) or self.graph.operations
        return cost.estimate(self.model, operations, batch, cost.CPU)

    def compiled(self, batch: int) -> bool:
        """Say whether XLA has compiled the loaded shapes already, for some number of rows."""
        stepper = self.exact()
        return any(loop.stepper is stepper and loop.batch == batch for loop in self._xla.values())

    def place(self, data: Rows, room: int | None = None) -> list[tf.Tensor]:
        """Copy rows to the device, padded to a size that other folds and trials share.

        Args:
            data: The rows.
            room: Rows that the size has to do for at least. Defaults to no padding.
        """
        return arrays.tensors(data, None if room is None else arrays.capacity(max(data.count, room)))

    def train(self, leaves: Leaves, order: Array, batch: int, mode: str) -> float:
        """Train once over the rows in `order`.

        Args:
            leaves: The data on the device.
            order: Row numbers, int32; the last batch may be smaller.
            batch: Rows of a batch.
            mode: "graph" or "xla"; a model that XLA refuses runs as a graph from then on.

        Returns:
            The mean of the batches' losses, weighted by their rows: Keras's running loss.
        """
        total, done = 0.0, 0
        room = XLA_STEPS[0] if len(order) <= XLA_STEPS[0] * batch else XLA_STEPS[1]
        while done < len(order):
            part = order[done : done + self._call_steps(batch, room) * batch]
            full = len(part) if self._fills else len(part) // batch * batch
            if mode == "xla" and full and self.xla_error is None:
                part = part[:full]
                loss, kept = self._run_xla(leaves, part, batch, room)
            else:
                loss, kept = self._timed("graph", self.graph, leaves, part, batch)
            if self._metrics:
                self._train_metrics()(leaves, part, kept, self._block(batch))
            total += loss
            done += len(part)
        return total / max(1, len(order))

    def losses(self, data: Rows, leaves: Leaves, batch: int) -> tuple[float, list[Array]]:
        """Return the mean loss without penalties, dropout off, and the outputs of all rows of `data`.

        An optimizer that averages weights is judged by the averaged ones.
        """
        flat = keras.tree.flatten(self.outputs)
        run = self._evaluation("losses", data, lambda layout: Evaluation(self.stepper, layout, leaves, flat))
        with averages.averaged(self.model):
            return run(leaves, data.count, self._block(batch))

    def evaluate(self, data: Rows, leaves: Leaves, batch: int) -> dict[str, Any]:
        """Return what `model.evaluate(..., return_dict=True)` returns, as tensors: callbacks are given numbers."""
        origin = self.stepper.origin
        run = self._evaluation("metrics", data, lambda layout: MetricsEvaluation(self.model, layout, leaves, origin))
        self.model.reset_metrics()
        run(leaves, data.count, self._block(batch))
        return dict(self.model.get_metrics_result())

    def weights(self) -> Any:
        """Copy the present weights, averaged where the optimizer averages them."""
        with averages.averaged(self.model):
            return self.model.get_weights()

    def plan(self, steps: int) -> None:
        """Learn how many steps a training may take."""

    def store(self, weights: Any, model: Model) -> None:
        """Write weights that `weights` returned into the model."""
        model.set_weights(weights)

    def forget(self, stepper: Stepper) -> None:
        """Drop what was compiled for a stepper."""
        self._xla = {key: loop for key, loop in self._xla.items() if loop.stepper is not stepper}

    def _run_xla(self, leaves: Leaves, part: Array, batch: int, room: int) -> tuple[float, list[Any]]:
        stepper = self.exact()
        key = (id(stepper), tuple(tuple(leaf.shape) for leaf in leaves), batch, room)
        try:
            first = key not in self._xla
            if first:
                self._xla[key] = XlaLoop(stepper, self.layout, leaves, self._kept(), batch, room, fills=self._fills)
            with self._single_losses(batch):
                return self._timed("first" if first else "xla", self._xla[key], leaves, part, batch)
        except (tf.errors.OpError, NotImplementedError, TypeError, ValueError) as error:
            # The compilation failed, before any step was taken: the weights are as they were.
            self._xla.pop(key, None)
            self.xla_error = str(error)
            reason = self.xla_error.partition("\n")[0][:200]
            warnings.warn(f"XLA cannot compile this model, which trains more slowly without: {reason}", stacklevel=2)
            return self.graph(leaves, part, batch)

    @contextmanager
    def _single_losses(self, batch: int) -> Generator[None]:
        """Count each batch once in the losses of single outputs, as Keras does where the batch size is open.

        Keras weights these by the batch size if it is known when the step is traced, as it must be for XLA.
        """
        trackers = getattr(internals.compile_loss(self.model), "metrics", [])
        before = [[v.numpy() for v in tracker.variables] for tracker in trackers]
        yield
        for tracker, values in zip(trackers, before, strict=True):
            for variable, value in zip(tracker.variables, values, strict=True):
                variable.assign(value + (variable.numpy() - value) / batch)

    def _timed(self, mode: str, loop: Any, leaves: Leaves, part: Array, batch: int) -> Any:
        """Run a call, note how fast it was, and set how many steps the next may take."""
        steps = max(1, len(part) // batch)
        begin = time.perf_counter()
        result = loop(leaves, part, batch)
        seconds = (time.perf_counter() - begin) / steps
        if mode == "first":
            return result
        self._steps = int(np.clip(CALL_SECONDS / seconds, max(1, self._steps // 4), self._steps * 8))
        if steps >= TIMED_STEPS:
            self.speeds[mode] = min(seconds, self.speeds.get(mode, np.inf))
        return result

    def _call_steps(self, batch: int, room: int) -> int:
        if not self._metrics:
            return max(1, min(self._steps, room))
        row = sum(np.prod(spec.shape[1:]) * spec.dtype.size for spec in keras.tree.flatten(self.outputs))
        return max(1, min(self._steps, room, int(KEPT_BYTES / max(1.0, row * batch))))

    def _block(self, batch: int) -> int:
        if not self._in_blocks:
            return batch
        model = self.loaded()
        if self._blocks[0] is not model or self._blocks[1] != batch:
            self._blocks = (model, batch, evaluation.block(model, batch))
        return self._blocks[2]

    def _kept(self) -> list[tf.TensorSpec] | None:
        return keras.tree.flatten(self.outputs) if self._metrics else None

    def _train_metrics(self) -> TrainMetrics:
        key = ("train metrics",)
        if key not in self._evaluations:
            self._evaluations[key] = TrainMetrics(
                self.model, self.layout, self._samples, self.outputs, self.stepper.origin
            )
        return self._evaluations[key]

    def _evaluation(self, kind: str, data: Rows, make: Callable[[arrays.Layout], Any]) -> Any:
        """Return the evaluation of this kind for data with or without weights."""
        layout = arrays.layout(data)
        key = (kind, layout.present, repr(layout.structure))
        if key not in self._evaluations:
            self._evaluations[key] = make(layout)
        return self._evaluations[key]
