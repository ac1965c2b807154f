"""Tables with one kind of fault each: drawn at random, with what a careful person would read in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Rng = np.random.Generator


@dataclass(frozen=True)
class Dirty:
    """A file with faults, and the columns that it means.

    Args:
        files: Writes the file into a folder and returns its path.
        means: Numbers (floats), moments (datetime64) or labels (text) by column; NaN, NaT and "" are missing.
        target: The column to predict.
        told: A part of the sentence that tells what was done.
    """

    files: Callable[[Path], Path]
    means: dict[str, np.ndarray]
    target: str
    told: str
    gone: tuple[str, ...] = field(default=())


def csv(header: str, rows: list[list[Any]], sign: str = ",", above: str = "", below: str = "", encoding: str = "utf-8"):
    """Return what writes a text table."""
    quoted = [[f'"{cell}"' if sign in str(cell) or "\n" in str(cell) else str(cell) for cell in row] for row in rows]
    text = above + header.replace(",", sign) + "\n" + "".join(sign.join(row) + "\n" for row in quoted) + below

    def write(folder: Path) -> Path:
        path = folder / "dirty.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def base(rng: Rng, rows: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw numbers, a second column of them, and labels that follow from both."""
    x, z = rng.normal(size=rows).round(3), (rng.gamma(2, 400, size=rows) + 900).round(2)
    label = np.where(x + rng.normal(size=rows) > 0, "yes", "no")
    label[:20] = ["yes", "no"] * 10
    return x, z, label


def table(rng: Rng, cells: Callable[[np.ndarray], list[str]], told: str, sign: str = ",", **means: Any) -> Dirty:
    """Return a table whose second column is written in a way of its own."""
    x, z, label = base(rng)
    values = means.get("values", z)
    rows = [[a, b, c] for a, b, c in zip(x, cells(values), label, strict=True)]
    return Dirty(csv("x,z,bought", rows, sign), {"x": x, "z": means.get("z", values), "bought": label}, "bought", told)


def dressed(rng: Rng, write: Callable[[float], str], sign: str = ",", round_to: int = 2) -> Dirty:
    """Return a table of dressed numbers, some of them negative."""
    _, z, _ = base(rng)
    values = np.where(rng.random(len(z)) < 0.3, -z, z).round(round_to)
    return table(rng, lambda numbers: [write(float(v)) for v in numbers], "'z' holds", sign, values=values)


def money(value: float) -> str:
    return f"(${-value:,.2f})" if value < 0 else f"${value:,.2f}"


def german(value: float) -> str:
    return f"{value:,.2f} €".replace(",", "_").replace(".", ",").replace("_", ".")


def spaced(value: float) -> str:
    return f"{value:,.2f}".replace(",", "\u202f").replace(".", ",")


def swiss(value: float) -> str:
    return f"CHF {value:,.2f}".replace(",", "'")


def behind(value: float) -> str:
    return f"{-value:.2f}-" if value < 0 else f"{value:.2f}"


def limits(rng: Rng) -> Dirty:
    """Return numbers with limits and a word, which stand often enough to be flagged."""
    x, z, label = base(rng)
    cells = [f"<{900:.0f}" if value < 1200 else f"{value}" for value in z]
    number = np.where(z < 1200, 900, z)
    for at in rng.choice(len(z), 6, replace=False):
        cells[at], number[at] = "ND", np.nan
    word = np.array(["ND" if c == "ND" else "<" if c.startswith("<") else "" for c in cells])
    rows = [list(row) for row in zip(x, cells, label, strict=True)]
    means = {"x": x, "z": number, "z: word": word, "bought": label}
    return Dirty(csv("x,z,bought", rows), means, "bought", "a column 'z: word' flags")


def odd_cell(rng: Rng) -> Dirty:
    """Return numbers with one cell that is none."""
    x, z, label = base(rng)
    cells = [f"{value}" for value in z]
    at = int(rng.integers(len(z)))
    cells[at], z[at] = "see note", np.nan
    rows = [list(row) for row in zip(x, cells, label, strict=True)]
    return Dirty(csv("x,z,bought", rows), {"x": x, "z": z}, "bought", "1 other cell counts as missing")


