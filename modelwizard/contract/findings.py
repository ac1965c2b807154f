"""What is found in a project's own code: a code, what was seen, and where. `words` makes sentences of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from modelwizard.contract.messages import Message, message

FEW = 4
"""Names that a finding lists; how many more there are shows as "…"."""


class Found(msgspec.Struct, frozen=True):
    """One thing that a project's code does and that a person must know.

    Args:
        code: Code of the rule, MW6xx.
        evidence: What was seen.
        where: `file` or `file:line`.
        severity: Where what was seen makes it more or less certain. Defaults to that of the rule's page.
    """

    code: str
    evidence: Message
    where: str = ""
    severity: Literal["error", "warning", "tip"] | None = None


def found(code: str, sentence: str, where: str = "", /, **values: Any) -> Found:
    """Return a finding.

    Args:
        code: Code of the rule.
        sentence: Key of its sentence in `words/en/findings.toml`.
        where: `file` or `file:line`. Defaults to nowhere.
        **values: What the sentence names.
    """
    return Found(code, message(f"findings.{sentence}", **values), where)


def few(names: Iterable[str]) -> list[str]:
    """Return the first of some names, with "…" behind them where there are more."""
    every = list(names)
    return every if len(every) <= FEW else [*every[:FEW], "…"]
