"""The desk of the worker: one job in, one result out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from modelwizard.contract.jobs import (
    Check,
    Final,
    Importance,
    Inspect,
    Job,
    Member,
    Pace,
    Polish,
    Predict,
    Prepare,
    Probe,
    Propose,
    References,
    Sanity,
    Search,
    Test,
    Train,
)
from modelwizard.contract.results import Nothing
from modelwizard.contract.trials import Summary
from modelwizard.project import Project
from modelwizard.training import (
    checking,
    features,
    inspection,
    members,
    pacing,
    polishing,
    prediction,
    production,
    references,
    sanity,
    space,
    trials,
)
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop
from modelwizard.tuning import search
from modelwizard.worker.events import Channel, Requests
from modelwizard.worker.pool import WarmWorkers

BARE = ("baseline", "overfit")
"""Stages in which every regulariser that is not named is off."""


def train(workshop: Workshop, job: Train, watcher: Watcher) -> Summary:
    """Train one experiment, without regularisers that it does not name in the first two stages."""
    experiment = job.experiment
    if experiment.stage in BARE:
        values = space.bare(trials.open_space(workshop)) | experiment.hyperparameters
        experiment = msgspec.structs.replace(experiment, hyperparameters=values)
    do = trials.run_safely if job.safe else trials.run
    return do(features.with_features(workshop, experiment.additions), experiment, watcher)


JOBS: Mapping[type[Job[Any]], Callable[..., Any]] = {
    Inspect: inspection.inspect,
    References: references.references,
    Sanity: sanity.sanity,
    Train: train,
    Pace: pacing.pace,
    Probe: production.probe,
    Polish: polishing.judge,
    Propose: features.propose,
    Importance: features.importance,
    Member: members.save,
    Check: checking.check,
    Test: prediction.test,
}
"""What does each job, called with the project, the job and the watcher."""
SIDE_BY_SIDE: Mapping[type[Job[Any]], Callable[..., Any]] = {Search: search.search, Final: production.final}
"""The same for jobs that may use processes beside this one: called with where they come from, too."""


class Desk:
    """Takes jobs, holding the last project's rows and code until they change, and the processes that help.

    Args:
        channel: Where events go.
        requests: Where a stop is heard.
    """

    def __init__(self, channel: Channel, requests: Requests) -> None:
        self._channel, self._requests = channel, requests
        self._held: Workshop | None = None
        self._workers = WarmWorkers()

    def run(self, job: Job[Any]) -> Any:
        """Do one job; its time budget is the watcher's deadline."""
        project = Project.open(Path(job.project))
        if isinstance(job, Predict):
            return prediction.predict(project, job)
        if isinstance(job, Prepare):
            self._workers.prepare(project.folder, job)
            return Nothing()
        watcher = Watcher(self._channel.emit, self._requests.check)
        if job.time_budget:
            watcher.deadline = time.monotonic() + job.time_budget
        if type(job) in SIDE_BY_SIDE:
            return SIDE_BY_SIDE[type(job)](self.workshop(project), job, watcher, self._workers)
        return JOBS[type(job)](self.workshop(project), job, watcher)

    def workshop(self, project: Project) -> Workshop:
        """Return the project ready to train, as its files are now."""
        if self._held is None or not self._held.current(project):
            self._held = None  # gives the memory back before the next one takes its own
            self._held = Workshop(project)
        return self._held
