"""The last stage: what was expected under seal, what the test rows said, calibration, confusion or errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.entries import Exported, Sealed
from modelwizard.evidence import scores, thresholds
from modelwizard.report import portraits
from modelwizard.report.charts import Standing, standings
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Child, Markup, code, element, join, table
from modelwizard.report.search import every_trial
from modelwizard.report.stages import section
from modelwizard.report.words import metric
from modelwizard.stages import squeeze
from modelwizard.words import capital, say
from modelwizard.words.numbers import alike, count, duration, ends, finite, number

Array = NDArray[Any]
MOST_CLASSES = 25


def finalize(facts: Facts) -> Markup:
    """Return the finalize stage."""
    reused = None
    if facts.openings > 1:
        text = f"Reused test: the test rows were opened {facts.openings} times."
        reused = element("p", element("strong", text), " The score below is of rows that had been seen before.")
    before = element("div", _expected(facts), _production(facts), class_="pair")
    return section(facts, "finalize", reused, before, _test(facts), _protocol(facts))


def _protocol(facts: Facts) -> Markup | None:
    """Return what repeated K-fold said where the test showed that the hold-out could not be relied upon."""
    entries = facts.trials("protocol")
    if not facts.protocol and not entries:
        return None
    said = code(
        say(facts.protocol.get("headline") or "The trials below are recorded, the result is not yet.", sentence=True)
    )
    trials = every_trial(entries, facts) if entries else None
    return join(element("h3", "Judged again by repeated K-fold"), element("p", said), trials)


def _expected(facts: Facts) -> Markup | None:
    """Return what was written down before the test rows were opened, beside what they said."""
    sealed = next(iter(reversed(facts.lines(Sealed))), None)
    numbers = facts.numbers("finalize")
    if sealed is None or sealed.score is None:
        return None
    said = element("p", code(say(sealed.headline, sentence=True)))
    if not finite(numbers.get("test")):
        return said
    rows = [
        Standing("expected, sealed before", sealed.score, ends(sealed.interval)),
        Standing("test", number(numbers["test"]), ends(numbers.get("interval")), "test"),
    ]
    if finite(numbers.get("reference")):
        rows.insert(0, Standing("baseline", number(numbers["reference"]), role="reference"))
    note = "Bars are 95% intervals; the expected one includes the sampling error of the test."
    axis = f"{metric(facts.metric)}, {'higher' if facts.higher else 'lower'} is better"
    return element("div", standings("expected", "Expected and found", rows, axis, note), said)


def _production(facts: Facts) -> Markup | None:
    """Return how the exported model was made."""
    made = next(iter(reversed(facts.lines(Exported))), None)
    if made is None:
        return None
    epochs = ", ".join(str(epoch + 1) for epoch in made.best_epochs)
    rows: list[tuple[Child, Child]] = [
        ("File", element("code", made.model)),
        ("Networks", f"{made.members}, averaged" if made.members > 1 else "one"),
        ("Epochs", f"{made.epochs}, the median of the probes' best epochs ({epochs})" if epochs else "–"),
        ("Weights", f"{made.parameters:,}"),
        ("Training took", duration(made.seconds)),
    ]
    rows += _on_top(made)
    largest = made.equality.largest
    difference = f"largest difference {largest:.1e}" if largest else "no difference"
    rows_checked = count(made.equality.rows, "row")
    rows.append(("Predictions", f"the same after saving and loading: {rows_checked}, {difference}"))
    return table(
        ("What", "How"), rows, caption="The production model, trained on training and validation rows together"
    )


def _on_top(made: Exported) -> list[tuple[Child, Child]]:
    """Return what was put on top of the networks or left out, and how far seeds scatter."""
    rows: list[tuple[Child, Child]] = []
    if made.squeeze and made.squeeze.get("noise"):
        titles = {"temperature": "Temperature", "threshold": "Decision threshold", "noise": "Noise of seeds"}
        rows += [(titles[name], capital(say(told))) for name, told in squeeze.restore(made.squeeze).told().items()]
    if made.polish:
        rows.append(("Final polish", capital(say(squeeze.polished(made.polish)))))
    elif made.squeeze:
        rows.append(("Final polish", code("Not tried, since it hardly helps; `polish = true` tries it")))
    return rows


def _threshold(facts: Facts) -> float:
    """Return the decision threshold."""
    found = facts.numbers("finalize").get("threshold")
    value = number(found.get("value")) if isinstance(found, Mapping) else math.nan
    return value if math.isfinite(value) else thresholds.HALF


def _test(facts: Facts) -> Markup | None:
    """Return what the predictions on the test rows look like."""
    if not facts.openings:
        return element("p", "The test rows are sealed: no number on this page has seen them.", class_="absent")
    tested = facts.tested
    if tested is None:
        return element("p", "runs/test.npz is gone, so the test rows cannot be drawn; the score stands in the journal.")
    y, p, dumb = np.asarray(tested.y), np.asarray(tested.p, dtype=float), np.asarray(tested.dumb, dtype=float)
    p, dumb = p.reshape(len(p), -1), np.broadcast_to(dumb.reshape(-1, p.shape[1] if p.ndim > 1 else 1), p.shape)
    if not np.isfinite(p).all():
        return element("p", "The predictions on the test rows are not finite.", class_="absent")
    every = _every_score(facts, y, p, dumb)
    if facts.problem.classifies:
        plot, confusion = portraits.reliability(facts.problem, y, p), _confusion(facts, y, p)
        small = p.shape[1] <= 4
        left = element("div", every, confusion if small else None)
        return join(element("div", left, plot, class_="pair"), None if small else confusion)
    names, values = facts.project.settings.problem.target, y.reshape(len(y), -1).astype(float)
    plots = element(
        "div",
        portraits.agreement(names, values, p, facts.problem.range),
        portraits.residuals(names, values, p),
        class_="figures",
    )
    return join(every, _errors(facts, values, p), plots)


def _every_score(facts: Facts, y: Array, p: Array, dumb: Array) -> Markup:
    """Return every score of the problem on the test rows, beside the baseline."""
    name = facts.problem.name
    rows: list[tuple[Child, ...]] = []
    for item in facts.problem.metrics:
        said = thresholds.decided(p, _threshold(facts)) if thresholds.matters(name, item) else p
        ours, theirs = scores.score(name, item, y, said), scores.score(name, item, y, dumb)
        title = f"{metric(item)}{', lower is better' if scores.direction(item) == 'min' else ''}"
        rows.append((element("strong", title) if item == facts.metric else title, *alike([theirs, ours])))
    return table(("Score", "baseline", "model"), rows, caption="Every score on the test rows", numbers=(1, 2))


def _confusion(facts: Facts, y: Array, p: Array) -> Markup | None:
    """Return the confusion matrix, or the counts of each label when labels do not exclude each other."""
    task, least = facts.project.settings.problem, _threshold(facts)
    if not facts.problem.one_label:
        return _labels(task.target, y >= 0.5, p >= least, least)
    counts = facts.problem.confusion(y, p, least)
    order = np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_CLASSES] if len(counts) > MOST_CLASSES else None
    labels = list(task.classes)
    if order is not None:
        counts, labels = counts[np.ix_(order, order)], [labels[i] for i in order]
    rows = [[label, *(_cell(n, line.sum(), i == j) for j, n in enumerate(line))]
            for i, (label, line) in enumerate(zip(labels, counts, strict=True))]  # fmt: skip
    note = f" matrix at decision threshold {least:.3g}" if facts.problem.threshold else ""
    some = f", the {MOST_CLASSES} most frequent labels" if order is not None else ""
    caption = f"Confusion{note}{some}: rows are true labels, columns predicted labels"
    return table(("true", *labels), rows, caption=caption, numbers=range(1, len(labels) + 1), class_="confusion")


def _cell(amount: int, total: int, right: bool) -> Markup:
    """Return one cell, shaded by its share of the row; the diagonal in another colour."""
    share = amount / total if total else 0.0
    tone = "right" if right else "wrong"
    return element(
        "span", f"{amount:,}", class_=f"cell {tone}", style=f"--share:{share:.2f}", title=f"{share:.0%} of the row"
    )


def _labels(names: Sequence[str], truth: Array, said: Array, least: float) -> Markup:
    rows: list[tuple[Child, ...]] = []
    for i, name in enumerate(names):
        both, only_said, only_true = (int(v.sum()) for v in (
            truth[:, i] & said[:, i], ~truth[:, i] & said[:, i], truth[:, i] & ~said[:, i]))  # fmt: skip
        precision = both / (both + only_said) if both + only_said else math.nan
        recall = both / (both + only_true) if both + only_true else math.nan
        rows.append((name, f"{both:,}", f"{only_said:,}", f"{only_true:,}", *alike([precision, recall], 2)))
    head = ("Label", "true positives", "false positives", "false negatives", "precision", "recall")
    return table(head, rows, caption=f"Each label at decision threshold {least:.3g}", numbers=range(1, 6))


def _errors(facts: Facts, y: Array, p: Array) -> Markup | None:
    """Return the errors of each target when there are several."""
    names = facts.project.settings.problem.target
    if len(names) < 2:
        return None
    rows = []
    for i, name in enumerate(names):
        error = p[:, i] - y[:, i]
        spread = float(y[:, i].std())
        values = [math.sqrt(float((error**2).mean())), float(np.abs(error).mean()), spread]
        explained = 1 - float((error**2).mean()) / spread**2 if spread > 0 else math.nan
        rows.append((name, *alike(values), *alike([explained], 2)))
    head = ("Target", "RMSE", "MAE", "spread of the target", "R²")
    return table(head, rows, caption="Errors of each target on the test rows", numbers=range(1, 5))
