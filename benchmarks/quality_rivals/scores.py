"""The score of test predictions, by the metric of the task."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import xlogy
from sklearn.metrics import roc_auc_score

from quality_rivals.tables import Task

TINY = 1e-7
"""Probabilities are kept this far from 0 and 1, so that one sure mistake does not decide a table."""
HIGHER = {"roc_auc"}
"""Metrics of which more is better."""


def score(train: pd.DataFrame, test: pd.DataFrame, p: np.ndarray, task: Task) -> float:
    """Score predictions (n, k) of the test rows; rows with a label that no row for fitting has are left out.

    Raises:
        ValueError: The predictions have the wrong shape, or are not finite.
    """
    y, p = task.answers(test), np.asarray(p, float)
    columns = len(task.classes) if task.problem == "multiclass" else len(task.targets)
    if p.shape != (len(test), columns) or not np.isfinite(p).all():
        raise ValueError(f"Expected finite predictions of shape {(len(test), columns)}; received shape {p.shape}.")
    if task.classifies:
        known = y >= 0
        y, p = y[known], p[known]
    if task.metric == "roc_auc":
        return float(roc_auc_score(y, p[:, 0]))
    if task.metric == "log_loss":
        return _log_loss(y, p)
    if task.metric == "poisson_deviance":
        mean = np.maximum(p, TINY)
        return float(2 * (xlogy(y, y / mean) - y + mean).mean())
    if task.metric == "scaled_rmse":
        return float(np.sqrt((((p - y) / task.answers(train).std(axis=0)) ** 2).mean(axis=0)).mean())
    if task.metric == "rmse":
        return float(np.sqrt(((p - y) ** 2).mean()))
    raise ValueError(f"Unknown metric {task.metric}.")


def repeated(train: pd.DataFrame, test: pd.DataFrame, task: Task) -> np.ndarray:
    """Say of each test row whether a row for fitting has the same features: who learns by heart knows its answer."""
    names = task.features(test)
    known = set(train[names].itertuples(index=False, name=None))
    return np.array([row in known for row in test[names].itertuples(index=False, name=None)])


def _log_loss(y: np.ndarray, p: np.ndarray) -> float:
    """Return the mean log-loss over rows; of several labels, the mean over labels as well."""
    p = np.clip(p, TINY, 1 - TINY)
    if y.ndim == 1 and p.shape[1] > 1:
        p = p / p.sum(axis=1, keepdims=True)
        return float(-np.log(p[np.arange(len(y)), y]).mean())
    y = y.reshape(p.shape)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
