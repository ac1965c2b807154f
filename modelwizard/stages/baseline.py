"""Stage 1: does a small network beat the baseline by more than noise?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwizard.contract.messages import Message, message
from modelwizard.contract.results import Sane
from modelwizard.evidence import power, resampling
from modelwizard.evidence.arrays import ArrayLike, Floats
from modelwizard.evidence.optimism import Correction
from modelwizard.evidence.power import Power
from modelwizard.evidence.sanity import FIRST_LOSS, MEMORISED, STUCK
from modelwizard.stages.accounting import correct
from modelwizard.stages.inputs import Pool, Run, Validation
from modelwizard.stages.verdict import Verdict, Word

LEAK_ALPHA = 0.01
LEAK_SHARE = 0.5
"""Part of the network's gain that a network without inputs or labels must reach before a leak is spoken of."""


@dataclass(frozen=True)
class Finding:
    """One sanity check that speaks: whether it stops the stage, what was seen, what to do."""

    stops: bool
    reason: Message
    advice: Message


def judge(
    validation: Validation,
    runs: Sequence[Run],
    constant: ArrayLike,
    references: Mapping[str, ArrayLike] | None = None,
    sane: Sane | None = None,
    unlearned: Mapping[str, ArrayLike] | None = None,
    *,
    seed: int = 0,
    notes: Sequence[Message] = (),
) -> Verdict:
    """Judge the small network against the constant prediction, with the other models as context.

    Passed when the loss is beaten by more than noise (`power.judge`) and no sanity check shows a leak or a broken
    pipeline. Being beaten by a linear model or by trees does not fail the stage; it is said plainly.

    Args:
        validation: The rows that judge.
        runs: The network's runs (one, or a few of them).
        constant: (k,) or (n, k) prediction of the baseline, fitted on training rows.
        references: Predictions (n, k) of models of other kinds (`linear`, `trees`) on the same rows.
        sane: What the checks made before measured.
        unlearned: (n, k) predictions on the same rows of networks trained on inputs that are all zero (`zeroed`) and
            on shuffled labels (`shuffled`).
        seed: Seed of splits and resamples.
        notes: What the time budget left out. A network that was cut by it and shows nothing has not failed.
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
    findings = check(validation, base_losses, sane or Sane(), unlearned or {}, found.gain)
    rivals = [_rival(validation, name, p, stack) for name, p in (references or {}).items()]
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
    reasons = [item.reason for item in findings] + _power_reasons(found) + [item["told"] for item in rivals]
    advice = [item.advice for item in findings] + _advice(validation, verdict, found, numbers["beaten_by"])
    headline = _headline(validation, found, findings, correction, reference)
    return Verdict("baseline", verdict, headline, numbers, (*reasons, *notes), tuple(advice))


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


def _headline(
    validation: Validation,
    found: Power,
    findings: Sequence[Finding],
    correction: Correction,
    reference: float,
) -> Message:
    """Say in one sentence what the network does against the baseline, or which check failed."""
    stopping = [item.reason for item in findings if item.stops]
    finding = message("baseline.check_failed", check=stopping[0]) if stopping else message(f"baseline.{found.verdict}")
    return message(
        "baseline.headline",
        finding=finding,
        metric=validation.metric,
        score=correction.corrected,
        error=1.96 * correction.se,
        reference=reference,
        gain=found.gain,
        interval=list(found.interval),
        p_value=found.p_value,
    )


def _power_reasons(found: Power) -> list[Message]:
    """Say what the paired test rests on."""
    groups = None if found.units == found.rows else found.units
    reasons = [message("baseline.skill", skill=found.skill, rows=found.rows, groups=groups, level=found.alpha)]
    if found.verdict in ("unknown", "signal") and found.rows_needed:
        effect = "gain" if found.gain > 0 else "skill"
        reasons.append(message(f"baseline.rows_to_show_{effect}", rows=found.rows_needed))
    return reasons


def _rival(validation: Validation, name: str, predicted: ArrayLike, network: Floats) -> dict[str, Any]:
    """Compare another model with the network on the same rows."""
    p = np.asarray(predicted, dtype=np.float64).reshape(len(network), -1)
    found = validation.gain(validation.losses(network), validation.losses(p))
    score, better = validation.score(p), found.p_greater() <= 0.05
    word = "better" if better else "worse" if found.t <= -1.645 else "alike"
    told = message(
        "baseline.rival",
        name=name,
        compared=message(f"baseline.{word}"),
        metric=validation.metric,
        score=score,
        lower=found.value if found.value > 0 else None,
        higher=-found.value if found.value <= 0 else None,
        p_value=found.p_greater(),
    )
    return {"name": name, "score": score, "better": better, "told": told}


def check(
    validation: Validation, baseline: Floats, sane: Sane, unlearned: Mapping[str, ArrayLike], gain: float
) -> list[Finding]:
    """Return what the sanity checks found, the silent ones left out.

    Source: Karpathy 2019, "A recipe for training neural networks" (loss at init, overfit one batch, input-independent
    baseline); the shuffled-label run is the leak test of Zhang et al. 2017 turned to validation rows.
    """
    found: list[Finding] = []
    ratio = _ratio(sane.initial_loss, sane.expected_loss)
    if math.isfinite(ratio) and not FIRST_LOSS[0] <= ratio <= FIRST_LOSS[1]:
        reason = message("baseline.first_loss", loss=sane.initial_loss, expected=sane.expected_loss)
        found.append(Finding(False, reason, message("baseline.look_at_last_layer")))
    share = _ratio(sane.batch_loss, sane.batch_baseline)
    if math.isfinite(share) and share >= MEMORISED:
        reason = message("baseline.batch_not_memorised", share=share)
        found.append(Finding(share >= STUCK, reason, message("baseline.why_not_memorised")))
    for name, p in unlearned.items():
        test = validation.gain(baseline, validation.losses(np.asarray(p)))
        # The test knows the noise of rows, not that of one shuffle or of a drift between the parts, which alone can
        # beat the baseline by a little: so a leak also has to explain much of what the network gains.
        enough = max(0.01 * float(baseline.mean()), LEAK_SHARE * gain)
        if test.p_greater() <= LEAK_ALPHA and test.value > enough:
            reason = message(f"baseline.{name}_beats", gain=test.value, p_value=test.p_greater())
            found.append(Finding(True, reason, message(f"baseline.why_{name}_beats")))
    return found


def _ratio(reached: float | None, expected: float | None) -> float:
    """Return one loss over another; NaN where one was not measured."""
    return reached / expected if reached is not None and expected else math.nan


def _advice(validation: Validation, verdict: Word, found: Power, beaten_by: Sequence[str]) -> list[Message]:
    """Return what to do next."""
    if verdict == "passed":
        names = [message("baseline.rival_name", name=name) for name in beaten_by]
        gap = [message("baseline.gap_to_close", names=names)] if names else []
        return [message("baseline.next"), *gap]
    match found.verdict:
        case "signal":
            return [message("baseline.overconfident")]
        case "unknown":
            more = message("baseline.more_rows" if validation.folds > 1 else "baseline.use_every_row")
            return [more, message("baseline.if_overconfident"), message("baseline.go_on_with_few_rows")]
        case "none":
            return [message("baseline.check_labels"), message("baseline.change_features_or_model")]
        case _:
            return [message("baseline.fix_first")]


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
        message("baseline.diverged"),
        numbers,
        (message("baseline.no_finite_loss"),),
        (message("baseline.lower_learning_rate"),),
    )
