"""Order, defaults, checks and ways back, with a scripted person."""

from __future__ import annotations

from typing import Any

import pytest

from modelwizard.conversation import BACK
from modelwizard.errors import DataError, UsageError
from modelwizard.kinds.question import ALL, OTHER, meant
from modelwizard.wizard.given import Given
from modelwizard.wizard.interview import Interview
from modelwizard.wizard.questions import BY_NAME

TEXTS = {question.text: question.name for question in BY_NAME.values()}


def flags(**values: Any) -> dict[str, Given]:
    return {name: Given(value, "flag") for name, value in values.items()}


def interview(talk: Any, survey: Any, given: dict[str, Given] | None = None, **settings: Any) -> Interview:
    shown: list[str] = []
    made = Interview(talk, survey.learn, given or {}, lambda name, known, facts: shown.append(name), **settings)
    made.shown = shown  # type: ignore[attr-defined]
    return made


def asked(talk: Any) -> list[str]:
    return [TEXTS.get(text, text) for text in talk.asked]


def test_enter_all_the_way_gives_every_answer(script: Any, survey: Any) -> None:
    talk = script(*[...] * 7)
    walk = interview(talk, survey)
    walk.run()
    assert asked(talk) == ["data", "target", "problem", "metric", "time", "validation", "directory"]
    assert walk.known == {
        "data": "churn.csv",
        "target": ("churn",),
        "ignore": (),
        "columns": {},
        "problem": "binary",
        "loss": "binary_crossentropy",
        "positive": "yes",
        "metric": "roc_auc",
        "group": "",
        "time": "",
        "validation": "auto",
        "directory": "churn",
        "test_size": 0.2,
        "validation_size": 0.2,
        "batch_size": 32,
        "seed": 0,
    }
    assert walk.shown == ["data", "head"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"data": "x.csv"}, ["target", "problem", "metric", "time", "validation", "directory"]),
        ({"data": "x.csv", "target": ("churn",), "metric": "f1"}, ["problem", "time", "validation", "directory"]),
        ({"data": "x.csv", "target": ("share",)}, ["problem", "loss", "metric", "time", "validation", "directory"]),
        ({"data": "x.csv", "target": ("plan",)}, ["leaks", "problem", "metric", "time", "validation", "directory"]),
        ({"data": "x.csv", "target": ("age", "share")}, ["problem", "metric", "time", "validation", "directory"]),
    ],
)
def test_what_is_given_or_needless_is_not_asked(script: Any, survey: Any, given: Any, expected: list[str]) -> None:
    talk = script(*[...] * len(expected))
    interview(talk, survey, flags(**given)).run()
    assert asked(talk) == expected


@pytest.mark.parametrize(
    ("value", "names", "found"),
    [
        ("Price ", ["Price", "price"], "Price"),
        ("price", ["age", "Price "], "Price "),
        ("PRICE", ["Price"], "Price"),
        ("net  price", ["Net Price"], "Net Price"),
        ("price", ["Price", "PRICE"], "price"),
        ("prize", ["price"], "prize"),
        ("straße", ["STRASSE"], "STRASSE"),
    ],
)
def test_names_are_matched_after_trimming_and_then_by_case(value: str, names: list[str], found: str) -> None:
    assert meant(value, names) == found


def test_a_name_that_was_matched_says_how_the_file_has_it(script: Any, survey: Any) -> None:
    walk = interview(script(), survey, flags(data="x.csv", target=("Plan ",)), yes=True)
    walk.run()
    assert walk.answers["target"].value == ("plan",)
    assert walk.answers["target"].reason.endswith("; so it is named in the file")


def test_positive_exists_only_for_two_labels(script: Any, survey: Any) -> None:
    walk = interview(script(), survey, flags(data="x.csv", target=("plan",)), yes=True)
    walk.run()
    assert "positive" not in walk.known
    assert "positive" not in [question.name for question in walk.applicable()]


def test_going_back_asks_the_question_before_and_offers_what_was_said(script: Any, survey: Any) -> None:
    talk = script(..., "plan", BACK, *[...] * 7)
    walk = interview(talk, survey)
    walk.run()
    # data, target = plan, then back at `leaks`: target again, offering plan
    assert asked(talk)[:5] == ["data", "target", "leaks", "target", "leaks"]
    assert talk.prompts[3].default == "plan"
    assert walk.known["target"] == ("plan",)


def test_the_first_question_has_no_way_back(script: Any, survey: Any) -> None:
    talk = script(*[...] * 7)
    interview(talk, survey).run()
    assert [prompt.back for prompt in talk.prompts] == [False, *[True] * 6]


def test_going_back_drops_what_followed_from_the_answer(script: Any, survey: Any) -> None:
    talk = script(..., ..., "multiclass", BACK, BACK, "share", ..., ..., ..., ..., ..., ...)
    walk = interview(talk, survey)
    walk.run()
    assert asked(talk)[:6] == ["data", "target", "problem", "metric", "problem", "target"]
    assert walk.known["problem"] == "bounded"


