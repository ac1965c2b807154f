"""Predict raw rows with the exported model, in plain Keras: `python predict.py rows.csv predictions.csv`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import keras
import numpy as np
import pandas as pd

import data
from preprocessing import run


def predict(model: keras.Model, table: pd.DataFrame) -> pd.DataFrame:
    """Predict a table that `data.read_rows` has read.

    Returns:
        One row per input row: for labels their probabilities and the likeliest, otherwise one number per target.
    """
    columns = data.to_columns(table)
    slices = [slice(i, i + 20000) for i in range(0, len(table), 20000)]
    y = np.concatenate([run(model, {name: values[part] for name, values in columns.items()}) for part in slices])
    problem, classes = data.PROBLEM["type"], np.array(data.PROBLEM["classes"])
    target, least = data.TARGETS[0], threshold()
    if problem == "binary":
        return pd.DataFrame({target: classes[(y[:, 0] >= least).astype(int)], f"probability of {classes[1]}": y[:, 0]})
    if problem == "multiclass":
        shares = {f"probability of {label}": y[:, i] for i, label in enumerate(classes)}
        return pd.DataFrame({target: classes[y.argmax(axis=1)], **shares})
    if problem == "multilabel":
        labels = {name: (y[:, i] >= least).astype(int) for i, name in enumerate(data.TARGETS)}
        return pd.DataFrame(labels | {f"probability of {name}": y[:, i] for i, name in enumerate(data.TARGETS)})
    return pd.DataFrame({name: y[:, i] for i, name in enumerate(data.TARGETS)})


def threshold() -> float:
    """Return the probability from which a label is said: 0.5, unless `modelwizard finalize` found a better one."""
    made = data.HERE / "experiments" / "4-finalize.toml"
    settings = tomllib.loads(made.read_text(encoding="utf-8")) if made.exists() else {}
    return float(settings.get("prediction", {}).get("threshold", 0.5))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {sys.argv[0]} ROWS PREDICTIONS.csv")
    exported = Path(__file__).resolve().parent / "model.keras"
    if not exported.exists():
        sys.exit("model.keras is missing: run `modelwizard finalize` first")
    predict(keras.models.load_model(exported), data.read_rows(sys.argv[1])).to_csv(sys.argv[2], index=False)
