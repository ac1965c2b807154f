"""Rivals in Keras: a plain network with early stopping, and keras-tuner's random search over the same."""

from __future__ import annotations

import tempfile
from typing import Any

import keras
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from quality_rivals import Clock, features
from quality_rivals.tables import Task, typed

Frame = pd.DataFrame
HEADS = {
    "binary": ("sigmoid", "binary_crossentropy"),
    "multiclass": ("softmax", "sparse_categorical_crossentropy"),
    "multilabel": ("sigmoid", "binary_crossentropy"),
    "count": ("exponential", "poisson"),
}
MARGIN = 3.0
"""Seconds kept for predicting."""


class Deadline(keras.callbacks.Callback):
    """Stop training when the time is up."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the clock."""
        if self.clock.over(MARGIN):
            self.model.stop_training = True


def prepared(train: Frame, test: Frame, task: Task, seed: int) -> tuple[Any, ...]:
    """Return arrays: training and validation inputs, their targets, test inputs, and the targets' offset and scale."""
    x, new = features.scaled(*typed(train, test, task), words=2000)
    y = task.answers(train)
    y = y[:, None] if task.problem == "binary" else y
    offset, scale = 0.0, 1.0
    if task.problem not in HEADS:
        offset, scale = y.mean(axis=0), y.std(axis=0)
    parts = train_test_split(x, (y - offset) / scale, test_size=0.2, random_state=seed)
    return *parts, new, offset, scale


def network(task: Task, inputs: int, units: int, layers: int, dropout: float, rate: float) -> keras.Model:
    """Build and compile an ordinary network."""
    activation, loss = HEADS.get(task.problem, (None, "mse"))
    outputs = len(task.classes) if task.problem == "multiclass" else len(task.targets)
    stack: list[Any] = [keras.Input((inputs,))]
    for _ in range(layers):
        stack.append(keras.layers.Dense(units, activation="relu"))
        stack += [keras.layers.Dropout(dropout)] if dropout else []
    model = keras.Sequential([*stack, keras.layers.Dense(outputs, activation=activation)])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    return model


def plain(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Train two layers of 128 units in batches of 32; the best epoch counts, 20 worse ones end it."""
    deadline = Deadline(Clock(seconds))
    keras.utils.set_random_seed(seed)
    x, held, y, y_held, new, offset, scale = prepared(train, test, task, seed)
    model = network(task, x.shape[1], units=128, layers=2, dropout=0.0, rate=1e-3)
    stop = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)
    settings: dict[str, Any] = {"epochs": 500, "batch_size": 32, "verbose": 0, "callbacks": [stop, deadline]}
    model.fit(x, y, validation_data=(held, y_held), **settings)
    return model.predict(new, verbose=0) * scale + offset


def random_search(train: Frame, test: Frame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Search width, depth, dropout and learning rate with keras-tuner until the time is up; the best model predicts."""
    import keras_tuner

    deadline = Deadline(Clock(seconds))
    keras.utils.set_random_seed(seed)
    x, held, y, y_held, new, offset, scale = prepared(train, test, task, seed)

    class Tuner(keras_tuner.RandomSearch):
        def _configure_tensorboard_dir(self, *args: Any, **kwargs: Any) -> None:
            """Do without tensorboard, which TensorFlow 2.21 does not bring along."""

        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            if deadline.clock.over(MARGIN):
                self.oracle.max_trials = len(self.oracle.trials)

    def build(hp: Any) -> keras.Model:
        return network(
            task,
            x.shape[1],
            units=hp.Int("units", 32, 256, step=2, sampling="log"),
            layers=hp.Int("layers", 1, 3),
            dropout=hp.Float("dropout", 0.0, 0.5, step=0.1),
            rate=hp.Float("rate", 1e-4, 1e-2, sampling="log"),
        )

    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, Any] = {"objective": "val_loss", "max_trials": 10_000, "seed": seed, "directory": folder}
        tuner = Tuner(build, **settings)
        tuner.oracle.verbose = 0
        stop = keras.callbacks.EarlyStopping(patience=10)
        fit: dict[str, Any] = {"epochs": 100, "batch_size": 32, "verbose": 0, "callbacks": [stop, deadline]}
        tuner.search(x, y, validation_data=(held, y_held), **fit)
        return tuner.get_best_models(1)[0].predict(new, verbose=0) * scale + offset
