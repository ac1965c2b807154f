"""The table of metrics: direction, meaning, value, contribution of each row, value under weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from modelwizard.evidence import contributions, ranking
from modelwizard.evidence.arrays import ArrayLike, Floats, finite_columns, matrix

Direction = Literal["max", "min"]
Statistics = Callable[[str, ArrayLike, Floats], Floats]


@dataclass(frozen=True)
class Score:
    """One metric.

    Args:
        name: The name used in settings and flags.
        direction: Whether larger ("max") or smaller ("min") is better.
        statistics: (problem, y, p) -> (n, s) values of each row; None for rankings.
        combine: Means of the statistics (..., s) -> scores (...).
        ranking: "auc" or "precision" where rows are ranked against each other (averaged over outputs).
        threshold_t: Paired t from which a chosen decision threshold replaces 0.5; None where no threshold plays a part.
        share: Whether it lies within 0 and 1, so that a point of it is 0.01; scores to maximise always count as such.
        lowest: The lowest possible value. Defaults to 0.
        like: Losses that it is a monotone function of, by their Keras names.
        source: Where the definition comes from.
    """

    name: str
    direction: Direction
    statistics: Statistics | None = None
    combine: Callable[[Floats], Floats] = contributions.first
    ranking: Literal["", "auc", "precision"] = ""
    threshold_t: float | None = None
    share: bool = False
    lowest: float = 0.0
    like: tuple[str, ...] = ()
    source: str = "sklearn.metrics"

    @property
    def bounded(self) -> bool:
        """Whether one point of it means 0.01."""
        return self.share or self.direction == "max"

    @property
    def row_mean(self) -> bool:
        """Whether the score is the plain mean of one value per row."""
        return self.statistics is not None and self.combine is contributions.first


# 0.5 is the best threshold of calibrated probabilities for a share of right labels, so noise must not move it: the
# one-standard-error rule. For F1 the best one is half the best F1 (Lipton et al. 2014), for balanced accuracy the
# share of the label, and 0.5 has nothing to say for itself.
_CAREFUL, _ANY = 1.0, 0.0
_CROSS_ENTROPIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
_SQUARED, _ABSOLUTE = ("mse", "mean_squared_error"), ("mean_absolute_error", "mae")
_LOGARITHMIC = ("mean_squared_logarithmic_error", "msle")
_RECALL, _F1 = (contributions.class_recall, contributions.ratio), (contributions.class_f1, contributions.ratio)
_POOLED, _R2 = (contributions.pooled_f1, contributions.ratio), (contributions.variance_share, contributions.explained)
_RMSE, _RMSLE = (contributions.squared, contributions.root), (contributions.squared_log, contributions.root)
_KAPPA = (contributions.rank_moments, contributions.kappa)

SCORES: dict[str, Score] = {
    item.name: item
    for item in (
        Score("roc_auc", "max", ranking="auc"),
        Score("average_precision", "max", ranking="precision"),
        Score("macro_roc_auc", "max", ranking="auc"),
        Score("log_loss", "min", contributions.log_loss, like=_CROSS_ENTROPIES),
        Score("brier", "min", contributions.brier, share=True),
        Score("accuracy", "max", contributions.accuracy, threshold_t=_CAREFUL),
        Score("balanced_accuracy", "max", *_RECALL, threshold_t=_ANY),
        Score("f1", "max", *_F1, threshold_t=_ANY),
        Score("macro_f1", "max", *_F1, threshold_t=_ANY),
        Score("micro_f1", "max", *_POOLED, threshold_t=_ANY),
        Score("hamming", "min", contributions.wrong_labels, threshold_t=_CAREFUL, share=True),
        Score("rmse", "min", *_RMSE, like=_SQUARED),
        Score("mae", "min", contributions.absolute, like=_ABSOLUTE),
        Score("r2", "max", *_R2, lowest=-math.inf),
        Score("poisson_deviance", "min", contributions.deviance, like=("poisson",)),
        Score("rmsle", "min", *_RMSLE, like=_LOGARITHMIC),
        Score("quadratic_kappa", "max", *_KAPPA, lowest=-1.0, source="Cohen 1968"),
        Score("rank_mae", "min", contributions.rank_distance),
        Score("mape", "min", contributions.relative),
    )
}


def direction(metric: str) -> Direction:
    """Return "max" or "min"."""
    return SCORES[metric].direction


def best(metric: str, values: ArrayLike) -> int:
    """Return the index of the best value in the metric's direction, passing over NaN; the first one of ties.

    Raises:
        ValueError: Nothing is finite.
    """
    array = np.asarray(values, dtype=np.float64)
    return int(np.nanargmax(array) if SCORES[metric].direction == "max" else np.nanargmin(array))


def gain(metric: str, better: float, worse: float) -> float:
    """Return by how much the first value is better than the second, in the metric's direction."""
    return better - worse if SCORES[metric].direction == "max" else worse - better


