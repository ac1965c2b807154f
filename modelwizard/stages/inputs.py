"""What the stages judge: the validation rows, and what each run predicted on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from modelwizard.evidence import kfold, resampling, scores
from modelwizard.evidence.arrays import ArrayLike, Floats, Ints, matrix, unit_ids
from modelwizard.evidence.losses import excess_loss, row_floor
from modelwizard.evidence.predictions import Stored
from modelwizard.evidence.resampling import Mean
from modelwizard.evidence.scores import Direction
from modelwizard.problems import PROBLEMS


@dataclass(frozen=True)
class Validation:
    """The rows that judge: a hold-out, or pooled out-of-fold rows.

    Args:
        problem: A name of the table of problems.
        loss: The Keras loss that is trained.
        metric: The person's metric.
        y: Canonical targets of the rows.
        groups: One label per row of dependent rows; block ids for rows in time order. Defaults to independent.
        rows: File row of each prediction; rows that occur more than once (repeated K-fold) count as one unit.
        scale: (k,) standard deviations that targets were standardised by, so that losses are those trained on.
        folds: K, or 1 for hold-out; errors are widened for the overlap of training sets.
        train_floor: Mean lowest possible loss of the training rows. Defaults to that of the rows that judge.
    """

    problem: str
    loss: str
    metric: str
    y: ArrayLike
    groups: ArrayLike | None = None
    rows: ArrayLike | None = None
    scale: ArrayLike | None = None
    folds: int = 1
    train_floor: float | None = None

    @property
    def direction(self) -> Direction:
        """Whether the metric is better when larger ("max") or smaller ("min")."""
        return scores.direction(self.metric)

    @property
    def bounded(self) -> bool:
        """Whether one point of the metric means 0.01."""
        return scores.SCORES[self.metric].bounded

    @property
    def distinct(self) -> int:
        """Rows of the file that judge, each counted once however often repeated folds predict it."""
        return len(np.asarray(self.y)) if self.rows is None else len(np.unique(np.asarray(self.rows)))

    @property
    def inflation(self) -> float:
        """Factor of standard errors for the overlap of the folds' training sets."""
        return kfold.inflation(self.folds)

    @cached_property
    def units(self) -> Ints | None:
        """Ids of independent units; None when every prediction is one."""
        count = len(np.asarray(self.y))
        if self.groups is not None:
            return unit_ids(count, self.groups)
        if self.rows is None:
            return None
        ids = unit_ids(count, self.rows)
        return ids if len(np.unique(ids)) < count else None

    @cached_property
    def strata(self) -> ArrayLike | None:
        """Labels to spread evenly over halves."""
        kind = PROBLEMS[self.problem]
        return kind.ids(self.y) if kind.one_label else None

    def losses(self, p: ArrayLike) -> Floats:
        """Return the loss of each row above the lowest possible one, (n,)."""
        return excess_loss(self.problem, self.loss, self.y, p, self.scale)

    def floor(self) -> float:
        """Return the mean lowest possible loss of training rows, to be taken off training losses that Keras reports."""
        if self.train_floor is not None:
            return self.train_floor
        return float(row_floor(self.problem, self.loss, self.y).mean())

    def metric_costs(self, p: ArrayLike) -> Floats:
        """Return pseudo-values of the metric, (n,), signed so that lower is better."""
        values = scores.pseudo(self.problem, self.metric, self.y, p)
        return -values if self.direction == "max" else values

    def gain(self, incumbent: ArrayLike, challenger: ArrayLike) -> Mean:
        """Return by how much the losses (n,) of a challenger are lower than those of an incumbent, row by row."""
        return resampling.difference(incumbent, challenger, self.units, widen=self.inflation)

    def score(self, p: ArrayLike) -> float:
        """Return the metric of predictions."""
        return scores.score(self.problem, self.metric, self.y, p)

    def constant(self, value: ArrayLike) -> Floats:
        """Return a constant prediction (k,) for every row, (n, k); a matrix is returned as it is."""
        array = np.asarray(value, dtype=np.float64)
        return array if array.ndim == 2 else np.tile(array.reshape(1, -1), (len(np.asarray(self.y)), 1))


