"""The screen of a table: its size, its columns with their kinds, what is missing, what is odd."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modelwizard.conversation import NARROW, Page
from modelwizard.kinds.facts import Column, DataFacts
from modelwizard.settings import Format

MOST_COLUMNS = 24
"""Lines of the table; what is odd is shown whatever its place."""


def show(page: Page, data: DataFacts) -> None:
    """Show a table."""
    page.heading(f"{data.source.path.rpartition('/')[2]}: {data.source.rows:,} rows, {len(data.columns)} columns")
    page.note(_format(data))
    shown, left = _notable(data.columns, data.odd)
    marked = [f"{column.kind} !" if column.name in data.odd else column.kind for column in shown]
    if page.width < NARROW:
        page.table("", ("column", "type"), [(c.name, kind) for c, kind in zip(shown, marked, strict=True)])
    else:
        rows = [
            (c.name, kind, _missing(c.missing, data.source.rows), f"{c.distinct:,}", summary(c))
            for c, kind in zip(shown, marked, strict=True)
        ]
        page.table("", ("column", "type", "missing", "distinct", "values"), rows)
    if left:
        kinds = {kind: sum(c.kind == kind for c in left) for kind in dict.fromkeys(c.kind for c in left)}
        page.note(f"and {len(left)} more: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    for caution in data.cautions:
        page.warn(caution.sentence)
    page.note("A wrong type can be changed on the review screen, or with --set columns.NAME=TYPE.")


def summary(column: Column) -> str:
    """Return what a column holds in a few words: labels with the share of the first, else the reason of its kind."""
    if column.kind not in ("categorical", "boolean") or not column.examples:
        return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.4g}", column.reason)
    words = [word if len(word) <= 16 else f"{word[:15]}…" for word in column.examples[:3]]
    words[0] += f" {column.common:.0%}"
    return ", ".join(words) + (", …" if column.distinct > len(words) else "")


def _missing(cells: int, rows: int) -> str:
    share = cells / max(rows, 1)
    return f"{cells:,} ({'<1%' if share < 0.005 else f'{share:.0%}'})" if cells else ""


def _notable(columns: Sequence[Column], odd: frozenset[str]) -> tuple[list[Column], list[Column]]:
    """Split columns into those to show and those to count, in file order: odd ones first, then the first ones."""
    ranked = sorted(range(len(columns)), key=lambda at: (columns[at].name not in odd, at))
    chosen = set(ranked[:MOST_COLUMNS])
    if len(columns) > MOST_COLUMNS:
        chosen = {len(columns) - 1, *ranked[: MOST_COLUMNS - 1]}  # the target is often the last column
    shown = [column for at, column in enumerate(columns) if at in chosen]
    return shown, [column for at, column in enumerate(columns) if at not in chosen]


def written(source: Format) -> str:
    """Say how a table is written in its file, in a few words."""
    parts = [{"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet", "excel": "Excel"}[source.format]]
    if source.format == "csv":
        signs = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
        parts += [f"{signs.get(source.delimiter, repr(source.delimiter))} between cells", source.encoding]
    parts += [f"sheet {source.sheet}"] if source.sheet else []
    parts += ["decimal comma"] if source.decimal == "," else []
    return "; ".join(parts)


def _format(data: DataFacts) -> str:
    source = data.source
    parts = [written(source)]
    words = [repr(word) for word in source.missing if word.strip()]
    parts += [f"missing values written as {', '.join(words)}"] if words else []
    parts += [f"{data.duplicates:,} duplicate rows"] if data.duplicates else []
    return "; ".join(parts) + "."
