"""The loss of the best constant prediction, which looks at no input, and that of a perfect one. numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.facts.values import Output

EPSILON = 1e-7  # where Keras clips probabilities


def constant_loss(output: Output, fitted: NDArray[Any], judged: NDArray[Any]) -> float | None:
    """Return the loss of the best constant.

    Args:
        output: The output, with its task and loss.
        fitted: Targets that the constant is fitted on.
        judged: Targets that it is judged on.

    Returns:
        None where the loss is not one with a known constant, or labels do not fit it.
    """
    loss = output.loss
    if loss is None or not output.target.numeric:
        return None
    y, z = fitted.astype(np.float64), judged.astype(np.float64)
    if loss.family == "sparse":
        return _sparse(y, z, output.head.units)
    if y.ndim == 1:
        y, z = y[:, None], z[:, None]
    center: Any = np.median(y, axis=0) if loss.name in ("mean_absolute_error", "log_cosh") else y.mean(axis=0)
    if loss.family == "binary":
        if y.min() < 0 or y.max() > 1:
            return None
        p = np.clip(center, EPSILON, 1 - EPSILON)
        return float(-(z * np.log(p) + (1 - z) * np.log(1 - p)).mean())
    if loss.family == "categorical":
        p = np.clip(center / max(center.sum(-1).max(), EPSILON), EPSILON, 1.0)
        return float(-(z * np.log(p)).sum(axis=-1).mean())
    return _amount(loss.name, z, center)


def least_loss(output: Output, judged: NDArray[Any]) -> float:
    """Return the loss of a perfect prediction: the entropy of the targets under a cross-entropy, else 0.

    Args:
        output: The output, with its loss.
        judged: Targets; grey values and shares have an entropy of their own.
    """
    family = output.loss.family if output.loss is not None else "other"
    z = np.clip(judged.astype(np.float64), EPSILON, 1 - EPSILON)
    if family == "binary":
        return float(-(z * np.log(z) + (1 - z) * np.log(1 - z)).mean())
    return float(-(z * np.log(z)).sum(axis=-1).mean()) if family == "categorical" else 0.0


def _sparse(y: NDArray[np.float64], z: NDArray[np.float64], units: int) -> float | None:
    if not np.all(y == np.round(y)) or y.min() < 0 or y.max() >= units:
        return None
    share = np.bincount(y.astype(int).ravel(), minlength=units) / y.size
    return float(-np.log(np.clip(share, 1.0 / (10 * y.size), 1))[z.astype(int).ravel()].mean())


def _amount(name: str, z: NDArray[np.float64], center: Any) -> float | None:
    error = z - center
    if name == "mean_squared_error":
        return float((error**2).mean())
    if name == "mean_absolute_error":
        return float(np.abs(error).mean())
    if name == "huber":
        size = np.abs(error)
        return float(np.where(size <= 1, 0.5 * size**2, size - 0.5).mean())
    if name == "log_cosh":
        return float((np.abs(error) + np.log1p(np.exp(-2 * np.abs(error))) - np.log(2)).mean())
    if name == "mean_squared_logarithmic_error" and z.min() > -1:
        return float(((np.log1p(z) - np.log1p(z).mean(axis=0)) ** 2).mean())
    return None
