"""MW211 to MW213, MW232, MW218, MW219, MW223, MW224: first weights, frozen weights, tables of embeddings, penalties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelwizard.checks.case import Case, Hit, hit, layer_rule, rule
from modelwizard.checks.facts.graph import DROPOUTS, consumers, hidden_activations, hidden_maps, reached_first
from modelwizard.checks.facts.values import SCALED_BY_FAN, Input, Layer, class_of
from modelwizard.checks.finding import Severity


@rule("MW211")
def equal_weights(case: Case) -> Hit | None:
    """Find hidden layers whose weights all start equal."""
    for _, layer in hidden_maps(case.layers):
        if layer.kernel is not None and layer.kernel[1] == 0 and layer.units > 1 and layer.trainable:
            return hit(layer.place, layer=layer.name, value=layer.kernel[0], initializer=layer.initializer)
    return None


@rule("MW212")
def scale_of_weights(case: Case) -> Hit | None:
    """Find first weights that are far too large, too small, or of one sign."""
    deep = len(hidden_maps(case.layers)) > 1
    for layer in case.layers:
        if layer.kernel is None or layer.initializer in SCALED_BY_FAN or not layer.fresh or not layer.trainable:
            continue
        mean, std, _, _, he = layer.kernel
        severity = _off(max(std, abs(mean)) / he, one_sign=abs(mean) > std, deep=deep) if std else None
        if severity is not None:
            return hit(layer.place, severity=severity, layer=layer.name, mean=mean, deviation=std, he=he)
    return None


def _off(size: float, *, one_sign: bool, deep: bool) -> Severity | None:
    """Return how bad it is that weights are `size` times He's deviation."""
    if size > 4 or (one_sign and size > 0.5):
        return "warning"
    if size < 1 / 20:
        return "warning" if size < 1 / 50 and deep else "tip"
    return "tip" if size > 2.5 else None


@rule("MW232")
def biases_that_switch_off(case: Case) -> Hit | None:
    """Find hidden layers whose own first biases are so far off that no row gets past the activation."""
    after = {i: activation for i, _, activation in hidden_activations(case.layers)}
    for index, layer in hidden_maps(case.layers):
        if class_of(layer.config.get("bias_initializer")) in ("Zeros", "") or layer.bias is None or not layer.trainable:
            continue
        behind = (after[i] for i in consumers(case.layers, index) if i in after)
        name = after.get(index) or next(behind, "linear")
        if (name == "relu" and layer.bias <= -2) or (name in ("sigmoid", "tanh") and abs(layer.bias) >= 5):
            return hit(layer.place, layer=layer.name, bias=layer.bias, activation=name)
    return None


@rule("MW213")
def frozen(case: Case) -> Hit | None:
    """Find frozen layers whose weights were never trained."""
    weighted = [la for la in case.layers if la.parameters and la.kind not in ("Normalization", "BatchNormalization")]
    still = [la for la in weighted if not la.trainable]
    if not still:
        return None
    if len(still) == len(weighted):
        return hit(still[0].place, severity="error", all=len(still))
    # biases and moving means are zero until something is trained; kernels do not tell
    told = [la for la in case.layers if la.parameters and not la.trainable and _tells(la)]
    if not told or not all(la.fresh for la in told):
        return None
    severity = "tip" if all(la.nested for la in told) else "warning"
    return hit(told[0].place, severity=severity, layers=[la.name for la in told[:4]])


def _tells(layer: Layer) -> bool:
    """Whether a layer holds something that shows if it was trained."""
    return bool(layer.config.get("use_bias")) or layer.kind == "BatchNormalization"


def _embedded(case: Case) -> Iterator[tuple[Input, Layer]]:
    for given in case.inputs:
        layer = reached_first(case.layers, given.name)
        if layer is None or layer.kind != "Embedding" or not given.numeric or given.first != "Embedding":
            continue
        if all(case.layers[i].kind in ("InputLayer", "Cast", "Reshape") for i in layer.inputs):
            yield given, layer  # behind a slice, one table sees only one column of the ids


@rule("MW218")
def ids_without_row(case: Case) -> Hit | None:
    """Find ids beyond the table of an embedding."""
    for given, layer in _embedded(case):
        size = int(layer.config.get("input_dim", 0))
        if size and (given.high >= size or given.low < 0):
            fix = f"keras.layers.Embedding({int(given.high) + 1}, {layer.units})"
            return hit(layer.place, fix=fix, low=given.low, high=given.high, size=size)
    return None


@rule("MW219")
def fractions_as_ids(case: Case) -> Hit | None:
    """Find fractions fed to an embedding."""
    found = ((given, layer) for given, layer in _embedded(case) if not given.whole)
    return next((hit(layer.place, low=given.low, high=given.high) for given, layer in found), None)


def _penalty(layer: Layer) -> tuple[float, float]:
    """Return the strongest L1 and L2 penalty of a layer."""
    given = (layer.config.get(f"{of}_regularizer") for of in ("kernel", "bias", "activity", "recurrent"))
    settings: list[dict[str, Any]] = [g[1] for g in given if isinstance(g, tuple) and isinstance(g[1], dict)]  # pyright: ignore[reportUnknownVariableType]
    strengths = [[s[name] for s in settings if isinstance(s.get(name), int | float)] for name in ("l1", "l2")]
    return max(strengths[0], default=0.0), max(strengths[1], default=0.0)


@layer_rule("MW224")
def strong_penalty(layer: Layer) -> Hit | None:
    """Find very strong weight penalties."""
    l1, l2 = _penalty(layer)
    severity = "warning" if l1 >= 0.05 or l2 >= 0.1 else "tip"
    return hit(layer.place, severity=severity, layer=layer.name, l1=l1, l2=l2) if l1 >= 0.01 or l2 >= 0.05 else None


@rule("MW223")
def nothing_against_overfitting(case: Case) -> Hit | None:
    """Find models with far more weights than rows and nothing against overfitting."""
    weights = sum(la.parameters for la in case.layers if la.trainable)
    against = any(
        la.kind in DROPOUTS or "Normalization" in la.kind or la.kind.startswith("Random") or max(_penalty(la)) > 0
        for la in case.layers
    )
    against = against or case.rebuilds_input or any(c[0] == "EarlyStopping" for c in case.fit.callbacks)
    return hit(weights=weights, rows=case.rows) if case.rows and weights > 100 * case.rows and not against else None
