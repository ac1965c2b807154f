"""MW401 to MW408, MW418, MW420: types, holes and scales of inputs and targets."""

from __future__ import annotations

import math

import numpy as np

from modelwizard.checks.case import Case, Hit, hit, input_rule, output_rule, rule
from modelwizard.checks.facts.values import AMOUNTS, LOOKUPS, Input, Output, X, Y

LARGE, MARKED, TINY = 50.0, 20.0, 0.02
"""|x| at the first weights: far too large, noteworthy, far too small."""


def scaled_by_layers(given: Input) -> bool:
    """Whether the scale of an input does not matter: it is looked up, normalised first, or not a number."""
    return given.first in LOOKUPS or given.normalised or not given.numeric


@rule("MW401")
def large_inputs(case: Case) -> Hit | None:
    """Find inputs far above unit scale."""
    for given in () if case.pretrained else case.inputs:
        if scaled_by_layers(given) or given.unadapted or given.seen <= MARKED:
            continue
        offset = float(np.max(np.abs(given.mean[given.std > 0]) / given.std[given.std > 0], initial=0.0))
        last = given.shape[-1] if given.shape else 0
        picture = (len(given.shape) >= 3 and last in (1, 3, 4)) or last in (784, 3072)
        fix = (
            "keras.layers.Rescaling(1 / 255) as first layer, or x / 255" if picture and 100 < given.high <= 255 else ""
        )
        severity = "warning" if given.seen > LARGE else "tip"
        values = {"seen": given.seen, "limit": LARGE if given.seen > LARGE else MARKED}
        values["deviations"] = offset if offset > 10 else math.nan
        return hit(X, fix=fix, severity=severity, soft=True, layer=given.first, **values)
    return None


@rule("MW402")
def tiny_inputs(case: Case) -> Hit | None:
    """Find inputs far below unit scale."""
    tiny = [i for i in case.inputs if not scaled_by_layers(i) and 0 < i.seen < TINY]
    if not tiny or case.pretrained:
        return None
    return hit(X, soft=True, seen=tiny[0].seen, layer=tiny[0].first, limit=TINY)


@input_rule("MW403")
def uneven_features(given: Input) -> Hit | None:
    """Find features whose scales differ by orders of magnitude."""
    if scaled_by_layers(given) or len(given.shape) != 2 or given.seen > MARKED:
        return None
    spread = given.std[given.std > 0]
    if len(spread) < 2 or spread.max() / spread.min() <= 100 or spread.max() <= 2:
        return None
    return hit(X, soft=True, least=spread.min(), most=spread.max())


@input_rule("MW404")
def unadapted(given: Input) -> Hit | None:
    """Find Normalization layers without statistics."""
    if not given.unadapted:
        return None
    far = given.seen > MARKED or abs(float(np.median(given.std)) - 1) > 0.5
    return hit(X, severity="error" if far else "tip", seen=given.seen)


@output_rule("MW405")
def far_targets(o: Output) -> Hit | None:
    """Find amounts far from unit scale."""
    if o.task not in AMOUNTS or o.loss_name in ("", "poisson", "mean_squared_logarithmic_error"):
        return None
    if o.head.activation in ("sigmoid", "tanh", "softmax", "exponential"):
        return None  # MW105 says what is wrong first
    size = max(o.target.std, abs(o.target.mean))
    moving = [std for std in o.target.column_std if std > 0]
    uneven = max(moving, default=1.0) / min(moving, default=1.0)
    if size > 20 or 0 < size < 1e-3 * 3:
        severity = "tip" if 20 < size <= 100 else "warning"
        return hit(Y, severity=severity, soft=True, mean=o.target.mean, deviation=o.target.std)
    if 1 < o.target.columns <= 50 and uneven > 100:
        return hit(Y, severity="tip", soft=True, times=uneven)
    return None


@rule("MW406")
def holes_in_inputs(case: Case) -> Hit | None:
    """Find NaN and infinite inputs."""
    holed = [given for given in (*case.inputs, *case.validation_inputs) if given.nan > 0]
    return hit(X, percent=100 * holed[0].nan, name=holed[0].name) if holed else None


@output_rule("MW407")
def holes_in_targets(o: Output) -> Hit | None:
    """Find NaN and infinite targets."""
    return hit(Y, percent=100 * o.target.nan) if o.target.nan > 0 else None


@input_rule("MW408")
def constant_columns(given: Input) -> Hit | None:
    """Find columns that never change."""
    found = given.constant and len(given.shape) == 2 and given.shape[1] < 300 and given.first not in LOOKUPS
    return hit(X, constant=given.constant, columns=given.shape[1]) if found else None


@input_rule("MW418")
def no_numbers(given: Input) -> Hit | None:
    """Find inputs that are text or objects at layers that compute."""
    wrong = not given.numeric and given.first not in LOOKUPS | {"unknown", "opaque"}
    return hit(X, name=given.name, dtype=given.dtype) if wrong else None


@input_rule("MW420")
def ids_as_amounts(given: Input) -> Hit | None:
    """Find sequences of word numbers that are fed as amounts."""
    ids = given.whole and given.numeric and len(given.shape) == 2 and given.shape[1] >= 8 and given.low >= 0
    if not ids or given.high <= 255 or scaled_by_layers(given):
        return None
    spread = given.std[given.std > 0]
    alike = len(spread) >= 8 and spread.max() / np.median(spread) < 5
    return hit(X, high=given.high, columns=given.shape[1]) if alike else None
