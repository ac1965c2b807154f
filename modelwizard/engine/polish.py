"""The last polish at batch size 1: a pass of plain gradient descent with little noise, kept only if it helps.

What helps at the end is a small ratio of learning rate to batch size, not the batch of one itself (Smith & Le 2018,
arXiv:1710.06451): so a control arm takes the same pass with batches of 32 and 32 times the learning rate (the linear
rule of Goyal et al. 2017, arXiv:1706.02677), and is told beside it. Batch normalisation is frozen: with batches of one
its statistics are those of single rows, and a trained network is ruined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from modelwizard.engine import arrays, copies, trainer
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Array, Rows
from modelwizard.engine.step import Model

Floats = npt.NDArray[np.floating]
# Validation outputs (rows, k) → loss of each row.
RowLosses = Callable[[Array], Floats]

RATES = (1e-3, 1e-4, 1e-5)
PROBE_STEPS = 200
CONTROL_BATCH = 32
KEEP_FROM = 1.0  # paired t of the validation row losses


@dataclass(frozen=True)
class Arm:
    """One way to end a training.

    Args:
        batch_size: Rows of a batch.
        learning_rate: Of plain SGD.
        val_loss: Mean validation row loss afterwards.
        t: Paired t of the improvement over the model as it was; positive is better.
    """

    batch_size: int
    learning_rate: float
    val_loss: float
    t: float


@dataclass(frozen=True)
class Polish:
    """What a polish did.

    Args:
        kept: Whether the model now has the polished weights; it is as it was otherwise.
        val_loss: Mean validation row loss before.
        polished: The arm with batches of one; None when no learning rate kept the training loss from rising.
        control: The arm with batches of 32 and 32 times the rate.
        looks: How often validation rows were looked at.
    """

    kept: bool
    val_loss: float
    polished: Arm | None
    control: Arm | None
    looks: int


def polish(
    model: Model,
    train: tuple[Any, ...],
    validation: tuple[Any, ...],
    row_losses: RowLosses,
    *,
    epochs: int = 1,
    seed: int = 0,
    rates: tuple[float, ...] | None = None,
    execution: str = "auto",
) -> Polish:
    """Train a trained model on at batch size 1, and keep that only if validation rows say that it helped.

    Args:
        model: A compiled and trained Functional or Sequential model; changed only if the polish is kept.
        train: (x, y) or (x, y, sample_weight).
        validation: (x, y) to judge on.
        row_losses: Gives the loss of each validation row from the outputs (rows, k) of the model.
        epochs: Passes over the training rows. Defaults to 1.
        seed: Order of the rows and dropout masks. Defaults to 0.
        rates: Learning rates to try, largest first. Defaults to 1/32 of the rate of a model trained by SGD, then
            1e-3, 1e-4 and 1e-5.
        execution: As for `trainer.train`. Defaults to "auto".
    """
    data, held = arrays.rows(*train), arrays.rows(*validation)
    before = row_losses(_outputs(model, held))
    rate = _probe(model, data, rates or (*_own_rate(model), *RATES), seed, execution)
    if rate is None:
        return Polish(False, float(before.mean()), None, None, 0)
    arms: list[Arm] = []
    copies: list[Model] = []
    for batch, size in ((1, rate), (CONTROL_BATCH, rate * CONTROL_BATCH)):
        copy = descend(model, train, size, batch_size=batch, epochs=epochs, seed=seed, execution=execution)
        after = row_losses(_outputs(copy, held))
        arms.append(Arm(batch, size, float(after.mean()), paired_t(before - after)))
        copies.append(copy)
    kept = arms[0].t >= KEEP_FROM
    if kept:
        model.set_weights(copies[0].get_weights())
    return Polish(kept, float(before.mean()), arms[0], arms[1], looks=len(arms))


def descend(
    model: Model,
    train: tuple[Any, ...],
    rate: float,
    *,
    batch_size: int = 1,
    epochs: int = 1,
    seed: int = 0,
    execution: str = "auto",
) -> Model:
    """Return a copy of a trained model after a last pass of plain gradient descent, batch normalisation frozen.

    Args:
        model: A compiled and trained Functional or Sequential model; it stays as it is.
        train: (x, y) or (x, y, sample_weight).
        rate: Learning rate.
        batch_size: Rows of a batch. Defaults to 1.
        epochs: Passes over the training rows. Defaults to 1.
        seed: Order of the rows and dropout masks. Defaults to 0.
        execution: As for `trainer.train`. Defaults to "auto".
    """
    copy = _copy(model, rate)
    trainer.train(copy, train, epochs=epochs, batch_size=batch_size, seed=seed, execution=execution, record=False)
    return copy


def paired_t(improvements: Floats) -> float:
    """Return mean / (standard deviation / √n) of paired improvements; 0 when nothing changed, -inf after NaN."""
    if not np.isfinite(improvements).all():
        return -np.inf
    spread = improvements.std(ddof=1)
    return float(improvements.mean() / (spread / np.sqrt(len(improvements)))) if spread > 0 else 0.0


def _probe(model: Model, data: Rows, rates: tuple[float, ...], seed: int, execution: str) -> float | None:
    """Return the largest rate at which 200 steps do not raise the training loss."""
    order = np.random.default_rng([seed, 1]).permutation(data.count)
    few, watched = arrays.take(data, order[:PROBE_STEPS]), arrays.take(data, order[: trainer.SAMPLE])
    for rate in sorted(set(rates), reverse=True):
        program: Any = trainer.program(_copy(model, rate), few, seed, execution)
        placed = program.place(watched)
        before, _ = program.losses(watched, placed, CONTROL_BATCH)
        program.train(program.place(few, room=0), np.arange(few.count, dtype=np.int32), 1, "graph")
        after, _ = program.losses(watched, placed, CONTROL_BATCH)
        if after <= before:
            return rate
    return None


def _own_rate(model: Model) -> tuple[float, ...]:
    """Return 1/32 of the learning rate of a model that was trained by SGD at a fixed rate."""
    optimizer = model.optimizer
    if type(optimizer) is keras.optimizers.SGD and isinstance(internals.learning_rate(optimizer), keras.Variable):
        return (float(optimizer.learning_rate) / CONTROL_BATCH,)
    return ()


def _copy(model: Model, rate: float) -> Model:
    """Copy a model with its weights, for plain SGD at this rate and with batch normalisation frozen."""
    copy = copies.copy(model)
    for layer in internals.layers(copy):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    return copies.compile_like(copy, model, keras.optimizers.SGD(rate))


def _outputs(model: Model, data: Rows) -> Array:
    outputs: Any = model.predict(data.x, batch_size=1024, verbose=0)
    return np.concatenate([o.reshape(len(o), -1) for o in keras.tree.flatten(outputs)], axis=1)
