"""What a person decided: one frozen value that holds everything a project is written from.

Its parts mirror the tables of `modelwizard.toml`, so that the scaffold writes them one to one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

COLUMN_KINDS = ("numeric", "categorical", "boolean", "date", "text", "identifier", "constant", "ignore")
"""What a column can be; the last three never reach the model."""


@dataclass(frozen=True)
class Source:
    """The data file and how it is read.

    Args:
        path: The file, absolute.
        kind: `csv`, `parquet`, `jsonl` or `excel`.
        delimiter: Sign between two cells of a CSV. Defaults to a comma.
        encoding: How bytes become text. Defaults to UTF-8.
        decimal: Decimal sign. Defaults to a point.
        thousands: Sign between groups of digits. Defaults to none.
        missing: Cells that stand for "not known". Defaults to the empty cell.
        sheet: Sheet of an Excel file. Defaults to none.
        dates: Layout of each date column for `pandas.to_datetime`, by the column's name. Defaults to none.
        mended: What the file has that no table should have, and how it is mended (`[data.mended]`). Defaults to
            nothing.
        rows: Number of data rows, the header not counted.
        sha256: Hash of the file's bytes, 64 hex digits.
    """

    path: Path
    kind: str = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ("",)
    sheet: str = ""
    dates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mended: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    rows: int = 0
    sha256: str = ""

    def path_from(self, directory: Path) -> str:
        """Return the path to write into a project: relative when the data lie beside it or inside it.

        A project and a neighbouring data file are often moved together; a file far away is not.
        """
        directory = directory.resolve()
        near = self.path.is_relative_to(directory.parent)
        return Path(os.path.relpath(self.path, directory)).as_posix() if near else self.path.as_posix()


@dataclass(frozen=True)
class Task:
    """What is predicted, and how that is scored.

    Args:
        type: A name of `problems.PROBLEMS`.
        target: The columns to predict, in order.
        classes: Labels in the order of their class ids, as they stand in the file: `(negative, positive)` of
            a binary problem, all of a multiclass one, else empty.
        loss: Name of the Keras loss.
        metric: Name of the score that decides, of `evidence.scores`.
        reason: Why this problem type was offered, or that the person chose it.
    """

    type: str
    target: tuple[str, ...]
    classes: tuple[str, ...] = ()
    loss: str = ""
    metric: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Splitting:
    """How rows are kept apart; the parts themselves are a `modelwizard.splitting.split.Split`.

    Args:
        scheme: `holdout` or `kfold`, already decided (never `auto`).
        test_size: Share of all rows that is sealed until the end.
        validation_size: Share of all rows that judges trials (hold-out only).
        group: Column whose equal values stay together, or empty.
        time: Column by which rows are ordered, the latest for the test, or empty.
        folds: Number of folds (0 for hold-out).
        repeats: How often the folds are drawn anew (0 for hold-out).
        seed: Seed of the split.
        reason: Why this scheme, in rows and points.
    """

    scheme: str = "holdout"
    test_size: float = 0.2
    validation_size: float = 0.2
    group: str = ""
    time: str = ""
    folds: int = 0
    repeats: int = 0
    seed: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Training:
    """What every experiment starts from.

    Args:
        batch_size: Rows in one step. Defaults to 32.
        seed: Seed of weights and shuffling. Defaults to 0.
    """

    batch_size: int = 32
    seed: int = 0


@dataclass(frozen=True)
class Answers:
    """Everything that a new project is made from.

    Args:
        directory: Folder of the project, absolute; it does not exist yet unless `--overwrite` was given.
        name: Name of the project, by default the folder's name.
        data: The file.
        problem: The task.
        columns: Kind of each column that is no target, in file order (see `COLUMN_KINDS`).
        split: How rows are kept apart.
        training: Batch size and seed.
        reasons: Why an answer is what it is, by the question's name ("2 distinct values", "given by --seed").
        warnings: What a person should know about the data before trusting a result, one sentence each.
        command: The exact command that makes this project again without questions.
        kind: Kind of data, a name of `kinds.KINDS`. Defaults to a table.
    """

    directory: Path
    name: str
    data: Source
    problem: Task
    columns: Mapping[str, str]
    split: Splitting = field(default_factory=Splitting)
    training: Training = field(default_factory=Training)
    reasons: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()
    command: str = ""
    kind: str = "tabular"

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that reach the model, in file order."""
        unused = {"identifier", "constant", "ignore"}
        return tuple(name for name, kind in self.columns.items() if kind not in unused)
