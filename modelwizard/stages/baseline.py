"""Stage 1: does a small net beat common sense by more than noise?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwizard.evidence import comparison, power, resampling, scores
from modelwizard.evidence.arrays import ArrayLike, Floats
from modelwizard.evidence.power import Power
from modelwizard.stages.accounting import correct
from modelwizard.stages.inputs import Pool, Run, Validation
from modelwizard.stages.verdict import Verdict, Word, chance, figure, span

MEMORISED = 0.01
"""Loss on one memorised batch, as a share of the baseline's, that shows data, model and loss fit together."""
LEAK_ALPHA = 0.01
LEAK_SHARE = 0.5
"""Part of the net's gain that a net without inputs or labels must reach before a leak is spoken of."""


@dataclass(frozen=True)
class Reference:
    """A model of another kind on the same rows: "linear", "boosted trees"; (n, k) canonical predictions."""

    name: str
    p: ArrayLike


@dataclass(frozen=True)
class Sanity:
    """Checks made before training; what was not made is NaN or None.

    Args:
        initial_loss: Loss before the first step.
        expected_loss: What theory says (`problems.initial_loss`).
        batch_loss: Training loss of one fixed batch after 300 steps without regularisation.
        batch_baseline: Loss of the constant prediction on that batch.
        zeroed: (n, k) predictions on validation rows of a net that was trained on zeroed inputs.
        shuffled: (n, k) predictions on validation rows of a net that was trained on shuffled labels.
    """

    initial_loss: float = math.nan
    expected_loss: float = math.nan
    batch_loss: float = math.nan
    batch_baseline: float = math.nan
    zeroed: ArrayLike | None = None
    shuffled: ArrayLike | None = None


@dataclass(frozen=True)
class Finding:
    """One sanity check that speaks: whether it stops the stage, what was seen, what to do."""

    stops: bool
    reason: str
    advice: str


