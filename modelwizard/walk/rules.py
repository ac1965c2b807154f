"""The rules that a stage applies before it spends time: errors stop it, warnings are shown."""

from __future__ import annotations

from modelwizard.contract.entries import Forced
from modelwizard.contract.jobs import Check
from modelwizard.errors import GateError
from modelwizard.walk import findings
from modelwizard.walk.session import Session
from modelwizard.words import say


def apply(session: Session, stage: str) -> None:
    """Check the model and the data as they are now, without training.

    Args:
        session: The stage at work.
        stage: Its name.

    Raises:
        GateError: A rule found an error, and the stage is not forced.
    """
    errors = findings.record(session, stage, session.child.run(Check(train=False)).findings)
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
