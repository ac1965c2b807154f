"""The desk of the worker: one request in, one result out."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwizard.errors import UsageError
from modelwizard.project import Project
from modelwizard.worker import (
    inspection,
    polishing,
    prediction,
    production,
    references,
    sanity,
    search,
    space,
    trials,
)
from modelwizard.worker.events import Channel, Requests
from modelwizard.worker.experiment import Experiment, Watcher
from modelwizard.worker.workshop import Workshop

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
        jobs: dict[str, Callable[[Workshop, Request, Watcher], Result]] = {
            "inspect": lambda workshop, _, __: inspection.inspect(workshop),
            "references": lambda workshop, _, watcher: references.references(workshop, watcher),
            "sanity": sanity.sanity,
            "train": train,
            "search": search.search,
            "probe": production.probe,
            "polish": polishing.judge,
            "final": production.final,
            "check": check,
            "test": lambda workshop, request, _: prediction.test(workshop, request),
        }
        if name not in jobs:
            raise UsageError("The worker has no such job.", expected=", ".join([*jobs, "predict"]), received=name)
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


def check(workshop: Workshop, request: Request, _: Watcher) -> Result:
    """Apply the rules to the model of the last experiment, on the rows of the first fold.

    Args:
        workshop: The project.
        request: `hyperparameters` and `training` (default to the last experiment file), `run` (train a copy; default).
    """
    from modelwizard.checks.api import check_project

    fold, settings, last = workshop.folds()[0], workshop.project.settings, last_experiment(workshop.project)
    model, _values = trials.build(
        workshop, request.get("hyperparameters") or last.get("hyperparameters") or {}, fold.encoding
    )
    training = {"batch_size": settings.training.batch_size, **(request.get("training") or last.get("training") or {})}
    report = check_project(
        model,
        (fold.train.x, fold.train.y),
        (fold.validation.x, fold.validation.y),
        workshop.problem.name,
        settings={name: value for name, value in training.items() if name in ("epochs", "batch_size")},
        source=workshop.project.folder / "model.py",
        mute=settings.checks.mute,
        run=bool(request.get("run", True)),
    )
    return report.to_dict()


def last_experiment(project: Project) -> Result:
    """Return the tables of the experiment file with the highest number, or nothing when none can be read."""
    for path in sorted((project.folder / "experiments").glob("*.toml"), reverse=True):
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return {}


def train(workshop: Workshop, request: Request, watcher: Watcher) -> Result:
    """Train one experiment.

    Args:
        workshop: The project.
        request: See `trials.Experiment`; `bare` switches regularisers off that are not named (the rule in the first
            two stages); `safe` turns failures into a summary.
        watcher: Who is told.
    """
    experiment = Experiment.of(request)
    if request.get("bare", experiment.stage in BARE):
        values = space.bare(search.open_space(workshop)) | dict(experiment.hyperparameters)
        experiment = experiment.changed(hyperparameters=values)
    run = trials.run_safely if request.get("safe") else trials.run
    return run(workshop, experiment, watcher)
