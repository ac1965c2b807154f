"""Tables as a kind of data: a row is a line of a file, described by its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from modelwizard.answers import Answers
from modelwizard.kinds import Kind
from modelwizard.kinds.tabular import code, newrows
from modelwizard.kinds.tabular.cells import cells_of
from modelwizard.kinds.tabular.columns import Column
from modelwizard.kinds.tabular.examples import EXAMPLES
from modelwizard.kinds.tabular.read import read
from modelwizard.kinds.tabular.reading import read_table
from modelwizard.kinds.tabular.rows import times_of, units_of
from modelwizard.kinds.tabular.sniff import Format
from modelwizard.settings import Settings

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".xlsx")


class Tabular:
    """Tables."""

    name = "tabular"
    templates = code.TEMPLATES

    def recognises(self, path: Path) -> bool:
        """Say whether a file may be a table, by its name."""
        return path.suffix.lower() in SUFFIXES and path.is_file()

    def examples(self) -> Mapping[str, str]:
        """Return the bundled examples: name → what it is."""
        return MappingProxyType({name: example.title for name, example in EXAMPLES.items()})

    def files(self, answers: Answers) -> dict[str, str]:
        """Return the Python files of a project by their paths inside it."""
        return code.files(answers)

    def units(self, path: Path, settings: Settings) -> NDArray[Any]:
        """Number rows so that those of one group, and those of the same content, have the same number."""
        frame, form = _again(path, settings)
        columns = [Column(name, kind, "", 0, 0, ()) for name, kind in settings.columns.items()]
        return units_of(frame, columns, settings.problem.target, settings.split.group, form)

    def groups(self, path: Path, settings: Settings) -> NDArray[Any]:
        """Return the cells of the group's column, "" where one is empty."""
        frame, form = _again(path, settings)
        cells = cells_of(frame, settings.split.group or "")
        return cells.mask(cells.isin(form.missing), "").to_numpy(dtype=str)

    def times(self, path: Path, settings: Settings) -> NDArray[Any]:
        """Rank rows by the time's column, -1 where it is empty."""
        frame, form = _again(path, settings)
        return times_of(frame, settings.split.time or "", form)

    def rewritten(self, path: Path, settings: Settings, copy: Path) -> tuple[Path, list[str]]:
        """Return a file of new rows written as the data file is, and what about it was written otherwise."""
        numeric = [name for name, kind in settings.columns.items() if kind == "numeric"]
        return newrows.rewritten(path, _form(settings), numeric, copy)

    def unlike(self, path: Path, cleaned: Any, settings: Settings, data: Path | None) -> tuple[list[str], bool]:
        """Return how new rows are unlike the data file, and whether too much to predict them."""
        form = _form(settings)
        bare = {what: value for what, value in form.mended.items() if what not in ("numbers", "words", "moments")}
        raw = read_table(path, replace(form, mended=bare).settings)
        used = {name: kind for name, kind in settings.columns.items() if name not in settings.problem.target}
        return newrows.unlike(raw, cleaned, used, form, read(data, form) if data else None)


def _again(path: Path, settings: Settings) -> tuple[pd.DataFrame, Format]:
    """Read the data file of a project as it was read when the project was made."""
    form = _form(settings)
    return read(path, form), form


def _form(settings: Settings) -> Format:
    data = settings.data
    missing = data.missing or ("",)
    return Format(
        data.format, data.delimiter, data.encoding, data.decimal, data.thousands, missing, data.sheet, data.mended
    )


TABULAR: Kind = Tabular()
