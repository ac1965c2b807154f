"""Stage 4: the production model, what is expected of it under seal, and the one opening of the test rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from modelwizard.contract.entries import Exported, Opened, Sealed, Written
from modelwizard.contract.entries import Verdict as VerdictLine
from modelwizard.contract.jobs import Test
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
from modelwizard.walk.baseline import dumb
from modelwizard.walk.production import produce
from modelwizard.walk.session import Session

LONGER = "judging again by repeated K-fold was left out, the time budget does not do for it"
SEEDS = 3
"""Networks that are trained and averaged: seeds differ by as much as settings do."""


def walk(session: Session) -> Verdict:
    """Train on training and validation rows, seal the expectation, open the test rows once, compare."""
    again = _opened_before(session)
    session.reporter.stage(
        "finalize",
        "What is it really worth?",
        (
            f"The best settings are trained on training and validation rows together, {SEEDS} seeds, averaged.",
            "What the test should show is written down first; then the test rows are opened, once.",
        ),
    )
    if again == "go on":
        sealed = session.journal.of(Sealed)[-1]
        return _follow_up(session, _open(session, finalize.restore(sealed), reused=False))
    made, squeeze = produce(session, SEEDS)
    expected = _expect(session, squeeze.say_from)
    session.journal.append(Sealed(stage="finalize", model_sha256=made.sha256, **expected.record()))
    session.reporter.say(expected.headline)
    if not session.reporter.confirm(
        "Open the test rows now?", why="It can be done only once; after it, no number of this project is unseen."
    ):
        raise Interrupted("The test rows stay sealed.", fix="modelwizard finalize, when the model is the last one")
    session.journal.append(Opened(stage="finalize", reason=session.options.reason, reused=again == "reuse"))
    return _follow_up(session, _open(session, expected, reused=again == "reuse"))


def _follow_up(session: Session, verdict: Verdict) -> Verdict:
    """Offer repeated K-fold when the test says that the hold-out could not be relied upon."""
    if verdict.verdict != "unreliable" or session.scheme == "kfold" or not session.trials("regularize"):
        return verdict
    if session.options.time_budget is not None:
        return replace(verdict, advice=(*verdict.advice, LONGER))
    session.reporter.warn(verdict.headline)
    if not session.reporter.confirm(
        f"Judge the best {protocol.CANDIDATES} trials again by repeated K-fold?",
        why="The validation rows were too few or too often used; K-fold judges on every row outside the test set.",
    ):
        return verdict
    found = protocol.switch(session)
    return replace(
        verdict,
        numbers={**verdict.numbers, "protocol": found},
        reasons=(*verdict.reasons, str(found["headline"])),
        advice=(
            *verdict.advice,
            "model.keras is still the one that the test judged; its settings by K-fold stand in 3-regularize.toml, and "
            '`modelwizard finalize --force --reason "K-fold"` makes the model that this number belongs to',
        ),
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
        f"The test rows were opened on {opened[-1].utc[:10]}; a second look would not be unseen data.",
        received=str(found.headline) if found else None,
        fix='new data is best; or, on the record: modelwizard finalize --force --reason "…"',
    )


def _expect(session: Session, threshold: float) -> Expected:
    """State what the test should show, from every look at the validation rows so far."""
    written = any(entry.written for entry in session.journal.of(Written))
    runs = session.usable("regularize", *(["features"] if written else [])) or session.usable()
    entries = {e.run: e for e in session.trials()}
    validation = session.validation(entries[runs[0].name])
    found = accounting.correct(validation, runs, threshold=threshold != HALF, seed=session.seed)
    reference = validation.score(dumb(session, validation))
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
    return finalize.judge(expected, test, tested.p, tested.dumb, squeeze=squeeze, reused=reused, seed=session.seed)
