"""Stored outputs: float16 on the scale before the last activation, small enough to keep for every epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax, logit

from modelwizard.evidence.arrays import ArrayLike, Floats, Ints, matrix

CAP_BYTES = 200_000_000
"""Above this a search keeps only epochs near each trial's best (the correction is then marked partial)."""

WINDOW = 5
"""Epochs kept on each side of the best one when the cap is reached."""

EXTREME = 16.0
"""Logits beyond this say the same as the clipped probability 1e-7 of the losses."""


def pack(
    p: ArrayLike, activation: str | None, offset: ArrayLike = 0.0, scale: ArrayLike = 1.0
) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    """Return predictions as float16 on the scale before the last activation.

    Args:
        p: Canonical predictions (..., k): probabilities, or values in original units.
        activation: Activation of the last layer: sigmoid (kept as logits), softmax (log-probabilities), exponential
            and softplus (logarithms), anything else linear (standardised values).
        offset: (k,) subtracted before scaling. Defaults to 0.
        scale: (k,) divided by. Defaults to 1.

    Float16 has 11 significant bits: about 3 digits of a logit or of a standardised value, far below the sampling
    error of any score of less than a million rows. NaN stays NaN.
    """
    values = np.asarray(p, dtype=np.float64)
    if activation == "sigmoid":
        low = 1 / (1 + np.exp(EXTREME))
        packed = logit(np.clip(values, low, 1 - low))
    elif activation == "softmax":
        packed = np.log(np.clip(values, np.exp(-EXTREME), 1.0))
    else:
        packed = (values - np.asarray(offset)) / np.asarray(scale)
        if activation in ("exponential", "softplus"):
            packed = np.log(np.maximum(packed, np.exp(-EXTREME)))
    return np.clip(packed, -65504, 65504).astype(np.float16)


def unpack(packed: ArrayLike, activation: str | None, offset: ArrayLike = 0.0, scale: ArrayLike = 1.0) -> Floats:
    """Return canonical predictions (..., k) from what `pack` stored, as float64."""
    values = np.asarray(packed, dtype=np.float64)
    if activation == "sigmoid":
        return np.asarray(expit(values))
    if activation == "softmax":
        return np.exp(log_softmax(values, axis=-1))
    if activation in ("exponential", "softplus"):
        values = np.exp(values)
    return values * np.asarray(scale) + np.asarray(offset)


def kept_epochs(epochs: int, best: int, rows: int, outputs: int, trials: int) -> Ints:
    """Return which epochs of a trial to store so that a whole search stays below `CAP_BYTES`.

    Args:
        epochs: Epochs that were run.
        best: The best epoch, 0-based.
        rows: Validation rows.
        outputs: Output units.
        trials: Trials expected in the search.

    Returns:
        All epochs when they fit, else those within `WINDOW` of the best one (the correction is then partial).
    """
    if 2 * epochs * rows * outputs * max(trials, 1) <= CAP_BYTES:
        return np.arange(epochs)
    return np.arange(max(0, best - WINDOW), min(epochs, best + WINDOW + 1))


@dataclass(frozen=True)
class Stored:
    """The stored outputs of one run.

    Args:
        outputs: float16 (epochs, n, k) as made by `pack`.
        activation: Activation of the last layer.
        offset: (k,) to original units. Defaults to 0.
        scale: (k,) to original units. Defaults to 1.
    """

    outputs: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    activation: str | None
    offset: ArrayLike = 0.0
    scale: ArrayLike = 1.0

    def epoch(self, index: int) -> Floats:
        """Return the canonical predictions (n, k) after one epoch."""
        return matrix(unpack(self.outputs[index], self.activation, self.offset, self.scale))
