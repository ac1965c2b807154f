"""The data of this project: how rows are read, which features are made, which rows belong where.

Plain pandas and NumPy. `add_features` is the place for feature engineering: the next stage uses what you write.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import reading

HERE = Path(__file__).resolve().parent
SETTINGS = tomllib.loads((HERE / "modelwizard.toml").read_text(encoding="utf-8"))
FORMAT: dict[str, Any] = SETTINGS["data"]
PROBLEM: dict[str, Any] = SETTINGS["problem"]
TARGETS: list[str] = PROBLEM["target"]
LEFT_OUT = ("identifier", "constant", "ignore")
KINDS: dict[str, str] = {name: kind for name, kind in SETTINGS["columns"].items() if kind not in LEFT_OUT}
HANDLED = ("numeric", "categorical", "boolean", "date", "text")  # kinds of columns that this code is written for
if not set(KINDS.values()) <= set(HANDLED):
    raise ValueError(f"code for {set(KINDS.values()) - set(HANDLED)} columns is missing: `modelwizard new` writes it")
# modelwizard: constants
# modelwizard: end


class Rows(NamedTuple):
    """Some rows of the table, ready for `preprocessing.Encoding`."""

    x: dict[str, np.ndarray]  # a (n, 1) array per column: float32 (NaN is missing) or text ("" is missing)
    y: np.ndarray  # the target as `to_target` takes it
    rows: np.ndarray  # (n,) positions in the data file, the first row being 0


def add_features(columns: dict[str, Any]) -> dict[str, Any]:
    """Add, change or drop features, for training and inside the exported model alike.

    Each value is a Keras tensor of shape (rows, 1). Numbers take arithmetic and `keras.ops` functions, so that the
    # modelwizard: if dates
    exported model can repeat them; a date column `d` arrives as the numbers `d.days`, `d.month`, `d.weekday` and
    `d.hour`. Infinite results count as missing. For example:
    # modelwizard: else
    exported model can repeat them. Infinite results count as missing. For example:
    # modelwizard: end

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
        raise ValueError(f"split.csv has {len(split)} rows, the data file {len(table)}: has the file changed?")
    rows = np.flatnonzero(split.isin(parts))
    chosen = table.iloc[rows]
    return Rows(to_columns(chosen), to_target(chosen), rows)


def read_rows(path: str | Path) -> pd.DataFrame:
    """Read a file of raw rows, and clean the input columns."""
    table = reading.read_table(path, FORMAT)
    absent = [name for name in KINDS if name not in table.columns]
    if absent:
        raise ValueError(f"{path} lacks the column{'s' * (len(absent) > 1)} {', '.join(absent)}")
    return table.assign(**{name: clean(table[name], kind, name) for name, kind in KINDS.items()})


def clean(values: pd.Series, kind: str, name: str = "") -> pd.Series:
    """Turn raw values of one column into what its kind needs; a missing text is ""."""
    text = reading.as_text(values)
    text = text.mask(text.isin(FORMAT["missing"]), "")
    # modelwizard: if numeric
    if kind == "numeric":
        # modelwizard: if thousands
        text = text.str.replace(FORMAT["thousands"], "", regex=False)
        # modelwizard: end
        # modelwizard: if decimal
        text = text.str.replace(FORMAT["decimal"], ".", regex=False)
        # modelwizard: end
        return pd.to_numeric(text.mask(text == ""), errors="coerce").astype("float64")
    # modelwizard: end
    # modelwizard: if dates
    if kind == "date":
        layout = FORMAT.get("dates", {}).get(name, "mixed")
        return pd.to_datetime(text.mask(text == ""), format=layout, errors="coerce").dt.tz_localize(None)
    # modelwizard: end
    return text


def to_columns(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Take the input columns of a table as (n, 1) arrays."""
    types = {name: np.float32 if kind == "numeric" else object for name, kind in KINDS.items() if kind != "date"}
    columns = {name: table[name].to_numpy(dtype) for name, dtype in types.items()}
    # modelwizard: if dates
    for name in (name for name, kind in KINDS.items() if kind == "date"):
        columns |= {part: values for part, values in date_parts(name, table[name]).items() if part not in columns}
    # modelwizard: end
    return {name: values.reshape(-1, 1) for name, values in columns.items()}


# modelwizard: if dates
def date_parts(name: str, dates: pd.Series) -> dict[str, np.ndarray]:
    """Split dates into numbers: days since 1970, month 0-11, weekday 0-6 (Monday first), hour 0-23."""
    days = (dates.dt.normalize() - pd.Timestamp(0)).dt.days
    parts = {"days": days, "month": dates.dt.month - 1, "weekday": dates.dt.day_of_week, "hour": dates.dt.hour}
    return {f"{name}.{part}": values.to_numpy(np.float32) for part, values in parts.items()}


# modelwizard: end
# modelwizard: to_target
def to_target(table: pd.DataFrame) -> np.ndarray:
    """Take the target of a table: 1.0 for the second class, else 0.0 (n, 1)."""
    labels = clean(table[TARGETS[0]], "categorical")
    if not labels.isin(PROBLEM["classes"]).all():
        raise ValueError(f"{TARGETS[0]} holds a label that is not among the classes {PROBLEM['classes']}")
    return (labels == PROBLEM["classes"][1]).to_numpy(np.float64).reshape(-1, 1)


# modelwizard: end
