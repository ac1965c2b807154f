"""Features in the loop: proposed from training rows, tried against the incumbent, written into data.py on a yes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from modelwizard import editing, words
from modelwizard.contract.entries import Forced, Trial, Written
from modelwizard.contract.jobs import Inspect
from modelwizard.contract.messages import message
from modelwizard.errors import ProjectError, UsageError
from modelwizard.evidence import scores
from modelwizard.files import write_text
from modelwizard.journal import Journal
from modelwizard.options import StageOptions
from modelwizard.project import verdicts
from modelwizard.reporter import Reporter
from modelwizard.stages.features import ADD_FROM, Arm, Changes, Judged
from modelwizard.walk import findings, reading
from modelwizard.walk.bench import Bench, settings
from modelwizard.walk.session import Session
from modelwizard.walk.stage import opened, waits
from modelwizard.words.numbers import figure
from modelwizard.worker.client import Child

ROUNDS = 2
"""Rounds of removals: one column of each cluster a round."""
SIGNS = {"add": "+ ", "remove": "- "}
"""What stands before the columns of a change."""


def run_features(folder: Path, options: StageOptions, reporter: Reporter, child: Child | None = None) -> dict[str, Any]:
    """Look for features that help and for columns that do not, and write them into data.py on a yes.

    Args:
        folder: The project's folder, or one below it.
        options: What the person said on the command line.
        reporter: Tells the person what happens.
        child: A worker that is warm already. Defaults to a new one.

    Returns:
        What was tried and kept: metric, direction, `before`, `after` (mean validation scores), `tried`, `code`,
        `confirmed`, `written`, `looks`.

    Raises:
        GateError: The baseline was not passed, and `--force` was not given.
    """
    with opened(folder, options, reporter, child, partial(_gate, options=options)) as session:
        findings.check(session, "features")
        result = walk(session)
        reading.note(session.journal, "features", Trial)
    return result


def _gate(journal: Journal, options: StageOptions) -> None:
    """Refuse to look for features before a network has any power."""
    found = verdicts(journal.entries())["baseline"]
    if found and found.verdict in ("passed", "forced"):
        return
    word = found.verdict if found else None
    if options.force:
        journal.append(Forced(stage="baseline", gate="features", found=word, reason=options.reason))
        return
    raise waits("features", "baseline", found, journal.path.parent)


def walk(session: Session) -> dict[str, Any]:
    """Propose, try, confirm, show, ask, write."""
    session.reporter.stage("features", (message("features.comparison"), message("features.your_yes")))
    bench = Bench(session, *settings(session))
    incumbent = bench.arm(Changes(), message("features.as_they_are"))
    if incumbent is None:
        raise ProjectError(
            "The best settings so far cannot be trained to the end.",
            fix="give more time (--time-budget), or choose a smaller learning rate",
        )
    before = incumbent
    changes, incumbent, tried = additions(bench, incumbent)
    for _ in range(ROUNDS):
        changes, incumbent, judged = removals(bench, changes, incumbent)
        tried += judged
        if not any(one.accepted for one in judged):
            break
    confirmed: Judged | None = None
    if changes.statements:
        confirmed = bench.confirm(changes)
        tried.append(confirmed)
    kept = confirmed is not None and confirmed.accepted
    _show(session, tried, before, incumbent if kept else before)
    statements = changes.statements if kept else []
    written = bool(statements) and _write(session, statements, confirmed)
    return {
        "stage": "features",
        "metric": session.metric,
        "direction": scores.direction(session.metric),
        "before": before.score,
        "after": incumbent.score if kept else before.score,
        "tried": [one.record() for one in tried],
        "confirmed": kept,
        "code": statements,
        "written": written,
        "looks": sum(e.looks for e in session.journal.entries() if e.stage == "features"),
    }


def additions(bench: Bench, incumbent: Arm) -> tuple[Changes, Arm, list[Judged]]:
    """Try the batches of additions one after another; of a batch in doubt the best is tried alone."""
    changes, tried = Changes(), list[Judged]()
    waiting = bench.proposals()
    while waiting:
        batch = waiting.pop(0)
        wanted = changes.plus(batch)
        done, arm = bench.compare(incumbent, wanted, batch.title, "add", batch.written or batch.folds[0])
        if done is None:
            break
        tried.append(done)
        if done.accepted and arm is not None:
            changes, incumbent = wanted, arm
        elif len(batch.written) > 1 and done.t > -ADD_FROM:
            waiting.insert(0, batch.first())
    return changes, incumbent, tried


def removals(bench: Bench, changes: Changes, incumbent: Arm) -> tuple[Changes, Arm, list[Judged]]:
    """Try to do without the columns whose shuffling hardly hurts: all of them, else the less important half."""
    names, tried = bench.dispensable(changes), list[Judged]()
    for part in (names, names[: len(names) // 2]):
        if not part:
            break
        wanted = changes.minus(part)
        done, arm = bench.compare(incumbent, wanted, message("features.removal"), "remove", part)
        if done is None:
            break
        tried.append(done)
        if done.accepted and arm is not None:
            return wanted, arm, tried
    return changes, incumbent, tried


def _show(session: Session, tried: list[Judged], before: Arm, after: Arm) -> None:
    """Show what was tried, and the scores before and after."""
    rows = [
        (
            one.title if one.action not in SIGNS else SIGNS[one.action] + ", ".join(one.names),
            one.told(),
            figure(one.score),
            message("features.yes" if one.accepted else "features.no"),
        )
        for one in tried
    ]
    if rows:
        metric = message("walk.metric", metric=session.metric)
        head = (message("features.change"), message("features.loss"), metric, message("features.kept"))
        session.reporter.table(message("features.tried"), head, rows, note=message("features.rule"))
    values = {"metric": session.metric, "before": before.score}
    if after is before:
        session.reporter.say(message("features.nothing", **values))
    else:
        key = "added" if any(one.action == "add" and one.accepted for one in tried) else "removed"
        session.reporter.say(message(f"features.{key}", **values, after=after.score, seeds=len(after.scores)))


def _write(session: Session, statements: list[str], confirmed: Judged | None) -> bool:
    """Write the lines into data.py when the person says yes, and put the file back if the project does not load."""
    session.reporter.say(message("features.lines"))
    for statement in statements:
        session.reporter.say(f"    {statement}")
    path = session.project.folder / "data.py"
    old = path.read_bytes()
    comment = words.say(message("features.comment", told=confirmed.told() if confirmed else None))
    new = editing.add_to_features(old.decode("utf-8"), statements, comment)
    if not _agreed(session):
        session.reporter.say(message("features.not_written"))
        return False
    try:
        write_text(path, new)
        session.child.run(Inspect())
    except BaseException:
        path.write_bytes(old)
        session.reporter.warn(message("features.does_not_load"))
        raise
    session.journal.append(Written(stage="features", written=True, files=["data.py"], code_lines=statements))
    session.reporter.say(message("features.written"))
    return True


def _agreed(session: Session) -> bool:
    """Ask for the yes; nobody there to be asked means no."""
    try:
        return session.reporter.confirm(message("features.write"), why=message("features.where"))
    except UsageError:
        return False
