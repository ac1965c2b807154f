"""The test set: what to expect before it is opened, and what one opening says about the whole procedure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from modelwizard.evidence.scores import Direction

Verdict = Literal["consistent", "suspect", "unreliable", "better"]

SUSPECT = float(stats.norm.ppf(0.95))
UNRELIABLE = float(stats.norm.ppf(0.99))
BETTER = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Agreement:
    """How the test score compares with what was expected.

    Args:
        verdict: consistent, suspect, unreliable or better.
        gap: By how much the test score is worse (negative: better), in the metric's direction.
        z: The gap in standard errors; with the sign of the gap.
        p_value: One-sided, of a gap as large without any true drop.
        detectable: Smallest true drop that these rows would have shown with 80 % power.
    """

    verdict: Verdict
    gap: float
    z: float
    p_value: float
    detectable: float


def margin(score: float, baseline: float, *, bounded: bool) -> float:
    """Return the smallest drop that matters: a tenth of the gain over the baseline, within 1 to 3 points (2 to 6 %).

    It only keeps a trivial gap on very many rows from being called suspect. A quarter of the gain without an upper
    end, as first planned, would wave through a drop of 20 points where the gain over the baseline is 80.

    Args:
        score: The corrected validation score.
        baseline: The dumb baseline's score.
        bounded: Whether the metric lies in [0, 1], so that "one point" has a meaning.
    """
    least = 0.01 if bounded else 0.02 * abs(score)
    return min(max(least, 0.1 * abs(score - baseline)), 3 * least)


def freedom(se_validation: float, units_validation: int, se_test: float, units_test: int) -> float:
    """Return the degrees of freedom of the error of a difference of two scores.

    With some tens of groups, days or other independent units an error is itself uncertain, and 1.96 of it are not 95 %.
    Source: Satterthwaite 1946; Welch 1947 (each set with its units less one).

    Args:
        se_validation: Standard error of the validation score.
        units_validation: Independent units behind it.
        se_test: Standard error of the test score.
        units_test: Independent units behind it.
    """
    total = se_validation**2 + se_test**2
    if units_validation < 2 or units_test < 2:
        return 1.0
    if not 0 < total < math.inf:
        return math.inf
    return total**2 / (se_validation**4 / (units_validation - 1) + se_test**4 / (units_test - 1))


def detectable(se_validation: float, se_test: float, df: float = math.inf) -> float:
    """Return the minimum detectable gap (1.645 + 0.842) sqrt(se_v^2 + se_t^2), with quantiles of t for few units.

    Assumes independent validation and test rows and approximately normal scores.
    Source: power of a one-sided two-sample test at 5 % and 80 %.
    """
    return float(stats.t.ppf(0.95, df) + stats.t.ppf(0.80, df)) * math.hypot(se_validation, se_test)


def reach(se_validation: float, se_test: float, df: float = math.inf) -> float:
    """Return half the width of a 95 % interval for the test score around the validation score: errors of both sets."""
    return float(stats.t.ppf(0.975, df)) * math.hypot(se_validation, se_test)


def judge(
    validation: float,
    se_validation: float,
    test: float,
    se_test: float,
    *,
    direction: Direction,
    smallest: float = 0.0,
    df: float = math.inf,
) -> Agreement:
    """Compare one test score with the corrected validation score by a one-sided z.

    With few independent units, z is the normal quantile of the p-value of Welch's t (`freedom`).

    Consistent below z = 1.645; suspect from there on when the gap also matters (`smallest`); unreliable from
    z = 2.326; better when the test is better by more than 1.96 standard errors, which deserves a look as well (leak,
    easier or shifted test rows). Assumes a corrected validation score: against the best raw one, this blames the
    procedure in 28-72 % of the honest cases with 300 rows.
    Source: two-sample z-test, Welch's t-test; error rates by simulation in benchmarks/evidence.py and
    benchmarks/evidence_dependence.py.
    """
    gap = validation - test if direction == "max" else test - validation
    se = math.hypot(se_validation, se_test)
    z = gap / se if se > 0 else math.copysign(math.inf, gap) if gap else 0.0
    if math.isfinite(z) and math.isfinite(df):
        z = math.copysign(float(stats.norm.isf(stats.t.sf(abs(z), df))), z)
    verdict: Verdict = "consistent"
    if z >= UNRELIABLE and gap >= smallest:
        verdict = "unreliable"
    elif z >= SUSPECT and gap >= smallest:
        verdict = "suspect"
    elif z < -BETTER:
        verdict = "better"
    return Agreement(verdict, gap, z, float(stats.norm.sf(z)), detectable(se_validation, se_test, df))
