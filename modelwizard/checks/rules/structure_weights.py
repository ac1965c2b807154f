"""MW211 to MW213, MW232, MW218, MW219, MW223, MW224: first weights, frozen weights, tables of embeddings, penalties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelwizard.checks.case import Case, Hit, Place, rule
from modelwizard.checks.facts.values import Input, Layer
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.graph import DROPOUTS, consumers, hidden_activations, hidden_maps, reached_first

SCALED_BY_FAN = frozenset(
    {"GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "VarianceScaling"}
    | {"Orthogonal", "OrthogonalInitializer", "Identity"}
)
"""Initialisers that look at the width of the layer; what they draw is never alarmed about."""


def initializer(layer: Layer) -> str:
    """Return the class of a layer's kernel initialiser; "" where it is not known."""
    given: Any = layer.config.get("kernel_initializer")
    if isinstance(given, tuple) and given:
        return str(given[0])  # pyright: ignore[reportUnknownVariableType]
    return str(given or "")


@rule("MW211")
def equal_weights(case: Case) -> Iterator[Hit]:
    """Find hidden layers whose weights all start equal."""
    for _, layer in hidden_maps(case):
        if layer.kernel is not None and layer.kernel[1] == 0 and layer.units > 1 and layer.trainable:
            evidence = f"every weight of {layer.name} is {layer.kernel[0]:g} ({initializer(layer)})"
            yield Hit(evidence, place=Place("layer", layer.name))


@rule("MW212")
def scale_of_weights(case: Case) -> Iterator[Hit]:
    """Find first weights that are far too large, too small, or of one sign."""
    for layer in case.layers:
        custom = initializer(layer) not in SCALED_BY_FAN and initializer(layer) != ""
        if layer.kernel is None or not custom or not layer.fresh or not layer.trainable:
            continue
        mean, std, _, _, he = layer.kernel
        if std == 0:
            continue
        size = max(std, abs(mean)) / he
        severity: Severity | None = None
        if size > 4 or (abs(mean) > std and size > 0.5):
            severity = "warning"
        elif size > 2.5:
            severity = "tip"
        elif size < 1 / 20:
            severity = "warning" if size < 1 / 50 and len(hidden_maps(case)) > 1 else "tip"
        if severity is not None:
            evidence = f"{layer.name}: mean {mean:.3g}, deviation {std:.3g}; He's deviation is {he:.3g}"
            yield Hit(evidence, severity=severity, place=Place("layer", layer.name))


@rule("MW232")
def biases_that_switch_off(case: Case) -> Iterator[Hit]:
    """Find hidden layers whose own first biases are so far off that no row gets past the activation."""
    after = {i: act for i, _, act in hidden_activations(case)}
    for index, layer in hidden_maps(case):
        given: Any = layer.config.get("bias_initializer")
        name = str(given[0]) if isinstance(given, tuple) and given else str(given or "")  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if name in ("Zeros", "") or layer.bias is None or not layer.trainable:
            continue
        act = after.get(index) or next((after[i] for i in consumers(case.layers, index) if i in after), "linear")
        if (act == "relu" and layer.bias <= -2) or (act in ("sigmoid", "tanh") and abs(layer.bias) >= 5):
            evidence = f"{layer.name}: biases of {layer.bias:.3g} before {act}"
            yield Hit(evidence, place=Place("layer", layer.name))


@rule("MW213")
def frozen(case: Case) -> Hit | None:
    """Find frozen layers whose weights were never trained."""
    weighted = [la for la in case.layers if la.parameters and la.kind not in ("Normalization", "BatchNormalization")]
    still = [la for la in weighted if not la.trainable]
    if not still:
        return None
    if len(still) == len(weighted):
        return Hit("every layer has trainable=False", severity="error", place=Place("layer", still[0].name))
    # biases and moving means are zero until something is trained; kernels do not tell
    told = [la for la in case.layers if la.parameters and not la.trainable and _tells(la)]
    if not told or not all(la.fresh for la in told):
        return None
    inside = all(la.nested for la in told)
    names = ", ".join(la.name for la in told[:4])
    evidence = f"trainable=False on {names}, whose biases and moving means are all zero"
    return Hit(evidence, severity="tip" if inside else "warning", place=Place("layer", told[0].name))


def _tells(layer: Layer) -> bool:
    """Whether a layer holds something that shows if it was trained."""
    return bool(layer.config.get("use_bias")) or layer.kind == "BatchNormalization"


def _embedded(case: Case) -> Iterator[tuple[Input, Layer]]:
    for given in case.inputs:
        layer = reached_first(case, given.name)
        if layer is None or layer.kind != "Embedding" or not given.numeric:
            continue
        if all(case.layers[i].kind in ("InputLayer", "Cast", "Reshape") for i in layer.inputs):
            yield given, layer  # behind a slice, one table sees only one column of the ids


@rule("MW218")
def ids_without_row(case: Case) -> Iterator[Hit]:
    """Find ids beyond the table of an embedding."""
    for given, layer in _embedded(case):
        size = int(layer.config.get("input_dim", 0))
        if given.first == "Embedding" and size and (given.high >= size or given.low < 0):
            evidence = f"ids {given.low:g} … {given.high:g}, table of {size} rows"
            fix = f"keras.layers.Embedding({int(given.high) + 1}, {layer.units})"
            yield Hit(evidence, fix, place=Place("layer", layer.name))


@rule("MW219")
def fractions_as_ids(case: Case) -> Iterator[Hit]:
    """Find fractions fed to an embedding."""
    for given, layer in _embedded(case):
        if given.first == "Embedding" and not given.whole:
            evidence = f"values {given.low:.4g} … {given.high:.4g} with fractions"
            yield Hit(evidence, place=Place("layer", layer.name))


def _penalty(layer: Layer) -> tuple[float, float]:
    strongest = (0.0, 0.0)
    for key in ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "recurrent_regularizer"):
        given: Any = layer.config.get(key)
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], dict):
            found: dict[str, Any] = given[1]
            strongest = max(strongest[0], _number(found.get("l1"))), max(strongest[1], _number(found.get("l2")))
    return strongest


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


@rule("MW224")
def strong_penalty(case: Case) -> Iterator[Hit]:
    """Find very strong weight penalties."""
    for layer in case.layers:
        l1, l2 = _penalty(layer)
        if l1 >= 0.05 or l2 >= 0.1:
            evidence = f"{layer.name}: L1 {l1:g}, L2 {l2:g}"
            yield Hit(evidence, place=Place("layer", layer.name))
            return
        if l1 >= 0.01 or l2 >= 0.05:
            yield Hit(f"{layer.name}: L1 {l1:g}, L2 {l2:g}", severity="tip", place=Place("layer", layer.name))
            return


@rule("MW223")
def nothing_against_overfitting(case: Case) -> Hit | None:
    """Find models with far more weights than rows and nothing against learning by heart."""
    weights = sum(la.parameters for la in case.layers if la.trainable)
    against = any(
        la.kind in DROPOUTS or "Normalization" in la.kind or la.kind.startswith("Random") for la in case.layers
    )
    against = against or any(max(_penalty(la)) > 0 for la in case.layers)
    stops = any(c[0] == "EarlyStopping" for c in case.fit.callbacks)
    if case.rows and weights > 100 * case.rows and not against and not stops and not case.rebuilds_input:
        return Hit(f"{weights:,} weights for {case.rows:,} rows", place=Place("model"))
    return None
