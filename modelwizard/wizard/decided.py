"""From the answers of a walk to the one value that a project is written from, and the command that repeats it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwizard.kinds.facts import Facts
from modelwizard.kinds.question import EXAMPLE, steps
from modelwizard.problems import PROBLEMS
from modelwizard.scaffold import Answers
from modelwizard.settings import VERSION, ProblemSettings, Settings, TrainingSettings
from modelwizard.wizard.given import Given
from modelwizard.wizard.interview import Interview
from modelwizard.wizard.places import new_folder
from modelwizard.wizard.questions import BY_NAME
from modelwizard.words import capital

if TYPE_CHECKING:
    from modelwizard.splitting.split import Split


def decide(interview: Interview, split: Split, data_file: str | None = None) -> Answers:
    """Return everything that a project is written from.

    Args:
        interview: The walk, at its end.
        split: Which row is where.
        data_file: Name of the data inside the project. Defaults to none: they stay where they are.
    """
    known, facts = interview.known, interview.facts
    data, target = facts.require_data(), facts.require_target()
    directory = new_folder(known["directory"], overwrite=True)
    settings = Settings(
        name=directory.name,
        kind=facts.kind,
        version=VERSION,
        data=replace(data.source, path=data_file or near(Path(data.source.path), directory)),
        problem=ProblemSettings(
            type=known["problem"],
            target=tuple(known["target"]),
            classes=classes(known, facts),
            loss=known["loss"],
            metric=known["metric"],
            reason=_reason(interview),
        ),
        columns={c.name: c.kind for c in data.columns if c.name not in known["target"]},
        split=split.settings,
        training=TrainingSettings(batch_size=known["batch_size"], seed=known["seed"]),
    )
    odd = (caution.sentence for caution in data.cautions)
    warnings = (*odd, *target.warnings, *leaks(known, facts), *split.notes)
    return Answers(directory, settings, warnings, command(interview.answers))


def near(path: Path, directory: Path) -> str:
    """Return a path to write into a project: relative when the data lie beside it or inside it.

    A project and a neighbouring data file are often moved together; a file far away is not.
    """
    directory = directory.resolve()
    return Path(os.path.relpath(path, directory) if path.is_relative_to(directory.parent) else path).as_posix()


def leaks(known: Mapping[str, Any], facts: Facts) -> list[str]:
    """Return a sentence for each way in which columns give the target away, and whether they are used."""
    found = facts.require_target().leaks
    told: list[str] = []
    for sentence in dict.fromkeys(found.values()):
        names = [name for name, said in found.items() if said == sentence]
        left = [name for name in names if name in known.get("leaks", ())]
        kept = [name for name in names if name not in left]
        out = [f"left out: {', '.join(left)} (`--set leaks=` keeps all)"] if left else []
        still = [f"still used: {', '.join(kept)}"] if kept else []
        told.append(f"{sentence} {capital('; '.join(out + still))}.")
    return told


def _reason(interview: Interview) -> str:
    """Return why this problem type: what was inferred, or that the person chose otherwise."""
    target = interview.facts.require_target()
    if interview.known["problem"] == target.problem:
        return target.reason
    why = target.alternatives.get(interview.known["problem"], "")
    return f"your choice; {why or f'the values suggest {target.problem}: {target.reason}'}"


def classes(known: Mapping[str, Any], facts: Facts) -> tuple[str, ...]:
    """Return the labels in the order of their class ids: `(negative, positive)`, or all of a multiclass target."""
    labels = tuple(label for label, _ in facts.require_target().labels)
    problem = PROBLEMS[known["problem"]]
    if problem.chooses_positive:
        return (*(label for label in labels if label != known["positive"]), known["positive"])
    if problem.ordered:
        return steps(known["order"])
    return labels if problem.one_label else ()


def command(answers: Mapping[str, Given]) -> str:
    """Return the exact command that repeats answers without questions."""
    always = {"target", "problem", "metric", "positive", "order"}
    parts = ["modelwizard", "new", answers["directory"].value]
    for name, answer in answers.items():
        if name == "directory" or (answer.source == "default" and name not in always):
            continue
        if name in BY_NAME and not BY_NAME[name].flag.startswith("--set"):
            parts += _flags(name, answer.value)
        elif isinstance(answer.value, Mapping):
            settings: Mapping[str, str] = answer.value
            parts += [word for key, kind in settings.items() for word in ("--set", f"{name}.{key}={kind}")]
        else:
            value = ",".join(answer.value) if isinstance(answer.value, tuple) else answer.value
            parts += ["--set", f"{name}={value}"]
    return shlex.join([*map(str, parts), "--yes"])


def _flags(name: str, value: Any) -> list[str]:
    if name == "data" and str(value).startswith(EXAMPLE):
        return ["--example", str(value).removeprefix(EXAMPLE)]
    flag = BY_NAME[name].flag.split()[0]
    values: Sequence[Any] = value if isinstance(value, tuple) else (value,)
    # "No such column" is an answer too, and no flag can say it.
    return [word for item in values for word in ((flag, str(item)) if item != "" else ("--set", f"{name}="))]


def result(answers: Answers, files: Mapping[str, str], *, written: bool) -> dict[str, Any]:
    """Return what was made as plain values, for `--json`."""
    settings, task = answers.settings, answers.settings.problem
    return {
        "project": settings.name,
        "directory": str(answers.directory),
        "written": written,
        "files": list(files),
        "problem": task.type,
        "target": list(task.target),
        "metric": task.metric,
        "head": PROBLEMS[task.type].head(task),
        "split": {"scheme": settings.split.scheme, "reason": settings.split.reason},
        "warnings": list(answers.warnings),
        "command": answers.command,
        "next": "baseline",
    }
