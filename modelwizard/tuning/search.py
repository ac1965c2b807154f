"""A search: proposals of the oracle go to trials, here or in processes of their own, and come back as they end."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras_tuner

from modelwizard.errors import ProjectError
from modelwizard.evidence.kfold import production_epochs
from modelwizard.training import members, pacing, records, trials
from modelwizard.training.experiment import Experiment, Watcher
from modelwizard.training.seeds import derive
from modelwizard.training.workshop import Workshop
from modelwizard.tuning import median_stopping, space
from modelwizard.tuning.oracle import HURRIED, TURNS, Oracle, still_learning
from modelwizard.worker.pool import STANDBY, processes

FAILURES = 3
"""Failed trials in a row after which the search stops: the next one would fail alike."""

KILLS = 3
"""Times that one trial may take the process down with it before it counts as failed."""

HURRY = 120.0
"""Seconds of a search below which most trials keep to the programs that are compiled."""

CHEAP = 5000
"""Steps of a trial up to which a search in a hurry may try a training several times as long without regularisers: it
pays where few rows gave few steps (768 rows of energy_efficiency), not on 16,000 rows of california_housing."""

MOST_RESERVED = 0.5
"""Share of the time that is kept for what comes after the search at most; then less is trained there."""

Summary = dict[str, Any]
Runner = Callable[[Iterator[Experiment]], Iterator[Summary]]
"""Runs these trials and gives their summaries as they come."""


def open_space(workshop: Workshop) -> keras_tuner.HyperParameters:
    """Return all hyperparameters of the project's model, with their defaults as values."""
    encoding = workshop.folds()[0].encoding

    def build(hp: keras_tuner.HyperParameters) -> Any:
        # The very object is handed on: what it collects is the space.
        from modelwizard.training.user_code import blame

        with blame(workshop.project.folder, "build the model"):
            return workshop.code.model.build_model(hp, encoding)

    return space.discover(build)


