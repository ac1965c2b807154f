"""Every problem type, walked to its end by the real commands on a bundled example; one of them in every test run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

EXAMPLES = {
    "churn": "binary",
    "iris": "multiclass",
    "songs": "multilabel",
    "diabetes": "regression",
    "occupancy": "bounded",
    "buildings": "vector",
    "repairs": "positive",
    "rentals": "count",
}


def modelwizard(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
    """Run a command; return its JSON object, or its text."""
    done = subprocess.run(
        [sys.executable, "-m", "modelwizard", *words], cwd=folder, capture_output=True, text=True, timeout=1200
    )
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def insert(path: Path, line: str, before: str) -> None:
    """Insert a line as a person would; a template that has changed must not make this do nothing."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, line + before), encoding="utf-8")


@pytest.mark.parametrize(
    ("example", "problem"),
    [pytest.param(*one, marks=[] if one[0] == "churn" else pytest.mark.slow) for one in EXAMPLES.items()],
)
def test_a_walk_from_the_table_to_predictions(example: str, problem: str, tmp_path: Path) -> None:
    modelwizard(tmp_path, "new", "demo", "--example", example, "--yes", "--no-run")
    folder = tmp_path / "demo"
    walked = modelwizard(folder, "run", "--trials", "4", "--json", codes=(0, 3))
    assert list(walked["stages"]) == ["baseline", "overfit", "regularize", "finalize"]
    assert walked["stages"]["baseline"]["verdict"] == "passed"

    state = modelwizard(folder, "status", "--json")
    assert state["problem"] == problem
    assert state["next"] is None
    assert state["looks"]["test"] == 1
    assert state["findings"] == []
    assert state["stages"]["finalize"]["verdict"] in ("consistent", "suspect", "unreliable", "better")

    rows = pd.read_csv(folder / f"{example}.csv", dtype=str, keep_default_na=False)
    modelwizard(folder, "predict", f"{example}.csv", "-o", "predictions.csv")
    predictions = pd.read_csv(folder / "predictions.csv")
    assert len(predictions) == len(rows)
    assert predictions.notna().all().all()
    plain = subprocess.run(
        [sys.executable, "predict.py", f"{example}.csv", "plain.csv"], cwd=folder, capture_output=True, text=True
    )
    assert plain.returncode == 0, plain.stderr
    pd.testing.assert_frame_equal(predictions, pd.read_csv(folder / "plain.csv"), rtol=1e-4)

    assert modelwizard(folder, "audit", "--json")["ok"]
    modelwizard(folder, "report")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "</html>" in page
    modelwizard(folder, "finalize", codes=(4,))


@pytest.mark.slow
def test_an_edit_of_the_model_and_the_data_is_used(tmp_path: Path) -> None:
    modelwizard(tmp_path, "new", "demo", "--example", "churn", "--yes", "--no-run")
    folder = tmp_path / "demo"
    insert(
        folder / "data.py",
        '    columns["calls"] = columns["support_calls"] / columns["tenure_months"]\n',
        before="    return columns\n",
    )
    insert(
        folder / "model.py",
        '    x = keras.layers.GaussianNoise(hp.Float("noise", 0.0, 0.3, default=0.1))(x)\n',
        before="    penalty = ",
    )
    walked = modelwizard(folder, "run", "--trials", "4", "--json", codes=(0, 3))
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    noise = {e["hyperparameters"]["noise"] for e in lines if e["kind"] == "trial" and e["stage"] == "regularize"}
    assert len(noise) > 1
    assert {e["hyperparameters"]["noise"] for e in lines if e["kind"] == "trial" and e["stage"] == "overfit"} == {0.0}
    assert walked["stages"]["finalize"]["numbers"]["test"] > 0.5


@pytest.mark.slow
def test_batch_sizes_are_searched_when_asked_for(tmp_path: Path) -> None:
    modelwizard(tmp_path, "new", "demo", "--example", "iris", "--yes", "--no-run")
    settings = tmp_path / "demo" / "modelwizard.toml"
    settings.write_text(settings.read_text().replace("tune_batch_size = false", "tune_batch_size = true"))
    modelwizard(tmp_path / "demo", "run", "--trials", "9", "--json", codes=(0, 3))
    lines = [json.loads(line) for line in (tmp_path / "demo" / "journal.jsonl").read_text().splitlines()]
    trials = [e for e in lines if e["kind"] == "trial" and e["stage"] == "regularize"]
    assert len({e["training"]["batch_size"] for e in trials}) > 1


@pytest.mark.slow
def test_a_project_of_the_first_edition_still_walks(tmp_path: Path) -> None:
    modelwizard(tmp_path, "new", "churn", "--example", "churn", "--yes", "--no-run")
    folder = tmp_path / "churn"
    for name in ("blocks.py", "strings.py", "export.py"):
        (folder / name).unlink()
    tests = Path(__file__).parents[1]
    for name in ("data.py", "preprocessing.py", "predict.py", "train.py"):  # the same in every project of then
        shutil.copy(tests / "journals" / "project" / name, folder)
    shutil.copytree(tests / "first_edition", folder, dirs_exist_ok=True)
    assert "tune_features" in (folder / "modelwizard.toml").read_text()
    walked = modelwizard(folder, "run", "--trials", "2", "--json", codes=(0, 3))
    assert walked["stages"]["finalize"]["numbers"]["test"] > 0.5
    modelwizard(folder, "predict", "churn.csv", "-o", "predictions.csv")
    assert len(pd.read_csv(folder / "predictions.csv")) == 1500
    modelwizard(folder, "report")
    assert "</html>" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("model.py", "def build_model(", "def build(", "build_model"),
        ("model.py", "import keras\n", "import keras\nthis is no Python\n", "model.py"),
        ("model.py", "keras.layers.Dense(1,", "keras.layers.Dense(3,", "output"),
        ("data.py", "    return columns\n", "    return 1 / 0\n", "data.py"),
    ],
)
def test_broken_edits_are_named_with_file_and_fix(name: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    modelwizard(tmp_path, "new", "demo", "--example", "churn", "--yes", "--no-run")
    path = tmp_path / "demo" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    done = subprocess.run(
        [sys.executable, "-m", "modelwizard", "baseline"], cwd=tmp_path / "demo", capture_output=True, text=True
    )
    assert done.returncode in (1, 3)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
