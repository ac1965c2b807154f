"""MW409, MW414 to MW417, MW423: rows against rows: contradictions, balance, leaks, noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.case import Case, Hit, NotApplicableError, hit, rule
from modelwizard.checks.facts.data import sample
from modelwizard.checks.facts.values import AMOUNTS, Place, X, Y, deviations

ROWS = 20_000
"""Rows that are compared with each other; more would cost seconds."""

WIDE = 200
"""Values a row up to which rounding them costs little."""

NEIGHBOURS = 1500
"""Rows whose distances from each other are computed."""


def row_keys(arrays: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return one number a row that is equal for equal rows, five digits behind the point; at most `ROWS` are read."""
    tables: list[NDArray[Any]] = []
    for array in arrays:
        rows = sample(array, ROWS).reshape(min(len(array), ROWS), -1)
        if np.issubdtype(rows.dtype, np.floating):
            rows = rows.astype(np.float32)
            rows = np.round(rows, 5) + 0.0 if rows.shape[1] <= WIDE else rows  # pictures are equal or not
        tables.append(np.ascontiguousarray(rows))
    joined = zip(*tables, strict=True)
    return np.array([hash(tuple(part.tobytes() for part in row)) for row in joined], dtype=np.int64)


def labels_of(case: Case) -> NDArray[Any]:
    """Return one label a row, or say why there is none."""
    if not case.arrays.y or not case.outputs or case.outputs[0].task not in ("binary", "multiclass"):
        raise NotApplicableError("the target is no single label")
    y = case.arrays.y[0]
    if case.outputs[0].target.one_hot and y.ndim == 2:
        return y.argmax(axis=-1)
    if y.size != len(y):
        raise NotApplicableError("the target is no single label")
    return y.reshape(-1)


def table_of(case: Case, rows: int = ROWS) -> NDArray[np.float64]:
    """Return evenly spaced rows of the inputs as one table of numbers, or say why there is none."""
    x = sample(one_array(case), rows)
    return x.reshape(len(x), -1).astype(np.float64)


def one_array(case: Case) -> NDArray[Any]:
    """Return the inputs where they are one array of numbers of bearable width, or say that they are not."""
    if len(case.arrays.x) != 1 or not case.inputs or not case.inputs[0].numeric or case.inputs[0].nan:
        raise NotApplicableError("the inputs are no single array of numbers")
    x = case.arrays.x[0]
    if len(x) == 0 or x.size // len(x) > 1000:
        raise NotApplicableError("more than 1000 values a row")
    return x


@rule("MW409")
def conflicting_twins(case: Case) -> Hit | None:
    """Find equal inputs with different labels."""
    labels, x = sample(labels_of(case), ROWS), one_array(case)
    if len(x) < 20 or x.size < 2 * len(x):
        return None
    keys = row_keys(case.arrays.x)
    order = np.lexsort((labels, keys))
    k, v = keys[order], labels[order]
    twin = k[1:] == k[:-1]
    clash = np.unique(k[1:][twin & (v[1:] != v[:-1])])
    share = float(np.isin(keys, clash).mean())
    return hit(Y, share=share) if share > 0.05 else None


@rule("MW414")
def imbalance(case: Case) -> Hit | None:
    """Find one class that has nearly all rows."""
    o = case.only_output
    if o is None or o.task not in ("binary", "multiclass") or not o.target.class_share:
        return None
    if case.fit.class_weight or case.fit.sample_weight or len(o.target.shape) > 2:
        return None
    largest = max(o.target.class_share)
    few = max(o.classes, 2)
    if largest < max(0.9, 1 - 0.5 / few) and not (few > 2 and largest > 0.75):
        return None
    always = case.probe is not None and case.probe.complete and case.probe.majority_share > 0.999
    severity = "warning" if always and case.fit.epochs else "tip"
    return hit(Place("fit", "class_weight"), severity=severity, share=largest, always=largest if always else None)


@rule("MW415")
def column_is_target(case: Case) -> Hit | None:
    """Find a column that is the target."""
    x = table_of(case)
    o = case.only_output
    if o is None or o.task == "reconstruction" or not 3 <= x.shape[1] <= 300 or len(x) < 50 or not case.arrays.y:
        return None
    if len(case.inputs[0].shape) != 2:
        return None
    y = sample(case.arrays.y[0], ROWS)
    if o.task in ("binary", "multiclass"):
        labels = sample(labels_of(case), ROWS)
        column = _naming_column(x, labels)
        if column is None:
            return _telling_column(x, labels)
    elif o.task in AMOUNTS and y.ndim <= 2 and y.size <= 50 * len(y):
        targets = y.reshape(len(y), -1).astype(float).T
        found = (_copying_column(x, target) for target in targets if target.std() > 0)
        column = next((c for c in found if c is not None), None)
    else:
        return None
    if column is None:
        return None
    several = o.task in AMOUNTS and y.size > len(y)  # of several targets, one may well follow from one column
    fix, targets = f"x = numpy.delete(x, {column}, axis=1)", y.size // len(y) if several else None
    return hit(X, fix=fix, severity="tip" if several else None, column=column, targets=targets)


