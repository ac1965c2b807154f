"""Optional rivals, each imported when it runs, so that each may live in an environment of its own."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import pandas as pd

from quality_rivals import Clock, RefusedError, features
from quality_rivals.tables import Task, typed

Frame = pd.DataFrame
THREADS = 2


def autogluon(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Fit AutoGluon's TabularPredictor with its default preset.

    It needs `pip install autogluon.tabular[lightgbm,xgboost,catboost] torch`.
    """
    _one_target(task)
    clock = Clock(seconds)
    from autogluon.tabular import TabularPredictor

    x, new = (features.expand_dates(frame) for frame in typed(train, test, task))  # by itself it leaves out the hour
    label = "the answer"
    kind = task.problem if task.classifies else "regression"
    metric = task.metric if task.classifies else "root_mean_squared_error"
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(label, problem_type=kind, eval_metric=metric, path=folder, verbosity=0)
        rows = x.assign(**{label: np.ravel(task.answers(train))})
        predictor.fit(rows, time_limit=clock.left(), num_cpus=THREADS, num_gpus=0)
        if not task.classifies:
            return predictor.predict(new).to_numpy(float)[:, None]
        return _canonical(predictor.predict_proba(new).to_numpy(float), predictor.class_labels, task)


def flaml(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Fit FLAML's AutoML with its defaults (`pip install flaml[automl]`)."""
    _one_target(task)
    clock = Clock(seconds)
    from flaml import AutoML

    x, new = (features.expand_dates(frame) for frame in typed(train, test, task))
    for name in x:
        if not pd.api.types.is_numeric_dtype(x[name]):
            x[name] = x[name].fillna("").astype("category")
            new[name] = new[name].fillna("").astype(x[name].dtype)
    kind = "classification" if task.classifies else "regression"
    model = AutoML()
    settings: dict[str, Any] = {"metric": task.metric if task.classifies else "rmse", "n_jobs": THREADS, "verbose": 0}
    model.fit(x, np.ravel(task.answers(train)), task=kind, time_budget=clock.left(), seed=seed, **settings)
    if not task.classifies:
        return np.asarray(model.predict(new), float)[:, None]
    return _canonical(model.predict_proba(new), model.classes_, task)


def autokeras(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Search with AutoKeras 3 until the time is up.

    It needs `pip install autokeras tensorflow tensorboard "keras<3.11"`: version 3.0 hands NumPy integers to
    layers, which Keras 3.15 refuses and 3.10 takes, and its tuner wants tensorboard.
    """
    clock = Clock(seconds)
    import autokeras
    import keras

    from quality_rivals.nets import MARGIN

    x, new = features.scaled(*typed(train, test, task), words=2000)
    order = np.random.default_rng(seed).permutation(len(x))  # AutoKeras takes the last rows for validation
    x, y = x[order], task.answers(train)[order]
    names = [f"x{i}" for i in range(x.shape[1])]
    labels = task.classifies or task.problem == "multilabel"
    offset, scale = (0.0, 1.0) if labels else (y.mean(axis=0), y.std(axis=0))
    settings: dict[str, Any] = {"max_trials": 1000, "overwrite": True, "seed": seed, "objective": "val_loss"}
    settings |= {"column_names": names, "column_types": dict.fromkeys(names, "numerical")}
    if labels:
        kind: Any = autokeras.StructuredDataClassifier
        settings |= {"num_classes": len(task.classes or task.targets), "multi_label": not task.classifies}
    else:
        kind = autokeras.StructuredDataRegressor

    class Over(keras.callbacks.Callback):
        """End the search when the time is up: no further trial, and none trained any longer."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if clock.over(MARGIN):
                model.tuner.oracle.max_trials = len(model.tuner.oracle.trials)
                self.model.stop_training = True

    with tempfile.TemporaryDirectory() as folder:
        model = kind(directory=folder, **settings)
        model.fit(x, (y - offset) / scale, epochs=100, batch_size=32, verbose=0, callbacks=[Over()])
        p = model.export_model().predict(new, verbose=0)
        return np.asarray(p, float).reshape(len(new), -1) * scale + offset


def realmlp(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Fit RealMLP with its tuned defaults, one split (`pip install pytabkit`)."""
    if task.problem == "multilabel":
        raise RefusedError("takes no rows with several labels")
    clock = Clock(seconds)
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    x, new = (features.expand_dates(frame) for frame in typed(train, test, task))
    numeric = x.select_dtypes("number")
    x, new = (frame.fillna(numeric.median()) for frame in (x, new))  # RealMLP takes no missing numbers
    x, new = features.filled(x), features.filled(new)
    settings: dict[str, Any] = {"random_state": seed, "n_threads": THREADS, "device": "cpu"}
    y = task.answers(train)
    if task.classifies:
        # What its documentation advises when probabilities count: no label smoothing, epochs chosen by log-loss.
        model: Any = RealMLP_TD_Classifier(val_metric_name="cross_entropy", use_ls=False, **settings)
    else:
        model = RealMLP_TD_Regressor(**settings)
    model.fit(x, y, time_to_fit_in_seconds=int(clock.left()))
    if not task.classifies:
        return np.asarray(model.predict(new), float).reshape(len(new), -1)
    return _canonical(model.predict_proba(new), model.classes_, task)


def _one_target(task: Task) -> None:
    """Decline several targets.

    Raises:
        RefusedError: There are several.
    """
    if len(task.targets) > 1:
        raise RefusedError("takes one target only")


def _canonical(p: Any, classes: Any, task: Task) -> np.ndarray:
    """Put the columns of the probabilities in the order of the task's classes."""
    full = np.zeros((len(p), len(task.classes)))
    full[:, np.asarray(classes, int)] = np.asarray(p, float)
    return full[:, 1:] if task.problem == "binary" else full
