"""Order findings: the most certain and harmful first, causes before symptoms, one finding a cause."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from modelwizard.checks.catalogue import page
from modelwizard.checks.finding import SEVERITIES, SYMPTOMS
from modelwizard.contract.results import Finding

EXPLAINED: dict[str, frozenset[str]] = {
    "nan-loss": frozenset(
        {"nan-in-data", "missing-normalization", "missing-target-scaling", "bad-learning-rate", "wrong-loss"}
        | {"wrong-last-activation", "labels-encoding-mismatch", "bad-weight-init", "wrong-hidden-activation"}
    ),
    "overfitting": frozenset({"missing-regularization", "insufficient-data", "label-noise", "data-leakage"}),
}
"""Symptom → the causes that explain it. Symptoms that are not listed are explained by any cause."""


EXPERIMENTS = frozenset({f"MW{n}" for n in range(521, 532)} | {"MW513", "MW516"})
"""Rules that measure what others suppose: by changing one thing, or at the first step."""


def rank(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings in the order in which a person should read them.

    Errors come before warnings before tips, and each by weight. A symptom that a cause explains becomes part of
    that cause's evidence. Of several findings with one cause the first stays in place, and the others follow
    behind the first of every other cause of their severity, so that the first screen names different causes.
    """
    ordered = sorted(found, key=lambda f: (SEVERITIES[f.severity], -page(f.code).weight, f.code))
    kept = _prove(_explain(ordered))
    first: list[Finding] = []
    repeated: list[Finding] = []
    causes: set[str] = set()
    for finding in kept:
        (repeated if finding.cause in causes else first).append(finding)
        causes.add(finding.cause)
    return sorted([*first, *repeated], key=lambda f: (SEVERITIES[f.severity], f in repeated))


def _prove(findings: list[Finding]) -> list[Finding]:
    """Join a finding and the experiment that proves its cause into one."""
    kept: list[Finding] = []
    for finding in findings:
        same = [k for k in kept if k.cause == finding.cause]
        experiments = [f.code in EXPERIMENTS for f in [finding, *same]]
        if same and any(experiments) and not all(experiments):
            at = kept.index(same[0])
            kept[at] = replace(same[0], evidence=f"{same[0].evidence}; {finding.code}: {finding.evidence}")
        else:
            kept.append(finding)
    return kept


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
            folded.setdefault(id(reason), []).append(f"{page(finding.code).title.lower()} ({finding.evidence})")
    return [replace(f, evidence="; with it: ".join([str(f.evidence), *folded.get(id(f), [])])) for f in kept]
