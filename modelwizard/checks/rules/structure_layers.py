"""MW201 to MW210, MW214 to MW230: activations, order and widths of layers."""

from __future__ import annotations

from modelwizard.checks.case import Case, Hit, NotApplicableError, hit, layer_rule, rule
from modelwizard.checks.facts.graph import (
    CONVOLUTIONS,
    DROPOUTS,
    RECURRENT,
    consumers,
    hidden_activations,
    hidden_maps,
    is_map,
    next_maps,
    reached_first,
)
from modelwizard.checks.facts.values import Layer, Place


def _graph(case: Case) -> None:
    if case.opaque:
        raise NotApplicableError("the model is subclassed and cannot be traced, so the order of its layers is unknown")


def _width(layer: Layer) -> int:
    return int(layer.input_shape[-1] or 0) if layer.input_shape else 0


def _before(case: Case, layer: Layer) -> Layer | None:
    """Return the one layer that a layer reads; None where there are several, or none."""
    return case.layers[layer.inputs[0]] if len(layer.inputs) == 1 else None


@rule("MW201")
def linear_stack(case: Case) -> Hit | None:
    """Find layers with weights that follow each other without an activation."""
    _graph(case)
    collapsed: list[Layer] = []
    pooled_only: list[Layer] = []
    for index, layer in enumerate(case.layers):
        if not is_map(layer) or layer.activation != "linear" or (layer.nested and not layer.fresh):
            continue
        if len(consumers(case.layers, index)) > 1:
            continue  # its values are used elsewhere too: the start of a residual block
        for target, pooled in next_maps(case.layers, index):
            # a projection of a vector onto a map, as generators begin
            pooled = pooled or (layer.kind == "Dense" and case.layers[target].kind in CONVOLUTIONS)
            narrow = layer.units < _width(layer) and layer.units < case.layers[target].units
            if not narrow or layer.units <= 1:
                (pooled_only if pooled else collapsed).append(layer)
                break
    found = collapsed + pooled_only
    if not found:
        return None
    lonely = not hidden_activations(case.layers) and not any(la.kind in RECURRENT for la in case.layers)
    first = found[0]
    size = f", {first.config.get('kernel_size', (3, 3))[0]}" if first.kind in CONVOLUTIONS else ""
    fix = f'keras.layers.{first.kind}({first.units}{size}, activation="relu")'
    severity = "warning" if collapsed or lonely else "tip"
    return hit(first.place, fix=fix, severity=severity, layers=[layer.name for layer in found[:4]])


@rule("MW203")
def hidden_softmax(case: Case) -> Hit | None:
    """Find softmax in hidden layers."""
    return _hidden(case, "softmax")


@rule("MW205")
def exploding_activation(case: Case) -> Hit | None:
    """Find exponentials in hidden layers."""
    return _hidden(case, "exponential")


def _hidden(case: Case, name: str) -> Hit | None:
    _graph(case)
    found = [layer for _, layer, activation in hidden_activations(case.layers) if activation == name]
    return hit(found[0].place, layer=found[0].name) if found else None


@rule("MW204")
def hidden_sigmoids(case: Case) -> Hit | None:
    """Count sigmoids in hidden layers."""
    _graph(case)
    found = [la for _, la, act in hidden_activations(case.layers) if act in ("sigmoid", "hard_sigmoid")]
    if not found:
        return None
    severity, names = "warning" if len(found) >= 3 else "tip", [la.name for la in found[:4]]
    return hit(found[0].place, severity=severity, soft=True, count=len(found), layers=names)


@rule("MW206")
def activation_twice(case: Case) -> Hit | None:
    """Find an activation layer directly behind a layer that has an activation."""
    _graph(case)
    for index, layer in enumerate(case.layers):
        if is_map(layer) or (layer.parameters and layer.kind != "PReLU") or layer.activation == "linear":
            continue
        before = _before(case, layer)
        if before is None or before.activation in ("linear", "unknown") or layer.kind in RECURRENT:
            continue
        if before.kind in RECURRENT or not consumers(case.layers, index):
            continue
        if len(consumers(case.layers, layer.inputs[0])) > 1:
            continue  # the values before this activation are used elsewhere
        first, then = before.activation, layer.activation
        return hit(
            layer.place, fix=f"remove {layer.name}", first=first, before=before.name, then=then, layer=layer.name
        )
    return None


