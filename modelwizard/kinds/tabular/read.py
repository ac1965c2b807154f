"""Read a table as raw text: CSV, Parquet, JSON lines or Excel, with a clear sentence for each way it can fail.

Every cell is text, as it stands in the file; an empty cell is "". What a cell means is decided later
(`columns.py`), so that the same few lines of pandas in a generated project read the same table.
"""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import replace
from pathlib import Path

import pandas as pd

from modelwizard.errors import DataError
from modelwizard.kinds.tabular.cells import cells_of
from modelwizard.kinds.tabular.numbers import MISSING, convention
from modelwizard.kinds.tabular.sniff import examine, kind_of, unique_names
from modelwizard.settings import Format


def sniff(path: str | Path, *, delimiter: str | None = None, encoding: str | None = None) -> Format:
    """Find out how the table in a file is written, and check that it is a table.

    Args:
        path: A CSV (any common delimiter and encoding), Parquet, JSON lines or Excel file.
        delimiter: The delimiter of a CSV, where a person knows better. Defaults to what is found.
        encoding: The encoding of a CSV, where a person knows better. Defaults to what is found.

    Raises:
        DataError: The file is missing, empty, no table, ragged, or has names twice.
    """
    path = existing(path)
    kind = kind_of(path)
    if kind == "csv":
        return examine(path, delimiter, encoding)
    form = Format(kind, sheet=_first_sheet(path) if kind == "excel" else "")
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
            expected="at least 50 rows",
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


def as_text(column: pd.Series) -> pd.Series:
    """Return a column as text: missing cells "", dates as ISO text, spaces around the cells removed."""
    if not isinstance(column.dtype, pd.StringDtype) or column.hasnans:
        column = column.astype(str).where(column.notna(), "")
    return column.str.strip()


def _near(path: Path) -> str:
    """Name the file that was probably meant."""
    beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.5)
    return f"--data {path.parent / close[0]}" if close else "check the path: it is relative to this folder"


def _load(path: Path, form: Format) -> pd.DataFrame:
    """Read the file with the reader of its kind and return text."""
    readers = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl, "excel": _excel}
    try:
        frame = readers[form.format](path, form)
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
    frame.columns = [str(name).strip() for name in frame.columns]
    unique_names(path.name, list(frame.columns))
    return pd.concat([as_text(cells_of(frame, name)) for name in frame.columns], axis=1)


def _csv(path: Path, form: Format) -> pd.DataFrame:
    return pd.read_csv(
        path,
        sep=form.delimiter,
        encoding=form.encoding,
        dtype=str,
        keep_default_na=False,
        skipinitialspace=True,
        index_col=False,
    )


def _parquet(path: Path, form: Format) -> pd.DataFrame:
    return pd.read_parquet(path)


def _jsonl(path: Path, form: Format) -> pd.DataFrame:
    # dtype=False is missing in the types of pandas; with it "007" and "2020-01-01" stay what they are.
    return pd.read_json(path, lines=True, dtype=False)  # pyright: ignore[reportArgumentType]


def _excel(path: Path, form: Format) -> pd.DataFrame:
    _need_openpyxl()
    return pd.read_excel(path, sheet_name=form.sheet or 0, dtype=str, keep_default_na=False)


def _first_sheet(path: Path) -> str:
    """Return the name of the first sheet of a workbook."""
    _need_openpyxl()
    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            return str(book.sheet_names[0])
    except Exception as error:  # zipfile, XML and openpyxl each have their own
        raise DataError(
            f"{path.name} cannot be read as an Excel workbook.", fix="save it again as .xlsx or as CSV"
        ) from error


def _need_openpyxl() -> None:
    if importlib.util.find_spec("openpyxl") is None:
        raise DataError(
            "Reading Excel files needs the package openpyxl.",
            fix="pip install openpyxl, or save the sheet as CSV",
        )
