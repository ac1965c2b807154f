"""What is known about trials that are running: best so far against the baseline, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from modelwizard import words
from modelwizard.contract import events
from modelwizard.contract.messages import message
from modelwizard.contract.trials import Summary
from modelwizard.reporter import Watch
from modelwizard.words.numbers import duration


class Progress:
    """Follows the worker's events of one search.

    Args:
        watch: What runs.
        clock: Seconds that only grow. Defaults to the system's monotonic clock.
    """

    def __init__(self, watch: Watch, clock: Callable[[], float] = time.monotonic) -> None:
        self.watch = watch
        self.best = watch.best
        self.finished = watch.done
        self.run = ""
        self.epoch = 0
        self.epochs = 0
        self._clock = clock
        self._start = clock()
        self._metric = words.title("metrics", watch.metric)

    def take(self, event: events.Event) -> str:
        """Take an event; return the line that it leaves behind, if any."""
        if isinstance(event, events.TrialEnded):
            return self._trial(event.summary)
        if isinstance(event, events.Progress):
            self.run, self.epoch, self.epochs = event.run, event.epoch, event.epochs
        elif isinstance(event, events.Proposed):
            self.run, self.epoch, self.epochs = event.run, 0, 0
        return ""

    def _trial(self, trial: Summary) -> str:
        self.finished += 1
        self.epoch = self.epochs = 0
        usable = trial.status in ("completed", "stopped") and trial.score is not None
        record = usable and self._better(trial.score or 0.0, self.best)
        if record:
            self.best = trial.score
        return trial_line(trial, self._metric, record=record)

    def _better(self, score: float, than: float | None) -> bool:
        return than is None or (score > than if self.watch.direction == "max" else score < than)

    @property
    def fraction(self) -> float | None:
        """Share of the work that is done (0 to 1), or None when nobody knows."""
        within = self.epoch / self.epochs if self.epochs else 0.0
        shares: list[float] = []
        if self.watch.trials:
            shares.append((self.finished + within) / self.watch.trials)
        if self.watch.time_budget:
            shares.append((self._clock() - self._start) / self.watch.time_budget)
        return min(max(shares), 1.0) if shares else None  # whichever comes first ends it

    @property
    def left(self) -> float | None:
        """Seconds left, or None while that is a guess."""
        passed = self._clock() - self._start
        limits: list[float] = []
        if self.watch.time_budget:
            limits.append(max(self.watch.time_budget - passed, 0.0))
        within = self.epoch / self.epochs if self.epochs else 0.0
        done = self.finished - self.watch.done + within
        if self.watch.trials and done > 0:
            limits.append(passed / done * max(self.watch.trials - self.watch.done - done, 0.0))
        return min(limits) if limits else None

    def headline(self) -> str:
        """Return what is being tried now: `Capacity ladder, trial 3 of 8, epoch 12 of 40`."""
        parts = [words.say(self.watch.title)]
        if self.watch.trials:
            parts.append(f"trial {min(self.finished + 1, self.watch.trials)} of {self.watch.trials}")
        elif self.finished:
            parts.append(f"trial {self.finished + 1}")
        if self.epochs:
            parts.append(f"epoch {self.epoch} of {self.epochs}")
        return ", ".join(parts)

    def standing(self) -> str:
        """Return the best so far against the baseline, and the time left."""
        parts: list[str] = []
        if self.best is not None:
            parts.append(f"best {self._metric} {self.best:.4g}")
        if self.watch.baseline is not None:
            parts.append(f"to beat {self.watch.baseline:.4g}")
        if self.left is not None:
            parts.append(f"about {duration(self.left)} left")
        return ", ".join(parts)


def settings(hyperparameters: Mapping[str, Any]) -> str:
    """Return hyperparameters in a few words: `layers=3 units=256 dropout=0.2`."""
    return " ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in hyperparameters.items()
    )


def trial_line(trial: Summary, metric: str, *, record: bool = False) -> str:
    """Return one finished trial as one line, its outcome first."""
    tried = settings(trial.hyperparameters)
    if trial.status in ("failed", "nan"):
        why = words.say(trial.message or message(f"training.{trial.status}"))
        return f"✗ {trial.run}  {why}  {tried}".rstrip()
    parts = [f"{'★' if record else '✓'} {trial.run}"]
    if trial.score is not None:
        parts.append(f"{metric} {trial.score:.4g}")
    if trial.val_loss is not None:
        parts.append(f"val loss {trial.val_loss:.4g}")
    if trial.epochs_run:
        # Epochs are counted from 0 in the record and from 1 for people.
        parts.append(f"best epoch {(trial.best_epoch or 0) + 1} of {trial.epochs_run}")
    if trial.seconds is not None:
        parts.append(duration(trial.seconds))
    return "  ".join([*parts, tried]).rstrip()
