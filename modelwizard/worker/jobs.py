"""The desk of the worker: one request in, one result out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwizard.errors import UsageError
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
    trials,
)
from modelwizard.training.experiment import Experiment, Watcher
from modelwizard.training.workshop import Workshop
from modelwizard.tuning import search, space
from modelwizard.worker.events import Channel, Requests
from modelwizard.worker.pool import STANDBY

Request = Mapping[str, Any]
Result = dict[str, Any]

BARE = ("baseline", "overfit")
"""Stages in which every regulariser that is not named is off."""


class Desk:
    """Takes requests, holding the last project's rows and code until they change.

    Args:
        channel: Where events go.
        requests: Where a stop is heard.
    """

    def __init__(self, channel: Channel, requests: Requests) -> None:
        self._channel, self._requests = channel, requests
        self._held: Workshop | None = None

    def run(self, request: Request) -> Result:
        """Do one job; `time_budget` (s) in the request is the watcher's deadline.

        Raises:
            UsageError: There is no such job.
        """
        project = Project.open(Path(request["project"]))
        name = str(request.get("job"))
        if name == "predict":
            return prediction.predict(project, request)
        if name == "prepare":
            STANDBY.prepare(project.folder, int(request["workers"]), request.get("pace"))
            return {}
        jobs: dict[str, Callable[[Workshop, Request, Watcher], Result]] = {
            "inspect": lambda workshop, _, __: inspection.inspect(workshop),
            "references": lambda workshop, _, watcher: references.references(workshop, watcher),
            "sanity": sanity.sanity,
            "train": train,
            "pace": lambda workshop, request, _: pacing.pace(workshop, request),
            "search": search.search,
            "probe": production.probe,
            "polish": polishing.judge,
            "propose": features.propose,
            "importance": features.importance,
            "final": production.final,
            "member": members.save,
            "check": checking.check,
            "test": lambda workshop, request, _: prediction.test(workshop, request),
        }
        if name not in jobs:
            raise UsageError(
                "The worker has no such job.", expected=", ".join([*jobs, "predict", "prepare"]), received=name
            )
        watcher = Watcher(self._channel.emit, self._requests.check)
        if request.get("time_budget"):
            watcher.deadline = time.monotonic() + float(request["time_budget"])
        return jobs[name](self.workshop(project), request, watcher)

    def workshop(self, project: Project) -> Workshop:
        """Return the project ready to train, as its files are now."""
        if self._held is None or not self._held.current(project):
            self._held = None  # gives the memory back before the next one takes its own
            self._held = Workshop(project)
        return self._held


def train(workshop: Workshop, request: Request, watcher: Watcher) -> Result:
    """Train one experiment.

    Args:
        workshop: The project.
        request: See `trials.Experiment`; `bare` switches regularisers off that are not named (the rule in the first
            two stages); `safe` turns failures into a summary; `additions` are lines of `add_features` on trial.
        watcher: Who is told.
    """
    experiment = Experiment.of(request)
    if request.get("bare", experiment.stage in BARE):
        values = space.bare(search.open_space(workshop)) | dict(experiment.hyperparameters)
        experiment = experiment.changed(hyperparameters=values)
    run = trials.run_safely if request.get("safe") else trials.run
    return run(features.with_features(workshop, experiment.additions), experiment, watcher)
