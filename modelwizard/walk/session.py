"""What a stage works with: the project, its journal, the worker, the person; and the way trials are recorded."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modelwizard import toml, words
from modelwizard.contract.messages import Message, Text
from modelwizard.errors import ProjectError
from modelwizard.evidence import scores
from modelwizard.files import write_text
from modelwizard.journal import Journal
from modelwizard.options import StageOptions
from modelwizard.problems import PROBLEMS
from modelwizard.project import Project
from modelwizard.reporter import Reporter, Watch
from modelwizard.stages.inputs import Run, Validation
from modelwizard.words.numbers import figure
from modelwizard.worker.client import Child

if TYPE_CHECKING:
    from modelwizard.evidence.arrays import ArrayLike

Summary = Mapping[str, Any]


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

    def show(self, value: float | None) -> str:
        """Write a score for a person."""
        return figure(value)

    def job(self, name: str, **request: Any) -> dict[str, Any]:
        """Have the worker do something that has no progress to show."""
        return self.child.run({"job": name, **request})

    def facts(self) -> dict[str, Any]:
        """Return what the worker finds when it loads the project as it is now."""
        return self.job("inspect")

    def trials(self, *stages: str) -> list[dict[str, Any]]:
        """Return the recorded trials of some stages, or of all, in order."""
        entries = self.journal.entries("trial")
        return [e for e in entries if not stages or e["stage"] in stages]

    def record(self, summary: Summary) -> dict[str, Any]:
        """Write a finished trial into the journal before anybody sees it; one that is there already is not repeated."""
        for entry in self.trials(str(summary["stage"])):
            if entry["run"] == summary["run"] and entry.get("batch") == summary.get("batch"):
                return entry
        told = {k: v for k, v in summary.items() if k not in ("event", "kind")}
        return self.journal.append("trial", **told, scheme=self.scheme)

    def train(
        self,
        stage: str,
        hyperparameters: Mapping[str, Any],
        training: Mapping[str, Any],
        watch: Watch,
        **request: Any,
    ) -> dict[str, Any]:
        """Train one experiment, record it, and return its journal entry.

        Args:
            stage: The stage that it belongs to.
            hyperparameters: Values for `build_model`; others take their defaults.
            training: `epochs`, `batch_size`, `seed`.
            watch: What to show meanwhile.
            **request: More for the job: `patience`, `fraction`.
        """
        run = self._name(stage, hyperparameters, training, request)
        job = {"job": "train", "run": run, "stage": stage, "hyperparameters": hyperparameters, "training": training}
        job |= {"time_budget": self.seconds_left()}
        with self.reporter.watch(watch) as on_event:
            summary = self.child.run({**job, **request}, on_event)
            entry = self.record({**summary, **request})
            on_event({"event": "trial", **summary})
        return entry

    def _name(self, stage: str, hyperparameters: Mapping[str, Any], training: Mapping[str, Any], more: Any) -> str:
        """Name a run: that of the same experiment with the same code, else the next number."""
        code = self.project.code_hashes()
        trials = self.trials(stage)
        for entry in trials:
            same = all(entry["hyperparameters"].get(k) == v for k, v in hyperparameters.items())
            same = same and entry["training"] == dict(training) and entry.get("fraction") == more.get("fraction")
            same = same and entry["scheme"] == self.scheme
            same = same and (entry.get("additions") or []) == (more.get("additions") or [])
            if same and entry.get("code") == code:
                return str(entry["run"])
        numbers = [int(e["run"].rpartition("-")[2]) for e in trials if e["run"].rpartition("-")[2].isdigit()]
        return f"{stage}-{max(numbers, default=0) + 1:02d}"

    def run(self, entry: Summary) -> Run:
        """Read what a trial left behind, ready to be judged."""
        from modelwizard.evidence.predictions import Stored

        name = str(entry["run"])
        if name not in self._runs:
            stored = self.project.read_run(name)
            head = PROBLEMS[self.project.settings.problem.type].activation
            self._rows[name] = stored.rows
            kept = [stored.history[int(epoch)] for epoch in stored.epochs]
            self._runs[name] = Run(
                name=name,
                hyperparameters=dict(entry["hyperparameters"]),
                outputs=Stored(stored.outputs, head, stored.offset, stored.scale),
                train_loss=[row["train_loss"] for row in kept],
                train_score=[row.get(f"train_{self.metric}", float("nan")) for row in kept],
                epochs=int(entry["epochs_run"]),
                parameters=int(entry.get("parameters") or 0),
                seconds=float(entry.get("seconds") or 0),
                status=str(entry["status"]),
                first_epoch=int(stored.epochs[0]),
                training={k: v for k, v in entry["training"].items() if k != "seed"},
            )
        return self._runs[name]

    def usable(self, *stages: str) -> list[Run]:
        """Return the runs of some stages, or of all, that predicted the same rows as the latest of them."""
        import numpy as np

        found: list[Run] = []
        for entry in self.trials(*stages):
            if entry["status"] in ("completed", "stopped") and entry.get("predictions") and not entry.get("fraction"):
                try:
                    found.append(self.run(entry))
                except ProjectError:
                    continue  # its folder was deleted: what is gone cannot be judged, the journal still counts it
        return [run for run in found if np.array_equal(self._rows[run.name], self._rows[found[-1].name])]

    def validation(self, like: Summary) -> Validation:
        """Return the rows that judge, in the order in which a run predicted them."""
        import numpy as np

        settings, stored = self.project.settings, self.project.read_run(str(like["run"]))
        targets = self.project.targets()
        where = np.searchsorted(targets.rows, stored.rows)
        folds = settings.split.folds if settings.split.scheme == "kfold" else 1
        groups: ArrayLike | None = None if targets.group is None else targets.group[where]
        counts = self.project.counts()
        pool = counts["train"] if folds == 1 else counts["train"] + counts["validation"]
        return Validation(
            problem=settings.problem.type,
            loss=settings.problem.loss,
            metric=self.metric,
            y=targets.y[where],
            groups=groups,
            rows=stored.rows,
            scale=stored.scale if PROBLEMS[settings.problem.type].scaling else None,
            folds=folds,
            train_rows=pool if folds == 1 else pool * (folds - 1) // folds,
            train_floor=float(scores.row_floor(settings.problem.type, settings.problem.loss, self._trained()).mean()),
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
        return float(scores.excess_loss(task.type, task.loss, y, p, validation.scale).mean())

    def experiment(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read an experiment file: hyperparameters and training settings."""
        path = self.project.folder / "experiments" / name
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            return dict(table["hyperparameters"]), dict(table["training"])
        except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise ProjectError(
                f"experiments/{name} cannot be used.",
                expected="[hyperparameters] and [training] with epochs, batch_size and seed",
                received=str(error),
            ) from error

    def write_experiment(
        self,
        name: str,
        comment: Message,
        hyperparameters: Mapping[str, Any],
        training: Summary,
        prediction: Mapping[str, float] | None = None,
    ) -> None:
        """Write an experiment file, for `train.py`, for `predict.py` and for the eye."""
        tables = {"hyperparameters": hyperparameters, "training": training}
        tables |= {"prediction": prediction} if prediction else {}
        text = toml.write(tables, about={"hyperparameters": [words.say(comment, sentence=True)]})
        write_text(self.project.folder / "experiments" / name, text)

    def watch(self, title: Text, **more: Any) -> Watch:
        """Describe what is about to run."""
        limits: dict[str, Any] = {"trials": 1, "time_budget": self.seconds_left(), **more}
        return Watch(title, metric=self.metric, direction=scores.direction(self.metric), **limits)

    def look(self, stage: str, purpose: str, count: int) -> None:
        """Record looks at validation rows that belong to no trial; the same look at the same numbers counts once."""
        code = self.project.code_hashes()
        known = self.journal.entries("look", stage)
        if not any(entry["purpose"] == purpose and entry.get("code") == code for entry in known):
            self.journal.append("look", stage=stage, purpose=purpose, looks=count, metric=self.metric, code=code)


def best_of(entries: Sequence[Summary], metric: str) -> Summary | None:
    """Return the entry with the best score, or None."""
    scored = [e for e in entries if e.get("score") is not None]
    return scored[scores.best(metric, [e["score"] for e in scored])] if scored else None
