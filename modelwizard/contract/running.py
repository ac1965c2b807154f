"""Who runs jobs side by side: processes of this machine, or whatever else can `submit` and give `results`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from modelwizard.contract.events import OnEvent
from modelwizard.contract.jobs import Job
from modelwizard.contract.results import Paced

J = TypeVar("J", bound=Job[Any])


class Runner(Protocol[J]):
    """Runs jobs, some of them at the same time.

    Args:
        slots: Jobs that are worth submitting at once.
    """

    slots: int

    def submit(self, job: J) -> None:
        """Take a job; returns at once."""
        ...

    def results(self) -> Iterator[tuple[J, Any]]:
        """Yield each job with its result, or with the WorkerError of its process, as they end, until none is left.

        What is submitted meanwhile is run as well.

        Raises:
            ModelWizardError: What a job raised.
            Interrupted: A person asked to stop; jobs at work are given up.
        """
        ...

    def close(self) -> None:
        """Give up what is still running."""
        ...


class Watching(Protocol):
    """What a runner needs to know of the job it works for."""

    def check(self) -> None:
        """Raise `Interrupted` when a person asked to stop."""
        ...

    def seconds_left(self) -> float | None:
        """Return the seconds until the deadline, or None when there is none."""
        ...

    @property
    def emit(self) -> OnEvent:
        """Where events go."""
        ...


class Runners(Protocol):
    """Where runners come from, and what was measured in them."""

    def runner(self, folder: Path, watcher: Watching, count: int) -> Runner[Any]:
        """Return a runner for jobs of a project in that many processes."""
        ...

    def pace(self) -> Paced | None:
        """Return what a trial costs, if it was measured beforehand; waits for the measurement."""
        ...


def run(runner: Runner[J], jobs: Iterator[J]) -> Iterator[tuple[J, Any]]:
    """Run jobs, each taken when there is room for it, and yield them with their results as they end."""
    try:
        for _, job in zip(range(runner.slots), jobs, strict=False):
            runner.submit(job)
        for job, result in runner.results():
            yield job, result
            following = next(jobs, None)
            if following is not None:
                runner.submit(following)
    finally:
        runner.close()
