"""Rows with the same inputs: how cells are compared, and what is told."""

from __future__ import annotations

import pandas as pd
import pytest

from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.copies import copies_of, told
from modelwizard.kinds.tabular.target import check_target
from modelwizard.problems.target import Target
from modelwizard.settings import Format

FORM = Format("csv", missing=("", "?"))


def column(name: str, kind: str) -> Column:
    return Column(name, kind)


@pytest.mark.parametrize(
    ("kind", "cells", "numbers"),
    [
        ("numeric", ["1", "1.0", "1e0", "+1", "2"], [0, 0, 0, 0, 1]),
        ("numeric", ["0.3", "0.30000000000000004", "0.3000001"], [0, 0, 1]),
        ("numeric", ["", "?", "none", "0"], [0, 0, 0, 1]),
        ("numeric", ["1", "odd", "odd", "even"], [0, 1, 1, 2]),
        ("categorical", ["1", "1.0", "a", "A", "a"], [0, 1, 2, 3, 2]),
        ("categorical", ["", "?", "none"], [0, 0, 1]),
        ("date", ["2024-01-01", "2024-01-01", "?", ""], [0, 0, 1, 1]),
        ("identifier", ["1", "2", "3"], [0, 0, 0]),
        ("ignore", ["1", "2", "3"], [0, 0, 0]),
    ],
)
def test_cells_are_compared_by_what_they_mean(kind: str, cells: list[str], numbers: list[int]) -> None:
    frame = pd.DataFrame({"x": cells, "y": [str(i) for i in range(len(cells))]}, dtype=str)
    assert copies_of(frame, [column("x", kind), column("y", "numeric")], ["y"], FORM).tolist() == numbers


def test_all_inputs_count() -> None:
    frame = pd.DataFrame({"a": list("xxyyx"), "b": list("11122"), "y": list("01010")}, dtype=str)
    assert copies_of(frame, [column("b", "numeric")], ["y"]).tolist() == [0, 0, 1, 2, 3]


def table(copies: int, empty: int = 0) -> tuple[pd.DataFrame, Target]:
    """100 rows that differ, copies of the first of them with the other label, and rows without a value."""
    rows = [*range(100), *[0] * copies]
    frame = pd.DataFrame({"a": rows, "b": rows, "c": rows, "d": rows}).astype(str)
    frame = pd.concat([frame, pd.DataFrame({name: ["?"] * empty for name in "abcd"})], ignore_index=True)
    frame["y"] = ["no"] * 60 + ["yes"] * (40 + copies) + ["no"] * empty
    return frame, check_target(frame, ["y"], "binary", FORM)


@pytest.mark.parametrize(
    ("copies", "empty", "group", "time", "sentence"),
    [
        (0, 0, "", "", ""),
        (
            2,
            0,
            "",
            "",
            "3 of 102 rows have the same inputs as another row, and 1 of them another label than most of these. "
            "Rows with the same inputs stay in one part.",
        ),
        (
            29,
            0,
            "",
            "",
            "30 of 129 rows have the same inputs as another row, and 1 of them another label than most of these; "
            "the largest set of them is 30 rows with a = 0, b = 0, c = 0, …. A set of more than 1 % of the rows is a "
            "common case and is spread over all parts in proportion; smaller sets stay in one part.",
        ),
        (
            19,
            30,
            "g",
            "",
            "50 of 149 rows have the same inputs as another row, and 1 of them another label than most of these; "
            "the largest of 2 large sets is 30 rows with no value in any input. A set of more than 1 % of the rows is "
            "a common case and goes with its 'g'; smaller sets stay in one part.",
        ),
        (
            0,
            5,
            "",
            "t",
            "5 of 105 rows have the same inputs as another row, and the same label. Each is where its 't' puts it, so "
            "parts can hold rows with the same inputs.",
        ),
    ],
)
def test_what_is_told(copies: int, empty: int, group: str, time: str, sentence: str) -> None:
    frame, target = table(copies, empty)
    columns = [column(name, "numeric") for name in "abcd"]
    assert told(frame, columns, target, FORM, group, time) == sentence
