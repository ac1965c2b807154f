"""Measure the inside of a copy: gradients before training, dead and saturated units after it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.checks.facts.activations import activation_name
from modelwizard.checks.probe.training import Rows, feed

SATURATING = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def gradients(model: Any, rows: Rows, batch: int) -> tuple[float, float, tuple[str, ...]]:
    """Return first-over-last gradient ratio, global gradient over weights, and weights without gradient.

    Args:
        model: A compiled copy.
        rows: The rows; the first ones are used.
        batch: How many.
    """
    size = max(2, min(batch, rows.count, 64))
    x = feed([a[:size] for a in rows.x], rows.x_keys)
    y = feed([a[:size] for a in rows.y], rows.y_keys)
    variables = list(model.trainable_variables)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True), sample_weight=None)
    found: list[Any] = tape.gradient(loss, [v.value for v in variables])
    unmoved = tuple(v.path for v, g in zip(variables, found, strict=True) if g is None)
    ratios: list[float] = []
    total, weights = 0.0, 0.0
    for v, g in zip(variables, found, strict=True):
        if g is None or len(v.shape) < 2:
            continue
        norm = float(tf.norm(tf.convert_to_tensor(g)))
        size_of = float(np.linalg.norm(np.asarray(v)))
        ratios.append(norm / max(size_of, 1e-12))
        total, weights = total + norm**2, weights + size_of**2
    first_over_last = ratios[0] / max(ratios[-1], 1e-30) if len(ratios) > 1 else 1.0
    return first_over_last, float(np.sqrt(total) / max(np.sqrt(weights), 1e-12)), unmoved


def units(model: Any, rows: Rows) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]:
    """Return the share of dead ReLU units and of saturated outputs, per hidden layer.

    Args:
        model: A trained copy with a graph.
        rows: The rows; at most 256 are used.
    """
    watched = [
        la for la in model.layers[:-1] if _watched(la) and hasattr(la, "output") and not isinstance(la.output, list)
    ]
    if not watched:
        return (), ()
    inside = keras.Model(list(model.inputs), [la.output for la in watched])
    values = inside([a[:256] for a in rows.x], training=False)
    values = values if isinstance(values, (list, tuple)) else [values]
    dead: list[tuple[str, float]] = []
    saturated: list[tuple[str, float]] = []
    for layer, value in zip(watched, values, strict=True):
        flat = np.asarray(value).reshape(-1, value.shape[-1])
        name = _watched(layer)
        if name == "relu":
            dead.append((layer.name, float((flat.max(axis=0) <= 0).mean())))
        else:
            low, high = SATURATING[name]
            saturated.append((layer.name, float(((flat < low + 0.01) | (flat > high - 0.01)).mean())))
    return tuple(dead), tuple(saturated)


def _watched(layer: Any) -> str:
    kind = type(layer).__name__
    if kind == "ReLU":
        return "relu"
    if kind not in ("Dense", "Conv1D", "Conv2D", "Activation"):
        return ""
    name = activation_name(getattr(layer, "activation", None))
    return name if name in ("relu", *SATURATING) else ""
