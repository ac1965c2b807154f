"""The median rule: nothing ends before there is a median, before its time, or when it is better than the median."""

from __future__ import annotations

import math

import pytest

from modelwizard.training.median_stopping import FEWEST, PARTS, bar, hopeless

FALLING = [1.0 - 0.04 * i for i in range(20)]


def test_few_trials_give_no_bar() -> None:
    assert bar([(FALLING, 20)] * (FEWEST - 1)) == ()
    assert not hopeless([9.0] * 10, 20, ())


def test_the_bar_is_the_median_of_the_best_so_far_at_equal_shares_of_the_training() -> None:
    rising = [0.5, *[2.0] * 19]
    long = [value for value in FALLING for _ in (0, 1)]  # the same curve in twice the epochs
    found = bar([(FALLING, 20), (long, 40), (rising, 20), ([math.nan] * 20, 20)])
    assert len(found) == PARTS
    assert found[0] == 1.0
    assert found[-1] == pytest.approx((FALLING[-1] + 0.5) / 2)  # of 0.24, 0.24, 0.5 and nothing at all


def test_a_trial_is_compared_with_those_that_are_no_longer() -> None:
    long = [0.01 * value for value in FALLING for _ in (0, 1)]
    assert bar([(FALLING, 20)] * FEWEST + [(long, 40)] * 9, 20) == bar([(FALLING, 20)] * FEWEST)
    assert bar([(FALLING, 20)] * (FEWEST - 1) + [(long, 40)] * 9, 20) == ()


def test_a_trial_that_ended_early_keeps_its_best() -> None:
    assert bar([([0.3, 0.4], 20)] * FEWEST) == (0.3,) * PARTS


@pytest.mark.parametrize(
    ("epochs", "loss", "ends"),
    [(2, 9.0, False), (5, 9.0, False), (6, 9.0, True), (6, 0.5, False), (19, 9.0, True), (20, 9.0, False)],
)
def test_a_trial_ends_when_it_is_worse_than_the_bar(epochs: int, loss: float, ends: bool) -> None:
    assert hopeless([loss] * epochs, 20, bar([(FALLING, 20)] * FEWEST)) is ends


def test_short_trainings_are_compared_too() -> None:
    wanted = bar([(FALLING, 20)] * FEWEST)
    assert hopeless([9.0, 9.0], 4, wanted)
    assert not hopeless([9.0], 4, wanted)
