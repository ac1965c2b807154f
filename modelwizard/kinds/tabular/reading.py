"""Read a file as a table of text cells, mended as `[data.mended]` of modelwizard.toml says. Plain pandas.

A missing cell is "". Every row of the table is a row of split.csv.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def read_table(path: str | Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """Read a file as text cells, spaces around them removed.

    Args:
        path: The file.
        form: How it is written: the table `[data]` of modelwizard.toml.
    """
    table = READERS[form["format"]](path, form)
    names = [str(name) for name in table.columns]
    alone = pd.Series([name.strip() for name in names]).duplicated(keep=False)
    table.columns = [name if twice else name.strip() for name, twice in zip(names, alone, strict=True)]
    table = pd.DataFrame({name: as_text(cells) for name, cells in table.items()})
    # modelwizard: if mended
    table = mend(table, form)
    # modelwizard: end
    return table


def as_text(cells: pd.Series) -> pd.Series:
    """Return cells as text: a missing one is "", spaces around them are removed."""
    return cells.astype(str).where(cells.notna(), "").str.strip()


# modelwizard: if csv
def read_csv(path: str | Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """Read text with a delimiter."""
    source: Any = path
    # modelwizard: if lines
    if form.get("mended", {}).keys() & {"header", "comment", "footer"}:
        source = io.StringIO("".join(table_lines(Path(path).read_bytes().decode(form["encoding"]), form["mended"])))
    # modelwizard: end
    options: Any = {"dtype": str, "keep_default_na": False, "skipinitialspace": True, "index_col": False}
    return pd.read_csv(source, sep=form["delimiter"], encoding=form["encoding"], **options)


# modelwizard: end
# modelwizard: if lines
def table_lines(text: str, mended: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table without those above its header (line 1 of a file), comments, and a footer."""
    lines = text.lstrip("\ufeff").splitlines(keepends=True)
    lines = lines[mended.get("header", 1) - 1 : len(lines) - mended.get("footer", 0)]
    return [line for line in lines if not ("comment" in mended and line.startswith(mended["comment"]))]


