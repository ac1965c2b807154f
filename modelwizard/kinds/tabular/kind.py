"""Tables as a kind of data: a row is a line of a file, described by its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwizard.conversation import Page
from modelwizard.kinds import Data, Features, Kind
from modelwizard.kinds.facts import Column, DataFacts
from modelwizard.kinds.tabular import code, screen
from modelwizard.kinds.tabular.questions import DIVISIONS, QUESTIONS
from modelwizard.settings import Settings

if TYPE_CHECKING:
    from modelwizard.splitting.split import Rows

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".xlsx")
READERS = {"parquet": ("pyarrow",), "excel": ("openpyxl",)}
"""Packages that pandas needs to read a format."""


class _Tabular:
    name = "tabular"
    templates = code.TEMPLATES
    questions = QUESTIONS
    divisions = DIVISIONS
    reading: Mapping[str, str] = {
        **dict.fromkeys(("delimiter", "encoding", "decimal", "thousands"), "text"),
        "missing": "list",
        "sheet": "text",
        "header": "integer",
    }

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() in SUFFIXES and path.is_file()

    def examples(self) -> Mapping[str, str]:
        from modelwizard.kinds.tabular.examples import EXAMPLES

        return {name: example.title for name, example in EXAMPLES.items()}

    def write_example(self, name: str, folder: Path) -> Path:
        from modelwizard.kinds.tabular.examples import write_example

        return write_example(name, folder)

    def open(self, path: Path, reading: Mapping[str, Any]) -> Data:
        from modelwizard.kinds.tabular.study import Study

        return Study(path, reading)

    def show(self, page: Page, facts: DataFacts) -> None:
        screen.show(page, facts)

    def files(self, settings: Settings) -> dict[str, str]:
        return code.files(settings)

    def requirements(self, settings: Settings) -> Sequence[str]:
        return READERS.get(settings.data.format, ())

    def rows(self, path: Path, settings: Settings) -> Rows:
        from modelwizard.kinds.tabular.read import read
        from modelwizard.kinds.tabular.rows import rows_of

        data, split = settings.data, settings.split
        columns = [Column(name, kind) for name, kind in settings.columns.items()]
        return rows_of(read(path, data), columns, settings.problem.target, data, split.group or "", split.time or "")

    def matrices(self, train: Mapping[str, Any], held: Mapping[str, Any], *, one_hot: bool) -> tuple[Any, Any]:
        from modelwizard.kinds.tabular.matrices import matrices

        return matrices(train, held, one_hot=one_hot)

    def features(self) -> Features:
        from modelwizard.kinds.tabular.features import TableFeatures

        return TableFeatures()

    def altered(self, settings: Settings, rows: Any, labels: Any) -> AbstractContextManager[Callable[[Any], None]]:
        from modelwizard.kinds.tabular.altered import altered

        return altered(settings.problem.target, rows, labels)

    def rewritten(self, path: Path, settings: Settings, copy: Path) -> tuple[Path, list[str]]:
        from modelwizard.kinds.tabular.newrows import rewritten

        numeric = [name for name, kind in settings.columns.items() if kind == "numeric"]
        return rewritten(path, settings.data, numeric, copy)

    def unlike(self, path: Path, cleaned: Any, settings: Settings, data: Path | None) -> tuple[list[str], bool]:
        from modelwizard.kinds.tabular.newrows import unlike
        from modelwizard.kinds.tabular.read import read
        from modelwizard.kinds.tabular.reading import read_table

        form = settings.data
        bare = {what: value for what, value in form.mended.items() if what not in ("numbers", "words", "moments")}
        raw = read_table(path, vars(replace(form, mended=bare)))
        used = {name: kind for name, kind in settings.columns.items() if name not in settings.problem.target}
        return unlike(raw, cleaned, used, form, read(data, form) if data else None)


TABULAR: Kind = _Tabular()
