"""Findings on their way to a person: recorded and shown when they are made, told again until their cause is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard.contract.messages import message
from modelwizard.stages.findings import same, text
from modelwizard.walk.session import Session

SHOWN = 3
"""Findings on one screen: the most certain and most harmful come first."""

Finding = Mapping[str, Any]


def record(session: Session, stage: str, found: Sequence[Finding]) -> list[Finding]:
    """Write findings into the journal, once for the code as it is, and warn of them.

    Args:
        session: The stage at work.
        stage: Its name.
        found: Rows of `check --json`; tips are not recorded.

    Returns:
        Those that are errors.
    """
    code = session.project.code_hashes()
    known = [same(entry) for entry in session.journal.entries("finding") if entry["code"] == code]
    serious = [{"rule": one["code"], **one} for one in found if one["severity"] != "tip"]
    for one in serious:
        if same(one) not in known:
            line = {name: one[name] for name in ("rule", "severity", "where", "evidence")}
            session.journal.append("finding", stage=stage, **line, code=code)
    warnings = [one for one in serious if one["severity"] == "warning"]
    for one in warnings[:SHOWN]:
        session.reporter.warn(f"{one['rule']} {text(one)}")
    if len(warnings) > SHOWN:
        session.reporter.note(message("walk.more_findings", more=len(warnings) - SHOWN))
    return [one for one in serious if one["severity"] == "error"]
