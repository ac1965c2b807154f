"""Stage 3: does the regularised model beat the overfitting one by more than noise, and is another round worth it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from modelwizard.contract.messages import Message, message
from modelwizard.evidence import comparison, scores
from modelwizard.evidence.advice import Advice, Point, advise
from modelwizard.evidence.arrays import Floats
from modelwizard.evidence.optimism import Correction
from modelwizard.evidence.planning import Planned, planned
from modelwizard.evidence.resampling import Mean
from modelwizard.stages.accounting import correct, finals, paired_error, seed_noise
from modelwizard.stages.influence import Edge, Effect, Range, edges, effects
from modelwizard.stages.inputs import Pool, Run, Validation
from modelwizard.stages.ladder import Capacity
from modelwizard.stages.squeeze import told
from modelwizard.stages.verdict import Verdict, Word

ALPHA = 0.05
WORSE = 1.645
NEXT = 20
"""Trials that a further round is planned with."""
WINDOW = 5
WIDER = 2


def bounds(capacity: Capacity) -> dict[str, Range]:
    """Return the restriction of the search space: the overfitting model's size and length are the upper ends.

    Twice its units are allowed: with a dropout of a half, as many are left at work (Srivastava et al. 2014, A.1). One
    layer and a sixteenth of the units (at least 4) are the lower ends. Regularisers, learning rate and whatever the
    person added keep the ranges that `model.py` gives them.
    """
    limits: dict[str, Range] = {}
    if capacity.layers is not None:
        limits["layers"] = Range(1, capacity.layers, open_low=False, open_high=False)
    if capacity.units is not None:
        low = min(capacity.units, max(4, capacity.units // 16))
        limits["units"] = Range(low, WIDER * capacity.units, log=True, open_high=False)
    limits["epochs"] = Range(1, capacity.epochs, log=True, open_high=False)
    return limits


@dataclass(frozen=True)
class Round:
    """Whether another round of trials is worth what it leaks.

    Args:
        trials: Trials of the round that is planned.
        expected_gain: Expected rise of the best one's true score.
        optimism: Expected optimism after that round.
        paired_se: Standard error of a comparison of two trials; gains far below it cannot be seen.
        worth: Whether to go on.
    """

    trials: int
    expected_gain: float
    optimism: float
    paired_se: float
    worth: bool

    def told(self) -> Message:
        """Say what the round would bring."""
        return message(
            "regularize.round",
            trials=self.trials,
            gain=self.expected_gain,
            optimism=self.optimism,
            noise=1.96 * self.paired_se,
        )


def worth(plan: Planned, optimism_now: float, paired_se: float, advice: Advice) -> Round:
    """Weigh a further round: the expected gain must exceed a quarter of the error of a paired comparison.

    Assumes that further trials are drawn like those before; a search that learns does better at first and worse once
    it has converged. Source: expected maxima of normals (`planning.planned`); the quarter is ours.
    """
    gain = plan.expected_gain(NEXT)
    after = max(optimism_now, 0.0) + plan.more(NEXT) - plan.optimism
    good = gain > 0.25 * paired_se and advice.level not in ("stop", "refresh")
    return Round(NEXT, gain, after, paired_se, good)


def judge(
    validation: Validation,
    runs: Sequence[Run],
    overfit: Run,
    ranges: Mapping[str, Range],
    *,
    baseline_score: float | None = None,
    history: Sequence[Point] = (),
    warned_before: bool = False,
    late: bool = False,
    seed: int = 0,
) -> Verdict:
    """Judge a search against the overfitting model.

    Passed when the best trial beats the overfitting model as trained (its last epochs) by more than noise, is not
    worse than that model's own best epoch, and no best value asks for a wider range. Both comparisons choose and judge
    on different rows, so the luck of many trials is not counted as gain.

    Args:
        validation: The rows that judge.
        runs: Finished trials, every one that was looked at.
        overfit: The run that stage 2 kept.
        ranges: What each open hyperparameter was drawn from.
        baseline_score: Score of stage 1, to say how much of the gain is optimism.
        history: The state after earlier rounds, oldest first.
        warned_before: Whether the round before ended in a warning.
        late: Whether time ended every trial before its curve could be judged.
        seed: Seed of splits and resamples.
    """
    usable = [run for run in runs if run.best_epoch(validation) is not None]
    if not usable:
        return _nothing(validation, len(runs), late)
    correction = correct(validation, usable, seed=seed)
    pool = Pool(usable)
    best = usable[int(pool.trial[correction.best])]
    losses = pool.losses(validation)
    over = _compare(validation, _ending(overfit, validation), losses, seed)
    over_best = _compare(validation, overfit.losses(validation), losses, seed)
    ends = finals(validation, usable)
    paired_se = paired_error(ends, validation.units)
    found = effects([run.hyperparameters for run in usable], [-float(v) for v in ends.mean(axis=1)])
    wide = edges(best.hyperparameters, ranges, found, len(usable))
    state = (*history, Point(len(usable), correction.raw, correction.corrected, paired_se))
    raw_gain = None if baseline_score is None else scores.gain(validation.metric, correction.raw, baseline_score)
    advice = advise(correction, raw_gain=raw_gain, history=state, warned_before=warned_before)
    following = worth(planned(-ends.T), correction.optimism, paired_se, advice)
    scatter = seed_noise(validation, usable)
    simple = usable[comparison.simplest(ends, [run.parameters for run in usable], groups=validation.units)]
    numbers = {
        **_scores(validation, correction, len(runs)),
        **_winner(pool, best, correction.best),
        **_gains(over, over_best),
        **_search(found, wide, following),
        "simplest": simple.name,
        "noise": asdict(scatter),
        "level": advice.level,
        "advice": advice.told,
        "point": asdict(state[-1]),
    }
    word = _word(over, over_best, wide)
    headline = _headline(validation, correction, over, word)
    reasons = (*_reasons(correction, over_best, found, advice, simple, best), *told(scatter, validation.metric))
    return Verdict(
        "regularize", word, headline, numbers, reasons, tuple(_advice(validation, word, wide, following, advice))
    )


def _scores(validation: Validation, found: Correction, trials: int) -> dict[str, Any]:
    """Return the values about the best score."""
    return {
        "metric": validation.metric,
        "direction": validation.direction,
        "trials": trials,
        "score": found.raw,
        "corrected": found.corrected,
        "se": found.se,
        "optimism": found.optimism,
        "looks": found.columns,
    }


def _winner(pool: Pool, best: Run, column: int) -> dict[str, Any]:
    """Return the values about the best trial."""
    return {
        "run": best.name,
        "best_epoch": int(pool.epoch[column]) + best.first_epoch + 1,
        "hyperparameters": dict(best.hyperparameters),
    }


def _gains(over: Mean, over_best: Mean) -> dict[str, Any]:
    """Return the values of both comparisons with the overfitting model."""
    return {
        "gain": over.value,
        "interval": list(over.interval(0.90)),
        "p_value": over.p_greater(),
        "gain_over_best_epoch": over_best.value,
        "p_value_best_epoch": over_best.p_greater(),
    }


def _search(found: Sequence[Effect], wide: Sequence[Edge], following: Round) -> dict[str, Any]:
    """Return what moved the score, which values stand at an edge, and what another round would bring."""
    told = {"effects": [asdict(item) for item in found], "edges": [asdict(item) for item in wide]}
    return {**told, "next_round": asdict(following)}


def _ending(run: Run, validation: Validation) -> Floats:
    """Return the mean loss of each row over the last finite epochs of a run, (1, n)."""
    table = run.losses(validation)
    finite = table[np.isfinite(table).all(axis=1)]
    return finite[-WINDOW:].mean(axis=0, keepdims=True)


def _compare(validation: Validation, incumbent: Floats, losses: Floats, seed: int) -> Mean:
    """Compare with choice and judgement on different rows."""
    return comparison.cross_fitted(
        incumbent, losses, groups=validation.units, strata=validation.strata, widen=validation.inflation, seed=seed
    )


def _word(over: Mean, over_best: Mean, wide: Sequence[Edge]) -> Word:
    """Return the verdict's word."""
    if over.p_greater() <= ALPHA and over_best.t > -WORSE:
        return "cannot tell" if wide else "passed"
    if over_best.t <= -WORSE or over.interval(0.90)[1] <= 0:
        return "failed"
    return "cannot tell"


