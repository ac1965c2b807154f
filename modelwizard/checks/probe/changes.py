"""The changes that are tried one at a time: each makes another copy, other data or other settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.checks.case import Case
from modelwizard.checks.facts.graph import hidden_activations, hidden_maps
from modelwizard.checks.facts.probed import Run
from modelwizard.checks.facts.values import AMOUNTS, LOOKUPS, SCALED_BY_FAN
from modelwizard.checks.probe.training import Rows, compiled_like, copied

HARMLESS = frozenset({"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "unknown", "prelu", "softplus"})


@dataclass(frozen=True)
class Setting:
    """What one training needs beside the model.

    Args:
        rows: Rows to train on and rows held back.
        steps: Steps to make.
        batch: Rows a step.
        rate: Another learning rate; None for the one the optimizer has.
        model: Another compiled copy; None for the copy that was trained first, from its first weights.
    """

    rows: Rows
    steps: int
    batch: int
    rate: float | None = None
    model: Any = None


@dataclass(frozen=True)
class Change:
    """One thing changed against the base setting."""

    code: str
    words: str
    setting: Setting


def changes(case: Case, model: Any, base: Setting, before: Run, cap: int) -> Iterator[Change]:
    """Yield the changes that may mend this case, the likeliest first; each copy is made when it is asked for.

    Args:
        case: The facts.
        model: The person's model.
        base: The setting as asked for.
        before: How that training went.
        cap: The most steps that a change may take.
    """
    yield from _inputs(case, base)
    yield from _targets(case, base)
    yield from _activations(case, model, base)
    yield from _weights(case, model, base)
    yield from _rates(case, base, before)
    yield from _regularisation(case, model, base)
    yield from _optimizer(case, model, base)
    yield from _steps(case, base, cap)
    yield from _widths(case, model, base)


def _standardise(values: Any, held: Any, *, each: bool) -> tuple[Any, Any]:
    array, other = np.asarray(values, np.float64), np.asarray(held, np.float64)
    axes = 0 if each and array.ndim == 2 else tuple(range(array.ndim))
    mean, std = array.mean(axis=axes), array.std(axis=axes)
    std = np.where(std > 1e-8, std, 1.0)
    made = [tf.constant(((a - mean) / std).astype(np.float32)) for a in (array, other)]
    return made[0], made[1]


def _inputs(case: Case, base: Setting) -> Iterator[Change]:
    off = [
        i
        for i, given in enumerate(case.inputs)
        if given.numeric
        and given.first not in LOOKUPS
        and not given.normalised
        and (given.seen > 5 or given.seen < 0.1 or _uneven(given.std))
    ]
    if not off:
        return
    rows = replace(base.rows, x=list(base.rows.x), held_x=list(base.rows.held_x))
    for i in off:
        rows.x[i], rows.held_x[i] = _standardise(rows.x[i], rows.held_x[i], each=True)
    yield Change("MW521", "inputs standardised", replace(base, rows=rows))


def _uneven(std: Any) -> bool:
    live = std[std > 1e-6]
    return bool(len(live) > 1 and live.max() / live.min() > 100)


def _targets(case: Case, base: Setting) -> Iterator[Change]:
    o = case.outputs[0]
    if len(case.outputs) != 1 or o.task not in AMOUNTS or o.head.activation not in ("linear", "unknown"):
        return
    if 0.05 < max(o.target.std, abs(o.target.mean)) < 5:
        return
    y, held = _standardise(base.rows.y[0], base.rows.held_y[0], each=True)
    rows = replace(base.rows, y=[y], held_y=[held])
    yield Change("MW524", "target standardised", replace(base, rows=rows))


def _rates(case: Case, base: Setting, before: Run) -> Iterator[Change]:
    """Try the usual rate and its neighbour, where the rate is unusual or the training goes nowhere."""
    o = case.optimizer
    if o is None or o.scheduled:
        return
    usual = o.usual
    if o.rate > 3 * usual or not before.finite:
        rates = [usual, usual / 10]
    elif o.rate < usual / 3 or (not o.adaptive and before.score < 0.05):
        rates = [usual, usual * 10]
    else:
        return
    for rate in rates:
        if not 0.4 < rate / o.rate < 2.5:
            words = f"learning rate {rate:g} instead of {o.rate:.2g}"
            yield Change("MW522", words, replace(base, rate=rate))


def _optimizer(case: Case, model: Any, base: Setting) -> Iterator[Change]:
    if case.optimizer is not None and not case.optimizer.adaptive:
        made = copied(model, optimizer=keras.optimizers.Adam(1e-3))
        yield Change("MW523", f"Adam(1e-3) instead of {case.optimizer.name}", replace(base, model=made))


def _weights(case: Case, model: Any, base: Setting) -> Iterator[Change]:
    custom = [la for la in case.layers if la.kernel is not None and la.initializer not in SCALED_BY_FAN]
    if not custom or case.pretrained:
        return

    def edit(_: Any, config: dict[str, Any]) -> dict[str, Any]:
        if "kernel_initializer" in config:
            config = {**config, "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}
        return config

    made = copied(model, edit, fresh=True)
    yield Change("MW526", "Glorot's first weights", replace(base, model=made))


def _activations(case: Case, model: Any, base: Setting) -> Iterator[Change]:
    hidden = hidden_activations(case.layers)
    odd = {la.name for _, la, act in hidden if act not in HARMLESS}
    if not odd:
        return

    def edit(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "activation": "relu"} if layer.name in odd and "activation" in config else config

    made = copied(model, edit)
    yield Change("MW525", "ReLU in hidden layers", replace(base, model=made))


def _regularisation(case: Case, model: Any, base: Setting) -> Iterator[Change]:
    strong = any(float(la.config.get("rate") or 0) >= 0.3 for la in case.layers if "Dropout" in la.kind)
    strong = strong or any(isinstance(la.config.get("kernel_regularizer"), tuple) for la in case.layers)
    if not strong:
        return

    def edit(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
        kept = {k: None if k.endswith("_regularizer") else v for k, v in config.items()}
        return {**kept, "rate": 0.0} if "Dropout" in type(layer).__name__ else kept

    made = copied(model, edit)
    yield Change("MW529", "no dropout, no penalties", replace(base, model=made))


def _steps(case: Case, base: Setting, cap: int) -> Iterator[Change]:
    f = case.fit
    if f.epochs is not None and base.batch > 128:
        small = 32
        steps = min(cap, (f.epochs or 1) * max(1, f.rows // small))
        yield Change("MW528", "batch_size=32", replace(base, steps=steps, batch=small))
    if f.steps is not None and f.steps <= base.steps and base.steps * 3 <= cap:
        steps = min(cap, base.steps * 10)
        yield Change("MW527", f"{steps} steps instead of {base.steps}", replace(base, steps=steps))


def _widths(case: Case, model: Any, base: Setting) -> Iterator[Change]:
    hidden = [la for _, la in hidden_maps(case.layers)]
    dense = [la for la in hidden if la.kind == "Dense"]
    if case.rebuilds_input or not isinstance(model, keras.Sequential):
        return
    if dense and min(la.units for la in dense) <= 8:
        narrow = {la.name for la in dense if la.units < 32}

        def edit(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
            return {**config, "units": 32} if layer.name in narrow else config

        made = copied(model, edit, fresh=True)
        yield Change("MW530", "hidden layers of at least 32 units", replace(base, model=made))
    elif not hidden and len([la for la in case.layers if la.parameters]) == 1 and not model.layers[0].weights[2:]:
        deeper = _with_hidden_layer(model)
        if deeper is not None:
            yield Change("MW531", "a hidden layer of 32 units", replace(base, model=compiled_like(deeper, model)))


def _with_hidden_layer(model: Any) -> Any:
    copies = [type(la).from_config(la.get_config()) for la in model.layers]
    at = next((i for i, la in enumerate(model.layers) if type(la).__name__ == "Dense"), None)
    if at is None:
        return None
    hidden = keras.layers.Dense(32, activation="relu")
    return keras.Sequential([keras.Input(model.input_shape[1:]), *copies[:at], hidden, *copies[at:]])
