"""Rules on facts alone: no Keras model is made, so each row is a sentence about one rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import modelwizard.checks.rules
from modelwizard.checks.case import RULES, Arrays, Case, Hit, NotApplicableError
from modelwizard.checks.catalogue import evidence
from modelwizard.checks.facts.data import read_target
from modelwizard.checks.facts.probed import Probe, Run, Trial
from modelwizard.checks.facts.values import Fit, Head, Input, Layer, Loss, Optimizer, Output, Target, deviations
from modelwizard.checks.task import infer, with_task

assert modelwizard.checks.rules.ROOMS  # importing the rules fills the list

BINARY = np.array([0, 1] * 50)
SIGNED = 2 * BINARY - 1
FOUR = np.array([0, 1, 2, 3] * 25)
HOT = np.eye(4)[FOUR]
LABELS = np.array([[0, 1, 1], [1, 1, 0], [0, 0, 0], [1, 0, 1]] * 25)
AMOUNT = np.linspace(-3, 3, 100)
PRICE = np.linspace(1e5, 5e5, 100)
SHARE = np.linspace(0.01, 0.99, 100)


def output(y: Any, units: int, activation: str, loss: str, *, logits: bool = False, **more: Any) -> Output:
    chain = more.pop("chain", () if activation == "linear" else (activation,))
    head = Head("head", units, (None, units), activation, chain, more.pop("after", ()))
    return with_task(Output("y", head, Loss(loss, logits), more.pop("metrics", ()), read_target(y)), None)


def found(case: Case, family: str) -> set[str]:
    codes: set[str] = set()
    for code, rule in RULES.items():
        if not code.startswith(family):
            continue
        try:
            hit = rule(case)
            codes |= {code} if hit and evidence(code, hit.values) else set()
        except NotApplicableError:
            continue
    return codes


BCE, CCE, SCCE, MSE = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
)

CONTRACT = [
    # labels, units, activation, loss, from_logits → codes
    (BINARY, 1, "sigmoid", BCE, False, set()),
    (BINARY, 1, "linear", BCE, True, set()),
    (BINARY, 2, "softmax", SCCE, False, set()),
    (SIGNED, 1, "linear", "hinge", False, set()),
    (FOUR, 4, "softmax", SCCE, False, set()),
    (FOUR, 4, "linear", SCCE, True, set()),
    (HOT, 4, "softmax", CCE, False, set()),
    (LABELS, 3, "sigmoid", BCE, False, set()),
    (AMOUNT, 1, "linear", MSE, False, set()),
    (PRICE, 1, "softplus", MSE, False, set()),
    (SHARE, 1, "sigmoid", BCE, False, set()),
    (BINARY, 1, "softmax", BCE, False, {"MW101"}),
    (BINARY, 1, "linear", BCE, False, {"MW104"}),
    (BINARY, 1, "sigmoid", BCE, True, {"MW108"}),
    (BINARY, 1, "sigmoid", MSE, False, {"MW112"}),
    (BINARY, 1, "linear", MSE, False, {"MW107", "MW112"}),
    (BINARY, 1, "sigmoid", CCE, False, {"MW115"}),
    (BINARY, 2, "sigmoid", BCE, False, {"MW128"}),
    (SIGNED, 1, "sigmoid", BCE, False, {"MW121"}),
    (SIGNED, 1, "sigmoid", "hinge", False, {"MW136"}),
    (FOUR, 4, "linear", SCCE, False, {"MW104"}),
    (FOUR, 4, "sigmoid", SCCE, False, {"MW103"}),
    (np.eye(2)[BINARY], 2, "sigmoid", CCE, False, {"MW103"}),
    (FOUR, 4, "softmax", CCE, False, {"MW119"}),
    (FOUR + 1, 4, "softmax", SCCE, False, {"MW120"}),
    (FOUR, 3, "softmax", SCCE, False, {"MW127"}),
    (FOUR, 9, "softmax", SCCE, False, {"MW127"}),
    (FOUR / 255, 4, "softmax", SCCE, False, {"MW113", "MW126"}),
    (FOUR * 0, 4, "softmax", SCCE, False, {"MW124"}),
    (FOUR.astype(str), 4, "softmax", SCCE, False, {"MW125"}),
    (FOUR, 1, "sigmoid", BCE, False, {"MW105", "MW114", "MW122", "MW123"}),
    (HOT, 4, "softmax", SCCE, False, {"MW118"}),
    (HOT, 4, "softmax", BCE, False, {"MW114"}),
    (HOT, 4, "softmax", MSE, False, {"MW112"}),
    (HOT, 4, "softmax", CCE, True, {"MW108"}),
    (HOT, 3, "softmax", CCE, False, {"MW127"}),
    (LABELS, 3, "softmax", BCE, False, {"MW102"}),
    (LABELS, 3, "softmax", CCE, False, {"MW102", "MW116"}),
    (AMOUNT, 1, "sigmoid", MSE, False, {"MW105"}),
    (AMOUNT, 1, "relu", MSE, False, {"MW105"}),
    (AMOUNT, 1, "linear", BCE, False, {"MW113"}),
    (AMOUNT, 3, "linear", MSE, False, {"MW128"}),
    (AMOUNT, 1, "linear", "mean_absolute_percentage_error", False, {"MW117"}),
    (PRICE, 1, "relu", MSE, False, {"MW106"}),
    (SHARE, 1, "linear", MSE, False, {"MW133"}),
]


@pytest.mark.parametrize(("y", "units", "activation", "loss", "logits", "codes"), CONTRACT)
def test_contract(y: Any, units: int, activation: str, loss: str, logits: bool, codes: set[str]) -> None:
    assert found(Case(outputs=(output(y, units, activation, loss, logits=logits),)), "MW1") == codes


@pytest.mark.parametrize(
    ("case", "codes"),
    [
        (output(FOUR, 4, "softmax", SCCE, chain=("softmax", "softmax")), {"MW109"}),
        (output(FOUR, 4, "softmax", SCCE, after=("Dropout",)), {"MW110"}),
        (output(FOUR, 4, "softmax", SCCE, after=("BatchNormalization",)), {"MW111"}),
        (output(AMOUNT, 1, "linear", MSE, metrics=("accuracy",)), {"MW130"}),
        (output(FOUR, 4, "softmax", SCCE, metrics=("Accuracy",)), {"MW131"}),
        (output(HOT, 4, "softmax", CCE, metrics=("binary_accuracy",)), {"MW132"}),
    ],
)
def test_contract_beyond_the_table(case: Output, codes: set[str]) -> None:
    assert found(Case(outputs=(case,)), "MW1") == codes


@pytest.mark.parametrize(
    ("y", "shape", "loss", "codes"),
    [
        (AMOUNT[:, None], (None, 10, 1), MSE, {"MW129"}),
        (AMOUNT.reshape(10, 10), (None, 10, 1), MSE, set()),
        (FOUR, (None, 5, 4), SCCE, {"MW129"}),
        (FOUR.reshape(20, 5), (None, 5, 4), SCCE, set()),
        (FOUR.reshape(4, 5, 5, 1), (None, 5, 5, 4), SCCE, set()),
    ],
)
def test_axes(y: Any, shape: tuple[int | None, ...], loss: str, codes: set[str]) -> None:
    head = Head(
        "head", shape[-1] or 1, shape, "softmax" if loss == SCCE else "linear", ("softmax",) if loss == SCCE else ()
    )
    made = with_task(Output("y", head, Loss(loss), (), read_target(y)), None)
    assert found(Case(outputs=(made,)), "MW129") == codes


@pytest.mark.parametrize(
    ("y", "units", "activation", "loss", "metrics", "task"),
    [
        (BINARY, 1, "sigmoid", BCE, (), "binary"),
        (BINARY, 1, "linear", MSE, (), "binary"),
        (SIGNED, 1, "tanh", MSE, (), "binary"),
        (FOUR, 1, "linear", MSE, (), "amount"),  # whole numbers alone are no classes
        (FOUR, 1, "linear", MSE, ("accuracy",), "multiclass"),
        (FOUR * 50, 1, "linear", MSE, ("accuracy",), "amount"),
        (HOT, 4, "linear", MSE, (), "multiclass"),
        (LABELS, 3, "linear", MSE, (), "multilabel"),
        (SHARE, 1, "linear", MSE, (), "bounded"),
        (PRICE, 1, "linear", MSE, (), "amount"),
    ],
)
def test_task_is_inferred(y: Any, units: int, activation: str, loss: str, metrics: tuple[str, ...], task: str) -> None:
    head = Head("head", units, (None, units), activation, () if activation == "linear" else (activation,))
    assert infer(Output("y", head, Loss(loss), metrics, read_target(y)))[0] == task


@pytest.mark.parametrize(
    ("name", "rate", "momentum", "codes"),
    [
        ("adam", 1e-3, 0.0, set()),
        ("adam", 0.01, 0.0, set()),
        ("adam", 0.1, 0.0, {"MW301"}),
        ("adam", 1e-7, 0.0, {"MW302"}),
        ("sgd", 0.01, 0.0, set()),
        ("sgd", 0.1, 0.9, set()),
        ("sgd", 3.0, 0.0, {"MW301"}),
        ("sgd", 1e-6, 0.0, {"MW302"}),
        ("sgd", 0.01, 0.999, {"MW311"}),
        ("adadelta", 1e-3, 0.0, {"MW303"}),
        ("adadelta", 1.0, 0.0, set()),
    ],
)
def test_rates(name: str, rate: float, momentum: float, codes: set[str]) -> None:
    optimizer = Optimizer(name, rate, rate, momentum=momentum)
    assert found(Case(optimizer=optimizer), "MW30") | found(Case(optimizer=optimizer), "MW311") == codes


@pytest.mark.parametrize(
    ("fit", "codes"),
    [
        (Fit(1000, 32, True, 20, 200), set()),
        (Fit(1000, 1000, True, 20, 200), {"MW305", "MW307"}),
        (Fit(1000, 256, True, 1, 200), {"MW305", "MW306", "MW307"}),
        (Fit(1000, 32, True, 20, 0), {"MW308"}),
        (Fit(1000, 32, True, 20, 200, callbacks=(("EarlyStopping", "loss", "min", 3),)), {"MW309"}),
        (Fit(1000, 32, True, 20, 200, callbacks=(("EarlyStopping", "val_loss", "max", 3),)), {"MW310"}),
        (Fit(1000, 32, True, 20, 200, callbacks=(("EarlyStopping", "val_accuracy", "max", 3),)), set()),
        (Fit(1000, 32, True, 20, 200, steps_per_epoch=5), {"MW315"}),
    ],
)
def test_fit_settings(fit: Fit, codes: set[str]) -> None:
    assert found(Case(optimizer=Optimizer(), fit=fit), "MW3") == codes


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (Input(shape=(100, 4), seen=3.0), set()),
        (Input(shape=(100, 4), seen=255.0), {"MW401"}),
        (Input(shape=(100, 4), seen=255.0, first="Embedding"), set()),
        (Input(shape=(100, 4), seen=255.0, first="BatchNormalization", normalised=True), set()),
        (Input(shape=(100, 4), seen=0.004), {"MW402"}),
        (Input(shape=(100, 2), seen=9.0, std=np.array([0.01, 5.0])), {"MW403"}),
        (Input(shape=(100, 4), seen=900.0, unadapted=True), {"MW404"}),
        (Input(shape=(100, 4), nan=0.01), {"MW406"}),
        (Input(shape=(100, 4), dtype="object", numeric=False), {"MW418"}),
    ],
)
def test_inputs(given: Input, codes: set[str]) -> None:
    assert found(Case(inputs=(given,)), "MW40") | found(Case(inputs=(given,)), "MW418") == codes


@pytest.mark.parametrize(
    ("y", "codes"),
    [
        (AMOUNT, set()),
        (PRICE, {"MW405"}),
        (AMOUNT * 1e-5, {"MW405"}),
        (np.where(AMOUNT > 2, np.nan, AMOUNT), {"MW407"}),
    ],
)
def test_targets(y: Any, codes: set[str]) -> None:
    assert found(Case(outputs=(output(y, 1, "linear", MSE),)), "MW40") == codes


def dense(name: str, before: int, units: int, activation: str, width: int = 8, **more: Any) -> Layer:
    return Layer(name, "Dense", activation, (before,), (None, width), (None, units), units, width * units, **more)


ENTRY = Layer("x", "InputLayer", output_shape=(None, 8))
EQUAL, HUGE = (0.0, 0.0, 0.0, 0.0, 0.5), (0.0, 9.0, -20.0, 20.0, 0.5)
NORMAL, PENALTY = {"kernel_initializer": ("RandomNormal", {})}, {"kernel_regularizer": ("L2", {"l2": 0.5})}
SIGMOIDS = [dense(f"h{i}", i, 16, "sigmoid") for i in range(3)]
RELU, DROPOUT = Layer("r", "ReLU", "relu", (1,)), Layer("d", "Dropout", "linear", (1,), config={"rate": 0.9})
STILL = dense("a", 0, 16, "relu", trainable=False, nested="base")
MOVING = Layer("norm", "BatchNormalization", inputs=(1,), parameters=64, trainable=False, nested="base")


def net(*hidden: Layer) -> Case:
    """Return an input, hidden layers, and a dense layer of one unit."""
    return Case(layers=(ENTRY, *hidden, dense("head", len(hidden), 1, "linear", 16)))


@pytest.mark.parametrize(
    ("case", "codes"),
    [
        (net(dense("a", 0, 16, "relu")), set()),
        (net(dense("a", 0, 16, "linear")), {"MW201"}),
        (net(dense("a", 0, 4, "linear"), dense("b", 1, 16, "relu", 4)), set()),  # a linear code is no mistake
        (net(dense("a", 0, 16, "softmax")), {"MW203"}),
        (net(*SIGMOIDS), {"MW204"}),
        (net(dense("a", 0, 16, "exponential")), {"MW205"}),
        (net(dense("a", 0, 16, "relu"), RELU), {"MW206"}),
        (net(dense("a", 0, 16, "relu"), DROPOUT), {"MW207"}),
        (net(dense("a", 0, 16, "relu", kernel=EQUAL)), {"MW211"}),
        (net(dense("a", 0, 16, "relu", kernel=HUGE, config=NORMAL)), {"MW212"}),
        (net(dense("a", 0, 16, "relu", trainable=False, config={"use_bias": True})), {"MW213"}),
        (net(STILL, MOVING), {"MW213"}),  # a base without biases: its moving means tell
        (net(STILL, replace(MOVING, fresh=False)), set()),
        (net(dense("a", 0, 1, "relu")), {"MW214", "MW229"}),
        (net(dense("a", 0, 16, "relu", config=PENALTY)), {"MW224"}),
    ],
)
def test_structure(case: Case, codes: set[str]) -> None:
    assert found(case, "MW2") == codes


def test_a_linear_layer_before_normalisation_and_relu_is_no_linear_stack() -> None:
    norm = Layer("n", "BatchNormalization", "linear", (1,), (None, 16), (None, 16), parameters=64)
    case = net(dense("a", 0, 16, "linear"), norm, Layer("r", "ReLU", "relu", (2,)))
    assert "MW201" not in found(case, "MW2")


R = np.random.default_rng(0)
X = R.normal(size=(200, 5))
CLASSES = (X[:, 0] > 0).astype(int)


def rows(x: Any = X, y: Any = CLASSES, xv: Any = None, yv: Any = None, fit: Fit | None = None) -> Case:
    def stats(a: Any) -> Input:
        return Input(shape=a.shape, mean=a.mean(axis=0), std=deviations(a))

    made = output(y, 1, "sigmoid", BCE)
    made = replace(made, validation=read_target(yv)) if yv is not None else made
    held = () if xv is None else (xv,)
    return Case(
        inputs=(stats(x),),
        validation_inputs=tuple(stats(v) for v in held),
        outputs=(made,),
        fit=fit or Fit(len(x)),
        arrays=Arrays((x,), (y,), held, () if yv is None else (yv,)),
    )


ORDER = np.argsort(CLASSES, kind="stable")
NOISE = np.hstack([X[:, :1], 1 + 1e-8 * X[:, 1:]])
"""One column that moves, and others that change by the rounding noise of float32 only."""


@pytest.mark.parametrize(
    ("case", "code", "hit"),
    [
        (rows(np.repeat(X[:100], 2, axis=0), np.tile([0, 1], 100)), "MW409", True),
        (rows(), "MW409", False),
        (rows(xv=X[:50], yv=CLASSES[:50]), "MW410", True),
        (rows(xv=R.normal(size=(50, 5)), yv=CLASSES[:50]), "MW410", False),
        (rows(xv=R.normal(size=(50, 5)) * 255, yv=CLASSES[:50]), "MW411", True),
        (rows(xv=R.normal(size=(50, 5)), yv=CLASSES[:50]), "MW411", False),
        (rows(NOISE, xv=X[:50], yv=CLASSES[:50]), "MW411", False),
        (rows(xv=R.normal(size=(50, 5)), yv=np.zeros(50)), "MW412", True),
        (rows(X[ORDER], CLASSES[ORDER], fit=Fit(160, validation=40, validation_split=0.2)), "MW413", True),
        (rows(fit=Fit(160, validation=40, validation_split=0.2)), "MW413", False),
        (rows(y=(np.arange(200) < 6).astype(int)), "MW414", True),
        (rows(y=CLASSES), "MW414", False),
        (rows(np.hstack([X, CLASSES[:, None] * 2.0])), "MW415", True),
        (rows(), "MW415", False),
        (rows(X[:20], CLASSES[:20]), "MW416", True),
        (rows(y=R.permutation(np.tile([0, 1], 100))), "MW417", True),
        (rows(), "MW417", False),
        (rows(xv=R.normal(size=(200, 5)) + np.array([0, 4, 0, 0, 0]), yv=CLASSES), "MW419", True),
        (rows(xv=R.normal(size=(200, 5)), yv=CLASSES), "MW419", False),
    ],
)
def test_rows(case: Case, code: str, hit: bool) -> None:
    assert found(case, code) == ({code} if hit else set())


def probe(base: Run, *trials: Trial, **more: Any) -> Case:
    return Case(
        outputs=(output(BINARY, 1, "sigmoid", BCE),), probe=Probe(base=base, trials=trials, constant=0.69, **more)
    )


GOOD, BAD = Run((0.7, 0.3), 0.6, 0.55, 500), Run((0.7, 0.7), 0.0, 0.0, 500)
OVERFIT, BY_HEART = Run((0.7, 0.0), 0.99, 0.15, 500), Run((0.7, 0.0), 0.99, -0.2, 500)


@pytest.mark.parametrize(
    ("case", "codes"),
    [
        (probe(GOOD), set()),
        (probe(BAD), {"MW503"}),
        (probe(BAD, Trial("MW521", "inputs standardised", GOOD)), {"MW503", "MW521"}),
        (probe(BAD, Trial("MW521", "inputs standardised", BAD)), {"MW503"}),
        (probe(BAD, Trial("MW525", "ReLU", OVERFIT)), {"MW503", "MW525"}),
        (probe(GOOD, Trial("MW525", "ReLU", OVERFIT)), set()),
        (probe(BAD, Trial("MW525", "ReLU", BY_HEART)), {"MW503"}),
        (probe(Run((float("nan"),), None, None, 3, finite=False)), {"MW502"}),
        (probe(GOOD, dead=(("h", 0.95),)), {"MW505"}),
        (probe(GOOD, saturated=(("h", 0.95),)), {"MW506"}),
        (probe(GOOD, first_over_last=1e-6), {"MW507"}),
        (probe(GOOD, gradient=1e6), {"MW508"}),
        (probe(Run((1.0, 2, 1, 2, 1, 2, 1, 2), 0.1, 0.1, 100)), {"MW509", "MW511"}),
        (probe(Run((0.7, 0.0), 0.99, 0.1, 500)), {"MW510"}),
        (probe(GOOD, unmoved=("h/kernel",)), {"MW512"}),
        (probe(GOOD, output_spread=0.0), {"MW504"}),
        (Case(probe=Probe(crash="ValueError: shapes")), {"MW501"}),
    ],
)
def test_dynamics(case: Case, codes: set[str]) -> None:
    assert found(case, "MW5") == codes


def test_what_fits_at_last_says_how_well_on_either_rows() -> None:
    hit = RULES["MW525"](probe(BAD, Trial("MW525", "ReLU", OVERFIT)))
    assert isinstance(hit, Hit)
    assert "15% better than a constant on rows held back, 99% on those trained on" in evidence("MW525", hit.values)
    assert hit.severity == "warning"


def test_a_target_with_holes_keeps_its_statistics() -> None:
    target = read_target(np.array([1.0, np.nan, 3.0]))
    assert (target.low, target.high, target.nan) == (1.0, 3.0, pytest.approx(1 / 3))


def test_a_map_of_classes_is_no_reconstruction_of_the_picture() -> None:
    picture = R.random((20, 8, 8, 1))
    assert read_target(picture, [picture]).reconstruction
    assert not read_target((picture > 0.5).astype(int), [picture]).reconstruction
    assert isinstance(read_target(["a", "b"]), Target)


def test_tags_of_words_are_classes_however_much_they_follow_the_words() -> None:
    words = R.integers(0, 900, (60, 12))
    tags = words // 300
    target = read_target(tags, [words])
    assert target.reconstruction  # by correlation
    head = Head("head", 3, (None, 12, 3), "softmax", ("softmax",))
    assert infer(Output("y", head, Loss("sparse_categorical_crossentropy"), (), target)) == ("multiclass", 3)