def judge(
    validation: Validation,
    runs: Sequence[Run],
    constant: ArrayLike,
    references: Sequence[Reference] = (),
    sanity: Sanity | None = None,
    *,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Verdict:
    """Judge the small net against the constant prediction, with the other models as context.

    Passed when the loss is beaten by more than noise (`power.judge`) and no sanity check shows a leak or a broken
    pipeline. Being beaten by a linear model or by trees does not fail the stage; it is said plainly.

    Args:
        validation: The rows that judge.
        runs: The net's runs (one, or a few of them).
        constant: (k,) or (n, k) prediction of the dumb baseline, fitted on training rows.
        references: Other models' predictions on the same rows.
        sanity: Checks made before.
        seed: Seed of splits and resamples.
        notes: What the time budget left out. A net that was cut by it and shows nothing has not failed.
    """
    pool = Pool(runs)
    losses = pool.losses(validation)
    base = validation.constant(constant)
    base_losses = validation.losses(base)
    if not np.isfinite(losses).all(axis=1).any():
        return _diverged(validation, base, runs)
    stack = _selected(validation, pool, losses, seed)
    found = power.judge(
        base_losses,
        losses,
        association=power.associated(validation.problem, validation.y, stack, groups=validation.units),
        groups=validation.units,
        strata=validation.strata,
        widen=validation.inflation,
        seed=seed,
    )
    correction = correct(validation, runs, seed=seed)
    reference = validation.score(base)
    findings = check(validation, base_losses, sanity, found.gain) if sanity else []
    rivals = [_rival(validation, item, stack) for item in references]
    numbers: dict[str, Any] = {
        "metric": validation.metric,
        "direction": validation.direction,
        "score": correction.raw,
        "corrected": correction.corrected,
        "se": correction.se,
        "reference": reference,
        **_power_numbers(found),
        "run": runs[int(pool.trial[correction.best])].name,
        "best_epoch": int(pool.epoch[correction.best]) + 1,
        "references": {item["name"]: item["score"] for item in rivals},
        "beaten_by": [item["name"] for item in rivals if item["better"]],
        "looks": len(pool),
    }
    verdict = _word(found, findings, cut=any(run.status == "stopped" for run in runs))
    reasons = [item.reason for item in findings] + _power_reasons(found) + [item["text"] for item in rivals]
    reasons += notes
    advice = [item.advice for item in findings] + _advice(verdict, found, numbers["beaten_by"])
    headline = _headline(validation, found, correction.corrected, correction.se, reference)
    return Verdict("baseline", verdict, headline, numbers, tuple(reasons), tuple(advice))


def _power_numbers(found: Power) -> dict[str, Any]:
    """Return the values of the paired test."""
    return {
        "p_value": found.p_value,
        "gain": found.gain,
        "interval": list(found.interval),
        "skill": found.skill,
        "power": found.verdict,
        "rows": found.rows,
        "rows_needed": found.rows_needed,
    }


def _selected(validation: Validation, pool: Pool, losses: Floats, seed: int) -> Floats:
    """Return predictions (n, k) of the epoch that the other half of the rows would choose."""
    stack = np.stack([pool[j] for j in range(len(pool))])
    return resampling.cross_fit(losses, stack, groups=validation.units, strata=validation.strata, seed=seed)


def _word(found: Power, findings: Sequence[Finding], *, cut: bool) -> Word:
    """Return the verdict's word."""
    if any(item.stops for item in findings):
        return "failed"
    if found.verdict == "power":
        return "passed"
    return "cannot tell" if cut or found.verdict == "unknown" else "failed"


def _headline(validation: Validation, found: Power, score: float, se: float, reference: float) -> str:
    """Say in one sentence what the net does against the dumb baseline."""
    title = scores.SCORES[validation.metric].title
    metric = f"{title} {figure(score)} ± {figure(1.96 * se)}"
    against = f" against {figure(reference)}" if math.isfinite(reference) else ""
    gain = f"loss gain {figure(found.gain)} (90 % interval {span(found.interval)}, {chance(found.p_value)})"
    words = {
        "power": "The net beats the dumb baseline",
        "signal": "The predictions follow the truth, but the loss does not beat the dumb baseline",
        "none": "The net does not beat the dumb baseline",
        "unknown": "Too few validation rows to tell whether the net beats the dumb baseline",
    }
    return f"{words[found.verdict]}: {metric}{against}, {gain}."


def _power_reasons(found: Power) -> list[str]:
    """Say what the paired test rests on."""
    skill = f"skill {found.skill:.1%} of the baseline's loss" if math.isfinite(found.skill) else "skill undefined"
    units = "" if found.units == found.rows else f" in {found.units:,} independent groups"
    reasons = [f"{skill} on {found.rows:,} validation rows{units}, tested at {found.alpha:.0%}"]
    if found.verdict in ("unknown", "signal") and found.rows_needed:
        effect = "a gain as large as seen" if found.gain > 0 else "a skill of 5 %"
        reasons.append(f"to show {effect} you would need about {found.rows_needed:,} validation rows")
    return reasons


def _rival(validation: Validation, item: Reference, net: Floats) -> dict[str, Any]:
    """Compare another model with the net on the same rows."""
    p = np.asarray(item.p, dtype=np.float64).reshape(len(net), -1)
    found = comparison.paired(
        validation.losses(net), validation.losses(p), groups=validation.units, widen=validation.inflation
    )
    score, better = validation.score(p), found.p_value <= 0.05
    title = scores.SCORES[validation.metric].title
    word = "better than the net" if better else "worse than the net" if found.t <= -1.645 else "as good as the net"
    text = f"{item.name}: {word}, {title} {figure(score)}, loss lower by {figure(found.gain)} ({chance(found.p_value)})"
    if found.gain <= 0:
        text = f"{item.name}: {word}, {title} {figure(score)}, loss higher by {figure(-found.gain)}"
    return {"name": item.name, "score": score, "better": better, "text": text}


def check(validation: Validation, baseline: Floats, sanity: Sanity, gain: float) -> list[Finding]:
    """Return what the sanity checks found, the silent ones left out.

    Source: Karpathy 2019, "A recipe for training neural networks" (loss at init, overfit one batch, input-independent
    baseline); the shuffled-label run is the leak test of Zhang et al. 2017 turned to validation rows.
    """
    found: list[Finding] = []
    ratio = sanity.initial_loss / sanity.expected_loss if sanity.expected_loss else math.nan
    if math.isfinite(ratio) and not 0.67 <= ratio <= 1.5:
        found.append(
            Finding(
                False,
                f"loss before training is {figure(sanity.initial_loss)}, theory says {figure(sanity.expected_loss)}",
                "look at the last layer, its bias and the scale of inputs and targets: `modelwizard check`",
            )
        )
    share = sanity.batch_loss / sanity.batch_baseline if sanity.batch_baseline else math.nan
    if math.isfinite(share) and share >= MEMORISED:
        found.append(
            Finding(
                share >= 0.5,
                f"one batch could not be memorised: its loss stays at {share:.0%} of the baseline's",
                "rows with equal inputs and different targets, a wrong loss or a learning rate that is too low: "
                "`modelwizard check`",
            )
        )
    probes = (
        (sanity.zeroed, "zeroed inputs", "the rows' order or the missing inputs carry the answer: check `data.py`"),
        (sanity.shuffled, "shuffled labels", "training rows leak into validation: check `data.py` and duplicates"),
    )
    for p, name, fix in probes:
        if p is None:
            continue
        test = comparison.paired(
            baseline, validation.losses(np.asarray(p)), groups=validation.units, widen=validation.inflation
        )
        # The test knows the noise of rows, not that of one shuffle or of a drift between the parts, which alone can
        # beat the baseline by a little: so a leak also has to explain much of what the net gains.
        enough = max(0.01 * float(baseline.mean()), LEAK_SHARE * gain)
        if test.p_value <= LEAK_ALPHA and test.gain > enough:
            text = f"a net trained on {name} beats the baseline by {figure(test.gain)} ({chance(test.p_value)})"
            found.append(Finding(True, text, fix))
    return found


def _advice(verdict: Word, found: Power, beaten_by: Sequence[str]) -> list[str]:
    """Return what to do next."""
    if verdict == "passed":
        advice = ["next: `modelwizard overfit`"]
        if beaten_by:
            advice.append(f"{' and '.join(beaten_by)} beat this small net: the stages to come must close that gap")
        return advice
    if found.verdict == "signal":
        return [
            "the probabilities are overconfident or the training too long: lower the learning rate in `model.py` "
            "or stop earlier, then `modelwizard baseline`"
        ]
    if found.verdict == "unknown":
        return [
            "judge on more rows: `modelwizard new --validation kfold` uses every row for validation",
            "a lower learning rate or an earlier stop helps where probabilities are overconfident",
            'or go on knowingly: `modelwizard overfit --force --reason "few rows"`',
        ]
    if found.verdict == "none":
        return [
            "check that labels and inputs belong together: `modelwizard check`",
            "add a feature in `data.py`, or try another shape in `model.py`; after three of them the hypothesis that "
            "the inputs hold the answer may be wrong",
        ]
    return ["mend what the checks found, then `modelwizard baseline`"]


def _diverged(validation: Validation, base: Floats, runs: Sequence[Run]) -> Verdict:
    """Return the verdict when no epoch of any run has finite losses."""
    numbers = {
        "metric": validation.metric,
        "direction": validation.direction,
        "score": math.nan,
        "reference": validation.score(base),
        "p_value": math.nan,
        "looks": sum(len(run) for run in runs),
    }
    return Verdict(
        "baseline",
        "failed",
        "Training diverged: no epoch has a finite validation loss (0 epochs usable).",
        numbers,
        ("losses are NaN or infinite from the first epoch on",),
        ("lower the learning rate in `model.py`, and look for NaN in the data: `modelwizard check`",),
    )
