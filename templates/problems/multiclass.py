"""One label of many."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops

import data
from data import PROBLEM, TARGETS, clean


def head(encoding: Any, x: Any) -> Any:
    # modelwizard: head
    start = keras.initializers.Constant(np.log(np.clip(encoding.target_mean, 1e-4, 1)))  # predicts the class shares
    outputs = keras.layers.Dense(1, activation="softmax", bias_initializer=start, name="output")(x)
    # modelwizard: end
    return outputs


class Encoding:
    def __init__(self, rows: Any) -> None:
        # modelwizard: target
        classes = len(data.PROBLEM["classes"])
        self.target_mean = np.bincount(rows.y, minlength=classes) / len(rows.y)  # for the bias of the last layer
        # modelwizard: end

    # modelwizard: encode_target
    def encode_target(self, y: np.ndarray) -> np.ndarray:
        """Turn class numbers into what the loss compares with."""
        # modelwizard: if sparse
        return y
        # modelwizard: else
        return np.eye(len(data.PROBLEM["classes"]), dtype=np.float32)[y]
        # modelwizard: end

    # modelwizard: end


# modelwizard: to_target
def to_target(table: pd.DataFrame) -> np.ndarray:
    """Take the target of a table: class numbers (n,)."""
    labels = clean(table[TARGETS[0]], "categorical")
    numbers = labels.map({label: i for i, label in enumerate(PROBLEM["classes"])})
    if numbers.isna().any():
        raise ValueError(f"{TARGETS[0]} holds a label that is not among the classes {PROBLEM['classes']}")
    return numbers.to_numpy(np.int64)


# modelwizard: end


def export(y: Any, temperature: float) -> Any:
    # modelwizard: temperature
    if temperature != 1.0:
        y = ops.softmax(ops.log(ops.clip(y, 1e-7, 1 - 1e-7)) / temperature)
    # modelwizard: end
    return y


def predict(y: np.ndarray) -> Any:
    # modelwizard: prediction
    classes = np.array(data.PROBLEM["classes"])
    shares = {f"probability of {label}": y[:, i] for i, label in enumerate(classes)}
    return pd.DataFrame({data.TARGETS[0]: classes[y.argmax(axis=1)], **shares})
    # modelwizard: end
