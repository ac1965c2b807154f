"""What traces of a model are kept by: everything that is a constant of them, as a text.

A structure (`structure`) leaves out what a shared program takes as inputs; here nothing is left out but the values of
variables, how they begin, and names that Keras gives by itself. What a configuration may not tell is not kept.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import keras

from modelwizard.engine import hyperparameters, own_layers, structure
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Rows
from modelwizard.engine.device import on_gpu
from modelwizard.engine.flat import FlatState, FlatStepper
from modelwizard.engine.keeping import Origin
from modelwizard.engine.own_layers import Unshared
from modelwizard.engine.step import Model


def of_model(model: Model, data: Rows) -> Origin | None:
    """Describe a built model of Keras's own parts that is trained as it is; None for any other."""
    if on_gpu() or not internals.is_graph(model) or model.optimizer is None:
        return None
    layers = internals.layers(model)
    if any(own_layers.is_own(layer) or "call" in vars(layer) for layer in layers) or structure.own_code(model):
        return None
    try:
        told = [
            structure.parts(model, data, set()),
            [_layer(layer) for layer in layers],
            [_variable(variable) for variable in model.variables],
            _optimizer(model.optimizer),
            _metrics(model),
        ]
        key = json.dumps(told, sort_keys=True, default=structure.plain)
    except (Unshared, NotImplementedError, TypeError):  # the last two: configurations that do not tell
        return None
    return Origin(key, [*model.variables, *model.optimizer.variables, *model.metrics_variables])


def of_state(key: structure.Key, stepper: FlatStepper, state: FlatState) -> Origin | None:
    """Describe what models of a structure share, for the widths of the stepper's model or for any."""
    layers = [layer for layer in internals.layers(stepper.model) if type(layer) is not hyperparameters.VariableDropout]
    if on_gpu() or any(map(own_layers.is_own, layers)):
        return None
    shapes = "any widths" if stepper.open_widths else [list(v.shape) for v in stepper.model.variables]
    optimizer = state.optimizer
    variables = [state.vector, state.sizes, *state.shapes, *state.apart, *state.others, *state.factors, *state.decays]
    variables += [*optimizer.variables, *hyperparameters.dials(stepper.model, optimizer)]
    return Origin(json.dumps([key.text, shapes]), variables)


def _layer(layer: Any) -> Any:
    """Return the constants of a layer that its part of the structure does not tell of."""
    told = [getattr(layer, name, None) for name in internals.SWITCHES]
    if type(layer) is keras.layers.Dropout:
        told.append(layer.rate)
    if hasattr(layer, "adapt"):  # its statistics are no variables of a trace
        if type(layer) is not keras.layers.Normalization:
            raise Unshared
        values = [v.tobytes() for v in layer.get_weights()]
        told.append(hashlib.sha256(b"".join(values)).hexdigest())
    return told


def _variable(variable: Any) -> Any:
    rules = [_rule(getattr(variable, name, None)) for name in ("regularizer", "constraint")]
    return [list(variable.shape), str(variable.dtype), variable.trainable, *rules]


def _rule(rule: Any) -> Any:
    """Describe a penalty or a constraint of a variable."""
    if rule is None:
        return None
    if not internals.of_keras(type(rule)):
        raise Unshared
    return [type(rule).__name__, rule.get_config()]


def _optimizer(optimizer: Any) -> Any:
    if not internals.of_keras(type(optimizer)) or internals.spares(optimizer):
        raise Unshared
    config = {name: value for name, value in optimizer.get_config().items() if name != "name"}
    rate = internals.learning_rate(optimizer)
    if isinstance(rate, keras.Variable):
        config.pop("learning_rate", None)
    elif not internals.of_keras(type(rate)):
        raise Unshared
    return [type(optimizer).__name__, structure.masked(config)]


def _metrics(model: Model) -> Any:
    config = model.get_compile_config() or {}
    return structure.masked([config.get(name) for name in ("metrics", "weighted_metrics")])