def score(problem: str, metric: str, y: ArrayLike, p: ArrayLike) -> float:
    """Return the metric of canonical predictions; NaN where they hold NaN or the metric is undefined (one class).

    Args:
        problem: A name of the table of problems.
        metric: A name of `SCORES`.
        y: Canonical targets, (n, k) or class ids (n,).
        p: Canonical predictions, (n, k).
    """
    values = matrix(p)
    if not np.isfinite(values).all():
        return float("nan")
    return float(weighted(problem, metric, y, [values], np.ones((1, len(values))))[0, 0])


def rows(problem: str, metric: str, y: ArrayLike, p: ArrayLike) -> Floats | None:
    """Return one value per row, (n,), whose mean is the metric; None when the metric is no mean of rows."""
    item = SCORES[metric]
    if item.statistics is None or not item.row_mean:
        return None
    return item.statistics(problem, y, matrix(p))[:, 0]


def pseudo(problem: str, metric: str, y: ArrayLike, p: ArrayLike) -> Floats:
    """Return pseudo-values (n,): their mean is the metric exactly, their spread its sampling error.

    Row i holds score + n d(score)/d(weight of i): the infinitesimal jackknife. For a mean of rows they are the rows
    themselves, for AUC their variance over n is DeLong's. They turn any metric into "one value per row", so that
    paired tests, windows and clusters work alike for all. Assumes n large enough for a first-order expansion (from
    some tens of rows of each class). NaN throughout where the metric is undefined.
    Source: Efron 1982, ch. 6 (infinitesimal jackknife); DeLong et al. 1988 for AUC.
    """
    item, values = SCORES[metric], matrix(p)
    if not np.isfinite(values).all():
        return np.full(len(values), np.nan)
    if item.statistics is None:
        return ranking_pseudo(item, matrix(y), values)
    table = item.statistics(problem, y, values)
    if item.row_mean:
        return table[:, 0]
    means = table.mean(axis=0)
    return float(item.combine(means)) + (table - means) @ _gradient(item.combine, means)


def _gradient(combine: Callable[[Floats], Floats], means: Floats) -> Floats:
    """Return the derivative of a combination at the means, by central differences."""
    steps = np.diag(1e-5 * np.maximum(np.abs(means), 1e-3))
    difference = combine(means + steps) - combine(means - steps)
    return difference / (2 * np.diag(steps))


def ranking_pseudo(item: Score, y: Floats, p: Floats) -> Floats:
    """Return pseudo-values of a ranking metric, averaged over the outputs where it is defined."""
    influence = ranking.auc_influence if item.ranking == "auc" else ranking.precision_influence
    value = ranking.weighted_auc if item.ranking == "auc" else ranking.weighted_precision
    ones = np.ones((1, len(y)))
    each = [value(y[:, j] >= 0.5, p[:, j], ones)[0] + influence(y[:, j] >= 0.5, p[:, j]) for j in range(y.shape[1])]
    defined = [item for item in each if np.isfinite(item).all()]
    return np.mean(defined, axis=0) if defined else np.full(len(y), np.nan)


def weighted(problem: str, metric: str, y: ArrayLike, columns: Sequence[Floats] | Floats, weights: Floats) -> Floats:
    """Return the metric of each column of predictions under each row of weights.

    Args:
        problem: A name of the table of problems.
        metric: A name of `SCORES`.
        y: Canonical targets, (n, k) or class ids (n,).
        columns: K canonical predictions (n, k); any sequence, so that they may be unpacked one by one.
        weights: (B, n), not negative; ones give the plain metric, bootstrap counts a resample.

    Returns:
        (B, K) scores; NaN for columns with NaN and for resamples in which the metric is undefined.
    """
    item = SCORES[metric]
    result = np.full((len(weights), len(columns)), np.nan)
    if item.statistics is None:
        truth = matrix(y) >= 0.5
        narrow = weights.astype(np.float32) if len(weights) > 1 else weights  # counts are exact in float32
        value = ranking.weighted_auc if item.ranking == "auc" else ranking.weighted_precision
        for j in range(len(columns)):
            p = matrix(columns[j])
            if np.isfinite(p).all():
                each = [value(truth[:, o], p[:, o], narrow) for o in range(p.shape[1])]
                result[:, j] = _mean_defined(each)
        return result
    shares = weights / weights.sum(axis=1, keepdims=True)
    usable = np.flatnonzero(finite_columns(columns))
    for part in np.array_split(usable, max(1, -(-len(usable) // 64))):  # 64 columns at a time: one product each
        if len(part) == 0:
            continue
        tables = [item.statistics(problem, y, matrix(columns[int(j)])) for j in part]
        means = shares @ np.hstack(tables)
        result[:, part] = item.combine(means.reshape(len(weights), len(part), -1))
    return result


def _mean_defined(each: list[Floats]) -> Floats:
    """Average over outputs, passing over those that are undefined in a resample."""
    if len(each) == 1:
        return each[0]
    table = np.array(each)
    there = np.isfinite(table)
    total = np.where(there, table, 0.0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)
