"""Say of what kind each column of a table is, why, and let a person say otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from modelwizard.errors import UsageError
from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.cells import Values, cells_of, short, values_of
from modelwizard.kinds.tabular.dates import ambiguous, date_format
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, number_pattern, to_number
from modelwizard.problems.seen import plain
from modelwizard.settings import COLUMN_KINDS, UNUSED, Format

FEATURES = tuple(kind for kind in COLUMN_KINDS if kind not in UNUSED)
"""Kinds that carry something to learn from."""

TRUE = frozenset({"1", "1.0", "yes", "y", "true", "t", "on"})
FALSE = frozenset({"0", "0.0", "no", "n", "false", "f", "off"})
_ID_NAME = re.compile(r"(?:[a-z0-9](?:ID|Id)|(?:^|[\W_])(?i:ids?|uuid|guid|index|row_?(?:number|nr|no)))$")


def describe(frame: pd.DataFrame, form: Format) -> list[Column]:
    """Return the kind of each column of a raw table, with the reason.

    Args:
        frame: Raw text, as `read` returns it.
        form: The format of its file: number signs and words for "missing".
    """
    return [describe_column(str(name), cells_of(frame, name), form) for name in frame.columns]


def describe_column(name: str, cells: pd.Series, form: Format) -> Column:
    """Return the kind of one column, with the reason."""
    found = values_of(cells, form.missing)
    order = np.argsort(-found.counts, kind="stable")[:5]
    return replace(
        _judge(name, found, form),
        distinct=len(found.values),
        examples=tuple(found.values[i] for i in order),
        common=float(found.counts.max() / found.rows) if len(found.counts) else 0.0,
    )


def _judge(name: str, found: Values, form: Format) -> Column:
    """Return a column's kind, the reason, the format of dates, and what is missing or infinite for that kind."""
    column = partial(Column, name, missing=found.missing)
    if not found.values:
        return column("constant", "no values at all")
    if len(found.values) == 1:
        if 0.01 <= found.missing / found.rows <= 0.99:
            return column("categorical", f"{short(found.values[0])} or nothing")
        return column("constant", f"one value only: {short(found.values[0])}")
    if is_boolean(found.values):
        return column("boolean", " or ".join(short(value) for value in found.values))
    number_like = found.without(MISSING_NUMBER)
    numbers = _numbers(number_like, form)
    if numbers is None or (numbers > 1e7).all():
        date = date_format(number_like.values)
        if date:
            unsure = ", day before month is a guess" if ambiguous(number_like.values, date) else ""
            reason = f"dates such as {number_like.values[0]}{unsure}"
            return column("date", reason, format=date, missing=number_like.missing)
    if numbers is None:
        return column(*_word_kind(name, found))
    missing = number_like.missing + int(number_like.counts[np.isnan(numbers)].sum())
    infinite = int(number_like.counts[np.isinf(numbers)].sum())
    return column(*_number_kind(name, number_like, numbers), missing=missing, infinite=infinite)


def is_boolean(values: Sequence[str]) -> bool:
    """Say whether two values are a yes and a no, in one of their usual spellings."""
    if len(values) != 2:
        return False
    lower = {value.lower() for value in values}
    return len(lower & TRUE) == 1 and len(lower & FALSE) == 1


def _numbers(found: Values, form: Format) -> np.ndarray | None:
    """Return the different values as numbers (NaN for a few that are none), or None if they are no numbers.

    Up to three words that are no numbers, in at most 5 % of the cells, are read as missing: a table of
    measurements often holds "error" or "n.d." somewhere.
    """
    if not found.values or is_code(found):
        return None
    # Most columns of words show it in their first values; do not convert the rest.
    head = to_number(np.array(found.values[:20], dtype=object), form.decimal, form.thousands)
    if np.isnan(head).sum() > 3:
        return None
    numbers = _cells(found, form)
    odd = np.isnan(numbers)
    if form.thousands:
        pattern = number_pattern(form.decimal, form.thousands)
        odd |= np.array([form.thousands in v and not pattern.fullmatch(v) for v in found.values])
    if odd.sum() > 3 or found.counts[odd].sum() > 0.05 * found.counts.sum() or odd.all():
        return None
    return np.where(odd, np.nan, numbers)


def is_code(found: Values) -> bool:
    """Say whether all values are digits of one length, some with a leading zero: a postcode is no number."""
    lengths = {len(value) for value in found.values[:100]}
    if len(lengths) != 1 or lengths == {1}:
        return False
    digits = all(value.isdigit() for value in found.values)
    zeros = any(value.startswith("0") for value in found.values)
    return digits and zeros and len({len(value) for value in found.values}) == 1


