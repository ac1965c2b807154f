"""Questions about the graph of layers that several rules ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelwizard.checks.facts.values import Layer

LINEAR_MAPS = frozenset(
    {"Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D"}
    | {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}
)
"""Layers that multiply by a matrix and add a bias."""

CONVOLUTIONS = LINEAR_MAPS - {"Dense", "EinsumDense"}
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "ConvLSTM2D", "Bidirectional"})
DROPOUTS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout", "GaussianDropout"})
LINEAR_STEPS = DROPOUTS | frozenset(
    {"Flatten", "Reshape", "Permute", "BatchNormalization", "AveragePooling1D", "AveragePooling2D", "Identity"}
    | {"GlobalAveragePooling1D", "GlobalAveragePooling2D", "UpSampling2D", "UpSampling1D", "ZeroPadding2D"}
    | {"RepeatVector", "TimeDistributed", "ActivityRegularization", "GaussianNoise", "Cropping2D"}
)
"""Layers between which and after which a linear map stays a linear map."""

POOLINGS = frozenset({"MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"})


def consumers(layers: Sequence[Layer], index: int) -> list[int]:
    """Return the layers that read a layer."""
    return [i for i, layer in enumerate(layers) if index in layer.inputs]


def is_map(layer: Layer) -> bool:
    """Whether a layer is a matrix with a bias, alone or at every time step."""
    if layer.kind == "TimeDistributed":
        return layer.parameters > 0 and layer.units > 0
    return layer.kind in LINEAR_MAPS


def next_maps(layers: Sequence[Layer], index: int) -> Iterator[tuple[int, bool]]:
    """Yield the matrix layers that read a layer without an activation between.

    Args:
        layers: All layers.
        index: Where to start.

    Yields:
        The index of the matrix layer, and whether a max-pooling lay between.
    """
    stack = [(i, False) for i in consumers(layers, index)]
    seen: set[int] = set()
    while stack:
        at, pooled = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        layer = layers[at]
        if is_map(layer):
            yield at, pooled
        elif layer.kind in LINEAR_STEPS or (layer.kind == "Activation" and layer.activation == "linear"):
            stack += [(i, pooled) for i in consumers(layers, at)]
        elif layer.kind in POOLINGS:
            stack += [(i, True) for i in consumers(layers, at)]


def feeds_weights(layers: Sequence[Layer], index: int) -> bool:
    """Whether a layer with weights follows, through pooling, reshaping, dropout and normalising only."""
    stack = consumers(layers, index)
    seen: set[int] = set()
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        layer = layers[at]
        if is_map(layer) or layer.kind in RECURRENT:
            return True
        if layer.kind in LINEAR_STEPS or layer.kind in POOLINGS:
            stack += consumers(layers, at)
    return False


def hidden_maps(layers: Sequence[Layer]) -> list[tuple[int, Layer]]:
    """Return the matrix layers that feed other layers with weights."""
    return [(i, layer) for i, layer in enumerate(layers) if is_map(layer) and feeds_weights(layers, i)]


def hidden_activations(layers: Sequence[Layer]) -> list[tuple[int, Layer, str]]:
    """Return the activations of hidden layers, those in layers of their own included."""
    found: list[tuple[int, Layer, str]] = []
    for index, layer in enumerate(layers):
        own = is_map(layer) or (layer.kind not in RECURRENT and layer.parameters == 0)
        if own and layer.activation != "linear" and feeds_weights(layers, index):
            found.append((index, layer, layer.activation))
    return found


def reached_first(layers: Sequence[Layer], name: str) -> Layer | None:
    """Return the first layer with weights, or an Embedding, behind the input of that name."""
    entry = next((i for i, la in enumerate(layers) if la.kind == "InputLayer" and la.name == name), None)
    found = (layers[i] for i in behind(layers, entry))
    return next((layer for layer in found if layer.parameters and layer.kind != "Normalization"), None)


def behind(layers: Sequence[Layer], entry: int | None, stop: int | None = None) -> Iterator[int]:
    """Yield the layers that an input reaches, in running order.

    Args:
        layers: All layers.
        entry: Where the input comes in; None for nowhere.
        stop: A layer that is not passed.
    """
    reached = {entry}
    for index, layer in enumerate(layers):
        if index != stop and reached.intersection(layer.inputs):
            reached.add(index)
            yield index
