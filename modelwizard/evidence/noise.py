"""The noise floor: how far apart the scores of one and the same configuration fall with other seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from modelwizard.evidence.arrays import ArrayLike


@dataclass(frozen=True)
class Noise:
    """Spread over seeds.

    Args:
        sd: Standard deviation of the score of one run.
        floor: A difference of two single runs must exceed this to mean anything (two-sided 95 %).
        seeds: Runs it was estimated from.
    """

    sd: float
    floor: float
    seeds: int


def pooled(groups: Iterable[ArrayLike]) -> Noise:
    """Estimate the noise floor from one or several configurations, each run with two seeds or more.

    floor = t_{.975, S-1} sqrt(2) sd: with few seeds the t quantile carries the doubt about sd itself (12.7 for two
    seeds, 4.3 for three). The variances are pooled over configurations, so their means may differ. Assumes about normal
    scores of independent seeds and equal spread in all configurations; NaN runs are passed over. Seeds on one split
    measure training noise only; sampling of validation rows comes on top.
    Source: prediction interval of a difference of two normal draws, pooled variance; Bouthillier et al. 2021,
    "Accounting for variance in machine learning benchmarks".
    """
    squares, freedom, runs = 0.0, 0, 0
    for group in groups:
        values = np.asarray(group, dtype=np.float64)
        values = values[np.isfinite(values)]
        if len(values) > 1:
            squares += float(((values - values.mean()) ** 2).sum())
            freedom, runs = freedom + len(values) - 1, runs + len(values)
    if not freedom:
        return Noise(float("nan"), float("inf"), runs)
    sd = float(np.sqrt(squares / freedom))
    return Noise(sd, float(stats.t.ppf(0.975, freedom)) * np.sqrt(2.0) * sd, runs)
