"""MW5xx: what a short training of a copy shows, and what another one with one thing changed proves."""

from __future__ import annotations

from functools import partial

import numpy as np

from modelwizard.checks.case import Case, Hit, NotApplicableError, hit, rule
from modelwizard.checks.facts.probed import Probe
from modelwizard.checks.facts.values import LOOKUPS, Place
from modelwizard.checks.rules.data_rows import agreement

FIT = Place("fit")
CHANGES = {
    "MW521": Place("data", "x"),
    "MW522": Place("compile", "learning_rate"),
    "MW523": Place("compile", "optimizer"),
    "MW524": Place("data", "y"),
    "MW525": Place("layer"),
    "MW526": Place("layer"),
    "MW527": Place("fit", "epochs"),
    "MW528": Place("fit", "batch_size"),
    "MW529": Place("layer"),
    "MW530": Place("layer"),
    "MW531": Place("layer"),
}


def probed(case: Case) -> Probe:
    """Return what the short training showed, or say that there was none."""
    if case.probe is None:
        raise NotApplicableError("no short training was run (train=False, or it could not be)")
    return case.probe


def trained(case: Case) -> Probe:
    """Return the probe of a training that ran."""
    p = probed(case)
    if p.crash:
        raise NotApplicableError("training stops with an error")
    return p


@rule("MW501")
def crash(case: Case) -> Hit | None:
    """Report the exception that stopped the training."""
    p = probed(case)
    return hit(FIT, message=p.crash) if p.crash else None


@rule("MW502")
def not_finite(case: Case) -> Hit | None:
    """Report a loss that is not a finite number."""
    p = trained(case)
    return None if p.base.finite else hit(FIT, loss=str(p.base.losses[-1]), steps=p.base.steps)


@rule("MW503")
def no_better_than_constant(case: Case) -> Hit | None:
    """Compare the loss after training with that of the best constant."""
    p = trained(case)
    skill = p.base.skill
    if skill is None or not p.base.finite or skill >= 0.02:
        return None
    if not p.complete and p.base.steps < 100:
        raise NotApplicableError(f"only {p.base.steps} steps were made in the time")
    try:
        agree, chance, _ = agreement(case)
    except NotApplicableError:
        agree, chance = 0.0, 1.0
    known = agree if p.complete and p.base.steps >= 200 and agree > chance + 0.15 else None
    severity, left = "tip" if known is None else "warning", 1 - skill
    return hit(FIT, severity=severity, left=left, constant=p.constant, steps=p.base.steps, agree=known, chance=chance)


@rule("MW504")
def same_for_all(case: Case) -> Hit | None:
    """Find outputs that do not depend on the row."""
    p = trained(case)
    constant = p.output_spread < 1e-6 and p.base.finite
    return hit(spread=p.output_spread, steps=p.base.steps) if constant else None


@rule("MW505")
def dead_units(case: Case) -> Hit | None:
    """Find layers whose ReLU units are nearly all dead."""
    return _mostly(trained(case).dead)


@rule("MW506")
def saturated_units(case: Case) -> Hit | None:
    """Find layers whose outputs sit at their bounds."""
    return _mostly(trained(case).saturated)


def _mostly(shares: tuple[tuple[str, float], ...]) -> Hit | None:
    return next((hit(Place("layer", name), share=share, layer=name) for name, share in shares if share >= 0.9), None)


@rule("MW507")
def vanishing(case: Case) -> Hit | None:
    """Compare the gradients of first and last layer."""
    ratio = trained(case).first_over_last
    return hit(ratio=ratio) if 0 < ratio < 1e-4 else None


@rule("MW508")
def exploding(case: Case) -> Hit | None:
    """Compare the gradient with the weights."""
    gradient = trained(case).gradient
    return hit(times=gradient) if gradient > 1e4 else None


@rule("MW509")
def oscillating(case: Case) -> Hit | None:
    """Count rises of the loss."""
    p = trained(case)
    losses = np.array(p.base.losses[1:])
    if len(losses) < 6 or not p.base.finite or losses.min() <= 0:
        return None
    rises = float((losses[1:] > 1.1 * losses[:-1]).mean())
    return hit(share=rises) if rises > 0.3 and losses[-1] > 0.5 * losses[0] else None


@rule("MW510")
def learns_by_heart(case: Case) -> Hit | None:
    """Compare the skill on rows trained on with rows held back."""
    p = trained(case)
    seen, held = p.base.skill, p.base.held_skill
    if seen is None or held is None or not p.complete:
        return None
    return hit(seen=seen, held=held) if seen > 0.5 and held < seen - 0.5 and held < 0.3 else None


@rule("MW511")
def learns_too_little(case: Case) -> Hit | None:
    """Report a complete training that stays far from the training rows although nothing else was found."""
    p = trained(case)
    little = p.complete and p.base.skill is not None and 0.02 <= p.base.skill < 0.15 and p.base.finite
    return hit(skill=p.base.skill, steps=p.base.steps) if little else None


@rule("MW512")
def cut_off(case: Case) -> Hit | None:
    """Find weights that get no gradient."""
    names = trained(case).unmoved
    return hit(Place("layer", names[0].split("/")[0]), names=list(names[:3])) if names else None


def _proof(code: str, case: Case) -> Hit | None:
    p = trained(case)
    trial = p.trial(code)
    if trial is None:
        raise NotApplicableError("this change was not tried: the training works, or nothing pointed to it")
    if not p.mends(code):
        return None
    before = max(p.base.score, -1.0)
    certain = ((before < 0.15 or _far(code, case)) and p.gain(code) >= 0.2) or not p.base.finite
    if code == "MW527" and (case.fit.steps or 0) >= 50:
        certain = False  # that more epochs would do better is a thought, not a fault
    held = trial.run.held_skill is not None
    return hit(
        CHANGES[code],
        severity="warning" if certain else "tip",
        change=trial.change,
        held=trial.run.score if held else None,
        trained=None if held else trial.run.score,
        # what counts where nothing was fitted before
        fitted=(trial.run.skill or 0.0) if held and p.stuck else None,
        steps=trial.run.steps,
        before=before if p.base.finite else None,
        nan=None if p.base.finite else "NaN",
    )


def _far(code: str, case: Case) -> bool:
    """Whether what was changed stood out before anything was trained."""
    if code == "MW521":
        return any(i.numeric and not i.normalised and i.seen > 20 and i.first not in LOOKUPS for i in case.inputs)
    if code == "MW524":
        return any(max(o.target.std, abs(o.target.mean)) > 20 for o in case.outputs)
    o = case.optimizer
    return code == "MW522" and o is not None and not 1 / 30 < o.rate / o.usual < 30


for _code in CHANGES:
    rule(_code)(partial(_proof, _code))
