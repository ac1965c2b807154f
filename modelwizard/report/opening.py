"""The top of the page: what is predicted, where the walk stands, what one must know, all scores on one axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard.contract.entries import Forced
from modelwizard.evidence import scores
from modelwizard.project import STAGES, next_stage
from modelwizard.report.charts import Standing, standings
from modelwizard.report.drawing import key
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Markup, code, element, items, join
from modelwizard.report.words import clause, metric
from modelwizard.words import capital, say, title
from modelwizard.words.numbers import count, ends, figure, finite, listed, number, span
from modelwizard.words.verdicts import SIGNS, TONES, shown

OUTCOMES = {
    "consistent": "The two agree, so the validation scores can be trusted.",
    "suspect": "The test score is worse than that by more than noise: use the test score, and look for the cause.",
    "unreliable": "The test score is far worse than that: the validation scores of this project cannot be trusted.",
    "better": "The test score is better than that by more than noise, which needs a cause too: a leak, or easier rows.",
}


def header(facts: Facts) -> Markup:
    """Return the title and the sentence that says what the project is."""
    settings = facts.project.settings
    task = settings.problem
    features = sum(kind not in ("identifier", "constant", "ignore") for kind in settings.columns.values())
    file = settings.data.path.replace("\\", "/").rpartition("/")[2]
    labels = f" ({listed(task.classes)})" if 0 < len(task.classes) <= 5 else ""
    targets = list(task.target) if len(task.target) <= 6 else [*task.target[:5], f"{len(task.target) - 5} more"]
    return element(
        "header",
        element("p", "modelwizard report", class_="kicker"),
        element("h1", settings.name),
        element(
            "p",
            "Predicts ",
            element("strong", listed(targets)),
            f", {facts.problem.title}{labels}, from {count(features, 'column')} of ",
            element("code", file),
            f" with {count(settings.data.rows, 'row')}.",
            class_="lead",
        ),
    )


def path(facts: Facts) -> Markup:
    """Return the four stages with their verdicts, as the page's navigation."""
    following = next_stage(facts.entries)
    steps = [element("li", _step(facts, stage, stage == following)) for stage in STAGES]
    return element("nav", element("ol", steps, class_="path"), aria_label="Stages")


def _step(facts: Facts, stage: str, following: bool) -> Markup:
    found = facts.verdicts[stage]
    word = shown(found.verdict, found.reason) if found else "next" if following else "to come"
    tone = TONES.get(word, "")
    return element(
        "a",
        element("b", title("stages", stage)),
        element("span", element("i", SIGNS.get(word, "·"), aria_hidden="true"), f" {word}", class_=f"word {tone}"),
        element("small", _gist(facts, stage)),
        href=f"#{stage}",
    )


def _gist(facts: Facts, stage: str) -> str:
    """Return the one number of a stage."""
    numbers, title = facts.numbers(stage), metric(facts.metric)
    if stage == "baseline" and finite(numbers.get("corrected")):
        return f"{title} {figure(numbers['corrected'])} against {figure(numbers.get('reference'))}"
    if stage == "overfit" and numbers.get("kind") == "none":
        return "validation did not turn upward"
    if stage == "overfit" and finite(numbers.get("rise")):
        return f"validation {_rise(numbers)} worse at the end"
    if stage == "regularize" and finite(numbers.get("corrected")):
        return f"{title} {figure(numbers['corrected'])} ± {figure(1.96 * number(numbers.get('se')))}"
    if stage == "finalize" and finite(numbers.get("test")):
        return f"test {title} {figure(numbers['test'])}"
    recorded = len(facts.trials(stage))
    return f"{count(recorded, 'trial')} so far" if recorded and not facts.verdicts[stage] else ""


def _rise(numbers: Mapping[str, Any]) -> str:
    return figure(numbers["rise"]) if numbers.get("kind") == "metric overfit" else f"{number(numbers['rise']):.0%}"


