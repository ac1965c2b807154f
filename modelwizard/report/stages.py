"""One section for each stage: the verdict with its reasons and advice, then what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.project import next_stage
from modelwizard.report import charts
from modelwizard.report.charts import Rung
from modelwizard.report.facts import Entry, Facts
from modelwizard.report.markup import Child, Markup, code, element, items, table
from modelwizard.report.words import (
    NAMES,
    QUESTIONS,
    SIGNS,
    TITLES,
    TONES,
    alike,
    chance,
    count,
    duration,
    figure,
    finite,
    metric,
    moment,
    number,
    whole,
)

SAME_AS_LOSS = ("log_loss", "rmse", "mae", "rmsle", "poisson_deviance")
"""Metrics that follow the loss so closely that a second curve would say the same."""
FINDINGS = {
    "overfit": "overfits",
    "confidence overfit": "overconfident: the loss turned, the score did not",
    "metric overfit": "the score turned, the loss did not",
}


def section(facts: Facts, stage: str, *content: Child) -> Markup:
    """Return the section of a stage around its own content."""
    return element(
        "section",
        element("h2", TITLES[stage], " ", element("small", QUESTIONS[stage])),
        verdict(facts, stage),
        *content,
        id=stage,
    )


def verdict(facts: Facts, stage: str) -> Markup:
    """Return the verdict of a stage: the word, the sentence, reasons, advice, every number."""
    found = facts.verdicts[stage]
    if found is None:
        return element("p", code(_absent(facts, stage)), class_="absent")
    word = str(found.get("verdict"))
    sign = element("b", SIGNS.get(word, "·"), f" {word}", class_=f"word {TONES.get(word, '')}")
    forced = f"Passed by force: {_reason(found)}" if word == "forced" else None
    reasons, advice = ([str(s) for s in found.get(name) or ()] for name in ("reasons", "advice"))
    return element(
        "div",
        element("p", sign, " ", code(str(found.get("headline") or "")), class_="headline"),
        element("p", forced, class_="forced") if forced else None,
        element("div", _listing("Why", reasons), _listing("Advice", advice), class_="pair"),
        _earlier(facts, stage),
        _numbers(facts.numbers(stage)),
        class_=f"verdict {TONES.get(word, '')}",
    )


def _reason(found: Entry) -> str:
    """Return why a gate was passed by force, without the headline that stands above it already."""
    given = str(found.get("reason") or "")
    return given.removesuffix(str(found.get("headline") or "")).rstrip(": ") or "no reason given"


def _listing(title: str, sentences: list[str]) -> Markup | None:
    shown = items(code(_sentence(text)) for text in sentences)
    return element("div", element("h3", title), shown) if sentences else None


def _sentence(text: str) -> str:
    """Return a reason as a sentence: a capital first unless it begins with code or a run's name, a stop at its end."""
    plain = text.split(" ")[0].rstrip(":,;").isalpha()
    start = text[:1].upper() + text[1:] if plain else text
    return start if start.endswith((".", "!", "?", "`")) else start + "."


def _absent(facts: Facts, stage: str) -> str:
    recorded = len(facts.trials(stage))
    if recorded:
        return f"{count(recorded, 'trial')} recorded, no verdict yet: the stage is running, or was interrupted."
    following = next_stage([entry for entry in facts.entries if "kind" in entry])
    return f"Not run yet. Next: `modelwizard {stage}`." if stage == following else "Not run yet."


def _earlier(facts: Facts, stage: str) -> Markup | None:
    """Return verdicts of the same stage that were given before the last one."""
    before = [entry for entry in facts.kind("verdict") if entry.get("stage") == stage][:-1]
    if not before:
        return None
    shown = items(f"{moment(e)}: {e.get('verdict')}. {e.get('headline') or ''}" for e in before)
    return element("details", element("summary", count(len(before), "earlier verdict")), shown)


def _numbers(numbers: Mapping[str, Any]) -> Markup | None:
    """Return every single number of a verdict, folded away."""
    rows = [(name.replace("_", " "), _plain(value)) for name, value in numbers.items() if _simple(value)]
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


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(v)}" for name, v in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(v) for v in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else _plain(value)


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
    first = charts.curves(
        f"{name}-loss",
        f"{run}: loss",
        history,
        border=border if loss_turned or not proven else None,
        crossed=loss_turned,
        level=facts.common_loss if finite(facts.common_loss) else None,
    )
    if facts.metric in SAME_AS_LOSS:
        return element("div", first, class_="figures curves")
    reference = number(facts.references.get(NAMES["dumb"]))
    second = charts.curves(
        f"{name}-score",
        f"{run}: {metric(facts.metric)}",
        history,
        what=facts.metric,
        border=border if score_turned or not proven else None,
        crossed=score_turned,
        level=reference if finite(reference) else None,
    )
    return element("div", first, second, class_="figures curves")


