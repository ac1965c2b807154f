"""Test rows are found among the rows of a fit, by their numbers or by their content."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modelwizard.errors import ProjectError
from modelwizard.training import sealed

PARTS = np.array(["train", "train", "validation", "test", "test", "unused"])
AGE = np.array([[1], [2], [3], [4], [5], [6]], np.float32)
CITY = np.array([["a"], ["b"], ["a"], ["b"], ["a"], ["b"]], object)
TABLE = {"age": AGE, "city": CITY}


def check(x: dict[str, Any], rows: list[int]) -> None:
    code: Any = SimpleNamespace(data=None, line_of=lambda *_: "data.py:40")
    sealed.check(code, PARTS, SimpleNamespace(x=x, rows=np.array(rows)), TABLE)


def take(*rows: int) -> dict[str, Any]:
    return {name: values[list(rows)] for name, values in TABLE.items()}


@pytest.mark.parametrize(
    ("x", "rows"),
    [
        (take(0, 1), [0, 1]),
        (take(2), [2]),
        ({"age": AGE[[0, 1]] * 10, "city": CITY[[0, 1]]}, [0, 1]),
        ({"ratio": AGE[[0, 1]]}, [0, 1]),
        ({"age": np.array([[np.nan]], np.float32)}, [0]),
    ],
    ids=["training", "validation", "edited-feature", "only-new-features", "missing"],
)
def test_honest_rows_pass(x: dict[str, Any], rows: list[int]) -> None:
    check(x, rows)


@pytest.mark.parametrize(
    ("x", "rows", "count"),
    [
        (take(0, 3), [0, 3], "1 test row "),
        (take(3, 4), [3, 4], "2 test rows"),
        (take(0, 3), [0, 1], "1 test row "),
        (take(3, 4), [0, 1], "2 test rows"),
    ],
    ids=["by-number", "two", "renumbered", "all-renumbered"],
)
def test_test_rows_are_refused(x: dict[str, Any], rows: list[int], count: str) -> None:
    with pytest.raises(ProjectError, match=count) as caught:
        check(x, rows)
    assert "data.py:40" in str(caught.value)


def test_rows_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ProjectError, match="does not have"):
        check(take(0), [17])
