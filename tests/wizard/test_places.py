"""Where a project may go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelwizard.errors import UsageError
from modelwizard.wizard.places import folder_name, new_folder


@pytest.mark.parametrize("name", ["churn", "churn-2024", "my project", "größe", "a/b/churn", "v1.2"])
def test_good_names(place: Path, name: str) -> None:
    assert new_folder(name) == place / name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "needs a folder"),
        ("con", "Windows reserves it"),
        ("a:b", "it contains ':'"),
        ("what?", "it contains '?'"),
        ("--", "a letter or a digit"),
        ("-churn", "starts with"),
        (".hidden", "starts with"),
        ("dot.", "ends with a dot"),
        ("x" * 101, "longer than 100"),
        ("tab\tname", "it contains"),
        ("json", "Python's own library"),
        ("test", "Python's own library"),
        ("keras", "an installed package"),
        ("tensorflow", "an installed package"),
        (".", "the current folder"),
        ("..", "the current folder"),
    ],
)
def test_bad_names(place: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        new_folder(name)
    assert words in str(raised.value)


def test_a_project_of_that_name_beside_it_is_no_installed_package(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "churn").mkdir()
    (place / "churn" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(place))
    assert folder_name("churn") == "churn"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Telco churn (2019)", "telco-churn-2019"),
        ("json", "json-model"),
        ("___", "data-model"),
        ("Größe", "größe"),
    ],
)
def test_names_made_from_data(text: str, name: str) -> None:
    assert folder_name(text) == name


def test_what_exists_is_not_touched(place: Path) -> None:
    (place / "empty").mkdir()
    assert new_folder("empty") == place / "empty"
    (place / "full").mkdir()
    (place / "full" / "notes.txt").touch()
    (place / "file").touch()
    for name, overwrite, words in (
        ("full", False, "--overwrite"),
        ("full", True, "not a modelwizard project"),
        ("file", True, "is not a folder"),
    ):
        with pytest.raises(UsageError) as raised:
            new_folder(name, overwrite=overwrite)
        assert words in str(raised.value)
    (place / "full" / "modelwizard.toml").touch()
    assert new_folder("full", overwrite=True) == place / "full"


def test_a_folder_that_cannot_be_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UsageError, match="is not writable"):
        new_folder("deep/er/churn")
