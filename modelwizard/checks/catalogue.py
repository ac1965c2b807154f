"""The pages of all rules: what each looks for, why, and what to write instead. Loads without Keras.

The pages are data, `words/en/checks/MW1.toml` and so on, one file a family: MW1xx the contract of last layer, loss,
labels and metrics · MW2xx structure · MW3xx settings · MW4xx data · MW5xx what training shows · MW6xx
what a project's own code does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from modelwizard.checks.finding import Severity
from modelwizard.contract.messages import Message
from modelwizard.contract.results import Finding
from modelwizard.errors import UsageError
from modelwizard.words import say

FAMILIES = {"1": "contract", "2": "structure", "3": "settings", "4": "data", "5": "dynamics", "6": "project"}


@dataclass(frozen=True)
class Page:
    """What there is to know about one rule.

    Args:
        code: Stable code.
        cause: A word of the fixed vocabulary of causes and symptoms.
        severity: Severity unless the measurement says otherwise.
        weight: Certainty times harm, 0 to 100; orders findings of the same severity.
        title: One sentence.
        looks: What is measured, and the threshold it is compared with.
        why: The reason.
        fix: The code line to write, in general; a finding fills in names and numbers.
        source: Where the rule comes from.
        evidence: What was measured, a sentence in the format of `words` for the values of a finding. Empty for MW6xx,
            which have several, in `findings.toml`.
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
    evidence: str = ""

    def finding(self, evidence: str | Message, where: str, severity: Severity | None = None, fix: str = "") -> Finding:
        """Return what the rule found.

        Args:
            evidence: What was measured.
            where: Where it points.
            severity: Where the measurement makes it more or less certain. Defaults to the page's.
            fix: The code line with names and numbers filled in. Defaults to the page's.
        """
        why = f"{self.why} [{self.source}]"
        return Finding(
            self.code, self.cause, severity or self.severity, self.title, evidence, why, fix or self.fix, where
        )


@cache
def family(digit: str) -> dict[str, Page]:
    """Return the pages of one family by code.

    Args:
        digit: The first digit of its codes.
    """
    text = resources.files("modelwizard.words").joinpath(f"en/checks/MW{digit}.toml").read_text(encoding="utf-8")
    return {code: Page(code, **fields) for code, fields in tomllib.loads(text).items()}


def page(code: str) -> Page:
    """Return the page of a rule.

    Args:
        code: Its code as it is written here, such as MW101.

    Raises:
        KeyError: There is no such rule.
    """
    return family(code[2])[code]


def evidence(code: str, values: Mapping[str, Any]) -> str:
    """Return what a rule measured as a sentence.

    Args:
        code: Its code.
        values: What was measured, by the names in its page's `evidence`.
    """
    return say(Message(f"checks/{code[:3]}.{code}", dict(values)))


def codes() -> list[str]:
    """Return the codes of all rules in order."""
    return sorted(code for digit in FAMILIES for code in family(digit))


def is_code(topic: str) -> bool:
    """Say whether a topic is written like the code of a rule: `MW101`, `mw101`, `101`."""
    return topic.strip().upper().removeprefix("MW").isdigit()


def known(code: str) -> str:
    """Return the code of a rule as it is written here.

    Args:
        code: Code of a rule, upper or lower case, with or without `MW`.

    Raises:
        UsageError: There is no such rule.
    """
    wanted = code.strip().upper()
    wanted = wanted if wanted.startswith("MW") else f"MW{wanted}"
    if wanted not in codes():
        near = [c for c in codes() if c[:3] == wanted[:3]] or codes()
        raise UsageError(
            "There is no such rule.", expected=", ".join(near), received=code, fix=f"modelwizard explain {near[0]}"
        )
    return wanted


def explain(code: str) -> str:
    """Return the page of one rule as plain text, for `modelwizard explain MW101`.

    Args:
        code: Code of a rule, upper or lower case, with or without `MW`.

    Raises:
        UsageError: There is no such rule.
    """
    it = page(known(code))
    lines = [
        f"{it.code}  {it.title}",
        f"{FAMILIES[it.code[2]]} · {it.severity} · cause: {it.cause}",
        "",
        f"Looks at  {it.looks}",
        f"Why       {it.why}",
        f"Write     {it.fix}",
        f"Source    {it.source}",
        "",
        f'Silence it in modelwizard.toml with: [checks] mute = ["{it.code}"]',
    ]
    return "\n".join(lines)
