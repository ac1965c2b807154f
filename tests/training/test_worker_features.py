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

from modelwizard.contract.jobs import Importance, Propose, Train
from modelwizard.contract.trials import Experiment
from modelwizard.errors import ProjectError
from modelwizard.worker.client import Child

pytestmark = pytest.mark.slow

ROWS = 1500
VALUES = {"layers": 1, "units": 32, "dropout": 0.0}


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


def asked(run: str, *lines: str, epochs: int = 4) -> Experiment:
    return Experiment(
        run=run,
        stage="features",
        hyperparameters=VALUES,
        epochs=epochs,
        batch_size=32,
        seed=3,
        additions=(lines,) if lines else (),
    )


@pytest.fixture(scope="module")
def child(folder: Path) -> Iterator[Child]:
    with Child(folder) as started:
        yield started


def test_proposals_come_from_the_ratio(child: Child) -> None:
    told = {group.title: group.written for group in child.run(Propose(seed=0))}
    best = told["interactions"][0]
    assert best.op == "ratio"
    assert "households" in best.code
    assert told["dates"] == ()


def test_lines_on_trial_are_trained_and_never_written(child: Child, folder: Path) -> None:
    before = (folder / "data.py").read_bytes()
    line = 'columns["r"] = keras.ops.log1p(columns["rooms"] / columns["households"])'
    plain = child.run(Train(experiment=asked("plain")))
    tried = child.run(Train(experiment=asked("tried", line)))
    fewer = child.run(Train(experiment=asked("fewer", 'del columns["idle"]', 'del columns["beds"]')))
    assert (fewer.parameters or 0) < (plain.parameters or 0) < (tried.parameters or 0)
    assert (tried.val_loss or 9) < (plain.val_loss or 0)
    again = child.run(Train(experiment=asked("again")))
    assert again.val_loss == pytest.approx(plain.val_loss, rel=1e-5)
    assert (folder / "data.py").read_bytes() == before


def test_a_line_that_fails_is_told(child: Child) -> None:
    with pytest.raises(ProjectError, match="add features"):
        child.run(Train(experiment=asked("bad", 'del columns["x"]')))


def test_shuffling_shows_what_the_network_uses(child: Child) -> None:
    found = child.run(Importance(experiment=asked("importance", epochs=12)))
    assert {tuple(one.name for one in cluster) for cluster in found.clusters} == {
        ("rooms", "beds"),
        ("households",),
        ("idle",),
    }
    effects = {one.name: one for cluster in found.clusters for one in cluster}
    assert effects["households"].t > 3
    assert abs(effects["idle"].gain) < effects["households"].gain / 5
    assert found.looks == 4


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
