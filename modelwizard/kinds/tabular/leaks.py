"""Suspect columns that explain the target almost perfectly: the answer may be written in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.cells import cells_of
from modelwizard.kinds.tabular.dates import to_time
from modelwizard.kinds.tabular.numbers import to_number
from modelwizard.problems.target import Target
from modelwizard.settings import Format

# Share of the dumb baseline's error that one column alone removes, on rows it was not fitted on.
SUSPICIOUS = 0.97
_MOST_ROWS = 5000
_MOST_CELLS = 5_000_000
_BINS = 64


@dataclass(frozen=True)
class Leak:
    """Columns that give the target away.

    Args:
        columns: One column, or several of which the target is an exact sum.
        target: The target column they explain.
        skill: Share of the baseline's error (wrong labels, squared error) that they remove, at most 1.
        sentence: What was seen, for a person.
    """

    columns: tuple[str, ...]
    target: str
    skill: float
    sentence: str


def leaks(
    frame: pd.DataFrame, columns: Sequence[Column], target: Target, form: Format, seed: int = 0
) -> tuple[Leak, ...]:
    """Return the columns that alone explain a target almost perfectly, the worst first.

    A column is judged by looking its values up in one half of (at most 5,000) rows and predicting the other half,
    both ways round: by the value itself, by the nearest value, and by 64 bins. Identifiers and texts are judged by
    being there or not.

    Args:
        frame: The raw table.
        columns: Its columns, with kinds; constants, ignored ones and targets are skipped.
        target: The checked target.
        form: The format of the file.
        seed: Draws the rows and the halves. Defaults to 0.
    """
    features = [c for c in columns if c.name not in target.names and c.kind not in ("constant", "ignore")]
    rng = np.random.default_rng(seed)
    most = min(_MOST_ROWS, max(500, _MOST_CELLS // max(1, len(features))))
    rows = rng.permutation(np.flatnonzero(target.known))[:most]
    first = np.arange(len(rows)) < len(rows) // 2
    answers = _answers(target, rows)
    found: list[Leak] = []
    numbers: list[tuple[str, np.ndarray]] = []
    for column in features:
        values, codes = _values(column, cells_of(frame, column.name).iloc[rows], form)
        if column.kind == "numeric" and values is not None:
            numbers.append((column.name, values))
        for name, y, classes in answers:
            skill = _skill(values, codes, y, classes, first)
            if skill >= SUSPICIOUS:
                found.append(Leak((column.name,), name, skill, _sentence(column, name, skill, values is None, classes)))
    for name, y, classes in answers:
        alone = any(leak.target == name for leak in found)
        if not classes and not alone and (parts := _sum_of(numbers, y)):
            listed = " and ".join(f"'{part}'" for part in parts)
            found.append(Leak(parts, name, 1.0, f"'{name}' is an exact weighted sum of {listed}."))
    return tuple(sorted(found, key=lambda leak: -leak.skill))


def _answers(target: Target, rows: np.ndarray) -> list[tuple[str, np.ndarray, int]]:
    """Return each target's name, its values in the rows, and its number of classes (0 for amounts)."""
    y = target.y[rows]
    if target.type.one_label:
        return [(target.names[0], target.type.ids(y), len(target.classes))]
    classes = 2 if target.type.classifies else 0
    values = y.astype(np.int64) if classes else y
    return [(name, values[:, i], classes) for i, name in enumerate(target.names)]


def _values(column: Column, cells: pd.Series, form: Format) -> tuple[np.ndarray | None, np.ndarray]:
    """Return a column as numbers (None if it has no order) and as codes of its values."""
    if column.kind == "numeric":
        values = to_number(cells, form.decimal, form.thousands, form.missing)
    elif column.kind == "date" and column.format:
        moments = to_time(cells, column.format)
        values = np.where(np.isnat(moments), np.nan, moments.astype(np.int64).astype(float))
    else:
        present = ~cells.isin(form.missing)
        key = present if column.kind in ("text", "identifier") else cells.where(present, "")
        return None, np.asarray(pd.factorize(key.to_numpy(dtype=object))[0], dtype=np.int64)
    return values, np.asarray(pd.factorize(np.where(np.isnan(values), np.inf, values))[0], dtype=np.int64)


