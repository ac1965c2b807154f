"""Intervals of a score on rows that were looked at once: the right kind for each metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from modelwizard.evidence import resampling, scores
from modelwizard.evidence.arrays import ArrayLike, column, matrix

LEVEL, RESAMPLES = 0.95, 2000


@dataclass(frozen=True)
class Interval:
    """A score with its two-sided 95 % interval and how that was made."""

    value: float
    low: float
    high: float
    method: str


def wilson(successes: int, trials: int) -> Interval:
    """Return the Wilson interval of a proportion: never empty, near its level down to n = 30.

    Assumes independent trials. Source: Wilson 1927; Brown, Cai & DasGupta 2001; scipy.stats.binomtest.
    """
    if trials == 0:
        return Interval(float("nan"), 0.0, 1.0, "Wilson")
    found = stats.binomtest(int(successes), int(trials)).proportion_ci(LEVEL, method="wilson")
    return Interval(successes / trials, float(found.low), float(found.high), "Wilson")


def delong(y: ArrayLike, p: ArrayLike, *, groups: ArrayLike | None = None) -> Interval:
    """Return the interval of the ROC AUC from DeLong's variance, on the logit scale so that it stays within [0, 1].

    Assumes independent units and both classes. With AUC exactly 0 or 1 the variance is zero; the interval is then
    that of the smaller class's size by the rule of three.
    Source: DeLong et al. 1988; logit scale: Pepe 2003, ch. 5 (better coverage near 1).
    """
    truth, values = column(y), column(p)
    if not np.isfinite(values).all():
        return Interval(float("nan"), 0.0, 1.0, "DeLong")
    found = resampling.mean(scores.ranking_pseudo(scores.SCORES["roc_auc"], matrix(y), matrix(p)), groups)
    value = found.value
    if not np.isfinite(value):
        return Interval(float("nan"), 0.0, 1.0, "DeLong")
    smaller = min((truth >= 0.5).sum(), (truth < 0.5).sum())
    if value <= 0 or value >= 1 or found.se == 0:
        edge = min(1.0, 3 / smaller)
        return Interval(value, max(0.0, value - edge), min(1.0, value + edge), "rule of three")
    half = float(stats.norm.ppf(0.5 + LEVEL / 2)) * found.se / (value * (1 - value))
    centre = float(logit(value))
    return Interval(value, float(expit(centre - half)), float(expit(centre + half)), "DeLong")


def _bootstrap(problem: str, metric: str, y: ArrayLike, p: ArrayLike, groups: ArrayLike | None, seed: int) -> Interval:
    """Return the percentile bootstrap interval of any metric, drawing whole groups where given.

    Assumes independent units; undefined resamples (one class only) are passed over.
    Source: Efron & Tibshirani 1993, ch. 13 and 8 (clusters).
    """
    values = matrix(p)
    rng = np.random.default_rng(seed)
    weights = resampling.bootstrap_weights(len(values), RESAMPLES, rng, groups)
    drawn = scores.weighted(problem, metric, y, [values], weights)[:, 0]
    drawn = drawn[np.isfinite(drawn)]
    value = scores.score(problem, metric, y, values)
    if len(drawn) < 2:
        return Interval(value, float("-inf"), float("inf"), "bootstrap")
    low, high = np.quantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Interval(value, float(low), float(high), "bootstrap")


def score(
    problem: str,
    metric: str,
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Interval:
    """Return the metric with the interval that suits it.

    Wilson for accuracy of independent rows, DeLong for AUC, the bootstrap for what is no mean of rows. For other means
    t, robust to groups, which assumes about normal means (some tens of units; more for heavy tails).
    """
    if metric == "roc_auc":
        return delong(y, matrix(p), groups=groups)
    values = scores.rows(problem, metric, y, p)
    if values is None:
        return _bootstrap(problem, metric, y, p, groups, seed)
    if metric == "accuracy" and groups is None and np.isfinite(values).all():
        return wilson(int(values.sum()), len(values))
    found = resampling.mean(values, groups)
    return Interval(found.value, *found.interval(LEVEL), "t" if groups is None else "t, robust to groups")
