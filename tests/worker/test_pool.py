"""Trials in several processes: results as they come, one more try after a kill, nothing left behind."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelwizard.contract import running
from modelwizard.contract.jobs import Pace, Prepare, Train
from modelwizard.contract.trials import Experiment
from modelwizard.errors import Interrupted, WorkerError
from modelwizard.training.watcher import Watcher
from modelwizard.worker.pool import WarmWorkers

STAND_IN = """
import json, os, signal, sys, time
from pathlib import Path
def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)
emit("ready", versions={})
for line in sys.stdin:
    job = json.loads(line)
    if job["job"] == "stop":
        continue
    if job["job"] == "inspect":
        emit("done", result={"space": [], "rows": {}, "code": {}})
        continue
    if job["job"] == "pace":
        emit("done", result={"start": os.getpid(), "epoch": 1.0})
        continue
    asked, folder = job["experiment"], Path(job["project"])
    what, run = asked["hyperparameters"], asked["run"]
    with (folder / (run + ".tries")).open("a") as file:
        file.write(str(os.getpid()) + "\\n")
    tries = len((folder / (run + ".tries")).read_text().splitlines())
    if what.get("deadly", 0) >= tries:
        os.kill(os.getpid(), signal.SIGKILL)
    emit("progress", run=run, epoch=1, epochs=2)
    time.sleep(what.get("seconds", 0))
    if what.get("broken"):
        emit("error", kind="ProjectError", what="model.py fails")
    else:
        training = {"epochs": 2, "batch_size": 32, "seed": 1}
        known = {"run": run, "stage": "regularize", "hyperparameters": what, "training": training}
        emit("done", result={**known, "seconds": job["time_budget"]})
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    return [sys.executable, str(tmp_path / "stand_in.py")]


def trials(*values: dict[str, Any]) -> Iterator[Train]:
    for i, hyperparameters in enumerate(values, start=1):
        asked = Experiment(
            run=f"x-{i:03d}", stage="regularize", hyperparameters=hyperparameters, epochs=2, batch_size=32, seed=i
        )
        yield Train(experiment=asked, safe=True)


class Ear:
    """Hears events and may press stop."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.events: list[Any] = []
        self.stop_after = stop_after
        self.watcher = Watcher(self.emit, self.check)

    def emit(self, event: Any) -> None:
        self.events.append(event)

    def check(self) -> None:
        if len(self.events) >= self.stop_after:
            raise Interrupted("Stopped.")


def run(command: list[str], folder: Path, ear: Ear, count: int, *values: dict[str, Any]) -> dict[str, Any]:
    """Return the result of each trial by its name, in the order in which they ended."""
    runner = WarmWorkers(command).runner(folder, ear.watcher, count)
    return {job.experiment.run: result for job, result in running.run(runner, trials(*values))}


def pids(folder: Path) -> set[str]:
    return {line for path in folder.glob("*.tries") for line in path.read_text().splitlines()}


def test_all_trials_run_side_by_side_and_come_back_as_they_end(command: list[str], tmp_path: Path) -> None:
    ear = Ear()
    found = run(command, tmp_path, ear, 2, {"seconds": 1.5}, {}, {}, {})
    assert list(found)[-1] == "x-001"
    assert sorted(found) == ["x-001", "x-002", "x-003", "x-004"]
    assert len(pids(tmp_path)) == 2
    assert {event.run for event in ear.events} == set(found)


def test_a_killed_worker_costs_its_trial_one_more_try(command: list[str], tmp_path: Path) -> None:
    found = run(command, tmp_path, Ear(), 2, {"deadly": 1}, {})
    assert {name: result.status for name, result in found.items()} == {"x-001": "completed", "x-002": "completed"}
    assert len((tmp_path / "x-001.tries").read_text().splitlines()) == 2


def test_a_trial_that_kills_twice_has_failed_and_the_others_go_on(command: list[str], tmp_path: Path) -> None:
    found = run(command, tmp_path, Ear(), 1, {"deadly": 9}, {}, {})
    assert isinstance(found["x-001"], WorkerError)
    assert "out of memory" in str(found["x-001"])
    assert [found[f"x-00{i}"].status for i in (2, 3)] == ["completed", "completed"]


def test_an_error_of_the_project_ends_the_search(command: list[str], tmp_path: Path) -> None:
    from modelwizard.errors import ProjectError

    with pytest.raises(ProjectError, match=r"model\.py fails"):
        run(command, tmp_path, Ear(), 2, {"broken": True}, {})


def test_a_stop_leaves_no_process(command: list[str], tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        run(command, tmp_path, Ear(stop_after=1), 2, {"seconds": 30}, {"seconds": 30})
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids(tmp_path))


def test_processes_that_stand_by_serve_one_search_after_another(command: list[str], tmp_path: Path) -> None:
    warm = WarmWorkers(command)
    warm.prepare(tmp_path, Prepare(workers=2, pace=Pace(seed=0, trials=9, epochs=2, batch_size=32)))
    pace = warm.pace()
    assert pace is not None
    for _ in range(2):
        list(running.run(warm.runner(tmp_path, Ear().watcher, 2), trials({"seconds": 0.3}, {"seconds": 0.3})))
    served = pids(tmp_path)
    assert len(served) == 2
    assert (tmp_path / "x-001.tries").read_text().splitlines()[0] == str(int(pace.start))  # its programs are compiled
    warm.leave(warm._children, idle=False)
    assert not any(Path(f"/proc/{pid}").exists() for pid in served)


def test_the_time_that_is_left_is_handed_on(command: list[str], tmp_path: Path) -> None:
    import time

    ear = Ear()
    ear.watcher.deadline = time.monotonic() + 100
    found = run(command, tmp_path, ear, 1, {})
    assert 50 < found["x-001"].seconds <= 100


def test_progress_is_told_sparingly_but_the_last_epoch_always() -> None:
    ear = Ear()
    ear.watcher.every = math.inf
    ear.watcher._last = 1.0
    for epoch in range(50):
        ear.watcher.progress("x-001", epoch + 1, 50)
    assert [event.epoch for event in ear.events] == [50]
