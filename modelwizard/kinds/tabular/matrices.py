"""The inputs of a network for tables as plain matrices, for models that know no blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_TEXT = 50
"""Components that stand for a text block of thousands of words where sparse matrices cannot be used."""
WIDE = 500
"""Columns beyond which a block is a text."""

Blocks = Mapping[str, NDArray[Any]]


def matrices(train: Blocks, held: Blocks, *, one_hot: bool) -> tuple[Any, Any]:
    """Return training and held-out inputs as matrices, made of the blocks that the network sees.

    Args:
        train: Blocks of the rows that a model is fitted on.
        held: Blocks of the rows that it predicts.
        one_hot: Whether each category gets a column of its own, and texts stay sparse.
    """
    from scipy import sparse
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import OneHotEncoder

    blocks: list[tuple[Any, Any]] = []
    for name in train:
        if name == "bins" and "numeric" in train:
            continue  # the same numbers a second time
        x, y = (block.reshape(len(block), -1) for block in (train[name], held[name]))
        if name == "categorical" and one_hot:
            encoder = OneHotEncoder(handle_unknown="ignore").fit(x)
            x, y = encoder.transform(x), encoder.transform(y)
        elif x.shape[1] > WIDE and one_hot:
            x, y = sparse.csr_matrix(x), sparse.csr_matrix(y)
        elif x.shape[1] > WIDE:
            reduced = TruncatedSVD(min(MOST_TEXT, x.shape[1] - 1), random_state=1).fit(x)
            x, y = reduced.transform(x), reduced.transform(y)
        blocks.append((x, y))
    join: Callable[[list[Any]], Any] = np.hstack
    if any(sparse.issparse(x) for x, _ in blocks):
        join = lambda parts: sparse.hstack([sparse.csr_matrix(p) for p in parts], format="csr")  # noqa: E731
    return join([x for x, _ in blocks]), join([y for _, y in blocks])
