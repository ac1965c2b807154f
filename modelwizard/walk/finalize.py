"""Stage 4: the production model, what is expected of it under seal, and the one opening of the test rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from modelwizard import words
from modelwizard.contract.entries import Exported, Opened, Sealed, Written
from modelwizard.contract.entries import Verdict as VerdictLine
from modelwizard.contract.jobs import Test
from modelwizard.contract.messages import message
from modelwizard.errors import Interrupted, TestOpenedError
from modelwizard.evidence.arrays import ArrayLike
from modelwizard.evidence.thresholds import HALF
from modelwizard.project import verdicts
from modelwizard.stages import accounting, finalize
from modelwizard.stages.finalize import Expected
from modelwizard.stages.inputs import Validation
from modelwizard.stages.squeeze import restore
from modelwizard.stages.verdict import Verdict
from modelwizard.walk import protocol
from modelwizard.walk.baseline import predictions
from modelwizard.walk.production import produce
from modelwizard.walk.regularize import MEMBERS
from modelwizard.walk.session import Session


def walk(session: Session) -> Verdict:
    """Train on training and validation rows, seal the expectation, open the test rows once, compare."""
    again = _opened_before(session)
    session.reporter.stage(
        "finalize", (message("finalize.production", seeds=MEMBERS), message("finalize.sealed_first"))
    )
    if again == "go on":
        sealed = session.journal.of(Sealed)[-1]
        return _follow_up(session, _open(session, finalize.restore(sealed), reused=False))
    made, squeeze = produce(session, MEMBERS)
    expected = _expect(session, squeeze.say_from)
    session.journal.append(Sealed(stage="finalize", model_sha256=made.sha256, **expected.record()))
    session.reporter.say(expected.headline)
    if not session.reporter.confirm(message("finalize.open_test"), why=message("finalize.open_test_once")):
        later = session.typed("modelwizard finalize")
        raise Interrupted("The test rows stay sealed.", fix=f"once the model is final: {later}")
    session.journal.append(Opened(stage="finalize", reason=session.options.reason, reused=again == "reuse"))
    return _follow_up(session, _open(session, expected, reused=again == "reuse"))


def _follow_up(session: Session, verdict: Verdict) -> Verdict:
    """Offer repeated K-fold when the test says that the hold-out could not be relied upon."""
    if verdict.verdict != "unreliable" or session.scheme == "kfold" or not session.trials("regularize"):
        return verdict
    if session.options.time_budget is not None:
        return replace(verdict, advice=(*verdict.advice, message("finalize.no_time_for_kfold")))
    session.reporter.warn(verdict.headline)
    if not session.reporter.confirm(
        message("finalize.use_kfold", trials=protocol.CANDIDATES), why=message("finalize.why_kfold")
    ):
        return verdict
    found = protocol.switch(session)
    return replace(
        verdict,
        numbers={**verdict.numbers, "protocol": found},
        reasons=(*verdict.reasons, found["headline"]),
        advice=(*verdict.advice, message("finalize.after_kfold")),
    )


def _opened_before(session: Session) -> Literal["", "go on", "reuse"]:
    """Return "" before the first opening, "go on" after a kill in the middle of one, "reuse" for a forced second.

    Raises:
        TestOpenedError: The test rows were opened, and nobody forces a second time.
    """
    entries = session.journal.entries()
    opened = [e for e in entries if isinstance(e, Opened)]
    if not opened:
        return ""
    judged = any(isinstance(e, VerdictLine) and e.seq > opened[-1].seq for e in entries)
    if not judged:
        return "go on"
    if session.options.force:
        return "reuse"
    found = verdicts(entries)["finalize"]
    raise TestOpenedError(
        f"The test rows were opened on {opened[-1].utc[:10]}; a second test would not be on unseen data.",
        received=words.say(found.headline) if found else None,
        fix="use new data; or, on the record: " + session.typed('modelwizard finalize --force --reason "…"'),
    )


def _expect(session: Session, threshold: float) -> Expected:
    """State what the test should show, from every look at the validation rows so far."""
    written = any(entry.written for entry in session.journal.of(Written))
    runs = session.usable("regularize", *(["features"] if written else [])) or session.usable()
    entries = {e.run: e for e in session.trials()}
    validation = session.validation(entries[runs[0].name])
    found = accounting.correct(validation, runs, threshold=threshold != HALF, seed=session.seed)
    reference = validation.score(predictions(session, validation)["dumb"])
    rows = session.project.counts()["test"]
    return finalize.expect(
        session.metric, found.corrected, found.se, reference, validation.distinct, rows, threshold, found.units
    )


def _open(session: Session, expected: Expected, *, reused: bool) -> Verdict:
    """Open the test rows and judge what they say."""
    session.child.run(Test(force=reused))
    tested = session.project.test()
    task = session.project.settings.problem
    groups: ArrayLike | None = tested.group
    like = next(entry for entry in reversed(session.trials()) if entry.predictions)
    scale = session.validation(like).scale  # losses are told on the scale that was trained on
    test = Validation(task.type, task.loss, task.metric, tested.y, groups=groups, rows=tested.rows, scale=scale)
    found = next((e.squeeze for e in reversed(session.journal.of(Exported)) if e.squeeze), None)
    squeeze = restore(found) if found else None
    return finalize.judge(
        expected,
        test,
        tested.p,
        tested.dumb,
        squeeze=squeeze,
        reused=reused,
        folds=session.scheme == "kfold",
        seed=session.seed,
    )
