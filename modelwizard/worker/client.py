"""The client of the worker process: starts it early, sends jobs, hands on events, and explains how it ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import msgspec

from modelwizard import errors
from modelwizard.contract import wire
from modelwizard.contract.events import LOG, Done, Event, Failed, OnEvent, Ready
from modelwizard.contract.jobs import Job, Stop
from modelwizard.errors import STOPPED, Interrupted, ModelWizardError, WorkerError

R = TypeVar("R")
Wanted = TypeVar("Wanted", Ready, Done)

# What holds unless a person has set it: nets for tables train faster on processor cores (benchmarks/README.md).
_DEFAULTS = {"CUDA_VISIBLE_DEVICES": "-1"}
_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait must not take the cores from those that work
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # several workers share a GPU only if none takes all of its memory
}
_POLL = 0.2  # seconds; Windows does not interrupt a wait for Ctrl-C
_PATIENCE = 30.0  # seconds that a worker gets to end the epoch in flight
_FAREWELL = 3.0  # seconds that an idle worker gets to leave


class Child:
    """A worker process of this project.

    Example:
        with Child() as child:          # TensorFlow is imported while the person still answers
            child.project = folder
            facts = child.run(Inspect())

    Args:
        project: The project's folder; may be set later, before the first job. Defaults to None.
        environment: Variables to set for the worker besides those of this process. Defaults to none.
        command: What to start instead of the worker, for a stand-in that speaks the same protocol. Defaults to none.
    """

    def __init__(
        self,
        project: Path | None = None,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self.project = project
        # -P: files of the current folder (a project's data.py) must not stand in for installed modules.
        self._command = list(command or [sys.executable, "-P", "-m", "modelwizard.worker"])
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._events: queue.Queue[Event | WorkerError | None] = queue.Queue()
        self._early: BinaryIO | None = None  # error output until the worker knows the project's log
        self._versions: dict[str, str] | None = None
        self._interrupts = 0

    def __enter__(self) -> Self:
        """Start the worker."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the worker."""
        self.close()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def warm(self) -> bool:
        """Whether the process is there and has TensorFlow imported."""
        return self.running and self._versions is not None

    def start(self) -> None:
        """Start the process if there is none; returns at once, while TensorFlow is still being imported.

        Raises:
            WorkerError: The system refuses to start a process.
        """
        if self.running:
            return
        self.close()
        self._events, self._versions = queue.Queue(), None
        self._early = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        # A process group of its own: Ctrl-C in the terminal reaches this process only, which then asks the worker.
        group: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {"creationflags": 0x200}
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._early,
                env=_DEFAULTS | os.environ | _ENVIRONMENT | self._environment,
                **group,
            )
        except OSError as error:
            raise WorkerError("The worker process cannot be started.", received=str(error)) from error
        threading.Thread(target=_read, args=(self._process, self._events), daemon=True).start()

    def ready(self) -> dict[str, str]:
        """Wait until TensorFlow is imported.

        Returns:
            Versions of `keras`, `tensorflow` and `keras-tuner`.

        Raises:
            WorkerError: It cannot be imported, or the process died.
            Interrupted: Ctrl-C was pressed.
        """
        with self._own_interrupts():
            return self._await_start()

    def run(self, job: Job[R], on_event: OnEvent | None = None) -> R:
        """Have one job done.

        Args:
            job: The job; its `project` is filled in.
            on_event: Called for every event of the job, in order, on this thread; never interrupted by Ctrl-C.

        Returns:
            The job's result.

        Raises:
            ModelWizardError: What the worker says: `ProjectError`, `DataError`, `TestOpenedError`, `WorkerError`.
            Interrupted: Ctrl-C was pressed; events of what was finished have been handed on before.
        """
        if self.project is None:
            raise WorkerError("No project was given to the worker.")
        with self._own_interrupts():
            self._await_start()
            self._send(msgspec.structs.replace(job, project=str(self.project)))
            try:
                return wire.decode(self._follow(Done, on_event).result, job.answer())
            except ModelWizardError:
                raise
            except BaseException:
                self._kill()  # the caller's own code failed; the job must not go on behind its back
                raise

    def stop(self) -> None:
        """Ask the job that runs to stop after the epoch in flight; for another thread than that of `run`."""
        self._interrupts += 1

    def close(self) -> None:
        """End the process; a job that runs is lost, what it finished is kept."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        for end in (lambda: None, process.terminate, process.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_FAREWELL)
                break
        if process.stdout:
            process.stdout.close()
        if self._early:
            self._early.close()
        self._process = None

    def _await_start(self) -> dict[str, str]:
        self.start()
        if self._versions is None:
            self._versions = self._follow(Ready, None).versions
        return self._versions or {}

    def _follow(self, wanted: type[Wanted], on_event: OnEvent | None) -> Wanted:
        """Hand on events until the wanted one comes."""
        asked = 0
        deadline = float("inf")
        while True:
            if self._interrupts > asked:
                if asked or wanted is Ready or time.monotonic() > deadline:
                    self._kill()
                    raise Interrupted(STOPPED)
                asked, deadline = self._interrupts, time.monotonic() + _PATIENCE
                with contextlib.suppress(WorkerError):
                    self._send(Stop())
            elif time.monotonic() > deadline:
                self._interrupts += 1
            try:
                event = self._events.get(timeout=_POLL)
            except queue.Empty:
                continue
            if event is None:
                self._events.put(None)
                raise Interrupted(STOPPED) if asked else self._death()
            if isinstance(event, WorkerError):
                self._kill()  # whatever it does, it is not what was asked for
                raise event
            if isinstance(event, Failed):
                raise _raised(event)
            if isinstance(event, wanted):
                if asked:
                    raise Interrupted(STOPPED)
                return event
            if on_event:
                on_event(event)

    @contextlib.contextmanager
    def _own_interrupts(self) -> Generator[None]:
        """Count Ctrl-C instead of raising it in the middle of a line of the journal."""
        self._interrupts = 0
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def count(*_: object) -> None:
            self._interrupts += 1

        before = signal.signal(signal.SIGINT, count)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _send(self, job: Job[Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(wire.encode(job) + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._death() from error

    def _kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def _death(self) -> WorkerError:
        """Explain why the process is gone."""
        assert self._process is not None
        try:
            code = self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self._kill()
            code = self._process.returncode
        tail = self._tail()
        again = "run the same command again: finished trials are kept"
        if code in (-9, 137):
            return WorkerError(
                "The worker was killed, most likely because the computer ran out of memory.",
                received="signal 9 (SIGKILL)",
                fix=f"close other programs, or use fewer units, a smaller batch or fewer --workers; then {again}",
            )
        name = f"signal {-code} ({_signal(-code)})" if code < 0 else f"exit code {code}"
        return WorkerError(
            f"The worker stopped unexpectedly: {name}.",
            received=tail or None,
            fix=f"read {LOG}; then {again}",
        )

    def _tail(self) -> str:
        """Return the last line that the worker wrote to its error output."""
        text = b""
        if self.project and (self.project / LOG).is_file():
            text = (self.project / LOG).read_bytes()[-2000:]
        if self._early and not self._versions:
            self._early.seek(0)
            text = self._early.read()[-2000:]
        lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""


def _read(process: subprocess.Popen[bytes], events: queue.Queue[Event | WorkerError | None]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError, OSError):  # closed while reading: the child is being ended
        for line in process.stdout:
            if not line.startswith(b"{"):
                continue  # a print of other code, before the worker has taken the output for itself
            try:
                events.put(wire.decode(line, Event))
            except WorkerError as error:
                events.put(error)
    events.put(None)


def _raised(event: Failed) -> ModelWizardError:
    kind = getattr(errors, event.kind, WorkerError)
    form = kind if isinstance(kind, type) and issubclass(kind, ModelWizardError) else WorkerError
    return form(event.what, expected=event.expected, received=event.received, fix=event.fix)  # type: ignore[arg-type]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
