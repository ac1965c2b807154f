"""What the number of looks means for the person: go on, beware, stop, or take fresh rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from modelwizard.contract.messages import Message, message
from modelwizard.evidence.optimism import Correction

Level = Literal["fine", "info", "warn", "stop", "refresh"]

STOP_TRIALS = 20
"""Trials without a corrected gain after which further ones mostly buy optimism."""
FEW_ROWS = 1000


@dataclass(frozen=True)
class Advice:
    """One level and what it means; levels in order of weight: fine, info, warn, stop, refresh."""

    level: Level
    told: Message


@dataclass(frozen=True)
class Point:
    """State of a search after some trials: raw and corrected best score, and the paired error of a comparison."""

    trials: int
    raw: float
    corrected: float
    paired_se: float


def advise(
    correction: Correction,
    *,
    raw_gain: float | None = None,
    history: Sequence[Point] = (),
    warned_before: bool = False,
) -> Advice:
    """Return the strongest advice that applies.

    Args:
        correction: The corrected best score.
        raw_gain: How much the raw best gained since the baseline stage, in the metric's direction.
        history: The search after each round, oldest first.
        warned_before: Whether the round before ended in a warning already.

    Levels: info when the optimism exceeds a quarter of the standard error; warn when it exceeds the standard error,
    or half the raw gain; stop when the corrected score has not moved by one paired
    standard error in 20 trials while the raw one still rises; refresh when a warning persists with < 1000 rows.
    Source: ours; levels chosen by simulation of searches with 20 to 1000 trials.
    """
    o, se = correction.optimism, correction.se
    warnings: list[Message] = []
    if o > se:
        warnings.append(message("looks.optimism_exceeds_error", optimism=o, se=se))
    if raw_gain is not None and raw_gain > 0 and o > raw_gain / 2:
        warnings.append(message("looks.gain_is_optimism", gain=raw_gain, optimism=o))
    told = message("looks.warnings", warnings=warnings)
    if warnings and warned_before and correction.rows < FEW_ROWS:
        return Advice("refresh", message("looks.used_up", warnings=told, rows=correction.rows))
    if stalled(history, correction.direction):
        return Advice("stop", message("looks.stalled", trials=STOP_TRIALS))
    if warnings:
        return Advice("warn", told)
    if o > 0.25 * se:
        return Advice("info", message("looks.report_corrected", optimism=o))
    return Advice("fine", message("looks.fine"))


def adaptive(adapted: int, trials: int) -> Message | None:
    """Return a warning when over half of the trials are based on scores that a person had read, else None.

    Bootstrapping the choice cannot see how the candidates came about: in a pathological search it removed 60 % of the
    optimism. Source: Dwork et al. 2015 for adaptive reuse of a hold-out; the half is ours.
    """
    return message("looks.adapted", adapted=adapted, trials=trials) if 2 * adapted > trials else None


def stalled(history: Sequence[Point], direction: str) -> bool:
    """Say whether 20 trials brought a raw gain but no corrected gain beyond one paired standard error."""
    if not history:
        return False
    now = history[-1]
    before = [point for point in history if point.trials <= now.trials - STOP_TRIALS]
    if not before:
        return False
    then, sign = before[-1], 1.0 if direction == "max" else -1.0
    return sign * (now.raw - then.raw) > 0 and sign * (now.corrected - then.corrected) <= now.paired_se
