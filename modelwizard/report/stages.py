"""What the sections of all stages share: the verdict with its reasons and advice, learning curves; and the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.contract.entries import Verdict
from modelwizard.evidence.scores import SCORES
from modelwizard.project import next_stage
from modelwizard.report import charts
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Child, Markup, code, element, items, table
from modelwizard.report.words import metric, moment
from modelwizard.words import capital, say, title
from modelwizard.words.numbers import alike, count, figure, finite, number, whole
from modelwizard.words.verdicts import SIGNS, TONES, shown

FINDINGS = {
    "overfit": "overfits",
    "confidence overfit": "overconfident: the loss got worse, the score did not",
    "metric overfit": "the score got worse, the loss did not",
}


def section(facts: Facts, stage: str, *content: Child) -> Markup:
    """Return the section of a stage around its own content."""
    return element(
        "section",
        element("h2", title("stages", stage), " ", element("small", title("questions", stage))),
        _listing("Found in the code", [f"{e['code']} {e['text']}" for e in facts.findings if e["stage"] == stage]),
        verdict(facts, stage),
        *content,
        id=stage,
    )


def verdict(facts: Facts, stage: str) -> Markup:
    """Return the verdict of a stage: the word, the sentence, reasons, advice, every number."""
    found = facts.verdicts[stage]
    if found is None:
        return element("p", code(_absent(facts, stage)), class_="absent")
    word = shown(found.verdict, found.reason)
    sign = element("b", SIGNS.get(word, "·"), f" {word}", class_=f"word {TONES.get(word, '')}")
    reason = say(found.reason, sentence=True) if found.verdict == "forced" and found.reason else ""
    reasons, advice = ([say(s, sentence=True) for s in said] for said in (found.reasons, found.advice))
    return element(
        "div",
        element("p", sign, " ", code(say(found.headline, sentence=True)), class_="headline"),
        element("p", f"{capital(word)}: {reason}", class_="forced") if reason else None,
        element("div", _listing("Why", reasons), _listing("Advice", advice), class_="pair"),
        _earlier(facts, stage),
        _numbers(facts.numbers(stage)),
        class_=f"verdict {TONES.get(word, '')}",
    )


def _listing(title: str, sentences: list[str]) -> Markup | None:
    shown = items(code(text) for text in sentences)
    return element("div", element("h3", title), shown) if sentences else None


def _absent(facts: Facts, stage: str) -> str:
    recorded = len(facts.trials(stage))
    if recorded:
        return f"{count(recorded, 'trial')} recorded, no verdict yet: the stage is running, or was interrupted."
    following = next_stage(facts.entries)
    return f"Not run yet. Next: `modelwizard {stage}`." if stage == following else "Not run yet."


def _earlier(facts: Facts, stage: str) -> Markup | None:
    """Return verdicts of the same stage that were given before the last one."""
    before = [entry for entry in facts.lines(Verdict) if entry.stage == stage][:-1]
    if not before:
        return None
    told = items(f"{moment(e)}: {shown(e.verdict)}. {say(e.headline, sentence=True)}" for e in before)
    return element("details", element("summary", count(len(before), "earlier verdict")), told)


def _numbers(numbers: Mapping[str, Any]) -> Markup | None:
    """Return every single number of a verdict, folded away."""
    rows = [(name.replace("_", " "), plain(value)) for name, value in numbers.items() if _simple(value)]
    if not rows:
        return None
    shown = table(("Name", "Value"), rows, caption="As recorded in journal.jsonl")
    return element("details", element("summary", "All numbers"), shown)


def _simple(value: object) -> bool:
    if isinstance(value, Mapping):
        return 0 < len(value) <= 12 and all(isinstance(v, str | int | float) or v is None for v in value.values())
    if isinstance(value, list):
        return 0 < len(value) <= 12 and all(isinstance(v, str | int | float) for v in value)
    return value is not None


def plain(value: object) -> str:
    """Return a recorded value as text, in full."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {plain(v)}" for name, v in value.items())
    if isinstance(value, list):
        return ", ".join(plain(v) for v in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def short(value: object) -> str:
    """Return a recorded value as text, numbers with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else plain(value)


def curves(facts: Facts, run: object, *, border: int | None = None, kind: str = "", name: str) -> Markup:
    """Return the learning curves of a run: loss, and the score where it tells something else.

    Args:
        facts: The project.
        run: Name of the run.
        border: Epoch, from 1, to mark. Defaults to none.
        kind: What the overfit stage proved of it: the curve that turned is shaded. Defaults to nothing.
        name: Name of the drawings.
    """
    history = facts.history(run)
    if not history:
        return element("p", f"The curves of {run} are not shown: its folder in runs/ is gone.", class_="absent")
    proven = kind in FINDINGS
    loss_turned, score_turned = kind in ("overfit", "confidence overfit"), kind in ("overfit", "metric overfit")
    reference = number(facts.references.get("dumb"))
    drawn = {
        "loss": charts.curves(
            f"{name}-loss",
            f"{run}: loss",
            history,
            border=border if loss_turned or not proven else None,
            crossed=loss_turned,
            level=facts.common_loss if finite(facts.common_loss) else None,
        ),
        facts.metric: charts.curves(
            f"{name}-score",
            f"{run}: {metric(facts.metric)}",
            history,
            what=facts.metric,
            border=border if score_turned or not proven else None,
            crossed=score_turned,
            level=reference if finite(reference) else None,
        ),
    }
    alike = facts.project.settings.problem.loss in SCORES[facts.metric].like
    shown = [drawn[facts.yardstick]] if alike else list(drawn.values())
    return element("div", shown, class_="figures curves")


def baseline(facts: Facts) -> Markup:
    """Return the baseline stage: models of other kinds beside the network, and its curves."""
    numbers = facts.numbers("baseline")
    run = numbers.get("run") or getattr(facts.best("baseline"), "run", None)
    shown = curves(facts, run, border=whole(numbers.get("best_epoch")), name="baseline") if run else None
    return section(facts, "baseline", _references(facts), shown)


def _references(facts: Facts) -> Markup | None:
    """Return the scores of models of other kinds; those that beat the small network are marked."""
    numbers = facts.numbers("baseline")
    if not facts.references:
        return None
    beaten = [str(name) for name in numbers.get("beaten_by") or ()]
    rows: list[tuple[str, object, str]] = [
        (title("references", name), score, "better than the small network by more than noise" if name in beaten else "")
        for name, score in facts.references.items()
    ]
    if finite(numbers.get("score")):
        rows.append(("small network, best raw", numbers["score"], "its epoch was chosen on these rows"))
    if finite(numbers.get("corrected")):
        error = f"± {figure(1.96 * number(numbers.get('se')))}"
        rows.append(("small network, corrected", numbers["corrected"], error))
    values = alike([score for _, score, _ in rows])
    caption = f"Scores on the {facts.judges}; {'higher' if facts.higher else 'lower'} is better"
    body = [(name, value, note) for (name, _, note), value in zip(rows, values, strict=True)]
    return table(("Model", metric(facts.metric), "Note"), body, caption=caption, numbers=(1,))
