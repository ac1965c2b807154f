"""What is known about trials that are running: best so far against the baseline, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from modelwizard import words
from modelwizard.contract.messages import message
from modelwizard.reporter import Event, Watch
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

    def take(self, event: Event) -> str:
        """Take an event; return the line that it leaves behind, if any."""
        kind = event.get("event")
        if kind == "progress":
            self.run, self.epoch = str(event.get("run", "")), int(event.get("epoch", 0))
            self.epochs = int(event.get("epochs", 0))
        elif kind == "proposed":
            self.run, self.epoch, self.epochs = str(event.get("run", "")), 0, 0
        elif kind == "trial":
            return self._trial(event)
        return ""

    def _trial(self, event: Event) -> str:
        self.finished += 1
        self.epoch = self.epochs = 0
        score = event.get("score")
        usable = event.get("status") in ("completed", "stopped") and isinstance(score, int | float)
        record = usable and self._better(float(score), self.best)  # type: ignore[arg-type]
        if record:
            self.best = float(score)  # type: ignore[arg-type]
        return trial_line(event, self._metric, record=bool(record))

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


def trial_line(event: Event, metric: str, *, record: bool = False) -> str:
    """Return one finished trial as one line, its outcome first."""
    run, tried = event.get("run", "trial"), settings(event.get("hyperparameters") or {})
    status = event.get("status", "completed")
    if status in ("failed", "nan"):
        why = words.say(event.get("message") or message(f"training.{status}"))
        return f"✗ {run}  {why}  {tried}".rstrip()
    parts = [f"{'★' if record else '✓'} {run}"]
    if isinstance(event.get("score"), int | float):
        parts.append(f"{metric} {event['score']:.4g}")
    if isinstance(event.get("val_loss"), int | float):
        parts.append(f"val loss {event['val_loss']:.4g}")
    if event.get("epochs_run"):
        # Epochs are counted from 0 in the record and from 1 for people.
        parts.append(f"best epoch {int(event.get('best_epoch') or 0) + 1} of {event['epochs_run']}")
    if isinstance(event.get("seconds"), int | float):
        parts.append(duration(float(event["seconds"])))
    return "  ".join([*parts, tried]).rstrip()
