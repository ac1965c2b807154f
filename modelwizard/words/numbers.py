"""Numbers as a person reads them: one way of writing each, on screens and on the page alike."""

from __future__ import annotations

import math
from collections.abc import Sequence


def number(value: object) -> float:
    """Return a value as a float, NaN when it is none (null in the journal, a deleted cell)."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def whole(value: object) -> int | None:
    """Return a value as a whole number, or None when it is none."""
    x = number(value)
    return round(x) if math.isfinite(x) else None


def finite(value: object) -> bool:
    """Say whether a value is a number that can be shown."""
    return math.isfinite(number(value))


def figure(value: object, digits: int = 3) -> str:
    """Return a number for a sentence: three decimals below 1, else three significant digits, two of tiny ones."""
    x = number(value)
    if not math.isfinite(x):
        return "–"
    if x == 0:
        return "0"
    if abs(x) >= 1000:
        return f"{x:,.0f}"
    if abs(x) >= 1:
        return f"{x:.{digits}g}"
    return f"{x:.{digits}f}" if abs(x) >= 10**-digits else f"{x:.2g}"


def alike(values: Sequence[object], digits: int = 3) -> list[str]:
    """Return numbers of one column with the same number of decimals, so that the eye can compare them."""
    found = [number(value) for value in values]
    largest = max((abs(x) for x in found if math.isfinite(x)), default=0.0)
    decimals = max(0, digits - (0 if largest < 1 else math.floor(math.log10(largest))))
    return [f"{round(x, decimals) + 0.0:,.{decimals}f}" if math.isfinite(x) else "–" for x in found]


def ends(interval: object) -> tuple[float, float] | None:
    """Return both ends of an interval as the journal holds it, None when one of them is unknown."""
    if not isinstance(interval, Sequence) or isinstance(interval, str) or len(interval) != 2:
        return None
    low, high = number(interval[0]), number(interval[1])
    return (low, high) if math.isfinite(low + high) else None


def span(interval: object) -> str:
    """Return "0.12 to 0.19", or nothing when an end is unknown."""
    known = ends(interval)
    return f"{figure(known[0])} to {figure(known[1])}" if known else ""


def chance(p_value: object) -> str:
    """Return "p = 0.012" or "p < 0.0001"."""
    text = p_figure(p_value)
    return "" if text == "–" else f"p {text}" if text.startswith("<") else f"p = {text}"


def p_figure(p_value: object) -> str:
    """Return "0.012" or "< 0.0001"."""
    p = number(p_value)
    return "–" if not math.isfinite(p) else "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def count(amount: int, one: str, many: str | None = None) -> str:
    """Return "1 trial", "1,200 trials"."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def duration(seconds: object) -> str:
    """Return "0.4 s", "12 s", "3 min 20 s" or "2 h 05 min"."""
    x = number(seconds)
    if not math.isfinite(x):
        return "–"
    if x < 10:
        return f"{x:.1f} s"
    if x < 60:
        return f"{x:.0f} s"
    minutes, rest = divmod(round(x), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
