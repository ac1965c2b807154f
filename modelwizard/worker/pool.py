"""Work in processes of their own: one that is killed costs its job one more try, and nothing else."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from modelwizard.contract.events import Event, Progress
from modelwizard.contract.jobs import Inspect, Job, Prepare
from modelwizard.contract.results import Paced
from modelwizard.contract.running import Watching
from modelwizard.errors import Interrupted, ModelWizardError, WorkerError
from modelwizard.worker.client import Child

TRIES = 2
"""Times that a job is given to a process; a second death is the job's own fault."""


class WarmWorkers:
    """Processes that are started before they are needed, and kept from one job to the next.

    Importing TensorFlow takes each of them seconds, which a walk with a time budget has while it looks at the rows; and
    what they have compiled for trials serves the production networks. They end with this process, whose pipe they read.

    Args:
        command: What to start instead of the worker. Defaults to the worker.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = command
        self._children: list[Child] = []
        self._starting: list[threading.Thread] = []
        self._pace: Paced | None = None
        self._kept = False

    def prepare(self, folder: Path, job: Prepare) -> None:
        """Start processes and have them read the rows of a project; returns at once.

        The pace is measured by the one that will get the first job.
        """
        self._kept = True
        self._children += [self._new(folder, job.workers) for _ in range(job.workers - len(self._children))]
        for child in self._children:
            more = job if child is self._children[-1] else None
            self._starting.append(threading.Thread(target=self._warm, args=(child, more), daemon=True))
            self._starting[-1].start()

    def pace(self) -> Paced | None:
        """Wait until all processes are ready, and return what a trial costs, if it was measured."""
        while self._starting:
            self._starting.pop().join()
        return self._pace

    def runner(self, folder: Path, watcher: Watching, count: int) -> Processes:
        """Return a runner for jobs of a project in that many processes, those first that wait."""
        self.pace()
        waiting = [child for child in self._children if child.project == folder][:count]
        self._children = [child for child in self._children if child not in waiting]
        return Processes(self, waiting + [self._new(folder, count) for _ in range(count - len(waiting))], watcher)

    def leave(self, children: Sequence[Child], *, idle: bool) -> None:
        """Keep processes that have nothing to do for the next job, if there may be one; end them otherwise."""
        if idle and self._kept:
            self._children += children
            return
        for child in children:
            child.stop()
        closing = [threading.Thread(target=child.close) for child in children]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def _warm(self, child: Child, job: Prepare | None) -> None:
        """Let a process read the rows; what fails will fail again, and be told, in its first job."""
        with contextlib.suppress(ModelWizardError):
            child.run(Inspect())
            if job is not None:
                self._pace = child.run(job.pace)

    def _new(self, folder: Path, count: int) -> Child:
        return Child(folder, _share(count), self._command)


class Processes:
    """Runs jobs in several processes; see `contract.running.Runner`.

    Args:
        owner: Who gets the processes back.
        children: The processes.
        watcher: Who is told of progress, and who may stop.
    """

    def __init__(self, owner: WarmWorkers, children: Sequence[Child], watcher: Watching) -> None:
        self.slots = len(children)
        self._owner, self._children, self._watcher = owner, list(children), watcher
        self._free, self._waiting = list(children), list[Job[Any]]()
        self._ended: queue.Queue[tuple[Child, Job[Any], Any]] = queue.Queue()
        self._tries: dict[int, int] = {}

    def submit(self, job: Job[Any]) -> None:
        """Give a job to a process that is free, or to the next one that will be."""
        if not self._free:
            self._waiting.append(job)
            return
        self._tries[id(job)] = self._tries.get(id(job), 0) + 1
        threading.Thread(target=self._run, args=(self._free.pop(), job), daemon=True).start()

    def results(self) -> Iterator[tuple[Job[Any], Any]]:
        """Yield each job with its result, or with how its process died, as they end, until none is left."""
        while len(self._free) < self.slots:
            child, job, outcome = self._next()
            self._free.append(child)
            if isinstance(outcome, WorkerError) and self._tries[id(job)] < TRIES:
                self.submit(job)
                continue
            if isinstance(outcome, BaseException) and not isinstance(outcome, WorkerError):
                raise outcome
            del self._tries[id(job)]
            if self._waiting:
                self.submit(self._waiting.pop(0))
            yield job, outcome

    def close(self) -> None:
        """Give the processes back; those that still work are ended."""
        self._owner.leave(self._children, idle=len(self._free) == self.slots)

    def _next(self) -> tuple[Child, Job[Any], Any]:
        """Wait for the next job to end, hearing a stop meanwhile."""
        while True:
            self._watcher.check()
            with contextlib.suppress(queue.Empty):
                return self._ended.get(timeout=0.2)

    def _run(self, child: Child, job: Job[Any]) -> None:
        """Have one job done by a child; for a thread."""

        def tell(event: Event) -> None:
            if isinstance(event, Progress):
                self._watcher.emit(event)

        try:
            timed = msgspec.structs.replace(job, time_budget=self._watcher.seconds_left())
            outcome: Any = child.run(timed, tell)
        except (Interrupted, Exception) as error:
            outcome = error
        self._ended.put((child, job, outcome))


def _share(count: int) -> dict[str, str]:
    """Return variables that keep several processes from fighting for the same cores."""
    threads = str(max(1, (os.cpu_count() or 1) // count))
    return dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), threads)
