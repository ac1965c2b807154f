"""The table of problem types: complete, and its closed forms equal to what the losses say."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, log_loss, mean_absolute_error, mean_poisson_deviance, mean_squared_error

from modelwizard import problems
from modelwizard.evidence.losses import first_loss
from modelwizard.evidence.scores import SCORES, score
from modelwizard.problems import PROBLEMS
from modelwizard.words import sentences

RNG = np.random.default_rng(3)
TARGETS = {
    "binary": (RNG.random((200, 1)) < 0.2).astype(float),
    "multiclass": RNG.choice(4, size=200, p=[0.5, 0.3, 0.15, 0.05]),
    "multilabel": (RNG.random((200, 3)) < [0.1, 0.5, 0.8]).astype(float),
    "regression": RNG.normal(0, 1, (200, 1)),
    "bounded": RNG.beta(2, 5, (200, 1)),
    "vector": RNG.normal(0, 1, (200, 2)),
    "positive": RNG.lognormal(0, 0.5, (200, 1)),
    "count": RNG.poisson(4, (200, 1)).astype(float),
    "ordinal": (RNG.choice(4, size=(200, 1), p=[0.5, 0.3, 0.15, 0.05]) > np.arange(3)).astype(float),
}
PAIRS = [(name, loss) for name, row in PROBLEMS.items() for loss in row.losses]


@pytest.mark.parametrize(
    ("name", "units", "activation", "loss"),
    [
        ("binary", "1", "sigmoid", "binary_crossentropy"),
        ("multiclass", "number of classes", "softmax", "categorical_crossentropy"),
        ("multilabel", "number of labels", "sigmoid", "binary_crossentropy"),
        ("regression", "1", None, "mse"),
        ("bounded", "1", "sigmoid", "binary_crossentropy"),
        ("vector", "number of targets", None, "mse"),
        ("positive", "1", "softplus", "mse"),
        ("count", "1", "exponential", "poisson"),
        ("ordinal", "number of classes less 1", "sigmoid", "binary_crossentropy"),
    ],
)
def test_the_last_layer_and_the_loss(name: str, units: str, activation: str | None, loss: str) -> None:
    row = PROBLEMS[name]
    assert (row.units, row.activation, row.loss) == (units, activation, loss)


def test_every_row_is_complete_and_plain() -> None:
    for row in PROBLEMS.values():
        assert all(value for key, value in row.row().items() if key != "activation")
        json.dumps(row.row())
        assert set(row.metrics) <= set(SCORES)
        assert all(sentences(f"meanings.{name}") for name in (*row.metrics, *row.losses))


def test_every_metric_means_something_somewhere() -> None:
    assert set(SCORES) == {metric for row in PROBLEMS.values() for metric in row.metrics}


@pytest.mark.parametrize(("name", "loss"), PAIRS)
def test_no_other_constant_has_a_lower_loss(name: str, loss: str) -> None:
    y = TARGETS[name]
    best = first_loss(name, loss, y)
    for shift in (-0.05, 0.05):
        other = PROBLEMS[name].constant(loss, y) * (1 + shift)
        if name == "multiclass":
            other = np.clip(other + shift / 10 * np.array([1, -1, 0, 0]), 1e-6, 1)
            other /= other.sum()
        assert measured(loss, y, np.broadcast_to(other, (len(y), len(other)))) >= best - 1e-9


@pytest.mark.parametrize(("name", "loss"), PAIRS)
def test_the_expected_first_loss_is_that_of_the_dumb_baseline(name: str, loss: str) -> None:
    y = TARGETS[name]
    p = np.broadcast_to(PROBLEMS[name].constant(loss, y), (len(y), len(PROBLEMS[name].constant(loss, y))))
    assert first_loss(name, loss, y) == pytest.approx(measured(loss, y, p), rel=1e-5)


def measured(loss: str, y: np.ndarray, p: np.ndarray) -> float:
    """The mean loss as scikit-learn has it."""
    if loss.endswith("categorical_crossentropy"):
        return float(log_loss(y, p, labels=range(p.shape[1])))
    if loss == "mean_squared_logarithmic_error":
        return float(mean_squared_error(np.log1p(y), np.log1p(p)))
    if loss == "poisson":  # the deviance, less its terms that do not depend on the prediction
        own = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0) - y
        return float(mean_poisson_deviance(y, p) / 2 - own.mean())
    return float({"mse": mean_squared_error, "mean_absolute_error": mean_absolute_error}.get(loss, entropy)(y, p))


def entropy(y: np.ndarray, p: np.ndarray) -> float:
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def test_a_class_that_never_occurs_costs_nothing() -> None:
    y = np.zeros((50, 1))
    assert first_loss("binary", "binary_crossentropy", y) == pytest.approx(0, abs=1e-6)


def test_ordered_classes_are_said_by_the_median_and_scored_by_their_ranks() -> None:
    kind = PROBLEMS["ordinal"]
    ids = RNG.integers(0, 4, 300)
    p = np.sort(RNG.random((300, 3)))[:, ::-1]
    y = kind.canonical(ids, 4)
    np.testing.assert_array_equal(kind.ids(y), ids)
    said = kind.said(p)
    assert score("ordinal", "quadratic_kappa", y, p) == pytest.approx(cohen_kappa_score(ids, said, weights="quadratic"))
    assert score("ordinal", "rank_mae", y, p) == pytest.approx(np.abs(ids - said).mean())
    assert score("ordinal", "accuracy", y, p) == pytest.approx((ids == said).mean())
    assert kind.confusion(y, p).sum() == 300
    constant = np.tile(kind.constant("binary_crossentropy", y), (300, 1))
    assert score("ordinal", "quadratic_kappa", y, constant) == pytest.approx(0)  # what a constant has


# Files that may hold a word that is also the name of a type, and why.
WORDS = {
    "kinds/tabular/target.py": {"positive": "a label that says yes"},
    "kinds/tabular/examples.py": {name: "what an example is about" for name in TARGETS},
    "wizard/questions.py": {"positive": "the question which label is the one to find"},
    "wizard/decided.py": {"positive": "the answer to that question"},
    "kinds/tabular/study.py": {"positive": "the answer to that question"},
    "wizard/views.py": {"positive": "the answer to that question"},
    "kinds/tabular/infer.py": {"count": "a name that a target often has"},
    "words/__init__.py": {"count": "a form of numbers in sentences"},
    "evidence/calibration.py": {"bounded": "a method of scipy"},
}
OWN_WORDS = ("problems/", "checks/")  # the checks tell tasks of any Keras model apart: `Problem.task` leads there


def test_no_other_room_names_a_type() -> None:
    package, found = Path(problems.__file__).parent.parent, set[tuple[str, str]]()
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        if not name.startswith(OWN_WORDS):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            words = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            found |= {(name, word) for word in words & set(PROBLEMS) - set(WORDS.get(name, ()))}
    assert not found, "ask the problem's object instead"
