"""What a stage says at its end: a word, a sentence with a number, the reasons, what to do next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

Stage = Literal["baseline", "overfit", "regularize", "finalize"]
Word = Literal["passed", "failed", "cannot tell", "forced", "consistent", "suspect", "unreliable", "better"]

GOOD: tuple[Word, ...] = ("passed", "forced", "consistent", "better")


@dataclass(frozen=True)
class Verdict:
    """The end of one stage.

    Args:
        stage: Which stage.
        verdict: passed, failed, cannot tell, forced; of finalize consistent, suspect, unreliable, better.
        headline: One sentence with a number and an interval.
        numbers: Values for `status --json` and the report; plain JSON, NaN allowed here and null in `record`.
        reasons: What was seen, one sentence each.
        advice: What to do next, concrete, with the command where there is one.
    """

    stage: Stage
    verdict: Word
    headline: str
    numbers: Mapping[str, Any]
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the next stage may start (for finalize: whether the result stands)."""
        return self.verdict in GOOD

    def forced(self, reason: str) -> Verdict:
        """Return the verdict after a person overruled it; what was found stays in the reasons."""
        found = f'forced past "{self.verdict}": {reason}'
        numbers = {**self.numbers, "forced": reason, "found": self.verdict}
        return replace(self, verdict="forced", numbers=numbers, reasons=(found, *self.reasons))

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values for the journal: NaN and infinities become null."""
        return {
            "stage": self.stage,
            "verdict": self.verdict,
            "headline": self.headline,
            "numbers": plain(self.numbers),
            "reasons": list(self.reasons),
            "advice": list(self.advice),
        }


def restore(record: Mapping[str, Any]) -> Verdict:
    """Return the verdict that `record` wrote; extra keys of a journal line are passed over."""
    return Verdict(
        record["stage"],
        record["verdict"],
        record["headline"],
        dict(record["numbers"]),
        tuple(record.get("reasons", ())),
        tuple(record.get("advice", ())),
    )


def plain(value: Any) -> Any:
    """Return the value made of dicts, lists, strings, finite numbers and None only."""
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(v) for v in cast(Sequence[Any], value)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def figure(value: float, digits: int = 3) -> str:
    """Return a number for a sentence: three significant digits, scores below 1 with three decimals."""
    if not math.isfinite(value):
        return "unknown"
    if value == 0 or 0.001 <= abs(value) < 1:
        return f"{value:.{digits}f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


def span(interval: Sequence[float]) -> str:
    """Return "0.12 to 0.19"."""
    return f"{figure(interval[0])} to {figure(interval[1])}"


def chance(p_value: float) -> str:
    """Return "p = 0.012" or "p < 0.0001"."""
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"
