"""A person reading a score is a look: recorded once for what is new, never where nothing may be written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import asdict
from stand_ins import Person, Worker

from modelwizard import walk
from modelwizard.contract.entries import Read, Trial, Verdict
from modelwizard.contract.messages import message
from modelwizard.contract.trials import Experiment
from modelwizard.errors import WorkerError
from modelwizard.journal import Journal
from modelwizard.options import StageOptions

TRIALS = StageOptions(trials=4)


@pytest.fixture
def folder(make_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A project whose baseline was run, and did not overfit."""
    made = Path(shutil.copytree(make_project("binary", 900).parent, tmp_path / "work")) / "project"
    step(made, "baseline", Worker(rise=0.0))
    return made


def step(folder: Path, stage: str, worker: Worker | None = None) -> None:
    walk.run_stage(folder, stage, TRIALS, Person(), worker or Worker())  # type: ignore[arg-type]


def reads(folder: Path) -> list[str]:
    return [entry.by for entry in Journal(folder / "journal.jsonl").of(Read)]


def test_a_stage_shows_its_verdict_to_a_person(folder: Path) -> None:
    assert reads(folder) == ["baseline"]
    step(folder, "overfit")
    assert reads(folder) == ["baseline", "overfit"]


def test_nothing_new_is_read_only_once(folder: Path) -> None:
    before = (folder / "journal.jsonl").read_bytes()
    for _ in range(2):
        assert walk.status(folder)["looks"]["read"] == 1
        walk.report(folder)
        walk.audit(folder)
    assert (folder / "journal.jsonl").read_bytes() == before


def test_trials_of_a_killed_stage_are_new_to_the_report_but_not_shown_by_status(folder: Path) -> None:
    step(folder, "overfit")
    with pytest.raises(WorkerError):
        step(folder, "regularize", Worker(dies_in="regularize-003"))
    walk.status(folder)
    assert reads(folder) == ["baseline", "overfit"]
    walk.report(folder)
    assert reads(folder) == ["baseline", "overfit", "report"]
    assert walk.audit(folder)["ok"]


def test_a_verdict_that_nobody_saw_is_read_by_status(folder: Path) -> None:
    numbers = {"score": 0.8, "corrected": 0.79, "se": 0.02}
    journal = Journal(folder / "journal.jsonl")
    journal.append(Verdict(stage="overfit", verdict="passed", headline="it overfits", numbers=numbers))
    validation = walk.status(folder)["looks"]["validation"]
    assert reads(folder) == ["baseline", "status"]
    found = walk.audit(folder)
    assert found["ok"]
    assert found["looks"] == {"validation": validation, "test": 0, "read": 2}
    assert message("story.read", times=2) in found["story"]


def new(folder: Path) -> Journal:
    """Record a trial whose score nobody has seen."""
    journal = Journal(folder / "journal.jsonl")
    asked = Experiment(run="overfit-01", stage="overfit", hyperparameters={}, epochs=3, batch_size=32, seed=0)
    journal.append(Trial(**asdict(asked.summary(score=0.7, looks=3))))
    return journal


def test_nothing_is_written_while_a_stage_runs(folder: Path) -> None:
    journal = new(folder)
    with journal.writing():
        walk.report(folder)
    assert reads(folder) == ["baseline"]


def test_nothing_is_written_into_a_folder_that_cannot_be_written_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new(folder)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("modelwizard.journal._append", refuse)
    walk.status(folder)
    assert reads(folder) == ["baseline"]


def test_reading_does_not_hide_that_lines_were_cut_off(folder: Path) -> None:
    new(folder)
    path = folder / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    scored = json.dumps({"kind": "trial", "score": 0.9, "stage": "overfit"}) + "\n"
    path.write_text("".join([*lines[:-1], scored]))
    walk.report(folder)
    assert reads(folder) == ["baseline"]
    assert not walk.audit(folder)["ok"]


def test_trials_after_an_edit_that_followed_a_reading_are_called_adapted(folder: Path) -> None:
    step(folder, "overfit")
    assert walk.status(folder)["advice"] == []
    (folder / "model.py").write_text((folder / "model.py").read_text() + "\n# what the scores taught me\n")
    step(folder, "regularize")
    assert walk.status(folder)["advice"][-1] == message("looks.adapted", adapted=4, trials=4)
    assert walk.audit(folder)["story"][-1].id == "looks.adapted"
