"""Training for the trials of a search: curves under equal conditions, outputs of every epoch, the best weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from modelwizard.engine import arrays, hyperparameters, reuse, rules
from modelwizard.engine.arrays import Array, Rows
from modelwizard.engine.by_keras import KerasProgram
from modelwizard.engine.execution import Choice
from modelwizard.engine.program import Program
from modelwizard.engine.step import Model, Stepper
from modelwizard.errors import ModelWizardError

# Training rows on which train_loss is computed at most.
SAMPLE = 2000

OnEpoch = Callable[[int, dict[str, float], Array], bool | None]


@dataclass
class Run:
    """What one training left behind.

    Args:
        history: One row an epoch: epoch (from 0), loss (Keras's running loss), train_loss and val_loss (no penalties,
            dropout off, the weights at the epoch's end), seconds.
        outputs: Outputs on the validation rows at each epoch's end, float32 (epochs, rows, k), after the activation.
        train_outputs: The same on the fixed sample of training rows.
        sample: Which training rows the sample holds, positions in `train`.
        best_epoch: Epoch with the smallest val_loss (train_loss without validation).
        best_weights: The weights at that epoch's end, in the order of `model.weights`.
        epochs_run: Epochs done.
        execution: "xla", "graph" or "keras".
        status: "completed" (also when patience ended it), "nan" or "stopped".
    """

    history: list[dict[str, float]] = field(default_factory=list)
    outputs: npt.NDArray[np.float32] | None = None
    train_outputs: npt.NDArray[np.float32] | None = None
    sample: npt.NDArray[np.int64] | None = None
    best_epoch: int = -1
    best_weights: list[Array] = field(default_factory=list)
    epochs_run: int = 0
    execution: str = ""
    status: str = "completed"


def train(
    model: Model,
    train: tuple[Any, ...],
    validation: tuple[Any, ...] | None = None,
    *,
    epochs: int,
    batch_size: int = 32,
    seed: int = 0,
    patience: int | None = None,
    on_epoch: OnEpoch | None = None,
    execution: str = "auto",
    record: bool = True,
    train_sample: int = SAMPLE,
    stop: Callable[[], bool] | None = None,
    shuffle: bool = True,
    repeats: int = 1,
    room: int = 0,
) -> Run:
    """Train a compiled model and watch it on a sample of its training rows and on validation rows.

    The model is left with its best weights (the last ones without validation). Nothing is written to disk. Where the
    optimizer keeps a moving average of the weights (`use_ema`), losses, outputs and best weights are those of the
    average, as under `keras.callbacks.SwapEMAWeights(swap_on_epoch=True)`; training goes on from the others.

    Args:
        model: A compiled Keras model.
        train: (x, y) or (x, y, sample_weight), arrays, dicts or tuples of arrays.
        validation: The same for validation. Defaults to none.
        epochs: Epochs at most.
        batch_size: Rows of a batch. Defaults to 32.
        seed: Decides the order of the rows, the sample and the model's dropout masks. Defaults to 0.
        patience: Epochs without a smaller val_loss after which to stop. Defaults to never.
        on_epoch: Called with (epoch, its row of the history, validation outputs (rows, k)); True stops.
        execution: "auto", "xla", "graph" or "keras".
        record: Whether outputs of every epoch are kept. Defaults to True.
        train_sample: Training rows that train_loss is computed on at most. Defaults to 2000.
        stop: Asked before every epoch; True stops.
        shuffle: Whether rows are shuffled every epoch. Defaults to True.
        repeats: Trainings of models of the same shapes that are planned (folds, seeds), this one included; a
            compilation is shared by them. Defaults to 1.
        room: Rows that one of these trainings may have at most; they share a compilation only if each makes room for
            as many. Defaults to those of `train`.
    """
    data = arrays.rows(*train)
    held = arrays.rows(*validation) if validation is not None else None
    session = _Session(model, data, held, batch_size, seed, train_sample, room, record, execution)
    session.choose(execution, epochs, repeats)
    for epoch in range(epochs):
        if stop is not None and stop():
            session.run.status = "stopped"
            break
        row, outputs = session.epoch(epoch, shuffle)
        if on_epoch is not None and on_epoch(epoch, row, outputs):
            session.run.status = "stopped"
            break
        if session.run.status == "nan" or (patience is not None and epoch - session.run.best_epoch >= patience):
            break
        session.reconsider(epochs - epoch - 1)
    return session.finish()


class _Session:
    """One training: the data on the device, the random order of the rows, and the run so far."""

    def __init__(
        self,
        model: Model,
        data: Rows,
        held: Rows | None,
        batch: int,
        seed: int,
        train_sample: int,
        room: int,
        record: bool,
        wanted: str,
    ) -> None:
        self.run = Run()
        self._model, self._data, self._held = model, data, held
        self._batch, self._seed, self._record = batch, seed, record
        # Where the rows lie is the program's own business (tensors, or arrays for model.fit).
        self._program: Any = program(model, data, seed, wanted)
        self._choice: Choice | None = None
        self._leaves = self._program.place(data, room)
        self.run.sample = _sample(data, train_sample, seed)
        self._sampled = arrays.take(data, self.run.sample)
        self._sampled_leaves = self._program.place(self._sampled)
        self._held_leaves = self._program.place(held) if held is not None else []
        self._best: tuple[float, Any] = (np.inf, None)
        self._kept: tuple[list[Array], list[Array]] = ([], [])

    def choose(self, wanted: str, epochs: int, repeats: int) -> None:
        """Decide how the epochs run."""
        if isinstance(self._program, Program):
            steps = epochs * -(-self._data.count // self._batch)
            self._program.plan(steps)
            self._choice = Choice(wanted, self._program, self._batch, steps, repeats)

    def reconsider(self, epochs: int) -> None:
        """Look at the clock before `epochs` more epochs."""
        if self._choice is not None:
            self._choice.reconsider(epochs * -(-self._data.count // self._batch))

    def epoch(self, epoch: int, shuffle: bool) -> tuple[dict[str, float], Array]:
        """Train one epoch, evaluate, keep the best weights; return its row and the validation outputs."""
        begin = time.perf_counter()
        order = np.arange(self._data.count, dtype=np.int32)
        if shuffle:
            np.random.default_rng([self._seed, epoch]).shuffle(order)
        self.run.execution = self._choice.mode if self._choice is not None else "keras"
        loss = self._program.train(self._leaves, order, self._batch, self.run.execution)
        train_loss, train_outputs = self._program.losses(self._sampled, self._sampled_leaves, self._batch)
        row: dict[str, float] = {"epoch": epoch, "loss": loss, "train_loss": train_loss}
        outputs: Array = np.zeros((0, 0), np.float32)
        if self._held is not None:
            row["val_loss"], held_outputs = self._program.losses(self._held, self._held_leaves, self._batch)
            outputs = _flat(held_outputs)
        row["seconds"] = time.perf_counter() - begin
        self._note(epoch, row, _flat(train_outputs), outputs)
        return row, outputs

    def finish(self) -> Run:
        """Write the best weights into the model and close the run."""
        run = self.run
        run.epochs_run = len(run.history)
        if self._best[1] is None:
            self._best = (np.nan, self._program.weights())
            run.best_epoch = run.epochs_run - 1
        self._program.store(self._best[1], self._model)
        run.best_weights = self._model.get_weights()
        if self._record and run.history:
            run.outputs = np.stack(self._kept[0])
            run.train_outputs = np.stack(self._kept[1])
        return run

    def _note(self, epoch: int, row: dict[str, float], train_outputs: Array, outputs: Array) -> None:
        self.run.history.append(row)
        if self._record:
            self._kept[0].append(outputs)
            self._kept[1].append(train_outputs)
        if not np.isfinite(row["loss"]) or not np.isfinite(row["train_loss"]):
            self.run.status = "nan"
        if row.get("val_loss", np.nan) < self._best[0]:
            self._best = (row["val_loss"], self._program.weights())
            self.run.best_epoch = epoch


def program(model: Model, data: Rows, seed: int, wanted: str) -> Program | KerasProgram:
    """Load the model into the program kept for its structure, or make one for it alone.

    Raises:
        ModelWizardError: The installed Keras or TensorFlow is none that models can be trained with as they should be.
    """
    reason = rules.versions_reason()
    if reason is not None:
        raise ModelWizardError(f"Networks cannot be trained as they should: {reason}.", fix=rules.install())
    if wanted == "keras" or rules.model_reason(model) is not None:
        return KerasProgram(model)
    kept = reuse.shared(model, data)
    if kept is not None:
        kept.load(model, seed)
        return kept
    alone = Program(Stepper(model), data, metrics=False)
    hyperparameters.reseed(model, seed)
    return alone


def _sample(data: Rows, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw the training rows on which train_loss is computed, the same at every epoch."""
    if data.count <= size:
        return np.arange(data.count)
    return np.sort(np.random.default_rng([seed, 2**31]).choice(data.count, size, replace=False))


def _flat(outputs: list[Array]) -> Array:
    """Join the outputs of a model to (rows, k)."""
    return np.concatenate([output.reshape(len(output), -1) for output in outputs], axis=1)
