"""Answers without a prompt: flag > --set > answers file > environment, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelwizard.errors import UsageError
from modelwizard.wizard.given import KEYS, Given, collect, read_answers, write_answers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "answers.toml"
    path.write_text(
        'metric = "file"\nproblem = "file"\ntarget = ["a", "b"]\nseed = 3\n[columns]\nzip = "categorical"\n'
    )
    return path


@pytest.mark.parametrize(
    ("flags", "settings", "use_file", "environ", "winner"),
    [
        ({"metric": "flag"}, ["metric=set"], True, {"MODELWIZARD_METRIC": "env"}, ("flag", "flag")),
        ({"metric": None}, ["metric=set"], True, {"MODELWIZARD_METRIC": "env"}, ("set", "set")),
        ({}, [], True, {"MODELWIZARD_METRIC": "env"}, ("file", "file")),
        ({}, [], False, {"MODELWIZARD_METRIC": "env"}, ("env", "environment")),
    ],
)
def test_the_stronger_source_wins(
    file: Path, flags: Any, settings: Any, use_file: bool, environ: Any, winner: tuple[str, str]
) -> None:
    answer = collect(flags, settings, file if use_file else None, environ)["metric"]
    assert (answer.value, answer.source) == winner


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("batch_size=16", "batch_size", 16),
        ("test_size=0.3", "test_size", 0.3),
        ("target=a, b", "target", ("a", "b")),
        ("missing=?,NA,", "missing", ("?", "NA", "")),
        ("columns.zip code=text", "columns", {"zip code": "text"}),
        ("time=", "time", ""),
        ("delimiter=;", "delimiter", ";"),
        ("positive=a=b", "positive", "a=b"),
    ],
)
def test_settings_are_read_as_the_type_of_their_question(setting: str, key: str, value: Any) -> None:
    assert collect({}, [setting], None, {})[key].value == value


def test_kinds_of_columns_add_up(file: Path) -> None:
    given = collect({}, ["columns.age=numeric", "columns.name=ignore"], file, {})
    assert given["columns"].value == {"zip": "categorical", "age": "numeric", "name": "ignore"}


def test_empty_flags_are_not_given() -> None:
    assert collect({"data": None, "target": (), "ignore": []}, [], None, {}) == {}


def test_variables_of_other_programs_are_left_alone() -> None:
    assert collect({}, [], None, {"MODELWIZARD_HOME": "x", "METRIC": "y"}) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrik = 'f1'", ["'metrik'", "did you mean 'metric'"]),
        ("seed = 'one'", ["'seed'", "a whole number", "'one' (text)"]),
        ("seed = true", ["a whole number", "true or false"]),
        ("test_size = [0.2]", ["a number between 0 and 1"]),
        ("target = [1, 2]", ["a list of texts"]),
        ("columns = 'text'", ["a table"]),
        ("data = 3", ["text in quotes"]),
        ("data = ", ["not valid TOML"]),
    ],
)
def test_an_answers_file_that_cannot_be_used(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_answers(path)
    assert all(word in str(raised.value) for word in words)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("metric", "KEY=VALUE"),
        ("=f1", "KEY=VALUE"),
        ("metrics=f1", "did you mean 'metric'"),
        ("seed=x", "a whole number"),
        ("columns=a", "columns.NAME=KIND"),
    ],
)
def test_settings_that_cannot_be_used(setting: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        collect({}, [setting], None, {})
    assert words in str(raised.value)


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_answers(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"data = '\xe9'")
    with pytest.raises(UsageError, match="cannot be read"):
        read_answers(tmp_path / "latin.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_answers(tmp_path)


@pytest.mark.parametrize(
    "answers",
    [
        {"data": 'a "quoted" \\ path.csv', "target": ("ä", "b,c"), "seed": 7, "test_size": 0.25},
        {"positive": "", "columns": {"zip code": "text", "é\x7f": "ignore"}},
        {"ignore": ()},
    ],
)
def test_written_answers_are_read_again(tmp_path: Path, answers: dict[str, Any]) -> None:
    path = tmp_path / "a.toml"
    path.write_text(write_answers(answers), encoding="utf-8")
    assert {key: answer.value for key, answer in read_answers(path).items()} == answers


def test_every_key_has_a_type() -> None:
    assert set(KEYS.values()) <= {"text", "list", "integer", "share", "kinds"}
    assert Given("x", "flag").reason == ""
