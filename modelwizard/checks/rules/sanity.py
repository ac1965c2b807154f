"""MW513 to MW516, MW518 to MW520, MW532, MW533: sanity checks on the copy, and what a project's last run left."""

from __future__ import annotations

from typing import Any

import numpy as np

from modelwizard.checks.case import Case, Hit, NotApplicableError, hit, rule
from modelwizard.checks.facts.values import CROSS_ENTROPIES, VALIDATION, Place
from modelwizard.checks.rules.dynamics import trained
from modelwizard.checks.rules.settings import RATE
from modelwizard.evidence.calibration import temperature
from modelwizard.evidence.sanity import FIRST_LOSS_AS_BUILT, STUCK, memorised

ENOUGH = 200
"""Steps on one batch below which a slow machine, not the model, may be why it is not learned by heart."""

FITS = 20.0
"""How many times the loss of a constant the first loss of a regression may be."""


@rule("MW513")
def first_loss(case: Case) -> Hit | None:
    """Compare the loss before the first step with what an undecided model costs."""
    p = trained(case)
    if len(case.outputs) != 1 or p.start is None or p.constant is None or not np.isfinite(p.start):
        raise NotApplicableError("the first loss has no theory here")
    if any(not given.normalised and given.seen > 5 for given in case.inputs):
        raise NotApplicableError("the inputs are far from unit scale, and so is the first loss")
    o, expected = case.outputs[0], p.constant
    if o.family in CROSS_ENTROPIES:
        expected = max(float(np.log(2 if o.family == "binary" else max(2, o.head.units))), expected)
        far = p.start > FIRST_LOSS_AS_BUILT * expected + 0.5
    else:
        far = abs(o.target.mean) < o.target.std < 5 and p.start > FITS * max(expected, 1e-3)
    return hit(start=p.start, expected=expected) if far else None


@rule("MW514")
def not_by_heart(case: Case) -> Hit | None:
    """Report a batch that could not be learned by heart."""
    heart = trained(case).sanity.heart
    if heart is None:
        raise NotApplicableError("the training works, or there was no time for it")
    reached, constant, rows, steps = heart
    if memorised(reached, constant, STUCK):
        return None
    if steps < ENOUGH:
        raise NotApplicableError(f"only {steps} steps on one batch were made in the time")
    frozen = any(la.parameters and not la.trainable for la in case.layers)  # they may well keep it from that
    hopeless = (
        reached > 0.9 * constant and steps >= 2 * ENOUGH and (trained(case).base.skill or 0.0) < 0.02 and not frozen
    )
    severity = "warning" if hopeless else "tip"
    return hit(severity=severity, rows=rows, steps=steps, reached=reached, constant=constant)


@rule("MW515")
def blind(case: Case) -> Hit | None:
    """Find inputs that make no difference, in a model that has learned."""
    p = trained(case)
    if not p.sanity.blind or p.base.score < 0.1:
        raise NotApplicableError("the model has not learned, or too few rows were held back")
    ignored = [(name, abs(ratio - 1)) for name, ratio in p.sanity.blind if abs(ratio - 1) < 1e-4]
    return hit(Place("data", ignored[0][0]), name=ignored[0][0], change=ignored[0][1]) if ignored else None


@rule("MW516")
def length_of_step(case: Case) -> Hit | None:
    """Compare the first step with the weights that it moves."""
    p = trained(case)
    if p.step is None:
        raise NotApplicableError("the first step moved no matrix by a finite amount")
    bad = not p.base.finite or p.base.score < 0.05
    severity = "warning" if bad and p.step > 1 else "tip"
    return hit(RATE, severity=severity, step=p.step) if p.step > 0.3 or (p.step < 1e-6 and bad) else None


@rule("MW518")
def overconfident(case: Case) -> Hit | None:
    """Fit a temperature to probabilities of rows that were not trained on."""
    labels, p, run = _predicted(case)
    y = labels if p.shape[1] > 1 else labels.reshape(-1, 1).astype(float)
    found = temperature("multiclass" if p.shape[1] > 1 else "binary", y, p)
    if found.value < 1.5 or found.before - found.after < max(0.05, 0.1 * found.before):
        return None
    return hit(run=run, rows=len(labels), before=found.before, after=found.after, temperature=found.value)


def _predicted(case: Case) -> tuple[Any, Any, str | None]:
    if case.record is not None and len(case.record.probabilities):
        return case.record.labels, case.record.probabilities, case.record.name
    p = trained(case)
    if p.sanity.predicted is None or not p.complete or p.base.score < 0.05 or p.output_spread < 1e-6:
        raise NotApplicableError("no probabilities of a whole training are known")
    return (*p.sanity.predicted, None)


@rule("MW519")
def easier_validation(case: Case) -> Hit | None:
    """Find validation rows that are predicted much better than other rows."""
    if case.record is not None and len(case.record.validation) >= 3:
        train, held = float(np.mean(case.record.train[-3:])), float(np.mean(case.record.validation[-3:]))
        if 0 < held < 0.5 * train and train > 0.01:
            return hit(VALIDATION, run=case.record.name, theirs=held, train=train)
    p = trained(case)
    if p.sanity.validation is None or p.base.score < 0.1:
        raise NotApplicableError("too few validation rows were given, or the model has not learned")
    held, theirs, constant, rows = p.sanity.validation
    if theirs < 0.25 * held and held > 0.2 * constant:  # few rows hold most of a small loss: chance
        return hit(VALIDATION, theirs=theirs, rows=rows, held=held)
    return None


@rule("MW520")
def harder_validation(case: Case) -> Hit | None:
    """Find validation rows on which a model fails that predicts training rows held back."""
    p = trained(case)
    if p.sanity.validation is None or p.base.held_skill is None:
        raise NotApplicableError("too few validation rows were given")
    held, theirs, constant, rows = p.sanity.validation
    if p.base.held_skill < 0.3 or theirs < 4 * held or theirs < 1.5 * constant:
        return None
    return hit(VALIDATION, theirs=theirs, rows=rows, constant=constant, held=held)


@rule("MW532")
def rising(case: Case) -> Hit | None:
    """Find a loss that ends above where it began."""
    p = trained(case)
    losses = p.base.losses
    if len(losses) < 4 or not p.base.finite or losses[0] <= 0:
        return None
    end = min(losses[-3:])
    return hit(first=losses[0], end=end) if end > 1.5 * losses[0] else None


@rule("MW533")
def unmoved(case: Case) -> Hit | None:
    """Find layers whose weights are the same after training."""
    p = trained(case)
    left = [name for name in p.still if not any(name in path for path in p.unmoved)]
    if not left or p.base.steps < 20:
        return None
    return hit(Place("layer", left[0]), layers=left[:3], steps=p.base.steps)