def search(workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> Summary:
    """Run the trials of a stage that are not finished yet.

    Args:
        workshop: The project.
        request: The job; see `Search`.
        watcher: Who is told.

    Returns:
        How many trials are finished, and why no more are run.
    """
    hunt = Search(workshop, request, watcher)
    workers = int(request.get("workers") or 1)
    runner: Runner = hunt.here if workers == 1 else lambda source: processes(workshop.project, watcher, source, workers)
    new = 0
    for summary in runner(hunt.proposals()):
        new += 1
        hunt.note(summary)
        watcher.emit("trial", **summary)
    return {"finished": len(hunt.finished), "new": new, "stopped": hunt.ended, "message": hunt.message}


class Search:
    """The state of a search, rebuilt from the summaries of finished trials.

    Args:
        workshop: The project.
        request: `stage`, `trials` (in all), `seed`, `training` (epochs, batch_size), `patience`, `done` (summaries),
            `first`, `bounds`, `fixed`, `choices` (of `epochs` and `batch_size`, with what `training` says as default),
            `bare`, `time_budget` (s), `reserve` (`seconds` at the end of it, and as many `networks` like the
            best trial's), `max_parameters`, `repeats`.
        watcher: Who is told; its deadline is that of the budget, and moves with the reserve.
    """

    def __init__(self, workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> None:
        self._workshop, self._watcher = workshop, watcher
        self._request = _in_time(workshop, request, watcher)
        self._stage, self._count, self._seed = str(request["stage"]), int(request["trials"]), int(request["seed"])
        self.ended, self.message = "trials", None
        self.finished: dict[int, Summary] = {number(s["run"]): s for s in request.get("done") or []}
        self._begin, self._end = time.monotonic(), watcher.deadline
        self._folds = workshop.folds(int(request.get("repeats") or 1))
        self._spare()
        self._choices: dict[str, Any] = {}
        self._curves: dict[str, median_stopping.Curve] = {}
        hurried = self._end - self._begin < HURRY
        turns = HURRIED if hurried else TURNS
        unregularised = not hurried or self._steps() <= CHEAP
        self._oracle = Oracle(
            self._narrowed(), self._seed, request.get("first") or (), turns, unregularised=unregularised
        )
        self._oracle.replay(self._tried(self.finished[i]) for i in sorted(self.finished))
        self._values: dict[str, space.Values] = {}  # of the trials that run
        self._failures = 0

    def proposals(self) -> Iterator[Experiment]:
        """Yield experiments until all are asked for, the time is used up, or nothing untried is left."""
        begun = bool(self.finished)
        for index in range(1, self._count + 1):
            if index in self.finished:
                continue
            self._watcher.check()
            if self._failures >= FAILURES:
                self.ended = "failures"
                return
            if begun and self._too_late():
                self.ended = "time"
                return
            experiment = self._propose(index)
            if experiment is None:
                self.ended = "exhausted"
                return
            begun = True
            told = dict(experiment.hyperparameters)
            self._watcher.emit("proposed", run=experiment.run, hyperparameters=told, index=index, trials=self._count)
            yield experiment

    def here(self, source: Iterator[Experiment]) -> Iterator[Summary]:
        """Run trials in this process, one after another."""
        project = self._workshop.project
        for experiment in source:
            if records.attempts(project, experiment.run) > KILLS:
                message = f"The process was killed {KILLS} times in this trial; most likely memory ran out."
                yield records.failed(self._workshop, experiment, message, 0.0)
            else:
                try:
                    yield trials.run_safely(self._workshop, experiment, self._watcher)
                finally:
                    records.forget(project, experiment.run)

    def note(self, summary: Summary) -> None:
        """Learn from a finished trial."""
        self.finished[number(summary["run"])] = summary
        values = self._values.pop(summary["run"])
        self._oracle.report(values, summary.get("val_loss"), learning=still_learning(summary))
        self._spare()
        self._failures = self._failures + 1 if summary["status"] == "failed" else 0
        self.message = summary["message"] if summary["status"] == "failed" else None

    def _spare(self) -> None:
        """Move the deadline: what comes after the search takes some seconds, and networks like the best trial's.

        Each is a single fit and stops near the trial's best epoch; one fit more stands for the compilation. Before a
        trial has ended, its cost is not known: the first one may take all but the seconds.
        """
        reserve = self._request.get("reserve") or {}
        seconds, networks = (float(reserve.get(name, 0)) for name in ("seconds", "networks"))
        usable = [s for s in self.finished.values() if s.get("val_loss") is not None and s.get("seconds")]
        if usable and networks:
            best = min(usable, key=lambda s: s["val_loss"])
            epochs = production_epochs([epoch + 1 for epoch in best["best_epochs"]])
            epochs, _ = members.planned(self._workshop, epochs, int(best["training"]["epochs"]))
            seconds += best["seconds"] / len(self._folds) * (1 + networks * epochs / best["epochs_run"])
            seconds = min(seconds, MOST_RESERVED * (self._end - self._begin))
        self._watcher.deadline = self._end - seconds

    def _too_late(self) -> bool:
        """Say whether the next trial could not get to its middle, if it were as quick as the quickest one."""
        known = [float(s["seconds"]) for s in self.finished.values() if s.get("val_loss") is not None]
        return time.monotonic() + min(known, default=0.0) / 2 > self._watcher.deadline

    def _tried(self, summary: Summary) -> Summary:
        """Return a summary whose searched settings of training stand among the hyperparameters."""
        searched = {name: summary["training"][name] for name in self._choices}
        return {**summary, "hyperparameters": {**summary["hyperparameters"], **searched}}

    def _steps(self) -> int:
        """Return the optimizer steps of a trial of the usual length on one fold."""
        training = self._request["training"]
        return int(training["epochs"]) * -(-len(self._folds[0].train) // int(training["batch_size"]))

    def _narrowed(self) -> keras_tuner.HyperParameters:
        """Return the space of the stage."""
        found = open_space(self._workshop)
        request = self._request
        fixed = (space.bare(found) if request.get("bare") else {}) | dict(request.get("fixed") or {})
        narrowed = space.restrict(found, request.get("bounds") or {}, fixed)
        for name, values in dict(request.get("choices") or {}).items():
            if name not in {hp.name for hp in narrowed.space}:  # one of the person's own is theirs
                usual = request["training"][name]
                found = sorted({*values, *(s["training"][name] for s in self.finished.values())})  # a budget had cut it
                self._choices[name] = narrowed.Choice(name, found, default=usual if usual in found else found[0])
        return narrowed

    def _propose(self, index: int) -> Experiment | None:
        limit = self._request.get("max_parameters")
        while (values := self._oracle.propose(index - 1)) is not None:
            experiment = self._experiment(index, values)
            if not limit or self._size(experiment) <= int(limit):
                self._values[experiment.run] = values
                return experiment
        return None

    def _experiment(self, index: int, values: Mapping[str, Any]) -> Experiment:
        training = {**self._request["training"], **{name: values[name] for name in self._choices}}
        curves = [curve for i in sorted(self.finished) if (curve := self._curve(self.finished[i]))]
        return Experiment(
            run=f"{self._stage}-{index:03d}",
            stage=self._stage,
            hyperparameters={name: value for name, value in values.items() if name not in self._choices},
            epochs=int(training["epochs"]),
            batch_size=int(training["batch_size"]),
            seed=derive(self._seed, self._stage, index),
            patience=self._request.get("patience"),
            repeats=int(self._request.get("repeats") or 1),
            trials=self._count,
            bar=median_stopping.bar(curves, int(training["epochs"])),
        )

    def _curve(self, summary: Summary) -> median_stopping.Curve | None:
        """Return the validation losses of a finished trial and its planned epochs, if its folder is still there."""
        name = str(summary["run"])
        if name not in self._curves and summary.get("predictions"):
            with contextlib.suppress(ProjectError):
                history = self._workshop.project.read_run(name).history
                losses = [row["val_loss"] for row in history]
                self._curves[name] = (losses, int(summary["training"]["epochs"]))
        return self._curves.get(name)

    def _size(self, experiment: Experiment) -> int:
        model, _ = trials.build(self._workshop, experiment.hyperparameters, self._workshop.folds()[0].encoding)
        return int(model.count_params())


def _in_time(workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> Mapping[str, Any]:
    """Return the request with trials that are short enough for the time; those of a round that goes on stay alike."""
    if math.isinf(watcher.deadline) or request.get("done"):
        return request
    told = STANDBY.wait()
    pace = pacing.Pace(**told) if told else pacing.measure(workshop, request)
    seconds = watcher.deadline - time.monotonic() - float((request.get("reserve") or {}).get("seconds", 0))
    return pacing.shortened(request, pace, seconds)


def number(run: str) -> int:
    """Return the number of a trial, counted from 1, from the name of its run."""
    return int(run.rpartition("-")[2])
