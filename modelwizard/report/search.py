"""The section of the regularize stage: its trials, what moved the score, the best one beside the overfitting model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.report import trial_charts
from modelwizard.report.facts import Entry, Facts, best_epoch
from modelwizard.report.markup import Child, Markup, element, table
from modelwizard.report.stages import curves, section, short
from modelwizard.report.words import metric
from modelwizard.words.numbers import chance, count, duration, figure, finite, number


def regularize(facts: Facts) -> Markup:
    """Return the regularize stage: its trials, what moved the score, the best one, its curves."""
    every, numbers = facts.trials("regularize"), facts.numbers("regularize")
    if not every:
        return section(facts, "regularize")
    entries = [entry for entry in every if entry.get("scheme") == every[-1].get("scheme")]
    others = len(every) - len(entries)
    apart = f"{count(others, 'earlier trial')} judged on other rows cannot be compared, and are not drawn."
    before = facts.trial(facts.numbers("overfit").get("run")) or {}
    found = [item for item in numbers.get("effects") or () if isinstance(item, Mapping) and item.get("name")]
    names = [str(item["name"]) for item in found][:4] or _varied(entries)[:4]
    best = facts.trial(numbers.get("run")) or facts.best("regularize") or {}
    plots = element(
        "div",
        trial_charts.trials(entries, facts.metric, facts.higher, numbers, number(before.get("score"))),
        trial_charts.effects(entries, names, facts.metric),
        class_="figures",
    )
    tables = element("div", _effects(found), _settings(best, before), class_="pair")
    shown = curves(facts, best.get("run"), border=best_epoch(best), name="regularize") if best else None
    folded = element("details", element("summary", f"All trials ({len(entries)})"), every_trial(entries, facts))
    note = element("p", apart) if others else None
    return section(facts, "regularize", note, plots, tables, shown, folded)


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
    rows = [(str(name), short(value), short(old[name]) if name in old else "–") for name, value in values.items()]
    rows.append(("epochs", str(best_epoch(best) or "–"), str(before.get("epochs_run") or "–")))
    caption = f"Settings of the best trial, {best.get('run')}, and of the overfitting model"
    return table(("Setting", "best trial", "overfitting model"), rows, caption=caption, numbers=(1, 2))


def every_trial(entries: list[Entry], facts: Facts) -> Markup:
    """Return trials as a table, the best first."""
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
            *(short(values[name]) if name in values else "–" for name in names),
            str(entry.get("epochs_run") or "–"), duration(entry.get("seconds")),
        ])  # fmt: skip
    head = ("Trial", metric(facts.metric), "validation loss", "training loss", *names, "epochs", "time")
    return table(head, rows, caption="All trials, best first", numbers=range(1, len(head)))
