"""One stage from its gate to its verdict."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from modelwizard import words
from modelwizard.contract.entries import Created, Edited, Forced, Trial
from modelwizard.contract.entries import Verdict as VerdictLine
from modelwizard.contract.jobs import Inspect, Pace, Prepare
from modelwizard.contract.messages import Text, message
from modelwizard.errors import GateError, UsageError
from modelwizard.journal import Journal, looks
from modelwizard.options import StageOptions
from modelwizard.project import STAGES, Project, typed, verdicts
from modelwizard.project import next_stage as stage_after
from modelwizard.reporter import Judgement, Reporter
from modelwizard.stages.findings import current
from modelwizard.stages.verdict import Verdict
from modelwizard.walk import baseline, finalize, findings, overfit, reading, regularize
from modelwizard.walk.plan import Plan, workers
from modelwizard.walk.session import Session
from modelwizard.worker.client import Child

WALKS: Mapping[str, Callable[[Session], Verdict]] = {
    "baseline": baseline.walk,
    "overfit": overfit.walk,
    "regularize": regularize.walk,
    "finalize": finalize.walk,
}
ACCEPTABLE = {"overfit": ("cannot tell",), "regularize": ("cannot tell", "failed")}
"""Verdicts that a person may accept with a yes: what comes next is weaker for it, but not wrong."""
BESIDES = {"baseline": ("cannot tell", "failed"), "overfit": ("failed",)}
"""Verdicts that `run` accepts besides, on the record, unless the network has no power at all."""


def next_stage(folder: Path) -> str | None:
    """Return the stage that comes next, or None at the end of the walk."""
    return stage_after(Journal(Project.open(folder).journal_path).entries())


def run_stage(
    folder: Path, stage: str, options: StageOptions, reporter: Reporter, child: Child | None = None
) -> dict[str, Any]:
    """Run one stage of a project.

    Args:
        folder: The project's folder, or one below it.
        stage: baseline, overfit, regularize or finalize.
        options: What the person said on the command line.
        reporter: Tells the person what happens.
        child: A worker that is warm already. Defaults to a new one.

    Returns:
        The stage's record with `next`: the stage that comes after it, or None.

    Raises:
        GateError: The stage before it was not passed, and `--force` was not given.
        TestOpenedError: `finalize` was done before.
    """
    gate = partial(_gate, stage=stage, options=options, reporter=reporter)
    with opened(folder, options, reporter, child, gate) as session:
        if stage != "finalize":
            findings.check(session, stage)
        verdict = WALKS[stage](session)
        journal = session.journal
        journal.append(VerdictLine(**verdict.record()))
        reading.note(journal, stage, VerdictLine, Trial)
    entries, project = journal.entries(), session.project
    following, found = stage_after(entries), current(entries, project.code_hashes(), project.settings.checks.mute)
    reporter.judge(_judgement(verdict, following, project.folder, [f"{one['code']} {one['text']}" for one in found]))
    return {**verdict.record(), "findings": found, "next": following}


def run_all(
    folder: Path, options: StageOptions, reporter: Reporter, child: Child | None = None
) -> dict[str, dict[str, Any]]:
    """Run all remaining stages, accepting what a person could accept with a yes.

    Args:
        folder: The project's folder.
        options: `time_budget` is for the whole walk; `Plan` deals it out.
        reporter: Tells the person what happens.
        child: A worker that is warm already. Defaults to a new one.

    Returns:
        The record of each stage that was run; the last one may be a verdict that ends the walk.
    """
    plan, done = Plan(options.time_budget), dict[str, dict[str, Any]]()
    options = replace(options, yes=True, whole=True)
    with nullcontext(child) if child else Child() as worker:
        if options.time_budget is not None:
            _start(folder, worker, reporter, workers(options))
            plan.started()
        while (stage := next_stage(folder)) is not None:
            if stage in done:  # it did not pass; may the walk go on all the same?
                found = done[stage]
                if not _acceptable(stage, found["verdict"], found["numbers"].get("power"), whole=True):
                    break
                stage = STAGES[STAGES.index(stage) + 1]
            done[stage] = run_stage(folder, stage, plan.options(stage, options), reporter, worker)
            if stage == "finalize":
                break
    return done


def _start(folder: Path, child: Child, reporter: Reporter, count: int) -> None:
    """Import TensorFlow and encode the rows, so that what it takes can be planned with; the others do so meanwhile."""
    child.project = Project.open(folder).folder
    child.start()
    with reporter.waiting(message("walk.starting")):
        import_module("sklearn.inspection")  # judging needs it; on another core now, it costs nothing
        child.ready()
        child.run(Inspect())
        if count > 1:
            batch = Project.open(folder).settings.training.batch_size
            pace = Pace(seed=0, trials=regularize.MOST, epochs=regularize.EPOCHS, batch_size=batch)
            child.run(Prepare(workers=count, pace=pace))


@contextmanager
def opened(
    folder: Path,
    options: StageOptions,
    reporter: Reporter,
    child: Child | None,
    gate: Callable[[Journal], None],
) -> Generator[Session]:
    """Open a project for work: its journal locked, its gate passed, its edits noticed, its worker warm.

    Args:
        folder: The project's folder, or one below it.
        options: What the person said on the command line.
        reporter: Tells the person what happens.
        child: A worker that is warm already; None for a new one, which ends with the work.
        gate: Raises `GateError` where the work has to wait.
    """
    project = Project.open(folder)
    journal = Journal(project.journal_path)
    with nullcontext(child) if child else Child(project.folder) as worker:
        worker.project = project.folder
        worker.start()  # imports TensorFlow while the gate is looked at
        with journal.writing():
            begin(project, journal)
            gate(journal)
            notice_edits(project, journal, reporter)
            with nullcontext() if worker.warm else reporter.waiting(message("walk.starting")):
                worker.ready()
            yield Session(project, journal, worker, options, reporter)


def _acceptable(stage: str, word: str, power: object, *, whole: bool) -> bool:
    """Say whether a verdict that is not good may be accepted: with a yes, or by `run`, which asks no questions.

    Only a baseline without any power ends a `run`: what follows would rest on nothing.
    """
    if word in ACCEPTABLE.get(stage, ()):
        return True
    nothing = stage == "baseline" and word == "failed" and power in (None, "none")
    return whole and word in BESIDES.get(stage, ()) and not nothing


def begin(project: Project, journal: Journal) -> None:
    """Open the journal with what the project started from."""
    if journal.entries():
        return
    settings = project.settings
    journal.append(
        Created(
            project=settings.name,
            problem=settings.problem.type,
            target=list(settings.problem.target),
            metric=settings.problem.metric,
            data={"path": settings.data.path, "rows": settings.data.rows, "sha256": settings.data.sha256},
            split={"scheme": settings.split.scheme, "seed": settings.split.seed, "sha256": settings.split.sha256},
            code=project.code_hashes(),
        )
    )


def _gate(journal: Journal, stage: str, options: StageOptions, reporter: Reporter) -> None:
    """Refuse a stage whose predecessor was not passed; let it through on the record, by force or by consent."""
    found = verdicts(journal.entries())
    for before in STAGES[: STAGES.index(stage)]:
        entry = found[before]
        word = entry.verdict if entry else None
        if word in ("passed", "forced"):
            continue
        if options.force:
            journal.append(Forced(stage=before, gate=stage, found=word, reason=options.reason))
        elif (
            entry
            and _acceptable(before, entry.verdict, entry.numbers.get("power"), whole=options.whole)
            and _accepts(before, entry.headline, reporter)
        ):
            journal.append(Forced(stage=before, gate=stage, found=word, reason=message("walk.accepted")))
        else:
            raise waits(stage, before, entry, journal.path.parent)


def waits(stage: str, before: str, found: VerdictLine | None, folder: Path) -> GateError:
    """Return the error of a stage whose predecessor was not passed."""
    return GateError(
        f"{stage} has to wait: {before} " + (f"ended with '{found.verdict}'." if found else "has not been run."),
        expected=f"{before} passed",
        received=words.say(found.headline) if found and found.headline else None,
        fix=typed(f"modelwizard {before}", folder)
        + "; or continue anyway: "
        + typed(f'modelwizard {stage} --force --reason "…"', folder),
    )


def _accepts(before: str, headline: Text, reporter: Reporter) -> bool:
    """Ask whether an open verdict is good enough to go on; nobody there to be asked means no."""
    try:
        return reporter.confirm(message("walk.continue", stage=before), why=headline, default=True)
    except UsageError:
        return False


def notice_edits(project: Project, journal: Journal, reporter: Reporter) -> None:
    """Record that the code changed since the last look: what follows is a new branch of the story."""
    entries = journal.entries()
    known = next((e.code for e in reversed(entries) if isinstance(e, Created | Edited)), None)
    now = project.code_hashes()
    if not known or known == now:
        return
    files = [name for name in now if now[name] != known.get(name)]
    journal.append(Edited(files=files, code=now, after_looks=looks(entries).validation))
    reporter.note(message("walk.edited", files=files))


def _judgement(verdict: Verdict, following: str | None, folder: Path, found: Sequence[str]) -> Judgement:
    """Make of a verdict what a person is shown."""
    command = typed(f"modelwizard {following or 'report --open'}", folder)
    return Judgement(
        verdict.stage,
        verdict.verdict,
        verdict.headline,
        verdict.numbers,
        verdict.reasons,
        verdict.advice,
        command,
        found,
    )