def test_an_unusable_answer_is_explained_and_asked_again(script: Any, survey: Any) -> None:
    talk = script(OTHER, "missing.csv", OTHER, "here.csv", *[...] * 6)
    walk = interview(talk, survey)
    walk.run()
    assert walk.known["data"] == "here.csv"
    assert any("There is no such file" in line for line in talk.told)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"data": "missing.csv"}, DataError, "no such file"),
        ({"target": ("chrun",)}, UsageError, "'chrun' is not a column of the data"),
        ({"target": ("since",)}, DataError, "makes no problem"),
        ({"problem": "bynary"}, UsageError, "--problem binary"),
        ({"problem": "count"}, UsageError, "the values are no numbers"),
        ({"metric": "rmse"}, UsageError, "'rmse' is not a metric for a binary problem"),
        ({"positive": "maybe"}, UsageError, "'maybe' is not a label of the target"),
        ({"group": "churn"}, UsageError, "is the target"),
        ({"ignore": ("churn",)}, UsageError, "cannot be ignored"),
        ({"columns": {"age": "number"}}, UsageError, "'number' is not a column type"),
        ({"validation": "10fold"}, UsageError, "'10fold' is not a validation scheme"),
        ({"test_size": 0.9}, UsageError, "from 0.05 to 0.5"),
        ({"batch_size": 0}, UsageError, "from 1 to 4096"),
        ({"seed": -1}, UsageError, "from 0 to"),
    ],
)
def test_a_given_answer_that_cannot_be_used_ends_the_walk(
    script: Any, survey: Any, given: Any, error: type[Exception], words: str
) -> None:
    walk = interview(script(attended=False), survey, flags(**{"data": "x.csv", "target": ("churn",)} | given), yes=True)
    with pytest.raises(error) as raised:
        walk.run()
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("given", "settings", "missing"),
    [
        ({}, {"ask": False}, ["--data PATH", "--target COLUMN"]),
        ({"data": "x.csv"}, {"ask": False}, ["--target COLUMN"]),
        ({"target": ("churn",)}, {}, ["--data PATH"]),
        ({}, {"yes": True}, ["--data PATH"]),
    ],
)
def test_nobody_to_ask_names_the_flags(script: Any, survey: Any, given: Any, settings: Any, missing: list[str]) -> None:
    walk = interview(script(attended=False), survey, flags(**given), **settings)
    with pytest.raises(UsageError) as raised:
        walk.run()
    assert all(flag in str(raised.value) for flag in missing)


def test_without_a_person_the_data_decide_what_is_not_essential(script: Any, survey: Any) -> None:
    talk = script(attended=False)
    walk = interview(talk, survey, flags(data="x.csv", target=("churn",)), ask=False)
    walk.run()
    assert talk.asked == []
    assert walk.answers["problem"] == Given("binary", "default", "2 distinct values: no, yes")


def test_changing_the_target_asks_again_what_depends_on_it(script: Any, survey: Any) -> None:
    talk = script(*[...] * 7)
    walk = interview(talk, survey)
    walk.run()
    talk.asked.clear()
    talk.replies = ["share", ..., ..., ..., ..., ...]
    walk.change("target")
    assert asked(talk) == ["target", "problem", "loss", "metric", "time", "validation"]
    assert walk.known["problem"] == "bounded"
    assert walk.known["directory"] == "churn"


def test_changing_to_the_same_answer_changes_nothing(script: Any, survey: Any) -> None:
    talk = script(*[...] * 7, ...)
    walk = interview(talk, survey)
    walk.run()
    before = walk.answers
    walk.change("problem")
    assert walk.answers == before


def test_changing_one_setting_keeps_all_others(script: Any, survey: Any) -> None:
    talk = script(*[...] * 7, "64")
    walk = interview(talk, survey)
    walk.run()
    before = walk.known
    walk.change("batch_size")
    assert walk.known == {**before, "batch_size": 64}


def test_changing_to_an_unusable_answer_restores_the_old_one(script: Any, survey: Any) -> None:
    talk = script(*[...] * 7)
    walk = interview(talk, survey)
    walk.run()
    before = walk.known
    talk.replies = ["since", BACK]
    walk.change("target")
    assert walk.known == before


def test_changing_a_kind_keeps_the_other_overrides(script: Any, survey: Any) -> None:
    walk = interview(script("age", "categorical"), survey, flags(data="x.csv", columns={"plan": "text"}), yes=True)
    walk.run()
    walk.change("columns")
    assert walk.known["columns"] == {"plan": "text", "age": "categorical"}


def test_several_targets_are_marked_in_a_list(script: Any, survey: Any) -> None:
    talk = script(OTHER, ["age", "share"], *[...] * 5)
    walk = interview(talk, survey, flags(data="x.csv"))
    walk.run()
    assert walk.known["target"] == ("age", "share")
    assert walk.known["problem"] == "vector"


def test_examples_are_a_list_of_their_own(script: Any, survey: Any) -> None:
    talk = script(ALL, BACK, ALL, "example:wine", *[...] * 6)
    walk = interview(talk, survey)
    walk.run()
    assert talk.asked[:4] == ["Where are your data?", "Which example?"] * 2
    assert walk.known["data"] == "example:wine"


def test_every_question_has_a_text_a_reason_and_a_flag() -> None:
    for question in BY_NAME.values():
        assert question.text.endswith("?")
        assert question.why.endswith(".")
        assert len(question.why) <= 120
        assert question.flag.startswith(("--", "DIR"))
