"""The decision threshold: what it is chosen by, when it stays at 0.5, and that the corrected score pays for it."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence import calibration, optimism, scores, thresholds
from modelwizard.evidence.losses import row_loss
from modelwizard.problems import PROBLEMS


def rows(count, shift=0.0, seed=0, labels=1):
    """Return 0/1 truth and its true probabilities; a negative shift makes the label rare."""
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-(shift + 1.5 * rng.normal(size=(count, labels)))))
    return (rng.random((count, labels)) < p).astype(float), p


@pytest.mark.parametrize(
    ("problem", "metric", "expected"),
    [
        ("binary", "f1", True),
        ("binary", "accuracy", True),
        ("binary", "roc_auc", False),
        ("binary", "log_loss", False),
        ("multilabel", "micro_f1", True),
        ("multiclass", "accuracy", False),
        ("regression", "rmse", False),
    ],
)
def test_what_depends_on_a_threshold(problem, metric, expected):
    assert thresholds.matters(problem, metric) == expected


def test_the_scores_of_labels_are_all_known():
    """A score depends on a threshold exactly when shifting all probabilities without changing ranks moves it."""
    for problem, labels in (("binary", 1), ("multilabel", 3)):
        y, p = rows(300, labels=labels)
        for name in set(PROBLEMS[problem].metrics) - {"log_loss", "brier"}:
            moved = scores.score(problem, name, y, p) != scores.score(problem, name, y, p**3)
            assert moved == thresholds.matters(problem, name), name


@pytest.mark.parametrize(("problem", "metric", "labels"), [("binary", "f1", 1), ("multilabel", "macro_f1", 3)])
def test_a_rare_label_wants_a_lower_threshold(problem, metric, labels):
    y, p = rows(1000, shift=-2.5, labels=labels)
    found = thresholds.choose(problem, metric, y, p)
    assert 0.15 < found.value < 0.45
    assert found.value == found.best
    assert found.raw > scores.score(problem, metric, y, thresholds.decided(p, 0.5)) + 0.02
    assert found.t > 1
    new_y, new_p = rows(20_000, shift=-2.5, seed=1, labels=labels)
    better = scores.score(problem, metric, new_y, thresholds.decided(new_p, found.value))
    assert better > scores.score(problem, metric, new_y, new_p) + 0.02


def test_calibrated_accuracy_mostly_stays_at_a_half():
    """0.5 is the best threshold there: the one-standard-error rule is passed by luck in about one case of six."""
    values = [thresholds.choose("binary", "accuracy", *rows(200, seed=seed), seed=seed).value for seed in range(60)]
    assert np.mean([value == 0.5 for value in values]) > 0.75


def test_rows_of_one_group_are_one_opinion():
    """A gain that rests on one group of forty rows is none."""
    y, p = rows(1000, shift=-2.5)
    groups = np.arange(1000) // 250
    plain, grouped = (thresholds.choose("binary", "f1", y, p, groups=g) for g in (None, groups))
    assert grouped.t != plain.t


def test_the_corrected_score_pays_for_the_threshold():
    """With the choice inside the resamples the score is right on average; the score on the choosing rows is not."""
    raw, honest = [], []
    for seed in range(40):
        y, p = rows(100, shift=-2.0, seed=seed)
        found = optimism.bbc_metric("binary", "f1", y, [p], threshold=True, seed=seed, resamples=200)
        best = thresholds.choose("binary", "f1", y, p).best
        new_y, new_p = rows(20_000, shift=-2.0, seed=1000 + seed)
        truth = scores.score("binary", "f1", new_y, thresholds.decided(new_p, best))
        raw.append(found.raw - truth)
        honest.append(found.corrected - truth)
        assert found.columns == 1
    assert np.mean(raw) > 0.03
    assert abs(np.mean(honest)) < 0.5 * np.mean(raw)


def test_the_nested_choice_keeps_trials_and_epochs_apart():
    y, p = rows(300, shift=-2.0)
    noise = np.random.default_rng(5).random((4, 300, 1))
    columns = [p, *noise]
    losses = np.array([row_loss("binary", "binary_crossentropy", y, c) for c in columns])
    found = optimism.bbc_metric(
        "binary", "f1", y, columns, losses=losses, trial=np.array([0, 0, 1, 1, 1]), threshold=True, resamples=200
    )
    assert found.columns == 5
    assert found.raw == pytest.approx(thresholds.choose("binary", "f1", y, p).raw)
    assert found.corrected < found.raw


def test_decisions_are_made_when_asked_for():
    _, p = rows(10)
    many = thresholds.Decided([p], [(0, 0.5), (0, 0.9)])
    assert len(many) == 2
    assert [float(d.sum()) for d in many[0:2]] == [float((p >= t).sum()) for t in (0.5, 0.9)]


# --- temperature -----------------------------------------------------------------------------------------------


def sharpened(count, factor, seed=0, labels=1):
    y, p = rows(count, seed=seed, labels=labels)
    return y, calibration.tempered("multilabel", p, 1 / factor)


def test_a_temperature_is_kept_where_it_helps_and_only_there():
    assert calibration.temperature("binary", *sharpened(400, 2.5)).kept
    calm = [calibration.temperature("binary", *sharpened(400, 1.0, seed), seed=seed) for seed in range(40)]
    assert np.mean([found.kept for found in calm]) < 0.25
    assert not calibration.temperature("binary", *sharpened(40, 4.0)).kept


def test_one_temperature_serves_several_labels():
    found = calibration.temperature("multilabel", *sharpened(500, 3.0, labels=4))
    assert 2.5 < found.value < 3.5
    assert found.kept


def test_few_groups_are_few_rows():
    y, p = sharpened(400, 1.3)
    alone, grouped = (calibration.temperature("binary", y, p, groups=g) for g in (None, np.arange(400) // 100))
    assert alone.value == grouped.value
    assert alone.t != grouped.t
