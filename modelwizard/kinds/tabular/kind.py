"""Tables as a kind of data: a row is a line of a file, described by its columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from modelwizard.answers import Answers
from modelwizard.kinds import Kind
from modelwizard.kinds.tabular import code
from modelwizard.kinds.tabular.cells import cells_of
from modelwizard.kinds.tabular.columns import Column
from modelwizard.kinds.tabular.examples import EXAMPLES
from modelwizard.kinds.tabular.read import read
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


def _again(path: Path, settings: Settings) -> tuple[pd.DataFrame, Format]:
    """Read the data file of a project as it was read when the project was made."""
    data = settings.data
    missing = data.missing or ("",)
    form = Format(
        data.format, data.delimiter, data.encoding, data.decimal, data.thousands, missing, data.sheet, data.mended
    )
    return read(path, form), form


TABULAR: Kind = Tabular()
