"""What stands around a table in its file: titles above the names, units below them, notes and totals at the end."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from modelwizard.kinds.tabular.cells import short
from modelwizard.kinds.tabular.numbers import MISSING, MISSING_NUMBER, number_pattern
from modelwizard.words import count

Row = Sequence[str]

MOST = 30
"""Rows above the names, or below the table, at most."""

COMMENT = "#"
"""What a line of a comment begins with."""

_TOTAL = re.compile(r"(?:grand |sub)?total|sums?|average|mean|gesamt|summe|mittelwert|somme|moyenne|totale", re.I)
_NOTE = re.compile(r".*[^\W\d].*(?:\s|:)|.*[^\W\d].*:$|[*†]|©")
_UNIT = re.compile(r"[\[(].{1,12}[\])]|[^\W\d]{0,4}[%°µ€$£¥][^\W\d]{0,3}|[^\W\d]{1,6}(?:[/·^*][^\W\d]*[\d²³]*)?")
_NUMBER = number_pattern(".", ""), number_pattern(",", ".")


def joined(row: Row) -> str:
    """Return the cells of a row as `[data.mended]` writes them."""
    return ";".join(cell.strip() for cell in row)


def around(text: str, delimiter: str, first: int | None) -> tuple[dict[str, Any], list[str]]:
    """Return where a table begins and ends in its file, and what that leaves out, in sentences.

    Args:
        text: The file.
        delimiter: The sign between two cells.
        first: The line of the names, where a person knows better; None for the one that is found.
    """
    lines = text.lstrip("\ufeff").splitlines(keepends=True)

    def parsed(some: Sequence[str]) -> list[list[str]]:
        try:
            return [row for row in csv.reader(some, delimiter=delimiter, skipinitialspace=True) if row]
        except csv.Error:
            return []

    head = [(at, row) for at, line in enumerate(lines[: 20 * MOST]) if (row := next(iter(parsed([line])), None))]
    mended: dict[str, Any] = {}
    notes: list[str] = []
    skipped = first - 1 if first else head[header([row for _, row in head])][0] if head else 0
    if skipped:
        mended["header"] = skipped + 1
        shown = short(" ".join(lines[0].replace(delimiter, " ").split()), 40)
        notes.append(
            f"The column names stand in line {skipped + 1}; what is above them is left out{shown and f': {shown!r}'}."
        )
    width = len(next((row for at, row in head if at >= skipped), []))
    remarks = [at for at, row in head if at > skipped and row[0].startswith(COMMENT) and len(row) != width]
    if remarks:
        mended["comment"] = COMMENT
        notes.append(f"Lines that begin with {COMMENT} are comments: left out.")
    tail = lines[skipped + 3 :][-2 * MOST :]
    rows = parsed(tail)
    below = footer(rows, width) if rows else 0
    if below and below < len(rows):
        # The rows are counted from the end, in lines: blank ones between them belong to what is left out.
        at, seen = len(tail), 0
        while seen < below:
            at -= 1
            seen += bool(parsed([tail[at]]))
        mended["footer"] = len(tail) - at
        shown = short(joined(rows[-below]).strip(";"), 40)
        notes.append(f"{count(below, 'row below the table is', 'rows below the table are')} left out: {shown!r}.")
    return mended, notes


def width_of(rows: Sequence[Row]) -> int:
    """Return how many cells most rows have, of those with more than one; 0 where there are none."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def header(rows: Sequence[Row]) -> int:
    """Return the number of rows above the one that holds the names: titles, notes, comments.

    The names are the first row that is as wide as the table and mostly filled. A row that begins with `#` holds them
    only where numbers follow, as NumPy writes its tables.
    """
    width = width_of(rows[: 10 * MOST])
    for at, row in enumerate(rows[:MOST]):
        names = filled(row)
        comment = bool(names) and row[0].lstrip().startswith(COMMENT)
        below = rows[at + 1] if at + 1 < len(rows) else ()
        if comment and not (len(row) == width and any(is_number(cell) for cell in below) and not _starts(below)):
            continue
        if len(row) == width and (names > width / 2 or width - names == 1):
            return at
        if names > max(1, width / 2):
            return 0  # too full for a title
    return 0


def units(rows: Sequence[Row]) -> bool:
    """Say whether the row below the names holds units: what stands over numbers is none, and looks like a unit."""
    if len(rows) < 4:
        return False
    row, below = rows[1], rows[2:202]
    numeric = [at for at in range(len(row)) if _numeric([other[at] for other in below if at < len(other)])]
    over = [row[at].strip() for at in numeric if row[at].strip() not in (*MISSING, *MISSING_NUMBER)]
    looks = [cell for cell in over if _UNIT.fullmatch(cell)]
    return bool(over) and not any(is_number(cell) for cell in row if cell) and len(looks) >= 0.8 * len(over)


def footer(rows: Sequence[Row], width: int) -> int:
    """Return how many of the last rows are no data: notes, totals, rows without any value."""
    for at, row in enumerate(reversed(rows[-MOST:])):
        first = next((cell.strip() for cell in row if cell.strip()), "")
        note = filled(row) <= 2 and len(row) <= width and not is_number(first) and _NOTE.match(first)
        note = note and (len(row) < width or filled(row) == 1)
        if filled(row) and not note and not _TOTAL.fullmatch(first.rstrip(": ")):
            return at
    return 0


def filled(row: Row) -> int:
    """Return how many cells of a row hold anything."""
    return sum(bool(cell.strip()) for cell in row)


def is_number(cell: str) -> bool:
    """Say whether a cell is a plain number, with a decimal point or comma."""
    return any(pattern.fullmatch(cell.strip()) for pattern in _NUMBER)


def _numeric(cells: Sequence[str]) -> bool:
    known = [cell for cell in cells if cell.strip() not in (*MISSING, *MISSING_NUMBER)]
    return len(known) > 1 and sum(map(is_number, known)) >= 0.9 * len(known)


def _starts(row: Row) -> bool:
    return bool(row) and row[0].lstrip().startswith(COMMENT)
