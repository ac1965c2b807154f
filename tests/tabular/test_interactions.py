"""The screen for features: it finds the ratio that makes the target, and stays silent where columns simply add up."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from modelwizard.contract.results import Proposal
from modelwizard.kinds.tabular import interactions
from modelwizard.kinds.tabular.combine import OPERATIONS, Feature, pairs

ROWS = 1500
RNG = np.random.default_rng(5)
A, B, C = RNG.lognormal(0, 0.8, ROWS), RNG.lognormal(1, 0.8, ROWS), RNG.normal(size=ROWS)
NUMBERS = {"rooms": A, "households": B, "other": C}
NOISE = RNG.normal(size=ROWS)


def found(y: np.ndarray, problem: str = "regression", **more: object) -> list[Proposal]:
    return interactions.interactions(NUMBERS, {}, y, problem, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("op", "like"), [("ratio", np.log), ("product", np.log), ("difference", np.abs), ("sum", np.abs)]
)
def test_the_interaction_that_makes_the_target_is_proposed_first(op: str, like: Callable[..., np.ndarray]) -> None:
    numbers = NUMBERS if like is np.log else {"rooms": C, "households": RNG.normal(size=ROWS)}
    made = Feature(op, ("rooms", "households")).values(numbers)
    y = np.sin(2 * like(made)) + 0.1 * NOISE
    best = interactions.interactions(numbers, {}, y[:, None], "regression")[0]
    assert (best.op, "rooms" in best.name, "households" in best.name) == (op, True, True)
    assert best.t > 5
    assert 0.1 < best.share < 1


def test_what_is_chosen_is_taken_out_before_the_next_choice() -> None:
    y = np.sin(2 * np.log(A / B)) + 0.1 * NOISE
    first, *others = found(y[:, None])
    assert all(other.share < first.share / 3 for other in others)


def test_columns_that_add_up_propose_next_to_nothing() -> None:
    proposals = found((np.log(A) - np.log(B) + C + NOISE)[:, None])
    assert sum(one.share for one in proposals) < 0.03


@pytest.mark.parametrize("problem", ["binary", "multiclass", "multilabel", "count", "positive", "bounded", "vector"])
def test_every_problem_type_has_a_rest_to_explain(problem: str) -> None:
    ratio = np.sin(2 * np.log(A / B))
    y = {
        "binary": (ratio + 0.2 * NOISE > 0)[:, None],
        "multiclass": np.digitize(ratio, [-0.5, 0.5]),
        "multilabel": np.stack([ratio > 0, C > 0], axis=1),
        "count": RNG.poisson(np.exp(1 + ratio))[:, None],
        "positive": np.exp(ratio)[:, None],
        "bounded": (ratio[:, None] + 1) / 2,
        "vector": np.stack([ratio, C], axis=1),
    }[problem]
    dtype = int if problem == "multiclass" else float
    assert found(y.astype(dtype), problem)[0].name in ("rooms_per_households", "households_per_rooms")


def test_missing_values_and_categories_do_no_harm() -> None:
    holes = np.where(RNG.random(ROWS) < 0.2, np.nan, A)
    city = RNG.choice([f"city {i}" for i in range(400)], ROWS)
    y = np.sin(2 * np.log(A / B))[:, None]
    best = interactions.interactions({"rooms": holes, "households": B}, {"city": city}, y, "regression")[0]
    assert best.op == "ratio"


def test_one_number_has_no_partner() -> None:
    assert interactions.interactions({"a": A}, {}, A[:, None], "regression") == []


@pytest.mark.parametrize("op", OPERATIONS)
def test_the_line_of_code_computes_what_was_judged(op: str) -> None:
    of = ("d.days", "b")[: 1 + ("{b}" in OPERATIONS[op].code)]
    feature = Feature(op, of)
    columns = {"d.days": 15000 + 100 * C, "b": B}
    seen = dict(columns)
    exec(feature.code, {"keras": SimpleNamespace(ops=np), "columns": seen})
    assert np.allclose(seen[feature.name], feature.values(columns), rtol=1e-3, atol=1e-3)
    assert "." not in feature.name  # a point would make it a part of a date


def test_odd_names_are_quoted_in_code_and_worded_in_names() -> None:
    feature = Feature("ratio", ('say "hi", m²', "€"))
    assert feature.name == "say_hi_m²_per_column"
    assert feature.code == 'columns["say_hi_m²_per_column"] = columns["say \\"hi\\", m²"] / columns["€"]'


def test_dates_are_only_subtracted_from_each_other() -> None:
    assert [f.op for f in pairs([], ["from.days", "to.days"])] == ["difference"]
    assert len(pairs(["a", "b", "c"])) == 3 * 5


def test_logarithms_of_long_tails_only() -> None:
    numbers = {"tail": np.exp(2 * C), "normal": C + 10, "signed": np.exp(2 * C) - 1, "small": np.repeat([0.0, 9], 750)}
    assert [one.name for one in interactions.logarithms(numbers)] == ["log_tail"]


def test_dates_of_years_have_a_season_and_dates_with_hours_a_week() -> None:
    hours = np.arange(0, 800 * 24, 7.0)
    parts = {"d.days": hours // 24, "d.weekday": hours // 24 % 7, "d.hour": hours % 24}
    ops = [one.op for one in interactions.calendar(parts, list(parts))]
    assert ops == ["season sine", "season cosine", "hour of the week"]
    short = {name: values[:200] for name, values in parts.items()} | {"d.hour": np.zeros(200)}
    assert interactions.calendar(short, list(short)) == []


def test_correlated_columns_make_clusters_through_others_too() -> None:
    x = RNG.normal(size=(500, 1))
    step = [x + 0.45 * i * RNG.normal(size=(500, 1)) for i in (0, 1)]
    table = np.hstack([step[0], RNG.normal(size=(500, 1)), step[1], step[0] * 2, np.ones((500, 1))])
    assert interactions.clusters(table, ["a", "b", "c", "d", "e"]) == [["a", "c", "d"], ["b"], ["e"]]
