"""One rule as a page: the value that all rule tables are made of."""

from __future__ import annotations

from dataclasses import dataclass

from modelwizard.checks.finding import Severity


@dataclass(frozen=True)
class Page:
    """What there is to know about one rule.

    Args:
        code: Stable code.
        cause: A word of the fixed vocabulary of causes and symptoms.
        severity: Severity unless the measurement says otherwise.
        weight: Certainty times harm, 0 to 100; orders findings of the same severity.
        title: One sentence.
        looks: What is measured and held against which threshold.
        why: The reason.
        fix: The code line to write, in general; a finding fills in names and numbers.
        source: Where the rule comes from.
    """

    code: str
    cause: str
    severity: Severity
    weight: int
    title: str
    looks: str
    why: str
    fix: str
    source: str
