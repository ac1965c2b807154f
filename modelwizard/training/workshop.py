"""One project as the worker holds it: its code imported, its rows loaded and encoded once for each fold."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard import kinds
from modelwizard.checks.catalogue import known
from modelwizard.contract.findings import Found, found
from modelwizard.errors import DataError, ProjectError
from modelwizard.kinds import Kind
from modelwizard.problems import PROBLEMS, Problem
from modelwizard.project import Project
from modelwizard.training import adapted, division, sealed, watching
from modelwizard.training.shapes import Padded
from modelwizard.training.user_code import UserCode, blame

Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """Some rows, as a network eats them and as a person sees them.

    Args:
        x: Encoded blocks.
        y: Targets for the loss.
        truth: Canonical targets: class numbers (n,), or (n, k) in their own units.
        rows: (n,) positions in the data file.
        raw: Raw columns.
    """

    x: dict[str, Array]
    y: Array
    truth: Array
    rows: Array
    raw: dict[str, Array]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Array) -> Part:
        """Return some of the rows."""
        x, raw = ({name: values[index] for name, values in d.items()} for d in (self.x, self.raw))
        return Part(x, self.y[index], self.truth[index], self.rows[index], raw)


@dataclass(frozen=True)
class Fold:
    """One division into training and validation rows, with the encoding learned from the former.

    Args:
        number: Counts from 0 over all repeats.
        repeat: Which drawing of the folds it belongs to, from 0.
        encoding: The project's own `Encoding`.
        train: Training rows.
        validation: Validation rows.
    """

    number: int
    repeat: int
    encoding: Any
    train: Part
    validation: Part


class Workshop:
    """A project, ready to train.

    Args:
        project: The project as it is on disk now.

    Raises:
        DataError: The data file or the split are not what they were.
        ProjectError: The project's code cannot be used.
    """

    def __init__(self, project: Project) -> None:
        project.require_unchanged()
        self.project = project
        self.stamp = stamp(project)
        self._seen = _facts(project)
        self.code = UserCode.load(project.folder)
        self._table: dict[str, Array] | None = None
        self.found: list[Found] = []  # what its code does and a person must know
        self._folds: list[Fold] = []
        self._loaded: dict[tuple[str, ...], Any] = {}
        self.extended: Workshop | None = None  # the same with features that are on trial (`features.with_features`)

    @property
    def problem(self) -> Problem:
        """The row of the table that belongs to the project."""
        return PROBLEMS[self.project.settings.problem.type]

    @property
    def kind(self) -> Kind:
        """The kind of the project's data."""
        return kinds.of(self.project.settings.kind)

    @property
    def muted(self) -> list[str]:
        """Codes of the rules that modelwizard.toml mutes."""
        return [known(code) for code in self.project.settings.checks.mute]

    @property
    def builder(self) -> str:
        """Where the project builds its model, as `file:line`."""
        return self.code.line_of(self.code.model, "build_model")

    @cached_property
    def parts(self) -> Array:
        """The part of each data row."""
        return self.project.parts()

    @cached_property
    def rows(self) -> int:
        """How many rows are not sealed: those of the production model, which a trial's network is compiled for, too."""
        return int(np.isin(self.parts, ("train", "validation")).sum())

    @cached_property
    def outputs(self) -> int:
        """How many outputs the network must have."""
        task = self.project.settings.problem
        return self.problem.outputs(len(task.target), len(task.classes))

    def current(self, project: Project) -> bool:
        """Say whether this is still the project on disk."""
        return project.folder == self.project.folder and _facts(project) == self._seen and stamp(project) == self.stamp

    def load(self, *parts: str) -> Any:
        """Load rows through the project's data.py, and make sure that none of them is sealed.

        Args:
            *parts: `train` and `validation`; the test rows go through `sealed.open_rows`.
        """
        if parts not in self._loaded:
            with blame(self.project.folder, f"load the {' and '.join(parts)} rows"):
                rows = self.code.data.load(*parts)
            self._check(rows, parts)
            sealed.check(self.code, self.parts, rows, self._whole())
            self._loaded[parts] = rows
        return self._loaded[parts]

    def _whole(self) -> dict[str, Array]:
        """Return the raw columns of the whole file, kept until the rows are encoded."""
        table = self._table
        if table is None:
            with blame(self.project.folder, "read the data file"):
                table = self._table = self.code.data.to_columns(self.code.data.read_rows(self.project.data_path))
        return table

    def folds(self, repeats: int = 1) -> Sequence[Fold]:
        """Return the divisions: one under hold-out, folds x repeats under K-fold; encoded once and kept.

        Args:
            repeats: How often the folds are drawn anew; without meaning under hold-out. Defaults to 1.
        """
        if self.project.settings.split.scheme == "holdout":
            if not self._folds:
                self._folds = [self._fold(0, 0, self.load("train"), self.load("validation"))]
                self._table = None
            return self._folds
        rows, count = self.load("train", "validation"), self.project.settings.split.folds
        wanted = count * max(1, repeats)
        if len(self._folds) < wanted:
            pairs = division.pairs(self.project, self.parts, rows.rows, rows.y, max(1, repeats))
            wanted = min(wanted, len(pairs))  # ordered by time, folds are drawn once only
            for number in range(len(self._folds), wanted):
                train, held = (self.select(rows, np.searchsorted(rows.rows, part)) for part in pairs[number])
                self._folds.append(self._fold(number, number // count, train, held))
            self._table = None
        return self._folds[:wanted]

    @cached_property
    def production(self) -> tuple[Any, Part]:
        """An encoding learned from training and validation rows together, and these rows encoded by it."""
        rows = self.load("train", "validation")
        encoding = self.encode(rows)
        return encoding, self.part(encoding, rows)

    def encode(self, rows: Any, held: Any = None) -> Any:
        """Learn an encoding from rows, and look whether it was learned from others too.

        Args:
            rows: The rows to learn from.
            held: Rows that it must not know, to compare its state with. Defaults to none: it is not compared.
        """
        folder, code = self.project.folder, self.code
        with (
            blame(folder, "learn the encoding of the training rows"),
            self.watching("Encoding"),
        ):
            encoding = code.preprocessing.Encoding(rows)
        model = getattr(encoding, "model", None)
        if held is not None and model is not None:
            loaded = np.concatenate([rows.rows, held.rows])
            rest = {name: np.delete(values, loaded, axis=0) for name, values in self._whole().items()}
            names = getattr(encoding, "columns", {}).get("numeric", ())
            self.note(adapted.check(model, rows.x, held.x, rest, names=names, spelled=watching.literals(folder)))
        return Padded(encoding)

    @contextlib.contextmanager
    def watching(self, who: str) -> Generator[None]:
        """Note which rows the project's code loads on its own inside the block.

        Args:
            who: The code that runs.

        Raises:
            ProjectError: Test rows are among them.
        """
        with watching.watching(self.code.data, *self.code.modules) as loaded:
            yield
        for one in loaded:
            if "test" in one.parts:
                raise ProjectError(
                    f"{one.where}: {who} loads the test rows.",
                    expected="learning from the given rows only; `modelwizard finalize` opens the test rows",
                    fix='remove data.load("test") from preprocessing.py and model.py',
                )
        self.note(
            found("MW603", "loads" if one.parts else "reads", one.where, who=who, parts=list(one.parts))
            for one in loaded
        )

    def note(self, findings: Iterable[Found]) -> None:
        """Keep findings, each once."""
        for one in findings:
            if one not in self.found:
                self.found.append(one)

    def part(self, encoding: Any, rows: Any) -> Part:
        """Encode rows."""
        with blame(self.project.folder, "encode rows"):
            x, y = encoding.encode(rows.x), encoding.encode_target(rows.y)
        if not np.isfinite(np.asarray(y, dtype=float)).all():
            row = int(rows.rows[~np.isfinite(np.asarray(y, float).reshape(len(y), -1)).all(axis=1)][0])
            raise DataError(
                f"The target of data row {row + 1} is missing or not a number.",
                expected="a target in every training, validation and test row",
                fix="mark these rows as unused, as modelwizard new does",
            )
        for name, values in x.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ProjectError(
                    f"preprocessing.py: the block {name!r} of the encoded rows holds NaN or infinite values.",
                    fix="fill missing values in preprocessing.py, or keep add_features from dividing by zero",
                )
        return Part(x, y, np.asarray(rows.y), np.asarray(rows.rows), rows.x)

    def select(self, rows: Any, index: Array) -> Any:
        """Return some of the rows that data.py loaded, in its own type."""
        return self.code.data.Rows({n: v[index] for n, v in rows.x.items()}, rows.y[index], rows.rows[index])

    def _fold(self, number: int, repeat: int, train: Any, validation: Any) -> Fold:
        encoding = self.encode(train, validation)
        return Fold(number, repeat, encoding, self.part(encoding, train), self.part(encoding, validation))

    def _check(self, rows: Any, parts: Sequence[str]) -> None:
        """Refuse what cannot be trained on, before Keras says so in its own words."""
        where = self.code.line_of(self.code.data, "load")
        if not all(hasattr(rows, name) for name in ("x", "y", "rows")):
            raise ProjectError(
                f"{where}: load() does not return Rows.", expected="Rows(x, y, rows)", received=type(rows).__name__
            )
        if len(rows.rows) == 0:
            raise DataError(f"There are no {' or '.join(parts)} rows.", fix="make a new split: modelwizard new")
        lengths = {"y": len(rows.y), **{name: len(v) for name, v in rows.x.items()}}
        wrong = [name for name, length in lengths.items() if length != len(rows.rows)]
        if wrong:
            raise ProjectError(
                f"{where}: load() returns {len(rows.rows)} row numbers, but {wrong[0]!r} has {lengths[wrong[0]]} rows.",
                fix="drop rows from x, y and rows alike",
            )


def stamp(project: Project) -> str:
    """Return a hash of every module of the project, its settings and its split."""
    digest = hashlib.sha256()
    for path in [*sorted(project.folder.glob("*.py")), project.folder / "modelwizard.toml", project.split_path]:
        digest.update(path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()


def relative(project: Project, path: Path) -> str:
    """Return a path as it is shown and recorded: relative to the project's folder."""
    return path.relative_to(project.folder).as_posix()


def _facts(project: Project) -> tuple[int, int]:
    """Return size and time of the data file, a cheap sign that its content may have changed."""
    if not project.data_path.is_file():
        return (0, 0)
    facts = project.data_path.stat()
    return (facts.st_size, facts.st_mtime_ns)
