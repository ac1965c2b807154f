"""Findings as the journal holds them: which are those of the code as it is now, and as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelwizard.checks.catalogue import page
from modelwizard.words import say

PRODUCTION = "MW608"
"""The rule about the last production training: another training settles it."""

Entry = Mapping[str, Any]


def current(entries: Iterable[Entry], code: Mapping[str, str], mute: Sequence[str]) -> list[dict[str, str]]:
    """Return what was found in the code as it is now: `code`, `severity`, `stage` and `text`, errors first.

    A finding whose cause was edited away is none any more.

    Args:
        entries: Lines of the journal.
        code: Hashes of the code as it is now.
        mute: Codes of rules that modelwizard.toml mutes, with or without MW.
    """
    lines, muted = list(entries), {rule.strip().upper().removeprefix("MW") for rule in mute}
    made = max((e["seq"] for e in lines if e.get("kind") == "decision" and e.get("sha256")), default=0)
    told = [
        {"code": str(e["rule"]), "severity": str(e["severity"]), "stage": str(e["stage"]), "text": text(e)}
        for e in lines
        if e.get("kind") == "finding" and e["code"] == code and e["rule"].removeprefix("MW") not in muted
        if e["rule"] != PRODUCTION or e["seq"] > made
    ]
    return sorted(told, key=lambda one: one["severity"] != "error")


def text(entry: Entry) -> str:
    """Return a finding as a sentence: what it is, what was seen, where."""
    where = f" ({entry['where']})" if entry.get("where") else ""
    return f"{page(str(entry['rule'])).title}: {say(entry['evidence'])}{where}"


def same(line: Entry) -> tuple[Any, ...]:
    """Return what makes two lines the same finding, for the same code."""
    return line["rule"], line.get("where"), say(line["evidence"])
