"""The line protocol: strict JSON out, errors described, prints of other code harmless, the end of the input the end."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import time

import msgspec
import numpy as np
import pytest

from modelwizard.contract.events import LOG, Done, Proposed, failed
from modelwizard.contract.jobs import Inspect
from modelwizard.errors import DataError, Interrupted, WorkerError, first_line
from modelwizard.worker.events import Channel, Requests


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_are_strict_json_lines() -> None:
    stream = io.BytesIO()
    channel = Channel(stream)
    channel.emit(
        Proposed(run="ä\nb", hyperparameters={"l1": math.nan, "l2": np.float64(math.inf), "units": np.int64(8)})
    )
    channel.emit(Done(result=msgspec.Raw(b'{"x": [1, 2]}')))
    assert lines(stream) == [
        {"event": "proposed", "run": "ä\nb", "hyperparameters": {"l1": None, "l2": None, "units": 8}},
        {"event": "done", "result": {"x": [1, 2]}},
    ]


class ResourceExhaustedError(Exception):
    """Stands in for TensorFlow's."""


@pytest.mark.parametrize(
    ("error", "kind", "what"),
    [
        (DataError("Too few rows.", expected="50", received="3", fix="more"), "DataError", "Too few rows."),
        (MemoryError("4 GB"), "WorkerError", "not enough memory"),
        (ResourceExhaustedError("OOM when allocating"), "WorkerError", "not enough memory"),
        (ZeroDivisionError("by zero"), "WorkerError", "did not expect"),
    ],
)
def test_errors_become_events(error: Exception, kind: str, what: str) -> None:
    event = failed(error)
    assert event.kind == kind
    assert what in str(event.what)
    assert event.fix


def test_an_unforeseen_error_leaves_its_traceback_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.BytesIO()
    Channel(stream).fail(ZeroDivisionError("by zero"))
    assert "ZeroDivisionError: by zero" in capsys.readouterr().err
    assert LOG in str(lines(stream)[0]["fix"])


def test_a_message_of_many_lines_is_cut_to_one() -> None:
    assert first_line(ValueError("a\n  b\n\nc")) == "ValueError: a b c"
    assert len(first_line(ValueError("x" * 5000))) < 330
    assert first_line(KeyError()) == "KeyError"


def feed(requests: bytes) -> tuple[Requests, int]:
    """Start to read requests from a pipe that stays open."""
    out, into = os.pipe()
    os.write(into, requests)
    return Requests(os.fdopen(out, "rb")), into


def test_a_stop_belongs_to_the_request_before_it() -> None:
    requests, into = feed(b'{"job": "stop"}\n{"job": "inspect"}\n')
    assert next(iter(requests)) == Inspect()
    requests.check()  # the stop came before the job
    os.write(into, b'{"job": "stop"}\n')
    deadline = time.monotonic() + 5
    while not requests._stop.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(Interrupted):
        requests.check()


@pytest.mark.parametrize(
    "line", [b"no json", b'{"job": "dance"}', b'{"job": "train"}', b'{"job": "check", "train": 3}']
)
def test_a_job_that_cannot_be_read_is_an_error(line: bytes) -> None:
    requests, _ = feed(line + b"\n")
    assert isinstance(next(iter(requests)), WorkerError)


SERVANT = """
import os, sys, time
from modelwizard.contract.events import Proposed
from modelwizard.worker.events import Channel, Requests, claim_stdout
channel = Channel(claim_stdout())
print("user code prints")
os.write(1, b"so do libraries\\n")
requests = Requests(sys.stdin.buffer)
for request in requests:
    channel.emit(Proposed(run=type(request).__name__, hyperparameters={}))
    time.sleep(60)
"""


def test_prints_go_to_the_error_output_and_the_end_of_the_input_ends_a_busy_worker() -> None:
    pipe = subprocess.PIPE
    servant = subprocess.Popen([sys.executable, "-c", SERVANT], stdin=pipe, stdout=pipe, stderr=pipe)
    assert servant.stdin is not None
    assert servant.stdout is not None
    servant.stdin.write(b'{"job": "inspect"}\n')
    servant.stdin.flush()
    assert servant.stdout.readline() == b'{"event":"proposed","run":"Inspect","hyperparameters":{}}\n'
    rest, errors = servant.communicate(timeout=30)  # closes its input
    assert rest == b""
    assert b"user code prints" in errors
    assert b"so do libraries" in errors
