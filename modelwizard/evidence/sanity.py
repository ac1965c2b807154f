"""What sanity checks judge by: the first loss fits theory, one batch is learned by heart, nothing teaches nothing.

Source: Karpathy, A Recipe for Training Neural Networks (2019), steps 2 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from modelwizard.evidence import resampling
from modelwizard.evidence.arrays import ArrayLike, Ints

BY_HEART = 0.01
"""Share of the dumb baseline's loss that one batch must come below to count as learned by heart."""

LEVEL = 0.01
"""Chance of calling a model skilled that has learned nothing."""

CHANCE = 0.05
"""Share of the dumb baseline's loss that does not count as skill, however many rows there are."""


def first_loss_fits(value: float, expected: float) -> bool:
    """Say whether the loss before the first step is what theory expects, to the second digit."""
    return abs(value - expected) <= max(0.01 * abs(expected), 0.005)


def learned_by_heart(reached: float, dumb: float, share: float = BY_HEART) -> bool:
    """Say whether so little is left of the dumb baseline's loss that the batch is known by heart.

    Args:
        reached: Loss on the batch after training on nothing else.
        dumb: Loss of the best constant prediction on the batch.
        share: Share of `dumb` that may be left. Defaults to `BY_HEART`.
    """
    return bool(reached < share * dumb)


def chance(rows: int, level: float = LEVEL) -> float:
    """Return the share of the dumb baseline's loss that shuffled labels may take away by chance.

    One shuffling leaves a small true correlation between what is learned and the truth, which many rows to judge by
    would make significant. Least squares on n rows of p features fits a length of sqrt(p / n) into a direction whose
    correlation with the signal is of the order of 1 / sqrt(p): a gain of 2 z / sqrt(n) of the variance, whatever p is,
    with z standard normal.

    Args:
        rows: Rows that were trained on.
        level: Chance of a larger share. Defaults to `LEVEL`.
    """
    return max(CHANCE, 2 * float(stats.norm.isf(level)) / math.sqrt(max(rows, 1)))


def skilled(dumb: ArrayLike, own: ArrayLike, level: float = LEVEL, share: float = CHANCE) -> bool:
    """Say whether a model that must not have learned anything is better than the dumb baseline all the same.

    Args:
        dumb: Loss of the dumb baseline for each independent row (or block of rows).
        own: Loss of the model for the same.
        level: Chance that the gain is noise over rows. Defaults to `LEVEL`.
        share: Share of the dumb baseline's loss that the gain must exceed as well. Defaults to `CHANCE`; see `chance`.
    """
    before, gain = np.asarray(dumb, dtype=float), np.asarray(dumb, dtype=float) - np.asarray(own, dtype=float)
    found = resampling.mean(gain)
    return bool(found.p_greater() <= level and found.value > share * abs(float(before.mean())))


def distinct(blocks: Sequence[ArrayLike], count: int) -> Ints:
    """Return the positions of the first rows that differ from one another: equal inputs with two labels teach nothing.

    Args:
        blocks: Inputs of the rows, one array (n, ...) each; only the first 20 * `count` rows are read.
        count: Rows wanted at most.
    """
    heads = [np.asarray(block)[: 20 * count].astype(np.float64) for block in blocks]
    joined = np.concatenate([head.reshape(len(head), -1) for head in heads], axis=1)
    _, first = np.unique(joined, axis=0, return_index=True)
    return np.sort(first)[:count]
