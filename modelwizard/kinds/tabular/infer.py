"""Guess which column is the target and which problem type it makes, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from modelwizard.errors import DataError
from modelwizard.kinds.facts import Column, Guess
from modelwizard.kinds.tabular.cells import Values, cells_of, values_of
from modelwizard.kinds.tabular.columns import FALSE, TRUE
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, to_number
from modelwizard.problems import PROBLEMS, Seen
from modelwizard.settings import Format

_ALWAYS = frozenset(("target", "targets", "label", "labels", "class", "classes", "y", "outcome", "response", "output"))
_OFTEN = frozenset(
    (
        *("churn", "churned", "survived", "species", "quality", "diagnosis", "default", "fraud", "is_fraud", "spam"),
        *("sentiment", "category", "income", "price", "sales", "revenue", "salary", "cost", "count", "demand"),
        *("rating", "score", "grade", "yield", "value", "status", "result", "converted", "conversion", "clicked"),
    )
)
_APPLIES = TRUE | {"x"}
_NUMBERED = re.compile(r"(y|targets?|labels?|outputs?|class)[ _.-]?\d+", re.I)


def suggest_target(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[tuple[str, ...], str]:
    """Return the columns that look like the target, and why; no columns if nothing does.

    Several 0/1 columns at one end, or names that count up (Y1, Y2), make several targets. Else a name that says it
    (target, class, y), a name that often is one (price, churn), the last column, the first, in this order.

    Args:
        frame: The raw table.
        columns: What `describe` found.
    """
    usable = [column for column in columns if column.kind in ("numeric", "boolean", "categorical")]
    usable = [column for column in usable if column.missing < 0.5 * len(frame)]
    if not usable:
        return (), "no column holds labels or numbers"
    numbered = [column.name for column in usable if _NUMBERED.fullmatch(column.name)]
    if len(numbered) > 1 and len(numbered) < len(columns):
        return tuple(numbered), f"named {numbered[0]} to {numbered[-1]}"
    block = _label_block(columns)
    if block:
        return tuple(block), f"{len(block)} columns of 0 and 1 beside each other, and no others"
    scores = [_score(column, columns, len(columns)) for column in usable]
    best = int(np.argmax([score for score, _ in scores]))
    return (usable[best].name,), scores[best][1]


def _label_block(columns: Sequence[Column]) -> list[str]:
    """Return the 0/1 columns if they stand together at one end of the table and nowhere else."""
    flags = [column.kind == "boolean" and set(column.examples) == {"0", "1"} for column in columns]
    count = sum(flags)
    if not 3 <= count < len(columns):
        return []
    if all(flags[:count]) or all(flags[-count:]):
        return [column.name for column, flag in zip(columns, flags, strict=True) if flag]
    return []


def _score(column: Column, columns: Sequence[Column], width: int) -> tuple[float, str]:
    """Return how much a column looks like the target, and why."""
    name = column.name.strip().lower()
    place = [other.name for other in columns].index(column.name)
    coordinate = name == "y" and any(other.name.strip().lower() == "z" for other in columns)
    if name in _ALWAYS and not coordinate:
        return 10 + place / width, f"its name, '{column.name}'"
    if name in _OFTEN:
        return 5 + place / width, f"its name, '{column.name}'"
    words = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", column.name)
    if words[-1].lower() in _OFTEN | _ALWAYS and len(words) > 1:
        named: tuple[float, str] = (2 + place / width, f"its name, '{column.name}'")
    else:
        named = (0.0, "")
    if place == width - 1:
        # A label or a number at the end; a category of many values is less often what is asked for.
        last = 3.0 if column.kind != "categorical" or column.distinct == 2 else 2.5
        return max(named, (last, "the last column"))
    if place == 0:
        return max(named, (1.0, "the first column; the last one does not look like a target"))
    return max(named, (place / width / 2, "the last column that could be a target"))


def infer(frame: pd.DataFrame, targets: Sequence[str], form: Format) -> Guess:
    """Return the problem type that the targets most likely make, the others that fit, and those that do not.

    Args:
        frame: The raw table.
        targets: The target columns, in order.
        form: The format of the file.

    Raises:
        DataError: A target is empty, or a mixture that makes no problem.
    """
    columns = [values_of(cells_of(frame, name), form.missing) for name in targets]
    for name, found in zip(targets, columns, strict=True):
        if not found.values:
            raise DataError(
                f"The target '{name}' is empty.",
                expected="a value in at least half of the rows",
                received=f"{found.rows:,} empty cells",
                fix="choose another target with --target",
            )
    seen = _several(frame, targets, columns, form) if len(targets) > 1 else _one(targets[0], columns[0], form)
    return _judged(seen)


def _several(frame: pd.DataFrame, targets: Sequence[str], columns: Sequence[Values], form: Format) -> Seen:
    """Look at several targets: marks of many labels, or numbers."""
    words = [name for name, found in zip(targets, columns, strict=True) if _numbers(found, form) is None]
    marks = all({value.lower() for value in found.values} <= _APPLIES | FALSE for found in columns)
    marks = marks and all(len(found.values) <= 2 for found in columns)
    if words and not marks:
        raise DataError(
            f"These {len(targets)} targets make no problem together: {', '.join(words[:3])} holds no numbers.",
            expected="several columns of 0 and 1 (multilabel), or several columns of numbers (vector)",
            received=", ".join(f"{name}: {found.values[0]}" for name, found in zip(targets, columns, strict=True))[:90],
            fix="name one target",
        )
    applied = np.sum([cells_of(frame, name).str.lower().isin(_APPLIES) for name in targets], axis=0)
    return Seen(tuple(targets), marks=marks, amounts=not words, applied=applied if marks else None)


def _numbers(found: Values, form: Format) -> np.ndarray | None:
    """Return the values, each as often as it occurs, or None if most are no numbers."""
    found = found.without(MISSING_NUMBER)
    values = to_number(np.array(found.values, dtype=object), form.decimal, form.thousands)
    odd = np.isnan(values)
    if not len(values) or found.counts[odd].sum() > 0.05 * found.present:
        return None
    return np.repeat(values[~odd], found.counts[~odd])


def _one(name: str, found: Values, form: Format) -> Seen:
    """Look at a single target."""
    numbers = _numbers(found, form)
    finite = None if numbers is None else numbers[np.isfinite(numbers)]
    return Seen((name,), tuple(found.values), found.counts, finite)


def _judged(seen: Seen) -> Guess:
    """Ask every problem type; the first by rank that recognises the target is the likeliest."""
    ranked = sorted(PROBLEMS.values(), key=lambda problem: problem.rank)
    impossible = {problem.name: why for problem in ranked if (why := problem.misfit(seen))}
    fitting = [problem for problem in ranked if problem.name not in impossible]
    best, reason = next((problem, why) for problem in fitting if (why := problem.recognise(seen)))
    # Numbers that are no amounts after all are seldom labels of another kind: amounts are offered first.
    general = ranked[-1].rank
    others = sorted(fitting, key=lambda p: (not (p.ordered and best.one_label), p.classifies, p.rank != general))
    also = {p.name: why for p in others if p is not best and (why := p.otherwise(seen))}
    metric, why = _rare(seen) if best.chooses_positive else ("", "")
    return Guess(best.name, reason, MappingProxyType(also), MappingProxyType(impossible), metric, why)


def _rare(seen: Seen) -> tuple[str, str]:
    """Suggest average precision where the ROC curve hides how many alarms are false (Davis & Goadrich 2006)."""
    assert seen.counts is not None
    share = seen.counts.min() / seen.rows
    return ("average_precision", f"only {share:.1%} of the rows are of the rarer label") if share < 0.05 else ("", "")
