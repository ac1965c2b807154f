"""The data room's findings in the words of the questions, on small real tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelwizard.errors import DataError, UsageError
from modelwizard.kinds.tabular.screen import summary
from modelwizard.wizard.survey import Survey


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def survey(place: Path, told: list[str]) -> Survey:
    rows = [
        f"C{n:04d},{20 + n % 50},{'ab'[n % 2]}{n % 3},{n % 2},{'yn'[n % 4 < 1]},{'yn'[n % 4 < 1]}x" for n in range(120)
    ]
    (place / "shop.csv").write_text("customer_id,age,shop,flag,left,reason\n" + "\n".join(rows) + "\n")
    (place / "notes.txt").write_text("not a table")
    (place / "data").mkdir()
    (place / "data" / "old.tsv").write_text("a\tb\n1\t2\n")
    return Survey(told.append, place)


def test_files_nearby_and_examples_are_offered(survey: Survey) -> None:
    facts = survey.learn({})
    assert facts.files == ("shop.csv", "data/old.tsv")
    assert "churn" in facts.examples()
    assert facts.data is None


def test_the_file_is_read_once(survey: Survey, told: list[str]) -> None:
    known: dict[str, Any] = {"data": "shop.csv"}
    for name, value in (("target", ("left",)), ("ignore", ()), ("leaks", ("reason",)), ("problem", "binary")):
        survey.learn(known)
        known[name] = value
    survey.learn(known)
    assert told == ["Reading shop.csv …"]


def test_a_table_in_words(survey: Survey) -> None:
    table = survey.learn({"data": "shop.csv"}).require_data()
    assert table.source.rows == 120
    assert {c.name: c.kind for c in table.columns} == {
        "customer_id": "identifier",
        "age": "numeric",
        "shop": "categorical",
        "flag": "boolean",
        "left": "boolean",
        "reason": "categorical",
    }
    assert summary(table.columns[3]) == "0 50%, 1"
    assert table.odd == {"customer_id"}
    assert any("customer_id" in caution.sentence for caution in table.cautions)
    assert survey.learn({"data": "shop.csv"}).folder == "shop"


def test_a_target_in_words(survey: Survey) -> None:
    target = survey.learn({"data": "shop.csv", "target": ("left",)}).require_target()
    assert (target.problem, target.positive, target.positive_evident) == ("binary", "y", True)
    assert dict(target.labels) == {"n": 30, "y": 90} or dict(target.labels) == {"y": 30, "n": 90}
    assert list(target.leaks) == ["reason"]
    assert target.initial_loss["binary/binary_crossentropy"] == pytest.approx(0.5623, abs=1e-3)


def test_columns_left_out_still_show_why(survey: Survey) -> None:
    known = {"data": "shop.csv", "target": ("left",), "ignore": (), "leaks": ("reason",)}
    facts = survey.learn(known)
    assert facts.require_data().columns[5].kind == "ignore"
    assert list(facts.require_target().leaks) == ["reason"]


def test_columns_ignored_by_hand_leak_no_more(survey: Survey) -> None:
    facts = survey.learn({"data": "shop.csv", "target": ("left",), "ignore": ("reason",)})
    assert not facts.require_target().leaks


def test_kinds_can_be_overridden(survey: Survey) -> None:
    facts = survey.learn({"data": "shop.csv", "columns": {"age": "categorical"}})
    assert facts.require_data().columns[1].kind == "categorical"
    with pytest.raises(UsageError, match="cannot be numeric"):
        survey.learn({"data": "shop.csv", "columns": {"shop": "numeric"}})


def test_the_format_can_be_overridden(survey: Survey) -> None:
    facts = survey.learn({"data": "shop.csv", "missing": ("", "C0001")})
    assert facts.require_data().source.missing == ("", "C0001")


def test_a_delimiter_that_nobody_guesses_can_be_given(survey: Survey, place: Path) -> None:
    (place / "odd.csv").write_text("x^y\n" + "\n".join(f"{n}^{n % 2}" for n in range(99)) + "\n")
    with pytest.raises(DataError, match="one column only"):
        survey.learn({"data": "odd.csv"})
    facts = survey.learn({"data": "odd.csv", "delimiter": "^"})
    assert [column.name for column in facts.require_data().columns] == ["x", "y"]


def test_the_scheme_is_known_when_the_rows_can_be_divided(survey: Survey) -> None:
    known = {"data": "shop.csv", "target": ("left",), "problem": "binary", "group": "", "time": ""}
    facts = survey.learn(known)
    assert facts.scheme == "kfold"
    assert facts.split_reason.endswith(".")
    split = survey.divide({**known, "validation": "holdout", "test_size": 0.2, "validation_size": 0.2, "seed": 1})
    assert split.settings.scheme == "holdout"
    assert len(split.parts) == len(survey.hashes(known)) == 120
    assert set(split.parts) == {"train", "validation", "test"}
    assert survey.learn({**known, "validation": "kfold"}).split_reason.startswith("As you chose")


def test_an_example_is_written_nowhere_but_into_the_project(survey: Survey, place: Path) -> None:
    before = sorted(place.rglob("*"))
    known = {"data": "example:iris"}
    facts = survey.learn(known)
    assert facts.require_data().targets == ("species",)
    assert facts.folder == "iris"
    assert list(survey.bundled(known)) == ["iris.csv"]
    assert survey.bundled({"data": "shop.csv"}) == {}
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize(
    ("known", "error"),
    [
        ({"data": "none.csv"}, DataError),
        ({"data": "data"}, DataError),
        ({"data": "example:none"}, UsageError),
        ({"data": "shop.csv", "target": ("customer_id",)}, UsageError),
    ],
)
def test_what_cannot_be_learned_is_an_error(survey: Survey, known: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        survey.learn(known)


def test_infinite_features_are_refused(survey: Survey, place: Path) -> None:
    (place / "odd.csv").write_text("x,y\n" + "\n".join(f"{'inf' if n == 7 else n},{n % 2}" for n in range(99)) + "\n")
    known = {"data": "odd.csv", "target": ("y",), "problem": "binary", "group": "", "time": ""}
    with pytest.raises(DataError, match="Column 'x' holds 1 infinite value"):
        survey.learn(known)


def test_a_free_folder_is_offered(survey: Survey, place: Path) -> None:
    (place / "shop").mkdir()
    assert survey.learn({"data": "shop.csv"}).folder == "shop-2"


def test_a_likely_problem_that_cannot_be_learned_gives_way_to_the_next(survey: Survey, place: Path) -> None:
    grades = [3 + n % 5 for n in range(99)] + [9]
    (place / "wine.csv").write_text(
        "acid,quality\n" + "\n".join(f"{n / 7:.2f},{q}" for n, q in enumerate(grades)) + "\n"
    )
    target = survey.learn({"data": "wine.csv", "target": ("quality",)}).require_target()
    assert target.problem == "regression"
    assert "multiclass is ruled out" in target.reason
    with pytest.raises(DataError):
        survey.learn({"data": "wine.csv", "target": ("quality",), "problem": "multiclass"})
