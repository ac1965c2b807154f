"""The results that are shown on stdout: the table of problems, status, findings, a rule, the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard.conversation import Page
from modelwizard.problems import Problem

STAGES = ("baseline", "overfit", "regularize", "finalize")
MARKS = {"error": "✗", "warning": "!", "tip": "·"}


def table(page: Page, rows: Sequence[Problem]) -> None:
    """Show the table of problem types; a single one with everything that is known about it."""
    if len(rows) == 1:
        return _row(page, rows[0])
    lines = [
        (row.name, row.units.replace("number of ", ""), row.activation or "none", row.loss, row.metrics[0])
        for row in rows
    ]
    page.table("", ("problem", "units", "activation", "loss", "metric"), lines)
    return page.note("Why, and what else fits: modelwizard table PROBLEM")


def _row(page: Page, row: Problem) -> None:
    lines = [
        ("units", row.units),
        ("activation", row.activation or "none"),
        ("loss", ", or ".join(row.losses)),
        ("metrics", ", ".join(row.metrics)),
        ("labels", row.labels),
        ("bias at start", row.bias),
        ("first loss", row.initial_loss),
        ("dumb baseline", row.baseline),
        ("source", row.source),
    ]
    page.card(f"{row.name}: {row.title}", lines, note=row.why)


def status(page: Page, state: Mapping[str, Any]) -> None:
    """Show where a project is."""
    page.heading(f"{state['project']}: {state['problem']}, judged by {state['metric']}")
    data, head = state["data"], state["head"]
    activation = head["activation"] or "no activation"
    page.say(
        f"{data['rows']:,} rows: {data['train']:,} train, {data['validation']:,} validation, {data['test']:,} test. "
        f"Last layer: {_count(head['units'], 'unit')}, {activation}, {head['loss']}."
    )
    rows = [_stage(name, state["stages"].get(name)) for name in STAGES]
    page.table("", ("stage", "verdict", "what was found"), rows)
    looks = state["looks"]
    seen = state.get("account") or f"Looks at validation: {looks['validation']:,}"
    read = f"Validation scores were read {_times(looks['read'])}. " if looks.get("read") else ""
    page.say(f"{seen}. {read}Times the test rows were opened: {looks['test']:,}.")
    for sentence in state.get("advice", ()):
        page.note(f"{sentence[:1].upper()}{sentence[1:]}.")
    for one in state.get("findings", ()):
        page.warn(f"{one['code']} {one['text']}")
    for sentence in state.get("changed", ()):
        page.warn(str(sentence))
    if state.get("next"):
        page.say("Next:")
        page.command(f"modelwizard {state['next']}")


_NUMBERS = ("score", "reference", "rise", "trials", "corrected", "se", "test", "z", "p_value")


def _stage(name: str, found: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if found is None:
        return name, "not run yet", ""
    told = found.get("headline") or ", ".join(
        f"{key.replace('_', ' ')} {figure(found[key])}" for key in _NUMBERS if found.get(key) is not None
    )
    return name, str(found.get("verdict")), str(told)


def figure(value: Any) -> str:
    """Return a number with as many digits as can mean something."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _count(number: Any, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


FIRST = 3
"""Findings on the first screen: the most certain and most harmful come first, and often explain the rest."""


def check(page: Page, result: Mapping[str, Any], *, every: bool = False) -> None:
    """Show the first findings, or every one, each with its evidence, reason and fix."""
    findings = result["findings"]
    for finding in findings if every else findings[:FIRST]:
        where = f" ({finding['where']})" if finding.get("where") else ""
        page.heading(f"{MARKS.get(finding['severity'], '·')} {finding['code']} {finding['title']}{where}")
        for label, key in (("seen", "evidence"), ("why", "why"), ("fix", "fix")):
            if finding.get(key):
                page.say(f"  {label}: {finding[key]}")
    counts = {word: sum(f["severity"] == word for f in findings) for word in MARKS}
    found = ", ".join(_count(number, word) for word, number in counts.items() if number) or "nothing found"
    page.heading(f"{found}; {len(result['passed'])} rules passed, {len(result['skipped'])} did not apply")
    if len(findings) > FIRST and not every:
        page.note(f"{len(findings) - FIRST} more: modelwizard check --all")
    if findings:
        page.note(f"More about a rule: modelwizard explain {findings[0]['code']}")


def explain(page: Page, text: str) -> None:
    """Show the page of one rule."""
    for line in text.splitlines():
        page.say(line)


def audit(page: Page, result: Mapping[str, Any]) -> None:
    """Show whether the journal holds together, and what was looked at."""
    page.heading("The journal is whole." if result["ok"] else "The journal or the files were changed.")
    for problem in result.get("problems", ()):
        page.warn(str(problem))
    looks = result["looks"]
    told = [f"Looks at validation rows: {looks['validation']:,}. Test rows opened: {_count(looks['test'], 'time')}."]
    for sentence in result.get("story") or told:
        page.say(str(sentence))