def alerts(facts: Facts) -> Markup:
    """Return what must be known before any number is believed; nothing in the normal case."""
    found: list[Markup] = []
    if not facts.audit.ok:
        found.append(_alert("bad", "The journal is not intact.", [*facts.audit.problems[:5]]))
    if changed := facts.project.changed():
        found.append(
            _alert("bad", "The data or the split has changed: the scores below belong to the earlier files.", changed)
        )
    if facts.findings:
        told = [f"{one['code']} {one['text']}" for one in facts.findings]
        found.append(_alert("bad", "Fix this first: the scores below may be too good.", told))
    if facts.openings > 1:
        text = f"The test rows were opened {facts.openings} times; the test score is no longer unbiased."
        found.append(_alert("bad", "Reused test.", [text]))
    for word in ("accepted", "forced"):
        entries = [e for e in facts.lines(Forced) if shown("forced", e.reason) == word]
        told = [f"{title('stages', e.stage)}: {say(e.reason or 'no reason given')}" for e in entries]
        if told:
            found.append(_alert("doubt", f"{capital(word)}, although the gate was not passed.", told))
    return join(found)


def _alert(tone: str, title: str, sentences: Sequence[str]) -> Markup:
    return element("div", element("b", title), items(sentences), class_=f"alert {tone}", role="note")


def glance(facts: Facts) -> Markup:
    """Return the result in sentences and all scores on one axis."""
    sentences = [*_result(facts), *against_references(facts), *_cost(facts), *_next(facts)]
    way = "higher" if facts.higher else "lower"
    rows = _standings(facts)
    plot = None
    if len(rows) > 1:
        legend = join(
            key("reference", "other models", "mark square"),
            key("validation", "raw: chosen as the best, so too optimistic", "mark hollow")
            if any(r.raw for r in rows)
            else None,
            key("validation", f"{facts.judges}, corrected", "mark"),
            key("test", "test rows", "mark diamond") if any(r.role == "test" for r in rows) else None,
            "Bars are 95% intervals.",
        )
        plot = standings(
            "standings", "All scores on one axis", rows, f"{metric(facts.metric)}, {way} is better", legend
        )
    return element(
        "section",
        element("h2", "At a glance"),
        element(
            "div", element("div", [element("p", code(s)) for s in sentences if s], class_="text"), plot, class_="pair"
        ),
        id="glance",
    )


def _standings(facts: Facts) -> list[Standing]:
    rows = [
        Standing("baseline" if name == "dumb" else title("references", name), score, role="reference")
        for name, score in facts.references.items()
        if finite(score)
    ]
    baseline, search, test = (facts.numbers(stage) for stage in ("baseline", "regularize", "finalize"))
    if finite(baseline.get("corrected")):
        rows.append(Standing("small network", number(baseline["corrected"]), _interval(baseline)))
    overfit = facts.trial(facts.numbers("overfit").get("run"))
    if overfit and overfit.score is not None:
        rows.append(Standing("overfitting network at its best epoch", overfit.score, raw=True))
    if finite(search.get("score")):
        rows.append(Standing("best trial, raw", number(search["score"]), raw=True))
    elif best := facts.best("regularize"):
        rows.append(Standing("best trial so far, raw", number(best.score), raw=True))
    if finite(search.get("corrected")):
        rows.append(Standing("best trial, corrected", number(search["corrected"]), _interval(search)))
    if finite(test.get("test")):
        reused = "reused test" if facts.openings > 1 else "test"
        rows.append(Standing(reused, number(test["test"]), ends(test.get("interval")), "test"))
    if finite(facts.protocol.get("corrected")):
        rows.append(
            Standing("repeated K-fold, corrected", number(facts.protocol["corrected"]), _interval(facts.protocol))
        )
    return rows


