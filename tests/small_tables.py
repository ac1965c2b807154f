"""A small table of each problem type, and answers to every question about it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from modelwizard.problems import PROBLEMS
from modelwizard.scaffold import Answers
from modelwizard.settings import DataSettings, ProblemSettings, Settings, SplitSettings, TrainingSettings


def table(problem: str, rows: int = 240, seed: int = 7) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Draw a table of one problem type, with every kind of column, that a small network can learn.

    Returns:
        The table as text, as it stands in a file, and the names of its targets.
    """
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=rows), rng.normal(50, 20, size=rows)
    colour = rng.choice(["red", "green", "blue"], size=rows)
    city = np.array([f"city {i}" for i in rng.integers(0, 30, size=rows)])
    signal = 1.5 * a + (b - 50) / 20 + 1.5 * (colour == "red") - 0.5
    noise = 0.3 * rng.normal(size=rows)
    share = 1 / (1 + np.exp(-2 * (signal + noise)))
    targets: dict[str, dict[str, object]] = {
        "binary": {"target": np.where(share > 0.5, "yes", "no")},
        "multiclass": {"target": np.array(["low", "middle", "high"])[np.digitize(signal + noise, [-0.7, 0.7])]},
        "multilabel": {"warm": (share > 0.5).astype(int), "wet": (a + noise > 0).astype(int)},
        "regression": {"target": np.round(1000 + 200 * (signal + noise), 2)},
        "bounded": {"target": np.round(share, 4)},
        "vector": {"first": np.round(signal + noise, 3), "second": np.round(500 - 80 * a + noise, 3)},
        "positive": {"target": np.round(np.exp(0.6 * (signal + noise)) * 40, 2)},
        "ordinal": {"target": np.array(["low", "medium", "high"])[np.digitize(signal + noise, [-0.7, 0.7])]},
        "count": {"target": rng.poisson(np.exp(0.5 * signal + 1))},
    }
    frame = pd.DataFrame(
        {
            "amount": np.round(a, 3),
            "size, in m²": np.round(b, 1),
            "colour": colour,
            "city": city,
            "member": rng.choice(["yes", "no"], size=rows),
            "since": pd.date_range("2023-01-01", periods=rows, freq="31h").strftime("%Y-%m-%d %H:%M:%S"),
            "remark": [
                f"{c} thing, {'very good' if s > 0 else 'not so bad'}" for c, s in zip(colour, signal, strict=True)
            ],
            "row": [f"id-{i}" for i in range(rows)],
            **targets[problem],
        }
    ).astype(str)
    frame.loc[rng.random(rows) < 0.1, "amount"] = ""
    frame.loc[rng.random(rows) < 0.1, "colour"] = "?"
    return frame, tuple(targets[problem])


COLUMNS = {
    "amount": "numeric",
    "size, in m²": "numeric",
    "colour": "categorical",
    "city": "categorical",
    "member": "boolean",
    "since": "date",
    "remark": "text",
    "row": "identifier",
}
CLASSES = {"binary": ("no", "yes"), "multiclass": ("high", "low", "middle"), "ordinal": ("low", "medium", "high")}


def answers(problem: str, folder: Path, frame: pd.DataFrame, targets: tuple[str, ...]) -> Answers:
    """Answer every question for a table of `table`, which is written beside the project."""
    path = folder / f"{problem}.csv"
    frame.to_csv(path, index=False)
    row = PROBLEMS[problem]
    settings = Settings(
        name="project",
        kind="tabular",
        version=1,
        data=DataSettings(
            path=f"../{path.name}",
            format="csv",
            missing=("", "?"),
            rows=len(frame),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            dates={"since": "%Y-%m-%d %H:%M:%S"},
        ),
        problem=ProblemSettings(
            type=problem,
            target=targets,
            classes=CLASSES.get(problem, ()),
            loss=row.loss,
            metric=row.metrics[0],
            reason="drawn for a test",
        ),
        columns=COLUMNS,
        split=SplitSettings(scheme="holdout", seed=1, folds=0, repeats=0, reason="48 validation rows", sha256=""),
        training=TrainingSettings(batch_size=32, seed=1),
    )
    return Answers(folder / "project", settings, command=f"modelwizard new project --data {problem}.csv")


def parts(rows: int) -> list[str]:
    """Put three rows of five into train, one into validation, one into test."""
    return [("train", "train", "train", "validation", "test")[i % 5] for i in range(rows)]


def hashes(frame: pd.DataFrame) -> list[str]:
    """Hash each row of a table."""
    return [f"{value:016x}" for value in pd.util.hash_pandas_object(frame, index=False)]
