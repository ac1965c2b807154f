"""The line protocol: events out, one JSON object a line, and jobs in; prints of other code cannot break it."""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, BinaryIO

from modelwizard.contract import wire
from modelwizard.contract.events import Event, failed
from modelwizard.contract.jobs import AnyJob, Job, Stop
from modelwizard.errors import STOPPED, Interrupted, ModelWizardError, WorkerError


class Channel:
    """Where events go.

    Args:
        stream: A binary stream that nothing else writes to.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Write one event and flush it; NaN and infinities become null."""
        line = wire.encode(event)
        with self._lock:
            self._stream.write(line + b"\n")
            self._stream.flush()

    def fail(self, error: BaseException) -> None:
        """Write an error event; what modelwizard did not foresee goes with its traceback to the error output."""
        if not isinstance(error, ModelWizardError):
            traceback.print_exception(error, file=sys.stderr)
            sys.stderr.flush()
        self.emit(failed(error))


class Requests:
    """Jobs as they come in, read by a thread so that a stop is heard while a job runs.

    The end of the input ends the process at once, whatever runs: the process that asked is gone.

    Args:
        stream: Where jobs come from, one JSON object a line.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._queue: queue.Queue[Job[Any] | WorkerError] = queue.Queue()
        self._stop = threading.Event()
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def __iter__(self) -> Iterator[Job[Any] | WorkerError]:
        """Yield jobs for ever, in the order they came; for one that cannot be read, what is wrong with it."""
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
                job: Job[Any] | WorkerError = wire.decode(line, AnyJob, "wizard")
            except WorkerError as error:
                job = error
            if isinstance(job, Stop):
                self._stop.set()
                continue
            self._stop.clear()  # a stop belongs to the job before it
            self._queue.put(job)
        os._exit(0)


def claim_stdout() -> BinaryIO:
    """Take the standard output for events, and send all that others print to the error output."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream
