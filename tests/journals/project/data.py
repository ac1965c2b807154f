"""The data of this project: how rows are read, which features are made, which rows belong where.

Plain pandas and NumPy. `add_features` is the place for feature engineering: the next stage uses what you write.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
SETTINGS = tomllib.loads((HERE / "modelwizard.toml").read_text(encoding="utf-8"))
FORMAT: dict[str, Any] = SETTINGS["data"]
PROBLEM: dict[str, Any] = SETTINGS["problem"]
TARGETS: list[str] = PROBLEM["target"]
USED = ("numeric", "categorical", "boolean", "date", "text")
KINDS: dict[str, str] = {name: kind for name, kind in SETTINGS["columns"].items() if kind in USED}
LABEL_APPLIES = ("1", "1.0", "true", "t", "yes", "y", "on", "x")  # texts that set a label, of many at once


class Rows(NamedTuple):
    """Some rows of the table, ready for `preprocessing.Encoding`."""

    x: dict[str, np.ndarray]  # a (n, 1) array per column: float32 (NaN is missing) or text ("" is missing)
    y: np.ndarray  # class numbers (n,), or floats (n, targets) in their own units
    rows: np.ndarray  # (n,) positions in the data file, the first row being 0


def add_features(columns: dict[str, Any]) -> dict[str, Any]:
    """Add, change or drop features, for training and inside the exported model alike.

    Each value is a Keras tensor of shape (rows, 1). Numbers take arithmetic and `keras.ops` functions, so that the
    exported model can repeat them; a date column `d` arrives as the numbers `d.days`, `d.month`, `d.weekday` and
    `d.hour`. Infinite results count as missing. For example:

        columns["rooms_per_household"] = columns["total_rooms"] / columns["households"]
        columns["log_income"] = keras.ops.log1p(columns["income"])
        del columns["zip_code"]
    """
    return columns


def load(*parts: str) -> Rows:
    """Load the rows of some parts of the split: "train", "validation", "test".

    The test rows are for the very end: `modelwizard finalize` opens them once. Looking earlier costs you the only
    honest number of the project.
    """
    table = read_rows(HERE / FORMAT["path"])
    split = pd.read_csv(HERE / "split.csv", dtype=str)["part"]
    if len(split) != len(table):
        raise ValueError(f"split.csv tells of {len(split)} rows, the data file holds {len(table)}: has it changed?")
    rows = np.flatnonzero(split.isin(parts))
    chosen = table.iloc[rows]
    return Rows(to_columns(chosen), to_target(chosen), rows)


def read_rows(path: str | Path) -> pd.DataFrame:
    """Read a file of raw rows: numeric columns as floats, dates as ISO text, everything else as stripped text."""
    options = {"dtype": str, "keep_default_na": False, "skipinitialspace": True, "index_col": False}
    table = pd.read_csv(path, sep=FORMAT["delimiter"], encoding=FORMAT["encoding"], **options)
    table.columns = table.columns.astype(str).str.strip()
    absent = [name for name in KINDS if name not in table.columns]
    if absent:
        raise ValueError(f"{path} lacks the column{'s' * (len(absent) > 1)} {', '.join(absent)}")
    return table.assign(**{name: clean(table[name], kind, name) for name, kind in KINDS.items()})


def clean(values: pd.Series, kind: str, name: str = "") -> pd.Series:
    """Turn raw values of one column into floats (missing is NaN) or into text (missing is "")."""
    text = values.astype("string").fillna("").str.strip()
    text = text.mask(text.isin(FORMAT["missing"]), "")
    if kind == "numeric":
        if FORMAT["thousands"]:
            text = text.str.replace(FORMAT["thousands"], "", regex=False)
        if FORMAT["decimal"] != ".":
            text = text.str.replace(FORMAT["decimal"], ".", regex=False)
        return pd.to_numeric(text.mask(text == ""), errors="coerce").astype("float64")
    if kind == "date":
        layout = FORMAT.get("dates", {}).get(name, "mixed")
        moments = pd.to_datetime(text.mask(text == ""), format=layout, errors="coerce")
        return moments.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("")
    return text


def to_columns(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Take the input columns of a table as (n, 1) arrays."""
    dtypes = {name: np.float32 if kind == "numeric" else object for name, kind in KINDS.items()}
    return {name: table[name].to_numpy(dtype=dtype).reshape(-1, 1) for name, dtype in dtypes.items()}


def to_target(table: pd.DataFrame) -> np.ndarray:
    """Take the target of a table: class numbers (n,) for one label of many, else floats (n, targets)."""
    if PROBLEM["type"] in ("binary", "multiclass"):
        labels = clean(table[TARGETS[0]], "categorical")
        numbers = labels.map({label: i for i, label in enumerate(PROBLEM["classes"])}).to_numpy(dtype=np.float64)
        if np.isnan(numbers).any():
            raise ValueError(f"{TARGETS[0]} holds a label that is not among the classes {PROBLEM['classes']}")
        return numbers.astype(np.int64) if PROBLEM["type"] == "multiclass" else numbers.reshape(-1, 1)
    if PROBLEM["type"] == "multilabel":
        marks = [clean(table[name], "boolean").str.lower().isin(LABEL_APPLIES) for name in TARGETS]
        return np.stack([mark.to_numpy(np.float64) for mark in marks], axis=1)
    return np.stack([clean(table[name], "numeric").to_numpy(np.float64) for name in TARGETS], axis=1)
