"""Read a live Keras model: its layers laid open as a graph, and what stands at its end. Changes nothing in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from modelwizard.checks.facts.activations import ACTIVATION_KINDS, own_activation
from modelwizard.checks.facts.graph import LINEAR_MAPS, RECURRENT
from modelwizard.checks.facts.values import Head, Layer
from modelwizard.engine import keras_internals as internals

PASSIVE = frozenset(
    {"Reshape", "Flatten", "Permute", "Squeeze", "ExpandDims", "Cast", "Identity", "RepeatVector", "Transpose"}
    | {"GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "TimeDistributed", "Cropping2D"}
    | {"AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D", "GlobalMaxPooling1D", "GetItem"}
    | {"GlobalMaxPooling2D", "UpSampling2D", "ZeroPadding2D", "ActivityRegularization", "Resizing"}
)
"""Layers that hand values on within the range they had."""

DISTURBING = frozenset(
    {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout"}
    | {"BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"}
)
"""Layers that change the values of the output they stand behind."""

OTHER_ENDS = frozenset({"TimeDistributed", "Embedding", "InputLayer", "Activation", "DepthwiseConv2D"})
KNOWN_ENDS = LINEAR_MAPS | RECURRENT | OTHER_ENDS | set(ACTIVATION_KINDS)
"""Layers of which it is known what they do to their values."""


@dataclass
class Source:
    """The operations of a model in the order they run; kept beside the facts so that values can be followed.

    `stages` leads to each layer: from the inputs of the model to the tensor that enters a nested model, from the
    inputs of that one to the tensor that the layer reads.
    """

    layers: list[Layer]
    operations: list[Any]
    outputs: list[int]
    opaque: bool
    inputs: list[int] = field(default_factory=list[int])
    stages: list[list[tuple[Any, Any]]] = field(default_factory=list[list[tuple[Any, Any]]])


def _units(operation: Any) -> int:
    wrapped = type(operation).__name__ in ("TimeDistributed", "Bidirectional")
    holder = getattr(operation, "layer", operation) if wrapped else operation
    for name in ("units", "filters", "output_dim"):
        value = getattr(holder, name, None)
        if isinstance(value, int):
            return value
    return 0


def _summed(layer: Any, axes: int) -> list[bool]:
    """Say for each axis of a kernel whether the layer sums over it: all but the last, or what its equation says."""
    given, _, made = str(getattr(layer, "equation", "")).partition("->")
    letters = given.partition(",")[2].replace(".", "").strip()
    return [c not in made for c in letters] if len(letters) == axes else [True] * (axes - 1) + [False]


def _kernel(operation: Any) -> tuple[float, float, float, float, float] | None:
    inner = operation.layer if type(operation).__name__ == "TimeDistributed" else operation
    try:
        values = np.asarray(inner.kernel)
    except Exception:
        return None  # no kernel, or not built: nothing to say about it
    if values.size == 0 or values.ndim < 2 or not np.issubdtype(values.dtype, np.floating):
        return None
    summed = _summed(inner, values.ndim)
    fan_in = float(np.prod([size for size, over in zip(values.shape, summed, strict=True) if over]))
    low, high = float(values.min()), float(values.max())
    return float(values.mean()), float(values.std()), low, high, float(np.sqrt(2.0 / max(fan_in, 1.0)))


def _bias(operation: Any) -> float | None:
    inner = operation.layer if type(operation).__name__ == "TimeDistributed" else operation
    try:
        values = np.asarray(inner.bias)
    except Exception:
        return None  # no bias, or not built
    return float(np.median(values)) if values.ndim == 1 and np.issubdtype(values.dtype, np.floating) else None


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, (bool, int, float, str, type(None))):
            kept[key] = value
        elif isinstance(value, (list, tuple)) and all(isinstance(v, (int, float)) for v in value):
            kept[key] = tuple(value)
        elif isinstance(value, dict) and "class_name" in value:
            inner = value.get("config")
            kept[key] = (value["class_name"], inner if isinstance(inner, dict) else {})
    return kept


def _config(operation: Any) -> dict[str, Any]:
    try:
        config = operation.get_config()
    except Exception:
        return {}  # a layer of one's own without get_config: its settings stay unknown
    if type(operation).__name__ in ("TimeDistributed", "Bidirectional") and isinstance(config.get("layer"), dict):
        config = {**config["layer"].get("config", {}), **config}
    return _plain(config)


def _fresh(operation: Any) -> bool:
    bias = getattr(operation, "bias", None)
    moving = getattr(operation, "moving_mean", None)
    try:
        return not any(v is not None and np.any(np.asarray(v)) for v in (bias, moving))
    except Exception:
        return True  # not built


def _shape(tensors: Any) -> tuple[int | None, ...]:
    first = tensors[0] if isinstance(tensors, (list, tuple)) and tensors else tensors
    return tuple(getattr(first, "shape", ()) or ())


def read_layer(operation: Any, inputs: tuple[int, ...], received: Any, returned: Any, nested: str) -> Layer:
    """Return the facts of one layer or operation.

    Args:
        operation: A Keras layer or operation.
        inputs: Indices of the layers it reads.
        received: Its symbolic inputs.
        returned: Its symbolic outputs.
        nested: Name of the nested model that holds it.
    """
    weights = getattr(operation, "weights", [])
    trainable = getattr(operation, "trainable_weights", [])
    return Layer(
        name=str(getattr(operation, "name", "")),
        kind=type(operation).__name__,
        activation=own_activation(operation),
        inputs=inputs,
        input_shape=_shape(received),
        output_shape=_shape(returned),
        units=_units(operation),
        parameters=sum(int(np.prod(w.shape)) for w in weights),
        trainable=bool(trainable) or not weights,
        config=_config(operation),
        kernel=_kernel(operation),
        bias=_bias(operation),
        nested=nested,
        fresh=_fresh(operation),
    )


def functional(model: Any) -> Any | None:
    """Return the graph of a model: itself, or what a built Sequential wraps; None for a subclassed one."""
    if isinstance(model, keras.Sequential):
        if not model.built:
            return None
        return internals.graph(model)
    return model if internals.calls(model) else None


def _walk(
    model: Any, feeds: dict[int, int], source: Source, nested: str, stages: list[tuple[Any, Any]]
) -> dict[int, int]:
    """Append the operations of a functional graph; return which layer makes each tensor."""
    made = dict(feeds)
    for node in internals.calls(model):
        operation = node.operation
        inputs = tuple(made[id(t)] for t in node.input_tensors if id(t) in made)
        inner = functional(operation) if isinstance(operation, keras.Model) else None
        if type(operation).__name__ == "InputLayer" and id(node.outputs[0]) in made:
            continue
        if inner is not None:
            fed = {id(t): i for t, i in zip(inner.inputs, inputs, strict=False)}
            deeper = [*stages, (model.inputs, node.input_tensors[0])]
            produced = _walk(inner, fed, source, nested or operation.name, deeper)
            for outer, own in zip(node.outputs, inner.outputs, strict=False):
                made[id(outer)] = produced.get(id(own), inputs[0] if inputs else 0)
            continue
        source.layers.append(read_layer(operation, inputs, node.input_tensors, node.outputs, nested))
        source.operations.append(operation)
        source.stages.append([*stages, (model.inputs, node.input_tensors[0] if node.input_tensors else None)])
        for tensor in node.outputs:
            made[id(tensor)] = len(source.layers) - 1
    return made


def read(model: Any) -> Source:
    """Lay a model open.

    Args:
        model: A built Keras model.

    Returns:
        Its layers in running order. A model without a graph (subclassed) comes back `opaque`, its layers in the
        order of their creation and without links.
    """
    source = Source([], [], [], opaque=False)
    graph = functional(model)
    if graph is None:
        source.opaque = True
        for layer in internals.layers(model)[1:]:
            source.layers.append(read_layer(layer, (), None, None, ""))
            source.operations.append(layer)
        return source
    made = _walk(graph, {}, source, "", [])
    source.inputs = [made[id(t)] for t in graph.inputs if id(t) in made]
    source.outputs = [made[id(t)] for t in graph.outputs if id(t) in made]
    return source


def heads(model: Any, source: Source) -> list[Head]:
    """Return what stands at the end of each output, activations in layers of their own included."""
    if source.opaque:
        return []
    tensors = (functional(model) or model).outputs
    return [_head(source.layers, i, str(t.dtype)) for i, t in zip(source.outputs, tensors, strict=False)]


def _head(layers: list[Layer], index: int, dtype: str) -> Head:
    last = layers[index]
    chain: list[str] = []
    after: list[str] = []
    unknown = False
    while True:
        layer = layers[index]
        if layer.kind in PASSIVE and layer.parameters == 0 and layer.inputs:
            pass
        elif layer.kind in DISTURBING:
            # a normalisation before the activation is a habit; noise on logits is not
            after += [layer.kind] if not chain or layer.parameters == 0 else []
        else:
            chain += [layer.activation] if layer.activation != "linear" else []
            unknown = unknown or layer.kind not in KNOWN_ENDS
            if layer.parameters or not layer.inputs or unknown:
                break
        if len(layer.inputs) != 1:
            unknown = True
            break
        index = layer.inputs[0]
    chain.reverse()
    activation = chain[-1] if chain else "linear"
    return Head(
        layer=layers[index].name,
        units=int(last.output_shape[-1] or 0) if len(last.output_shape) > 1 else 1,
        shape=last.output_shape,
        activation="unknown" if unknown and not chain else activation,
        chain=tuple(chain),
        after=tuple(after) if chain or not unknown else (),
        dtype=dtype,
    )