@dataclass(frozen=True)
class Run:
    """One trained experiment.

    Args:
        name: Its folder, for instance "overfit-03".
        hyperparameters: Values it was built with.
        outputs: Predictions on the validation rows after each kept epoch, (E, n, k) canonical or packed.
        train_loss: (E,) loss on training rows, inference mode, unpenalised, same epochs.
        train_score: (E,) the metric on training rows. Defaults to unknown.
        epochs: Epochs that were run. Defaults to E.
        parameters: Trainable parameters.
        seconds: Training time.
        status: completed, stopped, nan or failed.
        first_epoch: Number of the first kept epoch, 0-based, when the store is capped.
        training: What it was trained with besides its seed: epochs planned, rows of a batch. Defaults to unknown.
    """

    name: str
    hyperparameters: Mapping[str, Any]
    outputs: Stored | Floats
    train_loss: ArrayLike
    train_score: ArrayLike | None = None
    epochs: int = 0
    parameters: int = 0
    seconds: float = 0.0
    status: str = "completed"
    first_epoch: int = 0
    training: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _cache: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    def __len__(self) -> int:
        stored = self.outputs.outputs if isinstance(self.outputs, Stored) else self.outputs
        return len(stored)

    @property
    def epochs_run(self) -> int:
        """Epochs that were run."""
        return self.epochs or self.first_epoch + len(self)

    def predictions(self, epoch: int) -> Floats:
        """Return the canonical predictions (n, k) after one kept epoch."""
        return self.outputs.epoch(epoch) if isinstance(self.outputs, Stored) else matrix(self.outputs[epoch])

    def losses(self, validation: Validation) -> Floats:
        """Return the loss of each epoch and row, (E, n) float32; NaN where the run diverged."""
        if "losses" not in self._cache:
            with np.errstate(invalid="ignore"):
                table = [validation.losses(self.predictions(e)) for e in range(len(self))]
            self._cache["losses"] = np.array(table, dtype=np.float32).reshape(len(self), -1)
        return self._cache["losses"]

    def metric_costs(self, validation: Validation) -> Floats:
        """Return pseudo-values of the metric of each epoch and row, (E, n), lower better."""
        if "metric" not in self._cache:
            table = [validation.metric_costs(self.predictions(e)) for e in range(len(self))]
            self._cache["metric"] = np.array(table, dtype=np.float32).reshape(len(self), -1)
        return self._cache["metric"]

    def best_epoch(self, validation: Validation) -> int | None:
        """Return the kept epoch with the lowest validation loss; None when none is finite."""
        means = self.losses(validation).mean(axis=1)
        return int(np.nanargmin(means)) if np.isfinite(means).any() else None


class Pool(Sequence[Floats]):
    """All trial x epoch columns of several runs, with the trial of each; predictions are unpacked when asked for.

    Args:
        runs: Runs that predicted the same rows; those without any finite epoch simply never win.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        sizes = [len(run) for run in self.runs]
        self.trial = np.repeat(np.arange(len(self.runs)), sizes)
        self.epoch = np.concatenate([np.arange(size) for size in sizes] or [np.arange(0)])

    def __len__(self) -> int:
        return len(self.trial)

    def __getitem__(self, index: int | slice) -> Floats:  # type: ignore[override]
        """Return the predictions (n, k) of one column, or (m, n, k) of a slice."""
        if isinstance(index, slice):
            return np.stack([self[j] for j in range(*index.indices(len(self)))])
        return self.runs[int(self.trial[index])].predictions(int(self.epoch[index]))

    def losses(self, validation: Validation) -> Floats:
        """Return the losses of all columns, (K, n)."""
        tables = [run.losses(validation) for run in self.runs]
        return tables[0] if len(tables) == 1 else np.concatenate(tables)
