"""Guess which column is the target and which problem type it makes, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from modelwizard.errors import DataError
from modelwizard.kinds.tabular.amounts import amounts_misfit
from modelwizard.kinds.tabular.cells import Values, cells_of, plain, values_of
from modelwizard.kinds.tabular.columns import FALSE, TRUE, Column, require
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, to_number
from modelwizard.kinds.tabular.sniff import Format

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
# More different whole numbers than a rating scale has are an amount.
_MOST_CLASSES = 12


@dataclass(frozen=True)
class Suggestion:
    """The columns that look like the target, and why; no columns if nothing does."""

    targets: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Alternative:
    """Another problem type that fits the values, and when it is the better one."""

    problem: str
    reason: str


@dataclass(frozen=True)
class Guess:
    """The problem type that a target most likely makes.

    Args:
        problem: The type.
        reason: Why, with the numbers seen.
        alternatives: Other types that fit, the likelier first.
        impossible: The types that do not, each with its reason.
        metric: A score that suits better than the type's default. Defaults to None.
        metric_reason: Why. Defaults to "".
    """

    problem: str
    reason: str
    alternatives: tuple[Alternative, ...] = ()
    impossible: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    metric: str | None = None
    metric_reason: str = ""


def suggest_target(frame: pd.DataFrame, columns: Sequence[Column]) -> Suggestion:
    """Return the columns that look like the target.

    Several 0/1 columns at one end, or names that count up (Y1, Y2), make several targets. Else a name that says it
    (target, class, y), a name that often is one (price, churn), the last column, the first, in this order.

    Args:
        frame: The raw table.
        columns: What `describe` found.
    """
    usable = [column for column in columns if column.kind in ("numeric", "boolean", "categorical")]
    usable = [column for column in usable if column.missing < 0.5 * len(frame)]
    if not usable:
        return Suggestion((), "no column holds labels or numbers")
    numbered = [column.name for column in usable if _NUMBERED.fullmatch(column.name)]
    if len(numbered) > 1 and len(numbered) < len(columns):
        return Suggestion(tuple(numbered), f"named {numbered[0]} to {numbered[-1]}")
    block = _label_block(columns)
    if block:
        return Suggestion(tuple(block), f"{len(block)} columns of 0 and 1 beside each other, and no others")
    scores = [_score(column, columns, len(columns)) for column in usable]
    best = int(np.argmax([score for score, _ in scores]))
    return Suggestion((usable[best].name,), scores[best][1])


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
        UsageError: There is no such column.
        DataError: A target is empty, or a mixture that makes no problem.
    """
    for name in targets:
        require(name, [str(column) for column in frame.columns], "--target")
    columns = [values_of(cells_of(frame, name), form.missing) for name in targets]
    for name, found in zip(targets, columns, strict=True):
        if not found.values:
            raise DataError(
                f"The target '{name}' is empty.",
                expected="a value in at least half of the rows",
                received=f"{found.rows:,} empty cells",
                fix="choose another target with --target",
            )
    if len(targets) > 1:
        return _several(frame, targets, columns, form)
    return _one(columns[0], form)


def _several(frame: pd.DataFrame, targets: Sequence[str], columns: Sequence[Values], form: Format) -> Guess:
    one = {name: "there are several target columns" for name in ("binary", "multiclass", *_SINGLE)}
    numbers = [_numbers(found, form) for found in columns]
    if all(_is_flag(found) for found in columns):
        per_row = np.sum([cells_of(frame, name).str.lower().isin(_APPLIES) for name in targets], axis=0)
        reason = f"{len(targets)} columns of 0 and 1, {per_row.mean():.1f} of them 1 in a row on average"
        if (per_row == 1).all():
            reason += "; exactly one in each row, so one column with the class names ('multiclass') would be better"
        also = (Alternative("vector", "if 0 and 1 are amounts to be predicted as numbers"),)
        return Guess("multilabel", reason, also, MappingProxyType(one))
    if all(values is not None for values in numbers):
        one["multilabel"] = "the columns hold more than 0 and 1"
        return Guess("vector", f"{len(targets)} columns of numbers", (), MappingProxyType(one))
    words = [name for name, values in zip(targets, numbers, strict=True) if values is None]
    raise DataError(
        f"These {len(targets)} targets make no problem together: {', '.join(words[:3])} holds no numbers.",
        expected="several columns of 0 and 1 (multilabel), or several columns of numbers (vector)",
        received=", ".join(f"{name}: {found.values[0]}" for name, found in zip(targets, columns, strict=True))[:90],
        fix="name one target",
    )


_SINGLE = ("regression", "bounded", "positive", "count")


def _is_flag(found: Values) -> bool:
    """Say whether the values are a yes and a no, or only one of them."""
    return {value.lower() for value in found.values} <= _APPLIES | FALSE and len(found.values) <= 2


