"""A real table beside its card: which rows are for fitting, which for the test, and what is to be predicted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

METRICS = {
    "binary": "roc_auc",
    "multiclass": "log_loss",
    "multilabel": "log_loss",
    "regression": "rmse",
    "bounded": "rmse",
    "positive": "rmse",
    "vector": "scaled_rmse",
    "count": "poisson_deviance",
}
MISSING = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"}


class SkippedError(Exception):
    """A folder that is no table, or not one of these problems."""


@dataclass(frozen=True)
class Task:
    """What is to be predicted.

    Args:
        name: Name of the table.
        problem: One of `METRICS`.
        targets: Names of the target columns.
        classes: The labels in order, of binary and multiclass; the second is the one to find. Else empty.
        metric: The score that decides.
        missing: Cells that stand for "not known".
    """

    name: str
    problem: str
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    metric: str
    missing: frozenset[str]

    @property
    def classifies(self) -> bool:
        """Whether there are classes that exclude each other."""
        return bool(self.classes)

    def answers(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the targets: class numbers (n,), -1 for a label never seen; else floats (n, k)."""
        if self.classifies:
            return pd.Categorical(frame[self.targets[0]], categories=list(self.classes)).codes.astype(int)
        return frame[list(self.targets)].apply(pd.to_numeric).to_numpy(float)

    def features(self, frame: pd.DataFrame) -> list[str]:
        """Return the names of the columns that are not targets."""
        return [name for name in frame if name not in self.targets]


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, Task]:
    """Read a table as text cells: rows for fitting (train and validation), rows for the test, and the task.

    Raises:
        SkippedError: It is no table of one of these problems.
    """
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    problem = card["problem"].removeprefix("text_")
    if problem not in METRICS or not str(card["file"]).endswith((".csv", ".tsv")):
        raise SkippedError(f"{card['problem']} in {card['file']}: only tables of {', '.join(METRICS)}")
    separator = "\t" if card["file"].endswith(".tsv") else ","
    frame = pd.read_csv(folder / card["file"], sep=separator, dtype=str, keep_default_na=False)
    frame = frame.drop(columns=card.get("drop") or [])
    missing = frozenset(MISSING | set(card.get("na_tokens") or []))
    with np.load(folder / card["split"]["file"]) as split:
        fit, test = np.sort(np.concatenate([split["train"], split["val"]])), split["test"]
    known = ~frame[card["targets"]].isin(missing).any(axis=1)
    train, test = (frame[known & frame.index.isin(rows)].reset_index(drop=True) for rows in (fit, test))
    classes = tuple(_classes(train[card["targets"][0]])) if problem in ("binary", "multiclass") else ()
    metric = card.get("metric", METRICS[problem])
    return train, test, Task(folder.name, problem, tuple(card["targets"]), classes, metric, missing)


def _classes(labels: pd.Series) -> list[str]:
    """Return the labels in order of number or alphabet."""
    found = sorted(labels.unique())
    try:
        return sorted(found, key=float)
    except ValueError:
        return found


def typed(train: pd.DataFrame, test: pd.DataFrame, task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features as a careful reader gives them: numbers, moments and text, unknown cells missing.

    The type of a column is decided by the rows for fitting.
    """
    both = {"train": {}, "test": {}}
    for name in task.features(train):
        cells = [frame[name].str.strip() for frame in (train, test)]
        cells = [column.mask(column.isin(task.missing | {""}), None) for column in cells]
        for part, column in zip(both, _converted(*cells), strict=True):
            both[part][name] = column
    return pd.DataFrame(both["train"]), pd.DataFrame(both["test"])


def _converted(train: pd.Series, test: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Convert a column to numbers or to moments, if each known cell for fitting is one."""
    numbers = pd.to_numeric(train, errors="coerce")
    if numbers.notna().equals(train.notna()):
        return numbers.astype(float), pd.to_numeric(test, errors="coerce").astype(float)
    if train.dropna().str.match(r"\d{4}-\d\d-\d\d").all():
        return pd.to_datetime(train, errors="coerce"), pd.to_datetime(test, errors="coerce")
    return train.astype(object), test.astype(object)
