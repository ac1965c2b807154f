"""What a stage works with: the project, its journal, the worker, the person; and the way trials are recorded."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import asdict, replace

from modelwizard import toml, words
from modelwizard.contract.entries import Look, Trial
from modelwizard.contract.events import Event, OnEvent, TrialEnded
from modelwizard.contract.jobs import Train
from modelwizard.contract.messages import Message, Text
from modelwizard.contract.trials import Experiment, Hyperparameters, Summary, Training
from modelwizard.errors import ProjectError
from modelwizard.evidence import scores
from modelwizard.evidence.losses import excess_loss, row_floor
from modelwizard.files import write_text
from modelwizard.journal import Journal
from modelwizard.options import StageOptions
from modelwizard.problems import PROBLEMS
from modelwizard.project import Project, typed
from modelwizard.reporter import Reporter, Watch
from modelwizard.stages.inputs import Run, Validation
from modelwizard.worker.client import Child

if TYPE_CHECKING:
    from modelwizard.evidence.arrays import ArrayLike


@dataclass
class Session:
    """One stage at work.

    Args:
        project: The project.
        journal: Its journal, open for writing.
        child: The worker.
        options: What the person said on the command line.
        reporter: The person.
        began: Moment (`time.monotonic`) from which the time budget counts. Defaults to now.
    """

    project: Project
    journal: Journal
    child: Child
    options: StageOptions
    reporter: Reporter
    began: float = field(default_factory=time.monotonic)
    _runs: dict[str, Run] = field(default_factory=dict[str, Run])
    _rows: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def metric(self) -> str:
        """The score that decides."""
        return self.project.settings.problem.metric

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn."""
        return self.project.settings.training.seed if self.options.seed is None else self.options.seed

    @property
    def scheme(self) -> str:
        """How rows judge now: `holdout` or `kfold`; trials of the other scheme are not compared with new ones."""
        return self.project.settings.split.scheme

    def seconds_left(self, share: float = 1.0) -> float | None:
        """Return the seconds until a share of the time budget is used up, at least a moment; None without a budget."""
        budget = self.options.time_budget
        return None if budget is None else max(0.1, share * budget - (time.monotonic() - self.began))

    def typed(self, command: str) -> str:
        """Return a command as it has to be typed here."""
        return typed(command, self.project.folder)

    def trials(self, *stages: str) -> list[Trial]:
        """Return the recorded trials of some stages, or of all, in order."""
        return self.journal.of(Trial, *stages)

    def record(self, summary: Summary) -> Trial:
        """Write a finished trial into the journal before anybody sees it; one that is there already is not repeated."""
        known = next((entry for entry in self.trials(summary.stage) if entry.run == summary.run), None)
        return known or self.journal.append(Trial(**asdict(summary)))

    def recording(self, on_event: OnEvent) -> OnEvent:
        """Return a listener that records every trial that ends, before it is shown."""

        def keep(event: Event) -> None:
            if isinstance(event, TrialEnded):
                self.record(event.summary)
            on_event(event)

        return keep

    def train(
        self, stage: str, hyperparameters: Hyperparameters, training: Training, watch: Watch, **more: Any
    ) -> Trial:
        """Train one experiment, record it, and return its journal entry.

        Args:
            stage: The stage that it belongs to.
            hyperparameters: Values for `build_model`; others take their defaults.
            training: How.
            watch: What to show meanwhile.
            **more: Further fields of the experiment: `patience`, `fraction`.
        """
        asked = training.experiment(stage, hyperparameters, **more)
        job = Train(experiment=replace(asked, run=self._name(asked)), time_budget=self.seconds_left())
        with self.reporter.watch(watch) as on_event:
            entry = self.record(self.child.run(job, on_event))
            on_event(TrialEnded(summary=entry))
        return entry

    def _name(self, asked: Experiment) -> str:
        """Name a run: that of the same experiment with the same code, else the next number."""
        code = self.project.code_hashes()
        trials = self.trials(asked.stage)
        for entry in trials:
            same = all(entry.hyperparameters.get(k) == v for k, v in asked.hyperparameters.items())
            same = same and entry.training == asked.training and entry.fraction == asked.fraction
            same = same and entry.scheme == self.scheme and entry.additions == asked.additions
            if same and entry.code == code:
                return entry.run
        numbers = [int(e.run.rpartition("-")[2]) for e in trials if e.run.rpartition("-")[2].isdigit()]
        return f"{asked.stage}-{max(numbers, default=0) + 1:02d}"

    def run(self, entry: Trial) -> Run:
        """Read what a trial left behind, ready to be judged."""
        from modelwizard.evidence.predictions import Stored

        name = entry.run
        if name not in self._runs:
            stored = self.project.read_run(name)
            head = PROBLEMS[self.project.settings.problem.type].activation
            self._rows[name] = stored.rows
            kept = [stored.history[int(epoch)] for epoch in stored.epochs]
            self._runs[name] = Run(
                name=name,
                hyperparameters=entry.hyperparameters,
                outputs=Stored(stored.outputs, head, stored.offset, stored.scale),
                train_loss=[row["train_loss"] for row in kept],
                train_score=[row.get(f"train_{self.metric}", float("nan")) for row in kept],
                epochs=entry.epochs_run,
                parameters=entry.parameters or 0,
                seconds=entry.seconds or 0.0,
                status=entry.status,
                first_epoch=int(stored.epochs[0]),
                training={"epochs": entry.training.epochs, "batch_size": entry.training.batch_size},
            )
        return self._runs[name]

    def usable(self, *stages: str) -> list[Run]:
        """Return the runs of some stages, or of all, that predicted the same rows as the latest of them."""
        import numpy as np

        found: list[Run] = []
        for entry in self.trials(*stages):
            if entry.status in ("completed", "stopped") and entry.predictions and not entry.fraction:
                try:
                    found.append(self.run(entry))
                except ProjectError:
                    continue  # its folder was deleted: what is gone cannot be judged, the journal still counts it
        return [run for run in found if np.array_equal(self._rows[run.name], self._rows[found[-1].name])]

    def validation(self, like: Trial) -> Validation:
        """Return the rows that judge, in the order in which a run predicted them."""
        import numpy as np

        settings, stored = self.project.settings, self.project.read_run(like.run)
        targets = self.project.targets()
        where = np.searchsorted(targets.rows, stored.rows)
        folds = settings.split.folds if settings.split.scheme == "kfold" else 1
        groups: ArrayLike | None = None if targets.group is None else targets.group[where]
        return Validation(
            problem=settings.problem.type,
            loss=settings.problem.loss,
            metric=self.metric,
            y=targets.y[where],
            groups=groups,
            rows=stored.rows,
            scale=stored.scale if PROBLEMS[settings.problem.type].scaling else None,
            folds=folds,
            train_floor=float(row_floor(settings.problem.type, settings.problem.loss, self._trained()).mean()),
        )

    def _trained(self) -> Any:
        """Return the targets of the rows that networks are trained on; under K-fold all outside the test set."""
        import numpy as np

        targets = self.project.targets()
        if self.scheme == "kfold":
            return targets.y
        return targets.y[np.asarray(self.project.parts())[targets.rows] == "train"]

    def dumb_loss(self, validation: Validation) -> float:
        """Return the mean loss of the baseline on training rows, above the lowest possible."""
        import numpy as np

        task, y = self.project.settings.problem, self._trained()
        p = np.tile(PROBLEMS[task.type].constant(task.loss, y), (len(y), 1))
        return float(excess_loss(task.type, task.loss, y, p, validation.scale).mean())

    def experiment(self, name: str) -> tuple[Hyperparameters, Training]:
        """Read an experiment file: hyperparameters and training settings; the seed may be missing there."""
        path = self.project.folder / "experiments" / name
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            training = msgspec.convert({"seed": self.seed, **table["training"]}, Training)
            return dict(table["hyperparameters"]), training
        except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, msgspec.ValidationError) as error:
            raise ProjectError(
                f"experiments/{name} cannot be used.",
                expected="[hyperparameters] and [training] with epochs, batch_size and seed",
                received=str(error),
            ) from error

    def write_experiment(
        self,
        name: str,
        comment: Message,
        hyperparameters: Hyperparameters,
        training: Training,
        prediction: Mapping[str, float] | None = None,
    ) -> None:
        """Write an experiment file, for `train.py`, for `predict.py` and for the eye."""
        tables = {"hyperparameters": hyperparameters, "training": msgspec.to_builtins(training)}
        tables |= {"prediction": prediction} if prediction else {}
        text = toml.write(tables, about={"hyperparameters": [words.say(comment, sentence=True)]})
        write_text(self.project.folder / "experiments" / name, text)

    def watch(self, title: Text, **more: Any) -> Watch:
        """Describe what is about to run."""
        limits: dict[str, Any] = {"trials": 1, "time_budget": self.seconds_left(), **more}
        return Watch(title, metric=self.metric, direction=scores.direction(self.metric), **limits)

    def look(self, stage: str, purpose: str, count: int, runs: Sequence[str] = ()) -> None:
        """Record looks at validation rows that belong to no trial; the same look at the same numbers counts once.

        Args:
            stage: The stage at work.
            purpose: What the looks are for.
            count: How many.
            runs: Names of the runs whose predictions were looked at. Defaults to none: the looks are at the code.
        """
        code = {} if runs else self.project.code_hashes()
        look = Look(stage=stage, purpose=purpose, looks=count, code=code, runs=list(runs))
        known = self.journal.of(Look, stage)
        if count and not any(e.purpose == purpose and e.code == look.code and e.runs == look.runs for e in known):
            self.journal.append(look)


def ended_best(entry: Trial) -> Training:
    """Return how a trial was trained, ending at its best epoch."""
    return replace(entry.training, stop_after=(entry.best_epoch or 0) + 1)
