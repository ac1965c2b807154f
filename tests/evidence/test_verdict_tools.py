"""Comparison, test agreement, K-fold, intervals, noise floor, calibration: small tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwizard.evidence import calibration, comparison, intervals, kfold, noise, resampling, scores, testing

RNG = np.random.default_rng(0)


# --- comparison ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shift", "better"), [(0.2, True), (0.0, False), (-0.2, False)])
def test_paired_comparison(shift, better):
    incumbent = RNG.normal(1, 0.5, 300)
    found = resampling.difference(incumbent, incumbent - shift + RNG.normal(0, 0.3, 300))
    low, high = found.interval(0.90)
    assert (found.p_greater() < 0.01) == better
    assert low < found.value < high


def test_the_luck_of_many_challengers_is_no_gain():
    challengers = 1 + np.random.default_rng(0).normal(0, 0.5, (201, 300))
    incumbent, challengers = challengers[0], challengers[1:]
    best = challengers[challengers.mean(axis=1).argmin()]
    assert resampling.difference(incumbent, best).t > 1.5
    assert comparison.cross_fitted(incumbent, challengers).t < 1.0


COSTS = np.random.default_rng(1).normal(0, 0.1, (4, 200)) + np.array([[1.0], [0.999], [1.2], [0.998]])


@pytest.mark.parametrize(
    ("sizes", "within", "index"),
    [([10, 20, 5, 40], 1.0, 0), ([10, 5, 1, 40], 1.0, 1), ([10, 20, 5, 40], 0.0, None), ([10, 20, 5, 40], 1e3, 2)],
)
def test_the_simpler_one_within_one_error_wins(sizes, within, index):
    expected = int(COSTS.mean(axis=1).argmin()) if index is None else index
    assert comparison.simplest(COSTS, sizes, within=within) == expected


def test_diverged_candidates_cannot_be_simplest():
    costs = COSTS.copy()
    costs[0] = np.nan
    assert comparison.simplest(costs, [1, 20, 50, 40]) in (1, 3)
    with pytest.raises(ValueError, match="finite"):
        comparison.simplest(costs[:1], [1])


# --- the test set ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validation", "test", "direction", "smallest", "verdict"),
    [
        (0.80, 0.80, "max", 0.01, "consistent"),
        (0.80, 0.75, "max", 0.01, "suspect"),
        (0.80, 0.72, "max", 0.01, "unreliable"),
        (0.80, 0.72, "max", 0.10, "consistent"),  # more than noise, less than matters
        (0.80, 0.88, "max", 0.01, "better"),
        (0.40, 0.45, "min", 0.01, "suspect"),
        (0.40, 0.48, "min", 0.01, "unreliable"),
        (0.40, 0.32, "min", 0.01, "better"),
    ],
)
def test_agreement(validation, test, direction, smallest, verdict):
    found = testing.judge(validation, 0.02, test, 0.02, direction=direction, smallest=smallest)
    assert found.verdict == verdict
    assert (found.gap > 0) == (found.z > 0)


@pytest.mark.parametrize(("gap", "z"), [(0.0, 0.0), (0.1, np.inf), (-0.1, -np.inf)])
def test_agreement_without_any_error(gap, z):
    assert testing.judge(0.8, 0.0, 0.8 - gap, 0.0, direction="max").z == z


@pytest.mark.parametrize(("rows", "points"), [(300, 0.081), (2000, 0.031)])
def test_minimum_detectable_gap_of_an_accuracy(rows, points):
    se = np.sqrt(0.8 * 0.2 / rows)
    assert testing.detectable(se, se) == pytest.approx(points, abs=0.0006)


@pytest.mark.parametrize(
    ("units", "verdict"), [((1000, 1000), "unreliable"), ((20, 1000), "unreliable"), ((8, 8), "suspect"),
                           ((4, 4), "suspect"), ((2, 2), "consistent")]
)  # fmt: skip
def test_few_units_make_an_error_uncertain(units, verdict):
    df = testing.freedom(0.02, units[0], 0.02, units[1])
    assert df <= sum(units) - 2
    found = testing.judge(0.80, 0.02, 0.73, 0.02, direction="max", df=df)
    assert found.verdict == verdict
    assert found.p_value == pytest.approx(stats.t.sf(0.07 / np.hypot(0.02, 0.02), df))
    assert found.detectable >= testing.detectable(0.02, 0.02)


def test_ten_groups_hold_the_level_of_the_verdict():
    """Two sets of ten equal groups: a z of their errors would be called suspect in 7 %, Welch's t in 5 %."""
    rng, plain, welch = np.random.default_rng(0), 0, 0
    for _ in range(2000):
        v, t = (resampling.mean(rng.normal(size=10)) for _ in range(2))
        df = testing.freedom(v.se, v.units, t.se, t.units)
        plain += testing.judge(v.value, v.se, t.value, t.se, direction="max").verdict in ("suspect", "unreliable")
        welch += testing.judge(v.value, v.se, t.value, t.se, direction="max", df=df).verdict in (
            "suspect",
            "unreliable",
        )
    assert plain / 2000 > 0.055
    assert abs(welch / 2000 - 0.05) < 0.012


