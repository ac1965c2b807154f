"""Curves -> proven or not, and why."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence import overfitting

ROWS = 300


def table(means, noise=0.3, seed=0):
    """Per-row losses with these means: each row keeps its own level, epochs differ a little from row to row."""
    rng = np.random.default_rng(seed)
    means = np.asarray(means, float)
    level = rng.normal(0, noise, ROWS)
    wobble = rng.normal(0, 0.05, (len(means), ROWS))
    return means[:, None] + level - level.mean() + wobble - wobble.mean(axis=1, keepdims=True)


FALL = np.linspace(1.0, 0.5, 15)
TRAIN = np.linspace(1.0, 0.1, 30)


@pytest.mark.parametrize(
    ("name", "means", "train", "reason"),
    [
        ("down and up", [*FALL, *np.linspace(0.5, 0.9, 15)], TRAIN, "proven"),
        ("still falling", np.linspace(1.0, 0.5, 30), TRAIN, "no rise"),
        ("plateau", [*FALL, *[0.5] * 15], TRAIN, "no rise"),
        ("tiny rise", [*FALL, *np.linspace(0.5, 0.508, 15)], TRAIN, "small rise"),
        (
            "training turns too",
            [*FALL, *np.linspace(0.5, 0.9, 15)],
            [*TRAIN[:15], *TRAIN[:15][::-1]],
            "training not lower",
        ),
        ("nine epochs", [1, 0.5, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0], np.linspace(1, 0, 9), "proven"),
        ("eight epochs", [1, 0.5, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], np.linspace(1, 0, 8), "too few epochs"),
        ("one epoch", [1.0], [1.0], "too few epochs"),
        ("equal values", [0.5] * 30, [0.5] * 30, "no rise"),
        ("NaN at the start", [np.nan] * 30, [np.nan] * 30, "diverged"),
        ("NaN late", [*FALL, *np.linspace(0.5, 0.9, 12), np.nan, np.nan, np.nan], TRAIN, "proven"),
    ],
)
def test_curves(name, means, train, reason):
    found = overfitting.judge(table(means), train)
    assert (found.reason, found.proven) == (reason, reason == "proven")


def test_the_numbers_of_a_proven_curve():
    means = [*FALL, *np.linspace(0.5, 0.9, 15)]
    found = overfitting.judge(table(means), TRAIN)
    assert found.best_epoch == pytest.approx(14, abs=1)
    assert found.rise == pytest.approx((np.mean(means[-5:]) - 0.51) / 0.51, rel=0.05)
    assert found.interval[0] < found.rise < found.interval[1]
    assert found.p_value < 1e-6


def test_a_rise_that_a_few_rows_carry_is_no_proof():
    losses = table([*FALL, *[0.5] * 15])
    losses[-5:, :2] += 15.0  # two rows lost badly: the mean rises by a fifth
    found = overfitting.judge(losses, TRAIN)
    assert found.rise > 0.15
    assert found.reason == "no rise"


def test_groups_count_once():
    costs = table([*FALL, *[0.5] * 15], noise=0.0)
    costs[-8:, : ROWS // 10] += 1.0  # one of ten groups got worse
    groups = np.repeat(np.arange(10), ROWS // 10)
    assert overfitting.judge(costs, TRAIN).proven
    assert not overfitting.judge(costs, TRAIN, groups=groups).proven


def judged(means, unit=None):
    return overfitting.judge(table(means), TRAIN, unit=unit, margin=0.01 if unit else 0.02)


RISING, FLAT = [*FALL, *np.linspace(0.5, 0.9, 15)], [*FALL, *[0.5] * 15]


@pytest.mark.parametrize(
    ("loss", "metric", "kind"),
    [
        (RISING, RISING, "overfit"),
        (RISING, None, "overfit"),
        (RISING, FLAT, "confidence overfit"),
        (FLAT, RISING, "metric overfit"),
        (FLAT, FLAT, "none"),
    ],
)
def test_loss_and_metric_are_judged_apart(loss, metric, kind):
    second = None if metric is None else judged(metric, unit=1.0)
    assert overfitting.kind(judged(loss), second) == kind


def test_a_metric_to_maximise_is_judged_by_its_negative():
    accuracy = np.array([*np.linspace(0.5, 0.9, 15), *np.linspace(0.9, 0.8, 15)])
    found = overfitting.judge(-table(accuracy), -np.linspace(0.5, 1, 30), unit=1.0, margin=0.01)
    assert found.proven
    assert found.rise == pytest.approx(0.08, abs=0.02)


def test_plateaus_of_a_drifting_learner_are_rarely_called_overfit():
    fired = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        wander = np.cumsum(rng.normal(0, 0.05, (40, ROWS)), axis=0)  # rows drift, the mean does not
        fired += overfitting.judge(0.6 + wander, np.linspace(1, 0.2, 40), seed=seed).proven
    assert fired <= 12


def test_resolvable_rise_shrinks_with_rows():
    few, many = (overfitting.resolvable(table(RISING)[:, :n]) for n in (30, 300))
    assert many < few
