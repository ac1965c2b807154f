"""The results that are shown on stdout: the table of problems, status, findings, a rule, the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelwizard import words
from modelwizard.contract.messages import message
from modelwizard.conversation import Page
from modelwizard.problems import Problem
from modelwizard.project import STAGES, typed
from modelwizard.words.numbers import count
from modelwizard.words.verdicts import shown

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
        ("initial bias", row.bias),
        ("first loss", row.initial_loss),
        ("baseline", row.baseline),
        ("source", row.source),
    ]
    page.card(f"{row.name}: {row.title}", lines, note=row.why)


def status(page: Page, state: Mapping[str, Any], folder: Path) -> None:
    """Show where a project is."""
    page.heading(f"{state['project']}: {state['problem']}, scored by {state['metric']}")
    data, head = state["data"], state["head"]
    activation = head["activation"] or "no activation"
    page.say(
        f"{data['rows']:,} rows: {data['train']:,} train, {data['validation']:,} validation, {data['test']:,} test. "
        f"Last layer: {count(head['units'], 'unit')}, {activation}, {head['loss']}."
    )
    rows = [_stage(name, state["stages"].get(name)) for name in STAGES]
    page.table("", ("stage", "verdict", "what was found"), rows)
    looks = state["looks"]
    page.say(state.get("account") or message("story.looks", looks=looks["validation"], shares=None))
    if looks.get("read"):
        page.say(message("story.read", times=looks["read"]))
    page.say(message("story.openings", times=looks["test"]))
    for advice in state.get("advice", ()):
        page.note(advice)
    for one in state.get("findings", ()):
        page.warn(f"{one['code']} {one['text']}")
    for sentence in state.get("changed", ()):
        page.warn(str(sentence))
    if state.get("next"):
        page.say("Next:")
        page.command(typed(f"modelwizard {state['next']}", folder))


def _stage(name: str, found: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if found is None:
        return name, "not run yet", ""
    word = shown(found["verdict"], found.get("reason"))
    return name, word, words.say(found.get("headline") or "", sentence=True)


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
    found = ", ".join(count(number, word) for word, number in counts.items() if number) or "nothing found"
    page.heading(f"{found}; {count(len(result['passed']), 'rule')} passed, {len(result['skipped'])} did not apply")
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
    page.heading("The journal is intact." if result["ok"] else "The journal or the files were changed.")
    for problem in result.get("problems", ()):
        page.warn(problem)
    for sentence in result["story"]:
        page.say(sentence)
