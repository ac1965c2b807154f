"""Gives memory back between trials: TensorFlow keeps graphs of trained models alive until it is told otherwise."""

from __future__ import annotations

from modelwizard.engine import tracing

EVERY = 8
"""Fits between two purges, each of which takes about 0.3 s with TensorFlow loaded."""

_fits = 0


def release() -> None:
    """Count a finished fit, and purge now and then.

    `keras.utils.clear_session` is not called: it would take back settings that model.py made when it was imported,
    such as the dtype policy, and the memory is not there (keras-tuner calls it before every trial).
    """
    global _fits
    _fits += 1
    if _fits % EVERY == 0:
        tracing.purge()
