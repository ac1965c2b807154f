"""What the page is made from: settings, journal and runs, read once, with what is missing said instead of failing."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from modelwizard.contract.entries import Entry, Trial, Verdict
from modelwizard.errors import ProjectError
from modelwizard.evidence import scores
from modelwizard.evidence.losses import row_loss
from modelwizard.journal import Audit, Journal, Looks, looks
from modelwizard.problems import PROBLEMS, Problem
from modelwizard.project import STAGES, Project, Tested, verdicts
from modelwizard.stages.accounting import best_trial
from modelwizard.stages.findings import current
from modelwizard.words.numbers import finite, number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

L = TypeVar("L")
History = list[dict[str, float]]


@dataclass(frozen=True)
class Facts:
    """Everything the sections read.

    Args:
        project: The project.
        entries: Lines of its journal, in order.
        audit: What the check of the journal's chain found.
    """

    project: Project
    entries: tuple[Entry, ...]
    audit: Audit

    @staticmethod
    def of(project: Project) -> Facts:
        """Read a project."""
        journal = Journal(project.journal_path)
        return Facts(project, tuple(journal.entries()), journal.verify())

    @property
    def problem(self) -> Problem:
        """The row of the table of problems."""
        return PROBLEMS[self.project.settings.problem.type]

    @property
    def metric(self) -> str:
        """Name of the score that decides."""
        return self.project.settings.problem.metric

    @property
    def higher(self) -> bool:
        """Whether a higher score is better."""
        return scores.direction(self.metric) == "max"

    @cached_property
    def verdicts(self) -> dict[str, Verdict | None]:
        """The last verdict of each stage."""
        return verdicts(self.entries)

    @cached_property
    def findings(self) -> list[dict[str, str]]:
        """What was found in the code as it is now."""
        return current(self.entries, self.project.code_hashes(), self.project.settings.checks.mute)

    def numbers(self, stage: str) -> Mapping[str, Any]:
        """Return the numbers of a stage's verdict; empty before it has one."""
        found = self.verdicts[stage]
        return found.numbers if found else {}

    def lines(self, form: type[L]) -> list[L]:
        """Return the lines of one kind."""
        return [entry for entry in self.entries if isinstance(entry, form)]

    def trials(self, *stages: str) -> list[Trial]:
        """Return the recorded trials of some stages, or of all."""
        return [entry for entry in self.lines(Trial) if not stages or entry.stage in stages]

    def trial(self, run: object) -> Trial | None:
        """Return the last recorded trial of a name."""
        return next((entry for entry in reversed(self.trials()) if entry.run == run), None)

    def best(self, stage: str) -> Trial | None:
        """Return the trial of a stage that scored best."""
        return best_trial(self.metric, self.trials(stage))

    @cached_property
    def looks(self) -> Looks:
        """How often held-out rows were looked at."""
        return looks(self.entries)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Rows of each part; empty when split.csv cannot be read."""
        try:
            return self.project.counts()
        except ProjectError:
            return {}

    @property
    def yardstick(self) -> str:
        """What training and validation are compared by: `loss`, or the metric where the loss has no common zero.

        Keras's Poisson loss leaves out a term of the true counts, so its level differs from rows to rows: training
        and validation losses lie apart even when both are fitted perfectly.
        """
        return self.metric if self.project.settings.problem.loss == "poisson" and not self.higher else "loss"

    @property
    def folds(self) -> int:
        """Number of folds; 1 under hold-out."""
        split = self.project.settings.split
        return split.folds if split.scheme == "kfold" else 1

    @property
    def judges(self) -> str:
        """What the scores of the stages rest on, in words; a switch to K-fold after the test does not change them."""
        schemes = [entry.scheme for entry in self.trials(*STAGES[:3])]
        scheme = schemes[-1] if schemes else None
        return "out-of-fold rows" if (scheme or self.project.settings.split.scheme) == "kfold" else "validation rows"

    @property
    def protocol(self) -> Mapping[str, Any]:
        """What repeated K-fold said after an unreliable test; empty when it was not needed."""
        found = self.numbers("finalize").get("protocol")
        return found if isinstance(found, Mapping) else {}

    @property
    def openings(self) -> int:
        """How often the test rows were opened."""
        return self.looks.test

    @cached_property
    def tested(self) -> Tested | None:
        """The test rows with their predictions; None when they were never opened or the file is gone."""
        try:
            return self.project.test() if self.openings else None
        except (ProjectError, KeyError):
            return None

    @cached_property
    def references(self) -> dict[str, float]:
        """Validation score of each model of another kind, by its name; from the verdict, else from the runs.

        Journals of the first edition hold titles, such as "linear model", instead of names.
        """
        numbers = self.numbers("baseline")
        told = numbers.get("references")
        found = {"dumb": number(numbers.get("reference"))}
        if isinstance(told, Mapping) and told:
            return {**found, **{str(name): number(score) for name, score in told.items()}}
        return self._computed_references() or {name: score for name, score in found.items() if finite(score)}

    def _computed_references(self) -> dict[str, float]:
        """Score the stored predictions of the references, while the baseline has no verdict yet."""
        import numpy as np

        try:
            stored, targets = self.project.references(), self.project.targets()
            y = targets.y[np.searchsorted(targets.rows, stored.rows)]
            return {
                name: scores.score(self.problem.name, self.metric, y, p)
                for name, p in zip(stored.names, stored.p, strict=True)
            }
        except (ProjectError, KeyError, IndexError, ValueError):
            return {}

    @cached_property
    def targets(self) -> NDArray[np.floating] | None:
        """Targets of the training and validation rows; None when the runs are gone."""
        try:
            return self.project.targets().y
        except (ProjectError, KeyError):
            return None

    def history(self, run: object) -> History:
        """Return the epochs of a run; empty when its folder is gone."""
        try:
            path = self.project.run_folder(str(run)) / "history.csv"
            with path.open(encoding="utf-8", newline="") as file:
                return [{key: _float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        except (OSError, ProjectError, UnicodeDecodeError, csv.Error):
            return []

    @cached_property
    def common_loss(self) -> float:
        """Validation loss of the baseline on the scale of the curves; NaN when its predictions are gone."""
        import numpy as np

        task = self.project.settings.problem
        if task.loss == "mean_squared_logarithmic_error":
            return math.nan  # trained on the scaled target, and a logarithm cannot be scaled back afterwards
        try:
            stored, targets = self.project.references(), self.project.targets()
            y = targets.y[np.searchsorted(targets.rows, stored.rows)]
            p = stored.p[stored.names.index("dumb")]
            runs = [entry.run for entry in self.trials() if entry.predictions]
            scale = np.asarray(self.project.read_run(runs[0]).scale, dtype=float)
            scale = scale.mean(axis=0) if scale.ndim == 2 else scale
            return float(row_loss(task.type, task.loss, y, p, scale).mean())
        except (ProjectError, KeyError, IndexError, ValueError, OSError):
            return math.nan

    @cached_property
    def gone(self) -> list[str]:
        """Names of recorded runs whose folders are no longer there."""
        recorded = [entry.run for entry in self.trials() if entry.status in ("completed", "stopped")]
        found: list[str] = []
        for run in dict.fromkeys(recorded):
            try:
                there = (self.project.run_folder(run) / "history.csv").is_file()
            except ProjectError:
                there = False
            found += [] if there else [run]
        return found


def best_epoch(entry: Trial | None) -> int | None:
    """Return the best epoch of a trial, counted from 1."""
    return None if entry is None or entry.best_epoch is None else entry.best_epoch + 1


def _float(text: str | None) -> float:
    try:
        return float(text) if text else math.nan
    except (TypeError, ValueError):
        return math.nan
