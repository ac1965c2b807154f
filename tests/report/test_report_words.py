"""Words that only the page needs, and the signs of verdicts."""

from __future__ import annotations

from typing import get_args

from modelwizard.contract.messages import message
from modelwizard.report import words
from modelwizard.stages.verdict import Word
from modelwizard.words.verdicts import SIGNS, TONES, shown


def test_sentences_agree_in_number() -> None:
    assert words.clause("linear model", "wins", "win") == "The linear model wins"
    assert words.clause("boosted trees", "wins", "win") == "Boosted trees win"


def test_every_verdict_has_a_sign_and_a_tone() -> None:
    assert set(SIGNS) == set(TONES) == {*get_args(Word), "accepted"}


def test_a_gate_is_accepted_by_a_yes_and_forced_by_a_reason_of_the_persons_own() -> None:
    assert shown("forced", "few rows") == "forced"
    assert shown("forced", message("walk.accepted")) == "accepted"
    assert shown("passed") == "passed"
