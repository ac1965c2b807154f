"""The target: its labels and their order, its canonical values, and what makes it unusable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelwizard.errors import DataError, UsageError
from modelwizard.evidence.scheme import check_rows
from modelwizard.kinds.tabular.amounts import amounts, check_amounts
from modelwizard.kinds.tabular.cells import Values, cells_of, values_of
from modelwizard.kinds.tabular.columns import FALSE, TRUE
from modelwizard.kinds.tabular.numbers import to_number
from modelwizard.problems import PROBLEMS, Problem
from modelwizard.problems.target import Target
from modelwizard.settings import Format

# A class must be able to stand in train, validation and test.
MINIMUM_CLASS = 3

# A label that says "this is it", against the label that says "this is not".
_POSITIVE = TRUE | {"positive", "pos", "present", "case", "+", "+1"}
_NEGATIVE = FALSE | {"negative", "neg", "absent", "control", "-", "-1", "-1.0"}


def check_target(
    frame: pd.DataFrame,
    targets: Sequence[str],
    problem: str,
    form: Format,
    positive: str | None = None,
    order: Sequence[str] = (),
) -> Target:
    """Return the target in canonical form, or say why it cannot be learned.

    Args:
        frame: The raw table.
        targets: Its target columns, which exist.
        problem: A problem type.
        form: The format of the file.
        positive: The label that counts as 1, one of the two. Defaults to the evident or the rarer one.
        order: The classes from the lowest to the highest. Defaults to numbers by value, words by a scale that holds
            them all, others by alphabet.

    Raises:
        DataError: The values are unusable: missing, constant, infinite, a class of one row, too few rows.
        UsageError: The values are fine but do not fit this problem type.
    """
    kind = PROBLEMS[problem]
    _check_number_of_targets(targets, kind)
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    known: np.ndarray
    why, evident = "", True
    if kind.one_label:
        column = _present(frame, targets[0], form)
        if kind.chooses_positive:
            classes, why, evident = _two_classes(targets[0], column, positive)
        else:
            classes = _classes(targets[0], column)
            classes = tuple(order) or kind.order(classes) or classes
        ids = class_numbers(cells_of(frame, targets[0]), classes)
        known = np.asarray(ids >= 0)
        counts = tuple(int(n) for n in np.bincount(ids[known], minlength=len(classes)))
        _check_classes(targets[0], classes, counts)
        y = kind.canonical(ids, len(classes))
    elif kind.classifies:  # a cross here and there is a whole label, however empty the column
        y = np.stack([_marks(frame, name, form) for name in targets], axis=1)
        known = np.asarray(~np.isnan(y).any(axis=1))
        counts = tuple(int(n) for n in np.nansum(y[known], axis=0))
        _check_labels(targets, counts, int(known.sum()))
    else:
        for name in targets:
            _present(frame, name, form)
        y = np.stack([amounts(frame, name, form) for name in targets], axis=1)
        known = np.asarray(~np.isnan(y).any(axis=1))
        for name, values in zip(targets, y.T, strict=True):
            check_amounts(name, values[known], kind)
    check_rows(int(known.sum()), "rows with a target")
    return Target(tuple(targets), problem, classes, counts, y, known, why, evident)


def class_numbers(cells: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """Return the number of each cell's class, -1 where it is none of them, shape (n,)."""
    codes = pd.Index(classes, dtype=object).get_indexer(pd.Index(cells.to_numpy(dtype=object), dtype=object))
    return codes.astype(np.int64)


def positive_label(labels: Sequence[str], counts: Sequence[int]) -> tuple[str, str, bool]:
    """Return which of two labels is the positive one, why, and whether that is evident.

    Args:
        labels: The two labels.
        counts: Their rows.
    """
    for one, other in ((0, 1), (1, 0)):
        low, rest = labels[one].lower(), labels[other].lower()
        if low in _POSITIVE and (rest in _NEGATIVE or (rest not in _POSITIVE and low not in ("1", "t", "y"))):
            return labels[one], f"'{labels[one]}' says yes", True
        if low in _NEGATIVE and rest not in _NEGATIVE | _POSITIVE and low not in ("0", "f", "n"):
            return labels[other], f"'{labels[one]}' says no", True
    if counts[0] != counts[1]:
        return labels[int(np.argmin(counts))], "the rarer of the two", False
    return max(labels, key=_order), "as frequent as the other: a guess", False


def _check_number_of_targets(targets: Sequence[str], problem: Problem) -> None:
    if problem.several and len(targets) < 2:
        raise UsageError(
            f"'{problem.name}' needs several target columns.",
            expected="--target once for each of them",
            received=f"one target: {', '.join(targets) or 'none'}",
            fix=f"add --target COLUMN, or --problem {problem.instead}",
        )
    if not problem.several and len(targets) != 1:
        raise UsageError(
            f"'{problem.name}' predicts one column.",
            expected="one target",
            received=f"{len(targets)} targets: {', '.join(targets[:5])}",
            fix="--problem multilabel for columns of 0 and 1, --problem vector for numbers",
        )


