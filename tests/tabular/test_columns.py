"""The kind of a column, from its cells and its name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwizard.errors import UsageError
from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.columns import describe, override
from modelwizard.kinds.tabular.dates import date_format, to_time
from modelwizard.kinds.tabular.numbers import to_number
from modelwizard.settings import Format

FORM = Format("csv", missing=("", "?", "NA"))
RNG = np.random.default_rng(0)
DAYS = pd.date_range("2023-01-28", periods=60).strftime


def column(cells: list[str], name: str = "x", form: Format = FORM) -> Column:
    return describe(pd.DataFrame({name: pd.Series(cells, dtype=str)}), form)[0]


def words(count: int, each: int) -> list[str]:
    return [" ".join(f"w{RNG.integers(0, 300)}" for _ in range(each)) for _ in range(count)]


@pytest.mark.parametrize(
    ("cells", "name", "kind"),
    [
        (["1.5", "2", "-3e4"] * 20, "x", "numeric"),
        (["1.5", "", "?", "2"] * 20, "x", "numeric"),
        (["1.5", "None", "-", "2"] * 20, "x", "numeric"),
        ([*map(str, range(100)), "error"], "x", "numeric"),
        (["1", "2", "3", "4"] * 20, "season", "numeric"),
        (["0", "1"] * 20, "x", "boolean"),
        (["yes", "No", "YES"] * 20, "x", "categorical"),
        (["Yes", "No", ""] * 20, "x", "boolean"),
        (["True", "False"] * 20, "x", "boolean"),
        (["male", "female"] * 20, "x", "categorical"),
        (["yes", "none"] * 20, "x", "categorical"),
        (["none", "bank", "stores"] * 20, "x", "categorical"),
        (["yes", "", ""] * 20, "x", "categorical"),  # there or not: that is information
        (["9"] * 20, "x", "constant"),
        ([""] * 20, "x", "constant"),
        ([str(i) for i in range(1, 61)], "row", "identifier"),
        ([str(i) for i in RNG.permutation(60)], "customer_id", "identifier"),
        ([str(i) for i in RNG.permutation(60)], "rank", "numeric"),
        ([str(i * 37 % 5000) for i in range(500)], "PassengerId", "identifier"),
        ([str(i % 6) for i in range(500)], "department_id", "numeric"),
        ([str(i % 6) for i in range(500)], "acid", "numeric"),
        ([f"{i:04d}-AB" for i in range(60)], "code", "identifier"),
        ([f"C{i % 200}" for i in range(500)], "user_id", "identifier"),
        ([f"{i % 30:05d}" for i in range(500)], "zip", "categorical"),
        (words(60, 8), "x", "text"),
        (words(60, 3), "x", "text"),
        ([f"some words {i % 1100} that come often" for i in range(9000)], "x", "text"),
        (["New York", "San Jose", "Oslo"] * 30, "x", "categorical"),
        ([f"street {i % 45} north" for i in range(500)], "x", "categorical"),
        (["这个产品的质量非常好我很喜欢它的外观" + chr(0x4E00 + i) for i in range(60)], "x", "text"),
        ([*DAYS("%Y-%m-%d")], "x", "date"),
        ([*DAYS("%Y%m%d")], "x", "date"),
        (["october", "may", "june"] * 20, "date", "categorical"),
        (["90-100", "80-89", "lt-80"] * 20, "x", "categorical"),
        (["<50", "50-100", ">100"] * 20, "x", "categorical"),
    ],
)
def test_kinds(cells: list[str], name: str, kind: str) -> None:
    found = column(cells, name)
    assert (found.kind, bool(found.reason)) == (kind, True), found.reason


@pytest.mark.parametrize(
    ("cells", "missing", "distinct"),
    [
        (["1", "2", "", "?", "-", "oops"] + ["3"] * 100, 4, 5),  # "-" and "oops" are no numbers
        (["a", "b", "", "?", "-"] * 5, 10, 3),  # among words "-" is a word
        (["1", "inf", "NA"] * 5, 5, 2),
    ],
)
def test_what_is_missing_depends_on_the_kind(cells: list[str], missing: int, distinct: int) -> None:
    found = column(cells)
    assert (found.missing, found.distinct) == (missing, distinct)


def test_infinities_are_counted() -> None:
    assert column(["1", "inf", "-Infinity", "2"] * 5).infinite == 10


def test_junk_among_numbers_is_named() -> None:
    assert "oops read as missing" in column([*map(str, range(100)), "oops"]).reason


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2024-05-31", "2024-06-01"], "%Y-%m-%d"),
        (["2011-01-01 00:00:00", "2011-01-01 13:00:00"], "%Y-%m-%d %H:%M:%S"),
        (["2011-01-01T00:00:00.123Z", "2011-01-01T13:00:00Z"], "ISO8601"),
        (["31.05.2024", "01.06.2024"], "%d.%m.%Y"),
        (["05/31/2024", "06/01/2024"], "%m/%d/%Y"),
        (["31/05/2024", "01/06/2024"], "%d/%m/%Y"),
        (["01/02/2024", "01/03/2024", "02/01/2024"], "%m/%d/%Y"),  # sorted only with the month first
        (["01/02/2024", "01/03/2024", "01/04/2024"], "%m/%d/%Y"),  # sorted both ways: three days of one month
        (["01/02/2024", "03/04/2024"], "%d/%m/%Y"),  # no telling: day first
        (["31 May 2024", "1 Jun 2024"], "%d %b %Y"),
        (["May 31, 2024", "Jun 1, 2024"], "%b %d, %Y"),
        (["20240531", "20240601"], "%Y%m%d"),
        (["2024-05", "2024-06"], "%Y-%m"),
        (["2024年5月31日", "2024年6月1日"], "%Y年%m月%d日"),
        (["20249931", "20240601"], None),
        (["may", "june"], None),
        (["1.5", "2.5"], None),
        (["2024-05-31", "soon"], None),
        ([], None),
    ],
)
def test_date_formats(values: list[str], form: str | None) -> None:
    assert date_format(values) == form


def test_a_date_that_does_not_fit_is_no_time() -> None:
    times = to_time(["2024-05-31", "", "tomorrow"], "%Y-%m-%d")
    assert np.isnat(times).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("cells", "signs", "numbers"),
    [
        (["1", " 2.5 ", "-3e2", ".5", "+4"], (".", ""), [1, 2.5, -300, 0.5, 4]),
        (["1,5", "-2", "1e3"], (",", ""), [1.5, -2, 1000]),
        (["1.234,5", "12.000"], (",", "."), [1234.5, 12000]),
        (["1,234.5", "−7"], (".", ","), [1234.5, -7]),
        (["", "?", "abc", "0x10", "1_000", "True"], (".", ""), [np.nan] * 6),
        (["inf", "-inf"], (".", ""), [np.inf, -np.inf]),
    ],
)
def test_numbers(cells: list[str], signs: tuple[str, str], numbers: list[float]) -> None:
    np.testing.assert_array_equal(to_number(np.array(cells, dtype=object), *signs), numbers)


def test_a_number_can_mean_missing() -> None:
    found = to_number(np.array(["1", "-999"], dtype=object), missing=("", "-999"))
    np.testing.assert_array_equal(found, [1, np.nan])


FRAME = pd.DataFrame(
    {
        "code": ["1", "2", "3", "x"] * 10,
        "city": ["Oslo", "Rome"] * 20,
        "day": ["2024-05-31", "2024-06-01"] * 20,
    },
    dtype=str,
)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"code": "numeric"}, ["numeric", "categorical", "date"]),
        ({"code": "ignore", "day": "categorical"}, ["ignore", "categorical", "categorical"]),
        ({}, ["categorical", "categorical", "date"]),
    ],
)
def test_a_person_may_say_otherwise(kinds: dict[str, str], expected: list[str]) -> None:
    changed = override(FRAME, FORM, describe(FRAME, FORM), kinds)
    assert [c.kind for c in changed] == expected
    assert all(c.reason == "as you chose" for c in changed if c.name in kinds)


def test_a_column_made_numeric_counts_words_as_missing() -> None:
    assert override(FRAME, FORM, describe(FRAME, FORM), {"code": "numeric"})[0].missing == 10


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ({"city": "numeric"}, ["cannot be numeric", "Oslo"]),
        ({"city": "date"}, ["cannot be a date", "2024-05-31"]),
    ],
)
def test_what_cannot_be_is_refused(kinds: dict[str, str], words: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        override(FRAME, FORM, describe(FRAME, FORM), kinds)
    assert all(word in str(error.value) for word in words), str(error.value)
