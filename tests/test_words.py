"""Messages as sentences, and numbers as text."""

from __future__ import annotations

import math
from typing import Any

import pytest

from modelwizard import words
from modelwizard.contract.messages import message


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = {
        "plain": "the loss fell to {loss:figure}",
        "optional": "AUC {score:figure}[[ against {reference:figure}]]",
        "counted": "{trials:count trial} of {n:count class classes}",
        "nested": "{inner}, {names:list}",
    }
    monkeypatch.setattr(words, "_catalogue", lambda file: sentences)


@pytest.mark.parametrize(
    ("id", "values", "text"),
    [
        ("plain", {"loss": 0.12345}, "the loss fell to 0.123"),
        ("optional", {"score": 0.8, "reference": 0.5}, "AUC 0.800 against 0.500"),
        ("optional", {"score": 0.8, "reference": None}, "AUC 0.800"),
        ("optional", {"score": 0.8, "reference": math.nan}, "AUC 0.800"),
        ("counted", {"trials": 1, "n": 3}, "1 trial of 3 classes"),
        ("nested", {"inner": message("x.plain", loss=2.0), "names": ["a", "b"]}, "the loss fell to 2, a and b"),
        ("nested", {"inner": {"id": "x.plain", "values": {"loss": 2.0}}, "names": ["a"]}, "the loss fell to 2, a"),
    ],
)
def test_sentences(id: str, values: dict[str, Any], text: str) -> None:
    assert words.say(message(f"x.{id}", **values)) == text


def test_a_journal_of_the_first_edition_holds_whole_sentences() -> None:
    assert words.say("as it was written") == "as it was written"


def test_a_sentence_begins_large_and_ends_in_a_stop() -> None:
    assert words.say(message("x.plain", loss=1.0), sentence=True) == "The loss fell to 1."


def test_a_missing_value_is_noticed() -> None:
    with pytest.raises(KeyError):
        words.say(message("x.plain"))
