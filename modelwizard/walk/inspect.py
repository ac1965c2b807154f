"""What can be asked of a project at any time: status, audit, predictions, checks, the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from modelwizard.contract.entries import Edited, Entry, Finding, Forced, Opened, Sealed, Trial, Verdict
from modelwizard.contract.jobs import Check, Predict
from modelwizard.contract.messages import VERBATIM, Message, message, restored
from modelwizard.contract.results import Shifted
from modelwizard.errors import ProjectError, UsageError
from modelwizard.evidence import advice, scores
from modelwizard.files import file_sha256
from modelwizard.journal import Journal, Looks, looks
from modelwizard.problems import PROBLEMS
from modelwizard.project import STAGES, Project, typed, verdicts
from modelwizard.project import next_stage as stage_after
from modelwizard.reporter import Reporter
from modelwizard.stages import accounting
from modelwizard.stages.findings import current, text
from modelwizard.walk import reading
from modelwizard.words import say
from modelwizard.worker.client import Child

MOST_SHIFTED = 3
"""Inputs that are named where new rows are not like those of training."""
KEPT = {
    "baseline": ("score", "reference", "p_value"),
    "overfit": ("rise", "capacity"),
    "regularize": ("trials", "score", "corrected", "se"),
    "finalize": ("test", "interval", "z"),
}
"""What `status --json` says of each stage, besides its verdict (more may be added)."""


def status(folder: Path) -> dict[str, Any]:
    """Return where a project is; whoever is shown new scores by it, has read them, and the journal says so.

    Returns:
        project, problem, metric, direction, data, head, stages (None where one was not run), next, looks,
        `account`: the looks at validation rows beside the best score, raw and corrected, `advice` about them, and
        `findings` about the code as it is now.
    """
    project = Project.open(folder)
    journal = Journal(project.journal_path)
    reading.note(journal, "status", Verdict)
    entries = journal.entries()
    settings, found = project.settings, verdicts(entries)
    task, counts = settings.problem, project.counts()
    seen = looks(entries)
    judged = [entry.numbers for stage in ("regularize", "baseline") if (entry := found[stage])]
    return {
        "project": settings.name,
        "problem": task.type,
        "metric": task.metric,
        "direction": scores.direction(task.metric),
        "data": {"rows": settings.data.rows, **{part: counts[part] for part in ("train", "validation", "test")}},
        "head": PROBLEMS[task.type].head(task),
        "stages": {stage: _stage(stage, found[stage]) for stage in STAGES},
        "next": stage_after(entries),
        "looks": seen._asdict(),
        "account": accounting.account(task.metric, seen.validation, *judged),
        "advice": _advice(found["regularize"], entries),
        "changed": list(project.changed()),
        "findings": current(entries, project.code_hashes(), settings.checks.mute),
    }


def _stage(stage: str, entry: Verdict | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    numbers = entry.numbers
    kept = {name: numbers.get(name) for name in KEPT[stage]}
    way = {"direction": numbers["direction"]} if numbers.get("direction") == "min" else {}
    forced = {"reason": restored(entry.reason)} if isinstance(entry.reason, str | Message) and entry.reason else {}
    kept |= way | forced
    return {"verdict": entry.verdict, **kept, "headline": entry.headline, "utc": entry.utc}


def _advice(search: Verdict | None, entries: Sequence[Entry]) -> list[Message]:
    """Return what the number of looks means: of the last search, and of what a person read in between."""
    numbers = search.numbers if search else {}
    untried = not any(entry.stage in ("features", "finalize") for entry in entries)
    passed = search is not None and search.verdict in ("passed", "forced")
    told = [message("looks.features_not_tried")] if untried and passed else []
    if numbers.get("advice") and numbers["level"] != "fine":
        told.append(message(f"looks.level_{numbers['level']}", advice=restored(numbers["advice"])))
    return told + _adapted(entries)


def _adapted(entries: Sequence[Entry]) -> list[Message]:
    found = advice.adaptive(*accounting.adapted(entries))
    return [found] if found else []


def audit(folder: Path) -> dict[str, Any]:
    """Verify the journal's chain and the data's hashes, and say how often held-out rows were looked at.

    Returns:
        ok, problems, entries, looks, by_stage, edits, forced, test_openings, and `story`: the same
        in sentences.
    """
    project = Project.open(folder)
    journal = Journal(project.journal_path)
    chain, entries = journal.verify(), journal.entries()
    seen = looks(entries)
    problems = [*chain.problems, *project.changed(), *_model_changed(project, entries)]
    named = [*STAGES, *(["features"] if any(e.stage == "features" for e in entries) else [])]
    by_stage = {stage: sum(e.looks for e in entries if e.stage == stage) for stage in named}
    edits = [{"files": e.files, "after_looks": e.after_looks, "utc": e.utc} for e in entries if isinstance(e, Edited)]
    forced = [
        {"stage": e.stage, "reason": restored(e.reason or ""), "utc": e.utc} for e in entries if isinstance(e, Forced)
    ]
    findings = [e for e in entries if isinstance(e, Finding)]
    openings = [e.utc for e in entries if isinstance(e, Opened)]
    return {
        "ok": not problems,
        "problems": problems,
        "entries": chain.entries,
        "looks": seen._asdict(),
        "by_stage": by_stage,
        "edits": edits,
        "forced": forced,
        "test_openings": openings,
        "story": _story(chain.entries, seen, by_stage, edits, forced, openings, findings) + _adapted(entries),
    }


def _story(
    count: int,
    seen: Looks,
    by_stage: Mapping[str, int],
    edits: Sequence[Mapping[str, Any]],
    forced: Sequence[Mapping[str, Any]],
    openings: Sequence[str],
    findings: Sequence[Finding],
) -> list[Message]:
    """Tell what the journal holds."""
    shares = [message("story.share", stage=name, looks=number) for name, number in by_stage.items() if number]
    told = [message("story.lines", lines=count), message("story.looks", looks=seen.validation, shares=shares)]
    told += [message("story.read", times=seen.read)] if seen.read else []
    told += [message("story.edited", **edit) for edit in edits]
    told += [message("story.found", stage=e.stage, utc=e.utc, rule=e.rule, text=text(e)) for e in findings]
    told += [message("story.forced" if e["reason"].id == VERBATIM else "story.accepted", **e) for e in forced]
    key = "unopened" if not openings else "opened" if len(openings) == 1 else "reused"
    return [*told, message(f"story.{key}", utc=openings[0] if openings else None, times=len(openings))]


def _model_changed(project: Project, entries: Sequence[Entry]) -> list[Message]:
    """Say whether model.keras is another file than the one whose test score stands in the journal."""
    sealed = next((e for e in reversed(entries) if isinstance(e, Sealed)), None)
    if not sealed or not sealed.model_sha256:
        return []
    if not project.model_path.is_file():
        return [message("story.model_is_gone")]
    if file_sha256(project.model_path) != sealed.model_sha256:
        return [message("story.other_model")]
    return []


def predict(
    folder: Path,
    source: Path,
    output: Path | None,
    reporter: Reporter,
    child: Child | None = None,
    *,
    shift: bool = True,
    force: bool = False,
) -> dict[str, Any]:
    """Predict raw rows with the finalized model.

    Args:
        folder: The project's folder.
        source: A file of raw rows in the form of the data file; the target need not be there.
        output: The CSV to write, or None to return its text as `text`.
        reporter: Tells the person what happens.
        child: A worker that is warm already. Defaults to a new one.
        shift: Whether to compare the rows with those of training, and warn where they differ. Defaults to yes.
        force: Whether rows that are unlike those of the data file are predicted, too.

    Raises:
        ProjectError: There is no finalized model yet.
        UsageError: There is no such file.
    """
    project = Project.open(folder)
    if not source.is_file():
        raise UsageError(f"{source} is not a file.", expected="a file of raw rows", fix="check the path")
    if not project.model_path.is_file():
        raise ProjectError(
            "There is no finalized model yet.",
            expected="model.keras in the project",
            fix=typed("modelwizard finalize", folder),
        )
    target = output or project.runs / "predictions.csv"
    job = Predict(input=str(source.resolve()), output=str(target.resolve()), shift=shift, force=force)
    with nullcontext(child) if child else Child(project.folder) as worker:
        found = worker.run(job)
    for note in found.notes:
        reporter.warn(note)
    _warn_of_shift(found.shift or [], source, reporter)
    if output is None:
        text = target.read_text(encoding="utf-8")
        target.unlink()
        return {**msgspec.to_builtins(found), "text": text}
    reporter.say(message("walk.predicted", rows=found.rows, path=str(output)))
    return msgspec.to_builtins(found)


def _warn_of_shift(found: Sequence[Shifted], source: Path, reporter: Reporter) -> None:
    """Name the inputs of new rows that are not like those of training."""
    told: list[Message | str] = [
        message(f"shift.{one.what}", name=one.name, before=one.before, after=one.after, value=one.value)
        for one in found[:MOST_SHIFTED]
    ]
    if len(found) > MOST_SHIFTED:
        told.append(message("shift.more", more=len(found) - MOST_SHIFTED))
    if told:
        reporter.warn(message("shift.told", file=source.name, inputs=told))


def check(folder: Path, reporter: Reporter, child: Child | None = None) -> dict[str, Any]:
    """Apply the rules to the model, the data and the runs as they are now, in a worker that is warm or a new one."""
    project = Project.open(folder)
    reporter.note(message("walk.checking"))
    with nullcontext(child) if child else Child(project.folder) as worker:
        found = worker.run(Check())
    told = [msgspec.structs.replace(one, evidence=say(one.evidence)) for one in found.findings]
    return msgspec.to_builtins(msgspec.structs.replace(found, findings=told))


def report(folder: Path) -> Path:
    """Write report.html and return its path; it shows every trial's score."""
    from modelwizard import report as page

    project = Project.open(folder)
    reading.note(Journal(project.journal_path), "report", Verdict, Trial)
    return page.write(project)
