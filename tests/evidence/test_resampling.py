"""Units, halves, weights, cross-fitting: rows that belong together stay together and are counted once."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence import arrays, resampling


@pytest.mark.parametrize(
    ("values", "groups", "value", "se", "units"),
    [
        ([1.0, 2.0, 3.0], None, 2.0, 1 / np.sqrt(3), 3),
        ([1.0, 1.0, 3.0, 3.0], None, 2.0, np.std([1, 1, 3, 3], ddof=1) / 2, 4),
        ([1.0, 1.0, 3.0, 3.0], [0, 0, 1, 1], 2.0, 1.0, 2),  # two groups: as the mean of 1 and 3
        ([5.0, 5.0], None, 5.0, 0.0, 2),
        ([5.0], None, 5.0, np.inf, 1),
        ([1.0, 2.0], [7, 7], 1.5, np.inf, 1),
        ([], None, np.nan, np.inf, 0),
    ],
)
def test_mean_and_error(values, groups, value, se, units):
    found = resampling.mean(values, groups)
    assert (found.value, found.se) == (pytest.approx(value, nan_ok=True), pytest.approx(se))
    assert found.units == units


@pytest.mark.parametrize(
    ("values", "p_value"),
    [([0.0, 0.0, 0.0], 1.0), ([2.0], 1.0), ([1.0, -1.0], 0.5), ([], 1.0)],
)
def test_p_values_without_information(values, p_value):
    assert resampling.mean(values).p_greater() == pytest.approx(p_value)


def test_repeating_each_row_changes_nothing_when_it_is_a_group():
    rows = np.random.default_rng(0).normal(size=30)
    once, thrice = resampling.mean(rows), resampling.mean(np.tile(rows, 3), np.tile(np.arange(30), 3))
    assert (thrice.value, thrice.se, thrice.units) == (pytest.approx(once.value), pytest.approx(once.se), 30)


def test_widening_multiplies_the_error():
    rows = np.arange(10.0)
    assert resampling.mean(rows, widen=1.5).se == pytest.approx(1.5 * resampling.mean(rows).se)


@pytest.mark.parametrize("seed", range(5))
def test_halves_keep_groups_together_and_strata_even(seed):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(20), 5)
    strata = (groups % 4 == 0).astype(int)
    side = resampling.halves(100, rng, groups, strata)
    assert all(len(set(side[groups == g])) == 1 for g in range(20))
    for value in (0, 1):
        share = side[strata == value].mean()
        assert 0.39 <= share <= 0.61


def test_bootstrap_weights_sum_to_the_units_and_move_groups_as_one():
    groups = np.array([0, 0, 1, 1, 2])
    weights = resampling.bootstrap_weights(5, 50, np.random.default_rng(0), groups)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 4]].sum(axis=1) == 3).all()


def test_cross_fitting_does_not_flatter_the_best_of_many():
    costs = np.random.default_rng(0).normal(size=(200, 400))
    assert costs.mean(axis=1).min() < -0.1  # the winner's curse
    assert abs(resampling.cross_fit(costs, seed=1).mean()) < 0.06


def test_cross_fitting_finds_a_candidate_that_is_really_better():
    costs = np.random.default_rng(0).normal(size=(50, 400))
    costs[31] -= 1
    assert resampling.cross_fit(costs).mean() == pytest.approx(costs[31].mean())


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_diverged_candidates_are_never_chosen(broken):
    costs = np.array([[broken] * 6, [1.0] * 6])
    assert list(resampling.cross_fit(costs)) == [1.0] * 6
    assert np.isnan(resampling.cross_fit(costs[:1])).all()


@pytest.mark.parametrize(("rows", "length", "blocks"), [(10, 3, 4), (10, 1, 10), (10, 0, 10), (3, 50, 1)])
def test_time_blocks(rows, length, blocks):
    ids = arrays.time_blocks(rows, length)
    assert len(set(ids)) == blocks
    assert (np.diff(ids) >= 0).all()


def test_groups_of_a_wrong_length_are_refused():
    with pytest.raises(ValueError, match="one group per row"):
        resampling.mean([1.0, 2.0], [1])
