"""Find out how a text table is written: encoding, delimiter, number signs, and whether each row is whole."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from modelwizard.errors import DataError
from modelwizard.kinds.tabular.around import around, joined, units
from modelwizard.kinds.tabular.numbers import MISSING, convention, number_pattern
from modelwizard.kinds.tabular.reading import table_lines
from modelwizard.settings import Format
from modelwizard.words import count

_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space"}
_SAMPLE_ROWS = 2000
_ASIAN = ("gb18030", "cp932", "euc_jp", "cp949", "big5")
_ENCODINGS = ("gb18030", "cp1252", "cp1251", *_ASIAN[1:], "cp1250", "koi8_r")
"""Encodings besides UTF-8, the likelier first: of Chinese, Western, Cyrillic, Japanese, Korean, Eastern European."""


def kind_of(path: Path) -> str:
    """Return the kind of a file from its first bytes, and from its name where those do not tell.

    Raises:
        DataError: The file is of a kind that holds no table we can read.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    suffix = path.suffix.lower()
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04") and suffix in (".xlsx", ".xlsm"):
        return "excel"
    refused = {
        b"PK\x03\x04": ("a zip archive", "unpack it and name the table inside"),
        b"\x1f\x8b": ("a gzip archive", f"gunzip {path.name}"),
        b"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls)", "save it as .xlsx or as CSV"),
        b"\x89PNG": ("an image", "name a table: --data FILE.csv"),
        b"\xff\xd8\xff": ("an image", "name a table: --data FILE.csv"),
        b"%PDF": ("a PDF document", "export the table itself as CSV"),
        b"SQLite format 3": ("an SQLite database", "export the table as CSV"),
        b"ARROW1": ("an Arrow/Feather file", "save it as Parquet or CSV"),
    }
    for magic, (what, fix) in refused.items():
        if head.startswith(magic):
            raise DataError(
                f"{path.name} is {what}, not a table that can be read.",
                expected="CSV, TSV, Parquet, JSON lines or Excel (.xlsx)",
                fix=fix,
            )
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{") or suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    if start.startswith(b"[") and suffix == ".json":
        raise DataError(
            f"{path.name} is one JSON array.",
            expected='JSON lines: one object per line, {"age": 31, "city": "Oslo"}',
            fix="pandas.read_json(FILE).to_json('table.jsonl', orient='records', lines=True)",
        )
    return "csv"


def examine(path: Path, delimiter: str | None = None, encoding: str | None = None, first: int | None = None) -> Format:
    """Sniff a text table, and check every row of it.

    Args:
        path: The file.
        delimiter: What a person knows better. Defaults to what is found.
        encoding: What a person knows better. Defaults to what is found.
        first: The line of the names, where a person knows better. Defaults to what is found.

    Raises:
        DataError: It is no text, has one column, no header, a name twice, or ragged rows.
    """
    raw = path.read_bytes()
    encoding = encoding or find_encoding(raw, path.name)
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(
            f"{path.name} cannot be read as {encoding}.",
            expected="an encoding that Python knows and that fits the file, such as utf-8, cp1252 or gb18030",
            received=str(error),
            fix=f"leave the encoding out ({find_encoding(raw, path.name)} seems to fit)",
        ) from error
    if not text.strip():
        raise DataError(f"{path.name} is empty.", expected="a table", received="blank lines only")
    if "\n" not in text:
        text = text.replace("\r", "\n")  # the ends of lines of old Macs, which pandas knows
    delimiter = delimiter or find_delimiter(text[:200_000], path)
    mended, notes = around(text, delimiter, first)
    sample, missing, repeated = _check_rows("".join(table_lines(text, mended)), delimiter, path.name, mended)
    names = sample[0]
    left_out = [*dict.fromkeys(map(joined, repeated))]
    if repeated:
        again = f"{count(len(repeated), 'row repeats', 'rows repeat')} the column names: left out"
        notes.append(f"{again}, as of files that were joined.")
    if units(sample):
        left_out.append(joined(sample.pop(1)))
        notes.append(f"The row below the column names holds units ({left_out[-1]}): left out.")
    if left_out:
        mended["left_out"] = left_out
    rows = sample[1:]
    _check_names(names, rows, path.name, delimiter)
    columns = [list(cells) for cells in islice(zip(*rows, strict=True), 500)]
    decimal, thousands = convention(columns, delimiter)
    told = tuple((note, ()) for note in notes)
    return Format("csv", delimiter, encoding, decimal, thousands, missing, mended=mended, notes=told)


def find_encoding(raw: bytes, name: str = "The file") -> str:
    """Return the encoding of a text: its byte order mark, UTF-8 if it is, else a guess.

    Raises:
        DataError: It is not text.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return encoding
    head = raw[:4096]
    if b"\x00" in head:
        # UTF-16 without a mark: Western text has a zero in every other byte.
        for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            half = head[start::2]
            if half.count(0) > 0.6 * len(half) and b"\x00" not in head[1 - start :: 2]:
                return encoding
        raise DataError(
            f"{name} is not text.",
            expected="a table as CSV, TSV, Parquet, JSON lines or Excel (.xlsx)",
            received="binary data",
        )
    return "utf-8" if _decodes(raw, "utf-8") else _guessed(raw)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(raw: bytes) -> str:
    """Return the encoding under which the lines that are not plain ASCII look least broken.

    Short texts look whole under several encodings; then the more common one is taken. An accented letter of a
    Western text stands alone between ASCII letters; the characters of Asian encodings are pairs of bytes above 127.
    """
    from charset_normalizer import from_bytes

    lines = b"\n".join(line for line in raw[:2_000_000].splitlines() if not line.isascii())[:200_000]
    lines = lines.rpartition(b"\n")[0] or lines
    runs = re.findall(rb"[\x80-\xff]+", lines)
    alone = sum(map(len, runs)) < 2 * len(runs)
    tried = [encoding for encoding in _ENCODINGS if not (alone and encoding in _ASIAN) and _decodes(raw, encoding)]
    found = {
        encoding: match.chaos
        for match in (from_bytes(lines, cp_isolation=tried, threshold=0.6) if tried else ())
        for encoding in match.could_be_from_charset
    }
    clean = min(found.values(), default=0.0) + 0.05
    fallback = "cp1252" if "cp1252" in tried else "latin-1"
    return next((encoding for encoding in tried if found.get(encoding, 1.0) <= clean), fallback)


def find_delimiter(sample: str, path: Path) -> str:
    """Return the delimiter under which the rows have as many cells as the header.

    Raises:
        DataError: There is one column only.
    """
    lines = sample.splitlines(keepends=True)
    said = re.match(r'\ufeff?"?sep=(.)"?\s*$', lines[0]) if lines else None
    if said:
        return said[1]
    whole = lines[:-1] if len(lines) > 1 and len(sample) >= 200_000 else lines
    shares: dict[str, float] = {}
    later: dict[str, float] = {}
    # A comma in a sentence is common, a tab or a semicolon is not: the first one that fits is right.
    for delimiter in ("\t", ";", "|", ",", " "):
        rows = csv.reader(io.StringIO("".join(whole)), delimiter=delimiter, skipinitialspace=True)
        try:
            widths = [len(row) for row in islice(rows, 500) if row]
        except csv.Error:
            continue
        width = widths[0] if widths else 0
        fits = Counter(widths)[width] / len(widths) if widths else 0.0
        if width > 1 and fits >= 0.95:
            return delimiter
        if width > 1 and delimiter != " ":
            shares[delimiter] = fits
        usual = Counter(width for width in widths if width > 1).most_common(1)
        if usual and usual[0][1] >= 0.8 * len(widths):
            later[delimiter] = usual[0][1] / len(widths)
    if later:  # under titles of other widths
        return max(later, key=lambda delimiter: (delimiter != " ", later[delimiter]))
    if shares:
        return max(shares, key=lambda delimiter: shares[delimiter])
    raise DataError(
        f"{path.name} has one column only.",
        expected="columns separated by commas, semicolons, tabs or vertical bars; one of them to be predicted",
        received=f"a first line that reads {lines[0].strip()[:60]!r}",
        fix="export the table with all its columns",
    )


def _check_rows(
    text: str, delimiter: str, name: str, mended: Mapping[str, Any]
) -> tuple[list[list[str]], tuple[str, ...], list[list[str]]]:
    """Return the first rows, the words for "missing" that occur, and rows that repeat the names.

    Ragged rows are refused, by line number.
    """
    above = mended.get("header", 1) - 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    tokens = frozenset(MISSING)
    sample: list[list[str]] = []
    found: set[str] = {""}
    ragged: list[tuple[int, int]] = []
    repeated: list[list[str]] = []
    names = ""
    width = total = 0
    try:
        for row in reader:
            if not row:
                continue
            width, names = width or len(row), names or joined(row)
            total += 1
            if total > 1 and joined(row).lstrip("\ufeff") == names:
                repeated.append(row)
                continue
            if len(row) != width:
                ragged.append((reader.line_num + above, len(row)))
            elif len(sample) <= _SAMPLE_ROWS:
                sample.append(row)
            found |= tokens.intersection(row)
    except csv.Error as error:
        raise DataError(
            f"{name} cannot be read after line {reader.line_num}: {error}.",
            expected='a quote inside a cell written twice: "a 5"" pipe"',
            fix="look for an unclosed quote near that line",
        ) from error
    if ragged:
        raise _ragged(name, width, total, ragged, delimiter)
    return sample, tuple(token for token in MISSING if token in found), repeated


def _ragged(name: str, width: int, total: int, ragged: list[tuple[int, int]], delimiter: str) -> DataError:
    """Return the error that says which lines are too short or too long."""
    sign = _NAMES.get(delimiter, delimiter)
    if len(ragged) == total - 1 and len({cells for _, cells in ragged}) == 1:
        return DataError(
            f"The first line of {name} has {width} names, and every row has {ragged[0][1]} cells.",
            expected="as many names as cells",
            received=f"{width} names, {ragged[0][1]} cells, {sign} between them",
            fix="add the missing name (often the first column's), or remove the sign at the end of each line",
        )
    shown = "; ".join(f"line {line} has {cells} cell{'s' * (cells != 1)}" for line, cells in ragged[:3])
    more = f"; and {len(ragged) - 3} more lines" if len(ragged) > 3 else ""
    return DataError(
        f"{name} has rows of different lengths.",
        expected=f"{width} cells in each row, as in the first line ({sign} between them)",
        received=shown + more,
        fix=f"correct these lines: a cell with a {sign} or a line break in it needs quotes around it",
    )


def _check_names(names: list[str], rows: list[list[str]], file: str, delimiter: str) -> None:
    """Refuse a first line that is data, and names that stand there twice."""
    cells = [name.strip() for name in names]
    if _is_data(cells, rows):
        line = delimiter.join(cells)
        raise DataError(
            f"The first line of {file} looks like data, not like column names.",
            expected="a first line with the name of each column",
            received=line[:70] + ("…" if len(line) > 70 else ""),
            fix="add a first line with the names, such as: age,city,bought",
        )
    unique_names(file, [name for name in names if name.strip()])


def unique_names(file: str, names: list[str]) -> None:
    """Refuse a table in which two columns have one name; several may have none."""
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise DataError(
            f"{file} has two columns with the same name: {', '.join(repr(name) for name in twice[:5])}.",
            expected="a different name for each column",
            received=f"{len(names)} columns, {len(set(names))} different names",
            fix="rename one of them in the first line; if that line is data, add a line of names above it",
        )


def _is_data(names: list[str], rows: list[list[str]]) -> bool:
    """Say whether at least half of the names are values: numbers over numbers, or words that occur below.

    Whole numbers in even steps (0, 1, 2, … as pandas writes them; 1990, 2000, 2010) are names.
    """
    number = number_pattern(".", "")
    numeric = [name for name in names if number.fullmatch(name)]
    steps = {int(b) - int(a) for a, b in pairwise(numeric) if a.isdigit() and b.isdigit()}
    if not rows or (all(name.isdigit() for name in numeric) and len(steps) == 1 and steps != {0}):
        return False
    values = 0
    for name, cells in zip(names, zip(*rows[: max(20, 200_000 // len(names))], strict=True), strict=True):
        column = [cell.strip() for cell in cells]
        if number.fullmatch(name):
            values += sum(number.fullmatch(cell) is not None for cell in column) >= 0.9 * len(column)
        elif name:
            values += name in column
    return values >= max(2, len(names) / 2)
