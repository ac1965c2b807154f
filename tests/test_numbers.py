"""Numbers as a person reads them."""

from __future__ import annotations

import math

import pytest

from modelwizard.words import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8461, "0.846"), (0.0, "0"), (1.2345, "1.23"), (-0.05, "-0.050"), (151.262, "151"), (69_123.4, "69,123"),
        (0.00002, "2e-05"), (math.nan, "–"), (None, "–"), ("0.5", "–"), (True, "–"), (math.inf, "–"),
    ],
)  # fmt: skip
def test_a_figure(value: object, text: str) -> None:
    assert numbers.figure(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.5, 0.8461], ["0.500", "0.846"]),
        ([1.104, 0.7149], ["1.104", "0.715"]),
        ([163.42, 15.2, None], ["163.4", "15.2", "–"]),
        ([69_123.4, 1.0], ["69,123", "1"]),
        ([-0.0001, 0.5], ["0.000", "0.500"]),
        ([], []),
    ],
)
def test_a_column_of_figures_has_the_same_decimals(values: list[object], texts: list[str]) -> None:
    assert numbers.alike(values) == texts


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (12.3, "12 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (None, "–")],
)
def test_a_duration(seconds: object, text: str) -> None:
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [([0.12, 0.19], "0.120 to 0.190"), ([None, 0.2], ""), (None, ""), ("ab", ""), ([1], "")],
)
def test_a_span(given: object, text: str) -> None:
    assert numbers.span(given) == text


@pytest.mark.parametrize(("p", "text"), [(0.0123, "p = 0.012"), (1e-9, "p < 0.0001"), (math.nan, ""), (None, "")])
def test_a_chance(p: object, text: str) -> None:
    assert numbers.chance(p) == text


def test_amounts_and_lists() -> None:
    assert [numbers.count(n, "look") for n in (0, 1, 1200)] == ["0 looks", "1 look", "1,200 looks"]
    assert [numbers.listed(list(w)) for w in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
