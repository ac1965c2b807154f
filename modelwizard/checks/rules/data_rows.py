"""MW409 to MW417, MW419: rows against rows: duplicates, overlap, splits, balance, noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.case import Case, Hit, NotApplicableError, Place, rule
from modelwizard.checks.facts.data import sample
from modelwizard.checks.facts.values import Output
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.contract_head import AMOUNTS

SPLIT = Place("fit", "validation_data")
ROWS = 20_000
"""Rows that are compared with each other; more would cost seconds."""


def _keys(arrays: tuple[NDArray[Any], ...], digits: int = 5) -> NDArray[np.uint64]:
    """Return one number a row that is equal for equal rows (to `digits` significant digits)."""
    rows = sample(arrays[0], ROWS).reshape(min(len(arrays[0]), ROWS), -1)
    if np.issubdtype(rows.dtype, np.floating):
        rows = np.round(rows.astype(np.float64), digits) + 0.0
    table = np.ascontiguousarray(rows)
    return np.array([hash(row.tobytes()) for row in table], dtype=np.int64).view(np.uint64)


def _labels(case: Case) -> NDArray[Any]:
    """Return one label a row, or say why there is none."""
    if not case.arrays.y or not case.outputs or case.outputs[0].task not in ("binary", "multiclass"):
        raise NotApplicableError("the target is no single label")
    y = case.arrays.y[0]
    if case.outputs[0].target.one_hot and y.ndim == 2:
        return y.argmax(axis=-1)
    if y.size != len(y):
        raise NotApplicableError("the target is no single label")
    return y.reshape(-1)


def _table(case: Case) -> NDArray[np.float64]:
    """Return the inputs as one table of numbers, or say why there is none."""
    if len(case.arrays.x) != 1 or not case.inputs[0].numeric or case.inputs[0].nan:
        raise NotApplicableError("the inputs are no single array of numbers")
    x = case.arrays.x[0]
    if len(x) == 0 or x.size // len(x) > 1000:
        raise NotApplicableError("more than 1000 values a row")
    return sample(x, ROWS).reshape(min(len(x), ROWS), -1).astype(np.float64)


@rule("MW409")
def conflicting_twins(case: Case) -> Hit | None:
    """Find equal inputs with different labels."""
    labels, x = sample(_labels(case), ROWS), _table(case)
    if len(x) < 20 or x.shape[1] < 2:
        return None
    keys = _keys(case.arrays.x)
    order = np.lexsort((labels, keys))
    k, v = keys[order], labels[order]
    twin = k[1:] == k[:-1]
    clash = np.unique(k[1:][twin & (v[1:] != v[:-1])])
    share = float(np.isin(keys, clash).mean())
    return (
        Hit(f"{share:.1%} of the rows have a twin with another label", place=Place("data", "y"))
        if share > 0.05
        else None
    )


@rule("MW410")
def shared_rows(case: Case) -> Hit | None:
    """Find validation rows among the training rows."""
    if not case.arrays.x_validation or len(case.arrays.x) != len(case.arrays.x_validation):
        raise NotApplicableError("no validation rows were given")
    if case.arrays.x[0].shape[1:] != case.arrays.x_validation[0].shape[1:]:
        return None  # other features: MW411
    train, validation = _keys(case.arrays.x), _keys(case.arrays.x_validation)
    shared = float(np.isin(validation, train).mean())
    inside = 1 - len(np.unique(train)) / max(len(train), 1)
    if len(validation) and shared > 0.02 and shared > 2 * inside + 0.02:
        evidence = f"{shared:.1%} of {len(validation)} validation rows; duplicates inside training: {inside:.1%}"
        severity: Severity = "warning" if shared > 0.05 else "tip"
        return Hit(evidence, severity="tip" if case.rows < 20 else severity, place=SPLIT)
    return None


@rule("MW411")
def other_scale(case: Case) -> Iterator[Hit]:
    """Compare the scales of training and validation inputs."""
    if not case.validation_inputs:
        raise NotApplicableError("no validation rows were given")
    for train, val in zip(case.inputs, case.validation_inputs, strict=False):
        if not (train.numeric and val.numeric) or min(train.shape[0], val.shape[0]) < 8:
            continue
        if train.shape[1:] != val.shape[1:]:
            if len(train.shape) == 2 and len(val.shape) == 2:
                yield Hit(f"{train.shape[1]} features in training, {val.shape[1]} in validation", place=SPLIT)
            continue
        if train.first in ("Embedding", "TextVectorization", "StringLookup") or len(train.std) != len(val.std):
            continue
        ratio, shift = _difference(train.mean, train.std, val.mean, val.std)
        if ratio > 5 or shift > 5:
            evidence = f"deviations differ {ratio:.3g}-fold, means by {shift:.2g} deviations (medians over features)"
            yield Hit(evidence, severity="error" if ratio > 20 or shift > 20 else "warning", place=SPLIT)


def _difference(
    mean: NDArray[np.float64], std: NDArray[np.float64], mean2: NDArray[np.float64], std2: NDArray[np.float64]
) -> tuple[float, float]:
    moving = (std > 1e-9) & (std2 > 1e-9)
    if not moving.any():
        return 1.0, 0.0
    ratio = std[moving] / std2[moving]
    shift = np.abs(mean[moving] - mean2[moving]) / np.maximum(std[moving], std2[moving])
    return float(np.exp(np.median(np.abs(np.log(ratio))))), float(np.median(shift))


def _share(labels: NDArray[Any], names: NDArray[Any]) -> NDArray[np.float64]:
    return np.array([(labels == name).mean() for name in names])


@rule("MW412")
def other_labels(case: Case) -> Hit | None:
    """Compare the labels of training and validation."""
    o = case.outputs[0] if len(case.outputs) == 1 else None
    if o is None or o.validation is None:
        raise NotApplicableError("no validation targets were given")
    a, b = o.target, o.validation
    if o.task in AMOUNTS and a.std > 0 and b.std > 0 and b.rows >= 20:
        shift = abs(a.mean - b.mean) / max(a.std, b.std)
        ratio = max(a.std / b.std, b.std / a.std)
        if shift > 3 or ratio > 10:
            evidence = f"means differ by {shift:.2g} deviations, deviations {ratio:.2g}-fold"
            return Hit(evidence, place=Place("fit", "validation_data"))
    if o.task in ("binary", "multiclass") and b.rows >= 20:
        return _class_shares(o)
    return None


def _class_shares(o: Output) -> Hit | None:
    a, b = o.target, o.validation
    if b is None or a.one_hot != b.one_hot or (a.one_hot and a.columns != b.columns):
        return Hit("labels are encoded in different ways", severity="error", place=SPLIT)
    if a.one_hot:
        p, q = np.array(a.class_share), np.array(b.class_share)
    else:
        names = np.union1d(a.values, b.values)
        p = np.array([dict(zip(a.values, a.class_share, strict=True)).get(n, 0.0) for n in names])
        q = np.array([dict(zip(b.values, b.class_share, strict=True)).get(n, 0.0) for n in names])
    distance = float(np.abs(p - q).sum() / 2)
    chance = float(np.sqrt(len(p) / b.rows))  # what a few rows of many classes differ by anyway
    return Hit(f"{distance:.0%} of the shares differ", place=SPLIT) if distance > 0.35 + chance / 4 else None


@rule("MW413")
def split_of_sorted_rows(case: Case) -> Hit | None:
    """Look at the last rows, which validation_split holds back."""
    split = case.fit.validation_split
    if not split or not case.arrays.y or case.fit.rows + case.fit.validation < 40:
        raise NotApplicableError("validation_split is not used")
    y = case.arrays.y[0]
    cut = int(len(y) * (1 - split))
    if case.outputs[0].task in ("binary", "multiclass"):
        labels = _labels(case)
        names = np.unique(labels)
        if len(names) > 200 or cut in (0, len(labels)):
            return None
        distance = float(np.abs(_share(labels[:cut], names) - _share(labels[cut:], names)).sum() / 2)
        changes = int(np.count_nonzero(labels[1:] != labels[:-1]))
        others = len(labels) - int(np.unique(labels, return_counts=True)[1].max())
        if others >= 10 and changes < min(2 * len(names), others):
            evidence = f"the label changes {changes} times in {len(labels)} rows"
            return Hit(evidence, place=Place("fit", "validation_split"))
        if distance > 0.4:
            evidence = f"{distance:.0%} of the class shares differ between the last {split:.0%} of rows and the rest"
            return Hit(evidence, place=Place("fit", "validation_split"))
    elif case.outputs[0].task in AMOUNTS and y.size == len(y) and np.issubdtype(y.dtype, np.number):
        values = y.reshape(-1).astype(float)
        rising = float(np.mean(np.diff(values) >= 0))
        if values.std() > 0 and (rising > 0.98 or rising < 0.02):
            return Hit("the target rises or falls with the row number", place=Place("fit", "validation_split"))
    return None


@rule("MW414")
def imbalance(case: Case) -> Hit | None:
    """Find one class that has nearly all rows."""
    o = case.outputs[0] if len(case.outputs) == 1 else None
    if o is None or o.task not in ("binary", "multiclass") or not o.target.class_share:
        return None
    if case.fit.class_weight or case.fit.sample_weight or len(o.target.shape) > 2:
        return None
    largest = max(o.target.class_share)
    few = max(o.classes, 2)
    if largest < max(0.9, 1 - 0.5 / few) and not (few > 2 and largest > 0.75):
        return None
    always = case.probe is not None and case.probe.complete and case.probe.majority_share > 0.999
    evidence = f"{largest:.1%} of the rows belong to one class"
    evidence += "; after training the model always says it" if always else ""
    return Hit(
        evidence, severity="warning" if always and case.fit.epochs else "tip", place=Place("fit", "class_weight")
    )


@rule("MW415")
def column_is_target(case: Case) -> Hit | None:
    """Find a column that is the target."""
    x = _table(case)
    o = case.outputs[0] if len(case.outputs) == 1 else None
    if o is None or o.task == "reconstruction" or not 3 <= x.shape[1] <= 300 or len(x) < 50 or not case.arrays.y:
        return None
    if len(case.inputs[0].shape) != 2:
        return None
    y = sample(case.arrays.y[0], ROWS)
    if o.task in ("binary", "multiclass"):
        target = sample(_labels(case), ROWS)
        column = _naming_column(x, target)
    elif o.task in AMOUNTS and y.size == len(y) and y.astype(float).std() > 0:
        column = _copying_column(x, y.reshape(-1).astype(float))
    else:
        return None
    if column is None:
        return None
    return Hit(
        f"column {column} gives the target away", f"x = numpy.delete(x, {column}, axis=1)", place=Place("data", "x")
    )


def _copying_column(x: NDArray[np.float64], y: NDArray[np.float64]) -> int | None:
    spread = x.std(axis=0)
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
        return Hit(f"{case.rows} rows, {width} values each", place=Place("data", "x"))
    for o in case.outputs:
        if o.task == "multiclass" and o.classes and case.rows < 5 * o.classes:
            return Hit(f"{case.rows} rows for {o.classes} classes", place=Place("data", "x"))
    return None


@rule("MW417")
def unrelated_labels(case: Case) -> Hit | None:
    """Ask the nearest neighbours whether labels have to do with inputs."""
    x, labels = _table(case), sample(_labels(case), ROWS)
    if len(x) < 200 or case.inputs[0].first == "Embedding":
        return None
    keep = np.linspace(0, len(x) - 1, min(len(x), 1500)).astype(int)
    x, labels = x[keep], labels[keep]
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    if not x.size:
        return None
    distance = (x**2).sum(axis=1)[:, None] + (x**2).sum(axis=1)[None] - 2 * x @ x.T
    np.fill_diagonal(distance, np.inf)
    near = labels[np.argpartition(distance, 5, axis=1)[:, :5]]
    agree = float((near == labels[:, None]).mean())
    part = np.unique(labels, return_counts=True)[1] / len(labels)
    chance = float(part @ part)
    noise = 2.5 * np.sqrt(chance * (1 - chance) / len(labels))
    if agree < chance + noise and chance < 0.9:
        evidence = f"5 neighbours agree in {agree:.1%} of cases; chance is {chance:.1%}"
        return Hit(evidence, place=Place("data", "y"))
    return None


@rule("MW419")
def drift(case: Case) -> Hit | None:
    """Let a small linear model tell validation rows from training rows."""
    if not case.arrays.x_validation:
        raise NotApplicableError("no validation rows were given")
    a = _table(case)
    b = case.arrays.x_validation[0]
    if b.size // max(len(b), 1) != a.shape[1] or min(len(a), len(b)) < 100 or a.shape[1] > 200:
        return None
    a, b = sample(a, 1500), sample(b, 1500).reshape(-1, a.shape[1]).astype(float)
    auc = _tell_apart(a, b)
    return Hit(f"AUC {auc:.2f}", place=SPLIT) if auc > 0.8 else None


def _tell_apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the AUC of a least-squares direction on rows that it was not fitted on (0.5 is chance)."""
    x = np.concatenate([a, b])
    part = np.r_[np.zeros(len(a)), np.ones(len(b))]
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    x = np.nan_to_num(np.hstack([x, x**2, np.ones((len(x), 1))]))
    order = np.random.default_rng(0).permutation(len(x))
    fit, test = order[::2], order[1::2]
    weight = np.linalg.solve(
        x[fit].T @ x[fit] + 1e-1 * len(fit) * np.eye(x.shape[1]), x[fit].T @ (part[fit] - part.mean())
    )
    score = x[test] @ weight
    ranks = score.argsort().argsort() + 1.0
    ones = part[test] == 1
    count = ones.sum()
    return float((ranks[ones].sum() - count * (count + 1) / 2) / (count * (len(test) - count)))
