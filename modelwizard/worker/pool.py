"""Work in processes of their own: one that is killed costs its task one more try, and nothing else."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwizard.errors import Interrupted, ModelWizardError, WorkerError
from modelwizard.project import Project
from modelwizard.training.experiment import Experiment, Watcher
from modelwizard.worker.client import Child

TRIES = 2
"""Times that a task is given to a process; a second death is the task's own fault."""

Summary = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What a process is asked for.

    Args:
        name: Tells it from the others.
        request: The job.
    """

    name: str
    request: Mapping[str, Any]


Outcome = tuple[Child, Task, "Summary | BaseException"]


class Standby:
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
        self._told: Summary | None = None
        self._kept = False

    def prepare(self, folder: Path, count: int, job: Mapping[str, Any] | None = None) -> None:
        """Start processes and have them read the rows of a project; returns at once.

        Args:
            folder: The project's folder.
            count: Number of processes.
            job: What one of them does besides, the one that will get the first task. Defaults to nothing.
        """
        self._kept = True
        self._children += [self._new(folder, count) for _ in range(count - len(self._children))]
        for child in self._children:
            more = job if child is self._children[-1] else None
            self._starting.append(threading.Thread(target=self._warm, args=(child, more), daemon=True))
            self._starting[-1].start()

    def wait(self) -> Summary | None:
        """Wait until all processes are ready, and return what the job besides resulted in, if there was one."""
        while self._starting:
            self._starting.pop().join()
        return self._told

    def take(self, folder: Path, count: int) -> list[Child]:
        """Return that many processes, those that wait first."""
        self.wait()
        waiting = [child for child in self._children if child.project == folder][:count]
        self._children = [child for child in self._children if child not in waiting]
        return waiting + [self._new(folder, count) for _ in range(count - len(waiting))]

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

    def _warm(self, child: Child, job: Mapping[str, Any] | None) -> None:
        """Let a process read the rows; what fails will fail again, and be told, in its first task."""
        with contextlib.suppress(ModelWizardError):
            child.run({"job": "inspect"})
            if job is not None:
                self._told = child.run(job)

    def _new(self, folder: Path, count: int) -> Child:
        return Child(folder, _share(count), self._command)


STANDBY = Standby()


def processes(
    project: Project,
    watcher: Watcher,
    source: Iterator[Experiment],
    count: int,
    standby: Standby = STANDBY,
) -> Iterator[Summary]:
    """Run trials in several processes and yield their summaries as they end.

    Args:
        project: The project.
        watcher: Who is told of progress, and who may stop.
        source: Experiments, taken one at a time when a process is free.
        count: Number of processes.
        standby: Where the processes come from. Defaults to those of this process.

    Raises:
        Interrupted: A person asked to stop; trials in flight are given up.
    """
    given: dict[str, Experiment] = {}

    def tasks() -> Iterator[Task]:
        for experiment in source:
            given[experiment.run] = experiment
            request = {"job": "train", "safe": True, **vars(experiment), "training": experiment.training}
            yield Task(experiment.run, request)

    for task, outcome in share(project, watcher, tasks(), count, standby):
        yield failure(given[task.name], str(outcome)) if isinstance(outcome, WorkerError) else outcome


def share(
    project: Project,
    watcher: Watcher,
    source: Iterator[Task],
    count: int,
    standby: Standby = STANDBY,
) -> Iterator[tuple[Task, Summary | WorkerError]]:
    """Have tasks done by several processes; yield each with its result, or with how its process died, as they end.

    Raises:
        ModelWizardError: What a task raised in its process.
        Interrupted: A person asked to stop; tasks in flight are given up.
    """
    children = standby.take(project.folder, count)
    free, ended = list(children), queue.Queue[Outcome]()
    tries: dict[str, int] = {}
    again: list[Task] = []
    busy = 0
    try:
        while True:
            while free and (task := again.pop() if again else next(source, None)) is not None:
                tries[task.name] = tries.get(task.name, 0) + 1
                threading.Thread(target=_run, args=(free.pop(), task, watcher, ended), daemon=True).start()
                busy += 1
            if not busy:
                return
            child, task, outcome = _next(ended, watcher)
            busy -= 1
            free.append(child)
            if isinstance(outcome, WorkerError) and tries[task.name] < TRIES:
                again.append(task)
            elif isinstance(outcome, BaseException) and not isinstance(outcome, WorkerError):
                raise outcome
            else:
                yield task, outcome
    finally:
        standby.leave(children, idle=not busy)


def failure(experiment: Experiment, message: str) -> Summary:
    """Return the summary of a trial whose process died each time."""
    nothing = dict.fromkeys(("best_epoch", "loss", "train_loss", "val_loss", "score", "parameters", "predictions"))
    return {
        "run": experiment.run,
        "stage": experiment.stage,
        "hyperparameters": dict(experiment.hyperparameters),
        "training": experiment.training,
        "status": "failed",
        "message": message,
        "epochs_run": 0,
        "looks": 0,
        "seconds": None,
        "execution": None,
        **nothing,
    }


def _next(ended: queue.Queue[Outcome], watcher: Watcher) -> Outcome:
    """Wait for the next task to end, hearing a stop meanwhile."""
    while True:
        watcher.check()
        try:
            return ended.get(timeout=0.2)
        except queue.Empty:
            continue


def _run(child: Child, task: Task, watcher: Watcher, ended: queue.Queue[Outcome]) -> None:
    """Have one task done by a child; for a thread."""
    request = dict(task.request)
    seconds = watcher.seconds_left()
    if seconds is not None:
        request["time_budget"] = seconds

    def tell(event: Mapping[str, Any]) -> None:
        if event["event"] == "progress":
            watcher.emit(**event)

    outcome: Summary | BaseException
    try:
        outcome = child.run(request, tell)
    except (Interrupted, Exception) as error:
        outcome = error
    ended.put((child, task, outcome))


def _share(count: int) -> dict[str, str]:
    """Return variables that keep several processes from fighting for the same cores."""
    threads = str(max(1, (os.cpu_count() or 1) // count))
    return dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), threads)