def moments(rng: Rng, write: Callable[[pd.Timestamp, int], str], told: str = "holds dates", odd: int = 0) -> Dirty:
    """Return dates, hours apart, written in ways of their own; some cells may be odd."""
    x, _, label = base(rng)
    when = pd.to_datetime("2024-02-20 03:00") + pd.to_timedelta(np.arange(len(x)) * 17, unit="h")
    cells, meant = [write(moment, i) for i, moment in enumerate(when)], when.to_numpy().astype("datetime64[s]")
    if len(cells[0]) < 11 and "." not in cells[0][:2]:
        meant = meant.astype("datetime64[D]").astype("datetime64[s]")
    for at in rng.choice(len(x), odd, replace=False):
        cells[at], meant[at] = "0000-00-00", np.datetime64("NaT")
    rows = [list(row) for row in zip(cells, x, label, strict=True)]
    return Dirty(csv("when,x,bought", rows), {"when": meant, "x": x, "bought": label}, "bought", told)


def berlin(moment: pd.Timestamp, i: int) -> str:
    return moment.tz_localize("UTC").tz_convert("Europe/Berlin").isoformat()


def zones(moment: pd.Timestamp, i: int) -> str:
    shift = (0, 2, -5, 5.5)[i % 4]
    local = moment + pd.Timedelta(hours=shift)
    return f"{local:%Y-%m-%dT%H:%M:%S}" + ("Z" if not shift else f"{int(shift):+03d}:{int(abs(shift) % 1 * 60):02d}")


def several(moment: pd.Timestamp, i: int) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if i % 3 else f"{moment:%d.%m.%Y %H:%M}"


def labels(rng: Rng, ways: dict[str, list[str]], means: dict[str, str]) -> Dirty:
    """Return labels that are written in several ways."""
    x, z, label = base(rng)
    written = [str(rng.choice(ways[one])) for one in label]
    rows = [list(row) for row in zip(x, z, written, strict=True)]
    meant = np.array([means[one] for one in label])
    return Dirty(csv("x,z,bought", rows), {"x": x, "z": z, "bought": meant}, "bought", "written in several ways")


def around(
    rng: Rng, told: str, sign: str = ",", middle: int = 0, between: str = "", first: Any = None, **kept: Any
) -> Dirty:
    """Return a table with lines above, within or below that belong to no row."""
    x, z, label = base(rng)
    rows: list[list[Any]] = [list(row) for row in zip(x, z, label, strict=True)]
    for at in range(middle):
        rows.insert((at + 1) * 40, between.split(";"))
    rows[:0] = [first] if first else []
    return Dirty(csv("x,z,bought", rows, sign, **kept), {"x": x, "z": z, "bought": label}, "bought", told)


def units(rng: Rng) -> Dirty:
    x, z, label = base(rng)
    rows: list[list[Any]] = [["[cm]", "kg", ""], *(list(row) for row in zip(x, z, label, strict=True))]
    return Dirty(csv("x,z,bought", rows), {"x": x, "z": z, "bought": label}, "bought", "holds units")


def workbook(rng: Rng) -> Dirty:
    """Return a workbook with a sheet of notes, and titles above the table on the second."""
    x, z, label = base(rng)

    def write(folder: Path) -> Path:
        path = folder / "dirty.xlsx"
        frame = pd.DataFrame({"x": x, "z": z, "bought": label})
        with pd.ExcelWriter(path) as book:
            pd.DataFrame({"read me": ["made by hand", "do not change"]}).to_excel(book, sheet_name="Notes", index=False)
            frame.to_excel(book, sheet_name="Data", startrow=3, index=False)
            book.sheets["Data"].cell(1, 1, "Report of March")
        return path

    return Dirty(write, {"x": x, "z": z, "bought": label}, "bought", "from the sheet 'Data'")


def nested(rng: Rng) -> Dirty:
    """Return objects with objects, lists of words and lists of numbers inside."""
    x, z, label = base(rng)
    tags = [[word for word in ("api", "docs", "ui") if rng.random() < 0.5] for _ in x]
    lines = [
        {"user": {"x": float(a), "home": {"z": float(b)}}, "tags": t, "place": [float(a), 1.5 * i], "bought": c}
        for i, (a, b, t, c) in enumerate(zip(x, z, tags, label, strict=True))
    ]

    def write(folder: Path) -> Path:
        path = folder / "dirty.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return path

    flags = {f"tags: {word}": np.array([str(int(word in t)) for t in tags]) for word in ("api", "docs", "ui")}
    means = {"user.x": x, "user.home.z": z, "place.0": x, "place.1": 1.5 * np.arange(len(x)), **flags, "bought": label}
    return Dirty(write, means, "bought", "became columns")


