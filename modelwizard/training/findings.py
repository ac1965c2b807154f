"""What a project's own code does and that a person must know: the rules MW601 to MW607."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from modelwizard.checks.catalogue import page
from modelwizard.checks.finding import SEVERITIES
from modelwizard.contract.findings import Found, few, found
from modelwizard.contract.results import Checked, Finding
from modelwizard.problems import PROBLEMS
from modelwizard.training import adapted, inspection
from modelwizard.training.relabelled import Again
from modelwizard.training.workshop import Workshop

APPLIED = tuple(f"MW60{number}" for number in range(1, 8))
ALSO_RULES = ("MW605", "MW606")
"""Left out where the rules about any model name the same cause."""


def look(workshop: Workshop, model: Any, again: Again) -> list[Found]:
    """Return what was found while the project was loaded, encoded and built.

    Args:
        workshop: The project.
        model: What `build_model` returned.
        again: What became of its features when held-out rows were changed.
    """
    fold = workshop.folds()[0]
    names = getattr(fold.encoding, "names", {}).get("numeric", ())
    workshop.note(adapted.check(model, fold.train.x, fold.validation.x, where="model.py", names=names))
    foreign = [name for name in again.replaced if not name.startswith("encoded ") or not workshop.found]
    if foreign:
        workshop.note([found("MW604", "statistics", "data.py", features=few(foreign))])
    blocks = [name for name, values in fold.train.x.items() if values.size and not np.ptp(values.astype(float))]
    constant = [found("MW607", "constant", "preprocessing.py", block=name) for name in blocks]
    return [*workshop.found, *_head(workshop, model), *constant]


def _head(workshop: Workshop, model: Any) -> list[Found]:
    """Compare the last layer and the loss with those of the table and of modelwizard.toml."""
    seen, task, wanted = inspection.head(model), workshop.project.settings.problem, workshop.problem.activation
    told: list[Found] = []
    if seen["activation"] != wanted:
        values = {"seen": seen["activation"] or "none", "wanted": wanted or "none", "problem": task.type}
        told.append(found("MW605", "activation", workshop.builder, **values))
    if seen["loss"] != task.loss:
        usual = seen["loss"] in {loss for problem in PROBLEMS.values() for loss in problem.losses}
        one = found("MW606", "loss", workshop.builder, seen=seen["loss"], wanted=task.loss)
        told.append(msgspec.structs.replace(one, severity=None if usual else "tip"))
    return told


def joined(report: Checked, findings: Sequence[Found], muted: Sequence[str]) -> Checked:
    """Return a report of the rules about any model together with what was found in the project's own code."""
    causes = {finding.cause for finding in report.findings}
    own = [one for one in rows(findings, muted) if one.code not in ALSO_RULES or one.cause not in causes]
    named = [one.code for one in findings]
    return Checked(
        sorted([*own, *report.findings], key=lambda one: SEVERITIES[one.severity]),
        sorted([*report.passed, *(code for code in APPLIED if code not in {*named, *muted})]),
        report.skipped,
    )


def rows(findings: Iterable[Found], muted: Sequence[str]) -> list[Finding]:
    """Return findings in the shape of `modelwizard check --json`, their evidence still a message."""
    return [page(one.code).finding(one.evidence, one.where, one.severity) for one in findings if one.code not in muted]