@layer_rule("MW207")
def heavy_dropout(layer: Layer) -> Hit | None:
    """Find dropout rates above 0.6."""
    rates = [layer.config.get(k) for k in ("rate", "dropout", "recurrent_dropout")]
    rate = max((float(r) for r in rates if isinstance(r, (int, float)) and not isinstance(r, bool)), default=0.0)
    if layer.kind not in DROPOUTS | RECURRENT or rate <= 0.6:
        return None
    fix, severity = "keras.layers.Dropout(0.2)", "error" if rate >= 0.95 else "warning"
    return hit(layer.place, fix=fix, severity=severity, soft=rate < 0.75, rate=rate, layer=layer.name)


@rule("MW208")
def dropout_before_normalisation(case: Case) -> Hit | None:
    """Find dropout directly before BatchNormalization."""
    for layer in case.layers:
        before = _before(case, layer)
        if layer.kind == "BatchNormalization" and before is not None and before.kind in DROPOUTS:
            return hit(layer.place, before=before.name, layer=layer.name)
    return None


@rule("MW209")
def normalisation_of_few(case: Case) -> Hit | None:
    """Find BatchNormalization with batches under 16 rows."""
    norms = [la for la in case.layers if la.kind == "BatchNormalization" and la.trainable]
    if not norms or case.fit.epochs is None or case.fit.batch_size >= 16:
        return None
    flat = len(norms[0].input_shape) == 2  # maps have many positions to average over, rows of a table have one
    severity = "warning" if case.fit.batch_size == 1 and flat else "tip"
    return hit(Place("fit", "batch_size"), severity=severity, batch=case.fit.batch_size)


@rule("MW210")
def useless_bias(case: Case) -> Hit | None:
    """Find biases directly before BatchNormalization."""
    for layer in case.layers:
        before = _before(case, layer)
        if layer.kind != "BatchNormalization" or before is None or not is_map(before):
            continue
        if before.config.get("use_bias") and before.activation == "linear" and not before.nested:
            fix = f"keras.layers.{before.kind}({before.units}, …, use_bias=False)"
            return hit(before.place, fix=fix, layer=before.name)
    return None


@rule("MW214")
def bottleneck(case: Case) -> Hit | None:
    """Find hidden layers of one or two units."""
    most = 1 if case.rebuilds_input else 2  # pictures of codes are drawn with two
    for index, layer in hidden_maps(case.layers):
        if layer.kind != "Dense" or layer.units > most or _width(layer) <= layer.units:
            continue
        behind = max((case.layers[i].units for i, _ in next_maps(case.layers, index)), default=0)
        behind = max(behind, max((o.head.units for o in case.outputs), default=1))
        harmful = (layer.units == 1 or behind > 2 * layer.units) and not case.rebuilds_input
        severity = "warning" if harmful else "tip"
        return hit(layer.place, severity=severity, soft=layer.units > 1, layer=layer.name, units=layer.units)
    return None


@rule("MW230")
def shape_of_inputs(case: Case) -> Hit | None:
    """Compare the shapes of input arrays with what the model was built for."""
    entries = {la.name: la for la in case.layers if la.kind == "InputLayer" and not la.nested}
    for given in case.inputs:
        layer = entries.get(given.name)
        if layer is None or not given.numeric:
            continue
        wanted, got = layer.output_shape[1:], given.shape[1:]
        same = len(wanted) == len(got) and all(w is None or w == g for w, g in zip(wanted, got, strict=True))
        stretched = (*got, 1) == wanted or got == (*wanted, 1)  # Keras adds or drops an axis of one by itself
        if not same and not stretched:
            return hit(layer.place, fix=f"keras.Input({got})", name=given.name, wanted=wanted, got=got)
    return None


