"""MW5xx: what a short training of a copy shows, and what another one with one thing changed proves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelwizard.checks.case import Case, Hit, NotApplicableError, Place, rule
from modelwizard.checks.facts.values import LOOKUPS
from modelwizard.checks.finding import Severity
from modelwizard.checks.probe.result import Probe
from modelwizard.checks.rules.data_rows import neighbours
from modelwizard.checks.rules.settings import ADAPTIVE

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
    return Hit(p.crash, place=Place("fit")) if p.crash else None


@rule("MW502")
def not_finite(case: Case) -> Hit | None:
    """Report a loss that is not a finite number."""
    p = trained(case)
    if p.base.finite:
        return None
    return Hit(f"loss {p.base.losses[-1]} after {p.base.steps} steps", place=Place("fit"))


@rule("MW503")
def no_better_than_constant(case: Case) -> Hit | None:
    """Compare the loss after training with that of the best constant."""
    p = trained(case)
    skill = p.base.skill
    if skill is None or not p.base.finite or skill >= 0.02:
        return None
    if not p.complete and p.base.steps < 100:
        raise NotApplicableError(f"only {p.base.steps} steps were made in the time")
    words = f"{1 - skill:.3f} of the loss of the best constant ({p.constant:.4g}) after {p.base.steps} steps"
    agree, chance = _neighbourly(case)
    if p.complete and p.base.steps >= 200 and agree > chance + 0.15:
        words += f", although the nearest rows say the label in {agree:.0%} of cases (chance: {chance:.0%})"
        return Hit(words, severity="warning", place=Place("fit"))
    return Hit(words, place=Place("fit"))


def _neighbourly(case: Case) -> tuple[float, float]:
    """Return how often the nearest rows have the same label, and how often they would by chance."""
    try:
        labels, near, _ = neighbours(case)
    except NotApplicableError:
        return 0.0, 1.0
    share = np.unique(labels, return_counts=True)[1] / len(labels)
    return float((near == labels[:, None]).mean()), float(share @ share)


@rule("MW504")
def same_for_all(case: Case) -> Hit | None:
    """Find outputs that do not depend on the row."""
    p = trained(case)
    if p.output_spread < 1e-6 and p.base.finite:
        return Hit(f"deviation {p.output_spread:.1g} over rows after {p.base.steps} steps")
    return None


@rule("MW505")
def dead_units(case: Case) -> Iterator[Hit]:
    """Find layers whose ReLU units are nearly all dead."""
    for name, share in trained(case).dead:
        if share >= 0.9:
            yield Hit(f"{share:.0%} of the units of {name} are 0 for every row", place=Place("layer", name))


@rule("MW506")
def saturated_units(case: Case) -> Iterator[Hit]:
    """Find layers whose outputs sit at their bounds."""
    for name, share in trained(case).saturated:
        if share >= 0.9:
            yield Hit(f"{share:.0%} of the outputs of {name} are within 0.01 of a bound", place=Place("layer", name))


@rule("MW507")
def vanishing(case: Case) -> Hit | None:
    """Compare the gradients of first and last layer."""
    p = trained(case)
    if 0 < p.first_over_last < 1e-4:
        return Hit(f"the first layer's gradient is {p.first_over_last:.1g} of the last one's, relative to weights")
    return None


@rule("MW508")
def exploding(case: Case) -> Hit | None:
    """Compare the gradient with the weights."""
    p = trained(case)
    return Hit(f"gradient {p.gradient:.3g} times the weights before the first step") if p.gradient > 1e4 else None


@rule("MW509")
def oscillating(case: Case) -> Hit | None:
    """Count rises of the loss."""
    p = trained(case)
    losses = np.array(p.base.losses[1:])
    if len(losses) < 6 or not p.base.finite or losses.min() <= 0:
        return None
    rises = float((losses[1:] > 1.1 * losses[:-1]).mean())
    if rises > 0.3 and losses[-1] > 0.5 * losses[0]:
        return Hit(f"the loss rose by more than 10 % in {rises:.0%} of the stretches")
    return None


@rule("MW510")
def learns_by_heart(case: Case) -> Hit | None:
    """Compare the skill on rows trained on with rows held back."""
    p = trained(case)
    seen, held = p.base.skill, p.base.held_skill
    if seen is None or held is None or not p.complete:
        return None
    if seen > 0.5 and held < seen - 0.5 and held < 0.3:
        return Hit(f"{seen:.0%} better than a constant on rows trained on, {held:.0%} on rows held back")
    return None


@rule("MW511")
def learns_too_little(case: Case) -> Hit | None:
    """Report a complete training that stays far from the training rows although nothing else was found."""
    p = trained(case)
    if p.complete and p.base.skill is not None and 0.02 <= p.base.skill < 0.15 and p.base.finite:
        return Hit(f"{p.base.skill:.0%} better than a constant on the training rows after {p.base.steps} steps")
    return None


@rule("MW512")
def cut_off(case: Case) -> Hit | None:
    """Find weights that get no gradient."""
    p = trained(case)
    if p.unmoved:
        names = ", ".join(p.unmoved[:3])
        return Hit(f"no gradient reaches {names}", place=Place("layer", p.unmoved[0].split("/")[0]))
    return None


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
    severity: Severity = "warning" if certain else "tip"
    shown = "NaN" if not p.base.finite else f"{before:.0%} better than a constant"
    rows = "on rows held back" if trial.run.held_skill is not None else "on the training rows"
    if trial.run.held_skill is not None and p.stuck:
        rows += f", {trial.run.skill or 0:.0%} on those trained on"  # what counts where nothing was fitted before
    evidence = f"{trial.change}: {trial.run.score:.0%} better than a constant {rows} after {trial.run.steps} steps; "
    return Hit(evidence + f"as it is: {shown}", severity=severity, place=CHANGES[code])


def _far(code: str, case: Case) -> bool:
    """Whether what was changed stood out before anything was trained."""
    if code == "MW521":
        return any(i.numeric and not i.normalised and i.seen > 20 and i.first not in LOOKUPS for i in case.inputs)
    if code == "MW524":
        return any(max(o.target.std, abs(o.target.mean)) > 20 for o in case.outputs)
    o = case.optimizer
    return code == "MW522" and o is not None and not 1 / 30 < o.rate / (1e-3 if o.name in ADAPTIVE else 1e-2) < 30


def _enter(code: str) -> None:
    def proved(case: Case) -> Hit | None:
        return _proof(code, case)

    rule(code)(proved)


for _code in CHANGES:
    _enter(_code)
