"""Small made-up searches: labels, and nets whose validation curve is what a test asks for."""

from __future__ import annotations

import numpy as np

from modelwizard import words
from modelwizard.stages.inputs import Run, Validation

ROWS = 400


def labels(rows=ROWS, seed=0):
    """Return hidden log-odds and binary labels (n, 1)."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=rows) * 1.5
    return z, (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(float)[:, None]


Z, Y = labels()
VALIDATION = Validation("binary", "binary_crossentropy", "roc_auc", Y)


def keys(messages):
    """Return the ids of messages."""
    return [told.id for told in messages]


def said(verdict):
    """Return everything that a verdict says, as a person reads it."""
    return "\n".join(words.say(told) for told in (verdict.headline, *verdict.reasons, *verdict.advice))


def net(name, sharpness, noise, train=None, seed=0, z=Z, **more):
    """Return a run whose epochs see the true log-odds times `sharpness`, plus `noise` of their own (per epoch)."""
    rng = np.random.default_rng([99, seed])  # not the stream that made the labels
    sharpness, noise = (
        np.broadcast_to(np.asarray(v, float), max(np.size(sharpness), np.size(noise))) for v in (sharpness, noise)
    )
    own = rng.normal(size=len(z))
    logits = sharpness[:, None] * z + noise[:, None] * own
    train = np.linspace(0.69, 0.3, len(sharpness)) if train is None else np.asarray(train, float)
    return Run(name, more.pop("hyperparameters", {}), 1 / (1 + np.exp(-logits))[:, :, None], train, **more)
