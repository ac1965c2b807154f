"""What to train, and who watches it: values that need no Keras."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Tell = Callable[..., None]


@dataclass(frozen=True)
class Experiment:
    """What to train.

    Args:
        run: Name of the run, and of its folder.
        stage: The stage that asks.
        hyperparameters: Values by name; those not named take their defaults in model.py.
        epochs: Epochs at most.
        batch_size: Rows of a step.
        seed: Base of the seeds of its fits.
        patience: Epochs without a better validation loss after which a fit ends (see `wait`), or None for all epochs.
        repeats: How often folds are drawn anew under K-fold. Defaults to 1.
        fraction: Share of the training rows to train on, or None for all.
        trials: Trials that share the room for predictions. Defaults to 1.
        bar: What the trial must reach at each share of its training, or it is ended (see
            `tuning.median_stopping`). Defaults to nothing.
        additions: Lines added to `add_features` in memory, for each fold or for all. Defaults to none.
    """

    run: str
    stage: str
    hyperparameters: Mapping[str, Any]
    epochs: int
    batch_size: int
    seed: int
    patience: int | None = None
    repeats: int = 1
    fraction: float | None = None
    trials: int = 1
    bar: tuple[float, ...] = ()
    additions: tuple[tuple[str, ...], ...] = ()

    @staticmethod
    def of(request: Mapping[str, Any]) -> Experiment:
        """Make an experiment of a request."""
        training = request["training"]
        return Experiment(
            run=str(request["run"]),
            stage=str(request["stage"]),
            hyperparameters=dict(request.get("hyperparameters") or {}),
            epochs=int(training["epochs"]),
            batch_size=int(training["batch_size"]),
            seed=int(training["seed"]),
            patience=request.get("patience"),
            repeats=int(request.get("repeats") or 1),
            fraction=request.get("fraction"),
            trials=int(request.get("trials") or 1),
            bar=tuple(request.get("bar") or ()),
            additions=tuple(tuple(lines) for lines in request.get("additions") or ()),
        )

    @property
    def wait(self) -> int | None:
        """Epochs to wait for a better validation loss: half of all, if that is more than the patience.

        A falling learning rate brings much of its gain at the end.
        """
        return None if self.patience is None else max(self.patience, self.epochs // 2)

    @property
    def training(self) -> dict[str, int]:
        """The table [training] of an experiment file."""
        return {"epochs": self.epochs, "batch_size": self.batch_size, "seed": self.seed}

    def changed(self, **changes: Any) -> Experiment:
        """Return the same experiment with changes."""
        return replace(self, **changes)


@dataclass
class Watcher:
    """Tells how trials go, and says when to leave.

    Args:
        emit: Writes an event.
        check: Raises `Interrupted` when a person asked to stop.
        deadline: Moment (`time.monotonic`) at which the trial in flight ends early. Defaults to never.
        every: Seconds between two events of progress. Defaults to 0.2.
    """

    emit: Tell
    check: Callable[[], None]
    deadline: float = math.inf
    every: float = 0.2
    _last: float = field(default=0.0, repr=False)

    def late(self) -> bool:
        """Say whether the time is used up."""
        return time.monotonic() > self.deadline

    def seconds_left(self) -> float | None:
        """Return the seconds until the deadline, at least a moment, or None when there is none."""
        return None if math.isinf(self.deadline) else max(0.1, self.deadline - time.monotonic())

    def progress(self, last: bool, **fields: Any) -> None:
        """Tell of an epoch, unless another one was told of just before."""
        now = time.monotonic()
        if last or now - self._last >= self.every:
            self._last = now
            self.emit("progress", **fields)
