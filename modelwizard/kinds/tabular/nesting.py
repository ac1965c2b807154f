"""What stands inside the cells of a table: objects, lists of words, lists of numbers, lists of objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from modelwizard.kinds.tabular.cells import listed

MOST = 50
"""Different words of a list column up to which each that is not rare has a column of its own."""

RARE = 3
"""Rows in which such a word must stand."""


def inside(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the words of each column of lists that are flagged, and in sentences what becomes of nested cells.

    Args:
        rows: Objects as they stand in the file.
    """
    words: dict[str, Counter[str]] = {}
    objects, numbers, lost = dict[str, None](), dict[str, None](), Counter[str]()
    for row in rows:
        for name, value in _leaves(row):
            if isinstance(value, list):
                if not all(isinstance(item, str | int | float) for item in value):
                    lost[name] += 1
                elif any(isinstance(item, str) for item in value):
                    words.setdefault(name, Counter()).update({"_".join(str(item).split()) for item in value})
                elif value:
                    numbers[name] = None
        objects |= {name: None for name, value in row.items() if isinstance(value, dict)}
    flagged = {
        n: sorted(w for w, rows in held.items() if rows >= RARE) for n, held in words.items() if len(held) <= MOST
    }
    told = [
        (objects, "held objects, whose values became columns"),
        (numbers, "held lists of numbers, which became columns"),
        (flagged, "held lists of words, each of which became a column of 1 and 0"),
        ([name for name in words if name not in flagged], "held lists of words, which became texts"),
        ([*lost], "held lists of objects: left out"),
    ]
    return {n: w for n, w in flagged.items() if w}, [f"{listed([*names])} {what}." for names, what in told if names]


def _leaves(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a row that are no objects, by the names that their columns have."""
    for name, value in row.items():
        value = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
