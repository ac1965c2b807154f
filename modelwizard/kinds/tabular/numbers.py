"""Turn text into numbers: decimal comma, thousands separators, and the words that mean "missing"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

# A cell that is exactly one of these holds no value, in whatever column it stands.
MISSING = (
    "",
    "?",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "nan",
    "NaN",
    "NAN",
    "null",
    "NULL",
    "Null",
    "<NA>",
    "NaT",
)
# These mean "missing" among numbers and dates only: elsewhere "none" or "-" is a value like others.
MISSING_NUMBER = ("None", "none", "-", "--", ".", "na", "Na", "unknown", "Unknown", "missing", "N.A.", "#DIV/0!")

# (decimal, thousands), the plain one first: it wins a tie.
_CONVENTIONS = (
    (".", ""),
    (".", ","),
    (",", ""),
    (",", "."),
    (",", " "),
    (",", "\u00a0"),
    (",", "\u202f"),
    (".", " "),
    (".", "'"),
    (".", "’"),
)


def number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """Return the pattern of one whole number cell: groups of three digits when separators are used."""
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    dot = re.escape(decimal)
    return re.compile(rf"[+-]?(?:(?:{grouped}\d+)(?:{dot}\d*)?|{dot}\d+)(?:[eE][+-]?\d+)?")


def convention(columns: Iterable[Sequence[str]], delimiter: str = ",") -> tuple[str, str]:
    """Return the decimal and thousands signs under which most columns are columns of numbers.

    Args:
        columns: A sample of cells for each column.
        delimiter: The file's delimiter. "1,234" alone is ambiguous: between semicolons the comma is a
            decimal sign, between commas (in quotes) it groups thousands.

    Returns:
        `(decimal, thousands)`, thousands "" when no cell has such a sign.
    """
    plain = number_pattern(".", "")
    doubtful: list[list[str]] = []
    already: list[list[str]] = []
    for cells in columns:
        values = [c for c in (cell.strip() for cell in cells) if c not in MISSING and c not in MISSING_NUMBER]
        if not values:
            continue
        is_plain = all(plain.fullmatch(value) for value in values)
        if not is_plain and not any(re.search(r"\d[,.'’\s]\d", value) for value in values[:50]):
            continue
        (already if is_plain else doubtful).append(values)
    if not doubtful:
        return ".", ""
    scores = {
        (decimal, thousands): sum(
            _share(values, number_pattern(decimal, thousands)) >= 0.95
            for values in doubtful + [some[:50] for some in already]
        )
        for decimal, thousands in _CONVENTIONS
    }
    best = [signs for signs, score in scores.items() if score == max(scores.values())]
    if best[0] == (".", ""):
        return best[0]
    comma = delimiter == ";"
    return next((signs for signs in best if (signs[0] == ",") == comma), best[0])


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(value) is not None for value in values) / len(values)


def to_number(
    column: pd.Series | np.ndarray,
    decimal: str = ".",
    thousands: str = "",
    missing: Sequence[str] = MISSING,
) -> np.ndarray:
    """Return the cells as float64; a missing cell, or one that is no number, is NaN.

    Args:
        column: Text cells, shape (n,).
        decimal: The decimal sign. Defaults to ".".
        thousands: The sign between groups of three digits. Defaults to none.
        missing: Cells without a value. Defaults to `MISSING`.

    Returns:
        Shape (n,), infinities kept as such: they are for the caller to refuse.
    """
    cells = np.asarray(column, dtype=object)
    if thousands or decimal != ".":
        text = pd.Series(cells, dtype=object).astype(str).str.replace("\u2212", "-", regex=False)
        if thousands:
            text = text.str.replace(thousands, "", regex=False)
        cells = text.str.replace(decimal, ".", regex=False).to_numpy(dtype=object)
    numbers = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)  # pyright: ignore[reportCallIssue, reportArgumentType]
    # A word for "missing" that reads as a number, such as -999.
    odd = [token for token in missing if token not in MISSING and number_pattern(".", "").fullmatch(token)]
    return np.where(np.isin(cells.astype(str), odd), np.nan, numbers) if odd else numbers
