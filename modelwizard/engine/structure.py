"""The structure of a model: what must be the same for two models to share one compiled program.

Left out are the numbers that a program takes as inputs (`hyperparameters`), widths of hidden dense layers where nothing
depends on them, initial values, seeds and automatic names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import keras
import numpy as np

from modelwizard.engine import arrays, hyperparameters, own_layers
from modelwizard.engine import keras_internals as internals
from modelwizard.engine.arrays import Rows
from modelwizard.engine.own_layers import Unshared
from modelwizard.engine.step import Model

# Layers that compute the same whatever the width of the features that come in.
WIDTHLESS = [
    "Activation",
    "Add",
    "Average",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Dropout",
    "ELU",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "InputLayer",
    "LeakyReLU",
    "Maximum",
    "Multiply",
    "ReLU",
    "Rescaling",
    "Subtract",
    "UnitNormalization",
]
# Optimizers that treat every weight alike, so that all weights may lie in one vector. Clipping by the norm of each
# variable does not.
ELEMENTWISE = ["Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "RMSprop", "SGD"]
_IGNORED = {"name", "seed", "build_config", "registered_name"}


@dataclass(frozen=True)
class Key:
    """The structure of a model as a text.

    Args:
        text: Equal for models of equal structure.
        widthless: Whether widths of hidden dense layers are left out of it.
    """

    text: str
    widthless: bool


def key(model: Model, data: Rows) -> Key | None:
    """Describe the structure of a model with its data, or return None for one that shares with no other.

    Shared are Functional and Sequential models of Keras's layers and comparable ones of the user's own, with Keras's
    losses and elementwise optimizers.
    """
    if not internals.is_graph(model) or model.optimizer is None:
        return None
    if any(hasattr(layer, "adapt") for layer in internals.layers(model)):  # they compute with what is no variable
        return None
    if own_code(model) or any(v.constraint is not None or v.dtype != "float32" for v in model.trainable_variables):
        return None
    widthless = _is_widthless(model)
    try:
        told = {
            **parts(model, data, hidden_dense(model) if widthless else set()),
            "own": [own_layers.describe(layer) for layer in internals.layers(model) if own_layers.is_own(layer)],
            "optimizer": _optimizer(model.optimizer),
            "penalised": penalised(model),
        }
        return Key(json.dumps(told, sort_keys=True, default=plain), widthless)
    except Unshared:
        return None


def parts(model: Model, data: Rows, hidden: set[str]) -> dict[str, Any]:
    """Describe layers, outputs, losses and data, without dials and without the widths of the layers named by `hidden`.

    Raises:
        Unshared: There is code of the user's own in them.
    """
    return {
        "kind": type(model).__name__,
        "model": _model(model.get_config(), hidden, keras.tree.is_nested(data.x)),
        "outputs": _outputs(model),
        "loss": keras.tree.flatten(keras.tree.map_structure(_loss, model.loss)),
        "nesting": repr(keras.tree.map_structure(lambda _: 0, model.loss)),
        "loss weights": repr(internals.loss_weights(model)),
        "trainable": [layer.trainable for layer in internals.layers(model)],
        "data": _data(data),
    }


def own_code(model: Model) -> bool:
    """Say whether a function that is not Keras's is called, which a configuration may hide behind a bare name."""
    layers = [layer for layer in internals.layers(model) if not own_layers.is_own(layer)]
    attributes = [value for layer in layers for value in vars(layer).values()]
    functions = [value for value in attributes if isinstance(value, FunctionType)]
    return not all(internals.of_keras(function) for function in functions)


def penalised(model: Model) -> bool:
    """Say whether a weight has an L1 or L2 penalty, whatever its factor.

    Raises:
        Unshared: A penalty is of another kind.
    """
    penalties = [v.regularizer for v in model.trainable_variables if v.regularizer is not None]
    kinds = [type(penalty) for penalty in penalties]
    if any(kind.__name__ not in hyperparameters.PENALTIES or not internals.of_keras(kind) for kind in kinds):
        raise Unshared
    return bool(penalties)


def _is_widthless(model: Model) -> bool:
    """Say whether the code of every layer is the same for any width of the dense layers before it."""
    layers = [layer for layer in internals.layers(model) if layer is not model]
    return all(
        type(layer).__name__ in WIDTHLESS
        and len(internals.links(layer)[0]) == 1
        and getattr(layer, "axis", -1) in (-1, [-1])
        and not (type(layer) is keras.layers.Dense and len(layer.output.shape) != 2)
        for layer in layers
    )


def hidden_dense(model: Model) -> set[str]:
    """Name the dense layers whose width is not the width of an output."""
    heads: set[int] = set()
    waiting = keras.tree.flatten(model.outputs)
    while waiting:
        operation, node = internals.producer(waiting.pop())
        if type(operation) is keras.layers.Dense:
            heads.add(id(operation))
        else:
            waiting += node.input_tensors
    dense = [layer for layer in model.layers if type(layer) is keras.layers.Dense]
    return {layer.name for layer in dense if id(layer) not in heads}


