"""The best of many: raw, corrected, planned; advice from numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwizard.evidence import advice, optimism, planning, scores
from modelwizard.evidence.losses import row_loss


def noisy(rng, rows, columns, rho, true):
    """0/1 outcomes of candidates with these true accuracies, correlated between candidates."""
    shared, own = rng.normal(size=(rows, 1)), rng.normal(size=(rows, columns))
    return (np.sqrt(rho) * shared + np.sqrt(1 - rho) * own < stats.norm.ppf(true)).astype(float)


def best_mean(values, **more):
    """Correct the best of columns of 0/1 outcomes (the highest mean), or of costs (the lowest)."""
    values = np.asarray(values)
    right = set(np.unique(values)) <= {0, 1}
    problem, metric = ("binary", "accuracy") if right else ("regression", "mae")
    y = np.full((len(values), 1), float(right))
    return optimism.bbc_metric(problem, metric, y, values.T[:, :, None], **more)


@pytest.mark.parametrize(
    ("rows", "columns", "rho", "spread"), [(300, 100, 0.8, 0.0), (300, 100, 0.8, 0.02), (100, 50, 0.5, 0.0)]
)
def test_the_corrected_score_is_nearly_unbiased(rows, columns, rho, spread):
    raw, corrected, planned = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        true = np.clip(0.8 + spread * rng.normal(size=columns), 0, 1)
        values = noisy(rng, rows, columns, rho, true)
        found = best_mean(values, resamples=200, seed=seed)
        raw.append(found.raw - true[found.best])
        corrected.append(found.corrected - true[found.best])
        planned.append(found.raw - planning.planned(values).optimism - true[found.best])
    assert np.mean(raw) > 0.02
    assert abs(np.mean(corrected)) < 0.012
    assert abs(np.mean(planned)) < 0.015


def test_one_candidate_needs_no_correction():
    values = np.abs(np.random.default_rng(0).normal(size=(400, 1)))
    found = best_mean(values)
    assert (found.corrected, found.optimism) == pytest.approx((found.raw, 0.0))
    assert planning.planned(values).optimism == 0


@pytest.mark.parametrize("direction", ["max", "min"])
def test_optimism_is_positive_in_either_direction(direction):
    rng = np.random.default_rng(1)
    values = np.abs(rng.normal(size=(200, 60))) if direction == "min" else noisy(rng, 200, 60, 0.5, 0.8)
    found = best_mean(values)
    means = values.mean(axis=0)
    assert found.best == (means.argmax() if direction == "max" else means.argmin())
    assert found.optimism > 0
    assert (found.raw > found.corrected) == (direction == "max")


def test_diverged_candidates_are_passed_over():
    values = np.abs(np.random.default_rng(1).normal(size=(100, 3)))
    values[5, 1] = np.nan
    assert best_mean(values).best != 1
    with pytest.raises(ValueError, match="finite"):
        best_mean(values[:, 1:2], losses=values[:, 1:2].T, trial=[0])


def test_equal_candidates_and_tiny_samples():
    found = best_mean(np.ones((4, 5)))
    assert (found.raw, found.corrected, found.optimism, found.se) == (1.0, 1.0, 0.0, 0.0)


def test_groups_widen_the_error():
    values = np.repeat(np.abs(np.random.default_rng(2).normal(size=(20, 30))), 10, axis=0)
    groups = np.repeat(np.arange(20), 10)
    rowwise, grouped = best_mean(values), best_mean(values, groups=groups)
    assert grouped.se > 2.5 * rowwise.se
    assert grouped.optimism > 2 * rowwise.optimism


def random_models(seed, columns=60, rows=300):
    rng = np.random.default_rng(seed)
    y = (rng.random((rows, 1)) < 0.4).astype(float)
    z = 0.8 * (y - 0.4) + rng.normal(size=(1, rows, 1)) * 0.8 + rng.normal(size=(columns, rows, 1)) * 0.6
    return y, 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "f1", "accuracy", "balanced_accuracy", "log_loss"])
def test_any_metric_is_corrected(metric):
    y, p = random_models(0)
    found = optimism.bbc_metric("binary", metric, y, p, resamples=200)
    each = [scores.score("binary", metric, y, column) for column in p]
    assert found.best == scores.best(metric, each)
    assert found.raw == pytest.approx(scores.best and each[found.best])
    assert found.optimism > 0
    average = float(np.mean(each))  # all candidates are equally good in truth
    assert abs(found.corrected - average) < abs(found.raw - average)


def test_epochs_are_chosen_by_loss_and_trials_by_metric():
    y, p = random_models(2, columns=12)
    losses = np.stack([row_loss("binary", "binary_crossentropy", y, c) for c in p])
    trial = np.repeat([0, 1, 2], 4)
    found = optimism.bbc_metric("binary", "roc_auc", y, p, losses=losses, trial=trial)
    epochs = [4 * t + losses[4 * t : 4 * t + 4].mean(axis=1).argmin() for t in range(3)]
    auc = [scores.score("binary", "roc_auc", y, p[e]) for e in epochs]
    assert found.best == epochs[int(np.argmax(auc))]
    losses[found.best] = np.nan  # a diverged epoch cannot be chosen any more
    again = optimism.bbc_metric("binary", "roc_auc", y, p, losses=losses, trial=trial)
    assert again.best != found.best
    with pytest.raises(ValueError, match="trial"):
        optimism.bbc_metric("binary", "roc_auc", y, p, losses=losses)


@pytest.mark.parametrize(("columns", "expected"), [(1, 0.0), (5, 1.16), (10, 1.54), (100, 2.51), (1000, 3.24)])
def test_expected_maximum_of_normals(columns, expected):
    assert planning.expected_maximum(columns) == pytest.approx(expected, abs=0.005)


def test_more_trials_leak_more_and_gain_less():
    rng = np.random.default_rng(0)
    planned = planning.planned(noisy(rng, 300, 40, 0.5, np.clip(0.8 + 0.03 * rng.normal(size=40), 0, 1)))
    assert planned.more(40) > planned.optimism
    assert 0 < planned.expected_gain(10) < planned.expected_gain(40) < 0.03


def correction(optimism_, se, direction="max", rows=300):
    raw = 0.85
    corrected = raw - optimism_ if direction == "max" else raw + optimism_
    return optimism.Correction(0, raw, corrected, optimism_, se, direction, 100, rows, rows)


def climb(raws, corrected, paired=0.005):
    return [advice.Point(10 * i, r, c, paired) for i, (r, c) in enumerate(zip(raws, corrected, strict=True))]


@pytest.mark.parametrize(
    ("found", "more", "level"),
    [
        (correction(0.001, 0.02), {}, "fine"),
        (correction(0.010, 0.02), {}, "info"),
        (correction(0.030, 0.02), {}, "warn"),
        (correction(0.001, 0.02), {"raw_gain": 0.0015}, "warn"),
        (correction(0.001, 0.02), {"raw_gain": 0.1}, "fine"),
        (correction(0.030, 0.02), {"warned_before": True}, "refresh"),
        (correction(0.030, 0.02, rows=5000), {"warned_before": True}, "warn"),
        (correction(0.010, 0.02), {"history": climb([0.8, 0.82, 0.84], [0.8, 0.801, 0.802])}, "stop"),
        (correction(0.010, 0.02), {"history": climb([0.8, 0.82, 0.84], [0.8, 0.81, 0.83])}, "info"),
        (correction(0.010, 0.02), {"history": climb([0.8, 0.84], [0.8, 0.8])}, "info"),  # 10 trials only
        (correction(0.010, 0.02, "min"), {"history": climb([0.5, 0.45, 0.4], [0.5, 0.5, 0.499])}, "stop"),
    ],
)
def test_advice_levels(found, more, level):
    assert advice.advise(found, **more).level == level
