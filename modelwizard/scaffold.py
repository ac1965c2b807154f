"""From answers to a project: `plan` makes every file as text, `write` puts them on disk, all or nothing."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata, resources
from pathlib import Path

from modelwizard import kinds, toml
from modelwizard.answers import Answers
from modelwizard.errors import UsageError
from modelwizard.problems import PROBLEMS
from modelwizard.words import sentences

COMMON = {"README.md": "tabular/README.md", "pyproject.toml": "common/project.toml", ".gitignore": "common/gitignore"}
"""Where the files that are no code come from; a template that is named nowhere is never written."""

PINNED = ("tensorflow", "keras", "keras-tuner", "six", "scikit-learn", "numpy", "pandas")
TEMPLATE_VERSION = 1


def plan(answers: Answers, parts: Sequence[str], hashes: Sequence[str]) -> dict[str, str]:
    """Make every file of a project, without touching the disk.

    Args:
        answers: What the person decided.
        parts: The part of each data row: `train`, `validation`, `test` or `unused`.
        hashes: The hash of each data row, 16 hex digits.

    Returns:
        Text of each file by its path inside the project, in the order in which a tree shows them.
    """
    split = "part,hash\n" + "".join(f"{part},{row}\n" for part, row in zip(parts, hashes, strict=True))
    files = kinds.of(answers.kind).files(answers) | {path: _template(name) for path, name in COMMON.items()}
    files["README.md"] = _readme(files["README.md"], answers)
    files["modelwizard.toml"] = _settings(answers, split)
    files["split.csv"] = split
    files["requirements.txt"] = _requirements(answers)
    files["experiments/1-baseline.toml"] = _first_experiment(answers)
    return files


def write(files: Mapping[str, str], directory: Path, *, overwrite: bool = False) -> None:
    """Write a plan into a folder: everything appears at once, or nothing does.

    The files are staged in a hidden sibling folder, which is then renamed.

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
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        raise UsageError(
            f"{directory.parent} cannot be written: {error.strerror}",
            fix="choose a folder that belongs to you",
        ) from error
    try:
        for name, text in files.items():
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        stage.chmod(0o755)  # mkdtemp makes folders that only their owner may enter
        if directory.exists():
            for name in files:
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(stage / name, directory / name)
        else:
            stage.rename(directory)
    except OSError as error:
        raise UsageError(f"{directory} cannot be written: {error.strerror}", fix="choose another folder") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _settings(answers: Answers, split: str) -> str:
    """Write modelwizard.toml: its look matters, since people edit it."""
    import hashlib

    data, task, parts = answers.data, answers.problem, answers.split
    tables = {
        "project": {"name": answers.name, "kind": answers.kind, "version": TEMPLATE_VERSION},
        "data": {
            "path": data.path_from(answers.directory),
            "format": data.kind,
            "delimiter": data.delimiter,
            "encoding": data.encoding,
            **({"decimal": data.decimal} if data.decimal != "." else {}),
            **({"thousands": data.thousands} if data.thousands else {}),
            "missing": list(data.missing),
            **({"sheet": data.sheet} if data.kind == "excel" else {}),
            "rows": data.rows,
            "sha256": data.sha256,
            **({"dates": dict(data.dates)} if data.dates else {}),
            **({"mended": dict(data.mended)} if data.mended else {}),
        },
        "problem": {
            "type": task.type,
            "target": list(task.target),
            "classes": list(task.classes),
            "loss": task.loss,
            "metric": task.metric,
            "reason": task.reason,
        },
        "columns": dict(answers.columns),
        "split": {
            "scheme": parts.scheme,
            "seed": parts.seed,
            "test_size": parts.test_size,
            **({"validation_size": parts.validation_size} if parts.scheme == "holdout" else {}),
            **({"group": parts.group} if parts.group else {}),
            **({"time": parts.time} if parts.time else {}),
            **({"folds": parts.folds, "repeats": parts.repeats} if parts.scheme == "kfold" else {}),
            "reason": parts.reason,
            "sha256": hashlib.sha256(split.encode()).hexdigest(),
        },
        "training": {
            "batch_size": answers.training.batch_size,
            "tune_batch_size": False,
            **({"production": "retrain"} if parts.scheme == "kfold" else {}),
            "polish": False,
            "seed": answers.training.seed,
        },
    }
    head = ["The answers that this project was made from. Edit them freely; `modelwizard new` is not needed again."]
    head += [f"It was: {answers.command}"] if answers.command else []
    about = {**ABOUT, "training": (*ABOUT["training"], *(FOLDS if parts.scheme == "kfold" else ()))}
    return toml.write(tables, head=head, about=about)


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


def _first_experiment(answers: Answers) -> str:
    """Write the settings of the baseline: a small network without any regularisation."""
    return (
        "# A small network without regularisation: it has to beat the best prediction that looks at no input.\n"
        "[hyperparameters]\nlayers = 1\nunits = 32\ndropout = 0.0\nl1 = 0.0\nl2 = 0.0\n"
        "weight_decay = 0.0\nlearning_rate = 0.001\n\n"
        f"[training]\nepochs = 30\nbatch_size = {answers.training.batch_size}\nseed = {answers.training.seed}\n"
    )


def _readme(text: str, answers: Answers) -> str:
    """Tell in the project's README what was chosen, and why."""
    row, task, parts = PROBLEMS[answers.problem.type], answers.problem, answers.split
    kinds: dict[str, list[str]] = {}
    for name, kind in answers.columns.items():
        kinds.setdefault(kind, []).append(f"`{name}`")
    columns = "\n".join(f"- {kind}: {_some(names)}" for kind, names in kinds.items())
    warnings = "\n".join(f"- {sentence}" for sentence in answers.warnings) or "- none"
    units = row.head(task)["units"]
    fields = {
        "NAME": answers.name,
        "DATA": answers.data.path_from(answers.directory),
        "ROWS": f"{answers.data.rows:,}",
        "TARGET": _some([f"`{name}`" for name in task.target]),
        "PROBLEM": sentences(f"project.{row.name}") + (f" (classes: {_some(task.classes)})" if task.classes else ""),
        "REASON": task.reason,
        "LAYER": f"{units} unit{'s' * (units > 1)}, {row.activation or 'no activation'}",
        "LOSS": task.loss,
        "METRIC": task.metric,
        "WHY": row.why,
        "BASELINE": row.baseline,
        "COLUMNS": columns,
        "SPLIT": parts.reason or f"{parts.scheme}, seed {parts.seed}",
        "WARNINGS": warnings,
        "COMMAND": answers.command or "modelwizard new",
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: fields[match[1]], text)


def _requirements(answers: Answers) -> str:
    """Pin what this machine has, so that the project can be run again elsewhere."""
    reader = {"parquet": ("pyarrow",), "excel": ("openpyxl",)}.get(answers.data.kind, ())
    return "".join(_pinned(name) for name in (*PINNED, *reader)) + "\n# for the tests\n" + _pinned("pytest")


def _pinned(name: str) -> str:
    why = " # keras-tuner imports it and does not declare it" if name == "six" else ""
    try:
        return f"{name}=={metadata.version(name)}{why}\n"
    except metadata.PackageNotFoundError:
        return f"{name}{why}\n"


def _template(name: str) -> str:
    return resources.files("modelwizard.templates").joinpath(name).read_text(encoding="utf-8")


def _some(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