def _present(frame: pd.DataFrame, name: str, form: Format) -> Values:
    """Return what a target column holds; refuse one that is empty, mostly empty, or constant."""
    found = values_of(cells_of(frame, name), form.missing)
    if found.present < 0.5 * found.rows:
        raise DataError(
            f"The target '{name}' is mostly empty." if found.present else f"The target '{name}' is empty.",
            expected="a value in at least half of the rows",
            received=f"{found.present:,} of {found.rows:,} rows have one",
            fix="remove the rows without a target from the file, or choose another target with --target",
        )
    if len(found.values) == 1:
        raise DataError(
            f"The target '{name}' is constant.",
            expected="at least two different values",
            received=f"{found.values[0]!r} in all {found.present:,} rows",
            fix="choose another target with --target",
        )
    return found


def _order(label: str) -> tuple[bool, float, str]:
    """Sort labels that are numbers by value, others by alphabet."""
    number = float(to_number(np.array([label], dtype=object))[0])
    return (bool(np.isnan(number)), 0.0 if np.isnan(number) else number, label)


def _two_classes(name: str, found: Values, positive: str | None) -> tuple[tuple[str, ...], str, bool]:
    labels = sorted(found.values, key=_order)
    if len(labels) != 2:
        shown = ", ".join(labels[:6]) + (", …" if len(labels) > 6 else "")
        raise UsageError(
            f"The target '{name}' has {len(labels):,} different values, so the problem is not 'binary'.",
            expected="2 different values",
            received=shown,
            fix="--problem multiclass for labels, --problem regression for numbers",
        )
    if positive is None:
        counts = [int(found.counts[found.values.index(label)]) for label in labels]
        label, why, evident = positive_label(labels, counts)
    else:
        label, why, evident = positive, "as you chose", True
    negative = labels[0] if label == labels[1] else labels[1]
    return (negative, label), why, evident


def _classes(name: str, found: Values) -> tuple[str, ...]:
    if len(found.values) > max(20, 0.2 * found.present):
        numbers = to_number(np.array(found.values, dtype=object))
        amounts = "--problem regression; or " if np.isnan(numbers).mean() < 0.5 else ""
        raise UsageError(
            f"The target '{name}' has {len(found.values):,} different values in {found.present:,} rows: "
            "too many to be classes.",
            expected="several rows of each class",
            received=f"values such as {', '.join(found.values[:3])}",
            fix=f"{amounts}choose another target with --target; numbers are read when written like 1234.5 or $1,234.50",
        )
    return tuple(sorted(found.values, key=_order))


def _check_classes(name: str, classes: Sequence[str], counts: Sequence[int]) -> None:
    rare = [(label, rows) for label, rows in zip(classes, counts, strict=True) if rows < MINIMUM_CLASS]
    if rare:
        shown = ", ".join(f"'{label}' {rows}" for label, rows in rare[:5])
        numbers = not np.isnan(to_number(np.array(classes, dtype=object))).any()
        amounts = "; or --problem regression, if the labels are amounts" if numbers and len(classes) > 2 else ""
        raise DataError(
            f"Of the target '{name}', {'a class has' if len(rare) == 1 else f'{len(rare)} classes have'} fewer than "
            f"{MINIMUM_CLASS} rows.",
            expected=f"at least {MINIMUM_CLASS} rows of each class: one to train on, one to validate, one to test",
            received=f"rows of {shown}" + (", …" if len(rare) > 5 else ""),
            fix=f"--set rare=merge or --set 'rare=leave out'{amounts}"
            if len(classes) - len(rare) > 1 and not numbers
            else f"remove these rows from the file, or merge the class with a similar one{amounts}",
        )


def _marks(frame: pd.DataFrame, name: str, form: Format) -> np.ndarray:
    """Return 1 where a label applies, 0 where it does not, NaN where that is not known."""
    text = cells_of(frame, name).str.lower()
    missing = text.isin([token.lower() for token in form.missing]).to_numpy()
    yes = text.isin([*TRUE, "x"]).to_numpy() & ~missing
    no = text.isin([*_NEGATIVE]).to_numpy() & ~missing
    odd = ~(yes | no | missing)
    if odd.any():
        raise UsageError(
            f"The target '{name}' is no label of 'multilabel': it holds values that are neither yes nor no.",
            expected="0 and 1 (or no and yes) in each target column",
            received=f"{int(odd.sum()):,} other cells, such as {cells_of(frame, name)[odd].iloc[0]!r}",
            fix="--problem vector for numbers; one target and --problem multiclass for labels",
        )
    # A cross where the label applies and nothing elsewhere: blank means no.
    return np.where(yes, 1.0, np.where(missing & no.any(), np.nan, 0.0))


def _check_labels(names: Sequence[str], counts: Sequence[int], rows: int) -> None:
    flat = [name for name, count in zip(names, counts, strict=True) if count in (0, rows)]
    if flat:
        raise DataError(
            f"{len(flat)} of {len(names)} labels never change: {', '.join(flat[:5])}.",
            expected="rows with and rows without each label",
            received=f"{rows:,} rows with a target, all alike in these columns",
            fix="leave these columns out of the targets",
        )
