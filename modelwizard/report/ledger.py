"""The account of looks: how often validation rows were used, what that costs, and what happened in which order."""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.project import STAGES
from modelwizard.report.facts import Entry, Facts
from modelwizard.report.markup import Child, Markup, code, element, join, table
from modelwizard.report.words import metric, moment
from modelwizard.stages import accounting
from modelwizard.words import say, title
from modelwizard.words.numbers import count, finite, listed, number, whole
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
    for stage in ("regularize", "baseline"):
        raw, corrected, se = (number(facts.numbers(stage).get(name)) for name in ("score", "corrected", "se"))
        if finite(raw) and finite(corrected) and finite(se):
            line = element("strong", say(accounting.from_numbers(looks, raw, corrected, se, facts.metric)))
            return element("p", line, f" ({metric(facts.metric)}; ± is one standard error)", class_="line")
    return element("p", element("strong", count(looks, "look")), class_="line") if looks else None


def _readings(facts: Facts) -> Markup | None:
    """Return how often a person was shown new scores: what they did next may follow from them."""
    if not facts.looks.read:
        return None
    return element("p", f"A person read new validation scores {count(facts.looks.read, 'time')}.")


def _by_stage(facts: Facts) -> Markup | None:
    """Return the looks of each stage."""
    rows: list[tuple[Child, ...]] = []
    for stage in (*STAGES, "features", "protocol"):
        epochs = sum(_looks(entry) for entry in facts.trials(stage))
        other = sum(_looks(e) for e in facts.entries if e.get("stage") == stage and e.get("kind") != "trial")
        if epochs or other or facts.trials(stage):
            runs = len(facts.trials(stage))
            rows.append((title("stages", stage), f"{runs:,}", f"{epochs:,}", f"{other:,}", f"{epochs + other:,}"))
    if not rows:
        return None
    head = ("Stage", "trials", "epochs scored", "other looks", "looks")
    return table(head, rows, caption="Looks at the validation rows", numbers=range(1, 5))


def _looks(entry: Entry) -> int:
    return whole(entry.get("looks")) or 0


def _story(facts: Facts) -> Markup | None:
    """Return what happened, in order: trials between two events are counted, not listed."""
    events = list(_events(facts))
    if not events:
        return None
    shown = [element("li", element("time", when), " ", code(text), class_=tone) for when, text, tone in events]
    return join(element("h3", "What happened, in order"), element("ol", shown, class_="story"))


def _events(facts: Facts) -> Iterator[tuple[str, str, str]]:
    waiting: list[Entry] = []
    for entry in facts.entries:
        if entry.get("kind") == "trial":
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


def _trained(entries: list[Entry]) -> tuple[str, str, str]:
    stages = listed([title("stages", stage) for stage in dict.fromkeys(str(e.get("stage")) for e in entries)])
    bad = sum(entry.get("status") in ("failed", "nan") for entry in entries)
    failed = f", {bad} of them failed" if bad else ""
    return moment(entries[-1]), f"{stages}: {count(len(entries), 'trial')} trained{failed}.", ""


def _told(entry: Entry) -> tuple[str, str] | None:
    """Return a line of the journal as a sentence with its tone; None for what needs no line of its own."""
    stage = title("stages", entry.get("stage") or "")
    match entry.get("kind"):
        case "created":
            return "The project was made.", ""
        case "verdict":
            return f"{stage}: {shown(entry)}. {say(entry.get('headline') or '', sentence=True)}", "judged"
        case "forced":
            found = f" (it was “{entry['found']}”)" if entry.get("found") else ""
            word = shown({**entry, "verdict": "forced"})
            return f"{stage} {word}{found}: {say(entry.get('reason') or 'no reason given')}", "doubt"
        case "edited":
            files = listed([str(name) for name in entry.get("files") or ()]) or "the code"
            after = "" if (looks := whole(entry.get("after_looks"))) is None else f" after {count(looks, 'look')}"
            return f"{files} changed{after}: what follows may be based on scores that were seen.", "doubt"
        case "sealed":
            return f"Sealed before the test: {say(entry.get('headline') or 'the expected score', sentence=True)}", ""
        case "opened":
            why = f" Reason: {entry['reason']}" if entry.get("reason") else ""
            if entry.get("reused"):
                return f"The test rows were opened again: reused test.{why}", "bad"
            return f"The test rows were opened.{why}", ""
        case "decision" if entry.get("protocol"):
            scheme = f"{entry.get('repeats', '?')} × {entry.get('folds', '?')}-fold"
            return f"{stage}: repeated K-fold validates from now on, {scheme}.", "doubt"
        case "decision" if entry.get("written"):
            return f"{stage}: written into {listed([str(name) for name in entry.get('files') or ()])}.", ""
        case "decision" if entry.get("action"):
            what = listed([str(name) for name in entry.get("names") or ()])
            done = {"add": "with", "remove": "without"}.get(str(entry["action"]), "all together, with a new seed,")
            return f"{stage}: {done} {what}: {'kept' if entry.get('accepted') else 'not kept'}.", ""
        case "decision":
            return (f"{stage}: model written, {entry['model']}.", "") if entry.get("model") else None
        case "look":
            purpose = PURPOSES.get(str(entry.get("purpose")), str(entry.get("purpose") or "a look"))
            looks = _looks(entry)
            return (f"{stage}: {purpose}, {count(looks, 'look')}.", "") if looks else None
        case _:
            return None