KINDS: dict[str, Callable[[Rng], Dirty]] = {
    "money": lambda rng: dressed(rng, money),
    "money, thousands with points": lambda rng: dressed(rng, german, ";"),
    "money of Switzerland": lambda rng: dressed(rng, swiss),
    "thin spaces": lambda rng: dressed(rng, spaced, ";"),
    "percent": lambda rng: dressed(rng, lambda value: f"{value} %"),
    "one unit": lambda rng: dressed(rng, lambda value: f"{value} km/h"),
    "a minus behind": lambda rng: dressed(rng, behind),
    "a typographic minus": lambda rng: dressed(rng, lambda value: f"{value}".replace("-", "\u2212")),
    "two units": lambda rng: table(
        rng,
        lambda kilos: [f"{v * 1000:.0f} g" if v < 0.4 else f"{v} kg" for v in kilos],
        "all in kg",
        values=rng.uniform(0.1, 3, 120).round(3),
    ),
    "magnitudes": lambda rng: dressed(rng, lambda v: f"${v / 1000:.3f}k" if v > 1e3 else f"${v:.0f}", round_to=0),
    "magnitudes only": lambda rng: dressed(
        rng, lambda v: f"${v / 1e6:.6f}M" if v > 1e3 else f"${v / 1e3:.3f}K", round_to=0
    ),
    "hours and minutes": lambda rng: table(
        rng,
        lambda seconds: [f"{int(s) // 3600}:{int(s) // 60 % 60:02d}" for s in seconds],
        "read as seconds",
        values=60.0 * rng.integers(0, 24 * 60, 120),
    ),
    "durations": lambda rng: table(
        rng,
        lambda seconds: [f"{int(s) // 3600}h {int(s) // 60 % 60}m" for s in seconds],
        "read as seconds",
        values=60.0 * rng.integers(0, 24 * 60, 120),
    ),
    "limits and words": limits,
    "an odd cell": odd_cell,
    "an odd date": lambda rng: moments(rng, lambda moment, i: f"{moment:%Y-%m-%d}", "as missing: '0000-00-00'", odd=2),
    "summer time": lambda rng: moments(rng, berlin, "read as UTC"),
    "zones": lambda rng: moments(rng, zones, "read as UTC"),
    "dates in several forms": lambda rng: moments(rng, several, "in 2 forms"),
    "labels as numbers": lambda rng: labels(
        rng, {"yes": ["1", "1.0", " 1"], "no": ["0", "0.0"]}, {"yes": "1", "no": "0"}
    ),
    "labels by case": lambda rng: labels(
        rng, {"yes": ["yes", "yes", "Yes", "YES "], "no": ["no", "no", "No"]}, {"yes": "yes", "no": "no"}
    ),
    "labels as booleans": lambda rng: labels(
        rng, {"yes": ["true", "true", "true", "1"], "no": ["false", "false", "0"]}, {"yes": "true", "no": "false"}
    ),
    "a title": lambda rng: around(rng, "stand in line 3", ";", above="Report of 2025-02-03;;\n;;\n"),
    "a short title": lambda rng: around(rng, "stand in line 3", above="Report of March\n\n"),
    "sep=": lambda rng: around(rng, "stand in line 2", ";", above="sep=;\n"),
    "comments": lambda rng: around(rng, "stand in line 3", above="# made by hand\n# 2025, twice\n"),
    "a byte order mark and a title": lambda rng: around(
        rng, "stand in line 2", ";", above="Auszug für März;;\n", encoding="utf-8-sig"
    ),
    "joined files": lambda rng: around(rng, "repeat the column names", middle=2, between="x;z;bought"),
    "units": units,
    "title, units and total": lambda rng: around(
        rng, "holds units", ";", above="Umsatz;;\nErstellt: Müller;;\n\n", first=["(cm)", "[€]", ""], below="Summe;;\n"
    ),
    "comments within": lambda rng: around(rng, "are comments", middle=1, between="# replaced", above="# station 7\n"),
    "a total": lambda rng: around(rng, "below the table", below="Total,123456.00,\n"),
    "a note": lambda rng: around(rng, "below the table", below="\nSource: our own books\n"),
    "a workbook": workbook,
    "nested": nested,
}