def _skill(values: np.ndarray | None, codes: np.ndarray, y: np.ndarray, classes: int, first: np.ndarray) -> float:
    """Return the best share of the baseline's error that a lookup removes on the half it was not made on."""
    wrong: dict[str, float] = {}
    base = 0.0
    for fit in (first, ~first):
        test = ~fit
        constant = _constant(y[fit], classes)
        base += _loss(np.broadcast_to(constant, test.sum()), y[test], classes)
        guesses = {"value": _lookup(codes[fit], y[fit], codes[test], classes, constant)}
        if values is not None and codes.max(initial=0) >= _BINS:
            finite = np.isfinite(values)
            # What is missing stands apart, below the lowest value.
            filled = np.where(finite, values, values[finite].min() - 1)
            guesses["near"] = _nearest(filled[fit], y[fit], filled[test], classes)
            edges = np.sort(filled[fit])[np.arange(1, _BINS) * fit.sum() // _BINS]
            bins = np.searchsorted(edges, filled, side="right")
            guesses["bin"] = _lookup(bins[fit], y[fit], bins[test], classes, constant)
        for how, guess in guesses.items():
            wrong[how] = wrong.get(how, 0.0) + _loss(guess, y[test], classes)
    return 1 - min(wrong.values()) / base if base > 0 else 0.0


def _constant(y: np.ndarray, classes: int) -> float:
    return float(np.bincount(y, minlength=classes).argmax()) if classes else float(y.mean())


def _loss(guess: np.ndarray, y: np.ndarray, classes: int) -> float:
    return float((guess != y).sum()) if classes else float(((guess - y) ** 2).sum())


def _lookup(codes: np.ndarray, y: np.ndarray, asked: np.ndarray, classes: int, default: float) -> np.ndarray:
    """Return the most frequent class, or the mean, of each code; the default where a code was not seen."""
    size = int(max(codes.max(initial=0), asked.max(initial=0))) + 1
    seen = np.bincount(codes, minlength=size)
    if classes:
        table = np.bincount(codes * classes + y, minlength=size * classes).reshape(size, classes).argmax(axis=1)
    else:
        table = np.bincount(codes, weights=y, minlength=size) / np.maximum(seen, 1)
    return np.where(seen > 0, table, default)[asked]


def _nearest(x: np.ndarray, y: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
    """Return the class of the nearest value, or the line through the two values around it."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    if not classes:
        places, start = np.unique(x, return_index=True)
        means = np.add.reduceat(y, start) / np.diff(np.append(start, len(x)))
        return np.interp(asked, places, means)
    right = np.clip(np.searchsorted(x, asked), 1, len(x) - 1)
    left = right - 1
    return np.where(np.abs(asked - x[left]) <= np.abs(x[right] - asked), y[left], y[right])


def _sum_of(numbers: Sequence[tuple[str, np.ndarray]], y: np.ndarray) -> tuple[str, ...]:
    """Return the columns of which the target is an exact weighted sum, by least squares; none if it is not."""
    names = [name for name, _ in numbers]
    # More unknowns than rows fit anything.
    if len(names) < 2 or len(names) > 300 or len(y) < 5 * len(names):
        return ()
    x = np.stack([values for _, values in numbers], axis=1)
    whole = np.isfinite(x).all(axis=1)
    x, y = x[whole], y[whole]
    if len(y) < 5 * len(names):
        return ()
    x, y = x - x.mean(axis=0), y - y.mean()
    spread = x.std(axis=0)
    x = x / np.where(spread > 0, spread, 1)
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    if ((y - x @ weights) ** 2).sum() > 1e-10 * (y**2).sum():
        return ()
    return tuple(name for name, weight in zip(names, weights, strict=True) if abs(weight) > 1e-4 * y.std())


def _sentence(column: Column, target: str, skill: float, discrete: bool, classes: int) -> str:
    """Say what was seen."""
    percent = f"{100 * min(skill, 1):.0f} %"
    if column.kind in ("text", "identifier"):
        return f"Whether '{column.name}' is filled in predicts '{target}' in almost every row."
    if classes:
        return f"'{column.name}' alone removes {percent} of the errors in predicting '{target}'."
    return f"'{column.name}' alone explains {percent} of the variance of '{target}'."
