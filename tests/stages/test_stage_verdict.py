"""A verdict is plain JSON, can be forced, and comes back from the journal."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modelwizard.stages import verdict
from modelwizard.stages.verdict import Verdict


@pytest.mark.parametrize(
    ("word", "ok"),
    [
        ("passed", True),
        ("failed", False),
        ("cannot tell", False),
        ("forced", True),
        ("consistent", True),
        ("suspect", False),
        ("unreliable", False),
        ("better", True),
    ],
)
def test_which_words_open_the_gate(word, ok):
    assert Verdict("baseline", word, "", {}).ok is ok


def test_forcing_keeps_what_was_found():
    forced = Verdict("overfit", "cannot tell", "Not yet.", {"rise": 0.1}, ("seen",)).forced("in a hurry")
    assert (forced.verdict, forced.ok) == ("forced", True)
    assert forced.numbers == {"rise": 0.1, "forced": "in a hurry", "found": "cannot tell"}
    assert forced.reasons == ('forced past "cannot tell": in a hurry', "seen")


def test_a_record_is_strict_json_and_comes_back():
    numbers = {"a": np.float64(0.5), "b": float("nan"), "c": [np.int64(3), np.inf], "d": {"e": np.arange(2)}, "f": True}
    record = Verdict("baseline", "passed", "Good.", numbers, ("r",), ("a",)).record()
    text = json.dumps(record, allow_nan=False)
    assert record["numbers"] == {"a": 0.5, "b": None, "c": [3, None], "d": {"e": [0, 1]}, "f": True}
    assert verdict.restore({**json.loads(text), "seq": 4}).record() == record


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8461, "0.846"), (12.345, "12.3"), (54321.0, "54,321"), (0.0, "0.000"), (1e-5, "1e-05"), (np.nan, "unknown")],
)
def test_figures(value, text):
    assert verdict.figure(value) == text


@pytest.mark.parametrize(("p", "text"), [(0.0123, "p = 0.012"), (1e-9, "p < 0.0001")])
def test_chance(p, text):
    assert verdict.chance(p) == text
