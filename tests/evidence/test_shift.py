"""New rows that are not like those of training are named; rows that are like them hardly ever are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwizard.evidence.shift import ALARM, FEWEST, shifted

Columns = dict[str, Any]


def draw(rows: int, seed: int) -> Columns:
    """Draw rows with numbers, whole numbers, few and many words, and missing cells."""
    rng = np.random.default_rng(seed)
    words = rng.choice(["card", "cash", "cheque", ""], (rows, 1), p=[0.5, 0.3, 0.1, 0.1]).astype(object)
    return {
        **{f"x{i}": rng.normal(size=(rows, 1)).astype(np.float32) for i in range(5)},
        "visits": rng.poisson(2, (rows, 1)).astype(np.float32),
        "age": np.where(rng.random((rows, 1)) < 0.1, np.nan, rng.normal(40, 10, (rows, 1))).astype(np.float32),
        "payment": words,
        "street": np.array([[f"street {i}"] for i in rng.integers(0, 10_000, rows)], object),
    }


def other(name: str, change: Callable[[Any], Any]) -> Columns:
    new = draw(300, 1)
    return {**new, name: change(new[name])}


CASES: list[tuple[str, Columns, list[tuple[str, str, str]]]] = [
    ("alike", draw(300, 1), []),
    ("another unit", other("age", lambda x: x * 12), [("age", "numbers", "")]),
    (
        "a third is missing",
        other("age", lambda x: np.where(np.arange(300)[:, None] < 100, np.nan, x)),
        [("age", "missing", "")],
    ),
    ("all are missing", other("payment", lambda x: np.full_like(x, "")), [("payment", "missing", "")]),
    (
        "a new word",
        other("payment", lambda x: np.where(np.arange(300)[:, None] < 90, "crypto", x)),
        [("payment", "words", "crypto")],
    ),
    ("a little", other("x0", lambda x: x + 0.05), []),
    ("too few rows to say", {name: x[: FEWEST - 1] * 0 for name, x in draw(300, 1).items() if name[0] == "x"}, []),
    ("a column that training has not", {**draw(300, 1), "new": np.zeros((300, 1))}, []),
]


@pytest.mark.parametrize(("new", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_inputs_that_differ_are_named(new: Columns, told: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.what, one.value) for one in shifted(draw(1000, 0), new)] == told


@pytest.mark.parametrize("rows", [FEWEST, 100, 1000])
def test_false_alarms_are_as_rare_as_is_said(rows: int) -> None:
    training = [draw(1000, seed) for seed in range(10)]
    alarms = sum(bool(shifted(training[i % 10], draw(rows, 1000 + i))) for i in range(200))
    assert alarms <= 200 * ALARM + 3 * (200 * ALARM) ** 0.5
