"""Compiled programs kept for models of the same structure, and the memory they hold given back."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from modelwizard.engine import arrays, cost, evaluation, hyperparameters, origins, own_layers, rules, structure
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Rows
from modelwizard.engine.flat import FlatState, FlatStepper, Weights
from modelwizard.engine.program import Program
from modelwizard.engine.step import Model, Stepper
from modelwizard.engine.tracing import purge

# Structures kept at a time, and exact shapes of each; a search rarely returns to one that it left long ago.
KEPT = 8
KEPT_EXACT = 8

SHARED: OrderedDict[str, SharedProgram] = OrderedDict()
REFUSED: set[str] = set()


class SharedProgram(Program):
    """A program into which models of one structure are loaded, one after the other.

    Args:
        model: The first model of the structure, built.
        data: Training rows, for structure, types and shapes.
        key: Its structure.

    Raises:
        Unshared: The model has a layer of the user's own of which there is no true copy.
    """

    def __init__(self, model: Model, data: Rows, key: structure.Key) -> None:
        copy = hyperparameters.copy_model(model)
        if any(own_layers.is_own(layer) for layer in internals.layers(model)):
            few = arrays.take(data, slice(0, 2))
            own_layers.check_copy(model, copy)
            own_layers.check_gradients(copy, few.x, few.y, few.weight)
        self._state = FlatState(copy, model)
        self._key = key
        self._exact: OrderedDict[tuple[Any, ...], FlatStepper] = OrderedDict()
        self._source = model
        super().__init__(self._stepper(copy, open_widths=key.widthless), data, metrics=False)

    def load(self, model: Model, seed: int) -> None:
        """Take over the weights, rates and penalties of a model; start its random masks from `seed`."""
        self._source = model
        self._state.load(model, seed)

    def plan(self, steps: int) -> None:
        """Write down the learning rates of a training's steps, where they follow a schedule."""
        hyperparameters.plan(self._state.optimizer, self._source, steps)

    def weights(self) -> Weights:
        """Copy the present weights, averaged where the optimizer averages them."""
        return self._state.take()

    def store(self, weights: Weights, model: Model) -> None:
        """Write weights into a model of the structure."""
        self._state.store(weights, model)

    def loaded(self) -> Model:
        """Return the model that was loaded last."""
        return self._source

    def cost(self, batch: int) -> cost.Cost:
        """Estimate a step and a compilation for the model that is loaded."""
        return cost.estimate(self._source, self.graph.operations, batch)

    def exact(self) -> Stepper:
        """Return a stepper for the shapes of the model that is loaded."""
        if not self._key.widthless:
            return self.stepper
        shapes = tuple(tuple(v.shape) for v in self._source.trainable_variables)
        if shapes not in self._exact:
            copy = hyperparameters.copy_model(self._source)
            hyperparameters.share(copy, self.stepper.model)
            stepper = self._stepper(copy, open_widths=False)
            evaluation.build(copy, self._few.x, self._few.y, self._few.weight)
            self._exact[shapes] = stepper
            while len(self._exact) > KEPT_EXACT:
                _, dropped = self._exact.popitem(last=False)
                self.forget(dropped)
        self._exact.move_to_end(shapes)
        return self._exact[shapes]

    def _stepper(self, copy: Model, *, open_widths: bool) -> FlatStepper:
        stepper = FlatStepper(copy, self._state, open_widths)
        stepper.origin = lambda: origins.of_state(self._key, stepper, self._state)
        return stepper


def shared(model: Model, data: Rows) -> SharedProgram | None:
    """Return the program for models of this structure, or None for a model that shares with none."""
    if not model.built:
        return None
    if rules.untested():  # layers and optimizers may have changed without a sound
        warnings.warn(f"{rules.installed()} is newer than modelwizard knows: models share no program", stacklevel=2)
        return None
    key = structure.key(model, data)
    if key is None:
        return None
    if key.text in REFUSED:
        return None
    if key.text not in SHARED:
        try:
            SHARED[key.text] = SharedProgram(model, data, key)
        except own_layers.Unshared:
            REFUSED.add(key.text)
            return None
        while len(SHARED) > KEPT:
            SHARED.popitem(last=False)
            purge()
    SHARED.move_to_end(key.text)
    return SHARED[key.text]
