"""What is odd about a table: planted oddities are named, a clean table is left in peace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwizard.kinds.facts import Profile
from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.leaks import leaks
from modelwizard.kinds.tabular.profile import profile
from modelwizard.kinds.tabular.target import check_target
from modelwizard.settings import Format

FORM = Format("csv", missing=("", "?"))
RNG = np.random.default_rng(1)
N = 600
X = RNG.normal(size=N).round(4)
W = RNG.gamma(2, 2, N).round(4)
TWO = np.where(X + RNG.normal(size=N) > 0, "yes", "no")
AMOUNT = (3 * X + RNG.normal(size=N)).round(4)
MANY = RNG.choice(["a", "b", "c"], N)


def table(**extra: object) -> pd.DataFrame:
    cells = {"x": X, "w": W, "city": RNG.choice(["Oslo", "Rome"], N), **extra}
    return pd.DataFrame({name: pd.Series(map(str, column), dtype=str) for name, column in cells.items()})  # type: ignore[call-overload]


def profiled(problem: str = "binary", y: object = TWO, **extra: object) -> Profile:
    frame = table(**extra, y=y)
    return profile(frame, describe(frame, FORM), FORM, check_target(frame, ["y"], problem, FORM))


def test_a_clean_table_gives_no_caution() -> None:
    found = profiled()
    assert [caution.code for caution in found.cautions] == []
    assert (found.duplicates, found.leaks) == (0, ())


IDENTITY = [f"C-{i:04d}" for i in range(N)]
PERSON = [f"{i % 90}" for i in range(N)]
HOLLOW = np.where(RNG.random(N) < 0.3, "3", "")
MOSTLY = np.where(np.arange(N) < 3, "rare", "usual")
DATES = pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d")
CODES = [f"k{i % 250}" for i in range(N)]
MONEY = [f"${value:.2f}" for value in W]
CASES = RNG.choice(["Male", "male", "female"], N)
ENDLESS = np.where(np.arange(N) == 7, "inf", W)


@pytest.mark.parametrize(
    ("name", "cells", "code", "words"),
    [
        ("customer", IDENTITY, "identifier", "'customer' identifies the row and is not used"),
        ("user_id", PERSON, "identifier", "'user_id' identifies the row"),
        ("nine", ["9"] * N, "constant", "'nine' never changes and is not used"),
        ("flag", MOSTLY, "near-constant", "'flag' hardly ever changes."),
        ("hollow", HOLLOW, "mostly-missing", "'hollow' is empty in more than half"),
        ("fold", [i % 5 for i in range(N)], "split-like", "'fold' looks like an earlier split"),
        ("code", CODES, "many-categories", "'code' has many categories"),
        ("price", MONEY, "numbers-as-text", "'price' holds numbers with a sign or unit ($"),
        ("sex", CASES, "spelling", "which count as two categories"),
        ("ratio", ENDLESS, "infinite", "'ratio' holds infinite values"),
        ("day", ["01/02/2024", "03/04/2024", "05/06/2024"] * (N // 3), "doubtful-date", "day first or month first"),
    ],
)
def test_odd_columns_are_named(name: str, cells: object, code: str, words: str) -> None:
    found = [caution for caution in profiled(**{name: cells}).cautions if caution.code == code]
    assert len(found) == 1
    assert words in found[0].sentence
    assert found[0].columns == (name,)


def test_a_number_that_repeats_like_a_person_is_offered_as_a_group() -> None:
    assert list(profiled(user_id=PERSON, customer=IDENTITY).groups) == ["user_id"]


def test_dates_are_offered_with_their_range_and_order() -> None:
    found = profiled(day=DATES, other=DATES[::-1])
    assert dict(found.times) == {
        "day": "2024-01-01 to 2025-08-22, and the file is in this order",
        "other": "2024-01-01 to 2025-08-22",
    }
    assert found.time == "day"


def test_repeats_are_counted_whatever_their_identifier() -> None:
    frame = table()
    repeated = pd.concat([frame, frame.iloc[:9]], ignore_index=True)
    repeated.insert(0, "row_id", [f"r{i:04d}" for i in range(len(repeated))])
    assert profile(repeated, describe(repeated, FORM), FORM).duplicates == 9


def test_repeats_and_rare_classes_are_counted() -> None:
    frame = table(y=TWO)
    repeated = pd.concat([frame, frame.iloc[:9], frame.iloc[:4].assign(y="maybe")], ignore_index=True)
    target = check_target(repeated, ["y"], "multiclass", FORM)
    found = profile(repeated, describe(repeated, FORM), FORM, target)
    sentences = {caution.code: caution.sentence for caution in found.cautions}
    assert found.duplicates == 9
    assert sentences["rare-classes"].startswith("1 class has fewer than 30 rows (maybe)")


@pytest.mark.parametrize(
    ("problem", "y", "code", "words"),
    [
        (
            "binary",
            np.where(np.arange(N) < 12, "yes", "no"),
            "imbalance",
            "always predicting the other label is right in 98",
        ),
        ("binary", np.where(np.arange(N) < 60, "", TWO), "target-missing", "60 rows have no target"),
        ("multiclass", np.where(np.arange(N) < 12, "z", MANY), "rare-classes", "(z)"),
    ],
)
def test_odd_targets_are_named(problem: str, y: object, code: str, words: str) -> None:
    sentences = {caution.code: caution.sentence for caution in profiled(problem, y).cautions}
    assert words in sentences[code]


def test_few_rows_and_many_columns() -> None:
    frame = table(y=TWO).iloc[:60]
    wide = frame.assign(**{f"f{i}": RNG.normal(size=60).astype(str) for i in range(70)})
    codes = {caution.code for caution in profile(wide, describe(wide, FORM), FORM).cautions}
    assert codes == {"few-rows", "many-columns"}


HIT = (TWO == "yes").astype(float)
NOISY = np.where(RNG.random(N) < 0.01, 1 - HIT, HIT)
PLANTED = {
    "the label itself": ("binary", TWO, {"leak": TWO}, ("leak",)),
    "another word for it": ("binary", TWO, {"leak": np.where(TWO == "yes", "gone", "here")}, ("leak",)),
    "with one error in 100": ("binary", TWO, {"leak": NOISY}, ("leak",)),
    "a score of it": ("binary", TWO, {"leak": (HIT + 0.2 * RNG.random(N)).round(4)}, ("leak",)),
    "in a band": ("binary", TWO, {"leak": np.where(HIT > 0, RNG.uniform(-1, 1, N), RNG.uniform(2, 3, N))}, ("leak",)),
    "filled in afterwards": ("binary", TWO, {"leak": np.where(TWO == "yes", W, "")}, ("leak",)),
    "a text filled in afterwards": (
        "binary",
        TWO,
        {"leak": np.where(TWO == "yes", [f"he left us on day {i} of it" for i in range(N)], "")},
        ("leak",),
    ),
    "a date": ("binary", TWO, {"leak": np.where(TWO == "yes", DATES, "2020-01-01")}, ("leak",)),
    "a class code": ("multiclass", MANY, {"leak": [{"a": 7, "b": 1, "c": 3}[label] for label in MANY]}, ("leak",)),
    "another unit": ("regression", AMOUNT, {"leak": (AMOUNT * 1.8 + 32).round(3)}, ("leak",)),
    "a curve of it": ("regression", AMOUNT, {"leak": np.tanh(AMOUNT / 4).round(6)}, ("leak",)),
    "a sum": ("regression", (W + X).round(4), {"z": MANY}, ("x", "w")),
}


@pytest.mark.parametrize("case", PLANTED)
def test_planted_leaks_are_found(case: str) -> None:
    problem, y, extra, columns = PLANTED[case]
    found = profiled(problem, y, **extra)
    assert [leak.columns for leak in found.leaks] == [columns]
    assert any(caution.code == "leak" and caution.columns == columns for caution in found.cautions)


FAIR = {
    "a strong feature": ("binary", TWO, {"good": (HIT + 0.9 * RNG.normal(size=N)).round(4)}),
    "one error in 20": ("binary", TWO, {"good": np.where(RNG.random(N) < 0.05, 1 - HIT, HIT)}),
    "correlated at 0.97": ("regression", AMOUNT, {"good": (AMOUNT + 0.8 * RNG.normal(size=N)).round(4)}),
    "a code of each row": ("binary", TWO, {"code": [f"k{i}" for i in range(N)]}),
    "many codes": ("binary", TWO, {"code": [f"k{i % 300}" for i in range(N)]}),
    "noise": ("multiclass", MANY, {"noise": RNG.normal(size=N)}),
}


@pytest.mark.parametrize("case", FAIR)
def test_fair_features_are_not_suspected(case: str) -> None:
    problem, y, extra = FAIR[case]
    assert profiled(problem, y, **extra).leaks == ()


def test_leaks_of_several_targets_name_the_target() -> None:
    a, b = RNG.integers(0, 2, (2, N))
    frame = table(a=a, b=b, leak=np.where(b == 1, "on the list", "not there"))
    target = check_target(frame, ["a", "b"], "multilabel", FORM)
    assert [(leak.columns, leak.target) for leak in leaks(frame, describe(frame, FORM), target, FORM)] == [
        (("leak",), "b")
    ]
