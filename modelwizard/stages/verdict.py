"""What a stage says at its end: a word, a headline with a number, the reasons, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modelwizard.contract.messages import Message
from modelwizard.contract.wire import plain

Stage = Literal["baseline", "overfit", "regularize", "finalize"]
Word = Literal["passed", "failed", "cannot tell", "forced", "consistent", "suspect", "unreliable", "better"]


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
    headline: Message
    numbers: Mapping[str, Any]
    reasons: tuple[Message, ...] = ()
    advice: tuple[Message, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values for the journal: NaN and infinities become null."""
        return plain(vars(self))
