"""Probabilities that mean what they say: the temperature, and the reliability curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit

from modelwizard.evidence import resampling
from modelwizard.evidence.arrays import ArrayLike, Floats, matrix
from modelwizard.evidence.losses import row_loss
from modelwizard.problems import PROBLEMS

FEWEST = 50
ENOUGH = 200
KEEP_FROM = 1.0
"""Paired t from which a temperature is kept: the one-standard-error rule, as for every other addition."""
MANY = 20_000
"""Rows from which two half-splits say as much as ten."""


@dataclass(frozen=True)
class Temperature:
    """One number that all logits are divided by.

    Args:
        value: T; above 1 the model was overconfident.
        before: Log loss before.
        after: Log loss after, judged on halves that did not choose T.
        t: The gain of these judged rows in standard errors.
    """

    value: float
    before: float
    after: float
    t: float

    @property
    def kept(self) -> bool:
        """Whether rows that did not choose T say that it helps."""
        return self.t >= KEEP_FROM and self.value != 1.0


def temperature(
    problem: str, y: ArrayLike, p: ArrayLike, *, groups: ArrayLike | None = None, widen: float = 1.0, seed: int = 0
) -> Temperature:
    """Fit T = argmin of the log loss of logits / T on out-of-sample probabilities, and judge it by cross-fitting.

    Assumes probabilities of rows that the model did not train on, classification. ln T is shrunk to 0 by n / (n + 100)
    between 50 and 200 rows; below 50 rows T = 1. Counts as a look at these rows.
    Source: Guo et al. 2017 (temperature scaling). The shrinkage is ours: sd of T is 1.6 at n = 50, .4 at n = 200.

    Args:
        problem: A type that classifies.
        y: Canonical targets.
        p: (n, k) probabilities.
        groups: One label per row of dependent rows, kept on one side of every split.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
        seed: Seed of the half-splits.
    """
    values, target = matrix(p), np.asarray(y)
    rows = len(values)
    costs = row_loss(problem, "binary_crossentropy", y, values)
    before = float(costs.mean())
    if rows < FEWEST or not np.isfinite(values).all():
        return Temperature(1.0, before, before, 0.0)
    rng, splits = np.random.default_rng(seed), resampling.SPLITS if rows < MANY else 2
    judged = np.zeros(rows)
    for _ in range(splits):
        side = resampling.halves(rows, rng, groups)
        for half in (0, 1):
            mine = side == half
            chosen = _fit(problem, target[~mine], values[~mine])
            after = tempered(problem, values[mine], chosen)
            judged[mine] += row_loss(problem, "binary_crossentropy", target[mine], after) / splits
    found = resampling.difference(costs, judged, groups, widen=widen)
    return Temperature(_fit(problem, target, values), before, float(judged.mean()), found.t)


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
    if PROBLEMS[problem].exclusive:
        return np.exp(log_softmax(np.log(values) / t, axis=1))
    return np.asarray(expit(logit(values) / t))


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
