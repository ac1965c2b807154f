"""Scores agree with scikit-learn and Keras's formulas; pseudo-values carry the mean and the right error."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from modelwizard.evidence import ranking, scores
from modelwizard.evidence.losses import excess_loss, row_loss

RNG = np.random.default_rng(7)
N = 240
BINARY = (RNG.random((N, 1)) < 0.3).astype(float)
BINARY_P = np.round(np.clip(RNG.normal(0.3 + 0.2 * BINARY, 0.2), 0.01, 0.99), 2)  # two decimals: many ties
CLASS = RNG.integers(0, 4, N)
CLASS_P = RNG.dirichlet(np.ones(4), N) * 0.5 + 0.5 * np.eye(4)[CLASS]
LABELS = (RNG.random((N, 3)) < [0.2, 0.5, 0.7]).astype(float)
LABELS_P = np.clip(RNG.normal(0.3 + 0.3 * LABELS, 0.2), 0.01, 0.99)
VECTOR = RNG.normal(size=(N, 2)) * [1, 50] + [0, 1000]
VECTOR_P = VECTOR + RNG.normal(size=(N, 2)) * [0.5, 20]
COUNT = RNG.poisson(3, (N, 1)).astype(float)
COUNT_P = np.exp(RNG.normal(1, 0.3, (N, 1)))


def hard(p: np.ndarray) -> np.ndarray:
    return (p >= 0.5).astype(float)


CASES = [
    ("binary", "roc_auc", BINARY, BINARY_P, metrics.roc_auc_score(BINARY, BINARY_P)),
    ("binary", "average_precision", BINARY, BINARY_P, metrics.average_precision_score(BINARY, BINARY_P)),
    ("binary", "log_loss", BINARY, BINARY_P, metrics.log_loss(BINARY, BINARY_P)),
    ("binary", "brier", BINARY, BINARY_P, metrics.brier_score_loss(BINARY, BINARY_P)),
    ("binary", "accuracy", BINARY, BINARY_P, metrics.accuracy_score(BINARY, hard(BINARY_P))),
    ("binary", "balanced_accuracy", BINARY, BINARY_P, metrics.balanced_accuracy_score(BINARY, hard(BINARY_P))),
    ("binary", "f1", BINARY, BINARY_P, metrics.f1_score(BINARY, hard(BINARY_P))),
    ("multiclass", "log_loss", CLASS, CLASS_P, metrics.log_loss(CLASS, CLASS_P)),
    ("multiclass", "accuracy", CLASS, CLASS_P, metrics.accuracy_score(CLASS, CLASS_P.argmax(1))),
    (
        "multiclass",
        "balanced_accuracy",
        CLASS,
        CLASS_P,
        metrics.balanced_accuracy_score(CLASS, CLASS_P.argmax(1)),
    ),
    ("multiclass", "macro_f1", CLASS, CLASS_P, metrics.f1_score(CLASS, CLASS_P.argmax(1), average="macro")),
    ("multilabel", "macro_f1", LABELS, LABELS_P, metrics.f1_score(LABELS, hard(LABELS_P), average="macro")),
    ("multilabel", "micro_f1", LABELS, LABELS_P, metrics.f1_score(LABELS, hard(LABELS_P), average="micro")),
    ("multilabel", "hamming", LABELS, LABELS_P, metrics.hamming_loss(LABELS, hard(LABELS_P))),
    ("multilabel", "macro_roc_auc", LABELS, LABELS_P, metrics.roc_auc_score(LABELS, LABELS_P)),
    ("vector", "rmse", VECTOR, VECTOR_P, metrics.root_mean_squared_error(VECTOR, VECTOR_P)),
    ("vector", "mae", VECTOR, VECTOR_P, metrics.mean_absolute_error(VECTOR, VECTOR_P)),
    ("vector", "r2", VECTOR, VECTOR_P, metrics.r2_score(VECTOR, VECTOR_P)),
    ("count", "poisson_deviance", COUNT, COUNT_P, metrics.mean_poisson_deviance(COUNT[:, 0], COUNT_P[:, 0])),
    ("count", "rmsle", COUNT, COUNT_P, metrics.root_mean_squared_log_error(COUNT, COUNT_P)),
    ("positive", "mape", COUNT + 1, COUNT_P, metrics.mean_absolute_percentage_error(COUNT + 1, COUNT_P)),
]


@pytest.mark.parametrize(("problem", "metric", "y", "p", "expected"), CASES)
def test_scores_agree_with_scikit_learn(problem, metric, y, p, expected):
    assert scores.score(problem, metric, y, p) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("problem", "metric", "y", "p", "expected"), CASES)
def test_the_mean_of_pseudo_values_is_the_score(problem, metric, y, p, expected):
    assert scores.pseudo(problem, metric, y, p).mean() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("problem", "metric", "y", "p", "expected"), CASES)
def test_pseudo_values_are_derivatives_by_weight(problem, metric, y, p, expected):
    step, shift = 1e-4, scores.pseudo(problem, metric, y, p) - scores.score(problem, metric, y, p)
    for row in (0, 17, 99):
        heavier = np.ones((1, N))
        heavier[0, row] += step
        moved = scores.weighted(problem, metric, y, [p], heavier)[0, 0]
        plain = scores.weighted(problem, metric, y, [p], np.ones((1, N)))[0, 0]
        assert (moved - plain) / step * N == pytest.approx(shift[row], abs=2e-3 * max(1, abs(shift).max()))


@pytest.mark.parametrize(("problem", "metric", "y", "p", "expected"), CASES)
def test_integer_weights_are_repeated_rows(problem, metric, y, p, expected):
    counts = np.random.default_rng(1).integers(0, 3, (3, N))
    many = scores.weighted(problem, metric, y, [p, p], counts.astype(float))
    for b in range(3):
        repeated = np.repeat(np.arange(N), counts[b])
        assert many[b] == pytest.approx(scores.score(problem, metric, y[repeated], p[repeated]), rel=1e-4)


def test_every_metric_of_the_table_of_problems_is_here():
    from modelwizard.problems import PROBLEMS

    for problem in PROBLEMS.values():
        for metric in problem.metrics:
            assert metric in scores.SCORES


@pytest.mark.parametrize(
    ("metric", "values", "index"),
    [
        ("roc_auc", [0.7, 0.9, 0.8], 1),
        ("log_loss", [0.7, 0.9, 0.8], 0),
        ("rmse", [np.nan, 2.0, 1.0], 2),
        ("accuracy", [0.5, 0.5], 0),
    ],
)
def test_best_follows_the_direction_and_passes_over_nan(metric, values, index):
    assert scores.best(metric, values) == index


@pytest.mark.parametrize(
    ("problem", "metric", "y", "p"),
    [
        ("binary", "roc_auc", np.zeros((5, 1)), np.full((5, 1), 0.3)),  # one class only
        ("binary", "average_precision", np.zeros((5, 1)), np.full((5, 1), 0.3)),
        ("binary", "log_loss", np.zeros((5, 1)), np.full((5, 1), np.nan)),
        ("regression", "r2", np.ones((5, 1)), np.zeros((5, 1))),  # nothing to explain
    ],
)
def test_undefined_scores_are_nan(problem, metric, y, p):
    assert np.isnan(scores.score(problem, metric, y, p))


def test_delong_error_agrees_with_the_pairwise_definition():
    positive, negative = BINARY_P[BINARY == 1], BINARY_P[BINARY == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    s10, s01 = wins.mean(1).var(ddof=1) / len(positive), wins.mean(0).var(ddof=1) / len(negative)
    values = scores.pseudo("binary", "roc_auc", BINARY, BINARY_P)
    assert values.var(ddof=1) / N == pytest.approx(s10 + s01, rel=0.02)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_auc_is_the_same_from_either_class(share):
    rng = np.random.default_rng(3)
    truth, values = rng.random(80) < share, rng.normal(size=80)
    weights = rng.integers(0, 3, (4, 80)).astype(float)
    flipped = ranking.weighted_auc(~truth, -values, weights)
    assert ranking.weighted_auc(truth, values, weights) == pytest.approx(flipped)


@pytest.mark.parametrize(
    ("problem", "loss", "y", "p", "expected"),
    [
        ("binary", "binary_crossentropy", [[1.0]], [[0.8]], -np.log(0.8)),
        ("binary", "binary_crossentropy", [[0.0]], [[1.0]], -np.log(1e-7)),  # clipped as Keras clips
        ("multiclass", "sparse_categorical_crossentropy", [2], [[0.1, 0.2, 0.7]], -np.log(0.7)),
        ("multiclass", "categorical_crossentropy", [[0, 0, 1]], [[0.1, 0.2, 0.7]], -np.log(0.7)),
        ("regression", "mse", [[3.0]], [[1.0]], 4.0),
        ("regression", "mean_absolute_error", [[3.0]], [[1.0]], 2.0),
        ("count", "poisson", [[2.0]], [[3.0]], 3 - 2 * np.log(3 + 1e-7)),
        ("positive", "mean_squared_logarithmic_error", [[3.0]], [[1.0]], np.log(2) ** 2),
    ],
)
def test_row_loss_is_keras_s(problem, loss, y, p, expected):
    assert row_loss(problem, loss, np.array(y), np.array(p))[0] == pytest.approx(expected, rel=1e-6)


def test_scale_divides_each_output():
    found = row_loss("vector", "mse", [[0.0, 0.0]], [[2.0, 30.0]], scale=[1.0, 10.0])
    assert found[0] == pytest.approx((4 + 9) / 2)


@pytest.mark.parametrize(("problem", "loss"), [("bounded", "binary_crossentropy"), ("count", "poisson")])
def test_a_perfect_prediction_has_no_excess_loss(problem, loss):
    y = np.array([[0.2], [0.9], [0.5]])
    assert excess_loss(problem, loss, y, y) == pytest.approx(np.zeros(3), abs=1e-6)
    assert (excess_loss(problem, loss, y, y * 0.5 + 0.05) > 0).all()


@pytest.mark.parametrize("loss", ["hinge", ""])
def test_unknown_losses_are_refused(loss):
    with pytest.raises(ValueError, match="unknown loss"):
        row_loss("regression", loss, np.zeros(3), np.zeros(3))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        row_loss("regression", "mse", np.zeros((3, 1)), np.zeros((3, 3)))
