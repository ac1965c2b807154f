"""Verdicts as a person reads them: a word, a sign, a tone."""

from __future__ import annotations

from modelwizard.contract.messages import VERBATIM, Text, restored

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


def shown(word: str, reason: Text | None = None) -> str:
    """Return the word of a verdict: `accepted` where a person said yes, `forced` where they typed a reason."""
    return "accepted" if word == "forced" and reason and restored(reason).id != VERBATIM else word
