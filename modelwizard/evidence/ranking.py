"""Scores of a ranking, AUC and average precision, under row weights and as per-row contributions.

Weights are what bootstrap resamples are made of: one sort per column serves all resamples at once.
"""

from __future__ import annotations

import numpy as np

from modelwizard.evidence.arrays import Bools, Floats

MAX_ENTRIES = 4_000_000
"""Entries of one scratch array (weights are cut into slices of resamples): 16 MB, inside the processor's cache."""


def weighted_auc(truth: Bools, values: Floats, weights: Floats) -> Floats:
    """Return the area under the ROC curve for each row of weights (B, n) -> (B,).

    AUC = P(score of a positive > score of a negative) + half of the ties, each pair weighted by the product of
    its weights. NaN where a resample holds one class only. Sort once, then one cumulative sum: O(B n).
    Source: Hanley & McNeil 1982; the weighted form is that of a bootstrap with replacement.
    """
    positive, negative = np.flatnonzero(truth), np.flatnonzero(~truth)
    if len(positive) == 0 or len(negative) == 0:
        return np.full(len(weights), np.nan)
    if len(positive) > len(negative):  # walk over the smaller class: AUC(+, -, s) = AUC(-, +, -s)
        positive, negative, values = negative, positive, -values
    order = negative[np.argsort(values[negative], kind="stable")]
    below = np.searchsorted(values[order], values[positive], side="left")
    upto = np.searchsorted(values[order], values[positive], side="right")
    result = np.empty(len(weights))
    step = max(1, MAX_ENTRIES // len(values))
    for start in range(0, len(weights), step):
        part = np.ascontiguousarray(weights[start : start + step].T)
        sums = np.zeros((len(order) + 1, part.shape[1]), dtype=part.dtype)
        np.cumsum(part[order], axis=0, out=sums[1:])
        mine = part[positive]
        wins = np.einsum("ib,ib->b", mine, sums[below] + sums[upto]) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            result[start : start + step] = wins / (mine.sum(axis=0) * sums[-1])
    return result


def weighted_precision(truth: Bools, values: Floats, weights: Floats) -> Floats:
    """Return the average precision for each row of weights (B, n) -> (B,); NaN without positives.

    AP = sum over positives of the precision at their own threshold, divided by the number of positives (weighted).
    Source: sklearn.metrics.average_precision_score (no interpolation), ties share one threshold.
    """
    if not truth.any():
        return np.full(len(weights), np.nan)
    positive, negative = np.flatnonzero(truth), np.flatnonzero(~truth)
    positive = positive[np.argsort(-values[positive], kind="stable")]
    negative = negative[np.argsort(-values[negative], kind="stable")]
    thresholds = -values[positive]
    hits = np.searchsorted(thresholds, thresholds, side="right")
    misses = np.searchsorted(-values[negative], thresholds, side="right")
    result = np.empty(len(weights))
    step = max(1, MAX_ENTRIES // len(values))
    for start in range(0, len(weights), step):
        part = np.ascontiguousarray(weights[start : start + step].T)
        mine = part[positive]
        found = np.cumsum(mine, axis=0)[hits - 1]
        wrong = np.zeros((len(negative) + 1, part.shape[1]), dtype=part.dtype)
        np.cumsum(part[negative], axis=0, out=wrong[1:])
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(found > 0, found / (found + wrong[misses]), 0.0)
            result[start : start + step] = np.einsum("ib,ib->b", mine, precision) / mine.sum(axis=0)
    return result


def auc_influence(truth: Bools, values: Floats) -> Floats:
    """Return n times the derivative of AUC by each row's weight, (n,); the sum is zero.

    For a positive: (share of negatives below it - AUC) n / positives, and likewise for a negative; their variance
    over n is DeLong's variance.
    Source: DeLong, DeLong & Clarke-Pearson 1988, structural components V10 and V01.
    """
    positive, negative = values[truth], values[~truth]
    if len(positive) == 0 or len(negative) == 0:
        return np.full(len(values), np.nan)
    wins = _share_below(np.sort(negative), positive)
    losses = 1 - _share_below(np.sort(positive), negative)
    rows, auc = len(values), wins.mean()
    influence = np.empty(rows)
    influence[truth] = (wins - auc) * rows / len(positive)
    influence[~truth] = (losses - auc) * rows / len(negative)
    return influence


def _share_below(ordered: Floats, values: Floats) -> Floats:
    """Return for each value the share of `ordered` below it, ties counted half."""
    low = np.searchsorted(ordered, values, side="left")
    return (low + np.searchsorted(ordered, values, side="right")) / (2 * len(ordered))


def precision_influence(truth: Bools, values: Floats) -> Floats:
    """Return n times the derivative of the average precision by each row's weight, (n,); the sum is zero.

    With T_i and N_i the weights of positives and of all rows at or above row i, AP = sum_i y_i T_i / (N_i P); the
    derivative follows by the chain rule (the infinitesimal jackknife).
    Source: Efron 1982, "The Jackknife, the Bootstrap and Other Resampling Plans", ch. 6.
    """
    rows, positives = len(values), int(truth.sum())
    if positives == 0:
        return np.full(rows, np.nan)
    order = np.argsort(-values, kind="stable")
    ranked, hits = -values[order], truth[order].astype(np.float64)
    last = np.searchsorted(ranked, ranked, side="right") - 1
    first = np.searchsorted(ranked, ranked, side="left")
    above = np.cumsum(hits)[last]
    count = (last + 1).astype(np.float64)
    precision = above / count
    score = float((hits * precision).sum() / positives)
    # Row j stands at or above row i for every i that is ranked at j's threshold or later.
    gain = np.append(np.cumsum((hits / count)[::-1])[::-1], 0.0)[first]
    cost = np.append(np.cumsum((hits * above / count**2)[::-1])[::-1], 0.0)[first]
    derivative = hits * (precision + gain - score) - cost
    influence = np.empty(rows)
    influence[order] = derivative * rows / positives
    return influence
