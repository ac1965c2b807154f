"""What moved the score: which hyperparameters explain the differences between trials, and which stand at an edge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from modelwizard.evidence.arrays import Floats

FEWEST_TRIALS = 8
EDGE = 0.05
"""A value within this part of its range's length from an end stands at the edge."""


@dataclass(frozen=True)
class Range:
    """The range that a search drew a hyperparameter from.

    Args:
        low: Lowest value.
        high: Highest value.
        log: Whether it was drawn on a logarithmic scale.
        open_low: Whether the range could be widened downward (not for dropout or penalties at zero).
        open_high: Whether it could be widened upward (not for a size bounded by the overfitting model's).
    """

    low: float
    high: float
    log: bool = False
    open_low: bool = True
    open_high: bool = True

    def position(self, value: float) -> float:
        """Return where the value stands: 0 at the low end, 1 at the high end."""
        low, high = self.low, self.high
        if self.log and low > 0 and value > 0:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low) if high > low else 0.5


@dataclass(frozen=True)
class Effect:
    """What one hyperparameter did to the score.

    Args:
        name: Its name.
        share: Share of the score's variance between trials that it explains (0 to 1).
        trend: Spearman correlation with the score, positive when larger values score better; NaN for words.
        p_value: Two-sided, of the trend.
    """

    name: str
    share: float
    trend: float
    p_value: float


def effects(settings: Sequence[Mapping[str, Any]], goodness: Sequence[float]) -> list[Effect]:
    """Return the hyperparameters by how much of the score they explain, the strongest first.

    The share is the out-of-bag R2 of a random forest from hyperparameters to score, dealt out by permutation
    importance; without at least 8 finite trials, or when the forest explains nothing, shares are 0. Assumes trials
    drawn broadly; those bred from the incumbent explore too little to tell.
    Source: Hutter, Hoos & Leyton-Brown 2014 (forests for hyperparameter importance); Breiman 2001 (permutation).

    Args:
        settings: Values of each trial by name.
        goodness: Score of each trial, larger better; NaN for failed ones.
    """
    scores = np.asarray(goodness, dtype=np.float64)
    kept = [int(i) for i in np.flatnonzero(np.isfinite(scores))]
    names = sorted({name for item in settings for name in item})
    varied = [name for name in names if len({repr(settings[i].get(name)) for i in kept}) > 1]
    if len(kept) < 3 or not varied:
        return []
    table = np.column_stack([_coded([settings[i].get(name) for i in kept]) for name in varied])
    shares = _shares(table, scores[kept]) if len(kept) >= FEWEST_TRIALS else np.zeros(len(varied))
    found: list[Effect] = []
    for j, name in enumerate(varied):
        trend, p_value = math.nan, math.nan
        if _numeric([settings[i].get(name) for i in kept]) and np.ptp(scores[kept]) > 0:
            result: Any = stats.spearmanr(table[:, j], scores[kept])
            trend, p_value = float(result.statistic), float(result.pvalue)
        found.append(Effect(name, float(shares[j]), trend, p_value))
    return sorted(found, key=lambda item: (-item.share, -abs(np.nan_to_num(item.trend))))


def _numeric(values: Sequence[Any]) -> bool:
    """Say whether all values are numbers."""
    return all(isinstance(value, int | float) for value in values)


def _coded(values: Sequence[Any]) -> Floats:
    """Return numbers as they are (ranks serve the forest as well), words and missing values as codes."""
    if _numeric(values):
        return np.asarray(values, dtype=np.float64)
    return np.unique([repr(value) for value in values], return_inverse=True)[1].astype(np.float64)


def _shares(table: Floats, scores: Floats) -> Floats:
    """Return the share of variance that each column explains, by a random forest."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    if np.ptp(scores) == 0:
        return np.zeros(table.shape[1])
    forest = RandomForestRegressor(100, min_samples_leaf=2, oob_score=True, random_state=0, n_jobs=1)
    forest.fit(table, scores)
    explained = max(float(forest.oob_score_), 0.0)
    raw: Any = permutation_importance(forest, table, scores, n_repeats=5, random_state=0)
    weights = np.maximum(raw.importances_mean, 0)
    return weights / weights.sum() * explained if weights.sum() > 0 else np.zeros(table.shape[1])


@dataclass(frozen=True)
class Edge:
    """The best value of a hyperparameter stands at an end of its range, and the trials point beyond it."""

    name: str
    value: float
    end: str
    widen_to: float


def edges(best: Mapping[str, Any], ranges: Mapping[str, Range], found: Sequence[Effect], trials: int) -> list[Edge]:
    """Return where the best values ask for a wider range.

    A value near an end counts when that end is open and the trend over trials points there (Spearman p < .1), or when
    there are fewer than 8 trials to see a trend in: the place of one lucky trial alone is no evidence.

    Args:
        best: Values of the best trial.
        ranges: What was drawn from.
        found: The result of `effects`.
        trials: Finished trials.
    """
    trends = {item.name: item for item in found}
    result: list[Edge] = []
    for name, value in best.items():
        bounds, effect = ranges.get(name), trends.get(name)
        if bounds is None or bounds.high <= bounds.low or not isinstance(value, int | float):
            continue
        place = bounds.position(float(value))
        for end, near, free, sign in (
            ("low", place <= EDGE, bounds.open_low, -1.0),
            ("high", place >= 1 - EDGE, bounds.open_high, 1.0),
        ):
            points = effect is not None and sign * np.nan_to_num(effect.trend) > 0 and effect.p_value < 0.1
            if near and free and (points or trials < FEWEST_TRIALS):
                result.append(Edge(name, float(value), end, _wider(bounds, end)))
    return result


def _wider(bounds: Range, end: str) -> float:
    """Return a new end: ten times further on a logarithmic scale, as much again on a linear one (never below 0)."""
    if bounds.log:
        return bounds.low / 10 if end == "low" else bounds.high * 10
    length = bounds.high - bounds.low
    return max(bounds.low - length, min(bounds.low, 0.0)) if end == "low" else bounds.high + length
