"""What a check says: a finding, and the report that holds all findings of one run. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, TypedDict

Severity = Literal["error", "warning", "tip"]

CAUSES = (
    "wrong-last-activation", "wrong-loss", "labels-encoding-mismatch", "wrong-output-units", "wrong-metric",
    "missing-normalization", "missing-target-scaling", "bad-learning-rate", "wrong-optimizer", "bad-batch-size",
    "epochs-too-few", "missing-hidden-activation", "wrong-hidden-activation", "redundant-activation",
    "bad-weight-init", "wrong-layer-units", "wrong-architecture", "missing-regularization", "over-regularization",
    "data-leakage", "train-test-mismatch", "insufficient-data", "class-imbalance", "label-noise", "nan-in-data",
    "wrong-input-type", "frozen-layer",
)  # fmt: skip
"""Why something is wrong."""

SYMPTOMS = (
    "no-learning", "slow-convergence", "constant-output", "vanishing-gradient", "exploding-gradient", "dying-relu",
    "saturated-activation", "nan-loss", "oscillating-loss", "underfitting", "overfitting", "crash",
)  # fmt: skip
"""What is seen while training, whatever the reason."""

SEVERITIES: Mapping[Severity, int] = {"error": 0, "warning": 1, "tip": 2}


class FindingRow(TypedDict):
    """The JSON shape of a finding."""

    code: str
    cause: str
    severity: Severity
    title: str
    evidence: str
    why: str
    fix: str
    where: str


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth a thought, with its cure.

    Args:
        code: Stable code of the rule, such as MW101.
        cause: A word of `CAUSES` or `SYMPTOMS`.
        severity: `error` (cannot work), `warning` (something is wrong) or `tip` (a matter of taste or a thought).
        title: One sentence.
        evidence: The measured facts, with the threshold they were held against.
        why: The reason, with its source.
        fix: The code line to write.
        where: `file:line` where the file is known, else the layer or argument.
    """

    code: str
    cause: str
    severity: Severity
    title: str
    evidence: str
    why: str
    fix: str
    where: str

    def to_dict(self) -> FindingRow:
        """Return the JSON shape."""
        return FindingRow(**asdict(self))


@dataclass(frozen=True)
class Skipped:
    """A rule that could not be applied, and the reason."""

    code: str
    reason: str


@dataclass(frozen=True)
class Report:
    """All that one run of the checks has to say.

    Args:
        findings: The findings, the most certain and harmful first.
        passed: Codes of the rules that were applied and found nothing.
        skipped: The rules that could not be applied, with reasons.
        seconds: Wall time.
    """

    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    seconds: float = 0.0

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that mean that the model cannot work as it is."""
        return tuple(f for f in self.findings if f.severity == "error")

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of `modelwizard check --json`."""
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "passed": list(self.passed),
            "skipped": [asdict(skipped) for skipped in self.skipped],
        }
