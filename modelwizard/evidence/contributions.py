"""Row statistics whose weighted means make up each score: one (n, s) array per metric.

A score that is a function of means of rows is resampled by one matrix product for all resamples; that is what makes
the correction for thousands of trial x epoch columns cheap. Only rankings (AUC, average precision) need a sort.
"""

from __future__ import annotations

import numpy as np

from modelwizard.evidence.arrays import ArrayLike, Floats, matrix, one_hot
from modelwizard.evidence.losses import row_loss
from modelwizard.problems import PROBLEMS

# --- statistics: (problem, y, p) -> (n, s) ---------------------------------------------------------------------


def log_loss(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Negative log-probability of the truth; for several labels the mean over labels."""
    return row_loss(problem, "binary_crossentropy", y, p)[:, None]


def brier(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Squared error of the probability."""
    return ((matrix(y) - p) ** 2).mean(axis=1, keepdims=True)


def accuracy(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """1 where the decision (0.5, or the most probable class) is right."""
    hot, chosen = decisions(problem, y, p)
    return (hot == chosen).all(axis=1, keepdims=True).astype(np.float64)


def class_recall(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """For each class: whether it was hit, and whether it was there; 2 K columns."""
    hot, chosen = decisions(problem, y, p)
    if PROBLEMS[problem].chooses_positive:
        hot, chosen = np.hstack([1 - hot, hot]), np.hstack([1 - chosen, chosen])
    return np.hstack([hot * chosen, hot])


def class_f1(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """For each class: hits, and half of what was there plus what was said; 2 K columns."""
    hot, chosen = decisions(problem, y, p)
    return np.hstack([hot * chosen, (hot + chosen) / 2])


def pooled_f1(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Hits, and half of what was there plus what was said, summed over labels; 2 columns."""
    hot, chosen = decisions(problem, y, p)
    return np.stack([(hot * chosen).sum(axis=1), ((hot + chosen) / 2).sum(axis=1)], axis=1)


def wrong_labels(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Share of a row's labels that are wrong."""
    hot, chosen = decisions(problem, y, p)
    return (hot != chosen).mean(axis=1, keepdims=True)


def squared(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Squared error of each output; k columns."""
    return (matrix(y) - p) ** 2


def absolute(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Mean absolute error of a row."""
    return np.abs(matrix(y) - p).mean(axis=1, keepdims=True)


def variance_share(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Squared error, target and squared target of each output (centred once for precision); 3 k columns."""
    target = matrix(y)
    centred = target - target.mean(axis=0)
    return np.hstack([(target - p) ** 2, centred, centred**2])


def deviance(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Poisson deviance 2 (y ln(y / p) - y + p) of a row."""
    target, rate = matrix(y), np.maximum(p, 1e-9)
    logs = np.where(target > 0, target * np.log(np.where(target > 0, target, 1.0) / rate), 0.0)
    return (2 * (logs - target + rate)).mean(axis=1, keepdims=True)


def squared_log(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Squared difference of log(1 + value)."""
    return ((np.log1p(matrix(y)) - np.log1p(np.maximum(p, 0))) ** 2).mean(axis=1, keepdims=True)


def relative(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Absolute error relative to the truth."""
    target = matrix(y)
    return (np.abs(target - p) / np.maximum(np.abs(target), 1e-9)).mean(axis=1, keepdims=True)


def rank_distance(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Steps between the class that is said and the true one."""
    kind = PROBLEMS[problem]
    return np.abs(kind.ids(y) - kind.said(p))[:, None].astype(np.float64)


def rank_moments(problem: str, y: ArrayLike, p: Floats) -> Floats:
    """Squared distance of the two classes, and first and second moments of each; 5 columns."""
    kind = PROBLEMS[problem]
    true, said = kind.ids(y).astype(np.float64), kind.said(p).astype(np.float64)
    return np.stack([(true - said) ** 2, true, said, true**2, said**2], axis=1)


def decisions(problem: str, y: ArrayLike, p: Floats) -> tuple[Floats, Floats]:
    """Return truth and decision as 0/1 indicators of the same shape, (n, 1) or (n, K)."""
    kind = PROBLEMS[problem]
    if kind.one_label and not kind.chooses_positive:
        classes = kind.classes(p.shape[1])
        return one_hot(kind.ids(y), classes), one_hot(kind.said(p), classes)
    return (matrix(y) >= 0.5).astype(np.float64), (p >= 0.5).astype(np.float64)


# --- combinations: (..., s) means -> (...) scores ---------------------------------------------------------------


def first(means: Floats) -> Floats:
    """Return the mean itself."""
    return means[..., 0]


def root(means: Floats) -> Floats:
    """Return the root of each output's mean, averaged over outputs (as sklearn.metrics.root_mean_squared_error)."""
    return np.sqrt(np.maximum(means, 0)).mean(axis=-1)


def ratio(means: Floats) -> Floats:
    """Return hits over count for each class, averaged over the classes that occur at all."""
    classes = means.shape[-1] // 2
    hits, counts = means[..., :classes], means[..., classes:]
    there = counts > 0
    shares = np.where(there, hits / np.where(there, counts, 1.0), 0.0)
    return shares.sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)


def kappa(means: Floats) -> Floats:
    """Return 1 - squared distance / that of classes drawn independently (sklearn's cohen_kappa_score, quadratic)."""
    distance, true, said, true_squared, said_squared = (means[..., i] for i in range(5))
    chance = true_squared + said_squared - 2 * true * said
    there = chance > 1e-15
    value = np.where(there, 1 - distance / np.where(there, chance, 1.0), np.nan)
    return np.where(np.abs(value) < 1e-12, 0.0, value)  # a constant has exactly 0


def explained(means: Floats) -> Floats:
    """Return 1 - error / variance of each output, averaged over outputs (as sklearn.metrics.r2_score)."""
    outputs = means.shape[-1] // 3
    error, mean, square = means[..., :outputs], means[..., outputs : 2 * outputs], means[..., 2 * outputs :]
    spread = square - mean**2
    there = spread > 1e-15
    return np.where(there, 1 - error / np.where(there, spread, 1.0), np.nan).mean(axis=-1)