def _numbers(found: Values, form: Format) -> np.ndarray | None:
    """Return the values, each as often as it occurs, or None if most are no numbers."""
    found = found.without(MISSING_NUMBER)
    values = to_number(np.array(found.values, dtype=object), form.decimal, form.thousands)
    odd = np.isnan(values)
    if not len(values) or found.counts[odd].sum() > 0.05 * found.present:
        return None
    return np.repeat(values[~odd], found.counts[~odd])


def _one(found: Values, form: Format) -> Guess:
    """Judge a single target: words are labels; numbers may be labels, shares, counts or amounts."""
    numbers = _numbers(found, form)
    distinct = len(found.values)
    impossible = {name: "there is one target column" for name in ("multilabel", "vector")}
    if distinct != 2:
        impossible["binary"] = f"{distinct:,} different values, not 2"
    if numbers is None:
        impossible |= dict.fromkeys(_SINGLE, "the values are no numbers")
        return _words(found, impossible)
    finite = numbers[np.isfinite(numbers)]
    impossible |= {name: why for name in _SINGLE if (why := amounts_misfit(finite, name))}
    if distinct > max(20, 0.2 * found.present) or distinct > 100:
        impossible["multiclass"] = f"{distinct:,} different values in {found.present:,} rows"
    elif distinct > _MOST_CLASSES and (finite != np.round(finite)).any():
        impossible["multiclass"] = f"{distinct:,} different values, not all of them whole numbers"
    if distinct == 2:
        return _two(found, finite, impossible)
    problem, reason = _amount(finite, distinct)
    also = [Alternative(name, why) for name, why in _OTHERWISE.items() if name not in impossible and name != problem]
    return Guess(problem, reason, tuple(also), MappingProxyType(impossible))


_OTHERWISE = {
    "regression": "if the distance between two values means something",
    "count": "if the values count events",
    "positive": "if the values are amounts that can never be 0 or below",
    "bounded": "if the values are shares or probabilities",
    "multiclass": "if the values are names of classes rather than amounts",
}


def _words(found: Values, impossible: dict[str, str]) -> Guess:
    shown = ", ".join(found.values[:3]) + (", …" if len(found.values) > 3 else "")
    if len(found.values) == 2:
        metric, why = _rare(found)
        reason = f"2 distinct values: {', '.join(sorted(found.values))}"
        also = (Alternative("multiclass", "if a third class will come"),)
        return Guess("binary", reason, also, MappingProxyType(impossible), metric, why)
    return Guess("multiclass", f"{len(found.values):,} distinct labels: {shown}", (), MappingProxyType(impossible))


def _two(found: Values, finite: np.ndarray, impossible: dict[str, str]) -> Guess:
    """Judge two numbers: labels, unless the person knows that they are amounts."""
    metric, why = _rare(found)
    reason = f"2 distinct values: {', '.join(plain(value) for value in np.unique(finite))}"
    also = [Alternative("regression", "if the two numbers are amounts"), Alternative("multiclass", _OTHERWISE_CLASSES)]
    also += [Alternative("bounded", _OTHERWISE["bounded"])] if "bounded" not in impossible else []
    return Guess("binary", reason, tuple(also), MappingProxyType(impossible), metric, why)


_OTHERWISE_CLASSES = "if a third class will come"


def _rare(found: Values) -> tuple[str | None, str]:
    """Suggest average precision where the ROC curve hides how many alarms are false (Davis & Goadrich 2006)."""
    share = found.counts.min() / found.present
    return ("average_precision", f"only {share:.1%} of the rows are of the rarer label") if share < 0.05 else (None, "")


def _amount(values: np.ndarray, distinct: int) -> tuple[str, str]:
    """Choose between classes, shares, counts, skewed positive amounts and plain numbers, and say why."""
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.round(values)).all())
    span = f"{plain(low)} to {plain(high)}"
    if whole and distinct <= _MOST_CLASSES and high - low <= 2 * _MOST_CLASSES:
        return "multiclass", f"{distinct} distinct whole numbers, {span}: few enough to be classes"
    if not whole and low >= 0 and high <= 1 and high - low > 0.5:
        return "bounded", f"values between 0 and 1, {distinct:,} distinct"
    mean, variance = float(values.mean()), float(values.var())
    if whole and 0 <= low <= 1 and variance > 0.5 * mean:
        ratio = variance / mean
        spread = f"variance {ratio:,.0f} times the mean" if ratio >= 1.5 else "variance about equal to the mean"
        return "count", f"whole numbers ≥ 0 ({span}), {spread}"
    if low > 0 and high >= 100 * low and mean > 1.2 * float(np.median(values)):
        return (
            "positive",
            f"all values above 0 and skewed: {span}, half of them under {plain(float(np.median(values)))}",
        )
    return "regression", f"{distinct:,} distinct {'whole ' if whole else ''}numbers, {span}"
