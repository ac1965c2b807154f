"""The line protocol: events out, one JSON object a line, and requests in; prints of other code cannot break it."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from modelwizard.errors import STOPPED, Interrupted, ModelWizardError
from modelwizard.files import plain

LOG = "runs/worker.log"
"""Where the worker's error output is kept, inside the project."""


class Channel:
    """Where events go.

    Args:
        stream: A binary stream that nothing else writes to.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def emit(self, event: str, **fields: Any) -> None:
        """Write one event and flush it; NaN and infinities become null."""
        line = json.dumps({"event": event, **plain(fields)}, ensure_ascii=False, allow_nan=False)
        with self._lock:
            self._stream.write(line.encode("utf-8") + b"\n")
            self._stream.flush()

    def fail(self, error: BaseException, log: str = "") -> None:
        """Write an error event; what modelwizard did not foresee goes with its traceback to the error output.

        Args:
            error: What was raised.
            log: Where the error output is kept, shown to a person.
        """
        if not isinstance(error, ModelWizardError):
            traceback.print_exception(error, file=sys.stderr)
            sys.stderr.flush()
        self.emit("error", **described(error), traceback_file=log)


def described(error: BaseException) -> dict[str, str | None]:
    """Return an error as the fields of an error event."""
    if isinstance(error, ModelWizardError):
        told = {key: getattr(error, key) for key in ("what", "expected", "received", "fix")}
        return {"kind": type(error).__name__, **told}
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return {
            "kind": "WorkerError",
            "what": "There was not enough memory.",
            "expected": None,
            "received": first_line(error),
            "fix": "close other programs, or use fewer units, a smaller batch or fewer --workers",
        }
    return {
        "kind": "WorkerError",
        "what": "The worker met an error that it did not expect.",
        "expected": None,
        "received": first_line(error),
        "fix": f"read the traceback in {LOG}",
    }


def first_line(error: BaseException, most: int = 300) -> str:
    """Return the name and the message of an exception on one line; Keras's messages may run over pages."""
    text = " ".join(str(error).split())
    cut = text if len(text) <= most else text[: most - 2] + " …"
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__


class Requests:
    """Requests as they come in, read by a thread so that a stop is heard while a job runs.

    The end of the input ends the process at once, whatever runs: the process that asked is gone.

    Args:
        stream: Where requests come from, one JSON object a line.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._queue: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self._stop = threading.Event()
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Yield requests for ever, in the order they came."""
        while True:
            yield self._queue.get()

    def check(self) -> None:
        """Leave what is running if a person asked for it.

        Raises:
            Interrupted: A stop was asked for.
        """
        if self._stop.is_set():
            raise Interrupted(STOPPED)

    def _read(self) -> None:
        for line in self._stream:
            try:
                request = json.loads(line)
            except ValueError:
                continue
            if request.get("job") == "stop":
                self._stop.set()
                continue
            self._stop.clear()  # a stop belongs to the request before it
            self._queue.put(request)
        os._exit(0)


def claim_stdout() -> BinaryIO:
    """Take the standard output for events, and send all that others print to the error output."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream
