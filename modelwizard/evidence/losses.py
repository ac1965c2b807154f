"""The loss of each row, as Keras computes it, from canonical targets and predictions."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from modelwizard.evidence.arrays import ArrayLike, Floats, matrix
from modelwizard.problems import PROBLEMS

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1: `keras.config.epsilon()`, so that figures agree with Keras."""

ALIASES = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "msle": "mean_squared_logarithmic_error"}


def row_loss(problem: str, loss: str, y: ArrayLike, p: ArrayLike, scale: ArrayLike | None = None) -> Floats:
    """Return the unpenalised loss of each row, (n,).

    Args:
        problem: A name of the table of problems; classes that exclude each other have a cross-entropy of their own.
        loss: A Keras loss name: binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy,
            mean_squared_error (mse), mean_absolute_error, poisson, mean_squared_logarithmic_error.
        y: Canonical targets: (n, k) floats, or class ids (n,).
        p: Canonical predictions (n, k): probabilities, or values in original units.
        scale: Divides squared and absolute errors of each output (k,): the standard deviations that the targets
            were standardised by, so that the value is the one that was trained on. Defaults to 1.

    Source: keras.losses (3.15): mean over the outputs of a row; poisson is p - y log(p + 1e-7).
    """
    name = ALIASES.get(loss, loss)
    values = matrix(p)
    if PROBLEMS[problem].exclusive:
        return _cross_entropy(y, values)
    target = matrix(y)
    if target.shape != values.shape:
        raise ValueError(f"targets {target.shape} and predictions {values.shape} differ in shape")
    units = 1.0 if scale is None else np.asarray(scale, dtype=np.float64)
    if name == "binary_crossentropy":
        kept = np.clip(values, EPSILON, 1 - EPSILON)
        rows = -(target * np.log(kept) + (1 - target) * np.log1p(-kept))
    elif name == "mean_squared_error":
        rows = ((target - values) / units) ** 2
    elif name == "mean_absolute_error":
        rows = np.abs(target - values) / units
    elif name == "poisson":
        rows = values - target * np.log(np.maximum(values, 0) + EPSILON)
    elif name == "mean_squared_logarithmic_error":
        rows = (np.log1p(np.maximum(target, EPSILON)) - np.log1p(np.maximum(values, EPSILON))) ** 2
    else:
        raise ValueError(f"unknown loss {loss!r} for problem {problem!r}")
    return rows.mean(axis=1)


def _cross_entropy(y: ArrayLike, p: Floats) -> Floats:
    """Return -log p of the true class; `y` are ids (n,) or one-hot rows (n, K)."""
    logs = np.log(np.clip(p / p.sum(axis=1, keepdims=True), EPSILON, 1.0))
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == p.shape[1] and p.shape[1] > 1:
        return -(labels * logs).sum(axis=1)
    return -logs[np.arange(len(logs)), labels.reshape(-1).astype(np.int64)]


def row_floor(problem: str, loss: str, y: ArrayLike) -> Floats:
    """Return the loss that a perfect prediction of each row would still have, (n,).

    Zero for most losses. Cross-entropy of soft targets cannot fall below their own entropy, and Keras's Poisson
    loss drops a constant and may be negative; less the floor, both are deviances >= 0, so that "x % of the loss"
    and "skill" mean something. Differences between two models do not change.
    Source: deviance = 2 (saturated - fitted log-likelihood), McCullagh & Nelder 1989, ch. 2.3 (here without the 2).
    """
    name = ALIASES.get(loss, loss)
    target = np.asarray(y, dtype=np.float64)
    target = target.reshape(len(target), -1)
    if not PROBLEMS[problem].exclusive and name == "binary_crossentropy":
        return -(xlogy(target, target) + xlogy(1 - target, 1 - target)).mean(axis=1)
    if name == "poisson":
        return (target - xlogy(target, target)).mean(axis=1)
    return np.zeros(len(target))


def first_loss(problem: str, loss: str, y: ArrayLike) -> float:
    """Return the loss expected before the first step: that of the best constant prediction on the training rows.

    Args:
        problem: A name of the table of problems.
        loss: A Keras loss name.
        y: Training targets as the network sees them; classes as ids (n,) or one-hot rows.
    """
    constant = PROBLEMS[problem].constant(loss, y)
    return float(row_loss(problem, loss, y, np.tile(constant, (len(np.asarray(y)), 1))).mean())


def excess_loss(problem: str, loss: str, y: ArrayLike, p: ArrayLike, scale: ArrayLike | None = None) -> Floats:
    """Return `row_loss` above `row_floor`, (n,): never below zero, zero for a perfect prediction."""
    return np.maximum(row_loss(problem, loss, y, p, scale) - row_floor(problem, loss, y), 0.0)
