"""The wizard's walk, as a person types it: new, run, predict; each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from quality_rivals import RefusedError
from quality_rivals.tables import Task

METRICS = {"scaled_rmse": "rmse"}
UNUSABLE_DATA = 5
notes: dict[str, Any] = {}
"""What the last walk did: seconds of each command and stage, the verdicts."""


def walk(train: pd.DataFrame, test: pd.DataFrame, task: Task, seconds: float, seed: int) -> np.ndarray:
    """Hand the rows for fitting to `modelwizard new`, `run` the stages, `predict` the rows of the test.

    The rows of the test stay outside, as with every rival. The wizard seals rows of its own all the same: as few as it
    allows, since nothing is learned from them.

    Raises:
        RefusedError: `new` found the data unusable.
        RuntimeError: A command failed; what it said on the error output.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train.to_csv(folder / "rows.csv", index=False)
        test[task.features(test)].to_csv(folder / "new_rows.csv", index=False)
        words = [word for target in task.targets for word in ("--target", target)]
        words += ["--problem", task.problem, "--metric", METRICS.get(task.metric, task.metric)]
        words += ["--positive", task.classes[1]] if task.problem == "binary" else []
        words += ["--set", "time="]  # the fixed splits are random, so the latest rows are not the ones to judge by
        words += ["--test-size", "0.05", "--seed", str(seed), "--yes", "--no-run"]
        command("new", folder, "project", "--data", "rows.csv", *words)
        try:
            said = command("run", folder, "--project", "project", "--yes", "--time-budget", f"{seconds:g}", "--json")
        finally:
            notes.update(stages(folder / "project" / "journal.jsonl"))
        if not (folder / "project" / "model.keras").exists():
            raise RuntimeError(f"run made no model: {said[-1000:]}")
        command("predict", folder, "new_rows.csv", "--project", "project", "-o", "predicted.csv")
        return predictions(pd.read_csv(folder / "predicted.csv"), task)


def command(word: str, folder: Path, *words: str) -> str:
    """Run one command of the wizard, note its seconds, return what it told; a gate not passed (3) is no failure."""
    began = time.monotonic()
    line = [sys.executable, "-m", "modelwizard", word, *words]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    notes[f"{word}_seconds"] = round(time.monotonic() - began, 1)
    if done.returncode == UNUSABLE_DATA:
        raise RefusedError(done.stderr.strip()[-500:])
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{word} ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
    return done.stderr.strip()


def stages(journal: Path) -> dict[str, Any]:
    """Return the seconds between the verdicts of the stages, the trials of each, and the verdicts."""
    entries = (
        [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()] if journal.exists() else []
    )
    spent: dict[str, float] = {}
    verdicts: dict[str, str] = {}
    last = None
    for entry in entries:
        now = datetime.fromisoformat(entry["utc"])
        if entry["kind"] == "verdict":
            spent[entry["stage"]] = round(spent.get(entry["stage"], 0.0) + (now - (last or now)).total_seconds(), 1)
            verdicts[entry["stage"]] = entry["verdict"]
        if entry["kind"] in ("verdict", "created"):
            last = now
    trials = [entry["stage"] for entry in entries if entry["kind"] == "trial"]
    return {
        "stages": spent,
        "trials": {name: trials.count(name) for name in dict.fromkeys(trials)},
        "verdicts": verdicts,
    }


def predictions(frame: pd.DataFrame, task: Task) -> np.ndarray:
    """Return the columns that `predict` wrote, in canonical form."""
    if task.problem == "binary":
        wanted = [f"probability of {task.classes[1]}"]
    elif task.problem == "multiclass":
        wanted = [f"probability of {label}" for label in task.classes]
        frame = frame.reindex(columns=wanted, fill_value=0.0)
    elif task.problem == "multilabel":
        wanted = [f"probability of {name}" for name in task.targets]
    else:
        wanted = list(task.targets)
    return frame[wanted].to_numpy(float)
