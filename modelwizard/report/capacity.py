"""The section of the overfit stage: the ladder, its rungs, and the curves of the model that was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwizard.contract.entries import Trial
from modelwizard.report import charts
from modelwizard.report.charts import Rung
from modelwizard.report.facts import Facts, best_epoch
from modelwizard.report.markup import Child, Markup, element, table
from modelwizard.report.stages import FINDINGS, curves, section
from modelwizard.words.numbers import finite, number, whole


def overfit(facts: Facts) -> Markup:
    """Return the overfit stage: the ladder, its rungs, and the curves of the model that was kept."""
    numbers = facts.numbers("overfit")
    steps: dict[object, Mapping[str, Any]] = {
        step.get("run"): step for step in numbers.get("steps") or () if isinstance(step, Mapping)
    }
    entries = [entry for entry in facts.trials("overfit") if not entry.fraction]
    if steps:  # other trials of the stage belong to another branch of the code, or to another way of judging
        known = [*facts.trials("baseline"), *entries]  # the first rung may be the baseline's own run
        entries = list({entry.run: entry for entry in known if entry.run in steps}.values())
    if not entries:
        return section(facts, "overfit")
    kept = numbers.get("run")
    rungs = [_rung(facts, i, entry) for i, entry in enumerate(entries, start=1)]
    position = next((i for i, entry in enumerate(entries, start=1) if entry.run == kept), None)
    shown_run = kept or entries[-1].run
    kind = str(numbers.get("kind"))
    # A border was found on smoothed curves; without one, the epoch that the trial itself kept is marked.
    border = whole(numbers.get("best_epoch")) if kind in FINDINGS else best_epoch(facts.trial(shown_run))
    shown = curves(facts, shown_run, border=border, kind=kind, name="overfit")
    return section(
        facts,
        "overfit",
        element("div", charts.ladder(rungs, position, facts.yardstick), class_="figures"),
        _rungs(entries, steps, kept),
        shown,
    )


def _rung(facts: Facts, position: int, entry: Trial) -> Rung:
    history = facts.history(entry.run)
    held, train = (
        [row.get(f"{part}_{facts.yardstick}") for row in history if finite(row.get(f"{part}_{facts.yardstick}"))]
        for part in ("val", "train")
    )
    if not held or not train:
        return Rung(position, float("nan"), float("nan"), float("nan"))
    return Rung(position, number(train[-1]), number(min(held, key=number)), number(held[-1]))


def _rungs(entries: list[Trial], steps: Mapping[object, Mapping[str, Any]], kept: object) -> Markup:
    """Return the rungs as a table."""
    rows: list[list[Child]] = []
    for position, entry in enumerate(entries, start=1):
        step, values = steps.get(entry.run) or {}, entry.hyperparameters
        finding = FINDINGS.get(str(step.get("kind")), str(step.get("reason") or entry.status))
        rise = f"{number(step.get('rise')):.1%}" if finite(step.get("rise")) else "–"
        share = f"{number(step.get('train_share')):.1%}" if finite(step.get("train_share")) else "–"
        size = [
            values.get("layers", "–"),
            values.get("units", "–"),
            entry.epochs_run or entry.training.epochs,
        ]
        weights = "–" if entry.parameters is None else f"{entry.parameters:,}"
        mark = element("strong", f"{finding}; kept") if entry.run == kept else finding
        rows.append([str(position), *(str(v) for v in size), weights, share, rise, mark])
    head = ("Rung", "Layers", "Units", "Epochs", "Weights", "Training loss left", "Validation rise", "Finding")
    caption = "The capacity ladder; training loss as a share of the baseline's, rise from the lowest to the last epochs"
    return table(head, rows, caption=caption, numbers=range(1, 7))
