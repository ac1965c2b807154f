"""Several labels at once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd

import data
from data import TARGETS, clean
from predict import threshold

# modelwizard: constants
LABEL_APPLIES = ("1", "1.0", "true", "t", "yes", "y", "on", "x")  # texts that set a label
# modelwizard: end


def head(encoding: Any, x: Any) -> Any:
    # modelwizard: head
    share = np.clip(encoding.target_mean, 1e-4, 1 - 1e-4)
    start = keras.initializers.Constant(np.log(share / (1 - share)))  # the first prediction is the baseline
    outputs = keras.layers.Dense(1, activation="sigmoid", bias_initializer=start, name="output")(x)
    # modelwizard: end
    return outputs


# modelwizard: to_target
def to_target(table: pd.DataFrame) -> np.ndarray:
    """Take the target of a table: 0.0 or 1.0 for each label (n, labels)."""
    marks = [clean(table[name], "boolean").str.lower().isin(LABEL_APPLIES) for name in TARGETS]
    return np.stack([mark.to_numpy(np.float64) for mark in marks], axis=1)


# modelwizard: end


def predict(y: np.ndarray) -> Any:
    # modelwizard: prediction
    labels = {name: (y[:, i] >= threshold()).astype(int) for i, name in enumerate(data.TARGETS)}
    return pd.DataFrame(labels | {f"probability of {name}": y[:, i] for i, name in enumerate(data.TARGETS)})
    # modelwizard: end
