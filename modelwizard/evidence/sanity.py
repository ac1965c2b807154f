"""What sanity checks judge by: one set of thresholds for the first loss and for one memorised batch.

Source: Karpathy, A Recipe for Training Neural Networks (2019), steps 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwizard.evidence.arrays import ArrayLike, Ints

MEMORISED = 0.01
"""Share of the baseline's loss below which one batch counts as memorised: data, model and loss fit together."""

STUCK = 0.5
"""Share of the baseline's loss at or above which a batch is not memorised at all, and something is broken."""

FIRST_LOSS = (0.67, 1.5)
"""The first loss over the expected one, last weights at zero, outside of which the two do not agree."""

FIRST_LOSS_AS_BUILT = 3.0
"""The first loss over the expected one with last weights as they are drawn, above which a classifier is too sure."""


def memorised(reached: float, constant: float, share: float = MEMORISED) -> bool:
    """Say whether so little is left of the baseline's loss that the batch is known by heart.

    Args:
        reached: Loss on the batch after training on nothing else.
        constant: Loss of the best constant prediction on the batch.
        share: Share of `constant` that may be left. Defaults to `MEMORISED`.
    """
    return bool(reached < share * constant)


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
