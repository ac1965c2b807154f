"""The account of looks: how often validation rows were used, what that costs, and what happened in which order."""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.contract.entries import (
    Compared,
    Created,
    Edited,
    Entry,
    Exported,
    Forced,
    Look,
    Opened,
    Sealed,
    Switched,
    Trial,
    Verdict,
    Written,
)
from modelwizard.project import STAGES
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Child, Markup, code, element, join, table
from modelwizard.report.words import metric, moment
from modelwizard.stages import accounting
from modelwizard.words import say, title
from modelwizard.words.numbers import count, listed
from modelwizard.words.verdicts import shown

PURPOSES = {
    "references": "other models scored",
    "temperature": "a temperature fitted on held-out predictions of the probes",
    "threshold": "decision thresholds tried on held-out predictions of the probes",
    "polish": "the final polish and its control arm, on trial",
    "sanity": "sanity checks: networks trained on zeroed inputs and on shuffled labels",
}


def ledger(facts: Facts) -> Markup:
    """Return the account and the story."""
    return element(
        "section",
        element("h2", "Looks at the validation rows"),
        element(
            "p",
            "Each epoch of each trial that is scored on the same validation rows counts as one look. The best of many "
            "looks is partly luck; the corrected score subtracts this optimism, estimated by bootstrapping the choice.",
        ),
        _line(facts),
        _readings(facts),
        _by_stage(facts),
        _story(facts),
        id="ledger",
    )


def _line(facts: Facts) -> Markup | None:
    """Return "412 looks · best raw 0.846 · corrected 0.838 ± 0.011 · optimism 0.008"."""
    looks = facts.looks.validation
    told = accounting.account(facts.metric, looks, facts.numbers("regularize"), facts.numbers("baseline"))
    if told is None:
        return element("p", element("strong", count(looks, "look")), class_="line") if looks else None
    note = f" ({metric(facts.metric)}; ± is one standard error)"
    return element("p", element("strong", say(told)), note, class_="line")


def _readings(facts: Facts) -> Markup | None:
    """Return how often a person was shown new scores: what they did next may follow from them."""
    if not facts.looks.read:
        return None
    return element("p", f"A person read new validation scores {count(facts.looks.read, 'time')}.")


def _by_stage(facts: Facts) -> Markup | None:
    """Return the looks of each stage."""
    rows: list[tuple[Child, ...]] = []
    for stage in (*STAGES, "features", "protocol"):
        epochs = sum(entry.looks for entry in facts.trials(stage))
        other = sum(e.looks for e in facts.entries if e.stage == stage and not isinstance(e, Trial))
        if epochs or other or facts.trials(stage):
            runs = len(facts.trials(stage))
            rows.append((title("stages", stage), f"{runs:,}", f"{epochs:,}", f"{other:,}", f"{epochs + other:,}"))
    if not rows:
        return None
    head = ("Stage", "trials", "epochs scored", "other looks", "looks")
    return table(head, rows, caption="Looks at the validation rows", numbers=range(1, 5))


def _story(facts: Facts) -> Markup | None:
    """Return what happened, in order: trials between two events are counted, not listed."""
    events = list(_events(facts))
    if not events:
        return None
    shown = [element("li", element("time", when), " ", code(text), class_=tone) for when, text, tone in events]
    return join(element("h3", "What happened, in order"), element("ol", shown, class_="story"))


def _events(facts: Facts) -> Iterator[tuple[str, str, str]]:
    waiting: list[Trial] = []
    for entry in facts.entries:
        if isinstance(entry, Trial):
            waiting.append(entry)
            continue
        told = _told(entry)
        if told is None:
            continue
        if waiting:
            yield _trained(waiting)
            waiting = []
        yield moment(entry), *told
    if waiting:
        yield _trained(waiting)


def _trained(entries: list[Trial]) -> tuple[str, str, str]:
    stages = listed([title("stages", stage) for stage in dict.fromkeys(e.stage for e in entries)])
    bad = sum(entry.status in ("failed", "nan") for entry in entries)
    failed = f", {bad} of them failed" if bad else ""
    return moment(entries[-1]), f"{stages}: {count(len(entries), 'trial')} trained{failed}.", ""


def _told(entry: Entry) -> tuple[str, str] | None:
    """Return a line of the journal as a sentence with its tone; None for what needs no line of its own."""
    stage = title("stages", entry.stage)
    match entry:
        case Created():
            return "The project was made.", ""
        case Verdict():
            return f"{stage}: {shown(entry.verdict)}. {say(entry.headline, sentence=True)}", "judged"
        case Forced():
            found = f" (it was “{entry.found}”)" if entry.found else ""
            word = shown("forced", entry.reason)
            return f"{stage} {word}{found}: {say(entry.reason or 'no reason given')}", "doubt"
        case Edited():
            files, after = listed(entry.files) or "the code", f" after {count(entry.after_looks, 'look')}"
            return f"{files} changed{after}: what follows may be based on scores that were seen.", "doubt"
        case Sealed():
            return f"Sealed before the test: {say(entry.headline or 'the expected score', sentence=True)}", ""
        case Opened():
            why = f" Reason: {say(entry.reason)}" if entry.reason else ""
            if entry.reused:
                return f"The test rows were opened again: reused test.{why}", "bad"
            return f"The test rows were opened.{why}", ""
        case Switched():
            scheme = f"{entry.repeats} × {entry.folds}-fold"
            return f"{stage}: repeated K-fold validates from now on, {scheme}.", "doubt"
        case Written():
            return f"{stage}: written into {listed(entry.files)}.", ""
        case Compared():
            done = {"add": "with", "remove": "without"}.get(entry.action, "all together, with a new seed,")
            kept = "kept" if entry.accepted else "not kept"
            return f"{stage}: {done} {listed(entry.names)}: {kept}.", ""
        case Exported():
            return f"{stage}: model written, {entry.model}.", ""
        case Look() if entry.looks:
            purpose = PURPOSES.get(entry.purpose, entry.purpose or "a look")
            return f"{stage}: {purpose}, {count(entry.looks, 'look')}.", ""
        case _:
            return None