def _outputs(model: Model) -> Any:
    """Describe how several outputs are nested; a Sequential model has one, and no `output` before it is called."""
    if isinstance(model, keras.Sequential) or not keras.tree.is_nested(model.output):
        return None
    return [model.output_names, repr(keras.tree.map_structure(lambda _: 0, model.output))]


def _optimizer(thing: Any) -> Any:
    """Describe an optimizer without its learning rates, the size of its weight decay and what is spared from it."""
    kind = type(thing).__name__
    special = thing.clipnorm or thing.ema_overwrite_frequency or thing.loss_scale_factor
    if not internals.of_keras(type(thing)) or kind not in ELEMENTWISE or special:
        raise Unshared
    if not hyperparameters.scheduled(thing) and not isinstance(internals.learning_rate(thing), keras.Variable):
        raise Unshared  # a function of the user's own
    if internals.steps_taken(thing) > 0:
        raise Unshared  # its momentum would have to be taken over
    try:
        config = dict(thing.get_config())
    except NotImplementedError:  # a schedule of the user's own that does not say what it is made of
        raise Unshared from None
    for name in ("name", "learning_rate", "ema_momentum"):
        config.pop(name, None)
    config["schedule"] = hyperparameters.scheduled(thing)
    config["spares"] = hyperparameters.spares(thing)
    if config.get("weight_decay") is not None:
        config["weight_decay"] = "some"
    return [kind, masked(config)]


def _model(config: dict[str, Any], hidden: set[str], keep_inputs: bool) -> Any:
    """Describe a Functional or Sequential configuration with layers by number instead of by name."""
    layers = config["layers"]
    numbers = {layer.get("name", layer["config"].get("name")): i for i, layer in enumerate(layers)}

    def tensors(value: Any) -> Any:
        if isinstance(value, dict):
            if "keras_history" in value:
                name, *rest = value["keras_history"]
                return [numbers[name], *rest]
            return {name: tensors(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            if len(value) == 3 and isinstance(value[0], str) and value[0] in numbers:
                return [numbers[value[0]], *value[1:]]
            return [tensors(item) for item in value]
        return value

    described = []
    for layer in layers:
        nodes = tensors(layer.get("inbound_nodes", []))
        own = layer["config"].get("name")
        name = own if keep_inputs and layer["class_name"] == "InputLayer" else None
        settings = _layer({k: v for k, v in layer.items() if k != "inbound_nodes"}, hidden)
        if own in hidden:
            settings[1]["units"] = "any"
        described.append([settings, nodes, name])
    ends = [tensors(config.get(end)) for end in ("input_layers", "output_layers")]
    return [described, ends, masked(config.get("dtype"), hidden)]


def _layer(value: dict[str, Any], hidden: set[str]) -> Any:
    """Describe a layer of a model; one of the user's own is described by its attributes elsewhere."""
    if value.get("registered_name"):
        return "own"
    settings = _object(value, hidden)
    if value["class_name"] == "Dropout":  # a variable; inside of other layers the rate is a constant
        settings[1]["rate"] = "all" if value["config"]["rate"] == 1 else "any"
    return settings


def masked(value: Any, hidden: set[str] | None = None) -> Any:
    """Copy a serialised configuration without the numbers that do not matter; refuse the user's own code."""
    if isinstance(value, list | tuple):
        return [masked(item, hidden) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and "config" in value:
        return _object(value, hidden or set())
    return {name: masked(item, hidden) for name, item in value.items() if not _ignored(name)}


def _ignored(name: str) -> bool:
    return name in _IGNORED or (name.endswith("_regularizer") and name not in hyperparameters.CONSTANT_PENALTIES)


def _object(value: dict[str, Any], hidden: set[str]) -> Any:
    kind, config = _checked(value), value["config"]
    if (value.get("module") or "").startswith("keras.initializers"):
        return "initializer"
    if kind.startswith("DTypePolicy") or kind.endswith("DTypePolicy"):  # its name says what is computed
        return [kind, config]
    if kind in ("Functional", "Sequential", "Model"):
        return [kind, _model(config, hidden, keep_inputs=True)]
    return [kind, masked(config, hidden)]


def _checked(value: dict[str, Any]) -> str:
    """Return the class of a serialised object of Keras's own."""
    module, kind = value.get("module") or "", value["class_name"]
    if not (module == "keras" or module.startswith("keras.")) or value.get("registered_name"):
        raise Unshared
    if kind in ("Lambda", "function", "__lambda__"):
        raise Unshared
    return kind


def _loss(loss: Any) -> Any:
    if loss is None or isinstance(loss, str):
        return loss
    if isinstance(loss, keras.losses.Loss) and internals.of_keras(type(loss)):
        config: Any = keras.losses.serialize(loss)
        return json.dumps(_object(config, set()), sort_keys=True, default=plain)
    if callable(loss) and internals.of_keras(loss):
        return loss.__name__
    raise Unshared


def _data(data: Rows) -> Any:
    leaves = [[list(leaf.shape[1:]), str(leaf.dtype)] for leaf in arrays.leaves(data)]
    layout = arrays.layout(data)
    return [leaves, repr(layout.structure), layout.present]


def plain(value: Any) -> Any:
    """Return NumPy's values as Python's own; for `json.dumps`."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise Unshared
