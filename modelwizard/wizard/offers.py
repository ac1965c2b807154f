"""What is offered: the choices of each question, each with its consequence, and the default with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modelwizard.conversation import Choice
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.accepted import NONE, Known
from modelwizard.wizard.facts import Facts
from modelwizard.words import sentences


@dataclass(frozen=True)
class Default:
    """The answer that Enter gives, and why it is offered."""

    value: Any
    reason: str = ""


def columns_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer every column of the file."""
    return [Choice(c.name, f"{c.name} ({c.kind}, {c.distinct:,} distinct)") for c in facts.require_table().columns]


def target_default(known: Known, facts: Facts) -> Default | None:
    """Offer the columns that look like the target."""
    table = facts.require_table()
    return Default(table.targets, table.targets_reason) if table.targets else None


def head(problem: str, loss: str = "") -> str:
    """Return the last layer and the loss of a problem type in one line."""
    row = PROBLEMS[problem]
    units = f"1 unit per {row.per}" if row.per else "1 unit"
    return f"{units}, {row.activation or 'no activation'}, loss {loss or row.loss}"


def problems_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the problem types that the target allows, the inferred one first."""
    target = facts.require_target()
    names = dict.fromkeys((target.problem, *target.alternatives, *PROBLEMS))
    reasons = {**target.alternatives, target.problem: target.reason}
    return [
        Choice(name, f"{name}: {PROBLEMS[name].title}", "; ".join(filter(None, (reasons.get(name), head(name)))))
        for name in names
        if name not in target.impossible
    ]


def losses_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the losses of the problem type."""
    return [Choice(name, name, sentences(f"meanings.{name}")) for name in PROBLEMS[known["problem"]].losses]


def metrics_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the metrics of the problem type."""
    return [Choice(name, name, sentences(f"meanings.{name}")) for name in PROBLEMS[known["problem"]].metrics]


def labels_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the labels with their numbers of rows."""
    labels = facts.require_target().labels
    total = sum(count for _, count in labels) or 1
    return [Choice(name, f"{name} ({count:,} rows, {count / total:.0%})") for name, count in labels]


def groups_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the columns whose values repeat like those of a person or thing."""
    none = Choice(NONE, "no: every row stands for itself", "rows are drawn one by one")
    targets = known.get("target", ())
    return [none] + [
        Choice(name, f"yes, by {name}", reason)
        for name, reason in facts.require_table().groups.items()
        if name not in targets
    ]


def times_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the columns that hold dates or times."""
    none = Choice(NONE, "no: past and future rows are alike", "rows are drawn at random")
    targets = known.get("target", ())
    return [none] + [
        Choice(name, f"yes, in the order of {name}", reason)
        for name, reason in facts.require_table().times.items()
        if name not in targets
    ]


def schemes_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the ways to validate; `auto` says what it comes to."""
    return [
        Choice("auto", "auto: let the number of rows decide", facts.split_reason),
        Choice("holdout", "holdout: one fixed part of the rows judges", "fast; noisy when rows are few"),
        Choice("kfold", "kfold: each row judges once, in turn", "steadier; takes as many trainings as folds"),
    ]


def scheme_default(known: Known, facts: Facts) -> Default | None:
    """Offer to let the number of rows decide."""
    return Default("auto", facts.split_reason)


def features_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer every column that is not the target."""
    columns = (c for c in facts.require_table().columns if c.name not in known.get("target", ()))
    return [Choice(c.name, f"{c.name}: {c.kind}", c.summary) for c in columns]


def leaks_offered(known: Known, facts: Facts) -> Sequence[Choice]:
    """Offer the columns that explain the target almost alone."""
    return [Choice(name, name, sentence) for name, sentence in facts.require_target().leaks.items()]


def leaks_default(known: Known, facts: Facts) -> Default | None:
    """Offer to leave them all out: a model that is too good by mistake costs more than one that is a little worse."""
    return Default(tuple(facts.require_target().leaks), "each explains the target almost alone")


def usual(field: str) -> Callable[[Known, Facts], Default | None]:
    """Return the default of a `loss` or `metric`: the first of the problem type."""

    def default(known: Known, facts: Facts) -> Default:
        row, target = PROBLEMS[known["problem"]], facts.require_target()
        if field == "metric" and target.metric in row.metrics and target.problem == row.name:
            return Default(target.metric, target.metric_reason)
        return Default(row.loss if field == "loss" else row.metrics[0], f"the usual {field} of a {row.name} problem")

    return default


def always(value: Any, reason: str = "") -> Callable[[Known, Facts], Default | None]:
    """Return a default that depends on nothing."""
    return lambda known, facts: Default(value, reason)


def problem_default(known: Known, facts: Facts) -> Default | None:
    """Offer the inferred problem type with its reason."""
    target = facts.require_target()
    return Default(target.problem, target.reason)


def positive_default(known: Known, facts: Facts) -> Default | None:
    """Offer the label that looks like the one to find."""
    target = facts.require_target()
    return Default(target.positive, target.positive_reason)


def time_default(known: Known, facts: Facts) -> Default | None:
    """Offer the column in whose order the file is sorted, if any."""
    table = facts.require_table()
    if known.get("group"):
        return Default(NONE, "groups are kept together instead")
    ordered = table.time if table.time not in known.get("target", ()) else NONE
    unordered = "the rows are not in order of time" if table.times else "no column holds dates"
    return Default(ordered, "the rows of the file are in its order" if ordered else unordered)


def directory_default(known: Known, facts: Facts) -> Default | None:
    """Offer a folder named after the data."""
    return Default(facts.folder, "named after the data") if facts.folder else None


def two_labels(known: Known, facts: Facts) -> bool:
    """Tell whether one of two labels is the one to find."""
    return PROBLEMS[known["problem"]].chooses_positive


def ordered(known: Known, facts: Facts) -> bool:
    """Tell whether the order of the classes matters."""
    return PROBLEMS[known["problem"]].ordered


def order_default(known: Known, facts: Facts) -> Default | None:
    """Offer the classes in the order in which they were put."""
    labels = tuple(name for name, _ in facts.require_target().labels)
    why = "the order of a scale" if PROBLEMS[known["problem"]].order(labels) else "numbers by value, words by alphabet"
    return Default(" < ".join(labels), why)


def leaks_seen(known: Known, facts: Facts) -> bool:
    """Tell whether some column explains the target almost alone."""
    return facts.target is not None and bool(facts.target.leaks)


def several_losses(known: Known, facts: Facts) -> bool:
    """Tell whether two losses answer different wishes."""
    return PROBLEMS[known["problem"]].several_losses


def label_unclear(known: Known, facts: Facts) -> bool:
    """Tell whether both labels could be the one to find."""
    return not facts.require_target().positive_evident