def _headline(validation: Validation, found: Correction, over: Mean, word: Word) -> Message:
    """Say in one sentence what the best trial is worth."""
    key = "unfinished" if word == "cannot tell" and over.p_greater() <= ALPHA else word.replace(" ", "_")
    return message(
        "regularize.headline",
        finding=message(f"regularize.{key}"),
        metric=validation.metric,
        score=found.corrected,
        error=1.96 * found.se,
        raw=found.raw,
        lower=over.value if over.value >= 0 else None,
        higher=-over.value if over.value < 0 else None,
        p_value=over.p_greater(),
    )


def _reasons(
    correction: Correction,
    over_best: Mean,
    found: Sequence[Effect],
    advice: Advice,
    simple: Run,
    best: Run,
) -> list[Message]:
    """Say what was seen: against the best epoch, optimism, what moved the score, the simpler model."""
    more = "better" if over_best.p_greater() <= ALPHA else "no_better"
    gain, interval = over_best.value, list(over_best.interval(0.90))
    optimism, looks = correction.optimism, correction.columns
    strong = [message("regularize.effect", name=item.name, share=item.share) for item in found if item.share >= 0.1]
    reasons = [
        message(f"regularize.{more}_than_stopping_early", gain=gain, interval=interval),
        message("regularize.optimism", optimism=optimism, looks=looks, advice=advice.told),
        message("regularize.effects", effects=strong) if strong else message("regularize.no_effect"),
    ]
    if simple.name != best.name:
        sizes = {"fewer": simple.parameters, "weights": best.parameters}
        reasons.append(message("regularize.simpler", simple=simple.name, best=best.name, **sizes))
    return reasons


def _advice(
    validation: Validation, word: Word, wide: Sequence[Edge], following: Round, advice: Advice
) -> list[Message]:
    """Return what to do next; another scheme is never advised to those who use it already."""
    told = [message("regularize.widen", **vars(item)) for item in wide]
    if advice.level == "refresh":
        told.append(message("regularize.new_rows" if validation.folds > 1 else "regularize.new_split"))
    if word == "passed":
        told.append(message("regularize.next"))
    if following.worth:
        told.append(message("regularize.another_round", round=following.told(), trials=following.trials))
    else:
        told.append(message("regularize.stop_searching", round=following.told()))
    if word != "passed" and not wide:
        told += [message("regularize.more_rows"), message("regularize.accept")]
    return told


def _nothing(validation: Validation, trials: int, late: bool) -> Verdict:
    """Return the verdict when every trial failed or diverged, or when none could be finished in time."""
    nan = math.nan
    empty = Correction(0, nan, nan, nan, nan, validation.direction, 0, 0, 0)
    word: Word = "cannot tell" if late else "failed"
    keys = ("late", "late_reason", "more_time") if late else ("diverged", "diverged_reason", "lower_learning_rate")
    headline, reason, advice = (message(f"regularize.{key}", trials=trials) for key in keys)
    return Verdict("regularize", word, headline, _scores(validation, empty, trials), (reason,), (advice,))
