"""Trials of models that cannot run compiled: the same interface on top of `model.fit` and `model.predict`."""

from __future__ import annotations

from typing import Any

import keras

from modelwizard.engine import arrays, averages
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Array, Rows
from modelwizard.engine.step import Model


class KerasProgram:
    """Trains epoch by epoch with `model.fit`.

    Args:
        model: A compiled model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def place(self, data: Rows, room: int | None = None) -> Rows:
        """Leave the rows where they are."""
        return data

    def train(self, placed: Rows, order: Array, batch: int, mode: str) -> float:
        """Train once over the rows in `order`; return Keras's running loss."""
        rows = arrays.take(placed, order)
        raw = _RawWeights()
        settings: dict[str, Any] = {"batch_size": batch, "shuffle": False, "verbose": 0, "callbacks": [raw]}
        history = self.model.fit(rows.x, rows.y, sample_weight=rows.weight, **settings)
        raw.restore()
        return float(history.history["loss"][0])

    def losses(self, data: Rows, placed: Rows, batch: int) -> tuple[float, list[Array]]:
        """Return the mean loss without penalties where `compile` has one, and the outputs of all rows."""
        with averages.averaged(self.model):
            return self._losses(data, batch)

    def _losses(self, data: Rows, batch: int) -> tuple[float, list[Array]]:
        outputs = self.model.predict(data.x, batch_size=batch, verbose=0)
        loss = internals.compile_loss(self.model)
        if loss is None:
            scores = self.model.evaluate(data.x, data.y, batch_size=batch, verbose=0, return_dict=True)
            return float(scores["loss"]), keras.tree.flatten(outputs)
        weight: Any = data.weight
        return float(loss(data.y, outputs, weight)), keras.tree.flatten(outputs)

    def weights(self) -> list[Array]:
        """Copy the present weights, averaged where the optimizer averages them."""
        with averages.averaged(self.model):
            return self.model.get_weights()

    def store(self, weights: list[Array], model: Model) -> None:
        """Write weights that `weights` returned into the model."""
        model.set_weights(weights)


class _RawWeights(keras.callbacks.Callback):
    """Keeps the weights that `fit` overwrites with their moving average when it ends: training goes on from them."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[tuple[Any, Array]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Copy the weights that have an average."""
        self._kept = [(variable, variable.numpy()) for variable, _ in averages.pairs(self.model)]

    def restore(self) -> None:
        """Write them back."""
        for variable, value in self._kept:
            variable.assign(value)
