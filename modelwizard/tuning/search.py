"""A search: proposals of the oracle go to trials, here or in processes of their own, and come back as they end."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import keras_tuner
from msgspec.structs import replace

from modelwizard.contract import running
from modelwizard.contract.events import Proposed, TrialEnded
from modelwizard.contract.jobs import Pace, Search, Train
from modelwizard.contract.messages import Message
from modelwizard.contract.results import Searched
from modelwizard.contract.running import Runner, Runners
from modelwizard.contract.trials import Experiment, Summary, number
from modelwizard.errors import ProjectError, WorkerError
from modelwizard.evidence.kfold import production_epochs
from modelwizard.training import median_stopping, members, pacing, records, space, trials
from modelwizard.training.seeds import derive
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop
from modelwizard.tuning.oracle import HURRIED, TURNS, Oracle, still_learning

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


def search(workshop: Workshop, job: Search, watcher: Watcher, runners: Runners) -> Searched:
    """Run the trials of a stage that are not finished yet, here or in processes of their own."""
    state = State(workshop, _in_time(workshop, job, watcher, runners), watcher)
    project = workshop.project
    runner: Runner[Train] = Here(workshop, watcher)
    if job.workers > 1:
        runner = runners.runner(project.folder, watcher, job.workers)
    for trial, result in running.run(runner, state.proposals()):
        summary: Summary = result
        if isinstance(result, WorkerError):
            code, scheme = project.code_hashes(), project.settings.split.scheme
            summary = trial.experiment.summary(status="failed", message=str(result), code=code, scheme=scheme)
        state.note(summary)
        watcher.emit(TrialEnded(summary=summary))
    return Searched(state.ended, state.message)


class Here:
    """Runs trials in this process, one after another; see `contract.running.Runner`.

    Args:
        workshop: The project.
        watcher: Who is told.
    """

    slots = 1

    def __init__(self, workshop: Workshop, watcher: Watcher) -> None:
        self._workshop, self._watcher = workshop, watcher
        self._waiting: list[Train] = []

    def submit(self, job: Train) -> None:
        """Take a trial."""
        self._waiting.append(job)

    def results(self) -> Iterator[tuple[Train, Summary]]:
        """Run what was submitted."""
        while self._waiting:
            job = self._waiting.pop(0)
            yield job, self._run(job.experiment)

    def close(self) -> None:
        """Nothing is running."""

    def _run(self, experiment: Experiment) -> Summary:
        project = self._workshop.project
        if records.attempts(project, experiment.run) > KILLS:
            message = f"The process was killed {KILLS} times in this trial; most likely memory ran out."
            return records.failed(self._workshop, experiment, message, 0.0)
        try:
            return trials.run_safely(self._workshop, experiment, self._watcher)
        finally:
            records.forget(project, experiment.run)


class State:
    """The state of a search, rebuilt from the summaries of finished trials.

    Args:
        workshop: The project.
        job: What is searched.
        watcher: Who is told; its deadline is that of the budget, and moves with the reserve.
    """

    def __init__(self, workshop: Workshop, job: Search, watcher: Watcher) -> None:
        self._workshop, self._watcher, self._job = workshop, watcher, job
        self.ended: str = "trials"
        self.message: str | Message | None = None
        self.finished: dict[int, Summary] = {number(summary.run): summary for summary in job.done}
        self._begin, self._end = time.monotonic(), watcher.deadline
        self._folds = workshop.folds()
        self._spare()
        self._choices: list[str] = []
        self._curves: dict[str, median_stopping.Curve] = {}
        hurried = self._end - self._begin < HURRY
        turns = HURRIED if hurried else TURNS
        unregularised = not hurried or self._steps() <= CHEAP
        self._oracle = Oracle(self._narrowed(), job.seed, job.first, turns, unregularised=unregularised)
        self._oracle.replay(self._tried(self.finished[i]) for i in sorted(self.finished))
        self._values: dict[str, space.Values] = {}  # of the trials that run
        self._failures = 0

    def proposals(self) -> Iterator[Train]:
        """Yield trials until all are asked for, the time is used up, or nothing untried is left."""
        begun = bool(self.finished)
        for index in range(1, self._job.trials + 1):
            if index in self.finished:
                continue
            self._watcher.check()
            if self._failures >= FAILURES:
                self.ended = "failures"
                return
            if begun and self._too_late():
                self.ended = "time"
                return
            values = self._oracle.propose(index - 1)
            if values is None:
                self.ended = "exhausted"
                return
            begun = True
            experiment = self._experiment(index, values)
            self._values[experiment.run] = values
            self._watcher.emit(Proposed(run=experiment.run, hyperparameters=experiment.hyperparameters))
            yield Train(experiment=experiment, safe=True)

    def note(self, summary: Summary) -> None:
        """Learn from a finished trial."""
        self.finished[number(summary.run)] = summary
        self._oracle.report(self._values.pop(summary.run), summary.val_loss, learning=still_learning(summary))
        self._spare()
        failed = summary.status == "failed"
        self._failures = self._failures + 1 if failed else 0
        self.message = summary.message if failed else None

    def _spare(self) -> None:
        """Move the deadline: what comes after the search takes some seconds, and networks like the best trial's.

        Each is a single fit and stops near the trial's best epoch; one fit more stands for the compilation. Before a
        trial has ended, its cost is not known: the first one may take all but the seconds.
        """
        seconds, networks = self._job.reserve.seconds, self._job.reserve.networks
        usable = [(s.val_loss, s.seconds, s) for s in self.finished.values() if s.val_loss is not None and s.seconds]
        if usable and networks:
            _, took, best = min(usable, key=lambda known: known[0])
            epochs = production_epochs([epoch + 1 for epoch in best.best_epochs])
            epochs, _ = members.planned(self._workshop, epochs, best.training.epochs)
            seconds += took / len(self._folds) * (1 + networks * epochs / best.epochs_run)
            seconds = min(seconds, MOST_RESERVED * (self._end - self._begin))
        self._watcher.deadline = self._end - seconds

    def _too_late(self) -> bool:
        """Say whether the next trial could not get to its middle, if it were as quick as the quickest one."""
        known = [s.seconds or 0.0 for s in self.finished.values() if s.val_loss is not None]
        return time.monotonic() + min(known, default=0.0) / 2 > self._watcher.deadline

    def _tried(self, summary: Summary) -> Summary:
        """Return a summary whose searched settings of training stand among the hyperparameters."""
        searched = {name: getattr(summary.training, name) for name in self._choices}
        return replace(summary, hyperparameters={**summary.hyperparameters, **searched})

    def _steps(self) -> int:
        """Return the optimizer steps of a trial of the usual length on one fold."""
        return self._job.epochs * -(-len(self._folds[0].train) // self._job.batch_size)

    def _narrowed(self) -> keras_tuner.HyperParameters:
        """Return the space of the stage."""
        narrowed = space.restrict(trials.open_space(self._workshop), self._job.bounds)
        for name, values in self._job.choices.items():
            if name not in {hp.name for hp in narrowed.space}:  # one of the person's own is theirs
                usual = getattr(self._job, name)
                # A budget had cut it.
                found = sorted({*values, *(getattr(s.training, name) for s in self.finished.values())})
                self._choices.append(name)
                narrowed.Choice(name, found, default=usual if usual in found else found[0])
        return narrowed

    def _experiment(self, index: int, values: Mapping[str, Any]) -> Experiment:
        job = self._job
        epochs, batch_size = (
            values[name] if name in self._choices else getattr(job, name) for name in ("epochs", "batch_size")
        )
        curves = [curve for i in sorted(self.finished) if (curve := self._curve(self.finished[i]))]
        return Experiment(
            run=f"{job.stage}-{index:03d}",
            stage=job.stage,
            hyperparameters={name: value for name, value in values.items() if name not in self._choices},
            epochs=int(epochs),
            batch_size=int(batch_size),
            seed=derive(job.seed, job.stage, index),
            patience=job.patience,
            trials=job.trials,
            bar=median_stopping.bar(curves, int(epochs)),
        )

    def _curve(self, summary: Summary) -> median_stopping.Curve | None:
        """Return the validation losses of a finished trial and its planned epochs, if its folder is still there."""
        if summary.run not in self._curves and summary.predictions:
            with contextlib.suppress(ProjectError):
                losses = [row["val_loss"] for row in self._workshop.project.read_run(summary.run).history]
                self._curves[summary.run] = (losses, summary.training.epochs)
        return self._curves.get(summary.run)


def _in_time(workshop: Workshop, job: Search, watcher: Watcher, runners: Runners) -> Search:
    """Return a search with trials that are short enough for the time; those of a round that goes on stay alike."""
    if math.isinf(watcher.deadline) or job.done:
        return job
    first = next(iter(job.first), {})
    pace = runners.pace() or pacing.measure(
        workshop, Pace(seed=job.seed, trials=job.trials, epochs=job.epochs, batch_size=job.batch_size, first=first)
    )
    return pacing.shortened(job, pace, watcher.deadline - time.monotonic() - job.reserve.seconds)
