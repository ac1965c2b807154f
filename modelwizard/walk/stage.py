"""One stage from its gate to its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwizard.child import Child
from modelwizard.errors import GateError
from modelwizard.journal import Journal
from modelwizard.options import StageOptions
from modelwizard.project import STAGES, Project, verdicts
from modelwizard.project import next_stage as stage_after
from modelwizard.reporter import Judgement, Reporter
from modelwizard.stages.verdict import Verdict
from modelwizard.walk import baseline, finalize, overfit, regularize
from modelwizard.walk.session import Session

WALKS: Mapping[str, Callable[[Session], Verdict]] = {
    "baseline": baseline.walk,
    "overfit": overfit.walk,
    "regularize": regularize.walk,
    "finalize": finalize.walk,
}


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
    project = Project.open(folder)
    journal = Journal(project.journal_path)
    owned = child is None
    child = child or Child()
    child.project = project.folder
    try:
        child.start()  # imports TensorFlow while the gate is looked at
        with journal.writing():
            _begin(project, journal)
            _gate(journal, stage, options)
            _notice_edits(project, journal, reporter)
            verdict = WALKS[stage](Session(project, journal, child, options, reporter))
            journal.append("verdict", **verdict.record())
    finally:
        if owned:
            child.close()
    following = stage_after(journal.entries())
    reporter.judge(_judgement(verdict, following))
    return {**verdict.record(), "next": following}


def _begin(project: Project, journal: Journal) -> None:
    """Open the journal with what the project started from."""
    if journal.entries():
        return
    settings = project.settings
    journal.append(
        "created",
        project=settings.name,
        problem=settings.problem.type,
        target=list(settings.problem.target),
        metric=settings.problem.metric,
        data={"path": settings.data.path, "rows": settings.data.rows, "sha256": settings.data.sha256},
        split={"scheme": settings.split.scheme, "seed": settings.split.seed, "sha256": settings.split.sha256},
        code=project.code_hashes(),
    )


def _gate(journal: Journal, stage: str, options: StageOptions) -> None:
    """Refuse a stage whose predecessor was not passed; let it through by force, on the record."""
    found = verdicts(journal.entries())
    for before in STAGES[: STAGES.index(stage)]:
        word = (found[before] or {}).get("verdict")
        if word in ("passed", "forced"):
            continue
        if not options.force:
            state = f"ended with '{word}'" if word else "has not been run"
            raise GateError(
                f"{stage} has to wait: {before} {state}.",
                expected=f"{before} passed",
                received=str((found[before] or {}).get("headline") or state),
                fix=f'modelwizard {before}; or go on knowingly: modelwizard {stage} --force --reason "…"',
            )
        journal.append("forced", stage=before, gate=stage, found=word, reason=options.reason)


def _notice_edits(project: Project, journal: Journal, reporter: Reporter) -> None:
    """Record that the code changed since the last look: what follows is a new branch of the story."""
    entries = journal.entries()
    known = next((e["code"] for e in reversed(entries) if e["kind"] in ("created", "edited")), None)
    now = project.code_hashes()
    if known is None or known == now:
        return
    files = [name for name in now if now[name] != known.get(name)]
    looks = sum(int(e.get("looks") or 0) for e in entries)
    journal.append("edited", files=files, code=now, after_looks=looks)
    reporter.note(f"{' and '.join(files)} changed since the last look; from here on the edit is what is trained.")


def _judgement(verdict: Verdict, following: str | None) -> Judgement:
    """Make of a verdict what a person is shown."""
    from modelwizard.stages.verdict import figure

    shown = ("score", "reference", "corrected", "raw", "se", "test", "p_value", "rise", "z")
    numbers = [
        (name.replace("_", " "), figure(float(value)))
        for name in shown
        if isinstance(value := verdict.numbers.get(name), int | float)
    ]
    command = f"modelwizard {following}" if following else "modelwizard report --open"
    return Judgement(
        verdict.stage, verdict.verdict, verdict.headline, numbers, verdict.reasons, verdict.advice, command
    )
