"""The probability from which a label is said: chosen on held-out rows, the choice paid for in the corrected score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from modelwizard.evidence import comparison, scores
from modelwizard.evidence.arrays import ArrayLike, Floats, Ints, matrix
from modelwizard.problems import PROBLEMS

HALF = 0.5
CANDIDATES = 101


@dataclass(frozen=True)
class Threshold:
    """A decision threshold and what speaks for it.

    Args:
        value: Probability from which the label is said; 0.5 unless another one proved better.
        best: The threshold with the best score on the rows that chose it.
        raw: Its score on these rows.
        gain: Gain over 0.5 on rows that did not choose.
        t: That gain in standard errors.
        tried: Thresholds that were tried.
    """

    value: float
    best: float
    raw: float
    gain: float
    t: float
    tried: int


def matters(problem: str, metric: str) -> bool:
    """Say whether a score of a problem depends on the threshold; classes that exclude each other have none."""
    return PROBLEMS[problem].threshold and scores.SCORES[metric].threshold_t is not None


def decided(p: ArrayLike, threshold: float) -> Floats:
    """Return 1 where the label is said and 0 elsewhere; scores of labels read these as they read probabilities."""
    return (matrix(p) >= threshold).astype(np.float64)


def candidates(p: ArrayLike) -> Floats:
    """Return quantiles of the probabilities, and 0.5."""
    return np.unique(np.append(np.quantile(matrix(p), np.linspace(0, 1, CANDIDATES)), HALF))


def choose(
    problem: str,
    metric: str,
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    widen: float = 1.0,
    seed: int = 0,
) -> Threshold:
    """Choose one threshold for all labels, and keep it only if rows that did not choose say that it beats 0.5.

    Assumes out-of-sample probabilities, calibrated first where they will be.
    The score on the rows that chose is too good; `optimism.bbc_metric(..., threshold=True)` repeats the choice.
    Source: cross-fitting as `resampling.cross_fit`, on pseudo-values of the score.

    Args:
        problem: A type that says labels from a threshold.
        metric: A score with a `threshold_t`.
        y: Canonical targets (n, k).
        p: (n, k) probabilities.
        groups: One label per row of dependent rows.
        strata: Labels to spread evenly over halves.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
        seed: Seed of the half-splits.
    """
    grid = candidates(p)
    sign = -1.0 if scores.direction(metric) == "max" else 1.0
    costs = np.stack([sign * scores.pseudo(problem, metric, y, decided(p, t)) for t in grid])
    half = costs[np.searchsorted(grid, HALF)]
    found = comparison.cross_fitted(half, costs, groups=groups, strata=strata, widen=widen, seed=seed)
    means = costs.mean(axis=1)
    best = float(grid[_middle(means <= np.nanmin(means) + 1e-12)])
    value = best if found.t > 0 and found.t >= (scores.SCORES[metric].threshold_t or 0.0) else HALF
    raw = scores.score(problem, metric, y, decided(p, best))
    return Threshold(value, best, raw, found.value, found.t, len(grid))


def _middle(best: np.ndarray) -> int:
    """Return the middle one of the best thresholds: between neighbours that score alike, none is luckier."""
    at = np.flatnonzero(best)
    return int(at[len(at) // 2])


class Decided(Sequence[Floats]):
    """Predictions as decisions: column i of the given ones at a threshold, made when asked for.

    Args:
        predictions: Canonical predictions (n, k) of the candidates.
        pairs: (column, threshold) of each decision.
    """

    def __init__(self, predictions: Sequence[Floats] | Floats, pairs: Sequence[tuple[int, float]]) -> None:
        self._predictions, self.pairs = predictions, list(pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    @overload
    def __getitem__(self, index: int) -> Floats: ...
    @overload
    def __getitem__(self, index: slice) -> list[Floats]: ...
    def __getitem__(self, index: int | slice) -> Floats | list[Floats]:
        """Return the decisions (n, k) of one pair, or of several."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        column, threshold = self.pairs[index]
        return decided(self._predictions[column], threshold)


def nested(
    problem: str, metric: str, y: ArrayLike, predictions: Sequence[Floats] | Floats, chosen: Ints, weights: Floats
) -> tuple[Decided, Ints]:
    """Choose a threshold within each resample, for the column that this resample chose.

    Args:
        problem: A name of the table of problems.
        metric: A score with a `threshold_t`.
        y: Canonical targets.
        predictions: K canonical predictions (n, k).
        chosen: (B,) column that each resample chose.
        weights: (B, n) how often each row was drawn.

    Returns:
        The decisions that were chosen by any resample, and for each resample which of them it chose.
    """
    sign = 1.0 if scores.direction(metric) == "max" else -1.0
    pairs: list[tuple[int, float]] = []
    picked = np.empty(len(chosen), dtype=np.int64)
    for j in np.unique(chosen):
        mine, p = np.flatnonzero(chosen == j), matrix(predictions[int(j)])
        grid = candidates(p)
        values = sign * scores.weighted(problem, metric, y, [decided(p, t) for t in grid], weights[mine])
        values = np.where(np.isfinite(values), values, -np.inf)
        tops = np.array([_middle(row >= row.max() - 1e-12) for row in values])
        used = np.unique(tops)
        picked[mine] = len(pairs) + np.searchsorted(used, tops)
        pairs += [(int(j), float(grid[k])) for k in used]
    return Decided(predictions, pairs), picked
