"""The client of the worker process: starts it early, sends jobs, hands on events, and explains how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from modelwizard import errors
from modelwizard.errors import STOPPED, Interrupted, ModelWizardError, WorkerError
from modelwizard.files import plain
from modelwizard.worker.events import LOG

OnEvent = Callable[[Mapping[str, Any]], None]

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
            facts = child.run({"job": "inspect"})

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
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
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

    def run(self, job: Mapping[str, Any], on_event: OnEvent | None = None) -> dict[str, Any]:
        """Have one job done.

        Args:
            job: The request; `project` is added.
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
            self._send({**plain(job), "project": str(self.project)})
            try:
                return self._follow("done", on_event)["result"]
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
            self._versions = self._follow("ready", None)["versions"]
        return self._versions or {}

    def _follow(self, wanted: str, on_event: OnEvent | None) -> dict[str, Any]:
        """Hand on events until the wanted one comes."""
        asked = 0
        deadline = float("inf")
        while True:
            if self._interrupts > asked:
                if asked or wanted == "ready" or time.monotonic() > deadline:
                    self._kill()
                    raise Interrupted(STOPPED)
                asked, deadline = self._interrupts, time.monotonic() + _PATIENCE
                with contextlib.suppress(WorkerError):
                    self._send({"job": "stop"})
            elif time.monotonic() > deadline:
                self._interrupts += 1
            try:
                event = self._events.get(timeout=_POLL)
            except queue.Empty:
                continue
            if event is None:
                self._events.put(None)
                raise Interrupted(STOPPED) if asked else self._death()
            if event["event"] == "error":
                raise _raised(event)
            if event["event"] == wanted:
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

    def _send(self, request: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
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
        if self.project and (log := self.project / LOG).is_file():
            text = log.read_bytes()[-2000:]
        if self._early and not self._versions:
            self._early.seek(0)
            text = self._early.read()[-2000:]
        lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""


def _read(process: subprocess.Popen[bytes], events: queue.Queue[dict[str, Any] | None]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError, OSError):  # closed while reading: the child is being ended
        for line in process.stdout:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and "event" in event:
                    events.put(event)
    events.put(None)


def _raised(event: Mapping[str, Any]) -> ModelWizardError:
    kind = getattr(errors, str(event.get("kind")), WorkerError)
    form = kind if isinstance(kind, type) and issubclass(kind, ModelWizardError) else WorkerError
    told = {key: event.get(key) for key in ("expected", "received", "fix")}
    return form(str(event.get("what", "The worker failed.")), **told)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
