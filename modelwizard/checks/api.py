"""Check any compiled Keras 3 model with its data and fit settings: `check` for findings, `inspect` for the report."""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from modelwizard.checks import catalogue, rules
from modelwizard.checks.build import build_case, divide, links_kept
from modelwizard.checks.case import RULES, Case, Hit, NotApplicableError
from modelwizard.checks.catalogue import known, page
from modelwizard.checks.facts.project import Record, Relabelled
from modelwizard.checks.probe.run import probe
from modelwizard.checks.ranking import rank
from modelwizard.checks.source import Code, words
from modelwizard.contract.results import Checked, Finding, Skipped


def check(
    model: Any, x: Any, y: Any = None, fit: Mapping[str, Any] | None = None, train: bool = True, **more: Any
) -> list[Finding]:
    """Say what is wrong with a compiled model, its data and its training settings.

    The model, its optimizer and the random state are left as they are.

    Args:
        model: A compiled Keras 3 model, made by modelwizard or not.
        x: Inputs as `fit` takes them: an array, a list or dict of arrays, or a `tf.data.Dataset`.
        y: Targets as `fit` takes them. Defaults to None, for datasets.
        fit: The other arguments of `fit`: batch_size, epochs, validation_split, validation_data, class_weight,
            sample_weight, callbacks, shuffle, … Defaults to nothing known about the training.
        train: Whether to train a copy for a few seconds and watch it. Defaults to True.
        more: `problem`, `source`, `mute`, `seconds`, `groups` and `times` of `inspect`.

    Returns:
        The findings, the most certain and harmful first.
    """
    return inspect(model, x, y, fit=fit, train=train, **more).findings


def inspect(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    fit: Mapping[str, Any] | None = None,
    train: bool = True,
    problem: str | None = None,
    source: Path | None = None,
    mute: Sequence[str] = (),
    seconds: float = 7.0,
    groups: Any = None,
    times: Any = None,
    record: Record | None = None,
    relabelled: Relabelled | None = None,
) -> Checked:
    """Apply all rules and say which found something, which passed and which could not be applied.

    Args:
        model: A compiled Keras 3 model.
        x: Inputs as `fit` takes them.
        y: Targets as `fit` takes them.
        fit: The other arguments of `fit`.
        train: Whether to train a copy for a few seconds.
        problem: Problem type of the table. Defaults to inferring it from labels, head and loss.
        source: File of the model's code, for `where`.
        mute: Codes of rules to leave out.
        seconds: Limit for all trainings of copies. Defaults to 7.
        groups: What rows belong together: one value a row of x, or the values of training and of held-out rows as a
            pair. Defaults to not known.
        times: When rows are from, in the same two forms. Defaults to not known.
        record: What a run of a project left behind. Defaults to none.
        relabelled: What shuffled labels of held-out rows changed in a project's features. Defaults to not known.

    Raises:
        UsageError: A code of `mute` is no rule's, or groups or times cannot be divided.
    """
    _ = rules.ROOMS  # importing them fills the list
    settings, mute = dict(fit or {}), [known(code) for code in mute]
    with _random_state_kept(), links_kept(model):
        subject, case = build_case(model, x, y, settings, problem)
        split = divide(groups, times, case.fit.validation_split)
        case = replace(case, split=split, record=record, relabelled=relabelled)
        hits, skipped = _apply(case, [c for c in RULES if not c.startswith("MW5")], mute)
        reason = "train=False"
        if train:
            case, reason = _probe(case, subject, settings, hits, seconds)
        again = [c for c in RULES if c.startswith("MW5") or c == "MW414"]
        hits = [h for h in hits if h[0] != "MW414"]
        more, left = _apply(case, again, mute, "" if case.probe is not None else reason)
        hits, skipped = hits + more, [s for s in skipped if s.code != "MW414"] + left
    code = Code.read(source) if source is not None else None
    found = [_finding(c, hit, case, code) for c, hit in hits]
    named = {c for c, _ in hits} | {s.code for s in skipped}
    return Checked(rank(found), [c for c in sorted(RULES) if c not in named and c not in mute], skipped)


def _apply(
    case: Case, codes: list[str], mute: Sequence[str], unprobed: str = ""
) -> tuple[list[tuple[str, Hit]], list[Skipped]]:
    hits: list[tuple[str, Hit]] = []
    skipped: list[Skipped] = []
    for code in codes:
        if code in mute:
            continue
        try:
            found = RULES[code](case)
        except NotApplicableError as reason:
            untrained = unprobed if code.startswith("MW5") else ""
            skipped.append(Skipped(code, untrained or str(reason)))
            continue
        except Exception as error:  # a rule that fails on an odd model must not hide what the others found
            skipped.append(Skipped(code, f"the rule failed: {type(error).__name__}: {error}"))
            continue
        hits += [(code, found)] if found is not None else []
    return hits, skipped


def _probe(
    case: Case, subject: Any, settings: dict[str, Any], hits: list[tuple[str, Hit]], seconds: float
) -> tuple[Case, str]:
    """Train a copy unless the contract is broken: then there is nothing to learn from training."""
    broken = [c for c, hit in hits if c.startswith("MW1") and (hit.severity or page(c).severity) == "error"]
    broken += [c for c, _ in hits if c in ("MW406", "MW407", "MW418", "MW218", "MW219")]
    if broken:
        return case, f"{broken[0]} has to be mended first"
    if case.opaque or subject is None:
        return case, "the model has no graph that could be copied"
    suspicious = any(hit.soft for _, hit in hits)
    try:
        found = probe(case, subject, settings.get("sample_weight"), suspicious=suspicious, seconds=seconds)
    except NotApplicableError as error:
        return case, str(error)
    return replace(case, probe=found), ""


PROOFS = {
    "MW401": "MW521",
    "MW402": "MW521",
    "MW403": "MW521",
    "MW405": "MW524",
    "MW301": "MW522",
    "MW303": "MW522",
    "MW204": "MW525",
    "MW207": "MW529",
    "MW307": "MW527",
    "MW305": "MW528",
    "MW214": "MW530",
    "MW228": "MW530",
}
"""Suspicion → the change that confirms or clears it."""


def _finding(code: str, hit: Hit, case: Case, source: Code | None) -> Finding:
    it = page(code)
    severity = hit.severity or it.severity
    evidence = catalogue.evidence(code, hit.values)
    if hit.soft and severity == "warning" and case.probe is not None and not case.probe.crash:
        score = case.probe.base.score
        mended = case.probe.mends(PROOFS.get(code, ""))
        better = case.probe.gain(PROOFS.get(code, "")) >= 0.15
        if case.probe.base.finite and not (mended and better) and (score >= 0.5 or (mended is False and score >= 0.1)):
            severity, evidence = "tip", f"{evidence}; a short training learns all the same ({score:.0%})"
    where = source.where(hit.place, case.layers) if source is not None else words(hit.place)
    return it.finding(evidence, where, severity, hit.fix)


@contextmanager
def _random_state_kept() -> Generator[None]:
    """Leave Python's and numpy's generators, from which Keras draws its seeds, as they were found."""
    state, numbers = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(numbers)
