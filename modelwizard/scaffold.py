"""From answers to a project: `plan` makes every file as text, `write` puts them on disk, all or nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelwizard import kinds, toml
from modelwizard.composing import template
from modelwizard.errors import UsageError
from modelwizard.files import write_folder
from modelwizard.problems import PROBLEMS
from modelwizard.settings import Settings
from modelwizard.words import sentences

COMMON = {"README.md": "common/README.md", "pyproject.toml": "common/project.toml", ".gitignore": "common/gitignore"}
"""Where the files that are no code come from; a template that is named nowhere is never written."""

PINNED = ("tensorflow", "keras", "keras-tuner", "six", "scikit-learn", "numpy", "pandas")


@dataclass(frozen=True)
class Answers:
    """Everything that a new project is made from.

    Args:
        directory: Folder of the project, absolute; it does not exist yet unless `--overwrite` was given.
        settings: What the person decided.
        warnings: What a person should know about the data before trusting a result, one sentence each.
        command: The exact command that makes this project again without questions.
    """

    directory: Path
    settings: Settings
    warnings: tuple[str, ...] = ()
    command: str = ""


def plan(answers: Answers, parts: Sequence[str], hashes: Sequence[str]) -> dict[str, str]:
    """Make every file of a project, without touching the disk.

    Args:
        answers: What the person decided.
        parts: The part of each data row: `train`, `validation`, `test` or `unused`.
        hashes: The hash of each data row, 16 hex digits.

    Returns:
        Text of each file by its path inside the project, in the order in which a tree shows them.
    """
    import hashlib

    split = "part,hash\n" + "".join(f"{part},{row}\n" for part, row in zip(parts, hashes, strict=True))
    settings, kind = answers.settings, kinds.of(answers.settings.kind)
    settings = replace(settings, split=replace(settings.split, sha256=hashlib.sha256(split.encode()).hexdigest()))
    files = kind.files(settings) | {path: template(name) for path, name in COMMON.items()}
    files["README.md"] = _readme(files["README.md"], answers)
    files["modelwizard.toml"] = _settings(settings, answers.command)
    files["split.csv"] = split
    files["requirements.txt"] = _requirements((*PINNED, *kind.requirements(settings)))
    files["experiments/1-baseline.toml"] = _first_experiment(settings)
    return files


def write(files: Mapping[str, str], directory: Path, *, overwrite: bool = False) -> None:
    """Write a plan into a folder: everything appears at once, or nothing does.

    Args:
        files: Text of each file by its path inside the project.
        directory: The project's folder.
        overwrite: Whether a folder that exists may have these files replaced; its other files stay. Defaults to no.

    Raises:
        UsageError: The folder exists already, or cannot be written.
    """
    if directory.exists() and any(directory.iterdir() if directory.is_dir() else [directory]) and not overwrite:
        raise UsageError(
            f"{directory} exists and is not empty",
            expected="a new folder",
            fix="choose another name, or add --overwrite to replace the generated files",
        )
    contents = {name: text.encode() for name, text in files.items()}
    try:
        if not directory.exists():
            return write_folder(directory, contents)
        with TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as beside:
            write_folder(stage := Path(beside) / directory.name, contents)
            for name in contents:
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(stage / name, directory / name)
    except OSError as error:
        raise UsageError(f"{directory} cannot be written: {error.strerror}", fix="choose another folder") from error


def _settings(settings: Settings, command: str) -> str:
    """Write modelwizard.toml: its look matters, since people edit it."""
    kfold = settings.split.scheme == "kfold"
    held, drawn = ("validation_size",), ("folds", "repeats")
    shown = _table(settings.data, ("delimiter", "encoding", "missing"), ("path", "notes"))
    tables = {
        "project": {"name": settings.name, "kind": settings.kind, "version": settings.version},
        "data": {"path": settings.data.path, **shown},
        "problem": vars(settings.problem),
        "columns": settings.columns,
        "split": _table(settings.split, ("test_size", *(drawn if kfold else held)), held if kfold else drawn),
        "training": _table(
            settings.training, ("batch_size", "tune_batch_size", "polish", *(("production",) if kfold else ()))
        ),
    }
    head = ["The answers that this project was made from. Edit them freely; `modelwizard new` is not needed again."]
    head += [f"It was: {command}"] if command else []
    about = {**ABOUT, "training": (*ABOUT["training"], *(FOLDS if kfold else ()))}
    return toml.write(tables, head=head, about=about)


def _table(table: Any, always: Collection[str], never: Collection[str] = ()) -> dict[str, Any]:
    """Return the values of a table of the settings that differ from their defaults, and some whatever they are."""
    usual = {f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in fields(table)}
    told = {name: value for name, value in vars(table).items() if name in always or value != usual[name]}
    return {name: value for name, value in told.items() if name not in never}


FOLDS = ('production = "folds" exports the average of the folds\' networks instead of training anew.',)
ABOUT = {
    "data": ('How the file is read; `missing` lists the cells that stand for "not known".',),
    "mended": ("What is mended as the file is read, told by `modelwizard new`. A line that you delete is not done.",),
    "columns": (
        "numeric, categorical, boolean, date and text reach the model; identifier, constant and ignore do not.",
    ),
    "split": ("Which row is where stands in split.csv. The test rows are opened once, by `modelwizard finalize`.",),
    "training": (
        "What every experiment starts from. Batches of 2 to 32; larger ones want a larger learning rate. The size is",
        "not searched by default: once the learning rate is tuned for it, it moves scores less than their noise.",
        "polish = true lets finalize try a last pass at batch size 1, kept only if it helps; it seldom does.",
    ),
}


def _first_experiment(settings: Settings) -> str:
    """Write the settings of the baseline: a small network without any regularisation."""
    return (
        "# A small network without regularisation: it has to beat the best prediction that looks at no input.\n"
        "[hyperparameters]\nlayers = 1\nunits = 32\ndropout = 0.0\nl1 = 0.0\nl2 = 0.0\n"
        "weight_decay = 0.0\nlearning_rate = 0.001\n\n"
        f"[training]\nepochs = 30\nbatch_size = {settings.training.batch_size}\nseed = {settings.training.seed}\n"
    )


def _readme(text: str, answers: Answers) -> str:
    """Tell in the project's README what was chosen, and why."""
    settings = answers.settings
    row, task, split = PROBLEMS[settings.problem.type], settings.problem, settings.split
    by_kind: dict[str, list[str]] = {}
    for name, kind in settings.columns.items():
        by_kind.setdefault(kind, []).append(f"`{name}`")
    units = row.head(task)["units"]
    fields = {
        "NAME": settings.name,
        "DATA": settings.data.path,
        "ROWS": f"{settings.data.rows:,}",
        "TARGET": _some([f"`{name}`" for name in task.target]),
        "PROBLEM": sentences(f"project.{row.name}") + (f" (classes: {_some(task.classes)})" if task.classes else ""),
        "LAYER": f"{units} unit{'s' * (units > 1)}, {row.activation or 'no activation'}",
        "LOSS": task.loss,
        "METRIC": task.metric,
        "WHY": row.why,
        "BASELINE": row.baseline,
        "COLUMNS": "\n".join(f"- {kind}: {_some(names)}" for kind, names in by_kind.items()),
        "SPLIT": split.reason or f"{split.scheme}, seed {split.seed}",
        "WARNINGS": "\n".join(f"- {sentence}" for sentence in answers.warnings) or "- none",
        "COMMAND": answers.command or "modelwizard new",
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: fields[match[1]], text)


def _requirements(names: Sequence[str]) -> str:
    """Pin what this machine has, so that the project can be run again elsewhere."""
    return "".join(map(_pinned, names)) + "\n# for the tests\n" + _pinned("pytest")


def _pinned(name: str) -> str:
    why = " # keras-tuner imports it and does not declare it" if name == "six" else ""
    try:
        return f"{name}=={metadata.version(name)}{why}\n"
    except metadata.PackageNotFoundError:
        return f"{name}{why}\n"


def _some(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
