"""The client of the worker, against a stand-in that speaks the same protocol in milliseconds."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelwizard.contract.jobs import Predict
from modelwizard.contract.results import Predicted
from modelwizard.errors import DataError, Interrupted, ProjectError, TestOpenedError, WorkerError
from modelwizard.worker.client import Child

STAND_IN = """
import json, os, signal, sys, time
def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)
if "--broken" in sys.argv:
    emit("error", kind="WorkerError", what="TensorFlow cannot be imported.", fix="pip install tensorflow")
    sys.exit(1)
if "--absent" in sys.argv:
    sys.exit("No module named modelwizard")
emit("ready", versions={"keras": "3"})
for line in sys.stdin:
    job = json.loads(line)
    name = job.get("output", "stop")
    if name == "echo":
        emit("progress", run="a", epoch=1, epochs=2)
        print("a print of user code that is no JSON", flush=True)
        emit("progress", run="a", epoch=2, epochs=2, mood="of another version")
        emit("done", result={"rows": 7, "output": job["project"], "columns": [], "mood": "of another version"})
    elif name == "gpus":
        emit("done", result={"rows": 0, "output": os.environ["CUDA_VISIBLE_DEVICES"], "columns": []})
    elif name == "babble":
        emit("progress", epoch="one")
    elif name == "other":
        emit("done", result={"rows": "many"})
    elif name == "fail":
        emit("error", kind=job["input"], what="It failed.", expected="a", received="b", fix="c")
    elif name == "die":
        print("last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), getattr(signal, job["input"]))
    elif name == "exit":
        sys.exit(3)
    elif name == "slow":
        emit("progress", run="a", epoch=1, epochs=9)
        while json.loads(sys.stdin.readline())["job"] != "stop":
            pass
        emit("progress", run="b", epoch=1, epochs=9)
        emit("error", kind="Interrupted", what="Stopped.")
    elif name == "deaf":
        emit("progress", run="a", epoch=1, epochs=9)
        time.sleep(60)
"""


def ask(what: str, more: str = "") -> Predict:
    """Return a job for the stand-in."""
    return Predict(input=more, output=what)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "stand_in.py"
    path.write_text(STAND_IN)
    return path


@pytest.fixture
def child(script: Path, tmp_path: Path) -> Iterator[Child]:
    with Child(tmp_path, command=[sys.executable, str(script)]) as started:
        yield started


def test_a_job_gives_its_events_and_its_result(child: Child, tmp_path: Path) -> None:
    events: list[Any] = []
    assert child.run(ask("echo"), events.append) == Predicted(7, str(tmp_path), [])
    assert [event.epoch for event in events] == [1, 2]


@pytest.mark.parametrize("what", ["babble", "other"])
def test_a_message_that_is_something_else_is_said_to_be_that(child: Child, what: str) -> None:
    with pytest.raises(WorkerError, match="something else than expected"):
        child.run(ask(what))
    assert child.run(ask("echo")).rows == 7


def test_versions_are_known_once_it_is_warm(child: Child) -> None:
    assert child.ready() == {"keras": "3"}


@pytest.mark.parametrize(("wanted", "seen"), [(None, "-1"), ("0", "0")])
def test_it_trains_on_processor_cores_unless_a_person_chose_a_gpu(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None, seen: str
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if wanted:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wanted)
    with Child(tmp_path, command=[sys.executable, str(script)]) as child:
        assert child.run(ask("gpus")).output == seen


def test_it_warms_up_before_there_is_a_project(script: Path, tmp_path: Path) -> None:
    with Child(command=[sys.executable, str(script)]) as child:
        assert child.ready()
        with pytest.raises(WorkerError, match="No project"):
            child.run(ask("echo"))
        child.project = tmp_path
        assert child.run(ask("echo")).output == str(tmp_path)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ProjectError", ProjectError),
        ("DataError", DataError),
        ("TestOpenedError", TestOpenedError),
        ("Path", WorkerError),
        ("Nonsense", WorkerError),
    ],
)
def test_errors_come_back_as_what_they_were(child: Child, kind: str, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught:
        child.run(ask("fail", kind))
    assert type(caught.value) is expected
    assert str(caught.value) == "It failed.\nExpected: a\nReceived: b\nTry: c"
    assert child.run(ask("echo")).rows == 7


def test_a_killed_worker_is_explained_and_started_again(child: Child) -> None:
    with pytest.raises(WorkerError, match="ran out of memory") as caught:
        child.run(ask("die", "SIGKILL"))
    assert "finished trials are kept" in str(caught.value.fix)
    assert child.run(ask("echo")).rows == 7


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (("die", "SIGSEGV"), "signal 11 (SIGSEGV)"),
        (("exit",), "exit code 3"),
    ],
)
def test_a_crash_is_named(child: Child, job: tuple[str, ...], words: str) -> None:
    with pytest.raises(WorkerError) as caught:
        child.run(ask(*job))
    assert words in str(caught.value)


def test_the_log_of_the_project_gives_the_last_words(child: Child, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "worker.log").write_text("one\ntwo: the reason\n\n")
    with pytest.raises(WorkerError) as caught:
        child.run(ask("exit"))
    assert caught.value.received == "two: the reason"


@pytest.mark.parametrize(
    ("flag", "words"), [("--broken", "TensorFlow cannot be imported"), ("--absent", "No module named modelwizard")]
)
def test_a_worker_that_cannot_start_says_why(script: Path, tmp_path: Path, flag: str, words: str) -> None:
    with Child(tmp_path, command=[sys.executable, str(script), flag]) as child:
        with pytest.raises(WorkerError) as caught:
            child.run(ask("echo"))
        assert words in str(caught.value)


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="cannot be started"):
        Child(tmp_path, command=[str(tmp_path / "nothing")]).start()


def interrupt(after: list[Any], times: int = 1) -> None:
    """Press Ctrl-C once the first event is there, and again as often as told."""

    def press() -> None:
        deadline = time.monotonic() + 10
        while not after and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.4)

    threading.Thread(target=press, daemon=True).start()


def test_ctrl_c_lets_the_worker_end_and_hands_on_what_was_finished(child: Child) -> None:
    events: list[Any] = []
    interrupt(events)
    with pytest.raises(Interrupted) as caught:
        child.run(ask("slow"), events.append)
    assert caught.value.exit_code == 130
    assert [e.run for e in events] == ["a", "b"]
    assert child.running


def test_a_second_ctrl_c_ends_a_worker_that_does_not_listen(child: Child) -> None:
    events: list[Any] = []
    interrupt(events, times=2)
    with pytest.raises(Interrupted):
        child.run(ask("deaf"), events.append)
    assert not child.running


def test_ctrl_c_never_breaks_the_handler_of_an_event(child: Child) -> None:
    done: list[str] = []

    def handle(_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        done.append("written")

    with pytest.raises(Interrupted):
        child.run(ask("slow"), handle)
    assert done == ["written", "written"]


def test_another_thread_can_stop_a_job(child: Child) -> None:
    events: list[Any] = []
    caught: list[BaseException] = []

    def work() -> None:
        try:
            child.run(ask("slow"), events.append)
        except Interrupted as error:
            caught.append(error)

    child.ready()
    thread = threading.Thread(target=work)
    thread.start()
    while not events:
        time.sleep(0.01)
    child.stop()
    thread.join(10)
    assert [type(error) for error in caught] == [Interrupted]


def test_the_old_answer_to_ctrl_c_is_restored(child: Child) -> None:
    before = signal.getsignal(signal.SIGINT)
    child.run(ask("echo"))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_failing_handler_ends_the_job(child: Child) -> None:
    def fail(_: Any) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        child.run(ask("deaf"), fail)
    assert not child.running


def test_ctrl_c_in_the_terminal_does_not_reach_the_worker(child: Child) -> None:
    child.ready()
    assert child._process is not None
    assert os.getpgid(child._process.pid) != os.getpgid(0)
