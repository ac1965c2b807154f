"""The answers of a project as typed values, read from `modelwizard.toml` with errors that name the key."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modelwizard.errors import ProjectError
from modelwizard.problems import PROBLEMS

FILE = "modelwizard.toml"
VERSION = 1
"""Version of the templates that a new project is written with."""

COLUMN_KINDS = ("numeric", "categorical", "boolean", "date", "text", "identifier", "constant", "ignore")
"""What a column can be."""
UNUSED = ("identifier", "constant", "ignore")
"""Those that never reach the model."""


@dataclass(frozen=True)
class Format:
    """How a file of rows is written.

    Args:
        format: `csv` (any delimiter), `parquet`, `jsonl` or `excel`.
        delimiter: What separates the cells of a text file. Defaults to a comma.
        encoding: Encoding of a text file, as Python names it. Defaults to UTF-8.
        decimal: Decimal sign. Defaults to a point.
        thousands: Sign between groups of three digits. Defaults to nothing.
        missing: Cells that mean "missing", as found in this file. Defaults to the empty cell.
        sheet: Sheet of a workbook, or nothing for the first. Defaults to nothing.
        mended: What the file has that no table should have, and how it is mended as it is read. Defaults to nothing.
        notes: What was mended, a sentence each, with the columns concerned; told once, in no file. Defaults to none.
    """

    format: str
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ("",)
    sheet: str = ""
    mended: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataSettings(Format):
    """Where the rows are and how the file is written.

    Args:
        path: The file, relative to the project's folder or absolute.
        rows: How many rows the file had when the project was made.
        sha256: The file's hash when the project was made.
        dates: Layout of a date column where it cannot be guessed. Defaults to none.
    """

    path: str
    rows: int
    sha256: str
    dates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class ProblemSettings:
    """What is predicted and how it is judged.

    Args:
        type: A problem type of the table.
        target: Target columns.
        classes: Labels in the order of their numbers; for `multilabel` the texts that mean yes. Defaults to none.
        loss: Loss by its Keras name.
        metric: The score that decides.
        reason: Why this problem type was chosen. Defaults to nothing.
    """

    type: str
    target: tuple[str, ...]
    classes: tuple[str, ...] = ()
    loss: str
    metric: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How rows are divided.

    Args:
        scheme: `holdout` or `kfold`.
        seed: Seed of the division.
        test_size: Share of the test rows. Defaults to 0.2.
        validation_size: Share of the validation rows under `holdout`. Defaults to 0.2.
        group: Column whose equal values stay together, or None.
        time: Column that orders the rows, the latest for the test, or None.
        folds: Folds under `kfold`. Defaults to 5.
        repeats: How often finalists' folds are drawn anew under `kfold`. Defaults to 1.
        reason: Why this scheme was chosen. Defaults to nothing.
        sha256: Hash of split.csv when it was written.
    """

    scheme: str
    seed: int
    test_size: float = 0.2
    validation_size: float = 0.2
    group: str | None = None
    time: str | None = None
    folds: int = 5
    repeats: int = 1
    reason: str = ""
    sha256: str


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How trials are trained.

    Args:
        batch_size: Rows of a step. Defaults to 32.
        tune_batch_size: Whether the regularize stage searches it too, from 2 to 32. Defaults to no.
        production: Under K-fold, what finalize exports: `retrain` (on all rows outside the test set) or `folds` (the
            average of the folds' own networks). Defaults to `retrain`.
        polish: Whether finalize tries a last pass at batch size 1, and keeps it if it helps. Defaults to no.
        seed: Base of every seed of a trial.
    """

    batch_size: int = 32
    tune_batch_size: bool = False
    production: str = "retrain"
    polish: bool = False
    seed: int


@dataclass(frozen=True)
class CheckSettings:
    """Which rules a person does not want to hear of.

    Args:
        mute: Codes of rules that are left out. Defaults to none.
    """

    mute: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """All answers of one project.

    Args:
        name: Name of the project.
        kind: Kind of data, a name of `kinds.KINDS`.
        version: Version of the templates it was written with.
        data: Table `[data]`.
        problem: Table `[problem]`.
        columns: Kind of each column that is not a target, in file order.
        split: Table `[split]`.
        training: Table `[training]`.
        checks: Table `[checks]`; may be left out.
    """

    name: str
    kind: str
    version: int
    data: DataSettings
    problem: ProblemSettings
    columns: Mapping[str, str]
    split: SplitSettings
    training: TrainingSettings
    checks: CheckSettings = CheckSettings()

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that reach the model, in file order."""
        return tuple(name for name, kind in self.columns.items() if kind not in UNUSED)

    @staticmethod
    def load(path: Path) -> Settings:
        """Read and check `modelwizard.toml`.

        Raises:
            ProjectError: Not readable, not TOML, or a key is missing, unknown, of a wrong type or out of range.
        """
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ProjectError(
                f"{path.name} cannot be read.",
                expected="a TOML file in UTF-8",
                received=str(error),
                fix=f"correct {path}, or take its last version from git",
            ) from error
        return Settings.parse(tables)

    @staticmethod
    def parse(tables: Mapping[str, Any]) -> Settings:
        """Check tables that were read from TOML and make them one value."""
        known = ("project", "data", "problem", "columns", "split", "training", "checks")
        for name in tables:
            if name not in known:
                raise _error(f"[{name}]", f"one of the tables {', '.join(known)}", "an unknown table", name, known)
        project = _table(tables, "project", _Project)
        settings = Settings(
            project.name,
            project.kind,
            project.version,
            _table(tables, "data", DataSettings),
            _table(tables, "problem", ProblemSettings),
            _columns(tables),
            _table(tables, "split", SplitSettings),
            _table(tables, "training", TrainingSettings),
            _table(tables, "checks", CheckSettings),
        )
        _check(settings)
        return settings


GONE = ("training.tune_features",)
"""Keys that settings of older projects hold and nobody reads any more."""


@dataclass(frozen=True)
class _Project:
    name: str
    kind: str = "tabular"
    version: int = 1


def _table(tables: Mapping[str, Any], name: str, form: Callable[..., Any]) -> Any:
    given = tables.get(name, {})
    if not isinstance(given, dict):
        raise _error(name, f"a table [{name}]", repr(given))
    known = {f.name: f for f in fields(form)}  # pyright: ignore[reportArgumentType]
    for key in given:
        if key not in known and f"{name}.{key}" not in GONE:
            raise _error(f"{name}.{key}", f"one of {', '.join(known)}", "an unknown key", key, tuple(known))
    values: dict[str, Any] = {}
    for key, slot in known.items():
        if key in given:
            values[key] = _value(f"{name}.{key}", given[key], str(slot.type))
        elif slot.default is MISSING and slot.default_factory is MISSING:
            raise _error(f"{name}.{key}", _words(str(slot.type)), "nothing: the key is missing")
    return form(**values)


def _value(key: str, value: Any, kind: str) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind == "str | None" and isinstance(value, str):
        return value or None  # TOML has no null: an empty text stands for it
    if kind.startswith("tuple") and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if kind == "Mapping[str, Any]" and isinstance(value, dict):
        return MappingProxyType({str(name): held for name, held in value.items()})
    if kind.startswith("Mapping") and isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
        return MappingProxyType(dict(value))
    raise _error(key, _words(kind), f"{value!r} ({type(value).__name__})")


def _words(kind: str) -> str:
    words = {
        "str": "a text in quotes",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "str | None": "a column's name",
    }
    return words.get(kind, "a list of texts" if kind.startswith("tuple") else "a table of texts")


def _columns(tables: Mapping[str, Any]) -> Mapping[str, str]:
    given = tables.get("columns", {})
    if not isinstance(given, dict):
        raise _error("columns", "a table [columns] of name = kind", repr(given))
    for name, kind in given.items():
        if kind not in COLUMN_KINDS:
            raise _error(f"columns.{name}", f"one of {', '.join(COLUMN_KINDS)}", repr(kind), str(kind), COLUMN_KINDS)
    return MappingProxyType(dict(given))


def _check(settings: Settings) -> None:
    problem, split = settings.problem, settings.split
    row = PROBLEMS.get(problem.type)
    for key, value, known in (
        ("training.production", settings.training.production, ("retrain", "folds")),
        ("problem.type", problem.type, tuple(PROBLEMS)),
        ("problem.loss", problem.loss, row.losses if row else ()),
        ("problem.metric", problem.metric, row.metrics if row else ()),
        ("split.scheme", split.scheme, ("holdout", "kfold")),
    ):
        if value not in known:
            raise _error(key, f"one of {', '.join(known)}", repr(value), value, known)
    if not problem.target:
        raise _error("problem.target", "at least one column", "an empty list")
    if PROBLEMS[problem.type].one_label and len(problem.classes) < 2:
        raise _error("problem.classes", "two labels or more", repr(list(problem.classes)))
    ranges = (
        ("training.batch_size", settings.training.batch_size, 1, None),
        ("split.folds", split.folds, 2 if split.scheme == "kfold" else 0, None),
        ("split.repeats", split.repeats, 0, None),
        ("split.test_size", split.test_size, 0, 1),
        ("split.validation_size", split.validation_size, 0, 1),
    )
    for key, value, low, high in ranges:
        if value < low or (high is not None and value >= high):
            raise _error(key, f"at least {low}" + (f" and below {high}" if high else ""), repr(value))


def _error(key: str, expected: str, received: str, word: str = "", known: tuple[str, ...] = ()) -> ProjectError:
    near = difflib.get_close_matches(word, known, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"correct {key} in {FILE}"
    return ProjectError(f"{FILE}: {key} cannot be used.", expected=expected, received=received, fix=fix)
