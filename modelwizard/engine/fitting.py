"""The epochs of `mw.fit`: the calls of `model.fit` in the same order, around compiled epochs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import keras
import numpy as np

from modelwizard.engine import arrays, rules
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import NotArrays, Rows
from modelwizard.engine.execution import Choice
from modelwizard.engine.passes import Passes
from modelwizard.engine.program import Program
from modelwizard.engine.step import Model, Stepper


class NotCompiled(Exception):
    """The reason, ending a sentence, why a training must be left to `model.fit`."""


@dataclass(frozen=True)
class Fit:
    """The arguments of `modelwizard.fit`, which explains them."""

    x: Any
    y: Any
    batch_size: int | None
    epochs: int
    verbose: str | int
    callbacks: Any
    validation_split: float
    validation_data: Any
    shuffle: bool | str
    class_weight: dict[int, float] | None
    sample_weight: Any
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: int | list[int]
    execution: str

    def run(self, model: Model) -> keras.callbacks.History:
        """Do what `model.fit` does with these arguments.

        Raises:
            NotCompiled: They ask for something that only `model.fit` can do; nothing has happened yet.
        """
        reason = rules.versions_reason()
        if reason is not None:
            raise NotCompiled(reason)
        if isinstance(model, keras.Layer):
            internals.assert_compiled(model)
        self._check(model)
        data, held = self._data()
        training = _Training(model, data, held, self)
        epochs = _capped(self.epochs)
        hooks = self._hooks(model, epochs, training.steps)
        model.stop_training = False
        hooks.on_train_begin()
        first = internals.first_epoch(model, self.initial_epoch)
        logs: dict[str, Any] = {}
        for epoch in range(first, epochs):
            model.reset_metrics()
            hooks.on_epoch_begin(epoch)
            if epoch == first:  # what is traced now has the attributes that callbacks have set until now
                training.choose(self.execution, epochs - first)
            logs = training.epoch()
            _serve_nan(hooks, logs, training.steps)
            if held is not None and internals.validates(model, epoch, self.validation_freq):
                model.stop_evaluating = False
                hooks.on_test_begin()
                scores = training.validate()
                hooks.on_test_end(scores)
                logs.update({f"val_{name}": value for name, value in scores.items()})
            hooks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
            if not rules.may_touch(hooks.callbacks):  # a loop that is traced later would see what they have done
                training.reconsider(epochs - epoch - 1)
        if epochs > 0 and model.optimizer is not None:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        hooks.on_train_end(logs)
        return model.history

    def _check(self, model: Model) -> None:
        listed = getattr(self.callbacks, "callbacks", None) or keras.tree.flatten(self.callbacks or [])
        reason = rules.model_reason(model) or rules.callbacks_reason(listed)
        for steps in (self.steps_per_epoch or 0, self.validation_steps or 0):
            if not isinstance(steps, Integral) or steps < 0:
                reason = f"a number of steps is {steps}"
        if reason:
            raise NotCompiled(reason)

    def _data(self) -> tuple[Rows, Rows | None]:
        """Return the rows to train on and those to validate on."""
        try:
            data = arrays.rows(self.x, self.y, self.sample_weight)
            held = None
            if self.validation_data is not None:
                if not isinstance(self.validation_data, tuple | list):
                    raise NotArrays(f"no arrays in memory (received {type(self.validation_data).__name__})")
                held = arrays.rows(*self.validation_data)
            elif self.validation_split:
                data, held = arrays.split(data, self.validation_split)
            if self.class_weight is not None:
                data = arrays.rows(data.x, data.y, data.weight, self.class_weight)
            return data, held
        except NotArrays as reason:
            raise NotCompiled(f"the data are {reason}") from None

    def _hooks(self, model: Model, epochs: int, steps: int) -> Any:
        if isinstance(self.callbacks, keras.callbacks.CallbackList):
            return self.callbacks
        return keras.callbacks.CallbackList(
            self.callbacks,
            add_history=True,
            add_progbar=self.verbose != 0,
            verbose=self.verbose,
            epochs=epochs,
            steps=steps,
            model=model,
        )


class _Training:
    """The data on the device, the passes over them, and one epoch after the other."""

    def __init__(self, model: Model, data: Rows, held: Rows | None, fit: Fit) -> None:
        self._model, self._held = model, held
        # From NumPy's own state, so that keras.utils.set_random_seed makes the whole training reproducible.
        random = np.random.default_rng(np.random.randint(2**31))
        at_once = model.steps_per_execution
        self._passes = Passes(data.count, fit.batch_size, fit.steps_per_epoch, at_once, fit.shuffle, random)
        self.steps = self._passes.steps
        self._program = _program(model, data)
        self._leaves = self._program.place(data)
        if held is not None:
            batch = fit.validation_batch_size or fit.batch_size
            self._held_passes = Passes(held.count, batch, fit.validation_steps, at_once, False, random)
            self._held_leaves = self._program.place(held)

    def choose(self, wanted: str, epochs: int) -> None:
        """Decide how the epochs run."""
        self._choice = Choice(wanted, self._program, self._passes.batch, epochs * self._passes.most)

    def reconsider(self, epochs: int) -> None:
        """Look at the clock before `epochs` more epochs."""
        self._choice.reconsider(epochs * self._passes.most)

    def epoch(self) -> dict[str, Any]:
        """Train one epoch; return the logs of `model.fit` for it."""
        order = self._passes.next(stopped=self._model.stop_training)
        loss = self._program.train(self._leaves, order, self._passes.batch, self._choice.mode)
        # What `update_state(loss, sample_weight=rows)` adds, without its dozen of eager operations.
        running = internals.running_loss(self._model)
        running.total.assign_add(loss * len(order))
        running.count.assign_add(len(order))
        return dict(self._model.get_metrics_result())

    def validate(self) -> dict[str, Any]:
        """Evaluate on the validation rows."""
        assert self._held is not None
        self._held_passes.restart()
        rows = len(self._held_passes.next(stopped=self._model.stop_evaluating))
        part = arrays.take(self._held, slice(0, rows))
        return _flat(self._program.evaluate(part, self._held_leaves, self._held_passes.batch))


def _program(model: Model, data: Rows) -> Program:
    """Return the program that an earlier training left with the model, or make it.

    It lives as long as the model and its `compile`: `compile` makes new losses, and `model.fit` traces again then.
    """
    kind = (arrays.layout(data), [(leaf.shape[1:], leaf.dtype) for leaf in arrays.leaves(data)])
    compiled = (model.optimizer, internals.compile_loss(model), internals.compile_metrics(model))
    left = internals.program(model)
    if left is not None and left[0] == kind and all(a is b for a, b in zip(left[1], compiled, strict=True)):
        return left[2]
    program = Program(Stepper(model), data, metrics=True)
    internals.keep_program(model, (kind, compiled, program))
    return program


def _serve_nan(hooks: Any, logs: dict[str, Any], steps: int) -> None:
    """Give `TerminateOnNaN`, which watches batches, the epoch's loss."""
    for callback in hooks.callbacks:
        if type(callback) is keras.callbacks.TerminateOnNaN:
            callback.on_batch_end(steps - 1, {"loss": float(logs["loss"])})


def _flat(scores: dict[str, Any]) -> dict[str, Any]:
    """Put the results of a metric that names several in the place of their dictionary."""
    parts = [_flat(value) if isinstance(value, dict) else {name: value} for name, value in scores.items()]
    return {name: value for part in parts for name, value in part.items()}


def _capped(epochs: int) -> int:
    """Heed `keras.config.set_max_epochs`, as `model.fit` does."""
    limit = keras.config.max_epochs()
    if limit and limit < epochs:
        warnings.warn(f"Limiting epochs to {limit}", stacklevel=2)
        return limit
    return epochs
