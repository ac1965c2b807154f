"""What sanity checks judge by."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence.sanity import MEMORISED, STUCK, distinct, memorised


@pytest.mark.parametrize(
    ("reached", "share", "known"), [(0.001, MEMORISED, True), (0.1, MEMORISED, False), (0.1, STUCK, True)]
)
def test_memorised(reached: float, share: float, known: bool) -> None:
    assert memorised(reached, 0.69, share) is known


def test_distinct_rows_look_at_all_blocks() -> None:
    a, b = np.array([[1], [1], [1], [2]]), np.array([[5], [5], [6], [5]])
    assert list(distinct([a, b], 10)) == [0, 2, 3]
    assert list(distinct([a, b], 2)) == [0, 2]
