"""Findings as the journal holds them: which are those of the code as it is now, and as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modelwizard.checks.catalogue import page
from modelwizard.contract.entries import Entry, Exported, Finding
from modelwizard.words import say

PRODUCTION = "MW608"
"""The rule about the last production training: another training settles it."""


def current(entries: Iterable[Entry], code: Mapping[str, str], mute: Sequence[str]) -> list[dict[str, str]]:
    """Return what was found in the code as it is now: `code`, `severity`, `stage` and `text`, errors first.

    A finding whose cause was edited away is none any more.

    Args:
        entries: Lines of the journal.
        code: Hashes of the code as it is now.
        mute: Codes of rules that modelwizard.toml mutes, with or without MW.
    """
    lines, muted = list(entries), {rule.strip().upper().removeprefix("MW") for rule in mute}
    made = max((e.seq for e in lines if isinstance(e, Exported)), default=0)
    told = [
        {"code": e.rule, "severity": e.severity, "stage": e.stage, "text": text(e)}
        for e in lines
        if isinstance(e, Finding) and e.code == code and e.rule.removeprefix("MW") not in muted
        if e.rule != PRODUCTION or e.seq > made
    ]
    return sorted(told, key=lambda one: one["severity"] != "error")


def text(finding: Finding) -> str:
    """Return a finding as a sentence: what it is, what was seen, where."""
    where = f" ({finding.where})" if finding.where else ""
    return f"{page(finding.rule).title}: {say(finding.evidence)}{where}"


def same(finding: Finding) -> tuple[str, ...]:
    """Return what makes two lines the same finding, for the same code."""
    return finding.rule, finding.where, say(finding.evidence)
