"""How the seconds of `run --time-budget` are dealt out over the stages."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace

from modelwizard.options import StageOptions

SHARE = {"baseline": 0.2, "overfit": 0.15}
"""Shares of what is left after the start; what they leave, the search and finalize have between them."""
ENDING = 0.05
"""Share of the whole that is kept for closing the worker and for what no clock of ours sees."""
EXPORT = 0.35
"""Seconds that exporting and testing take, as a share of those of the start."""
MOST_EXPORT = 0.15
"""Share of the whole that is kept for them at most."""
MOST_WORKERS = 4
"""Processes with a time budget at most, unless --workers says otherwise; each needs about 1 GB."""


def workers(options: StageOptions) -> int:
    """Return how many networks are trained side by side: small ones leave all cores but one idle when time is short."""
    return options.workers or (min(os.cpu_count() or 1, MOST_WORKERS) if options.time_budget else 1)


@dataclass
class Plan:
    """The time budget of a walk.

    Args:
        total: Seconds of the walk, or None for no limit.
        began: Moment (`time.monotonic`) at which it began. Defaults to now.
        start: Seconds until the first stage could begin. Defaults to 0.
    """

    total: float | None
    began: float = field(default_factory=time.monotonic)
    start: float = 0.0

    def started(self) -> None:
        """Note that TensorFlow is imported and the rows are encoded: only now a stage can begin."""
        self.start = time.monotonic() - self.began

    def options(self, stage: str, options: StageOptions) -> StageOptions:
        """Return the options of one stage.

        The start shows how fast the machine is now: exporting, loading again and testing take a third of it at most.
        """
        if self.total is None:
            return options
        end = (1 - ENDING) * self.total
        left = max(1.0, end - (time.monotonic() - self.began))
        if stage in SHARE:
            return replace(options, time_budget=min(left, max(1.0, SHARE[stage] * (end - self.start))))
        return replace(options, time_budget=left, reserve=min(EXPORT * self.start, MOST_EXPORT * self.total))
