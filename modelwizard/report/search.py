"""The section of the regularize stage: its trials, what moved the score, the best one beside the overfitting model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.contract.entries import Trial
from modelwizard.report import trial_charts
from modelwizard.report.facts import Facts, best_epoch
from modelwizard.report.markup import Child, Markup, element, table
from modelwizard.report.stages import curves, section, short
from modelwizard.report.words import metric
from modelwizard.words import say
from modelwizard.words.numbers import chance, count, duration, figure, finite, number


def regularize(facts: Facts) -> Markup:
    """Return the regularize stage: its trials, what moved the score, the best one, its curves."""
    every, numbers = facts.trials("regularize"), facts.numbers("regularize")
    if not every:
        return section(facts, "regularize")
    entries = [entry for entry in every if entry.scheme == every[-1].scheme]
    others = len(every) - len(entries)
    apart = f"{count(others, 'earlier trial')} judged on other rows cannot be compared, and are not drawn."
    before = facts.trial(facts.numbers("overfit").get("run"))
    found = [item for item in numbers.get("effects") or () if isinstance(item, Mapping) and item.get("name")]
    names = [str(item["name"]) for item in found][:4] or _varied(entries)[:4]
    best = facts.trial(numbers.get("run")) or facts.best("regularize")
    plots = element(
        "div",
        trial_charts.trials(entries, facts.metric, facts.higher, numbers, number(before.score if before else None)),
        trial_charts.effects(entries, names, facts.metric),
        class_="figures",
    )
    tables = element("div", _effects(found), _settings(best, before), class_="pair")
    shown = curves(facts, best.run, border=best_epoch(best), name="regularize") if best else None
    folded = element("details", element("summary", f"All trials ({len(entries)})"), every_trial(entries, facts))
    note = element("p", apart) if others else None
    return section(facts, "regularize", note, plots, tables, shown, folded)


def _varied(entries: list[Trial]) -> list[str]:
    """Return the hyperparameters of which more than one value was tried."""
    seen: dict[str, set[str]] = {}
    for entry in entries:
        for name, value in entry.hyperparameters.items():
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


def _settings(best: Trial | None, before: Trial | None) -> Markup | None:
    """Return the settings of the best trial beside those of the overfitting model."""
    if best is None:
        return None
    values, old = best.hyperparameters, before.hyperparameters if before else {}
    if not values:
        return None
    rows = [(str(name), short(value), short(old[name]) if name in old else "–") for name, value in values.items()]
    rows.append(("epochs", str(best_epoch(best) or "–"), str(before.epochs_run if before else "–")))
    caption = f"Settings of the best trial, {best.run}, and of the overfitting model"
    return table(("Setting", "best trial", "overfitting model"), rows, caption=caption, numbers=(1, 2))


def every_trial(entries: list[Trial], facts: Facts) -> Markup:
    """Return trials as a table, the best first."""
    sign = -1 if facts.higher else 1
    order = sorted(entries, key=lambda e: float("inf") if e.score is None else sign * e.score)
    names = list(dict.fromkeys(str(name) for entry in entries for name in entry.hyperparameters))
    rows: list[list[Child]] = []
    for entry in order:
        values = entry.hyperparameters
        score = figure(entry.score, 4) if entry.score is not None else say(entry.message or entry.status)
        rows.append([
            entry.run, score, figure(entry.val_loss), figure(entry.train_loss),
            *(short(values[name]) if name in values else "–" for name in names),
            str(entry.epochs_run or "–"), duration(entry.seconds),
        ])  # fmt: skip
    head = ("Trial", metric(facts.metric), "validation loss", "training loss", *names, "epochs", "time")
    return table(head, rows, caption="All trials, best first", numbers=range(1, len(head)))
