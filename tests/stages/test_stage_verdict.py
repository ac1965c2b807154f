"""A verdict is plain JSON, whose messages come back from the journal."""

from __future__ import annotations

import json

import numpy as np

from modelwizard import words
from modelwizard.contract.messages import message
from modelwizard.stages.verdict import Verdict


def test_a_record_is_strict_json_and_its_messages_come_back():
    numbers = {"a": np.float64(0.5), "b": float("nan"), "c": [np.int64(3), np.inf], "d": {"e": np.arange(2)}, "f": True}
    why = message("baseline.skill", skill=np.float64(np.nan), rows=3, groups=None, level=0.05)
    record = Verdict("baseline", "passed", message("baseline.power"), numbers, (why,)).record()
    json.dumps(record, allow_nan=False)
    assert record["numbers"] == {"a": 0.5, "b": None, "c": [3, None], "d": {"e": [0, 1]}, "f": True}
    assert record["headline"] == {"id": "baseline.power", "values": {}}
    assert words.say(record["reasons"][0]) == "tested on 3 validation rows at a significance level of 5%"
