"""What a run leaves: folds pooled in the order of rows, curves under equal conditions, whole folders or none."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from modelwizard.contract.trials import Experiment
from modelwizard.evidence.predictions import unpack
from modelwizard.problems import PROBLEMS
from modelwizard.project import Project
from modelwizard.training import records
from modelwizard.training.workshop import Part

TRUTH = np.arange(6, dtype=float).reshape(-1, 1) * 10


class Encoding:
    """Standardises by constants of its own, as each fold does."""

    def __init__(self, offset: float, scale: float) -> None:
        self.target_offset, self.target_scale = np.array([offset]), np.array([scale])

    def decode(self, outputs: Any) -> Any:
        return outputs * self.target_scale + self.target_offset


def workshop(folder: Path) -> Any:
    problem = SimpleNamespace(type="regression", metric="rmse", target=("y",))
    settings = SimpleNamespace(
        problem=problem, data=SimpleNamespace(sha256="d"), split=SimpleNamespace(sha256="s", scheme="kfold")
    )
    project = Project(folder, settings)  # pyright: ignore[reportArgumentType]
    return SimpleNamespace(project=project, problem=PROBLEMS["regression"], outputs=1, stamp="code")


def fitted(number: int, rows: list[int], offset: float, scale: float, losses: list[float], **more: Any) -> Any:
    """A fold whose predictions are off by one unit of the target more at each epoch, from zero."""
    held = Part({}, TRUTH[rows], TRUTH[rows], np.array(rows), {})
    encoding = Encoding(offset, scale)
    outputs = np.stack([(TRUTH[rows] + epoch - offset) / scale for epoch in range(len(losses))]).astype(np.float32)
    history = [
        {"epoch": float(e), "loss": loss * 2, "train_loss": loss / 2, "val_loss": loss, "seconds": 0.1}
        for e, loss in enumerate(losses)
    ]
    run = SimpleNamespace(
        history=history,
        outputs=outputs,
        train_outputs=None,
        sample=None,
        best_epoch=int(np.nanargmin(losses)),
        epochs_run=len(losses),
        execution="graph",
        status="completed",
    )
    vars(run).update(more)
    fold = SimpleNamespace(number=number, repeat=0, encoding=encoding, train=held, validation=held)
    return SimpleNamespace(
        fold=fold, run=run, truth=TRUTH[rows], scores=[0.0] * len(losses), hyperparameters={"units": 8}, parameters=9
    )


EXPERIMENT = Experiment(
    run="regularize-001", stage="regularize", hyperparameters={"units": 8}, epochs=3, batch_size=32, seed=1
)


def test_folds_are_pooled_in_the_order_of_rows(tmp_path: Path) -> None:
    fits = [fitted(0, [1, 4], 3.0, 2.0, [3, 2, 1]), fitted(1, [0, 2, 5], -7.0, 0.5, [3, 2, 1])]
    pooled = records.Pooled(workshop(tmp_path), fits, 3)
    assert pooled.rows.tolist() == [0, 1, 2, 4, 5]
    assert pooled.fold.tolist() == [1, 0, 1, 0, 1]
    for epoch in range(3):
        assert pooled.epoch(epoch).ravel() == pytest.approx(TRUTH[[0, 1, 2, 4, 5]].ravel() + epoch)
    assert pooled.scores == pytest.approx([0.0, 1.0, 2.0])
    stored = pooled.arrays(np.arange(3))
    again = unpack(stored["outputs"], None, stored["offset"], stored["scale"])
    assert again[2].ravel() == pytest.approx(TRUTH[[0, 1, 2, 4, 5]].ravel() + 2, abs=0.05)


def test_a_fold_that_ended_early_stays_as_it_was(tmp_path: Path) -> None:
    fits = [fitted(0, [0, 1], 0.0, 1.0, [3, 2]), fitted(1, [2, 3], 0.0, 1.0, [4, 3, 2, 1])]
    summary = records.write(workshop(tmp_path), EXPERIMENT, fits, 2, 1.0)
    run = workshop(tmp_path).project.read_run("regularize-001")
    assert run.outputs.shape == (4, 4, 1)
    assert [row["val_loss"] for row in run.history] == pytest.approx([3.5, 2.5, 2.0, 1.5])
    assert summary.best_epoch == 3
    assert summary.best_epochs == (1, 3)
    assert summary.looks == 4


def test_the_summary_tells_the_best_epoch_of_the_pooled_loss(tmp_path: Path) -> None:
    fits = [fitted(0, [0, 1], 0.0, 1.0, [1, 3, 5]), fitted(1, [2, 3], 0.0, 1.0, [9, 2, 3])]
    summary = records.write(workshop(tmp_path), EXPERIMENT, fits, 2, 1.0)
    assert (summary.best_epoch, summary.val_loss, summary.train_loss) == (1, 2.5, 1.25)
    assert summary.score == pytest.approx(1.0)
    assert summary.predictions == "runs/regularize-001/predictions.npz"


@pytest.mark.parametrize(
    ("losses", "ended", "folds", "status", "kept"),
    [
        ([1.0, math.nan], "nan", 1, "nan", False),
        ([math.nan, math.inf], "completed", 1, "nan", False),
        ([2.0, 1.0], "stopped", 2, "stopped", False),
        ([2.0, 1.0], "stopped", 1, "stopped", True),
        ([math.nan, 1.0], "completed", 1, "completed", True),
    ],
    ids=["nan", "never-finite", "folds-missing", "stopped-early", "nan-at-first"],
)
def test_a_run_that_did_not_end_well_says_so(
    tmp_path: Path, losses: list[float], ended: str, folds: int, status: str, kept: bool
) -> None:
    fits = [fitted(0, [0, 1], 0.0, 1.0, [1.0, 1.0])]
    for row, loss in zip(fits[0].run.history, losses, strict=True):
        row["val_loss"] = loss
    fits[0].run.status = ended
    summary = records.write(workshop(tmp_path), EXPERIMENT, fits, folds, 1.0)
    assert summary.status == status
    assert summary.looks == 2
    assert (summary.predictions is not None) == kept
    assert (tmp_path / "runs" / "regularize-001" / "predictions.npz").is_file() == kept
    if not kept:
        assert summary.message


def test_a_run_that_failed_is_recorded_with_its_reason(tmp_path: Path) -> None:
    summary = records.failed(workshop(tmp_path), EXPERIMENT, "model.py:3 fails", 0.1)
    assert (summary.status, summary.message, summary.looks) == ("failed", "model.py:3 fails", 0)
    assert (tmp_path / "runs" / "regularize-001" / "settings.json").is_file()


def test_a_finished_run_is_adopted_only_if_nothing_changed(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    summary = records.write(shop, EXPERIMENT, [fitted(0, [0, 1], 0.0, 1.0, [2, 1])], 1, 1.0)
    assert records.adopt(shop, EXPERIMENT) == summary
    assert records.adopt(shop, replace(EXPERIMENT, seed=2)) is None
    assert records.adopt(shop, replace(EXPERIMENT, hyperparameters={"units": 9})) is None
    shop.stamp = "edited"
    assert records.adopt(shop, EXPERIMENT) is None


def test_a_damaged_run_is_not_adopted(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    records.write(shop, EXPERIMENT, [fitted(0, [0, 1], 0.0, 1.0, [2, 1])], 1, 1.0)
    (shop.project.run_folder("regularize-001") / "settings.json").write_text("{")
    assert records.adopt(shop, EXPERIMENT) is None


def test_attempts_are_counted_until_the_run_ends(tmp_path: Path) -> None:
    project = workshop(tmp_path).project
    assert [records.attempts(project, "a") for _ in range(3)] == [1, 2, 3]
    records.forget(project, "a")
    assert records.attempts(project, "a") == 1
