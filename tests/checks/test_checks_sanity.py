"""Sanity checks, splits and noise: rules on facts, each row with its healthy twin; and the checks on live copies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import modelwizard.checks.rules
from modelwizard.checks.build import divide
from modelwizard.checks.case import RULES, Arrays, Case, Division, NotApplicableError
from modelwizard.checks.catalogue import evidence
from modelwizard.checks.facts.data import read_target
from modelwizard.checks.facts.probed import Probe, Run, Sanity
from modelwizard.checks.facts.project import Record, Relabelled
from modelwizard.checks.facts.values import Fit, Head, Input, Layer, Loss, Output
from modelwizard.checks.task import with_task
from modelwizard.errors import UsageError

assert modelwizard.checks.rules.ROOMS  # importing the rules fills the list

R = np.random.default_rng(5)
X = R.normal(size=(300, 4))
LABEL = (X[:, 0] > 0).astype(int)
AMOUNT = X[:, 0] + 0.1 * R.normal(size=300)
GOOD, BAD = Run((0.7, 0.5, 0.4, 0.3), 0.6, 0.55, 500), Run((0.7, 0.7, 0.7, 0.7), 0.0, 0.0, 500)
SURE = np.where(R.random(400) < 0.2, 0.001, 0.999)  # right in 80 %, and sure of it
FAIR = np.full(400, 0.8)
YES = (R.random(400) < 0.8).astype(int)


def hit(code: str, case: Case) -> bool:
    try:
        found = RULES[code](case)
        return found is not None and bool(evidence(code, found.values))
    except NotApplicableError:
        return False


def output(y: Any, activation: str, loss: str, units: int = 1) -> Output:
    chain = () if activation == "linear" else (activation,)
    return with_task(
        Output("y", Head("head", units, (None, units), activation, chain), Loss(loss), (), read_target(y)), None
    )


FAR = Input(shape=(300, 4), seen=900.0)
BINARY = output(LABEL, "sigmoid", "binary_crossentropy")


def probe(base: Run = GOOD, known: Sanity | None = None, **more: Any) -> Case:
    return Case(
        inputs=(Input(shape=(300, 4)),),
        outputs=(BINARY,),
        fit=Fit(300, epochs=10),
        probe=Probe(base=base, constant=0.69, sanity=known or Sanity(), **more),
    )


@pytest.mark.parametrize(
    ("code", "case", "expected"),
    [
        ("MW513", probe(start=9.0), True),
        ("MW513", probe(start=0.9), False),
        ("MW513", replace(probe(start=9.0), inputs=(FAR,)), False),  # the scale of the inputs, not the weights
        ("MW514", probe(BAD, Sanity(heart=(0.68, 0.69, 16, 800))), True),
        ("MW514", probe(BAD, Sanity(heart=(0.68, 0.69, 16, 20))), False),  # the machine was too slow
        ("MW514", probe(BAD, Sanity(heart=(0.01, 0.69, 16, 800))), False),
        ("MW515", probe(known=Sanity(blind=(("a", 2.0), ("b", 1.0)))), True),
        ("MW515", probe(known=Sanity(blind=(("a", 2.0), ("b", 1.1)))), False),
        ("MW515", probe(BAD, Sanity(blind=(("a", 1.0),))), False),
        ("MW516", probe(step=2.0), True),
        ("MW516", probe(step=1e-3), False),
        ("MW516", probe(BAD, step=1e-8), True),
        ("MW516", probe(GOOD, step=1e-8), False),
        ("MW518", probe(known=Sanity(predicted=(YES, SURE[:, None]))), True),
        ("MW518", probe(known=Sanity(predicted=(YES, FAIR[:, None]))), False),
        ("MW519", probe(known=Sanity(validation=(0.4, 0.05, 0.69, 100))), True),
        ("MW519", probe(known=Sanity(validation=(0.4, 0.3, 0.69, 100))), False),
        ("MW519", probe(known=Sanity(validation=(0.09, 0.02, 0.69, 100))), False),
        ("MW519", probe(BAD, Sanity(validation=(900.0, 1.7, 0.69, 100))), False),  # a model that diverged says nothing
        ("MW520", probe(known=Sanity(validation=(0.3, 2.5, 0.69, 100))), True),
        ("MW520", probe(known=Sanity(validation=(0.3, 0.5, 0.69, 100))), False),
        ("MW532", probe(Run((1.0, 2.0, 3.0, 4.0), 0.0, 0.0, 40)), True),
        ("MW532", probe(), False),
        ("MW533", probe(still=("h",)), True),
        ("MW533", probe(still=("h",), unmoved=("h/kernel",)), False),  # MW512 says it better
    ],
)  # fmt: skip
def test_sanity(code: str, case: Case, expected: bool) -> None:
    assert hit(code, case) is expected


@pytest.mark.parametrize(
    ("code", "record", "expected"),
    [
        ("MW518", Record("r1", labels=YES, probabilities=SURE[:, None]), True),
        ("MW518", Record("r1", labels=YES, probabilities=FAIR[:, None]), False),
        ("MW519", Record("r1", (0.6, 0.5, 0.5), (0.3, 0.2, 0.1)), True),
        ("MW519", Record("r1", (0.6, 0.5, 0.5), (0.7, 0.6, 0.6)), False),
    ],
)
def test_the_last_run_is_judged_without_training_a_copy(code: str, record: Record, expected: bool) -> None:
    assert hit(code, Case(outputs=(BINARY,), record=record)) is expected


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        (Relabelled((("rate", 0.9),), 300), "error"),
        (Relabelled((("lag", 0.9),), 300, time="day"), "tip"),  # the labels of earlier rows may well be known
        (Relabelled((), 300), None),
    ],
)
def test_features_that_know_held_labels(told: Relabelled, severity: str | None) -> None:
    found: Any = RULES["MW425"](Case(relabelled=told))
    assert (found.severity if found else None) == severity


NOISY = LABEL.copy()
NOISY[np.argsort(X[:, 0])[10:290:15]] ^= 1  # one here and there


def rows(x: Any, y: Any, held: Any = None, made: Output = BINARY, split: float = 0.0) -> Case:
    return Case(
        inputs=(Input(shape=x.shape),),
        outputs=(replace(made, target=read_target(y)),),
        arrays=Arrays((x,), (y,), () if held is None else (held,), ()),
        fit=Fit(int(len(x) * (1 - split)), validation_split=split),
    )


TWICE = np.tile(X, (3, 1))  # every row three times: copies among the training rows, too
PAIR = np.stack([AMOUNT, X[:, 1] ** 2], 1)
TWO = output(PAIR, "linear", "mean_squared_error", 2)
FEW_VALUES = R.integers(0, 3, (300, 3)).astype(float)
PAIRS = R.integers(0, 25, (550, 2)).astype(float)  # who and what
SCATTERED = R.permutation(len(TWICE))


@pytest.mark.parametrize(
    ("code", "case", "expected"),
    [
        ("MW410", rows(TWICE[SCATTERED][:700], np.resize(LABEL, 700), TWICE[SCATTERED][700:]), True),
        ("MW410", rows(TWICE[SCATTERED], np.resize(LABEL, 900), split=0.2), True),
        ("MW410", rows(X, LABEL, split=0.2), False),
        ("MW410", rows(FEW_VALUES[:200], LABEL[:200], FEW_VALUES[200:]), False),  # equal rows by chance
        ("MW410", rows(PAIRS[:400], np.resize(LABEL, 400), PAIRS[400:]), False),  # as often as among training rows
        ("MW424", rows(X, LABEL, X[:100] + 1e-3 * R.normal(size=(100, 4))), True),
        ("MW424", rows(X, LABEL, R.normal(size=(100, 4))), False),
        ("MW424", rows(X[:, [0, 0, 0]] + 1e-9, LABEL, R.normal(size=(100, 1)) * np.ones(3)), False),  # a line in space
        ("MW415", rows(np.column_stack([X, PAIR[:, 1]]), PAIR, made=TWO), True),
        ("MW415", rows(X, PAIR, made=TWO), False),
        ("MW415", rows(np.column_stack([X[:, 1:], X[:, 0] * 3 - 40]), LABEL), True),  # a code whose ranges are classes
        ("MW415", rows(np.column_stack([X, X[:, 0]]), LABEL), False),  # two columns know it: the data, not a leak
        ("MW415", rows(X[:, 1:], LABEL), False),
        ("MW423", rows(X[:, :1] * np.ones(2), NOISY), True),
        ("MW423", rows(X[:, :1] * np.ones(2), LABEL), False),
    ],
)  # fmt: skip
def test_rows_against_rows(code: str, case: Case, expected: bool) -> None:
    assert hit(code, case) is expected


NAMES = np.array(["ada", "bob", "cy", "dee"])


@pytest.mark.parametrize(
    ("code", "split", "expected"),
    [
        ("MW421", Division(groups=(NAMES[:3], NAMES[2:])), True),
        ("MW421", Division(groups=(NAMES[:2], NAMES[2:])), False),
        ("MW421", None, False),
        ("MW422", Division(times=(np.arange(90), np.arange(80, 100))), True),
        ("MW422", Division(times=(np.arange(80), np.arange(80, 100))), False),
    ],
)
def test_divisions(code: str, split: Division | None, expected: bool) -> None:
    assert hit(code, Case(split=split)) is expected


def test_one_value_a_row_is_divided_like_validation_split() -> None:
    found = divide(np.arange(10), None, 0.2)
    assert found is not None
    assert found.groups is not None
    assert [list(side) for side in found.groups] == [list(range(8)), [8, 9]]
    with pytest.raises(UsageError, match="groups cannot be divided"):
        divide(np.arange(10), None, 0.0)


ENTRY = Layer("x", "InputLayer", output_shape=(None, 8))
MAP, CELL, ANY = (None, 8, 8, 4), (None, 1, 1, 4), (None, None, None, 4)
OWN, USUAL = {"bias_initializer": ("Constant", {})}, {"bias_initializer": ("Zeros", {})}


def pool(shape: tuple[int | None, ...], window: int) -> Layer:
    return Layer("p", "MaxPooling2D", inputs=(0,), input_shape=shape, config={"pool_size": (window, window)})


def conv(shape: tuple[int | None, ...]) -> Layer:
    return Layer("c", "Conv2D", inputs=(0,), input_shape=shape, config={"kernel_size": (3, 3)})


def dense(bias: float, config: dict[str, Any]) -> Layer:
    return Layer("h", "Dense", "relu", (0,), units=9, bias=bias, config=config)


@pytest.mark.parametrize(
    ("code", "layer", "expected"),
    [
        ("MW231", pool(MAP, 1), True),
        ("MW231", pool(MAP, 2), False),
        ("MW231", conv(CELL), True),
        ("MW231", conv(MAP), False),
        ("MW231", conv(ANY), False),
        ("MW232", dense(-9.0, OWN), True),
        ("MW232", dense(0.1, OWN), False),
        ("MW232", dense(-9.0, USUAL), False),
    ],
)
def test_windows_and_biases(code: str, layer: Layer, expected: bool) -> None:
    head = Layer("head", "Dense", inputs=(1,), input_shape=(None, 9), units=1, parameters=10)
    assert hit(code, Case(layers=(ENTRY, layer, head))) is expected