def baseline(facts: Facts) -> Markup:
    """Return the baseline stage: models of other kinds beside the net, and its curves."""
    numbers = facts.numbers("baseline")
    run = numbers.get("run") or (facts.best("baseline") or {}).get("run")
    shown = curves(facts, run, border=whole(numbers.get("best_epoch")), name="baseline") if run else None
    return section(facts, "baseline", _references(facts), shown)


def _references(facts: Facts) -> Markup | None:
    """Return the scores of models of other kinds; the ones that beat the small net are said to."""
    numbers = facts.numbers("baseline")
    if not facts.references:
        return None
    beaten = [str(name) for name in numbers.get("beaten_by") or ()]
    rows: list[tuple[str, object, str]] = [
        (name, score, "wins against the small net, by more than noise" if name in beaten else "")
        for name, score in facts.references.items()
    ]
    if finite(numbers.get("score")):
        rows.append(("small net, best raw", numbers["score"], "chose its epoch on these rows"))
    if finite(numbers.get("corrected")):
        error = f"± {figure(1.96 * number(numbers.get('se')))}"
        rows.append(("small net, corrected", numbers["corrected"], error))
    values = alike([score for _, score, _ in rows])
    title = f"Scores on the {facts.judges}; {'higher' if facts.higher else 'lower'} is better"
    body = [(name, value, note) for (name, _, note), value in zip(rows, values, strict=True)]
    return table(("Model", metric(facts.metric), "Note"), body, caption=title, numbers=(1,))


def overfit(facts: Facts) -> Markup:
    """Return the overfit stage: the ladder, its rungs, and the curves of the model that was kept."""
    numbers = facts.numbers("overfit")
    entries = [entry for entry in facts.trials("overfit") if not entry.get("fraction")]
    if not entries:
        return section(facts, "overfit")
    kept = numbers.get("run")
    rungs = [_rung(facts, i, entry) for i, entry in enumerate(entries, start=1)]
    position = next((i for i, entry in enumerate(entries, start=1) if entry.get("run") == kept), None)
    steps: dict[object, Entry] = {
        step.get("run"): step for step in numbers.get("steps") or () if isinstance(step, Mapping)
    }
    shown_run = kept or entries[-1].get("run")
    kind = str(numbers.get("kind"))
    # A border was found on smoothed curves; without one, the epoch that the trial itself kept is marked.
    border = whole(numbers.get("best_epoch")) if kind in FINDINGS else _epoch(facts.trial(shown_run) or {})
    shown = curves(facts, shown_run, border=border, kind=kind, name="overfit")
    return section(
        facts,
        "overfit",
        element("div", charts.ladder(rungs, position), class_="figures"),
        _rungs(entries, steps, kept),
        shown,
    )


def _rung(facts: Facts, position: int, entry: Entry) -> Rung:
    history = facts.history(entry.get("run"))
    held = [row.get("val_loss") for row in history if finite(row.get("val_loss"))]
    train = [row.get("train_loss") for row in history if finite(row.get("train_loss"))]
    if not held or not train:
        return Rung(position, float("nan"), number(entry.get("val_loss")), float("nan"))
    return Rung(position, number(train[-1]), number(min(held, key=number)), number(held[-1]))


def _rungs(entries: list[Entry], steps: Mapping[object, Mapping[str, Any]], kept: object) -> Markup:
    """Return the rungs as a table."""
    rows: list[list[Child]] = []
    for position, entry in enumerate(entries, start=1):
        step, values = steps.get(entry.get("run")) or {}, entry.get("hyperparameters") or {}
        training = entry.get("training") or {}
        finding = FINDINGS.get(str(step.get("kind")), str(step.get("reason") or entry.get("status") or ""))
        rise = f"{number(step.get('rise')):.1%}" if finite(step.get("rise")) else "–"
        share = f"{number(step.get('train_share')):.1%}" if finite(step.get("train_share")) else "–"
        size = [
            values.get("layers", "–"),
            values.get("units", "–"),
            entry.get("epochs_run") or training.get("epochs") or "–",
        ]
        weights = f"{int(number(entry['parameters'])):,}" if finite(entry.get("parameters")) else "–"
        mark = element("strong", f"{finding}; kept") if entry.get("run") == kept else finding
        rows.append([str(position), *(str(v) for v in size), weights, share, rise, mark])
    head = ("Rung", "Layers", "Units", "Epochs", "Weights", "Training loss left", "Validation rise", "Finding")
    caption = "The capacity ladder; training loss as a share of common sense's, rise from the lowest to the last epochs"
    return table(head, rows, caption=caption, numbers=range(1, 7))


