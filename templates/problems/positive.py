"""A number above 0: divided by its mean for training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def head(encoding: Any, x: Any) -> Any:
    # modelwizard: head
    start = keras.initializers.Constant(np.log(np.expm1(encoding.target_mean)))  # predicts the mean
    outputs = keras.layers.Dense(1, activation="softplus", bias_initializer=start, name="output")(x)
    # modelwizard: end
    return outputs


class Encoding:
    def __init__(self, rows: Any) -> None:
        # modelwizard: target
        self.target_scale = rows.y.mean(axis=0)
        self.target_mean = self.encode_target(rows.y).mean(axis=0)  # for the bias of the last layer
        # modelwizard: end

    # modelwizard: encode_target
    def encode_target(self, y: np.ndarray) -> np.ndarray:
        """Divide the target by its mean."""
        return (y / self.target_scale).astype(np.float32)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Turn the network's outputs back into the target's own units."""
        return outputs * self.target_scale

    # modelwizard: end


def export(members: Any) -> Any:
    outputs = []
    for y, encoding in members:
        # modelwizard: own_units
        y = keras.layers.Rescaling(encoding.target_scale.tolist())(y)
        # modelwizard: end
        outputs.append(y)
    return outputs