def _interval(numbers: Mapping[str, Any]) -> tuple[float, float] | None:
    middle, half = number(numbers.get("corrected")), 1.96 * number(numbers.get("se"))
    return (middle - half, middle + half) if math.isfinite(half) else None


def _result(facts: Facts) -> list[str]:
    """Say how far the walk has come and what the best number is."""
    title = metric(facts.metric)
    test, search, baseline = (facts.numbers(stage) for stage in ("finalize", "regularize", "baseline"))
    if finite(test.get("test")):
        opened = "opened once" if facts.openings < 2 else f"opened {facts.openings} times (reused test)"
        return [
            f"On {count(int(number(test.get('rows')) or 0), 'test row')}, {opened}, the final model reaches {title} "
            f"{figure(test['test'])} (95% interval {span(test.get('interval'))}). "
            f"Expected beforehand, from validation corrected for every look: {figure(test.get('expected'))} "
            f"({span(test.get('expected_interval'))}).",
            OUTCOMES.get(ended.verdict if (ended := facts.verdicts["finalize"]) else "", ""),
            say(headline, sentence=True) if (headline := facts.protocol.get("headline")) else "",
        ]
    sealed = "The test rows are still sealed." if not facts.openings else "The test rows were opened without a verdict."
    for numbers, what in ((search, "best trial"), (baseline, "small network")):
        if finite(numbers.get("corrected")):
            half = figure(1.96 * number(numbers.get("se")))
            return [
                f"So far the {what} reaches {title} {figure(numbers['corrected'])} ± {half} on the {facts.judges}, "
                f"corrected for {count(facts.looks.validation, 'look')}. {sealed}"
            ]
    begun = (
        f"{count(len(facts.trials()), 'trial')} recorded, no verdict yet."
        if facts.trials()
        else "Nothing has been trained yet."
    )
    return [f"{begun} {sealed}"]


def _cost(facts: Facts) -> list[str]:
    """Say what the looking cost."""
    numbers, looks = facts.numbers("regularize"), facts.looks.validation
    if not finite(numbers.get("optimism")):
        return []
    return [
        f"The validation rows were used {looks:,} times; the best raw score is too optimistic by about "
        f"{figure(max(number(numbers['optimism']), 0.0))}, which the corrected score subtracts."
    ]


def _next(facts: Facts) -> list[str]:
    """Say what comes next."""
    following = next_stage(facts.entries)
    if following is None:
        return []
    found = facts.verdicts[following]
    state = (
        f"{title('stages', following)} ended with “{shown(found.verdict, found.reason)}”; see its advice below."
        if found
        else ""
    )
    return [f"{state} Next: `modelwizard {following}`.".strip()]


def against_references(facts: Facts) -> list[str]:
    """Compare the best network with the other models in plain words, above all when they win."""
    numbers = facts.numbers("regularize") or facts.numbers("baseline")
    net, error = number(numbers.get("corrected")), 1.96 * number(numbers.get("se"))
    others = {
        title("references", name): score for name, score in facts.references.items() if name != "dumb" and finite(score)
    }
    if not math.isfinite(net) or not others:
        return []
    ahead = {name: scores.gain(facts.metric, score, net) for name, score in others.items()}
    best = max(ahead, key=lambda name: ahead[name])
    shown = f"{figure(others[best])} against {figure(net)}"
    if ahead[best] > error:
        verb = clause(best, "wins", "win")
        return [f"{verb} on the same rows, {shown}: the network is not the best model for these data."]
    if ahead[best] > 0:
        verb = clause(best, "is", "are")
        return [f"{verb} ahead on the same rows, {shown}, by less than the network's error of ± {figure(error)}."]
    behind = listed([name if name.endswith("s") else f"the {name}" for name in others])
    said = f"The network is ahead of {behind} on the same rows: {figure(net)} against {figure(others[best])} at best"
    return [f"{said}, by less than its own error of ± {figure(error)}." if -ahead[best] <= error else f"{said}."]
