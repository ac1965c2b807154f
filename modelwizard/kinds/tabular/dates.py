"""Recognise dates in text, and return the pandas format that reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

# Tried in this order; all of a column must fit one of them.
FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%Y%m%d",
    "%Y-%m",
    "%b %Y",
    "%B %Y",
    "%Y年%m月%d日",
)
# ISO 8601 in any mixture: fractions of a second, time zones.
MIXED = "ISO8601"
PLAUSIBLE = re.compile(r"\d{1,4}[-/.年 ]|[A-Za-z]{3,9}\.? \d|\d{8}$")


def date_format(values: Sequence[str]) -> str | None:
    """Return the pandas format that reads every value as a date, or None.

    Where day and month could be either, the order that leaves the values sorted as they stand in the file
    wins, then the order in which the days vary more than the months, then day first.

    Args:
        values: Distinct cells without the missing ones, in file order.
    """
    if not values or not all(PLAUSIBLE.match(value) for value in values[:50]):
        return None
    fitting = [form for form in FORMATS if _fits(values[:50], form)]
    fitting = [form for form in fitting if _fits(values, form)]
    if not fitting:
        return MIXED if re.match(r"\d{4}-\d\d-\d\d[T ]", values[0]) and _fits(values, MIXED) else None
    if len(fitting) == 1:
        return fitting[0]
    times = {form: pd.Series(to_time(values, form)) for form in fitting}
    rising = [form for form in fitting if times[form].is_monotonic_increasing]
    if len(rising) == 1:
        return rising[0]
    return max(fitting, key=lambda form: times[form].dt.day.nunique() > times[form].dt.month.nunique())


def ambiguous(values: Sequence[str], form: str) -> bool:
    """Say whether the values fit with day and month exchanged, too."""
    other = exchanged(form)
    return form[:2] in ("%d", "%m") and other in FORMATS and other != form and _fits(values, other)


def exchanged(form: str) -> str:
    """Return a form with day and month exchanged."""
    return form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")


def to_time(column: pd.Series | np.ndarray | Sequence[str], form: str) -> np.ndarray:
    """Return the cells as datetime64[ns], UTC without a zone; a cell that does not fit is NaT, shape (n,)."""
    cells = pd.Series(np.asarray(column, dtype=object), dtype=object).astype(str)
    times = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
    return times.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")


def _fits(values: Sequence[str], form: str) -> bool:
    if form == "%Y%m%d" and not all(re.fullmatch(r"(?:19|20)\d{6}", value) for value in values):
        return False
    if form == "%Y-%m" and not all(re.fullmatch(r"\d{4}-\d\d?", value) for value in values):
        return False
    return not np.isnat(to_time(values, form)).any()