@layer_rule("MW217")
def huge_flatten(layer: Layer) -> Hit | None:
    """Find huge maps that are flattened."""
    size = int(layer.output_shape[-1] or 0) if layer.output_shape else 0
    return hit(layer.place, layer=layer.name, size=size) if layer.kind == "Flatten" and size > 100_000 else None


@rule("MW220")
def padding_without_mask(case: Case) -> Hit | None:
    """Find padded ids that reach a recurrent layer without a mask."""
    if not any(la.kind in RECURRENT for la in case.layers):
        return None
    for given, array in zip(case.inputs, case.arrays.x, strict=False):
        layer = reached_first(case.layers, given.name)
        if layer is None or layer.kind != "Embedding" or layer.config.get("mask_zero") or array.ndim != 2:
            continue
        head = array[:500]
        padded = float(((head[:, 0] == 0) | (head[:, -1] == 0)).mean())
        if padded > 0.5:
            return hit(layer.place, share=padded)
    return None


@rule("MW221")
def no_hidden_layer(case: Case) -> Hit | None:
    """Find models that are linear."""
    _graph(case)
    maps = [la for la in case.layers if la.parameters and la.kind not in ("BatchNormalization", "Normalization")]
    return hit(maps[0].place, layer=maps[0].name) if len(maps) == 1 and is_map(maps[0]) and case.rows else None


@layer_rule("MW222")
def single_step(layer: Layer) -> Hit | None:
    """Find recurrent layers over a single time step."""
    shape = layer.input_shape
    single = layer.kind in RECURRENT and len(shape) == 3 and shape[1] == 1 and (shape[2] or 0) > 1
    return hit(layer.place, layer=layer.name, features=shape[2]) if single else None


@layer_rule("MW225")
def recurrent_activation(layer: Layer) -> Hit | None:
    """Find recurrent layers whose activation is not tanh."""
    if layer.kind not in RECURRENT or layer.activation in ("tanh", "linear", "unknown"):
        return None
    severity = "warning" if layer.activation in ("softmax", "exponential") else "tip"
    return hit(layer.place, severity=severity, layer=layer.name, activation=layer.activation)


@rule("MW227")
def dropout_on_inputs(case: Case) -> Hit | None:
    """Find heavy dropout before the first weights."""
    for layer in case.layers:
        before, rate = _before(case, layer), layer.config.get("rate", 0)
        if layer.kind not in DROPOUTS or not isinstance(rate, (int, float)) or rate < 0.4 or before is None:
            continue
        if before.kind in ("InputLayer", "Flatten", "Reshape") and _before_weights(case, before):
            return hit(layer.place, rate=rate)
    return None


def _before_weights(case: Case, layer: Layer) -> bool:
    while layer.inputs:
        layer = case.layers[layer.inputs[0]]
        if layer.parameters:
            return False
    return True


@rule("MW228")
def narrower_than_classes(case: Case) -> Hit | None:
    """Find a last hidden layer far narrower than the number of classes."""
    hidden = [la for _, la in hidden_maps(case.layers) if la.kind == "Dense"]
    for o in case.outputs:
        classes = o.classes if o.task == "multiclass" and o.head.units > 1 else 0
        if hidden and classes >= 8 and 2 < hidden[-1].units < classes / 2 and hidden[-1].activation != "linear":
            last = hidden[-1]
            severity = "warning" if last.units <= classes / 4 else "tip"
            return hit(last.place, severity=severity, soft=True, layer=last.name, units=last.units, classes=classes)
    return None


@rule("MW229")
def very_narrow(case: Case) -> Hit | None:
    """Find models whose hidden layers are all very narrow."""
    hidden = [la for _, la in hidden_maps(case.layers)]
    narrow = hidden and not case.rebuilds_input and max(la.units for la in hidden) <= 4
    return hit(hidden[0].place, widths=[str(la.units) for la in hidden]) if narrow else None
