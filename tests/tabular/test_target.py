"""Targets: which problem they make, in what form, and what makes them unusable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from modelwizard.errors import DataError, UsageError
from modelwizard.evidence.scheme import check_rows, detectable_drop, rows_for
from modelwizard.kinds.tabular.amounts import check_infinite
from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.infer import infer, suggest_target
from modelwizard.kinds.tabular.target import check_target, positive_label
from modelwizard.problems import PROBLEMS
from modelwizard.settings import Format

FORM = Format("csv", missing=("", "?", "NA"))
RNG = np.random.default_rng(0)
POISSON = RNG.poisson(9, 300)
BURSTY = RNG.negative_binomial(1, 0.02, 300)
SKEWED = np.exp(RNG.normal(5, 1.5, 300)).round(2)
SHARES = RNG.beta(2, 3, 300).round(3)
NORMAL = RNG.normal(0, 9, 300).round(2)
FLAGS = RNG.integers(0, 2, (300, 4))


def table(**columns: Sequence[object] | np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([str(cell) for cell in cells], dtype=str) for name, cells in columns.items()})


@pytest.mark.parametrize(
    ("columns", "problem", "words"),
    [
        ({"y": ["No", "Yes"] * 50}, "binary", "2 distinct values: No, Yes"),
        ({"y": [0, 1] * 50}, "binary", "2 distinct values: 0, 1"),
        ({"y": [-1, 1] * 50}, "binary", "2 distinct values: -1, 1"),
        ({"y": ["a", "b", "c"] * 40}, "multiclass", "3 distinct labels: a, b, c"),
        ({"y": [3, 4, 5, 6, 7, 8, 9] * 20}, "multiclass", "7 distinct whole numbers, 3 to 9"),
        ({"y": SHARES}, "bounded", "values between 0 and 1, "),
        ({"y": SHARES / 20}, "regression", "distinct numbers"),  # all near 0: a small amount, no share
        ({"y": BURSTY}, "count", "zeros occur and large values have no end; over-dispersed: variance"),
        ({"y": SKEWED}, "positive", "all values above 0 and skewed"),
        ({"y": NORMAL}, "regression", "distinct numbers"),
        ({"a": FLAGS[:, 0], "b": FLAGS[:, 1], "c": FLAGS[:, 2]}, "multilabel", "3 columns of 0 and 1"),
        ({"a": ["yes", "no"] * 50, "b": ["no", "yes"] * 50}, "multilabel", "exactly one in each row"),
        ({"a": NORMAL, "b": SHARES}, "vector", "2 columns of numbers"),
    ],
)
def test_the_problem_follows_from_the_values(columns: dict[str, np.ndarray], problem: str, words: str) -> None:
    frame = table(**columns)
    guess = infer(frame, list(columns), FORM)
    assert guess.problem == problem, guess.reason
    assert words in guess.reason
    assert problem not in guess.impossible
    assert problem not in guess.alternatives
    check_target(frame, list(columns), problem, FORM)


GRADES = np.where(RNG.random(395) < 0.1, 0, RNG.normal(10.7, 4.2, 395).round().clip(0, 20))
AGES = RNG.gamma(4, 8, 800).round().clip(0, 80)


@pytest.mark.parametrize(
    ("name", "numbers", "problem", "words"),
    [
        ("G3", GRADES, "regression", "whole numbers, 0 to"),  # zeros, but an end instead of a tail
        ("rings", RNG.gamma(9.5, 1.05, 4177).round().clip(1, 29), "regression", "whole numbers, "),
        ("age", AGES, "regression", ""),
        ("x", AGES, "regression", ""),  # ages under another name
        ("year_built", RNG.integers(1890, 2015, 500), "regression", ""),
        ("rating", RNG.negative_binomial(1, 0.05, 500), "regression", ""),  # a rating, however it spreads
        ("exam", RNG.normal(66, 15, 1000).round().clip(0, 100), "regression", ""),
        ("salary", RNG.integers(20_000, 90_000, 400), "regression", ""),
        ("y", POISSON, "regression", ""),  # a mean of 9 hardly ever gives a zero: nothing says that it counts
        ("stars", RNG.integers(1, 6, 500), "multiclass", "few enough to be classes"),
        ("price", SKEWED.round(), "positive", "skewed"),
        ("calls", POISSON, "count", "its name says that something is counted; variance about equal to the mean"),
        ("calls", POISSON + 20, "regression", ""),  # half as spread as counts are
        ("goals", RNG.poisson(1.4, 900), "count", "its name"),
        ("n_visits", RNG.poisson(30, 400), "count", "its name"),
        ("NumberOfOrders", RNG.poisson(20, 400), "count", "its name"),
        ("rating_count", BURSTY, "count", "its name"),
        ("bicycles rented", RNG.negative_binomial(1, 0.005, 900) + 1, "count", "times the mean"),
    ],
)
def test_a_count_needs_a_reason(name: str, numbers: np.ndarray, problem: str, words: str) -> None:
    guess = infer(table(**{name: numbers.astype(int)}), [name], FORM)
    assert (guess.problem, words in guess.reason) == (problem, True), guess.reason
    assert problem == "count" or "count" in guess.alternatives


@pytest.mark.parametrize(
    ("cells", "offered", "order"),
    [
        (["low", "medium", "high"] * 40, True, ("low", "medium", "high")),
        (["S", "XL", "M", "L"] * 40, True, ("S", "M", "L", "XL")),
        ([3, 4, 5, 6, 7, 8, 9] * 20, True, ("3", "4", "5", "6", "7", "8", "9")),
        (["cat", "dog", "cow"] * 40, False, ("cat", "cow", "dog")),
        (["no", "yes"] * 60, None, ()),
        (NORMAL, None, ()),
    ],
)
def test_ordered_classes_are_offered_and_never_forced(
    cells: Sequence[object], offered: bool | None, order: tuple[str, ...]
) -> None:
    frame = table(y=cells)
    guess = infer(frame, ["y"], FORM)
    others = list(guess.alternatives)
    assert guess.problem != "ordinal"
    assert (others[:1] == ["ordinal"]) == bool(offered)
    assert ("ordinal" in guess.impossible) == (offered is None)
    if order:
        target = check_target(frame, ["y"], "ordinal", FORM)
        assert target.classes == order
        numbers = [order.index(str(cell)) for cell in cells]
        np.testing.assert_array_equal(target.y, np.array(numbers)[:, None] > np.arange(len(order) - 1))
        assert check_target(frame, ["y"], "ordinal", FORM, order=order[::-1]).classes == order[::-1]


@pytest.mark.parametrize(
    ("cells", "possible"),
    [
        ([0, 1] * 50, {"binary", "regression", "bounded", "multiclass", "count"}),
        ([3, 4, 5, 6, 7, 8, 9] * 20, {"multiclass", "ordinal", "regression", "count", "positive"}),
        (SHARES, {"bounded", "regression", "positive"}),
        (NORMAL, {"regression"}),
        (["a", "b", "c"] * 40, {"multiclass", "ordinal"}),
    ],
)
def test_what_fits_is_offered_and_the_rest_says_why_not(cells: np.ndarray, possible: set[str]) -> None:
    guess = infer(table(y=cells), ["y"], FORM)
    assert set(PROBLEMS) - set(guess.impossible) == possible
    assert {guess.problem, *guess.alternatives} <= possible
    assert all(guess.impossible.values())


@pytest.mark.parametrize(("rare", "metric"), [(2, "average_precision"), (30, "")])
def test_a_rare_label_wants_another_score(rare: int, metric: str) -> None:
    assert infer(table(y=["b"] * (100 - rare) + ["a"] * rare), ["y"], FORM).metric == metric


def test_mixed_targets_make_no_problem() -> None:
    with pytest.raises(DataError, match="make no problem together"):
        infer(table(a=NORMAL, b=["x", "y"] * 150), ["a", "b"], FORM)


@pytest.mark.parametrize(
    ("names", "suggested"),
    [
        (["age", "class", "city"], ("class",)),
        (["price", "x", "y", "z"], ("price",)),
        (["x", "y"], ("y",)),
        (["a", "b", "c"], ("c",)),
        (["Y1", "a", "Y2"], ("Y1", "Y2")),
        (["survived", "b", "c"], ("survived",)),
        (["b", "median_house_value", "c"], ("c",)),  # a number at the end is likelier than half a name
    ],
)
def test_names_and_places_suggest_a_target(names: list[str], suggested: tuple[str, ...]) -> None:
    frame = table(**{name: RNG.normal(size=60) for name in names})
    assert suggest_target(frame, describe(frame, FORM))[0] == suggested


def test_flags_at_one_end_are_suggested_together() -> None:
    frame = table(x=NORMAL, a=FLAGS[:, 0], b=FLAGS[:, 1], c=FLAGS[:, 2])
    assert suggest_target(frame, describe(frame, FORM))[0] == ("a", "b", "c")


def test_a_text_is_no_target() -> None:
    texts = [f"word{i} and other{i} things{i}" for i in range(300)]
    frame = table(mpg=NORMAL, name=texts)
    assert suggest_target(frame, describe(frame, FORM))[0] == ("mpg",)


@pytest.mark.parametrize(
    ("labels", "counts", "positive", "evident"),
    [
        (("No", "Yes"), (30, 70), "Yes", True),
        (("0", "1"), (30, 70), "1", True),
        (("-1", "1"), (90, 10), "1", True),
        (("true", "false"), (30, 70), "true", True),
        (("neg", "pos"), (50, 50), "pos", True),
        (("good", "bad"), (70, 30), "bad", False),
        (("<=50K", ">50K"), (76, 24), ">50K", False),
        (("ham", "spam"), (87, 13), "spam", False),
        (("1", "2"), (70, 30), "2", False),
        (("A", "B"), (50, 50), "B", False),
    ],
)
def test_which_label_is_positive(
    labels: tuple[str, str], counts: tuple[int, int], positive: str, evident: bool
) -> None:
    label, reason, sure = positive_label(labels, counts)
    assert (label, sure, bool(reason)) == (positive, evident, True)


@pytest.mark.parametrize(
    ("columns", "problem", "classes", "first", "unknown"),
    [
        ({"y": ["no", "yes", "", "no"] * 30}, "binary", ("no", "yes"), [[0], [1], [np.nan], [0]], 30),
        ({"y": ["10", "9", "NA", "10"] * 30}, "multiclass", ("9", "10"), [1, 0, -1, 1], 30),
        (
            {"a": [1, 0, "", 1] * 30, "b": [0, 1, 1, 1] * 30},
            "multilabel",
            (),
            [[1, 0], [0, 1], [np.nan, 1], [1, 1]],
            30,
        ),
        ({"a": ["x", "", "", "x"] * 30, "b": [0, 1, 0, 1] * 30}, "multilabel", (), [[1, 0], [0, 1], [0, 0], [1, 1]], 0),
        ({"a": ["1", "2", "-", "4"] * 30, "b": [0, 1, 2, 3] * 30}, "vector", (), [[1, 0], [2, 1], [np.nan, 2]], 30),
    ],
)
def test_canonical_values(
    columns: dict[str, list[object]], problem: str, classes: tuple[str, ...], first: list[object], unknown: int
) -> None:
    target = check_target(table(**columns), list(columns), problem, FORM)
    assert target.classes == classes
    assert int((~target.known).sum()) == unknown
    np.testing.assert_array_equal(target.y[: len(first)], np.array(first, dtype=float))


def test_the_positive_label_can_be_chosen() -> None:
    target = check_target(table(y=["good", "bad", "good"] * 30), ["y"], "binary", FORM, positive="good")
    assert (target.classes, target.counts) == (("bad", "good"), (30, 60))


LONG = 120
UNUSABLE = {
    "empty": ([""] * LONG, "regression", DataError, "is empty"),
    "mostly empty": (["1", "2"] * 20 + [""] * 80, "binary", DataError, "mostly empty"),
    "constant": (["a"] * LONG, "binary", DataError, "constant"),
    "a class of one row": (["a"] * 60 + ["b"] * 59 + ["c"], "multiclass", DataError, "fewer than 3 rows"),
    "infinite": (["1.5", "2.5", "inf"] * 40, "regression", DataError, "infinite"),
    "a word among numbers": ([*map(str, range(119)), "abc"], "regression", DataError, "no numbers"),
    "words": (["a", "b"] * 60, "regression", UsageError, "no numbers"),
    "three labels": (["a", "b", "c"] * 40, "binary", UsageError, "3 different values"),
    "no classes": ([*map(str, range(LONG))], "multiclass", UsageError, "too many to be classes"),
    "outside 0 to 1": (["0.5", "1.5"] * 60, "bounded", UsageError, "60 values lie outside 0 to 1"),
    "zeros": (["0", "1.5"] * 60, "positive", UsageError, "60 values are 0 or below"),
    "negative": (["-1", "3"] * 60, "count", UsageError, "negative"),
    "halves": (["0.5", "3"] * 60, "count", UsageError, "no whole numbers"),
    "too few rows": (["a", "b"] * 7, "binary", DataError, "14 rows with a target are too few"),
    "one target": (["1", "2"] * 60, "vector", UsageError, "needs several target columns"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_targets(case: str) -> None:
    cells, problem, kind, words = UNUSABLE[case]
    with pytest.raises(kind) as error:
        check_target(table(y=cells, x=range(len(cells))), ["y"], problem, FORM)
    assert words in error.value.what
    assert error.value.expected
    assert error.value.received


@pytest.mark.parametrize(("problem", "words"), [("binary", "multilabel"), ("multilabel", "neither yes nor no")])
def test_wrong_answers_name_the_right_one(problem: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        check_target(table(churn=["yes", "no"] * 60, x=range(120)), ["churn", "x"], problem, FORM)
    assert words in str(error.value)


def test_a_label_that_never_changes() -> None:
    with pytest.raises(DataError, match="1 of 2 labels never change"):
        check_target(table(a=[0, 1] * 60, b=["0", "0.0"] * 60), ["a", "b"], "multilabel", FORM)


def test_infinite_features_are_refused_by_name_and_row() -> None:
    frame = table(a=[1, 2] * 30, b=["1", "2", "inf", "4"] * 15)
    with pytest.raises(DataError, match="Column 'b' holds 15 infinite values") as error:
        check_infinite(frame, describe(frame, FORM), FORM)
    assert error.value.received == "inf in data row 3, 7, 11, 15, 19, …"


@pytest.mark.parametrize(("rows", "enough"), [(0, False), (14, False), (15, True), (5000, True)])
def test_too_few_rows_say_how_many_would_do(rows: int, enough: bool) -> None:
    if enough:
        check_rows(rows)
    else:
        with pytest.raises(DataError, match="too few") as error:
            check_rows(rows)
        assert "at least 15; about 250" in str(error.value.expected)


@pytest.mark.parametrize(("validation", "test", "points"), [(300, 300, 10.2), (2000, 2000, 3.9), (40, 10, 44.0)])
def test_detectable_drop(validation: int, test: int, points: float) -> None:
    assert round(100 * detectable_drop(validation, test), 1) == points


@pytest.mark.parametrize("drop", [0.05, 0.1, 0.2])
def test_so_many_rows_do_notice_that_drop(drop: float) -> None:
    rows = rows_for(drop)
    assert detectable_drop(round(0.8 * rows), round(0.2 * rows)) <= drop
    assert detectable_drop(round(0.6 * rows), round(0.15 * rows)) > drop
