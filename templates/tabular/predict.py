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
        # modelwizard: if classes
        One row per input row: the label and its probabilities.
        # modelwizard: else
        One row per input row, with the number that is predicted for each target.
        # modelwizard: end
    """
    y = run(model, data.to_columns(table))
    # modelwizard: prediction
    classes = np.array(data.PROBLEM["classes"])
    labels = classes[(y[:, 0] >= threshold()).astype(int)]
    return pd.DataFrame({data.TARGETS[0]: labels, f"probability of {classes[1]}": y[:, 0]})
    # modelwizard: end


# modelwizard: threshold
def threshold() -> float:
    """Return the probability from which a label is said: 0.5, unless `modelwizard finalize` found a better one."""
    made = data.HERE / "experiments" / "4-finalize.toml"
    settings = tomllib.loads(made.read_text(encoding="utf-8")) if made.exists() else {}
    return float(settings.get("prediction", {}).get("threshold", 0.5))


# modelwizard: end
if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {sys.argv[0]} ROWS PREDICTIONS.csv")
    exported = Path(__file__).resolve().parent / "model.keras"
    if not exported.exists():
        sys.exit("model.keras is missing: run `modelwizard finalize` first")
    predict(keras.models.load_model(exported), data.read_rows(sys.argv[1])).to_csv(sys.argv[2], index=False)
