"""Power: pairs of baseline and model losses -> verdict."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence import power, resampling
from modelwizard.evidence.losses import row_loss

RNG = np.random.default_rng(0)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(
    ("gain", "spread", "rows", "association", "verdict"),
    [
        (0.10, 0.3, 400, 0.0, "power"),
        (0.00, 0.3, 400, 0.001, "signal"),
        (0.00, 0.1, 4000, 0.5, "none"),
        (0.02, 1.0, 60, 0.5, "unknown"),  # a skill of 5 % could not be seen
        (-0.10, 0.3, 400, 0.5, "none"),
        (0.50, 0.1, 8, 0.0, "unknown"),  # too few rows for any word
        (np.nan, 0.3, 400, 0.5, "unknown"),
    ],
)
def test_verdicts(gain, spread, rows, association, verdict):
    noise = np.random.default_rng(5).normal(size=rows)
    noise = (noise - noise.mean()) / noise.std() * spread
    baseline = np.full(rows, 0.7)
    found = power.judge(baseline, baseline - gain + noise, association=association)
    assert found.verdict == verdict


def test_equal_losses_have_no_power():
    found = power.judge(np.full(200, 0.7), np.full((3, 200), 0.7))
    assert (found.verdict, found.p_value, found.gain) == ("none", 1.0, 0.0)


@pytest.mark.parametrize(
    ("gain", "spread", "reference", "rows"),
    [(0.1, 0.3, 0.7, 56), (0.01, 0.3, 0.7, 5565), (-0.1, 0.35, 0.7, 619)],  # no gain: for a skill of 5 %
)
def test_rows_needed_follow_the_formula(gain, spread, reference, rows):
    sample = np.tile([gain - spread, gain + spread], 500)
    found = power.judge(np.full(1000, reference), reference - sample)
    assert found.rows_needed == pytest.approx(rows, rel=0.02)


def test_small_samples_are_tested_at_one_percent():
    rows = np.random.default_rng(1).normal(0.25, 1.0, 60)
    found = power.judge(np.full(60, 2.0), 2.0 - rows)
    assert 0.01 < found.p_value < 0.05
    assert (found.alpha, found.verdict) == (0.01, "unknown")


def test_groups_take_away_false_certainty():
    effect = np.random.default_rng(4).normal(0.05, 0.3, 20)
    loss = 0.7 - np.repeat(effect, 50) + np.random.default_rng(3).normal(0, 0.01, 1000)
    groups = np.repeat(np.arange(20), 50)
    rowwise = power.judge(np.full(1000, 0.7), loss)
    grouped = power.judge(np.full(1000, 0.7), loss, groups=groups)
    assert rowwise.verdict == "power"
    assert grouped.verdict == "unknown"
    assert grouped.units == 20


def measured(y, p, constant, seed=0):
    """Judge probabilities (K, n, 1) of labels (n, 1) against a constant, as the baseline stage does."""
    losses = np.stack([row_loss("binary", "binary_crossentropy", y, each) for each in p])
    base = row_loss("binary", "binary_crossentropy", y, np.full_like(y, constant))
    labels = y.reshape(-1)
    chosen = resampling.cross_fit(losses, p, strata=labels, seed=seed)
    return power.judge(base, losses, association=power.associated("binary", y, chosen), strata=labels, seed=seed)


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_shuffled_labels_rarely_show_power(share):
    fired = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y = (rng.random((150, 1)) < share).astype(float)
        p = sigmoid(
            np.log(share / (1 - share)) + rng.normal(size=(30, 150, 1)) * np.linspace(0.05, 1, 30)[:, None, None]
        )
        fired += measured(y, p, share, seed=seed).verdict == "power"
    assert fired <= 10  # nominal 5 %; more than 10 of 100 happens to a right test once in a hundred


@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_overconfident_signal_is_called_signal(scale):
    z = RNG.normal(size=400)
    y = (RNG.random(400) < sigmoid(z)).astype(float)[:, None]
    p = sigmoid(scale * z)[:, None]
    assert measured(y, p[None], 0.5).verdict == ("power" if scale == 1 else "signal")
    assert power.associated("binary", y, p) < 1e-6


@pytest.mark.parametrize(
    ("problem", "y", "p"),
    [
        ("regression", np.arange(50.0)[:, None], np.arange(50.0)[:, None] ** 2),
        ("multiclass", np.arange(60) % 3, np.eye(3)[np.arange(60) % 3] * 0.5 + 1 / 6),
        ("multilabel", np.eye(4)[np.arange(80) % 4], np.eye(4)[np.arange(80) % 4] * 0.1 + 0.2),
    ],
)
def test_association_sees_a_ranking_that_is_not_calibrated(problem, y, p):
    assert power.associated(problem, y, p.astype(float)) < 1e-3
    assert power.associated(problem, y, np.full_like(p, 0.3)) == 1.0  # constant predictions
