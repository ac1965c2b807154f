"""Any number, or several at once: standardised for training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def head(x: Any) -> Any:
    # modelwizard: head
    outputs = keras.layers.Dense(1, name="output")(x)
    # modelwizard: end
    return outputs


class Encoding:
    def __init__(self, rows: Any) -> None:
        # modelwizard: target
        self.target_offset, self.target_scale = rows.y.mean(axis=0), np.maximum(rows.y.std(axis=0), 1e-12)
        # modelwizard: end

    # modelwizard: encode_target
    def encode_target(self, y: np.ndarray) -> np.ndarray:
        """Standardise the target."""
        return ((y - self.target_offset) / self.target_scale).astype(np.float32)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Turn the network's outputs back into the target's own units."""
        return outputs * self.target_scale + self.target_offset

    # modelwizard: end


def export(members: Any) -> Any:
    outputs = []
    for y, encoding in members:
        # modelwizard: own_units
        y = keras.layers.Rescaling(encoding.target_scale.tolist(), encoding.target_offset.tolist())(y)
        # modelwizard: end
        outputs.append(y)
    return outputs