def test_a_true_drop_of_that_size_is_found_four_times_in_five():
    se = 0.02
    gap = testing.detectable(se, se)
    draws = np.random.default_rng(0).normal(0, se, (4000, 2))
    found = [testing.judge(0.8 + v, se, 0.8 - gap + t, se, direction="max").verdict for v, t in draws]
    assert np.mean([v in ("suspect", "unreliable") for v in found]) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("score", "baseline", "bounded", "expected"),
    [
        (0.7, 0.5, True, 0.02),
        (0.52, 0.5, True, 0.01),
        (0.95, 0.1, True, 0.03),
        (100.0, 102.0, False, 2.0),
        (0.4, 0.8, False, 0.024),
    ],
)
def test_the_margin_that_matters(score, baseline, bounded, expected):
    assert testing.margin(score, baseline, bounded=bounded) == pytest.approx(expected)


# --- repeated K-fold -------------------------------------------------------------------------------------------


def test_nadeau_bengio_is_wider_than_the_naive_error():
    values = RNG.normal(0.8, 0.03, 25)
    low, high = kfold.nadeau_bengio(values, 5)
    error = np.sqrt(1 / 25 + 1 / 4) * values.std(ddof=1)
    assert (low + high) / 2 == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 24) * error)


@pytest.mark.parametrize(("values", "folds"), [([0.8], 5), ([], 5), ([0.8, 0.9], 1)])
def test_too_few_folds_give_no_interval(values, folds):
    assert kfold.nadeau_bengio(values, folds) == (-np.inf, np.inf)


@pytest.mark.parametrize(("epochs", "expected"), [([10, 12, 50], 12), ([0], 1), ([7, 8], 8)])
def test_production_epochs_are_the_median(epochs, expected):
    assert kfold.production_epochs(epochs) == expected


@pytest.mark.parametrize(("folds", "factor"), [(1, 1.0), (5, 1.225), (10, 1.106)])
def test_inflation_of_pooled_errors(folds, factor):
    assert kfold.inflation(folds) == pytest.approx(factor, abs=0.001)


# --- intervals -------------------------------------------------------------------------------------------------


def test_wilson_is_scipy_s_and_survives_the_ends():
    found = intervals.wilson(95, 100)
    assert (found.low, found.high) == (pytest.approx(0.888, abs=0.001), pytest.approx(0.978, abs=0.001))
    assert intervals.wilson(10, 10).high == pytest.approx(1.0)
    assert intervals.wilson(10, 10).low > 0.6
    assert (intervals.wilson(0, 0).low, intervals.wilson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("metric", "method"),
    [
        ("accuracy", "Wilson"),
        ("roc_auc", "DeLong"),
        ("log_loss", "t"),
        ("f1", "bootstrap"),
        ("average_precision", "bootstrap"),
    ],
)
def test_each_metric_has_its_interval(metric, method):
    y = (RNG.random((200, 1)) < 0.4).astype(float)
    p = 1 / (1 + np.exp(-RNG.normal(y, 1)))
    found = intervals.score("binary", metric, y, p)
    assert found.method == method
    assert found.value == pytest.approx(scores.score("binary", metric, y, p))
    assert found.low < found.value < found.high


