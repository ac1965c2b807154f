"""The epochs of `mw.fit`: the calls of `model.fit` in the same order, around compiled epochs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from modelwizard.engine import arrays, rules
from modelwizard.engine.arrays import Array, NotArrays, Rows
from modelwizard.engine.execution import Choice
from modelwizard.engine.program import Program
from modelwizard.engine.step import Model, Stepper
from modelwizard.engine.streaming import Stream
from modelwizard.errors import DataError, UsageError

# Where a model keeps its program.
_ATTRIBUTE = "_modelwizard_program"


class NotCompiled(Exception):
    """The reason, ending a sentence, why a training must be left to `model.fit`."""


def fit_compiled(
    model: Model,
    *,
    x: Any,
    y: Any,
    batch_size: int | None,
    epochs: int,
    verbose: str | int,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: bool | str,
    class_weight: dict[int, float] | None,
    sample_weight: Any,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: int | list[int],
    execution: str,
) -> keras.callbacks.History:
    """Do what `model.fit` does with these arguments.

    Raises:
        NotCompiled: They ask for something that only `model.fit` can do; nothing has happened yet.
    """
    model._assert_compile_called("fit")
    _check(model, callbacks, steps_per_epoch, validation_steps)
    stream = x if isinstance(x, Stream) else None
    if stream is not None:
        if y is not None or sample_weight is not None or class_weight is not None or validation_split:
            raise UsageError(
                "A stream brings its own targets and weights.",
                expected="mw.fit(model, stream, validation_data=…)",
                fix="let `encode` return (x, y, sample_weight), and give validation rows as arrays",
            )
        x, y, sample_weight = _first(stream)
    data, held = _data(x, y, sample_weight, class_weight, validation_split, validation_data)
    fitting = _Fitting(model, data, held, batch_size or 32, validation_batch_size, shuffle, stream)
    epochs = _capped(epochs)
    hooks = _hooks(model, callbacks, verbose, epochs, fitting.steps if stream is None else None)
    model.stop_training = False
    hooks.on_train_begin()
    first = model._initial_epoch or initial_epoch
    fitting.choose(execution, max(0, epochs - first))
    logs: dict[str, Any] = {}
    for epoch in range(first, epochs):
        hooks.on_epoch_begin(epoch)
        logs = fitting.train_epoch()
        _serve_nan(hooks, logs, fitting.steps)
        if held is not None and model._should_eval(epoch, validation_freq):
            hooks.on_test_begin()
            scores = fitting.validate()
            hooks.on_test_end(scores)
            logs.update({f"val_{name}": value for name, value in scores.items()})
        hooks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
        fitting.reconsider(epochs - epoch - 1)
    if epochs > 0:
        model.optimizer.finalize_variable_values(model.trainable_weights)
    hooks.on_train_end(logs)
    return model.history


class _Fitting:
    """The data on the device, the random order of the rows, and one epoch after the other."""

    def __init__(
        self,
        model: Model,
        data: Rows,
        held: Rows | None,
        batch: int,
        held_batch: int | None,
        shuffle: bool | str,
        stream: Stream | None,
    ) -> None:
        self._model, self._data, self._held = model, data, held
        self._batch, self._held_batch, self._shuffle = batch, held_batch or batch, shuffle
        self._program = _program(model, data)
        self._stream = stream
        self._leaves = self._program.place(data) if stream is None else []
        self._held_leaves = self._program.place(held) if held is not None else []
        # From NumPy's own state, so that keras.utils.set_random_seed makes the whole training reproducible.
        self._random = np.random.default_rng(np.random.randint(2**31))
        self._choice = Choice("graph", self._program, batch, 0)
        # Of a stream only the first chunk is known: a lower bound, until an epoch has been read.
        self.steps = -(-data.count // batch)

    def choose(self, wanted: str, epochs: int) -> None:
        """Decide how the epochs run."""
        self._choice = Choice(wanted, self._program, self._batch, epochs * self.steps)

    def reconsider(self, epochs: int) -> None:
        """Look at the clock before `epochs` more epochs."""
        self._choice.reconsider(epochs * self.steps)

    def train_epoch(self) -> dict[str, Any]:
        """Train one epoch; return the logs of `model.fit` for it."""
        self._model.reset_metrics()
        if self._stream is None:
            loss, rows = self._train(self._leaves, self._order()), self._data.count
        else:
            loss, rows = self._train_stream(self._stream)
        # What `update_state(loss, sample_weight=rows)` leaves after a reset, without its dozen of eager operations.
        tracker = self._model._loss_tracker
        tracker.total.assign(loss * rows)
        tracker.count.assign(rows)
        return dict(self._model.get_metrics_result())

    def validate(self) -> dict[str, float]:
        """Evaluate on the validation rows."""
        assert self._held is not None
        return self._program.evaluate(self._held, self._held_leaves, self._held_batch)

    def _train(self, leaves: Any, order: Array) -> float:
        return self._program.train(leaves, order, self._batch, self._choice.mode)

    def _train_stream(self, stream: Stream) -> tuple[float, int]:
        """Train on every chunk; return the mean loss and the number of rows."""
        total, rows = 0.0, 0
        for chunk in stream.epoch(self._batch, self._random if self._shuffle else None):
            order = np.arange(chunk.count, dtype=np.int32)
            total += self._train(self._program.place(chunk, room=0), order) * chunk.count
            rows += chunk.count
        self.steps = -(-rows // self._batch)
        return total / max(1, rows), rows

    def _order(self) -> Array:
        order = np.arange(self._data.count, dtype=np.int32)
        if self._shuffle == "batch":
            for begin in range(0, len(order), self._batch):
                self._random.shuffle(order[begin : begin + self._batch])
        elif self._shuffle:
            self._random.shuffle(order)
        return order


def _program(model: Model, data: Rows) -> Program:
    """Return the program that an earlier training left with the model, or make it.

    It lives as long as the model and its `compile`: `compile` makes new losses, and `model.fit` traces again then.
    """
    kind = (arrays.layout(data), [(leaf.shape[1:], leaf.dtype) for leaf in arrays.leaves(data)])
    compiled = (model.optimizer, model._compile_loss, model._compile_metrics)
    left = vars(model).get(_ATTRIBUTE)
    if left is not None and left[0] == kind and all(a is b for a, b in zip(left[1], compiled, strict=True)):
        return left[2]
    program = Program(Stepper(model), data, metrics=True)
    vars(model)[_ATTRIBUTE] = (kind, compiled, program)  # past Keras's tracking of attributes
    return program


def _check(model: Model, callbacks: Any, steps_per_epoch: int | None, validation_steps: int | None) -> None:
    listed = getattr(callbacks, "callbacks", None) or keras.tree.flatten(callbacks or [])
    reason = rules.model_reason(model) or rules.callbacks_reason(listed)
    if steps_per_epoch is not None or validation_steps is not None:
        reason = "the number of steps is given"
    if reason:
        raise NotCompiled(reason)


def _data(
    x: Any, y: Any, weight: Any, class_weight: Any, validation_split: float, validation_data: Any
) -> tuple[Rows, Rows | None]:
    try:
        data = arrays.rows(x, y, weight)
        held = None
        if validation_data is not None:
            if not isinstance(validation_data, tuple | list):
                raise NotArrays(f"no arrays in memory (received {type(validation_data).__name__})")
            held = arrays.rows(*validation_data)
        elif validation_split:
            data, held = arrays.split(data, validation_split)
        if class_weight is not None:
            data = arrays.rows(data.x, data.y, data.weight, class_weight)
        return data, held
    except NotArrays as reason:
        raise NotCompiled(f"the data are {reason}") from None


def _first(stream: Stream) -> tuple[Any, Any, Any]:
    """Return the inputs, targets and weights of the first chunk of a stream."""
    try:
        data = stream.first()
    except NotArrays as reason:
        raise DataError("The stream cannot be trained on.", received=f"chunks that are {reason}") from None
    return data.x, data.y, data.weight


def _hooks(model: Model, callbacks: Any, verbose: str | int, epochs: int, steps: int | None) -> Any:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    return keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
        model=model,
    )


def _serve_nan(hooks: Any, logs: dict[str, Any], steps: int) -> None:
    """Give `TerminateOnNaN`, which watches batches, the epoch's loss."""
    for callback in hooks.callbacks:
        if type(callback) is keras.callbacks.TerminateOnNaN:
            callback.on_batch_end(steps - 1, {"loss": float(logs["loss"])})


def _capped(epochs: int) -> int:
    """Heed `keras.config.set_max_epochs`, as `model.fit` does."""
    limit = getattr(keras.config, "max_epochs", lambda: None)()
    return min(epochs, limit) if limit else epochs
