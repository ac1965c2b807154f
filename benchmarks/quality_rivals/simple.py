"""Rivals of scikit-learn: the dumb baseline, linear models, boosted trees, a multilayer perceptron."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, RidgeCV
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from quality_rivals import features
from quality_rivals.tables import Task, typed

Frame = pd.DataFrame


def dumb(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Predict the same for every row: the shares of the classes, or the mean."""
    y = task.answers(train)
    constant = np.bincount(y, minlength=len(task.classes)) / len(y) if task.classifies else y.mean(axis=0)
    return np.tile(constant[1:] if task.problem == "binary" else constant, (len(test), 1))


def linear(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Fit a logistic, Poisson or ridge regression."""
    x, new = features.scaled(*typed(train, test, task), sparse=True)
    if task.classifies or task.problem == "multilabel":
        model: Any = LogisticRegression(max_iter=2000)
        model = MultiOutputClassifier(model) if task.problem == "multilabel" else model
    elif task.problem == "count":
        model = PoissonRegressor(alpha=1e-3, max_iter=1000)
    else:
        model = RidgeCV(np.logspace(-2, 4, 13))
    return _fitted(model, x, new, train, task)


def boosted_trees(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Fit histogram gradient boosting with its defaults and early stopping, one model per label or target."""
    x, new, category = features.ordinal(*typed(train, test, task))
    settings: dict[str, Any] = {"early_stopping": True, "categorical_features": category, "random_state": seed}
    if task.classifies:
        model: Any = HistGradientBoostingClassifier(**settings)
    elif task.problem == "multilabel":
        model = MultiOutputClassifier(HistGradientBoostingClassifier(**settings))
    elif task.problem == "count":
        model = HistGradientBoostingRegressor(loss="poisson", **settings)
    else:
        model = HistGradientBoostingRegressor(**settings)
        model = MultiOutputRegressor(model) if task.problem == "vector" else model
    return _fitted(model, x, new, train, task)


def mlp(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Fit scikit-learn's multilayer perceptron with early stopping; its other settings are the defaults."""
    x, new = features.scaled(*typed(train, test, task), words=2000)
    settings: dict[str, Any] = {"early_stopping": True, "max_iter": 500, "random_state": seed}
    if task.classifies or task.problem == "multilabel":
        return _fitted(MLPClassifier(**settings), x, new, train, task)
    model = TransformedTargetRegressor(MLPRegressor(**settings), transformer=StandardScaler())
    return _fitted(model, x, new, train, task)


def _fitted(model: Any, x: Any, new: Any, train: Frame, task: Task) -> np.ndarray:
    """Fit a model and predict new rows in canonical form."""
    y = task.answers(train)
    single = y.ndim == 2 and y.shape[1] == 1
    model.fit(x, y[:, 0] if single else y)
    if task.problem == "multilabel":
        p = model.predict_proba(new)
        return np.stack([label[:, 1] for label in p], axis=1) if isinstance(p, list) else p
    if task.classifies:
        p = np.zeros((new.shape[0], len(task.classes)))
        p[:, model.classes_] = model.predict_proba(new)
        return p[:, 1:] if task.problem == "binary" else p
    return model.predict(new).reshape(new.shape[0], -1)
