"""Trials in several processes: results as they come, one more try after a kill, nothing left behind."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from modelwizard.errors import Interrupted
from modelwizard.training.experiment import Experiment, Watcher
from modelwizard.worker.pool import Standby, processes

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
    if job["job"] in ("inspect", "pace"):
        emit("done", result={"by": os.getpid()})
        continue
    what, folder = job["hyperparameters"], Path(job["project"])
    with (folder / (job["run"] + ".tries")).open("a") as file:
        file.write(str(os.getpid()) + "\\n")
    tries = len((folder / (job["run"] + ".tries")).read_text().splitlines())
    if what.get("deadly", 0) >= tries:
        os.kill(os.getpid(), signal.SIGKILL)
    emit("progress", run=job["run"], epoch=1)
    time.sleep(what.get("seconds", 0))
    if what.get("broken"):
        emit("error", kind="ProjectError", what="model.py fails")
    else:
        emit("done", result={"run": job["run"], "status": "completed", "budget": job.get("time_budget")})
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    return [sys.executable, str(tmp_path / "stand_in.py")]


def experiments(*values: dict[str, Any]) -> Iterator[Experiment]:
    for i, hyperparameters in enumerate(values, start=1):
        yield Experiment(f"x-{i:03d}", "regularize", hyperparameters, epochs=2, batch_size=32, seed=i)


class Ear:
    """Hears events and may press stop."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.events: list[dict[str, Any]] = []
        self.stop_after = stop_after
        self.watcher = Watcher(self.emit, self.check)

    def emit(self, event: str, **fields: Any) -> None:
        self.events.append({"event": event, **fields})

    def check(self) -> None:
        if len(self.events) >= self.stop_after:
            raise Interrupted("Stopped.")


def run(command: list[str], folder: Path, ear: Ear, count: int, *values: dict[str, Any]) -> list[dict[str, Any]]:
    project: Any = SimpleNamespace(folder=folder)
    return list(processes(project, ear.watcher, experiments(*values), count, Standby(command)))


def pids(folder: Path) -> set[str]:
    return {line for path in folder.glob("*.tries") for line in path.read_text().splitlines()}


def test_all_trials_run_side_by_side_and_come_back_as_they_end(command: list[str], tmp_path: Path) -> None:
    ear = Ear()
    found = run(command, tmp_path, ear, 2, {"seconds": 1.5}, {}, {}, {})
    assert [s["run"] for s in found][-1] == "x-001"
    assert {s["run"] for s in found} == {"x-001", "x-002", "x-003", "x-004"}
    assert len(pids(tmp_path)) == 2
    assert {e["run"] for e in ear.events if e["event"] == "progress"} == {s["run"] for s in found}


def test_a_killed_worker_costs_its_trial_one_more_try(command: list[str], tmp_path: Path) -> None:
    found = run(command, tmp_path, Ear(), 2, {"deadly": 1}, {})
    assert {(s["run"], s["status"]) for s in found} == {("x-001", "completed"), ("x-002", "completed")}
    assert len((tmp_path / "x-001.tries").read_text().splitlines()) == 2


def test_a_trial_that_kills_twice_has_failed_and_the_others_go_on(command: list[str], tmp_path: Path) -> None:
    found = {s["run"]: s for s in run(command, tmp_path, Ear(), 1, {"deadly": 9}, {}, {})}
    assert found["x-001"]["status"] == "failed"
    assert "out of memory" in found["x-001"]["message"]
    assert found["x-001"]["hyperparameters"] == {"deadly": 9}
    assert [found[f"x-00{i}"]["status"] for i in (2, 3)] == ["completed", "completed"]


def test_an_error_of_the_project_ends_the_search(command: list[str], tmp_path: Path) -> None:
    from modelwizard.errors import ProjectError

    with pytest.raises(ProjectError, match=r"model\.py fails"):
        run(command, tmp_path, Ear(), 2, {"broken": True}, {})


def test_a_stop_leaves_no_process(command: list[str], tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        run(command, tmp_path, Ear(stop_after=1), 2, {"seconds": 30}, {"seconds": 30})
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids(tmp_path))


def test_processes_that_stand_by_serve_one_search_after_another(command: list[str], tmp_path: Path) -> None:
    standby, project = Standby(command), cast(Any, SimpleNamespace(folder=tmp_path))
    standby.prepare(tmp_path, 2, {"job": "pace"})
    told = standby.wait()
    assert told is not None
    for _ in range(2):
        list(processes(project, Ear().watcher, experiments({"seconds": 0.3}, {"seconds": 0.3}), 2, standby))
    served = pids(tmp_path)
    assert len(served) == 2
    assert (tmp_path / "x-001.tries").read_text().splitlines()[0] == str(told["by"])  # its programs are compiled
    standby.leave(standby.take(tmp_path, 2), idle=False)
    assert not any(Path(f"/proc/{pid}").exists() for pid in served)


def test_the_time_that_is_left_is_handed_on(command: list[str], tmp_path: Path) -> None:
    import time

    ear = Ear()
    ear.watcher.deadline = time.monotonic() + 100
    (summary,) = run(command, tmp_path, ear, 1, {})
    assert 50 < summary["budget"] <= 100


def test_progress_is_told_sparingly_but_the_last_epoch_always() -> None:
    ear = Ear()
    ear.watcher.every = math.inf
    ear.watcher._last = 1.0
    for epoch in range(50):
        ear.watcher.progress(epoch == 49, epoch=epoch)
    assert [e["epoch"] for e in ear.events] == [49]
