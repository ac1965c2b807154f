"""Numbers: what `bounded` needs, and what the other problems of numbers build on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import data
from data import TARGETS, clean


# modelwizard: to_target
def to_target(table: pd.DataFrame) -> np.ndarray:
    """Take the target of a table: numbers in their own units (n, targets)."""
    return np.stack([clean(table[name], "numeric").to_numpy(np.float64) for name in TARGETS], axis=1)


# modelwizard: end


# modelwizard: temperature
# modelwizard: end


def predict(y: np.ndarray) -> Any:
    # modelwizard: prediction
    return pd.DataFrame({name: y[:, i] for i, name in enumerate(data.TARGETS)})
    # modelwizard: end


# modelwizard: threshold
# modelwizard: end


def test_one_batch_can_be_memorised(model: Any, x: Any, y: Any) -> None:
    # modelwizard: memorised
    model.fit(x, y, epochs=200, batch_size=16, verbose=0)
    variance = np.square(y - y.mean(axis=0)).mean()
    assert np.square(model.predict(x, verbose=0) - y).mean() < 0.1 * variance
    # modelwizard: end
