"""Read a table as raw text: CSV, Parquet, JSON lines or Excel, with a clear sentence for each way it can fail.

Every cell is text, as it stands in the file; an empty cell is "". What a cell means is decided later
(`columns.py`), so that the same few lines of pandas in a generated project read the same table.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelwizard.errors import DataError
from modelwizard.evidence.scheme import MINIMUM_ROWS
from modelwizard.kinds.tabular.around import filled, footer, units
from modelwizard.kinds.tabular.around import header as header_of
from modelwizard.kinds.tabular.cells import cells_of, short
from modelwizard.kinds.tabular.mending import find
from modelwizard.kinds.tabular.nesting import inside
from modelwizard.kinds.tabular.numbers import MISSING, convention
from modelwizard.kinds.tabular.reading import mend, read_table
from modelwizard.kinds.tabular.sniff import examine, kind_of, unique_names
from modelwizard.settings import Format
from modelwizard.words import count


def sniff(
    path: str | Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: int | None = None,
    sheet: str | None = None,
) -> Format:
    """Find out how the table in a file is written, and check that it is a table.

    Args:
        path: A CSV (any common delimiter and encoding), Parquet, JSON lines or Excel file.
        delimiter: The delimiter of a CSV, where a person knows better. Defaults to what is found.
        encoding: The encoding of a CSV, where a person knows better. Defaults to what is found.
        header: The line of a CSV or a sheet that holds the names, the first being 1. Defaults to what is found.
        sheet: The sheet of a workbook. Defaults to the one with the largest table.

    Raises:
        DataError: The file is missing, empty, no table, ragged, or has names twice.
    """
    path = existing(path)
    kind = kind_of(path)
    if kind == "csv":
        return examine(path, delimiter, encoding, header)
    form = _workbook(path, header, sheet) if kind == "excel" else _nested(path, Format(kind))
    frame = _load(path, form)
    decimal, thousands = convention([cells_of(frame, name)[:2000].tolist() for name in frame.columns[:500]])
    present = {str(cell) for name in frame.columns for cell in cells_of(frame, name).unique()}
    missing = tuple(token for token in MISSING if not token or token in present)
    return replace(form, decimal=decimal, thousands=thousands, missing=missing)


def read(path: str | Path, form: Format | None = None) -> pd.DataFrame:
    """Return the table as raw text, one row a line of the file, spaces around the cells removed.

    Args:
        path: The file.
        form: How it is written. Defaults to what `sniff` finds.

    Returns:
        A frame of text columns; nothing is missing, an empty cell is "".

    Raises:
        DataError: The file cannot be read this way, or holds fewer than two rows or columns.
    """
    path = existing(path)
    frame = _load(path, form or sniff(path))
    if not len(frame):
        raise DataError(
            f"{path.name} has column names but no rows.",
            expected="a first line with the column names, then one line per row",
            received=f"{frame.shape[1]} column names and 0 rows",
            fix="export the table again, with its rows",
        )
    if len(frame) == 1:
        raise DataError(
            f"{path.name} has a single row; nothing can be learned from one example.",
            expected=f"at least {MINIMUM_ROWS} rows",
            received="1 row",
        )
    if frame.shape[1] < 2:
        raise DataError(
            f"{path.name} has a single column, '{frame.columns[0]}'.",
            expected="a column to predict and at least one column to predict it from",
            received="1 column",
            fix="export the table with all its columns",
        )
    return frame


def learn(path: str | Path, form: Format) -> tuple[Format, pd.DataFrame]:
    """Return the format with what has to be mended in the columns of a file, and its table, mended.

    Args:
        path: The file.
        form: How it is written, as `sniff` finds it.

    Raises:
        DataError: The file cannot be read this way, or holds fewer than two rows or columns.
    """
    frame = read(path, form)
    found = find(frame, form)
    return found, mend(frame, vars(found)) if found.mended != form.mended else frame


def existing(path: str | Path) -> Path:
    """Return the path of a file that exists and holds something."""
    path = Path(path).expanduser()
    if path.is_dir():
        tables = sorted(p.name for p in path.iterdir() if p.suffix in (".csv", ".tsv", ".parquet", ".jsonl"))
        raise DataError(
            f"{path} is a folder.",
            expected="one file with a table",
            received=f"a folder with {', '.join(tables[:3])}" if tables else "a folder without a table",
            fix=f"--data {path / tables[0]}" if tables else "name the file: --data FILE",
        )
    if not path.exists():
        raise DataError(f"There is no file {path}.", expected="a file with a table", fix=_near(path))
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror}.", fix="check its permissions") from error
    if size == 0:
        raise DataError(f"{path.name} is empty.", expected="a table", received="0 bytes")
    return path


def _near(path: Path) -> str:
    """Name the file that was probably meant."""
    beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.5)
    return f"--data {path.parent / close[0]}" if close else "check the path: it is relative to this folder"


def _load(path: Path, form: Format) -> pd.DataFrame:
    """Read the file with the reader of its kind and return text."""
    if form.format == "excel":
        _need_openpyxl()
    try:
        frame = read_table(path, vars(form))
    except DataError:
        raise
    except MemoryError as error:
        raise DataError(
            f"{path.name} does not fit into this computer's memory.", fix="use a sample of its rows"
        ) from error
    # The parsers of pandas, pyarrow and openpyxl share no base class for "this file is broken".
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise DataError(
            f"{path.name} cannot be read as {form.format}: {reason}.",
            fix="open it in the program that made it and export it as CSV (UTF-8)",
        ) from error
    unique_names(path.name, list(frame.columns))
    return frame


def _nested(path: Path, form: Format) -> Format:
    """Return the format with what stands inside the cells of JSON lines or of Parquet."""
    try:
        if form.format == "jsonl":
            with path.open(encoding="utf-8-sig") as lines:
                lists, told = inside(json.loads(line) for line in lines if line.strip())
        else:
            table: Any = pd.read_parquet(path)
            nested = [
                name for name in table if table[name].map(lambda cell: isinstance(cell, (dict, np.ndarray))).any()
            ]
            lists, told = inside(table[nested].to_dict(orient="records"))
    except (ValueError, OSError, AttributeError):
        return form  # `_load` says what is wrong with the file
    return replace(form, mended={"lists": lists} if lists else {}, notes=tuple((sentence, ()) for sentence in told))


def _workbook(path: Path, first: int | None, sheet: str | None) -> Format:
    """Find the table in a workbook: its sheet, the row of its names, and what stands around it."""
    _need_openpyxl()
    try:
        sheets = pd.read_excel(path, sheet_name=sheet or None, header=None, dtype=str, keep_default_na=False)
    except Exception as error:  # zipfile, XML and openpyxl each have their own
        raise DataError(
            f"{path.name} cannot be read as an Excel workbook.", fix="save it again as .xlsx or as CSV"
        ) from error
    held: dict[str, list[list[str]]] = {
        name: frame.fillna("").astype(str).to_numpy().tolist()
        for name, frame in (sheets.items() if isinstance(sheets, dict) else [(sheet or "", sheets)])
    }
    sizes = {name: sum(filled(row) for row in rows if filled(row) > 1) for name, rows in held.items()}
    chosen = max(held, key=lambda name: sizes[name])
    rows, mended, notes = held[chosen], dict[str, Any](), list[str]()
    if len(held) > 1:
        others = ", ".join(name for name in held if name != chosen)
        notes.append(f"The table is read from the sheet {chosen!r}; other sheets: {others}.")
    skipped = first - 1 if first else header_of(rows)
    if skipped:
        mended["header"] = skipped + 1
        above = short(" ".join(cell for cell in rows[0] if cell), 40)
        notes.append(
            f"The column names stand in row {skipped + 1}; what is above them is left out{above and f': {above!r}'}."
        )
    rows = rows[skipped:]
    left_out = [row for at, row in enumerate(rows) if at and row == rows[0]] + rows[1:2] * units(rows)
    if left_out:
        mended["left_out"] = [*dict.fromkeys(";".join(cell.strip() for cell in row) for row in left_out)]
        notes.append(f"{count(len(left_out), 'row', 'rows')} of names or units among the data: left out.")
    if below := footer(rows, len(rows[0]) if rows else 0):
        mended["footer"] = below
        notes.append(f"{count(below, 'row', 'rows')} below the table: left out.")
    return Format("excel", sheet=chosen, mended=mended, notes=tuple((note, ()) for note in notes))


def _need_openpyxl() -> None:
    if importlib.util.find_spec("openpyxl") is None:
        raise DataError(
            "Reading Excel files needs the package openpyxl.",
            fix="pip install openpyxl, or save the sheet as CSV",
        )
