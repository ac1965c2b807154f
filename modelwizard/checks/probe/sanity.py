"""Sanity checks on a copy: the length of a step, one batch by heart, blind inputs, validation rows.

They reuse the compiled training of the probe, so each costs its steps and nothing else; `evidence.sanity` judges.
Source: Karpathy, A Recipe for Training Neural Networks (2019), steps 2 and 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from modelwizard.checks.case import Case
from modelwizard.checks.facts.probed import Probe, Sanity
from modelwizard.checks.probe.references import constant_loss, least_loss
from modelwizard.checks.probe.training import JUDGED, Rows, Trainer
from modelwizard.evidence.sanity import STUCK, distinct, memorised

FEW = 16
"""Rows of the batch that is learned by heart."""

MOST_STEPS = 800


def first_step(trainer: Trainer, rows: Rows, batch: int) -> float | None:
    """Return how far one step moves the weights: the median over kernels of the change over the size.

    Source: TheDeepChecker (Ben Braiek & Khomh 2023) and cs231n: about 1e-3 is usual.
    """
    before = trainer.model.get_weights()
    trainer.train(1, batch, 1.0)
    ratios = [
        float(np.linalg.norm(new - old) / np.linalg.norm(old))
        for old, new in zip(before, trainer.model.get_weights(), strict=True)
        if old.ndim > 1 and np.linalg.norm(old) > 0 and not np.array_equal(new, old)
    ]
    trainer.again(rows)
    return float(np.median(ratios)) if ratios and np.all(np.isfinite(ratios)) else None


def blind_inputs(case: Case, trainer: Trainer, usual: float) -> tuple[tuple[str, float], ...]:
    """Return, for each input, the loss on held-out rows with this input at zero over the loss as it is."""
    rows = trainer.rows
    found: list[tuple[str, float]] = []
    for i, given in enumerate(case.inputs):
        x = [tf.zeros_like(a) if j == i else a for j, a in enumerate(rows.held_x)]
        blind, _ = trainer.loss(x, rows.held_y)
        if np.isfinite([usual, blind]).all() and usual > 1e-9:
            found.append((given.name, blind / usual))
    return tuple(found)


def by_heart(case: Case, trainer: Trainer, seconds: float) -> tuple[float, float, int, int] | None:
    """Train on one batch at a brisk rate; return the loss reached, the best constant's, the rows and the steps.

    Both losses are above that of a perfect prediction.
    """
    rows = trainer.rows
    at = distinct([np.asarray(a) for a in rows.x], FEW)
    weight = tf.gather(rows.weight, at) if rows.weight is not None else None
    few = replace(rows, x=[tf.gather(a, at) for a in rows.x], y=[tf.gather(a, at) for a in rows.y], weight=weight)
    y = np.asarray(few.y[0])
    constant, least = constant_loss(case.outputs[0], y, y), least_loss(case.outputs[0], y)
    if len(at) < 4 or constant is None or constant - least < 1e-6:
        return None
    constant -= least
    o = case.optimizer
    rate = None if o is None or o.scheduled else max(o.rate, 5 * o.usual)
    trainer.again(few, rate)
    best, steps = float("inf"), 0
    for _ in range(4):
        steps += trainer.train(MOST_STEPS // 4, len(at), seconds / 4)[1]
        loss, _ = trainer.loss(few.x, few.y)
        best = min(best, loss - least) if np.isfinite(loss) else best
        if memorised(best, constant, STUCK):
            break
    return (best, constant, len(at), steps) if np.isfinite(best) else None


def validation_loss(case: Case, trainer: Trainer, held: float) -> tuple[float, float, float, int] | None:
    """Return the losses on held-out training rows, on the person's validation rows, the constant's, and the rows."""
    rows = trainer.rows
    x, y = _validation(case)
    if not x or len(x) != len(rows.x) or len(y) != len(rows.y) or len(y[0]) < 50 or int(rows.held_y[0].shape[0]) < 50:
        return None
    if any(a.shape[1:] != tuple(b.shape[1:]) for a, b in zip(x, rows.x, strict=True)):
        return None
    keep = np.linspace(0, len(y[0]) - 1, min(len(y[0]), JUDGED)).astype(int)
    x = [tf.cast(tf.constant(a[keep]), b.dtype) for a, b in zip(x, rows.x, strict=True)]
    y = [tf.cast(tf.constant(a[keep]), b.dtype) for a, b in zip(y, rows.y, strict=True)]
    constant = constant_loss(case.outputs[0], np.asarray(rows.y[0]), np.asarray(y[0]))
    theirs, _ = trainer.loss(x, y)
    if constant is None or not np.isfinite([held, theirs]).all():
        return None
    return held, theirs, constant, len(keep)


def _validation(case: Case) -> tuple[list[Any], list[Any]]:
    if case.arrays.x_validation:
        return list(case.arrays.x_validation), list(case.arrays.y_validation)
    cut = int(case.rows * (1 - case.fit.validation_split))
    return [a[cut:] for a in case.arrays.x], [a[cut:] for a in case.arrays.y]


def probabilities(case: Case, rows: Rows, p: NDArray[Any]) -> tuple[Any, Any] | None:
    """Return class numbers and probabilities of held-out rows; None where the output is no probability."""
    o = case.outputs[0]
    if o.task not in ("binary", "multiclass") or int(rows.held_y[0].shape[0]) < 100:
        return None
    y = np.asarray(rows.held_y[0])[:JUDGED]
    p = p.astype(np.float64)
    if o.loss is not None and o.loss.from_logits:
        p = np.exp(p - p.max(-1, keepdims=True)) if p.shape[-1] > 1 else 1 / (1 + np.exp(-p))
        p = p / p.sum(-1, keepdims=True) if p.shape[-1] > 1 else p
    labels = y.argmax(-1) if o.target.one_hot and y.ndim == 2 else y.reshape(-1)
    if p.ndim != 2 or len(labels) != len(p) or p.min() < 0 or p.max() > 1 or labels.max() >= max(p.shape[1], 2):
        return None
    return (labels, p) if o.target.one_hot or o.target.low == 0 else None


def after_training(case: Case, trainer: Trainer) -> Sanity:
    """Look at the copy as it is after the training as asked; trains nothing."""
    if len(case.outputs) != 1 or int(trainer.rows.held_y[0].shape[0]) < 20:
        return Sanity()
    held, p = trainer.loss(trainer.rows.held_x, trainer.rows.held_y)
    return Sanity(
        blind=blind_inputs(case, trainer, held),
        validation=validation_loss(case, trainer, held),
        predicted=probabilities(case, trainer.rows, p),
    )


def experiments(case: Case, trainer: Trainer, found: Probe, rows: Rows, left: float, learns: float) -> Sanity:
    """Train the copy again on one batch, where it does not learn.

    Args:
        case: The facts.
        trainer: The trainer of the first copy, whatever it trained last.
        found: What the training as asked showed.
        rows: The rows of that training.
        left: Seconds to spend.
        learns: Skill from which on the training works.
    """
    known = found.sanity
    if len(case.outputs) != 1 or found.constant is None or left < 0.5 or found.base.score >= learns:
        return known
    trainer.again(rows)
    return replace(known, heart=by_heart(case, trainer, min(left, 1.5)))