def _number_kind(name: str, found: Values, numbers: np.ndarray) -> tuple[str, str]:
    """Tell numbers that measure from numbers that only name a row."""
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return "constant", "no finite number"
    whole = bool((finite == np.round(finite)).all())
    low, high = plain(finite.min()), plain(finite.max())
    if whole and len(finite) == found.rows and found.rows > 10:
        if (np.diff(finite) == 1).all():
            return "identifier", f"counts the rows: {low}, {plain(finite[1])}, {plain(finite[2])}, …"
        if finite.max() - finite.min() == found.rows - 1 and is_id_name(name):
            return "identifier", f"a different whole number in each row, {low} to {high}"
    if whole and is_id_name(name) and len(finite) > 20:
        share = found.present / len(finite)
        if share < 50 or len(finite) > 200:
            what = "a different number in each row" if share == 1 else f"{len(finite):,} different numbers"
            return "identifier", f"named like an identifier, {what}"
        return "categorical", f"named like an identifier, {len(finite)} different numbers"
    word = "whole numbers" if whole else "numbers"
    word = f"{len(finite)} different {word}" if len(finite) <= 12 else word
    odd = [found.values[i] for i in np.flatnonzero(np.isnan(numbers))]
    note = f"; {', '.join(map(short, odd))} read as missing" if odd else ""
    return "numeric", f"{word} from {low} to {high}{note}"


def is_id_name(name: str) -> bool:
    """Say whether a column is named like an identifier: id, user_id, customerID, uuid, index."""
    return name == "Unnamed: 0" or _ID_NAME.search(name) is not None


def _word_kind(name: str, found: Values) -> tuple[str, str]:
    """Tell categories from free text and from codes that name a row.

    Free text is recognised by its words: several in a value, and most values different. A code has one word
    and hardly ever comes twice. Everything else is a category, however many there are: rare ones are
    collected when the data are encoded.
    """
    distinct, present = len(found.values), found.present
    sample = found.values[:2000]
    words = float(np.mean([len(value.split()) for value in sample]))
    length = float(np.mean([len(value) for value in sample]))
    wide = float(np.mean([sum(ord(sign) > 0x2E7F for sign in value) for value in sample]))
    unique = distinct / present
    # Chinese and Japanese put no spaces between words: about two signs are a word.
    words = max(words, wide / 2)
    many = unique > 0.2 or distinct > 1000
    if distinct > 20 and ((words >= 4 and many) or (words >= 2 and unique > 0.5)):
        return "text", f"{distinct:,} different texts of {words:.0f} words on average"
    if distinct > 10 and unique >= 0.9 and (distinct == present or is_id_name(name) or distinct > 50):
        same = "a different code in each row" if distinct == present else f"{distinct:,} different codes"
        return "identifier", f"{same}, such as {short(found.values[0])}"
    if distinct > 20 and is_id_name(name) and present / distinct < 50:
        return "identifier", f"named like an identifier, {distinct:,} different codes"
    if length > 200 and distinct > 20:
        return "text", f"{distinct:,} different texts of {length:.0f} letters on average"
    order = np.argsort(-found.counts, kind="stable")[:3]
    shown = ", ".join(short(found.values[i], 16) for i in order) + (", …" if distinct > 3 else "")
    return "categorical", f"{distinct:,} different values: {shown}"


def override(frame: pd.DataFrame, form: Format, columns: Sequence[Column], kinds: Mapping[str, str]) -> list[Column]:
    """Return the columns with the kinds that a person gave.

    Args:
        frame: The raw table.
        form: The format of its file.
        columns: What `describe` found.
        kinds: New kind by column name, of columns that exist; "ignore" leaves a column out.

    Raises:
        UsageError: The values cannot be read as that kind.
    """
    return [
        _as_kind(column, kinds[column.name], cells_of(frame, column.name), form) if column.name in kinds else column
        for column in columns
    ]


def _as_kind(column: Column, kind: str, cells: pd.Series, form: Format) -> Column:
    """Return the column as another kind, if its values allow it."""
    found = values_of(cells, form.missing)
    example = short(found.values[0]) if found.values else "nothing"
    numbers = _cells(found, form)
    if kind == "numeric" and found.counts[~np.isnan(numbers)].sum() < max(1, 0.5 * found.present):
        raise UsageError(
            f"Column '{column.name}' cannot be numeric: most of its values are not numbers.",
            expected=f"numbers with the decimal sign '{form.decimal}'",
            received=f"values such as {example}",
            fix=f"leave it {column.kind}, or correct the column in the file",
        )
    date = column.format
    if kind == "date" and date is None:
        date = date_format(found.without(MISSING_NUMBER).values)
        if date is None:
            raise UsageError(
                f"Column '{column.name}' cannot be a date: its values fit no known date format.",
                expected="one format for all values, such as 2024-05-31 or 31.05.2024 14:00",
                received=f"values such as {example}",
                fix="write the dates as 2024-05-31 in the file",
            )
    missing = found.missing if kind != "date" else found.without(MISSING_NUMBER).missing
    if kind == "numeric":
        missing = found.missing + int(found.counts[np.isnan(numbers)].sum())
    return replace(column, kind=kind, reason="as you chose", format=date if kind == "date" else None, missing=missing)


def _cells(found: Values, form: Format) -> np.ndarray:
    return to_number(np.array(found.values, dtype=object), form.decimal, form.thousands)
