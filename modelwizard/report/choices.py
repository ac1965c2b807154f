"""What was chosen and why: the problem, the head of the network, the rows and columns, the split."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from modelwizard.report.facts import Facts
from modelwizard.report.markup import Markup, code, element, join, table
from modelwizard.report.words import loss, metric
from modelwizard.words.numbers import count, figure, listed

BATCH = (
    "The workflow trains on 2 to 32 rows a step. 32 needs little tuning and fits any machine; larger studies found no "
    "penalty of larger batches once the learning rate is tuned again."
)
USES = {
    "train": "weights and preprocessing are learned from them",
    "validation": "used to compare trials",
    "test": "sealed until finalize, opened once",
    "unused": "left out: no target, or no time",
}
REACH = ("numeric", "categorical", "boolean", "date", "text")
MOST_CLASSES = 40


def choices(facts: Facts) -> Markup:
    """Return the decisions: what, which, why."""
    settings, problem = facts.project.settings, facts.problem
    task, split = settings.problem, settings.split
    last = problem.layer(problem.head(task)["units"])
    direction = "higher" if facts.higher else "lower"
    scheme = f"{split.folds} folds" if split.scheme == "kfold" else "hold-out"
    scheme += f", by group `{split.group}`" if split.group else ""
    scheme += f", in order of `{split.time}`" if split.time else ""
    rows = [
        ("Problem", f"{task.type}: {problem.title}", task.reason or "chosen by hand"),
        ("Last layer", f"`{last}`", problem.why),
        ("Loss", loss(task.loss), f"Labels: {problem.labels}; expected before the first step: {problem.initial_loss}."),
        (
            "Initial bias",
            problem.bias,
            "The network starts at the baseline, and the first loss can be checked against theory.",
        ),
        (
            "Metric",
            f"{metric(task.metric)}, {direction} is better",
            "It decides between trials; the loss chooses the epoch.",
        ),
        ("Baseline", problem.baseline, "What a network has to beat to have learned anything."),
        ("Validation", scheme, split.reason or "chosen by hand"),
        ("Batch size", str(settings.training.batch_size), BATCH),
    ]
    shown = [
        element("div", element("dt", what), element("dd", code(which)), element("dd", code(why), class_="why"))
        for what, which, why in rows
    ]
    body = element("dl", shown, class_="choices")
    return element("section", element("h2", "What was chosen, and why"), body, id="choices")


def data(facts: Facts) -> Markup:
    """Return rows per part, the target's values and the columns by kind."""
    settings = facts.project.settings
    file = element("p", "Read from ", element("code", settings.data.path), ".")
    content = join(file, element("div", _parts(facts), _target(facts), class_="pair"), _columns(facts))
    return element("section", element("h2", "The data"), content, id="data")


def _parts(facts: Facts) -> Markup:
    if not facts.counts:
        return element("p", "split.csv cannot be read, so the parts are not known.")
    total = sum(facts.counts.values()) or 1
    folds = facts.folds > 1
    turns = f"training and validation in turn, in {facts.folds} folds"
    uses = {**USES, "train": turns, "validation": turns} if folds else USES
    rows = [(part, f"{rows:,}", _share(rows / total), uses[part]) for part, rows in facts.counts.items() if rows]
    caption = "Rows of each part; split once, before anything was trained"
    return table(("Part", "Rows", "Share", "Use"), rows, caption=caption, numbers=(1,))


def _share(share: float) -> Markup:
    """Return a share as a bar with its percentage."""
    bar = element("span", class_="bar", style=f"--share:{share:.3f}", aria_hidden="true")
    return element("span", bar, f"{share:.1%}", class_="share")


def _target(facts: Facts) -> Markup | None:
    """Return how the target is distributed over the rows that were not sealed."""
    y, task = facts.targets, facts.project.settings.problem
    if y is None or not len(y):
        return None
    try:
        if facts.problem.one_label:
            ids = facts.problem.ids(y)
            pairs = [(label, float((ids == i).mean())) for i, label in enumerate(task.classes)]
            return _shares("Label", pairs, f"Labels of {listed(task.target)}, training and validation rows")
        values = np.asarray(y, dtype=float).reshape(len(y), -1)
        if facts.problem.classifies:
            pairs = list(zip(task.target, values.mean(axis=0).tolist(), strict=True))
            return _shares("Label", pairs, "Share of rows with each label, training and validation rows")
        at = np.quantile(values, [0, 0.25, 0.5, 0.75, 1], axis=0).T
        rows = [(name, *(figure(v) for v in line)) for name, line in zip(task.target, at, strict=True)]
    except (ValueError, TypeError):
        return None
    head = ("Target", "minimum", "25%", "median", "75%", "maximum")
    return table(head, rows, caption="Values of the target, training and validation rows", numbers=range(1, 6))


def _shares(head: str, pairs: Iterable[tuple[str, float]], caption: str) -> Markup:
    every = sorted(pairs, key=lambda pair: -pair[1])
    rows = [(label, _share(share)) for label, share in every[:MOST_CLASSES]]
    if rest := len(every) - len(rows):
        rows.append((f"{rest} more", element("span", "rarer")))
    return table((head, "Share"), rows, caption=caption)


def _columns(facts: Facts) -> Markup:
    """Return the columns by kind, and whether they reach the network."""
    settings = facts.project.settings
    kinds: dict[str, list[str]] = {}
    for name, kind in settings.columns.items():
        kinds.setdefault(kind, []).append(name)
    ordered = sorted(kinds, key=lambda kind: (kind not in REACH, -len(kinds[kind])))
    rows = [(kind, str(len(kinds[kind])), "yes" if kind in REACH else "no", _names(kinds[kind])) for kind in ordered]
    rows.append(("target", str(len(settings.problem.target)), "predicted", _names(list(settings.problem.target))))
    return table(
        ("Kind", "Columns", "Reaches the network", "Names"),
        rows,
        caption=f"{count(len(settings.columns) + len(settings.problem.target), 'column')} by kind",
        numbers=(1,),
        class_="columns",
    )


def _names(names: list[str]) -> Markup:
    """Return names, the rest of a long list folded away."""
    first, rest = names[:12], names[12:]
    shown = join([join(", " if i else None, element("code", name)) for i, name in enumerate(first)])
    if not rest:
        return shown
    more = join([join(", " if i else None, element("code", name)) for i, name in enumerate(rest)])
    return join(shown, element("details", element("summary", f"{len(rest)} more"), more))
