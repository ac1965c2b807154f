"""One of several ordered classes: a cumulative link with shared weights (CORAL)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd

import data
from data import PROBLEM, TARGETS, clean


def head(encoding: Any, x: Any) -> Any:
    # modelwizard: head
    share = np.clip(encoding.target_mean, 1e-4, 1 - 1e-4)
    start = keras.initializers.Constant(np.log(share / (1 - share)))  # the first prediction is the baseline
    thresholds = len(share)
    x = keras.layers.RepeatVector(thresholds)(x)  # every threshold reads the same score of a row
    outputs = keras.layers.EinsumDense(
        "bkf,f->bk", thresholds, activation="sigmoid", bias_axes="k", bias_initializer=start, name="output"
    )(x)
    # modelwizard: end
    return outputs


# modelwizard: to_target
def to_target(table: pd.DataFrame) -> np.ndarray:
    """Take the target of a table: 1.0 for each threshold between two classes that the class lies above (n, K - 1)."""
    labels = clean(table[TARGETS[0]], "categorical")
    numbers = labels.map({label: i for i, label in enumerate(PROBLEM["classes"])})
    if numbers.isna().any():
        raise ValueError(f"{TARGETS[0]} holds a label that is not among the classes {PROBLEM['classes']}")
    return (numbers.to_numpy(np.int64)[:, None] > np.arange(len(PROBLEM["classes"]) - 1)).astype(np.float64)


# modelwizard: end


def predict(y: np.ndarray) -> Any:
    # modelwizard: prediction
    classes = np.array(data.PROBLEM["classes"])
    shares = -np.diff(y, axis=1, prepend=1, append=0).clip(max=0)  # y: probability to lie above each threshold
    labels = {data.TARGETS[0]: classes[(y >= 0.5).sum(axis=1)]}
    return pd.DataFrame(labels | {f"probability of {label}": shares[:, i] for i, label in enumerate(classes)})
    # modelwizard: end


# modelwizard: threshold
# modelwizard: end


def test_one_batch_can_be_memorised(model: Any, x: Any, y: Any) -> None:
    # modelwizard: memorised
    model.fit(x, y, epochs=400, batch_size=16, verbose=0)
    above = np.asarray(model(x)) >= 0.5
    assert (above == (y == 1)).all()  # each row lies between the right thresholds
    # modelwizard: end