def regularize(facts: Facts) -> Markup:
    """Return the regularize stage: its trials, what moved the score, the best one, its curves."""
    entries, numbers = facts.trials("regularize"), facts.numbers("regularize")
    if not entries:
        return section(facts, "regularize")
    before = facts.trial(facts.numbers("overfit").get("run")) or {}
    found = [item for item in numbers.get("effects") or () if isinstance(item, Mapping) and item.get("name")]
    names = [str(item["name"]) for item in found][:4] or _varied(entries)[:4]
    best = facts.trial(numbers.get("run")) or facts.best("regularize") or {}
    plots = element(
        "div",
        charts.trials(entries, facts.metric, facts.higher, numbers, number(before.get("score"))),
        charts.effects(entries, names, facts.metric),
        class_="figures",
    )
    tables = element("div", _effects(found), _settings(best, before), class_="pair")
    shown = curves(facts, best.get("run"), border=_epoch(best), name="regularize") if best else None
    return section(facts, "regularize", plots, tables, shown, _trials(entries, facts))


def _varied(entries: list[Entry]) -> list[str]:
    """Return the hyperparameters of which more than one value was tried."""
    seen: dict[str, set[str]] = {}
    for entry in entries:
        for name, value in (entry.get("hyperparameters") or {}).items():
            seen.setdefault(str(name), set()).add(str(value))
    return [name for name, values in seen.items() if len(values) > 1]


def _effects(found: list[Mapping[str, Any]]) -> Markup | None:
    """Return which hyperparameters moved the score, and which way."""
    rows = [
        (
            str(item["name"]),
            f"{number(item.get('share')):.0%}" if finite(item.get("share")) else "–",
            _trend(item),
        )
        for item in found
    ]
    if not rows:
        return None
    caption = "What moved the score: share of the differences between trials that a setting explains"
    return table(("Setting", "Explains", "Larger values are"), rows, caption=caption, numbers=(1,))


def _trend(item: Mapping[str, Any]) -> str:
    trend, p_value = number(item.get("trend")), number(item.get("p_value"))
    if not finite(trend):
        return "–"
    if not p_value <= 0.05:
        return f"no clear trend ({chance(p_value)})"
    return f"{'better' if trend > 0 else 'worse'} ({chance(p_value)})"


def _settings(best: Entry, before: Entry) -> Markup | None:
    """Return the settings of the best trial beside those of the overfitting model."""
    values, old = best.get("hyperparameters") or {}, before.get("hyperparameters") or {}
    if not values:
        return None
    rows = [(str(name), _short(value), _short(old[name]) if name in old else "–") for name, value in values.items()]
    rows.append(("epochs", str(_epoch(best) or "–"), str(before.get("epochs_run") or "–")))
    caption = f"Settings of the best trial, {best.get('run')}, and of the overfitting model"
    return table(("Setting", "best trial", "overfitting model"), rows, caption=caption, numbers=(1, 2))


def _epoch(entry: Entry) -> int | None:
    """Return the best epoch of a trial, counted from 1."""
    best = whole(entry.get("best_epoch"))
    return None if best is None else best + 1


def _trials(entries: list[Entry], facts: Facts) -> Markup:
    """Return every trial as a table, the best first, folded away."""
    sign = -1 if facts.higher else 1
    order = sorted(entries, key=lambda e: sign * number(e.get("score")) if finite(e.get("score")) else float("inf"))
    names = list(dict.fromkeys(str(name) for entry in entries for name in entry.get("hyperparameters") or {}))
    rows: list[list[Child]] = []
    for entry in order:
        values = entry.get("hyperparameters") or {}
        score = (
            figure(entry.get("score"), 4)
            if finite(entry.get("score"))
            else str(entry.get("message") or entry.get("status"))
        )
        rows.append([
            str(entry.get("run")), score, figure(entry.get("val_loss")), figure(entry.get("train_loss")),
            *(_short(values[name]) if name in values else "–" for name in names),
            str(entry.get("epochs_run") or "–"), duration(entry.get("seconds")),
        ])  # fmt: skip
    head = ("Trial", metric(facts.metric), "validation loss", "training loss", *names, "epochs", "time")
    shown = table(head, rows, caption="All trials, best first", numbers=range(1, len(head)))
    return element("details", element("summary", f"All trials ({len(entries)})"), shown)


__all__ = ["baseline", "curves", "overfit", "regularize", "section", "verdict"]
