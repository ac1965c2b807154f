"""Probabilities that mean what they say: a temperature, and a decision threshold whose choice is paid for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit

from modelwizard.evidence import optimism, resampling, scores
from modelwizard.evidence.arrays import ArrayLike, Floats, matrix
from modelwizard.evidence.losses import row_loss

FEWEST = 50
ENOUGH = 200


@dataclass(frozen=True)
class Temperature:
    """One number that all logits are divided by.

    Args:
        value: T; above 1 the model was overconfident.
        before: Log loss before.
        after: Log loss after, judged on halves that did not choose T.
    """

    value: float
    before: float
    after: float


def temperature(problem: str, y: ArrayLike, p: ArrayLike, *, seed: int = 0) -> Temperature:
    """Fit T = argmin of the log loss of logits / T on out-of-sample probabilities.

    Assumes probabilities of rows that the model did not train on, classification. ln T is shrunk to 0 by n / (n + 100)
    between 50 and 200 rows; below 50 rows T = 1. Counts as a look at these rows.
    Source: Guo et al. 2017 (temperature scaling). The shrinkage is ours: sd of T is 1.6 at n = 50, .4 at n = 200.
    """
    values = matrix(p)
    before = float(row_loss(problem, "binary_crossentropy", y, values).mean())
    rows = len(values)
    if rows < FEWEST or not np.isfinite(values).all():
        return Temperature(1.0, before, before)
    target = np.asarray(y)
    side = resampling.halves(rows, np.random.default_rng(seed))
    after = np.empty(rows)
    for half in (0, 1):
        chosen = _fit(problem, target[side != half], values[side != half])
        after[side == half] = row_loss(
            problem, "binary_crossentropy", target[side == half], tempered(problem, values[side == half], chosen)
        )
    return Temperature(_fit(problem, target, values), before, float(after.mean()))


def _fit(problem: str, y: ArrayLike, p: Floats) -> float:
    """Return the shrunken temperature of these rows."""
    found = minimize_scalar(
        lambda log_t: float(row_loss(problem, "binary_crossentropy", y, tempered(problem, p, np.exp(log_t))).mean()),
        bounds=(np.log(0.05), np.log(20.0)),
        method="bounded",
    )
    rows = len(p)
    shrink = 1.0 if rows >= ENOUGH else rows / (rows + 100)
    return float(np.exp(float(found.x) * shrink))


def tempered(problem: str, p: ArrayLike, t: float) -> Floats:
    """Return the probabilities after dividing the logits by T."""
    values = np.clip(matrix(p), 1e-7, 1 - 1e-7)
    if problem == "multiclass":
        return np.exp(log_softmax(np.log(values) / t, axis=1))
    return np.asarray(expit(logit(values) / t))


@dataclass(frozen=True)
class Threshold:
    """A decision threshold and what it will bring.

    Args:
        value: Probability from which the positive label is predicted.
        raw: Score on the rows that chose it.
        corrected: Score expected on new rows.
        se: Standard error of the corrected score.
        at_half: Score at 0.5, for comparison.
    """

    value: float
    raw: float
    corrected: float
    se: float
    at_half: float


def threshold(
    y: ArrayLike,
    p: ArrayLike,
    metric: str = "f1",
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
    candidates: int = 101,
) -> Threshold:
    """Choose the threshold of a binary decision and correct the score for having chosen it.

    Each threshold is one more candidate of the bootstrap bias correction. Candidates are quantiles of the
    probabilities. With known costs do not tune: use `cost_threshold`. Assumes out-of-sample probabilities of
    independent units; counts as a look.
    Source: Tsamardinos et al. 2018 (BBC, the threshold being part of the configuration).
    """
    values = matrix(p)[:, 0]
    grid = np.unique(np.append(np.quantile(values, np.linspace(0, 1, candidates)), 0.5))
    columns = (values[None, :] >= grid[:, None]).astype(np.float64)[:, :, None]
    found = optimism.bbc_metric("binary", metric, y, columns, groups=groups, seed=seed)
    half = scores.score("binary", metric, y, (values >= 0.5).astype(np.float64))
    return Threshold(float(grid[found.best]), found.raw, found.corrected, found.se, half)


def cost_threshold(false_positive: float, false_negative: float) -> float:
    """Return the threshold that minimises expected cost for calibrated probabilities: c_FP / (c_FP + c_FN).

    Source: Elkan 2001, "The foundations of cost-sensitive learning", eq. 2.
    """
    return false_positive / (false_positive + false_negative)


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed share in bins of equal count: mean prediction, observed share, rows, and ECE."""

    predicted: Floats
    observed: Floats
    rows: Floats
    error: float


def reliability(y: ArrayLike, p: ArrayLike, bins: int = 10) -> Reliability:
    """Return the reliability curve of one probability and its expected calibration error.

    Assumes 0/1 truth of independent rows; bins hold equal counts, since equal widths leave most of them empty.
    Source: Naeini, Cooper & Hauskrecht 2015; equal-mass bins: Nixon et al. 2019.
    """
    truth, values = matrix(y)[:, 0], matrix(p)[:, 0]
    parts = [part for part in np.array_split(np.argsort(values, kind="stable"), bins) if len(part)]
    predicted = np.array([values[part].mean() for part in parts])
    observed = np.array([truth[part].mean() for part in parts])
    rows = np.array([float(len(part)) for part in parts])
    error = float((rows * np.abs(predicted - observed)).sum() / rows.sum()) if len(parts) else float("nan")
    return Reliability(predicted, observed, rows, error)
