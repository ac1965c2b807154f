"""What a person may say to a stage on the command line, as one value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelwizard.errors import UsageError

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class StageOptions:
    """The options of a stage, of `next` and of `run`.

    Args:
        yes: Take every default instead of asking. Defaults to False.
        trials: Most trials to run, or None for the stage's own plan.
        time_budget: Seconds that the stage may take, or None for no limit; the epoch in flight is finished.
        workers: Trials that run side by side, or None for the stage's own choice.
        seed: Seed that replaces the project's, or None.
        force: Go on although a gate was not passed; needs `reason`. Defaults to False.
        reason: Why the gate is passed by force; written into the journal.
        whole: The stage is one of a walk without questions (`run`): a verdict that the next stage can live with is
            accepted, and the time budget of the search has to pay for finalize too. Defaults to False.
        reserve: Seconds at the end of the time budget that are kept for exporting and testing. Defaults to none.
    """

    yes: bool = False
    trials: int | None = None
    time_budget: float | None = None
    workers: int | None = None
    seed: int | None = None
    force: bool = False
    reason: str = ""
    whole: bool = False
    reserve: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a forced gate without a reason, and a reason without a forced gate."""
        if self.force and not self.reason.strip():
            raise UsageError(
                "`--force` passes a gate that was not met, so it needs a reason for the journal.",
                fix='--force --reason "the labels are known to be noisy"',
            )
        if self.reason and not self.force:
            raise UsageError("`--reason` means nothing without `--force`.", fix="give both, or neither")


def seconds(text: str) -> float:
    """Return the seconds in `90`, `45s`, `5m`, `1.5h` or `1h30m`.

    Raises:
        UsageError: When the text is no duration, or not above zero.
    """
    cleaned = text.strip().lower().replace(" ", "")
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])*(\d+(\.\d+)?[smhd]?)", cleaned):
        raise UsageError("That is not a duration.", expected="seconds, or 45s, 5m, 2h, 1h30m", received=repr(text))
    total = sum(float(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", cleaned))
    if total <= 0:
        raise UsageError("A time budget must be above zero.", expected="for example 5m", received=repr(text))
    return total
