"""What the page cannot say, and where every number comes from."""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.contract.entries import Edited, Sealed
from modelwizard.project import STAGES
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Markup, code, element, items, table
from modelwizard.report.words import metric
from modelwizard.words import title
from modelwizard.words.numbers import count, figure, finite, listed, whole


def unsaid(facts: Facts) -> Markup:
    """Return what remains open, so that silence is not taken for proof."""
    return element(
        "section", element("h2", "What this page does not say"), items(code(s) for s in _open(facts)), id="unsaid"
    )


def _open(facts: Facts) -> Iterator[str]:
    """Yield the gaps: first those of this project, then those of every one of its kind."""
    missing = [title("stages", stage) for stage in STAGES if facts.verdicts[stage] is None]
    if missing:
        yield f"{listed(missing)}: no verdict yet, so nothing is claimed about {'it' if len(missing) == 1 else 'them'}."
    forced = [title("stages", s) for s, v in facts.verdicts.items() if v and v.verdict == "forced"]
    if forced:
        yield f"{listed(forced)}: accepted or forced; what the gate requires was not shown."
    yield from _about_looking(facts)
    yield from _about_test(facts)
    yield from _about_files(facts)
    yield from _about_rows(facts)
    yield "Causality: a feature that predicts the outcome need not cause it."
    yield "Groups: errors may be larger for some groups of rows than for others; no groups were compared."


def _about_looking(facts: Facts) -> Iterator[str]:
    edits = len(facts.lines(Edited))
    if edits:
        yield (
            f"The code was edited {count(edits, 'time')} after looks at validation rows, and scores were read "
            f"{count(facts.looks.read, 'time')}. No correction can see what a person learned by looking: the true "
            "optimism is at least the one reported."
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
        yield "Trials based on earlier scores add some optimism that resampling cannot see."


def _about_test(facts: Facts) -> Iterator[str]:
    numbers = facts.numbers("finalize")
    if not facts.openings:
        yield "New rows: every score here is of rows that were used for choosing; an unbiased one needs the test rows."
        return
    if facts.openings > 1:
        yield "A reused test is no test: only new rows can say what the model is worth."
    if facts.protocol:
        yield (
            "The trials compared by repeated K-fold had been chosen on some of the same rows: a part of that optimism "
            "stays in its score."
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
        yield "runs/targets.npz is gone: the target's values and the baseline's loss are not drawn."


def _about_rows(facts: Facts) -> Iterator[str]:
    split = facts.project.settings.split
    if not split.time:
        yield "Other times: the rows were not split by time, so nothing is known about how fast the model ages."
    if not split.group:
        yield "Other sources: the rows were not split by group, so a new customer, patient or device may be harder."
    yield "All intervals are 95% intervals and hold for rows drawn like these."


def provenance(facts: Facts) -> Markup:
    """Return the hashes and the state of the journal."""
    settings = facts.project.settings
    chain = "intact: no line was changed, removed or moved" if facts.audit.ok else "NOT intact, see above"
    last = facts.entries[-1].utc or "–" if facts.entries else "–"
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
