"""Verdicts as a person reads them: a word, a sign, a tone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.contract.messages import VERBATIM, restored

SIGNS = {
    "passed": "✓",
    "failed": "✗",
    "cannot tell": "?",
    "forced": "!",
    "accepted": "!",
    "consistent": "✓",
    "suspect": "!",
    "unreliable": "✗",
    "better": "↑",
}
TONES = {
    "passed": "good",
    "consistent": "good",
    "better": "good",
    "failed": "bad",
    "unreliable": "bad",
    "cannot tell": "doubt",
    "suspect": "doubt",
    "forced": "doubt",
    "accepted": "doubt",
}


def shown(found: Mapping[str, Any]) -> str:
    """Return the word of a verdict: `accepted` where a person said yes, `forced` where they typed a reason."""
    word, reason = str(found.get("verdict")), found.get("reason")
    return "accepted" if word == "forced" and reason and restored(reason).id != VERBATIM else word
