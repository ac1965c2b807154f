"""What sanity checks judge by."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence.sanity import LEVEL, chance, distinct, first_loss_fits, learned_by_heart, skilled

R = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("value", "expected", "fits"),
    [(0.693, 0.6931, True), (0.72, 0.6931, False), (0.004, 0.0, True), (99.5, 100.0, True)],
)
def test_first_loss(value: float, expected: float, fits: bool) -> None:
    assert first_loss_fits(value, expected) is fits


@pytest.mark.parametrize(("reached", "share", "known"), [(0.001, 0.01, True), (0.1, 0.01, False), (0.1, 0.5, True)])
def test_by_heart(reached: float, share: float, known: bool) -> None:
    assert learned_by_heart(reached, 0.69, share) is known


def test_skill_is_told_from_noise() -> None:
    dumb = R.exponential(size=200)
    assert skilled(dumb, dumb - 0.3 + 0.1 * R.normal(size=200))
    assert not skilled(dumb, dumb + 0.1 * R.normal(size=200))
    assert not skilled(dumb, dumb)


def test_what_one_shuffling_leaves_behind_is_no_skill() -> None:
    dumb = np.full(5000, 1.0)
    assert not skilled(dumb, dumb - 0.01 + 0.001 * R.normal(size=5000))  # sure, and next to nothing


@pytest.mark.parametrize(("rows", "features"), [(60, 3), (144, 8), (400, 20)])
def test_least_squares_on_shuffled_labels_seldom_gains_more_than_chance(rows: int, features: int) -> None:
    signal = np.full(features, features**-0.5)
    gains: list[float] = []
    for _ in range(1000):
        x = R.normal(size=(rows, features))
        weights = np.linalg.lstsq(x, R.permutation(x @ signal), rcond=None)[0]
        gains.append(1 - float(np.sum((weights - signal) ** 2)))  # of the variance, on rows without end
    assert np.mean(np.array(gains) > chance(rows)) <= LEVEL
    assert np.mean(np.array(gains) > chance(rows) / 3) > LEVEL  # the allowance is not wide for nothing


def test_distinct_rows_look_at_all_blocks() -> None:
    a, b = np.array([[1], [1], [1], [2]]), np.array([[5], [5], [6], [5]])
    assert list(distinct([a, b], 10)) == [0, 2, 3]
    assert list(distinct([a, b], 2)) == [0, 2]
