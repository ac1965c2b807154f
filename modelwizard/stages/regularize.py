"""Stage 3: does the regularised model beat the overfitting one by more than noise, and is another round worth it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from modelwizard.evidence import comparison, scores
from modelwizard.evidence.advice import Advice, Point, advise
from modelwizard.evidence.arrays import Floats
from modelwizard.evidence.comparison import Comparison
from modelwizard.evidence.optimism import Correction
from modelwizard.evidence.planning import Planned, planned
from modelwizard.stages.accounting import correct, finals, paired_error, point, seed_noise
from modelwizard.stages.influence import Edge, Effect, Range, edges, effects
from modelwizard.stages.inputs import Pool, Run, Validation
from modelwizard.stages.ladder import Capacity
from modelwizard.stages.squeeze import told
from modelwizard.stages.verdict import Verdict, Word, chance, figure

__all__ = ["Edge", "Effect", "Range", "Round", "bounds", "judge", "worth"]

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
        text: One sentence for the person.
    """

    trials: int
    expected_gain: float
    optimism: float
    paired_se: float
    worth: bool
    text: str


def worth(plan: Planned, optimism_now: float, paired_se: float, advice: Advice, trials: int = NEXT) -> Round:
    """Weigh a further round: the expected gain must exceed a quarter of the error of a paired comparison.

    Assumes that further trials are drawn like those before; a search that learns does better at first and worse once
    it has converged. Source: expected maxima of normals (`planning.planned`); the quarter is ours.
    """
    gain = plan.expected_gain(trials)
    after = max(optimism_now, 0.0) + plan.more(trials) - plan.optimism
    good = gain > 0.25 * paired_se and advice.level not in ("stop", "refresh")
    text = (
        f"{trials} more trials would add about {figure(gain)} of true score and bring the optimism to {figure(after)}"
        f"; two trials can be told apart from {figure(1.96 * paired_se)} on"
    )
    return Round(trials, gain, after, paired_se, good, text)


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
    state = (*history, point(len(usable), correction, paired_se))
    raw_gain = None
    if baseline_score is not None:
        raw_gain = scores.gain(validation.metric, correction.raw, baseline_score)
    advice = advise(correction, raw_gain=raw_gain, history=state, warned_before=warned_before)
    following = worth(planned(-ends.T), correction.optimism, paired_se, advice)
    scatter = seed_noise(validation, usable)
    simple = comparison.simplest(ends, [run.parameters for run in usable], groups=validation.units)
    numbers = {
        **_scores(validation, correction, len(runs)),
        **_winner(pool, best, correction.best),
        **_gains(over, over_best),
        "effects": [asdict(item) for item in found],
        "edges": [asdict(item) for item in wide],
        "next_round": asdict(following),
        "simplest": usable[simple].name,
        "noise": asdict(scatter),
        "level": advice.level,
        "advice": advice.text,
        "point": asdict(state[-1]),
    }
    word = _word(over, over_best, wide)
    reasons = _reasons(correction, over_best, found, advice, usable[simple], best)
    reasons += [sentence] if (sentence := told(scatter, validation.metric)) else []
    return Verdict(
        "regularize",
        word,
        _headline(validation, correction, over, word),
        numbers,
        tuple(reasons),
        tuple(_advice(word, wide, following, advice, over)),
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


def _gains(over: Comparison, over_best: Comparison) -> dict[str, Any]:
    """Return the values of both comparisons with the overfitting model."""
    return {
        "gain": over.gain,
        "interval": list(over.interval),
        "p_value": over.p_value,
        "gain_over_best_epoch": over_best.gain,
        "p_value_best_epoch": over_best.p_value,
    }


def _ending(run: Run, validation: Validation) -> Floats:
    """Return the mean loss of each row over the last finite epochs of a run, (1, n)."""
    table = run.losses(validation)
    finite = table[np.isfinite(table).all(axis=1)]
    return finite[-WINDOW:].mean(axis=0, keepdims=True)


def _compare(validation: Validation, incumbent: Floats, losses: Floats, seed: int) -> Comparison:
    """Compare with choice and judgement on different rows."""
    return comparison.cross_fitted(
        incumbent, losses, groups=validation.units, strata=validation.strata, widen=validation.inflation, seed=seed
    )


def _word(over: Comparison, over_best: Comparison, wide: Sequence[Edge]) -> Word:
    """Return the verdict's word."""
    if over.p_value <= ALPHA and over_best.t > -WORSE:
        return "cannot tell" if wide else "passed"
    if over_best.t <= -WORSE or over.interval[1] <= 0:
        return "failed"
    return "cannot tell"


def _headline(validation: Validation, found: Correction, over: Comparison, word: Word) -> str:
    """Say in one sentence what the best trial is worth."""
    title = scores.SCORES[validation.metric].title
    score = f"{title} {figure(found.corrected)} ± {figure(1.96 * found.se)} (best raw {figure(found.raw)})"
    gain = f"loss {figure(abs(over.gain))} {'lower' if over.gain >= 0 else 'higher'}, {chance(over.p_value)}"
    start = {
        "passed": "The regularised model beats the overfitting one",
        "failed": "No trial beats the overfitting model",
        "cannot tell": "The search is not at its end"
        if over.p_value <= ALPHA
        else "Whether regularising helped cannot be told from noise",
    }[word]
    return f"{start}: {score}, {gain}."


def _reasons(
    correction: Correction,
    over_best: Comparison,
    found: Sequence[Effect],
    advice: Advice,
    simple: Run,
    best: Run,
) -> list[str]:
    """Say what was seen: against the best epoch, optimism, what moved the score, the simpler model."""
    more = "more" if over_best.p_value <= ALPHA else "no more"
    reasons = [
        f"{more} than stopping the overfitting model early would give: gain over its best epoch "
        f"{figure(over_best.gain)} (90 % interval {figure(over_best.interval[0])} to {figure(over_best.interval[1])})",
        f"optimism {figure(correction.optimism)} after {correction.columns:,} looks: {advice.text}",
    ]
    strong = [f"{item.name} {item.share:.0%}" for item in found if item.share >= 0.1]
    reasons.append(f"what moved the score: {', '.join(strong)}" if strong else "no setting moved the score by much")
    if simple.name != best.name:
        reasons.append(
            f"{simple.name} is within one standard error of {best.name} with {simple.parameters:,} "
            f"instead of {best.parameters:,} weights"
        )
    return reasons


def _advice(word: Word, wide: Sequence[Edge], following: Round, advice: Advice, over: Comparison) -> list[str]:
    """Return what to do next."""
    text = [
        f"widen `{item.name}` in `model.py`: its best value {item.value:g} is at the {item.end} end; try "
        f"{item.widen_to:g}, then `modelwizard regularize`"
        for item in wide
    ]
    if advice.level == "refresh":
        text.append("the validation rows are used up: `modelwizard new --validation kfold`, or a fresh split")
    if word == "passed":
        text.append("next: `modelwizard finalize`")
    if following.worth:
        text.append(f"another round may pay: {following.text}: `modelwizard regularize --trials {following.trials}`")
    else:
        text.append(f"stop searching: {following.text}")
    if word != "passed" and not wide:
        text.append("more rows or better features will do more than more trials: `add_features` in `data.py`")
        text.append('or accept: `modelwizard finalize --force --reason "no gain beyond noise"`')
    return text


def _nothing(validation: Validation, trials: int, late: bool) -> Verdict:
    """Return the verdict when every trial failed or diverged, or when none could be finished in time."""
    nan = math.nan
    empty = Correction(0, nan, nan, nan, nan, validation.direction, 0, 0, 0)
    if late:
        return Verdict(
            "regularize",
            "cannot tell",
            "No trial could be finished within the time budget.",
            _scores(validation, empty, trials),
            ("the time was used up before the first trial had trained every fold",),
            ("search longer: `modelwizard regularize --time-budget 10m`",),
        )
    return Verdict(
        "regularize",
        "failed",
        f"None of {trials} trials has a finite validation loss.",
        _scores(validation, empty, trials),
        ("every trial failed or diverged",),
        ("lower the upper end of `learning_rate` in `model.py`, then `modelwizard regularize`",),
    )
