"""Order findings: the most certain and harmful first, causes before symptoms, one finding a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelwizard.checks.catalogue import PAGES
from modelwizard.checks.finding import SEVERITIES, SYMPTOMS, Finding

EXPLAINED: dict[str, frozenset[str]] = {
    "nan-loss": frozenset(
        {"nan-in-data", "missing-normalization", "missing-target-scaling", "bad-learning-rate", "wrong-loss"}
        | {"wrong-last-activation", "labels-encoding-mismatch", "bad-weight-init", "wrong-hidden-activation"}
    ),
    "overfitting": frozenset({"missing-regularization", "insufficient-data", "label-noise", "data-leakage"}),
}
"""Symptom → the causes that explain it. Symptoms that are not listed are explained by any cause."""


@dataclass(frozen=True)
class Ranked:
    """A finding with what its place in the list depends on."""

    finding: Finding
    weight: int


def rank(found: Sequence[Ranked]) -> tuple[Finding, ...]:
    """Return the findings in the order in which a person should read them.

    Errors come before warnings before tips, and each by weight. A symptom that a cause explains becomes part of
    that cause's evidence. Of several findings with one cause the first stays in place, and the others follow
    behind the first of every other cause of their severity, so that the first screen names different causes.
    """
    ordered = sorted(found, key=lambda r: (SEVERITIES[r.finding.severity], -r.weight, r.finding.code))
    kept = _explain([r.finding for r in ordered])
    first: list[Finding] = []
    repeated: list[Finding] = []
    causes: set[str] = set()
    for finding in kept:
        (repeated if finding.cause in causes else first).append(finding)
        causes.add(finding.cause)
    merged = [*first, *repeated]
    return tuple(sorted(merged, key=lambda f: (SEVERITIES[f.severity], f in repeated)))


def _explain(findings: list[Finding]) -> list[Finding]:
    """Fold symptoms into the first cause that explains them."""
    causes = [f for f in findings if f.cause not in SYMPTOMS and f.severity != "tip"]
    folded: dict[int, list[str]] = {}
    kept: list[Finding] = []
    for finding in findings:
        if finding.cause not in SYMPTOMS:
            kept.append(finding)
            continue
        allowed = EXPLAINED.get(finding.cause)
        reason = next((c for c in causes if allowed is None or c.cause in allowed), None)
        if reason is None:
            kept.append(finding)
        else:
            folded.setdefault(id(reason), []).append(f"{PAGES[finding.code].title.lower()} ({finding.evidence})")
    return [
        replace(f, evidence=f"{f.evidence}; with it: {'; '.join(folded[id(f)])}") if id(f) in folded else f
        for f in kept
    ]