def test_auc_intervals_cover_the_truth():
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = np.repeat([0.0, 1.0], [70, 30])
        found = intervals.delong(y, rng.normal(1.5 * y, 1))
        covered += found.low <= stats.norm.cdf(1.5 / np.sqrt(2)) <= found.high
    assert 180 <= covered <= 199


@pytest.mark.parametrize(("p", "value"), [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.9, 0.8, 0.2, 0.1], 0.0)])
def test_a_perfect_ranking_of_few_rows_is_not_certain(p, value):
    found = intervals.delong([0, 0, 1, 1], p)
    assert found.value == value
    assert found.high - found.low > 0.5


def test_one_class_gives_no_auc():
    assert np.isnan(intervals.delong([1, 1], [0.2, 0.3]).value)


def test_grouped_intervals_are_wider():
    y = np.repeat(RNG.random(20) < 0.5, 10).astype(float)[:, None]
    p = np.repeat(RNG.random(20), 10)[:, None]
    groups = np.repeat(np.arange(20), 10)
    for metric in ("log_loss", "roc_auc", "f1", "accuracy"):
        plain, grouped = (intervals.score("binary", metric, y, p, groups=g) for g in (None, groups))
        assert grouped.high - grouped.low > 1.5 * (plain.high - plain.low)


# --- noise floor -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "sd", "seeds"),
    [
        ([[0.8, 0.82, 0.84]], 0.02, 3),
        ([[0.8, np.nan, 0.8]], 0.0, 2),
        ([[1, 3], [10, 14]], np.sqrt((2 + 8) / 2), 4),
        ([[1], [5, np.nan]], np.nan, 0),
        ([[0.8, 0.8], [0.9]], 0.0, 2),
    ],
)
def test_noise_is_pooled_over_settings(groups, sd, seeds):
    found = noise.pooled(groups)
    assert found.sd == pytest.approx(sd, nan_ok=True)
    assert found.seeds == seeds
    if len(groups) == 1:
        assert found.floor == pytest.approx(stats.t.ppf(0.975, seeds - 1) * np.sqrt(2) * sd)


# --- calibration -----------------------------------------------------------------------------------------------


def overconfident(rows, factor, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, 1)) * 1.5
    return (rng.random((rows, 1)) < 1 / (1 + np.exp(-z))).astype(float), 1 / (1 + np.exp(-factor * z))


@pytest.mark.parametrize(("rows", "low", "high"), [(2000, 2.2, 2.8), (30, 1.0, 1.0)])
def test_temperature_finds_overconfidence(rows, low, high):
    found = calibration.temperature("binary", *overconfident(rows, 2.5))
    assert low <= found.value <= high
    assert found.after <= found.before


def test_temperature_of_classes():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 3))
    y = np.array([rng.choice(3, p=np.exp(r) / np.exp(r).sum()) for r in z])
    sharp = np.exp(3 * z) / np.exp(3 * z).sum(axis=1, keepdims=True)
    found = calibration.temperature("multiclass", y, sharp)
    assert 2.5 < found.value < 3.6
    assert calibration.tempered("multiclass", sharp, found.value).sum(axis=1) == pytest.approx(1.0)


def test_reliability_of_calibrated_and_overconfident_probabilities():
    assert calibration.reliability(*overconfident(4000, 1.0)).error < 0.03
    assert calibration.reliability(*overconfident(4000, 4.0)).error > 0.1
    assert calibration.reliability([[1.0]], [[0.7]]).error == pytest.approx(0.3)
