"""Trials in worker processes of their own: one that is killed costs its trial one more try, and nothing else."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelwizard.child import Child
from modelwizard.errors import Interrupted, WorkerError
from modelwizard.project import Project
from modelwizard.worker.experiment import Experiment, Watcher

TRIES = 2
"""Times that a trial is given to a process; a second death is the trial's own fault."""

Summary = dict[str, Any]
Outcome = tuple[Child, Experiment, "Summary | BaseException"]


def processes(
    project: Project,
    watcher: Watcher,
    source: Iterator[Experiment],
    count: int,
    command: Sequence[str] | None = None,
) -> Iterator[Summary]:
    """Run trials in several processes and yield their summaries as they end.

    Args:
        project: The project.
        watcher: Who is told of progress, and who may stop.
        source: Experiments, taken one at a time when a process is free.
        count: Number of processes.
        command: What to start instead of the worker. Defaults to the worker.

    Raises:
        Interrupted: A person asked to stop; trials in flight are given up.
    """
    children = [Child(project.folder, _share(count), command) for _ in range(count)]
    free, ended = list(children), queue.Queue[Outcome]()
    tries: dict[str, int] = {}
    again: list[Experiment] = []
    busy = 0
    try:
        while True:
            while free and (experiment := again.pop() if again else next(source, None)) is not None:
                tries[experiment.run] = tries.get(experiment.run, 0) + 1
                job = (free.pop(), experiment, watcher, ended)
                threading.Thread(target=_run, args=job, daemon=True).start()
                busy += 1
            if not busy:
                return
            child, experiment, outcome = _next(ended, watcher)
            busy -= 1
            free.append(child)
            if isinstance(outcome, WorkerError) and tries[experiment.run] < TRIES:
                again.append(experiment)
            elif isinstance(outcome, WorkerError):
                yield failure(experiment, str(outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                yield outcome
    finally:
        for child in children:
            child.stop()
        closing = [threading.Thread(target=child.close) for child in children]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()


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
    """Wait for the next trial to end, hearing a stop meanwhile."""
    while True:
        watcher.check()
        try:
            return ended.get(timeout=0.2)
        except queue.Empty:
            continue


def _run(child: Child, experiment: Experiment, watcher: Watcher, ended: queue.Queue[Outcome]) -> None:
    """Have one trial done by a child; for a thread."""
    request: dict[str, Any] = {"job": "train", "safe": True, **vars(experiment), "training": experiment.training}
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
    ended.put((child, experiment, outcome))


def _share(count: int) -> dict[str, str]:
    """Return variables that keep several processes from fighting for the same cores."""
    threads = str(max(1, (os.cpu_count() or 1) // count))
    return dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), threads)
