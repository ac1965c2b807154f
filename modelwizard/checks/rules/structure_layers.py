"""MW201 to MW210, MW214 to MW229: activations, order and widths of layers."""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.checks.case import Case, Hit, NotApplicableError, Place, rule
from modelwizard.checks.facts.values import Layer
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.graph import (
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


def _graph(case: Case) -> None:
    if case.opaque:
        raise NotApplicableError("the model is subclassed and cannot be traced, so the order of its layers is unknown")


def _width(layer: Layer) -> int:
    return int(layer.input_shape[-1] or 0) if layer.input_shape else 0


@rule("MW201")
def linear_stack(case: Case) -> Iterator[Hit]:
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
    if not collapsed and not pooled_only:
        return
    names = ", ".join(layer.name for layer in (collapsed + pooled_only)[:4])
    lonely = not hidden_activations(case) and not any(la.kind in RECURRENT for la in case.layers)
    severity: Severity = "warning" if collapsed or lonely else "tip"
    layer = (collapsed + pooled_only)[0]
    size = f", {layer.config.get('kernel_size', (3, 3))[0]}" if layer.kind in CONVOLUTIONS else ""
    fix = f'keras.layers.{layer.kind}({layer.units}{size}, activation="relu")'
    yield Hit(f"no activation between {names} and the layer behind", fix, severity, Place("layer", layer.name))


@rule("MW203")
def hidden_softmax(case: Case) -> Iterator[Hit]:
    """Find softmax in hidden layers."""
    _graph(case)
    for _, layer, activation in hidden_activations(case):
        if activation == "softmax":
            yield Hit(f"{layer.name} has softmax and feeds layers with weights", place=Place("layer", layer.name))


@rule("MW204")
def hidden_sigmoids(case: Case) -> Hit | None:
    """Count sigmoids in hidden layers."""
    _graph(case)
    found = [la for _, la, act in hidden_activations(case) if act in ("sigmoid", "hard_sigmoid")]
    if not found:
        return None
    severity: Severity = "warning" if len(found) >= 3 else "tip"
    evidence = f"{len(found)} hidden layers with sigmoid: {', '.join(la.name for la in found[:4])}"
    return Hit(evidence, severity=severity, place=Place("layer", found[0].name), soft=True)


@rule("MW205")
def exploding_activation(case: Case) -> Iterator[Hit]:
    """Find exponentials in hidden layers."""
    _graph(case)
    for _, layer, activation in hidden_activations(case):
        if activation == "exponential":
            yield Hit(f"{layer.name} has {activation}", place=Place("layer", layer.name))


@rule("MW206")
def activation_twice(case: Case) -> Iterator[Hit]:
    """Find an activation layer directly behind a layer that has an activation."""
    _graph(case)
    for index, layer in enumerate(case.layers):
        if is_map(layer) or (layer.parameters and layer.kind != "PReLU") or layer.activation == "linear":
            continue
        before = case.layers[layer.inputs[0]] if len(layer.inputs) == 1 else None
        if before is None or before.activation in ("linear", "unknown") or layer.kind in RECURRENT:
            continue
        if before.kind in RECURRENT or not consumers(case.layers, index):
            continue
        if len(consumers(case.layers, layer.inputs[0])) > 1:
            continue  # the values before this activation are used elsewhere
        evidence = f"{before.activation} in {before.name}, then {layer.activation} in {layer.name}"
        yield Hit(evidence, f"remove {layer.name}", place=Place("layer", layer.name))


@rule("MW207")
def heavy_dropout(case: Case) -> Iterator[Hit]:
    """Find dropout rates above 0.6."""
    for layer in case.layers:
        rates = [layer.config.get(k) for k in ("rate", "dropout", "recurrent_dropout")]
        rate = max((float(r) for r in rates if isinstance(r, (int, float)) and not isinstance(r, bool)), default=0.0)
        if (layer.kind in DROPOUTS or layer.kind in RECURRENT) and rate > 0.6:
            severity: Severity = "error" if rate >= 0.95 else "warning"
            fix = "keras.layers.Dropout(0.2)"
            yield Hit(f"rate {rate:g} in {layer.name}", fix, severity, Place("layer", layer.name), soft=rate < 0.75)


@rule("MW208")
def dropout_before_normalisation(case: Case) -> Iterator[Hit]:
    """Find dropout directly before BatchNormalization."""
    for layer in case.layers:
        before = case.layers[layer.inputs[0]] if len(layer.inputs) == 1 else None
        if layer.kind == "BatchNormalization" and before is not None and before.kind in DROPOUTS:
            yield Hit(f"{before.name} feeds {layer.name}", place=Place("layer", layer.name))


@rule("MW209")
def normalisation_of_few(case: Case) -> Hit | None:
    """Find BatchNormalization with batches under 16 rows."""
    norms = [la for la in case.layers if la.kind == "BatchNormalization" and la.trainable]
    if not norms or case.fit.epochs is None or case.fit.batch_size >= 16:
        return None
    severity: Severity = "warning" if case.fit.batch_size == 1 else "tip"
    flat = len(norms[0].input_shape) == 2  # maps have many positions to average over, rows of a table have one
    if not flat:
        severity = "tip"
    return Hit(f"batch_size={case.fit.batch_size}", severity=severity, place=Place("fit", "batch_size"))


@rule("MW210")
def useless_bias(case: Case) -> Hit | None:
    """Find biases directly before BatchNormalization."""
    for layer in case.layers:
        before = case.layers[layer.inputs[0]] if len(layer.inputs) == 1 else None
        if layer.kind != "BatchNormalization" or before is None or not is_map(before):
            continue
        if before.config.get("use_bias") and before.activation == "linear" and not before.nested:
            fix = f"keras.layers.{before.kind}({before.units}, …, use_bias=False)"
            return Hit(f"{before.name} has a bias", fix, place=Place("layer", before.name))
    return None


@rule("MW214")
def bottleneck(case: Case) -> Iterator[Hit]:
    """Find hidden layers of one or two units."""
    most = 1 if case.rebuilds_input else 2  # pictures of codes are drawn with two
    for index, layer in hidden_maps(case):
        if layer.kind != "Dense" or layer.units > most or _width(layer) <= layer.units:
            continue
        behind = max((case.layers[i].units for i, _ in next_maps(case.layers, index)), default=0)
        behind = max(behind, max((o.head.units for o in case.outputs), default=1))
        harmful = (layer.units == 1 or behind > 2 * layer.units) and not case.rebuilds_input
        severity: Severity = "warning" if harmful else "tip"
        evidence = f"{layer.name} has {layer.units} unit{'s' if layer.units > 1 else ''}"
        yield Hit(evidence, severity=severity, place=Place("layer", layer.name), soft=layer.units > 1)


@rule("MW230")
def shape_of_inputs(case: Case) -> Iterator[Hit]:
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
            fix = f"keras.Input({got})"
            yield Hit(f"{given.name} expects {wanted}, the rows are {got}", fix, place=Place("layer", given.name))


@rule("MW217")
def huge_flatten(case: Case) -> Iterator[Hit]:
    """Find huge maps that are flattened."""
    for layer in case.layers:
        size = int(layer.output_shape[-1] or 0) if layer.output_shape else 0
        if layer.kind == "Flatten" and size > 100_000:
            yield Hit(f"{layer.name} returns {size:,} values", place=Place("layer", layer.name))


@rule("MW220")
def padding_without_mask(case: Case) -> Iterator[Hit]:
    """Find padded ids that reach a recurrent layer without a mask."""
    if not any(la.kind in RECURRENT for la in case.layers):
        return
    for given, array in zip(case.inputs, case.arrays.x, strict=False):
        layer = reached_first(case, given.name)
        if layer is None or layer.kind != "Embedding" or layer.config.get("mask_zero") or array.ndim != 2:
            continue
        head = array[:500]
        padded = float(((head[:, 0] == 0) | (head[:, -1] == 0)).mean())
        if padded > 0.5:
            evidence = f"{padded:.0%} of the rows begin or end in zeros"
            yield Hit(evidence, place=Place("layer", layer.name))


@rule("MW221")
def no_hidden_layer(case: Case) -> Hit | None:
    """Find models that are linear."""
    _graph(case)
    maps = [la for la in case.layers if la.parameters and la.kind not in ("BatchNormalization", "Normalization")]
    if len(maps) == 1 and is_map(maps[0]) and case.rows:
        return Hit(f"{maps[0].name} is the only layer with weights", place=Place("layer", maps[0].name))
    return None


@rule("MW222")
def single_step(case: Case) -> Iterator[Hit]:
    """Find recurrent layers over a single time step."""
    for layer in case.layers:
        shape = layer.input_shape
        if layer.kind in RECURRENT and len(shape) == 3 and shape[1] == 1 and (shape[2] or 0) > 1:
            yield Hit(f"{layer.name} reads {shape[1]} step of {shape[2]} features", place=Place("layer", layer.name))
            return


@rule("MW225")
def recurrent_activation(case: Case) -> Iterator[Hit]:
    """Find recurrent layers whose activation is not tanh."""
    for layer in case.layers:
        if layer.kind in RECURRENT and layer.activation not in ("tanh", "linear", "unknown"):
            bad = layer.activation in ("softmax", "exponential")
            evidence = f"{layer.name} has {layer.activation}"
            yield Hit(evidence, severity="warning" if bad else "tip", place=Place("layer", layer.name))


@rule("MW227")
def dropout_on_inputs(case: Case) -> Iterator[Hit]:
    """Find heavy dropout before the first weights."""
    for layer in case.layers:
        entry = len(layer.inputs) == 1 and case.layers[layer.inputs[0]].kind in ("InputLayer", "Flatten", "Reshape")
        above = entry and (not case.layers[layer.inputs[0]].inputs or _before_weights(case, layer.inputs[0]))
        rate = layer.config.get("rate", 0)
        if layer.kind in DROPOUTS and above and isinstance(rate, (int, float)) and rate >= 0.4:
            yield Hit(f"rate {rate:g} directly on the inputs", place=Place("layer", layer.name))


def _before_weights(case: Case, index: int) -> bool:
    while case.layers[index].inputs:
        index = case.layers[index].inputs[0]
        if case.layers[index].parameters:
            return False
    return True


@rule("MW228")
def narrower_than_classes(case: Case) -> Iterator[Hit]:
    """Find a last hidden layer far narrower than the number of classes."""
    hidden = [la for _, la in hidden_maps(case) if la.kind == "Dense"]
    for o in case.outputs:
        classes = o.classes if o.task == "multiclass" and o.head.units > 1 else 0
        if hidden and classes >= 8 and 2 < hidden[-1].units < classes / 2 and hidden[-1].activation != "linear":
            severity: Severity = "warning" if hidden[-1].units <= classes / 4 else "tip"
            evidence = f"{hidden[-1].name} has {hidden[-1].units} units, there are {classes} classes"
            yield Hit(evidence, severity=severity, place=Place("layer", hidden[-1].name), soft=True)


@rule("MW229")
def very_narrow(case: Case) -> Hit | None:
    """Find models whose hidden layers are all very narrow."""
    hidden = [la for _, la in hidden_maps(case)]
    if hidden and not case.rebuilds_input and max(la.units for la in hidden) <= 4:
        widths = ", ".join(str(la.units) for la in hidden)
        return Hit(f"hidden widths {widths}", place=Place("layer", hidden[0].name))
    return None
