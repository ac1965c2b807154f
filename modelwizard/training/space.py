"""The search space: what `build_model` names, and its restriction to a stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner

from modelwizard.contract.results import Dimension

REGULARISERS = ("dropout", "l1", "l2", "weight_decay", "noise", "label_smoothing")
"""Hyperparameters whose names begin so are regularisers: at zero they do nothing."""

MOST_BUILDS = 24
DEEP = 64
"""An integer up to this may count layers, whose own hyperparameters appear only when there are that many."""

Build = Callable[[keras_tuner.HyperParameters], Any]
Values = dict[str, Any]


def discover(build: Build) -> keras_tuner.HyperParameters:
    """Find all hyperparameters of a model, in the order in which it names them.

    It is built with its defaults, then once with every small integer at its largest value (a loop over layers may
    name one per layer), and once for each text or boolean choice, so that conditional ones are seen too.

    Args:
        build: The project's `build_model` as a function of the hyperparameters.

    Returns:
        The space; its values are the defaults.

    Raises:
        Exception: Whatever the model raises with its defaults.
    """
    space = keras_tuner.HyperParameters()
    build(space)
    tried: list[Values] = []
    while len(tried) < MOST_BUILDS:
        probe = next((p for p in _probes(space) if p not in tried), None)
        if probe is None:
            break
        tried.append(probe)
        hp = keras_tuner.HyperParameters()
        hp.values = dict(probe)
        try:
            build(hp)
        except Exception:
            continue  # extreme values may fail; a trial that draws them tells the person so
        space.merge([item for item in hp.space if item.name not in {known.name for known in space.space}])
    space.values = {hp.name: hp.default for hp in space.space if space.is_active(hp)}
    return space


def _probes(space: keras_tuner.HyperParameters) -> list[Values]:
    """Return values that may make a model name hyperparameters that it did not name before."""
    deepest = {hp.name: hp.max_value for hp in space.space if kind(hp) == "Int" and hp.max_value <= DEEP}
    narrow = {hp.name: hp.min_value for hp in space.space if kind(hp) == "Int" and hp.max_value > DEEP}
    probes: list[Values] = [deepest | narrow] if deepest else []
    for hp in space.space:
        branches = kind(hp) == "Boolean" or (kind(hp) == "Choice" and isinstance(hp.default, (str, bool)))
        if branches:
            probes += [{hp.name: value} | _parents(hp) for value in hp.values if value != hp.default]
    return probes


def _parents(hp: Any) -> Values:
    """Return values under which a conditional hyperparameter is active."""
    return {c.name: c.values[0] for c in hp.conditions if getattr(c, "values", None)}


def kind(hp: Any) -> str:
    """Return `Int`, `Float`, `Choice`, `Boolean` or `Fixed`."""
    return type(hp).__name__


def regulariser(hp: Any) -> bool:
    """Say whether a hyperparameter is a regulariser, by its name and by having a value that does nothing."""
    named = hp.name.rpartition("/")[2].lower().startswith(REGULARISERS)
    return named and off(hp) is not None


def off(hp: Any) -> Any:
    """Return the value that switches a regulariser off, or None if it has none."""
    if kind(hp) == "Boolean":
        return False
    if kind(hp) == "Int":
        return 0
    if kind(hp) == "Float":
        return 0.0
    if kind(hp) == "Choice":
        if isinstance(hp.default, str):
            return next((v for v in hp.values if v.lower() in ("none", "off", "no")), None)
        return type(hp.default)(0)
    return 0.0 if isinstance(getattr(hp, "value", None), float) else None


def bare(space: keras_tuner.HyperParameters) -> Values:
    """Return values that switch every regulariser off."""
    return {hp.name: off(hp) for hp in space.space if regulariser(hp)}


def restrict(
    space: keras_tuner.HyperParameters,
    bounds: Mapping[str, tuple[float, float]],
) -> keras_tuner.HyperParameters:
    """Return the space of a stage: ranges cut to bounds.

    Args:
        space: The open space.
        bounds: (least, most) by name; what lies outside the open range changes nothing. Unknown names are ignored:
            a person may have taken a hyperparameter out of the model.
    """
    narrowed = keras_tuner.HyperParameters()
    for hp in space.space:
        narrowed.merge([_cut(hp, *bounds[hp.name]) if hp.name in bounds else hp])
    return narrowed


def _cut(hp: Any, least: float, most: float) -> Any:
    config = hp.get_config()
    if kind(hp) == "Choice" and not isinstance(hp.default, (str, bool)):
        kept = [v for v in hp.values if least <= v <= most] or [min(hp.values, key=lambda v: abs(v - most))]
        config |= {"values": kept, "default": hp.default if hp.default in kept else kept[-1]}
    elif kind(hp) in ("Int", "Float"):
        number = int if kind(hp) == "Int" else float
        low = min(max(hp.min_value, number(least)), hp.max_value)
        high = max(min(hp.max_value, number(most)), low)
        config |= {"min_value": low, "max_value": high, "default": min(max(hp.default, low), high)}
    return type(hp).from_config(config)


def described(space: keras_tuner.HyperParameters) -> list[Dimension]:
    """Return the space as plain values."""
    return [
        Dimension(
            name=hp.name,
            default=hp.default,
            min=getattr(hp, "min_value", None),
            max=getattr(hp, "max_value", None),
            step=getattr(hp, "step", None),
            sampling=getattr(hp, "sampling", None),
            values=list(hp.values) if kind(hp) in ("Choice", "Boolean") else None,
            regulariser=regulariser(hp),
            conditional=bool(hp.conditions),
        )
        for hp in space.space
    ]
