"""Where TensorFlow computes: costs and random numbers differ between processor cores and a GPU."""

from __future__ import annotations

import tensorflow as tf


def on_gpu() -> bool:
    """Say whether tensors land on a GPU here: one that is visible, and that no `tf.device` around rules out."""
    return "GPU" in tf.zeros([]).device