# modelwizard: end
# modelwizard: if parquet
def read_parquet(path: str | Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """Read Parquet; objects and lists inside cells become columns."""
    table: Any = pd.read_parquet(path)
    cells = table.loc[:, table.dtypes == "object"].to_numpy().ravel()
    if any(isinstance(cell, dict) or hasattr(cell, "ndim") for cell in cells):
        table = pd.DataFrame([flat(row) for row in table.to_dict(orient="records")], dtype=object)
    return table


# modelwizard: end
# modelwizard: if jsonl
def read_jsonl(path: str | Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """Read an object a line; objects and lists inside cells become columns."""
    with Path(path).open(encoding="utf-8-sig") as lines:
        return pd.DataFrame([flat(json.loads(line)) for line in lines if line.strip()], dtype=object)


# modelwizard: end
# modelwizard: if excel
def read_excel(path: str | Path, form: Mapping[str, Any]) -> pd.DataFrame:
    """Read a sheet of a workbook."""
    mended = form.get("mended", {})
    where: Any = {"header": mended.get("header", 1) - 1, "skipfooter": mended.get("footer", 0)}
    return pd.read_excel(path, sheet_name=form["sheet"] or 0, dtype=str, keep_default_na=False, **where)


# modelwizard: end
# modelwizard: if nested
def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten a row: `user.age` of an object, `place.0` of a list of numbers, the words of a list with spaces."""
    cells: dict[str, Any] = {}
    for name, value in row.items():
        value = value.tolist() if hasattr(value, "tolist") else value  # Parquet has NumPy's arrays and numbers
        if isinstance(value, list) and not all(isinstance(item, (str, int, float)) for item in value):
            value = None  # a list of objects has no place in a row
        if isinstance(value, list) and any(isinstance(item, str) for item in value):
            value = " ".join("_".join(str(item).split()) for item in value)
        inner: Any = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else None
        cells |= {name: value} if inner is None else {f"{name}.{key}": cell for key, cell in flat(inner).items()}
    return cells


# modelwizard: end
# modelwizard: if wizard
READERS = {"csv": read_csv, "parquet": read_parquet, "jsonl": read_jsonl, "excel": read_excel}
# modelwizard: end


# modelwizard: if mended
def mend(table: pd.DataFrame, form: Mapping[str, Any]) -> pd.DataFrame:
    """Mend cells; what `[data.mended]` does not name stays as it stands in the file."""
    mended: Mapping[str, Any] = form.get("mended", {})
    made: Any = table.copy()
    # modelwizard: if mended.left_out
    if "left_out" in mended:  # rows that are no data: the names again, units
        made = made[~made.agg(";".join, axis=1).isin(mended["left_out"])].reset_index(drop=True)
    # modelwizard: end
    # modelwizard: if mended.lists
    for name, words in mended.get("lists", {}).items():
        for word in words if name in made else ():
            made[f"{name}: {word}"] = [str(int(word in cell.split())) for cell in made[name]]
        made = made.drop(columns=name, errors="ignore")
    # modelwizard: end
    # modelwizard: if mended.numbers
    for name, layout in mended.get("numbers", {}).items():
        if name in made:
            words = mended.get("words", {}).get(name, [])
            read = {cell: number(cell, layout, words) for cell in made[name].unique()}
            if words:
                made[f"{name}: word"] = made[name].map({cell: word for cell, (_, word) in read.items()})
            made[name] = made[name].map({cell: plain(value, form) for cell, (value, _) in read.items()})
    # modelwizard: end
    # modelwizard: if mended.moments
    for name, layouts in mended.get("moments", {}).items():
        if name in made:
            made[name] = moments(made[name], layouts)
    # modelwizard: end
    # modelwizard: if mended.labels
    for name, meant in mended.get("labels", {}).items():
        if name in made:
            known = {same(label): label for label in meant.values()} | {same(cell): meant[cell] for cell in meant}
            made[name] = [known.get(same(cell), cell) for cell in made[name]]
    # modelwizard: end
    # modelwizard: if mended.limits
    for name, (does, low, high) in mended.get("limits", {}).items():
        if name in made:
            layout = f"1{form.get('thousands', '')}234{form.get('decimal', '.')}5"
            values = made[name].map(lambda cell, layout=layout: number(cell, layout)[0])
            outside = (values < float(low)) | (values > float(high))
            inside = values.clip(float(low), float(high)).map(lambda value: plain(value, form))
            made[name] = made[name].mask(outside, inside if does == "clip" else "")
    # modelwizard: end
    return made


# modelwizard: end
# modelwizard: if mended.numbers or mended.limits
CELL = re.compile(
    r"(?P<bracket>\()?\s*(?P<limit>[<>≤≥~]=?)?\s*(?P<sign>[-+−]?)\s*(?P<before>(?:[^\W\d_]+\.?)?\s*[$€£¥₹₽₩₺]?)\s*"
    r"(?P<sign2>[-+−]?)\s*(?P<digits>(?:\d[\d.,'’\s]*|[.,]\d+)(?:[eE][-+]?\d+)?)\s*(?P<after>(?:[^\d()][^()]*)?)\)?"
)


def number(cell: str, layout: str, words: list[str] | tuple[str, ...] = ()) -> tuple[float, str]:
    """Read a dressed number: its value (NaN if it is none), and what else it says, if that is one of `words`.

    `layout` shows the signs between digits, `1,234.5`, and behind them what may stand beside a number: `$`, `M=1e6`.
    A minus is a sign before or behind the digits, or brackets around. Times become seconds, by `h:m:s`, `h:m` or `m:s`.
    """
    word = cell if cell in words else ""
    if not layout.startswith("1"):
        if cell.count(":") == 1:
            cell = f"00:{cell}" if layout == "m:s" else f"{cell}:00"
        return pd.to_timedelta(pd.Series([cell]), errors="coerce").dt.total_seconds().iloc[0], word
    thousands, decimal, dresses = re.findall(r"^1(\D?)234(\D)5 ?(.*)", layout)[0]
    factors = {"": "1"} | {dress: factor or "1" for dress, _, factor in (d.partition("=") for d in dresses.split())}
    found = CELL.fullmatch(cell)
    if found is None:
        return float("nan"), word
    beside, digits = "".join((found["before"] + found["after"]).split()), found["digits"].strip()
    minus = found["bracket"] or beside.endswith(("-", "−")) or {found["sign"], found["sign2"]} & {"-", "−"}
    limit = "+" if beside.endswith("+") else found["limit"] or ""
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    whole = re.fullmatch(rf"(?:{grouped}\d*)(?:{re.escape(decimal)}\d*)?(?:[eE].+)?", digits)
    if whole is None or beside.rstrip("+-−") not in factors:
        return float("nan"), word
    value = float(digits.replace(thousands, "").replace(decimal, ".")) * float(factors[beside.rstrip("+-−")])
    return -value if minus else value, limit if limit in words else ""


def plain(value: float, form: Mapping[str, Any]) -> str:
    """Write a number with the decimal sign of the file; nothing for NaN."""
    return f"{value:.15g}".replace(".", form.get("decimal", ".")) if value == value else ""


# modelwizard: end
# modelwizard: if mended.moments
def moments(cells: pd.Series, layouts: list[str]) -> pd.Series:
    """Read dates in one of several forms, the first that fits, as text in UTC; no zone means UTC."""
    found = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]")
    for layout in layouts:
        found = found.fillna(pd.to_datetime(cells, format=layout, errors="coerce", utc=True))
    return found.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("")


# modelwizard: end
# modelwizard: if mended.labels
def same(cell: str) -> str:
    """Return what all spellings of one label have in common: its number, or its letters without case and spaces."""
    word = " ".join(cell.casefold().split())
    try:
        return str(float(word))
    except ValueError:
        return word


# modelwizard: end