def _copying_column(x: NDArray[np.float64], y: NDArray[np.float64]) -> int | None:
    spread = deviations(x)
    live = np.flatnonzero(spread > 0)
    corr = np.abs(((x[:, live] - x[:, live].mean(axis=0)) / spread[live]).T @ (y - y.mean())) / len(y) / y.std()
    found = live[corr > 0.9995]
    return int(found[0]) if len(found) and x.shape[1] > 2 else None


def _naming_column(x: NDArray[np.float64], labels: NDArray[Any]) -> int | None:
    classes = len(np.unique(labels))
    for column in range(x.shape[1]):
        values = np.unique(x[:, column])
        if 2 <= len(values) == classes:
            pairs = len(np.unique(np.stack([x[:, column], labels.astype(float)]), axis=1).T)
            if pairs == classes:
                return column
    return None


def _telling_column(x: NDArray[np.float64], labels: NDArray[Any]) -> Hit | None:
    """Find the one column whose values lie in ranges that each belong to one class."""
    if len(x) < 200:
        return None
    x, labels = sample(x, 1000), sample(labels, 1000)
    constant = 1 - float(np.unique(labels, return_counts=True)[1].max()) / len(labels)
    wrong = np.array([_wrong(column, labels) for column in x.T])
    best, second = np.partition(wrong, 1)[:2]
    if best > 0.005 or constant < 0.05 or second < 0.5 * constant:
        return None
    column = int(wrong.argmin())
    fix = f"x = numpy.delete(x, {column}, axis=1)"
    return hit(X, fix=fix, severity="tip", column=column, told=1 - best, next_best=1 - second)


def _wrong(column: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Return how often an odd row has another label than the even row next above it in one column."""
    order = np.argsort(column[::2], kind="stable")
    at = np.searchsorted(column[::2][order], column[1::2]).clip(max=len(order) - 1)
    return float(np.mean(labels[::2][order[at]] != labels[1::2]))


@rule("MW416")
def few_rows(case: Case) -> Hit | None:
    """Find tables of very few rows."""
    if not case.rows or not case.inputs or not case.inputs[0].shape:
        return None
    width = int(np.prod(case.inputs[0].shape[1:])) if len(case.inputs[0].shape) > 1 else 1
    truth_table = (
        case.inputs[0].whole and case.inputs[0].low >= 0 and case.inputs[0].high <= 1 and case.rows >= 2**width
    )
    if case.rows < 50 and not truth_table:
        return hit(X, rows=case.rows, width=width)
    for o in case.outputs:
        if o.task == "multiclass" and o.classes and case.rows < 5 * o.classes:
            return hit(X, rows=case.rows, classes=o.classes)
    return None


@rule("MW417")
def unrelated_labels(case: Case) -> Hit | None:
    """Ask the nearest neighbours whether labels have to do with inputs."""
    agree, chance, rows = agreement(case)
    noise = 2.5 * np.sqrt(chance * (1 - chance) / rows)
    return hit(Y, agree=agree, chance=chance) if agree < chance + noise and chance < 0.9 else None


@rule("MW423")
def suspect_labels(case: Case) -> Hit | None:
    """Find rows whose neighbours all have one other label, where neighbours nearly always agree."""
    labels, near, rows = neighbours(case)
    agree = near == labels[:, None]
    alone = ~agree.any(axis=1) & (near == near[:, :1]).all(axis=1)
    share = float(alone.mean())
    others = float(agree[~alone].mean())
    if others < 0.85 or alone.sum() < 3 or share < 0.02:
        return None
    return hit(Y, share=share, rows=[str(row) for row in rows[alone][:5]])


def agreement(case: Case) -> tuple[float, float, int]:
    """Return how often the nearest rows have the same label, how often they would by chance, and the rows compared."""
    labels, near, _ = neighbours(case)
    share = np.unique(labels, return_counts=True)[1] / len(labels)
    return float((near == labels[:, None]).mean()), float(share @ share), len(labels)


def squared_distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared distance of each row of `a` (n, k) from each of `b` (m, k), (n, m)."""
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T


def neighbours(case: Case) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return labels, the labels of the 5 nearest other rows, and the row numbers; at most `NEIGHBOURS` rows."""
    if case.rows < 200 or case.inputs[0].first == "Embedding":
        raise NotApplicableError("fewer than 200 rows, or rows of words")
    rows = sample(np.arange(case.rows), NEIGHBOURS)
    x, labels = table_of(case, NEIGHBOURS), sample(labels_of(case), NEIGHBOURS)
    spread = deviations(x)
    x = (x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    if not x.size:
        raise NotApplicableError("no column changes")
    distance = squared_distances(x, x)
    np.fill_diagonal(distance, np.inf)
    near = labels[np.argpartition(distance, 5, axis=1)[:, :5]]
    return labels, near, rows
