"""New rows against those of training: written in another way, cells that cannot be read, categories never seen."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from modelwizard.errors import DataError
from modelwizard.kinds.tabular.cells import cells_of, short
from modelwizard.kinds.tabular.numbers import MISSING, MISSING_NUMBER, number_pattern
from modelwizard.kinds.tabular.read import sniff
from modelwizard.kinds.tabular.reading import number, plain, read_table
from modelwizard.kinds.tabular.screen import written
from modelwizard.settings import Format
from modelwizard.words import count

MOST = 0.5
"""Share of a column's cells above which new rows are refused when these cells cannot be read, or are unknown."""

TOLD = 0.1
"""Share of a column's numbers outside the range of the data file from which on it is told."""


def rewritten(path: Path, form: Format, names: list[str], copy: Path) -> tuple[Path, list[str]]:
    """Return a file that is written as the data file of a project is: the file itself, or a copy.

    Args:
        path: A file of new rows.
        form: How the data file is written.
        names: The numeric columns.
        copy: Where a copy may be written.

    Returns:
        The path, and in sentences what is written in another way.
    """
    try:
        found = sniff(path)
    except DataError:
        return path, []  # the project's own reading says what is wrong
    bare = replace(form, mended=_whereabouts(form))
    if _plainly(found, path) == _plainly(bare, path) and not _whereabouts(found).keys() - bare.mended.keys():
        return path, []
    table = read_table(path, vars(replace(found, mended=_whereabouts(found))))
    numeric = [name for name in names if name in table and name not in form.mended.get("numbers", {})]
    signs = (found.decimal, found.thousands)
    if signs != (form.decimal, form.thousands) and _read(table, numeric, *signs) > _read(
        table, numeric, form.decimal, form.thousands
    ):
        layout = f"1{found.thousands}234{found.decimal}5"
        for name in numeric:
            read = {cell: plain(number(cell, layout)[0], vars(form)) or cell for cell in table[name].unique()}
            table[name] = table[name].map(lambda cell, read=read: read[cell])
    _write(table, form, copy)
    note = f"{path.name} is written in another way than the data file ({written(found)}): read as such."
    return copy, [note, *(sentence for sentence, _ in found.notes)]


def unlike(
    raw: pd.DataFrame, cleaned: pd.DataFrame, kinds: dict[str, str], form: Format, known: pd.DataFrame | None
) -> tuple[list[str], bool]:
    """Return in sentences what about new rows is not like the data file, and whether it is too much to predict them.

    Args:
        raw: The cells of the new rows as text, unmended.
        cleaned: The same as the project's data.py reads them; missing where a cell could not be read.
        kinds: Kind of each input column.
        form: How the data file is written.
        known: The data file as text, mended; None where it is not there.
    """
    told: list[str] = []
    worst = 0.0
    for name, kind in kinds.items():
        if name not in cleaned:
            continue
        if kind in ("numeric", "date") and name in raw:
            words = {*form.missing, *MISSING, *MISSING_NUMBER, *form.mended.get("words", {}).get(name, ())}
            present = ~cells_of(raw, name).isin(words)
            odd = present & cells_of(cleaned, name).isna()
            what = "that cannot be read as a " + ("number" if kind == "numeric" else "date") + ": missing"
        elif kind in ("categorical", "boolean") and known is not None and name in known:
            cells = cells_of(cleaned, name)
            present = cells != ""
            odd = present & ~cells.isin(set(known[name]))
            what = "that the data file does not have: treated like rare ones"
        else:
            continue
        if odd.any():
            source = raw if name in raw else cleaned
            shown = ", ".join(repr(short(str(cell))) for cell in cells_of(source, name)[odd].unique()[:3])
            share = float(odd.sum() / present.sum())
            worst = max(worst, share)
            told.append(f"'{name}': {count(int(odd.sum()), 'cell', 'cells')} ({share:.0%}) {what} ({shown}).")
        elif kind == "numeric" and known is not None and name in known and (note := _range(name, cleaned, known, form)):
            told.append(note)
    return told, worst > MOST


def _range(name: str, cleaned: pd.DataFrame, known: pd.DataFrame, form: Format) -> str:
    """Tell of numbers outside the range of the data file; nothing where they are few."""
    layout = f"1{form.thousands}234{form.decimal}5"
    seen = np.array([number(cell, layout)[0] for cell in cells_of(known, name).unique()])
    values = cells_of(cleaned, name).to_numpy(float)
    values, seen = values[np.isfinite(values)], seen[np.isfinite(seen)]
    if not len(values) or not len(seen):
        return ""
    share = float(((values < seen.min()) | (values > seen.max())).mean())
    low, high = f"{seen.min():.6g}", f"{seen.max():.6g}"
    return (
        f"'{name}': {share:.0%} of the numbers lie outside {low} to {high}, the range of the data file."
        if share > TOLD
        else ""
    )


def _whereabouts(form: Format) -> dict[str, object]:
    """Return where the table stands in its file."""
    return {what: form.mended[what] for what in ("header", "comment", "footer", "left_out") if what in form.mended}


def _plainly(form: Format, path: Path) -> tuple[object, ...]:
    """Return what must be the same for a file to be read in the same way."""
    encoding = form.encoding.replace("-sig", "")
    if (
        form.format == "csv"
        and path.read_bytes().isascii()
        and encoding not in ("utf-16", "utf-32", "utf-16-le", "utf-16-be")
    ):
        encoding = "ascii"
    where = (form.delimiter, encoding, form.decimal, form.thousands) if form.format == "csv" else (form.sheet,)
    return form.format, *where, form.mended.get("header", 1), form.mended.get("footer", 0)


def _read(table: pd.DataFrame, names: list[str], decimal: str, thousands: str) -> float:
    pattern = number_pattern(decimal, thousands)
    cells = [cell for name in names for cell in table[name].unique() if cell]
    return sum(pattern.fullmatch(cell) is not None for cell in cells) / max(1, len(cells))


def _write(table: pd.DataFrame, form: Format, path: Path) -> None:
    """Write a table as the data file of a project is written."""
    above, below = form.mended.get("header", 1) - 1, form.mended.get("footer", 0)
    if form.format == "parquet":
        table.to_parquet(path, index=False)
    elif form.format == "jsonl":
        table.to_json(path, orient="records", lines=True, force_ascii=False)
    elif form.format == "excel":
        more = pd.DataFrame("-", index=range(below), columns=table.columns)
        pd.concat([table, more]).to_excel(path, sheet_name=form.sheet or "Sheet1", startrow=above, index=False)
    else:
        text = table.to_csv(index=False, sep=form.delimiter, quoting=csv.QUOTE_MINIMAL)
        path.write_bytes(("\n" * above + text + "\n" * below).encode(form.encoding, "replace"))
