"""Statistical power: does the model beat a prediction that looks at no input, by more than noise?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from modelwizard.evidence import resampling
from modelwizard.evidence.arrays import ArrayLike, matrix
from modelwizard.problems import PROBLEMS

Verdict = Literal["power", "signal", "none", "unknown"]

ALPHA = 0.05
SMALL = 100
"""Below this many rows the t-test of a skewed loss fires too often, so the level is 1 %."""
NEEDED = (stats.norm.ppf(0.95) + stats.norm.ppf(0.80)) ** 2  # 6.18: one-sided 5 %, power 80 %
WORTHWHILE = 0.05
"""The skill that the rows must be able to show before "no signal" may be said."""
FEWEST = 10
"""Independent units below which nothing is said at all."""


@dataclass(frozen=True)
class Power:
    """What the validation rows say about model against baseline.

    Args:
        verdict: "power" (loss beaten), "signal" (predictions follow the truth, yet the loss is not beaten),
            "none", or "unknown" (too few rows to tell).
        gain: Mean loss of the baseline less that of the model.
        interval: 90 % interval of the gain; its lower end is the one-sided 95 % bound.
        skill: Gain as a share of the baseline's loss.
        p_value: One-sided, of the gain.
        alpha: The level used.
        rows: Validation rows.
        units: Independent units among them (rows, groups or blocks).
        rows_needed: Rows that would show a gain as large as seen (80 % power); where there is no gain, rows that
            would show a skill of 5 %. None when even that has no finite answer.
    """

    verdict: Verdict
    gain: float
    interval: tuple[float, float]
    skill: float
    p_value: float
    alpha: float
    rows: int
    units: int
    rows_needed: int | None


def judge(
    baseline: ArrayLike,
    losses: ArrayLike,
    *,
    association: float = float("nan"),
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    widen: float = 1.0,
    seed: int = 0,
) -> Power:
    """Compare per-row losses with the baseline's by a cross-fitted paired one-sided t-test.

    Assumes independent units, a baseline fitted on other rows, and losses >= 0 (subtract `row_floor`) for the skill
    to have a meaning. The candidate is chosen on one half of the rows and judged on the other (both ways, averaged
    over splits), so the choice of trial and epoch costs no extra error. Level 5 %, below 100 units 1 %.

    Args:
        baseline: (n,) loss of the constant prediction on each validation row.
        losses: (K, n) or (n,) loss of each candidate (every trial and epoch that could have been chosen).
        association: p-value of `associated`, to tell "signal but no power" from "no signal".
        groups: One label per row of dependent rows; in time order, block ids.
        strata: Labels to spread evenly over halves.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
        seed: Seed of the splits.

    Where the true losses are equal and predictions overconfident, the t-test of skewed losses fires in 6 to 8 % at
    100 to 1000 rows (benchmarks/evidence_boundary.py), a little above its level.
    Source: Cox 1975 (data splitting); size by simulation in benchmarks/evidence.py.
    """
    base = np.asarray(baseline, dtype=np.float64)
    table = np.atleast_2d(np.asarray(losses, dtype=np.float64))
    chosen = resampling.cross_fit(table, groups=groups, strata=strata, seed=seed)
    gain = resampling.difference(base, chosen, groups, widen=widen)
    reference = float(base.mean())
    alpha = ALPHA if gain.units >= SMALL else 0.01
    p_value = gain.p_greater()
    needed = rows_needed(gain, reference, len(base))
    skill = gain.value / reference if reference > 0 else float("nan")
    interval = gain.interval(0.90)
    worthwhile = WORTHWHILE * reference
    # A skill of 5 % can neither be ruled out, nor would these rows have shown it.
    blurred = interval[1] > worthwhile and NEEDED**0.5 * gain.se > worthwhile
    verdict: Verdict = "none"
    if not math.isfinite(gain.value) or gain.units < FEWEST:
        verdict = "unknown"
    elif p_value <= alpha and gain.value > 0:
        verdict = "power"
    elif blurred and gain.value > 0:
        verdict = "unknown"  # association is the sharper test: a small honest gain would be called overconfident
    elif association <= alpha:
        verdict = "signal"
    elif blurred:
        verdict = "unknown"
    return Power(verdict, gain.value, interval, skill, p_value, alpha, len(base), gain.units, needed)


def rows_needed(gain: resampling.Mean, reference: float, rows: int) -> int | None:
    """Return the rows for 80 % power: n = 6.18 (s_d / d)^2, d the gain seen, or 5 % of the baseline if none.

    Assumes more rows of the same kind (with groups: groups of the same size).
    Source: normal approximation of the one-sided paired t-test, e.g. Chow, Shao & Wang 2008, ch. 3.
    """
    effect = gain.value if gain.value > 0 else WORTHWHILE * reference
    if not effect > 0 or not math.isfinite(gain.se) or gain.units == 0:
        return None
    spread = gain.se * math.sqrt(gain.units)  # of one independent unit
    return math.ceil(NEEDED * (spread / effect) ** 2 * rows / gain.units)


def associated(problem: str, y: ArrayLike, p: ArrayLike, *, groups: ArrayLike | None = None) -> float:
    """Return the one-sided p-value that predictions vary together with the truth.

    The statistic is the covariance of predictions and targets summed over outputs, each output in units of its
    targets' spread; it does not care whether probabilities are calibrated, so it separates "signal, but
    overconfident" from "no signal". Assumes predictions whose choice did not use the row (see `cross_fit`) and
    independent units.
    Source: the score (covariance) test of no association, Cox & Hinkley 1974, §9.3, with a cluster-robust error.
    """
    kind, values = PROBLEMS[problem], matrix(p)
    target = kind.flags(y, values.shape[1])
    spread = target.std(axis=0)
    usable = spread > 0
    if not usable.any() or not np.isfinite(values).all():
        return 1.0
    if (np.ptp(values, axis=0) <= 1e-9 * np.abs(values).max(axis=0)).all():
        return 1.0  # constant up to rounding: nothing varies together with anything
    centred = (target - target.mean(axis=0))[:, usable]
    moves = (values - values.mean(axis=0))[:, usable]
    if not kind.exclusive:
        centred, moves = centred / spread[usable], moves / spread[usable]
    return resampling.mean((centred * moves).sum(axis=1), groups).p_greater()
