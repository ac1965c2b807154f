"""MW401 to MW408, MW418, MW420: types, holes and scales of inputs and targets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelwizard.checks.case import Case, Hit, Place, rule
from modelwizard.checks.facts.values import LOOKUPS, Input
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.contract_head import AMOUNTS

X, Y = Place("data", "x"), Place("data", "y")
LARGE, MARKED, TINY = 50.0, 20.0, 0.02
"""|x| at the first weights: far too large, noteworthy, far too small."""


def scaled_by_layers(given: Input) -> bool:
    """Whether the scale of an input is no matter: it is looked up, normalised first, or no numbers."""
    return given.first in LOOKUPS or given.normalised or not given.numeric


def _pretrained(case: Case) -> bool:
    """Whether weights were trained before, on whatever scale their authors used."""
    return any(la.nested and not la.fresh for la in case.layers)


@rule("MW401")
def large_inputs(case: Case) -> Iterator[Hit]:
    """Find inputs far above unit scale."""
    if _pretrained(case):
        return
    for given in case.inputs:
        if scaled_by_layers(given) or given.unadapted or given.seen <= MARKED:
            continue
        offset = float(np.max(np.abs(given.mean) / (given.std + 1e-9)))
        severity: Severity = "warning" if given.seen > LARGE else "tip"
        picture = len(given.shape) >= 3 and given.shape[-1] in (1, 3, 4) and 100 < given.high <= 255
        flat = bool(given.shape) and given.shape[-1] in (784, 3072) and 100 < given.high <= 255
        fix = "keras.layers.Rescaling(1 / 255) as first layer, or x / 255" if picture or flat else ""
        evidence = f"|x| up to {given.seen:.4g} at the first {given.first} layer; above {LARGE:g}"
        evidence += f"; a mean is {offset:.0f} deviations from 0" if offset > 10 else ""
        yield Hit(evidence, fix, severity, X, soft=True)


@rule("MW402")
def tiny_inputs(case: Case) -> Iterator[Hit]:
    """Find inputs far below unit scale."""
    for given in case.inputs:
        if not scaled_by_layers(given) and 0 < given.seen < TINY and not _pretrained(case):
            evidence = f"|x| up to {given.seen:.2g} at the first {given.first} layer; below {TINY:g}"
            yield Hit(evidence, place=X, soft=True)


@rule("MW403")
def uneven_features(case: Case) -> Iterator[Hit]:
    """Find features whose scales differ by orders of magnitude."""
    for given in case.inputs:
        if scaled_by_layers(given) or len(given.shape) != 2 or given.seen > MARKED:
            continue
        spread = given.std[given.std > 1e-6]
        if len(spread) >= 2 and spread.max() / spread.min() > 100 and spread.max() > 2:
            evidence = f"deviations from {spread.min():.3g} to {spread.max():.3g}"
            yield Hit(evidence, place=X, soft=True)


@rule("MW404")
def unadapted(case: Case) -> Iterator[Hit]:
    """Find Normalization layers without statistics."""
    for given in case.inputs:
        if given.unadapted:
            far = given.seen > MARKED or abs(float(np.median(given.std)) - 1) > 0.5
            evidence = f"mean 0, variance 1; |x| up to {given.seen:.4g} passes through"
            yield Hit(evidence, severity="error" if far else "tip", place=X)


@rule("MW405")
def far_targets(case: Case) -> Iterator[Hit]:
    """Find amounts far from unit scale."""
    for o in case.outputs:
        if o.task not in AMOUNTS or o.loss is None or o.loss.name in ("poisson", "mean_squared_logarithmic_error"):
            continue
        if o.head.activation in ("sigmoid", "tanh", "softmax", "exponential"):
            continue  # MW105 says what is wrong first
        size = max(o.target.std, abs(o.target.mean))
        uneven = max(o.target.column_std, default=1.0) / max(min(o.target.column_std, default=1.0), 1e-12)
        evidence = f"targets have mean {o.target.mean:.4g}, deviation {o.target.std:.4g}"
        if size > 20:
            yield Hit(evidence, severity="warning" if size > 100 else "tip", place=Y, soft=True)
        elif 0 < size < 1e-3 * 3:
            yield Hit(evidence, place=Y, soft=True)
        elif o.target.columns > 1 and uneven > 100 and o.target.columns <= 50:
            evidence = f"deviations of the target columns differ {uneven:.0f}-fold"
            yield Hit(evidence, severity="tip", place=Y, soft=True)


@rule("MW406")
def holes_in_inputs(case: Case) -> Iterator[Hit]:
    """Find NaN and infinite inputs."""
    for given in [*case.inputs, *case.validation_inputs]:
        if given.nan > 0:
            yield Hit(f"{given.nan:.2%} of the values of {given.name} are not finite", place=X)
            return


@rule("MW407")
def holes_in_targets(case: Case) -> Iterator[Hit]:
    """Find NaN and infinite targets."""
    for o in case.outputs:
        if o.target.nan > 0:
            yield Hit(f"{o.target.nan:.2%} of the targets are not finite", place=Y)


@rule("MW408")
def constant_columns(case: Case) -> Iterator[Hit]:
    """Find columns that never change."""
    for given in case.inputs:
        if given.constant and len(given.shape) == 2 and given.shape[1] < 300 and given.first not in LOOKUPS:
            yield Hit(f"{given.constant} of {given.shape[1]} columns", place=X)


@rule("MW418")
def no_numbers(case: Case) -> Iterator[Hit]:
    """Find inputs that are text or objects at layers that compute."""
    for given in case.inputs:
        if not given.numeric and given.first not in LOOKUPS | {"unknown", "opaque"}:
            yield Hit(f"{given.name} has the type {given.dtype}", place=X)


@rule("MW420")
def ids_as_amounts(case: Case) -> Iterator[Hit]:
    """Find sequences of word numbers that are fed as amounts."""
    for given in case.inputs:
        ids = given.whole and given.numeric and len(given.shape) == 2 and given.shape[1] >= 8 and given.low >= 0
        if not ids or given.first in LOOKUPS or given.high <= 255 or scaled_by_layers(given):
            continue
        spread = given.std[given.std > 0]
        if len(spread) >= 8 and spread.max() / np.median(spread) < 5:
            yield Hit(f"whole numbers up to {given.high:g} in {given.shape[1]} columns", place=X)
