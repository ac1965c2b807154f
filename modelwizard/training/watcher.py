"""Who watches what is trained: told how it goes, and asked when to leave."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from modelwizard.contract.events import OnEvent, Progress


@dataclass
class Watcher:
    """Tells how trials go, and says when to leave.

    Args:
        emit: Writes an event.
        check: Raises `Interrupted` when a person asked to stop.
        deadline: Moment (`time.monotonic`) at which the trial in flight ends early. Defaults to never.
        every: Seconds between two events of progress. Defaults to 0.2.
    """

    emit: OnEvent
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

    def progress(self, run: str, epoch: int, epochs: int) -> None:
        """Tell of an epoch, counted from 1, unless another one was told of just before; of the last one always."""
        now = time.monotonic()
        if epoch == epochs or now - self._last >= self.every:
            self._last = now
            self.emit(Progress(run=run, epoch=epoch, epochs=epochs))
