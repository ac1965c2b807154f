"""Features with the real worker: a ratio that makes the target is found, judged and written; lines stay in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwizard.errors import ProjectError
from modelwizard.worker.client import Child

pytestmark = pytest.mark.slow

ROWS = 1500
SETTINGS = {
    "hyperparameters": {"layers": 1, "units": 32, "dropout": 0.0},
    "training": {"epochs": 4, "batch_size": 32, "seed": 3},
}


def modelwizard(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "modelwizard", *words], cwd=folder, capture_output=True, text=True, timeout=1500
    )
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose target is made by a ratio, beside a twin and a column that says nothing."""
    rng = np.random.default_rng(3)
    rooms, households = rng.lognormal(2, 1, ROWS), rng.lognormal(1, 1, ROWS)
    table = pd.DataFrame({"rooms": rooms, "households": households, "beds": rooms * rng.lognormal(0, 0.05, ROWS)})
    table["idle"] = rng.normal(size=ROWS)
    table["price"] = 100 + 30 * np.sin(1.5 * np.log(rooms / households)) + 3 * rng.normal(size=ROWS)
    home = tmp_path_factory.mktemp("features")
    table.round(4).to_csv(home / "table.csv", index=False)
    words = ("--data", "table.csv", "--target", "price", "--validation", "holdout", "--yes", "--no-run")
    modelwizard(home, "new", "demo", *words)
    return home / "demo"


@pytest.fixture(scope="module")
def child(folder: Path) -> Iterator[Child]:
    with Child(folder) as started:
        yield started


def test_proposals_come_from_the_ratio(child: Child) -> None:
    told = child.run({"job": "propose", "seed": 0})["proposals"]
    best = told["interactions"]["written"][0]
    assert best["op"] == "ratio"
    assert "households" in best["of"]
    assert told["dates"]["written"] == []


def test_lines_on_trial_are_trained_and_never_written(child: Child, folder: Path) -> None:
    before = (folder / "data.py").read_bytes()
    job = {"job": "train", "stage": "features", **SETTINGS}
    line = 'columns["r"] = keras.ops.log1p(columns["rooms"] / columns["households"])'
    plain = child.run({**job, "run": "plain"})
    tried = child.run({**job, "run": "tried", "additions": [[line]]})
    fewer = child.run({**job, "run": "fewer", "additions": [['del columns["idle"]', 'del columns["beds"]']]})
    assert fewer["parameters"] < plain["parameters"] < tried["parameters"]
    assert tried["val_loss"] < plain["val_loss"]
    again = child.run({**job, "run": "again"})
    assert again["val_loss"] == pytest.approx(plain["val_loss"], rel=1e-5)
    assert (folder / "data.py").read_bytes() == before


def test_a_line_that_fails_is_told(child: Child) -> None:
    with pytest.raises(ProjectError, match="add features"):
        child.run({"job": "train", "stage": "features", "run": "bad", **SETTINGS, "additions": [['del columns["x"]']]})


def test_shuffling_shows_what_the_network_uses(child: Child) -> None:
    job = {"job": "importance", "stage": "features", "run": "importance", **SETTINGS, "additions": []}
    found = child.run({**job, "training": {**SETTINGS["training"], "epochs": 12}})
    clusters = {tuple(m["name"] for m in cluster["members"]): cluster for cluster in found["clusters"]}
    assert set(clusters) == {("rooms", "beds"), ("households",), ("idle",)}
    assert clusters["households",]["t"] > 3
    assert clusters["rooms", "beds"]["gain"] > max(m["gain"] for m in clusters["rooms", "beds"]["members"])
    assert abs(clusters["idle",]["gain"]) < clusters["households",]["gain"] / 5
    assert found["looks"] == 5


def test_the_command_writes_the_ratio_and_the_walk_goes_on(folder: Path) -> None:
    modelwizard(folder, "baseline", "--json", codes=(0, 3))
    found = modelwizard(folder, "features", "--yes", "--json", "--force", "--reason", "a test")
    assert found["written"]
    assert found["after"] < found["before"]
    text = (folder / "data.py").read_text(encoding="utf-8")
    assert all(f"    {line}\n" in text for line in found["code"])
    assert any("_per_" in line for line in found["code"])
    modelwizard(folder, "run", "--trials", "2", "--json", codes=(0, 3))
    modelwizard(folder, "predict", "../table.csv", "-o", "predictions.csv")
    assert len(pd.read_csv(folder / "predictions.csv")) == ROWS
    assert modelwizard(folder, "audit", "--json")["ok"]
