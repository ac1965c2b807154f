"""Findings on their way to a person: recorded and shown; errors stop a stage before it spends time."""

from __future__ import annotations

from collections.abc import Sequence

from modelwizard.contract.entries import Finding, Forced
from modelwizard.contract.jobs import Check
from modelwizard.contract.messages import message
from modelwizard.contract.results import Finding as Found
from modelwizard.errors import GateError
from modelwizard.stages.findings import same, text
from modelwizard.walk.session import Session
from modelwizard.words import say

SHOWN = 3
"""Findings on one screen: the most certain and most harmful come first."""


def record(session: Session, stage: str, found: Sequence[Found]) -> list[Found]:
    """Write findings into the journal, once for the code as it is, and warn of them.

    Args:
        session: The stage at work.
        stage: Its name.
        found: What was found; tips are not recorded.

    Returns:
        Those that are errors.
    """
    code = session.project.code_hashes()
    known = [same(entry) for entry in session.journal.of(Finding) if entry.code == code]
    serious = [one for one in found if one.severity != "tip"]
    lines = [
        Finding(stage=stage, rule=one.code, severity=one.severity, where=one.where, evidence=one.evidence, code=code)
        for one in serious
    ]
    for line in lines:
        if same(line) not in known:
            session.journal.append(line)
    warnings = [line for line in lines if line.severity == "warning"]
    for line in warnings[:SHOWN]:
        session.reporter.warn(f"{line.rule} {text(line)}")
    if len(warnings) > SHOWN:
        session.reporter.note(message("walk.more_findings", more=len(warnings) - SHOWN))
    return [one for one in serious if one.severity == "error"]


def check(session: Session, stage: str) -> None:
    """Check the model and the data as they are now, without training.

    Args:
        session: The stage at work.
        stage: Its name.

    Raises:
        GateError: A rule found an error, and the stage is not forced.
    """
    errors = record(session, stage, session.child.run(Check(train=False)).findings)
    if not errors:
        return
    codes = [finding.code for finding in errors]
    if session.options.force:
        reason = session.options.reason
        session.journal.append(Forced(stage=f"rules before {stage}", gate=stage, found=codes, reason=reason))
        return
    first = errors[0]
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    where = f" ({first.where})" if first.where else ""
    raise GateError(
        f"{stage} would waste time: {first.code} {first.title}{where}{more}.",
        received=say(first.evidence),
        fix=f"{first.fix}; modelwizard check shows all findings, modelwizard explain {first.code} says why, "
        f'modelwizard {stage} --force --reason "…" continues anyway',
    )
