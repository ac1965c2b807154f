"""What the page cannot say, and where every number comes from."""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.contract.entries import Edited, Sealed
from modelwizard.project import STAGES
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Markup, code, element, items, table
from modelwizard.report.words import TITLES, count, figure, finite, listed, metric, whole


def unsaid(facts: Facts) -> Markup:
    """Return what remains open, so that silence is not taken for proof."""
    return element(
        "section", element("h2", "What this page does not say"), items(code(s) for s in _open(facts)), id="unsaid"
    )


def _open(facts: Facts) -> Iterator[str]:
    """Yield the gaps: first those of this project, then those of every one of its kind."""
    missing = [TITLES[stage] for stage in STAGES if facts.verdicts[stage] is None]
    if missing:
        yield f"{listed(missing)}: no verdict yet, so nothing is claimed about {'it' if len(missing) == 1 else 'them'}."
    forced = [TITLES[s] for s, v in facts.verdicts.items() if v and v.verdict == "forced"]
    if forced:
        yield f"{listed(forced)}: passed by force; what the gate asks was not shown."
    yield from _about_looking(facts)
    yield from _about_test(facts)
    yield from _about_files(facts)
    yield from _about_rows(facts)
    yield "Cause: columns that help to predict need not bring the outcome about."
    yield "Groups: errors may be larger for some kinds of rows than for others; no such group was looked at."


def _about_looking(facts: Facts) -> Iterator[str]:
    edits = len(facts.lines(Edited))
    if edits:
        yield (
            f"The code was edited {count(edits, 'time')} after looks at validation rows, and scores were read "
            f"{count(facts.looks.read, 'time')}. No correction can see what a person learned by looking: the optimism "
            "is at least what is stated."
        )
    numbers = facts.numbers("regularize")
    resampled = whole(numbers.get("looks"))
    if resampled is not None and facts.looks.validation > resampled:
        rest = facts.looks.validation - resampled
        yield (
            f"The correction resamples the {resampled:,} looks of the search. The other {rest:,}, of earlier stages "
            "and of the final probes, chose ranges and epochs; they are counted, not corrected for."
        )
    if facts.trials("regularize"):
        yield "Trials bred from earlier scores leave a part of the optimism that resampling cannot see."


def _about_test(facts: Facts) -> Iterator[str]:
    numbers = facts.numbers("finalize")
    if not facts.openings:
        yield "New rows: no score here is of rows that played no part in choosing; that is what the test rows are for."
        return
    if facts.openings > 1:
        yield "A reused test is no test: only new rows can say what the model is worth."
    if facts.protocol:
        yield (
            "The trials that repeated K-fold judged had been chosen on rows that are among its own: a part of that "
            "luck stays in its score."
        )
    if finite(numbers.get("detectable")):
        yield (
            f"Drops of {metric(facts.metric)} smaller than {figure(numbers['detectable'])} would probably have gone "
            "unnoticed by a test of this size."
        )
    yield "The production model learned from validation rows too, so it has no validation score of its own."


def _about_files(facts: Facts) -> Iterator[str]:
    gone = facts.gone
    if gone:
        which = listed(gone[:3] if len(gone) <= 3 else [*gone[:3], f"{len(gone) - 3} more"])
        yield f"Curves of {which}: the folders in runs/ are gone; the numbers stand in the journal."
    if facts.targets is None and facts.trials():
        yield "runs/targets.npz is gone: the target's values and common sense's loss are not drawn."


def _about_rows(facts: Facts) -> Iterator[str]:
    split = facts.project.settings.split
    if not split.time:
        yield "Other times: rows were not divided by time, so nothing says how fast the model ages."
    if not split.group:
        yield "Other sources: rows were not divided by group, so a new customer, patient or device may be harder."
    yield "All intervals are 95 % and hold for rows drawn like these."


def provenance(facts: Facts) -> Markup:
    """Return the hashes and the state of the journal."""
    settings = facts.project.settings
    chain = "whole: no line was changed, removed or moved" if facts.audit.ok else "NOT whole, see above"
    last = facts.entries[-1].utc if facts.entries else "–"
    sealed = next((entry.model_sha256 for entry in reversed(facts.lines(Sealed))), None)
    rows = [
        ("Journal", f"{count(len(facts.entries), 'line')}, {chain}"),
        ("Last line", last),
        ("Data, SHA-256", element("code", settings.data.sha256 or "–")),
        ("Split, SHA-256", element("code", settings.split.sha256 or "–")),
        ("Model at the test, SHA-256", element("code", str(sealed))) if sealed else None,
        ("Seeds", f"split {settings.split.seed}, training {settings.training.seed}"),
        ("Made from", element("code", "journal.jsonl, modelwizard.toml, split.csv, runs/")),
        ("Made by", element("code", "modelwizard report")),
    ]
    body = table(
        ("What", "Value"),
        [row for row in rows if row],
        caption="State of the journal, hashes and seeds",
        class_="origin",
    )
    return element("section", element("h2", "Where this comes from"), body, id="origin")
