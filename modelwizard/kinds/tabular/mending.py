"""Find what has to be mended in the cells of a table, so that its columns mean what a person reads in them.

What is found stands in `Format.mended` and is done by `reading.mend`, in the wizard and in projects alike; each finding
has a sentence for the person. Columns that need nothing are left as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from modelwizard.kinds.tabular.cells import Values, cells_of, short, values_of
from modelwizard.kinds.tabular.columns import FALSE, TRUE, is_code
from modelwizard.kinds.tabular.dates import FORMATS, MIXED, PLAUSIBLE, date_format, exchanged, to_time
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, convention, number_pattern, to_number
from modelwizard.kinds.tabular.reading import CELL, number, same
from modelwizard.settings import Format
from modelwizard.words import count

RARE = 3
"""Rows in which a word must stand to have a flag of its own; the encoding merges what is rarer."""

_READ = 0.95  # of the cells must be read for a column to be one of dates, of times or of numbers with a few odd cells
_MOST = 0.8  # of the cells must be numbers beside repeated words; half of them, where these are no more than three
_NUMBERS = 10  # different numbers from which on a column measures, and words in it are remarks
_WORDS = 20  # different words that a column of numbers may hold
_LABELS = 1000  # different labels up to which spellings are compared
_LIMITS = ("<", ">", "≤", "≥", "<=", ">=", "~", "+")
_CODES = "USD EUR GBP CHF JPY CNY INR AUD CAD SEK NOK DKK PLN CZK RUB BRL US$ A$ C$ R$ kr Kr zł Fr Fr. Rs Rs."
_CURRENCIES = frozenset(_CODES.split())
_MAGNITUDES = {"k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "mn": 1e6, "Mio": 1e6, "B": 1e9, "bn": 1e9, "Mrd": 1e9}
_UNITS: tuple[Mapping[str, float], ...] = (
    {"mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3, "oz": 0.028349523125, "lb": 0.45359237, "lbs": 0.45359237},
    {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "in": 0.0254, "ft": 0.3048, "mi": 1609.344},
    {"ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "d": 86400.0},
    {"ml": 1e-3, "cl": 1e-2, "dl": 1e-1, "l": 1.0, "L": 1.0},
    {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12},
)
_TIME = re.compile(
    r"-?\d+:\d\d(?::\d\d(?:\.\d+)?)?|P(?:\d+D)?T?(?:\d+[HMS])+"
    r"|(?:\d+\s*(?:d|days?|h|hours?|min|minutes?|m|s|sec|seconds?)\s*){2,}"
)


class Found(NamedTuple):
    """What was found in one column.

    Args:
        mended: What stands for the column in the tables of `[data.mended]`, by their names.
        sentence: What was done, for the person.
    """

    mended: Mapping[str, Any]
    sentence: str


def find(frame: pd.DataFrame, form: Format) -> Format:
    """Return the format with what has to be mended in the columns of a raw table.

    Args:
        frame: Raw text, as `reading.read_table` returns it with the format so far.
        form: The format so far.
    """
    mended: dict[str, Any] = {**form.mended}
    notes = [*form.notes]
    for name in map(str, frame.columns):
        for found in _column(name, values_of(cells_of(frame, name), form.missing), form):
            for what, value in found.mended.items():
                mended[what] = {**mended.get(what, {}), name: value}
            notes.append((found.sentence, (name,)))
    return replace(form, mended=mended, notes=tuple(notes))


def _column(name: str, values: Values, form: Format) -> Iterator[Found]:
    """Yield what has to be mended in one column: its numbers or dates, else spellings of its labels."""
    among = values.without(MISSING_NUMBER)
    plain = to_number(np.array(among.values, dtype=object), form.decimal, form.thousands)
    if np.isnan(plain).any() and len(among.values) > 1 and not is_code(among):
        words = np.isnan(plain).mean() > 0.5  # else the column is one of numbers, whatever else is in it
        found = (_dates(name, among) if words else None) or _times(name, among) or _dressed(name, among, form)
        if found:
            yield found
            return
    if found := _spellings(name, values):
        yield found


def _odd(found: Values, unread: np.ndarray) -> str:
    """Tell of cells that cannot be read, which count as missing; nothing where there are none."""
    if not unread.any():
        return ""
    rows, cells = int(found.counts[unread].sum()), [found.values[i] for i in np.flatnonzero(unread)]
    shown = ", ".join(repr(short(cell)) for cell in cells[:3]) + (", …" if len(cells) > 3 else "")
    return f"; {count(rows, 'other cell counts', 'other cells count')} as missing: {shown}"


def _dates(name: str, found: Values) -> Found | None:
    """Recognise dates in several forms, with zones, or with a few cells that are none."""
    cells = np.array(found.values, dtype=object)
    if np.mean([PLAUSIBLE.match(value) is not None for value in found.values[:200]]) < 0.5:
        return None
    if (simple := date_format(found.values)) and simple != MIXED:
        return None
    some = cells[:: max(1, len(cells) // 1000)]
    known = [form for form in (*FORMATS, MIXED) if not np.isnat(to_time(some, form)).all()]
    forms: list[str] = []
    unread = np.ones(len(cells), dtype=bool)
    while unread.any():
        more = [form for form in known if _joins(form, forms, cells)]
        reads = {form: ~np.isnat(to_time(cells[unread], form)) for form in more}
        rows = {form: int(found.counts[unread][read].sum()) for form, read in reads.items()}
        best = max(rows, key=lambda form: rows[form], default="")
        # A form of a single cell may be a typing error that happens to fit.
        if not best or rows[best] < (2 if forms else 0.3 * found.present):
            break
        forms.append(best)
        unread[np.flatnonzero(unread)[reads[best]]] = False
    if not forms or found.counts[unread].sum() > (1 - _READ) * found.present:
        return None
    several = f" in {len(forms)} forms" if len(forms) > 1 else ""
    zones = ", read as UTC" if any(re.search(r"\d(Z|[+-]\d\d:?\d\d)$", value) for value in found.values[:500]) else ""
    return Found({"moments": forms}, f"'{name}' holds dates{several}{zones}{_odd(found, unread)}.")


def _joins(form: str, chosen: Sequence[str], values: np.ndarray) -> bool:
    """Say whether a form of dates may join those chosen: one order of day and month for a column, no bare numbers."""
    bare = form in ("%Y%m%d", MIXED) and all(str(value).isdigit() for value in values[:50])
    return form not in chosen and exchanged(form) not in chosen and not bare


def _times(name: str, found: Values) -> Found | None:
    """Recognise durations and times of the day."""
    if not all(_TIME.fullmatch(value) for value in found.values[:20]):
        return None
    pairs = [abs(int(value.split(":")[0])) for value in found.values if re.fullmatch(r"-?\d+:\d\d", value)]
    layout = "h:m:s" if not pairs else "h:m" if max(pairs) < 24 else "m:s"
    unread = np.array([np.isnan(number(value, layout)[0]) for value in found.values])
    if found.counts[unread].sum() > (1 - _READ) * found.present:
        return None
    what = {"h:m": "hours and minutes", "m:s": "minutes and seconds"}.get(layout, "times")
    sentence = f"'{name}' holds {what} such as {found.values[0]}, read as seconds{_odd(found, unread)}."
    return Found({"numbers": layout}, sentence)


def _dressed(name: str, found: Values, form: Format) -> Found | None:
    """Recognise numbers with signs, units, brackets, limits, other separators, or a few words among them."""
    plain = np.isnan(to_number(np.array(found.values, dtype=object), form.decimal, form.thousands))
    parts = [CELL.fullmatch(value) for value in found.values]
    if not plain.any() or sum(part is not None for part in parts[:50]) < 0.5 * min(50, len(parts)):
        return None
    digits = [part["digits"].strip() for part in parts if part]
    signs = max(((form.decimal, form.thousands), convention([digits])), key=lambda signs: _fitting(digits, *signs))
    beside = Counter[str]()
    for part, rows in zip(parts, found.counts, strict=True):
        if part and (not part["before"] or _money(part["before"].strip())):
            beside["".join((part["before"] + part["after"]).split()).rstrip("+-−")] += int(rows)
    layout = " ".join([f"1{signs[1]}234{signs[0]}5", *_dresses(beside)])
    read = [number(value, layout, (*_LIMITS, value)) for value in found.values]
    none = np.array([value != value for value, _ in read])
    words = Counter[str]()
    for (_, word), rows in zip(read, found.counts, strict=True):
        words[word] += int(rows)
    flags = [word for word, rows in words.items() if word and rows >= RARE]
    unread = none & ~np.isin([word for _, word in read], flags)
    if not _measures(found, none, unread, len({value for value, _ in read if value == value})):
        return None
    example = next((i for i in np.flatnonzero(plain) if not none[i]), None)
    said = f"'{name}' holds numbers"
    if example is not None:
        said += f" written like {found.values[example]}, read as {read[example][0]:.15g}"
        said += f", all in {layout.split()[1].partition('=')[0]}" if "=" in layout and layout.split()[1:] else ""
    if flags:
        shown = ", ".join(f"{short(word)} ({count(words[word], 'row', 'rows')})" for word in flags)
        said += f"; a column '{name}: word' flags {shown}"
    mended = {"numbers": layout, **({"words": flags} if flags else {})}
    return Found(mended, f"{said}{_odd(found, unread)}.")


def _fitting(digits: Sequence[str], decimal: str, thousands: str) -> float:
    pattern = number_pattern(decimal, thousands)
    return sum(pattern.fullmatch(some) is not None for some in digits) / max(1, len(digits))


def _measures(found: Values, none: np.ndarray, unread: np.ndarray, numbers: int) -> bool:
    """Say whether a column is one of numbers, words in it being remarks."""
    if not none.any():
        return numbers > 2
    share = 1 - found.counts[none].sum() / found.present
    few = none.sum() <= 3 and share >= 0.5
    return (
        (numbers >= _NUMBERS or (none.sum() <= 3 and share >= _READ and numbers > 2))
        and none.sum() <= _WORDS
        and (share >= _MOST or few)
        and found.counts[unread].sum() <= (1 - _READ) * found.present
    )


def _dresses(beside: Counter[str]) -> list[str]:
    """Return what may stand beside a number, with the factor that it means: `$`, `$M=1000000`, `kg`, `g=0.001`."""
    words = {word: count for word, count in beside.most_common() if word}
    signs = [word for word in words if _money(word) or word in ("%", "‰")]
    before = [word.removesuffix(name) for word in words for name in _MAGNITUDES if word.endswith(name)]
    for sign in dict.fromkeys(["", *signs, *filter(_money, before)]):
        magnitudes = {f"{sign}{name}": factor for name, factor in _MAGNITUDES.items() if f"{sign}{name}" in words}
        if magnitudes and (sign or beside[""] or len(magnitudes) > 1) and {*words} <= {*magnitudes, *signs}:
            return [*signs, *(f"{name}={factor:.15g}" for name, factor in magnitudes.items())]
    if signs:
        return signs[:1] if {*signs} & {*"$€£¥₹"} else signs
    for family in _UNITS:
        if len(words) > 1 and {*words} <= {*family}:
            usual = family[next(iter(words))]
            return [f"{word}={family[word] / usual:.15g}" for word in words]
    stems = {word.casefold().rstrip("s.") for word in words}
    if words and len(stems) == 1 and len(next(iter(words))) <= 12 and re.match(r"[^\W\d]|[°µ%‰]", next(iter(words))):
        return [*words]
    return []


def _money(word: str) -> bool:
    return word in _CURRENCIES or (len(word) == 1 and unicodedata.category(word) == "Sc")


def _spellings(name: str, found: Values) -> Found | None:
    """Recognise labels that are written in several ways: 1 and 1.0, Yes and yes, true and 1."""
    if not 2 < len(found.values) <= _LABELS:
        return None
    groups: dict[str, list[str]] = {}
    counts = dict(zip(found.values, map(int, found.counts), strict=True))
    for value in sorted(found.values, key=lambda value: -counts[value]):
        groups.setdefault(same(value), []).append(value)
    if len(groups) > 2 and all(any(value.lower() in TRUE | FALSE for value in group) for group in groups.values()):
        both = ([v for g in groups.values() for v in g if v.lower() in some] for some in (TRUE, FALSE))
        groups = {values[0]: values for values in both if values}
    # Letters of which each stands in both cases, as in handwriting, are labels of their own.
    letters = len(groups) > 2 and all(len(group) == 2 and len(group[0]) == 1 for group in groups.values())
    numbers = all(value.replace(".", "", 1).replace("-", "", 1).isdigit() for value in found.values)
    if len(groups) == len(found.values) or len(groups) < 2 or letters or (numbers and len(groups) > _WORDS):
        return None
    styles = Counter[str]()
    for value in found.values:
        styles[_style(value)] += counts[value]
    meant = {
        value: max(group, key=lambda value: (-len(value) if numbers else styles[_style(value)], counts[value]))
        for group in groups.values()
        for value in group
    }
    meant = {value: label for value, label in meant.items() if value != label}
    shown = ", ".join(f"{short(value)!r} is {short(label)!r}" for value, label in list(meant.items())[:4])
    more = ", …" if len(meant) > 4 else ""
    return Found({"labels": meant}, f"'{name}' holds labels written in several ways, taken as one: {shown}{more}.")


def _style(value: str) -> str:
    """Return how the letters of a label are written, so that all labels of a column are kept in one style."""
    return next((style for style in ("islower", "isupper", "istitle") if getattr(value, style)()), "")
