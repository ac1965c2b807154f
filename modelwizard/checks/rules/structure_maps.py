"""MW215, MW216, MW226, MW231: windows, channels and pooling of convolutions."""

from __future__ import annotations

from modelwizard.checks.case import Case, Hit, hit, layer_rule, rule
from modelwizard.checks.facts.graph import CONVOLUTIONS
from modelwizard.checks.facts.values import Layer

WINDOWS = frozenset({"MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D"})


@layer_rule("MW215")
def large_window(layer: Layer) -> Hit | None:
    """Find very large filter windows."""
    if layer.kind not in ("Conv2D", "SeparableConv2D") or layer.nested:
        return None
    side = max(layer.config.get("kernel_size", (1,)))
    stride = max(layer.config.get("strides", (1,)))
    sizes = [s for s in layer.input_shape[1:3] if s]
    half = bool(sizes) and side > min(sizes) / 2
    if side <= 7 or stride * 2 >= side or not (side > 11 or half):
        return None
    fix, severity = f'keras.layers.Conv2D({layer.units}, 3, activation="relu")', "warning" if side > 11 else "tip"
    return hit(layer.place, fix=fix, severity=severity, layer=layer.name, side=side, map=layer.input_shape[1:3])


@rule("MW216")
def channels_on_wrong_axis(case: Case) -> Hit | None:
    """Find pictures whose channels are not where the convolution looks for them."""
    for layer in case.layers:
        shape = layer.input_shape
        entry = len(layer.inputs) == 1 and case.layers[layer.inputs[0]].kind == "InputLayer"
        if layer.kind != "Conv2D" or len(shape) != 4 or None in shape[1:] or not entry:
            continue
        first, last = int(shape[1] or 0), int(shape[3] or 0)
        last_format = layer.config.get("data_format", "channels_last") == "channels_last"
        if last_format and first in (1, 3) and last > 8 and int(shape[2] or 0) > 8:
            return hit(layer.place, layer=layer.name, shape=shape[1:], order="height, width, channels")
        if not last_format and last in (1, 3) and first > 8:
            fix = 'data_format="channels_last"'
            return hit(layer.place, fix=fix, layer=layer.name, shape=shape[1:], order="channels, height, width")
    return None


@rule("MW226")
def no_reduction(case: Case) -> Hit | None:
    """Find stacks of convolutions that never shrink the map."""
    convs = [la for la in case.layers if la.kind == "Conv2D" and not la.nested]
    flat = next((la for la in case.layers if la.kind == "Flatten"), None)
    if len(convs) < 2 or flat is None or len(flat.input_shape) != 4 or not convs[0].input_shape[1]:
        return None
    start, end = int(convs[0].input_shape[1]), int(flat.input_shape[1] or 0)
    huge = start >= 24 and end > start // 2 and (flat.output_shape[-1] or 0) > 10_000
    return hit(flat.place, start=start, end=end) if huge else None


@layer_rule("MW231")
def idle_window(layer: Layer) -> Hit | None:
    """Find pooling that pools nothing, and windows over maps that have shrunk to a single cell."""
    if (layer.kind not in WINDOWS and layer.kind not in CONVOLUTIONS) or layer.nested:
        return None
    given = layer.config.get("pool_size" if layer.kind in WINDOWS else "kernel_size", 1)
    window = max(given) if isinstance(given, tuple) else int(given or 1)
    sizes = [s for s in layer.input_shape[1:-1] if s]
    idle = layer.kind in WINDOWS and window == 1
    cell = bool(sizes) and max(sizes) == 1 and window > 1 and len(sizes) == len(layer.input_shape) - 2
    return hit(layer.place, layer=layer.name, window=window, cells=1 if cell else None) if idle or cell else None
