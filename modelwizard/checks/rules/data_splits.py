"""MW410 to MW413, MW419, MW421, MW422, MW424, MW425: training rows against held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.case import Case, Hit, NotApplicableError, hit, rule
from modelwizard.checks.facts.data import sample
from modelwizard.checks.facts.values import AMOUNTS, VALIDATION, Output, Place, deviations
from modelwizard.checks.rules.data_rows import labels_of, one_array, row_keys, squared_distances, table_of

LAST = Place("fit", "validation_split")
DIVISION = Place("data", "split")
NEAR = 0.05
"""Share of the usual distance between neighbours below which one row is a copy of the other with noise on it."""


Rows = tuple[NDArray[Any], ...]


def _sides(case: Case) -> tuple[Rows, Rows, Place]:
    """Return the inputs of training rows and of held-out rows, or say why there are none."""
    train, held = case.arrays.x, case.arrays.x_validation
    if held:
        if [a.shape[1:] for a in train] != [b.shape[1:] for b in held]:
            raise NotApplicableError("training and validation have other features")  # MW411 says so
        return train, held, VALIDATION
    if case.fit.validation_split and train:
        cut = int(len(train[0]) * (1 - case.fit.validation_split))
        return tuple(a[:cut] for a in train), tuple(a[cut:] for a in train), LAST
    raise NotApplicableError("no validation rows were given")


def _continuous(rows: NDArray[Any]) -> bool:
    """Whether rows have so many measured values that two equal ones are one and the same row."""
    if not np.issubdtype(rows.dtype, np.floating) or rows.ndim < 2 or len(rows) < 20:
        return False
    flat = np.unique(sample(rows, 2000).reshape(min(len(rows), 2000), -1)[:, :200], axis=0)
    measured = [c for c in range(flat.shape[1]) if len(np.unique(flat[:, c])) > len(flat) // 2]
    return len(measured) >= 3 and len(flat) >= 20


@rule("MW410")
def shared_rows(case: Case) -> Hit | None:
    """Find validation rows among the training rows."""
    a, b, place = _sides(case)
    train, held = row_keys(a), row_keys(b)
    if not len(train) or not len(held):
        return None
    shared = float(np.isin(held, train).mean())
    _, counts = np.unique(train, return_counts=True)
    inside = float(counts[counts > 1].sum() / len(train))
    # among a few categories equal rows are chance: a row has a twin as often as one training row has among the others;
    # of measured values few repeat by chance
    chance = min(inside, 0.2) if any(_continuous(rows) for rows in a) else inside
    if shared <= chance + 0.02 + 3 * np.sqrt(chance * (1 - chance) / len(held)):
        return None
    severity = "warning" if shared > 0.05 and case.rows >= 20 else "tip"
    fix = "x, index = numpy.unique(x, axis=0, return_index=True); y = y[index]  # before the split"
    return hit(place, fix=fix, severity=severity, shared=shared, held=len(held), inside=inside)


@rule("MW424")
def near_copies(case: Case) -> Hit | None:
    """Find validation rows that are training rows with a little noise."""
    one_array(case)
    (a,), (b,), place = _sides(case)
    if a.ndim != 2 or min(len(a), len(b)) < 40 or not _continuous(a):
        return None
    a, b = (sample(rows, count).astype(np.float64) for rows, count in ((a, 3000), (b, 400)))
    spread = deviations(a)
    if not (spread > 0).any() or not np.isfinite(b).all():
        return None
    a, b = a[:, spread > 0] / spread[spread > 0], b[:, spread > 0] / spread[spread > 0]
    nearest = _distances(b, a).min(axis=1)
    close = float(((nearest > 1e-6) & (nearest < NEAR * _usual(b, len(a)))).mean())
    return hit(place, close=close, near=NEAR) if close > 0.1 else None


def _usual(rows: NDArray[np.float64], count: int) -> float:
    """Return how far the nearest of `count` rows like these usually is.

    The distance shrinks with the root of the count whose degree is the dimension of the rows, estimated from the
    ratio of the distances to the two nearest neighbours (Facco et al. 2017, TwoNN).
    """
    own = _distances(rows, rows)
    np.fill_diagonal(own, np.inf)
    first, second = np.partition(own, 1, axis=1)[:, :2].T
    apart = first > 1e-9
    if apart.sum() < 20:
        return 0.0
    dimension = max(1.0, float(apart.sum() / np.log(second[apart] / first[apart]).sum()))
    return float(np.median(first[apart])) * (len(rows) / count) ** (1 / dimension)


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.maximum(squared_distances(a, b), 0.0))


@rule("MW421")
def straddling_groups(case: Case) -> Hit | None:
    """Find groups with rows on both sides of the split."""
    if case.split is None or case.split.groups is None:
        raise NotApplicableError("no column of groups is known")
    train, held = case.split.groups
    both = np.intersect1d(train, held)
    share = float(np.isin(held, both).mean())
    return hit(DIVISION, groups=len(both), example=str(both[0]), share=share) if len(both) else None


@rule("MW422")
def straddling_times(case: Case) -> Hit | None:
    """Find training rows that are younger than held-out rows."""
    if case.split is None or case.split.times is None:
        raise NotApplicableError("no column of times is known")
    train, held = case.split.times
    if not len(train) or not len(held):
        raise NotApplicableError("no row on one side has a time")
    younger = float((train > held.min()).mean())
    return hit(DIVISION, share=younger) if younger > 0.005 else None


@rule("MW425")
def known_labels(case: Case) -> Hit | None:
    """Find features of a project that change with the labels of held-out rows."""
    found = case.relabelled
    if found is None:
        raise NotApplicableError("only the code of a project can make the features again")
    if not found.changed:
        return None
    features = [f"{name} in {share:.0%}" for name, share in found.changed[:3]]
    severity = "tip" if found.time else "error"
    return hit(Place("data", "data.py"), severity=severity, features=features, rows=found.rows)


@rule("MW411")
def other_scale(case: Case) -> Hit | None:
    """Compare the scales of training and validation inputs."""
    if not case.validation_inputs:
        raise NotApplicableError("no validation rows were given")
    for train, val in zip(case.inputs, case.validation_inputs, strict=False):
        if not (train.numeric and val.numeric) or min(train.shape[0], val.shape[0]) < 8:
            continue
        if train.shape[1:] != val.shape[1:]:
            if len(train.shape) == 2 and len(val.shape) == 2:
                return hit(VALIDATION, features=train.shape[1], theirs=val.shape[1])
            continue
        if train.first in ("Embedding", "TextVectorization", "StringLookup") or len(train.std) != len(val.std):
            continue
        ratio, shift = _difference(train.mean, train.std, val.mean, val.std)
        if ratio > 5 or shift > 5:
            severity = "error" if ratio > 20 or shift > 20 else "warning"
            return hit(VALIDATION, severity=severity, ratio=ratio, shift=shift)
    return None


def _difference(
    mean: NDArray[np.float64], std: NDArray[np.float64], mean2: NDArray[np.float64], std2: NDArray[np.float64]
) -> tuple[float, float]:
    moving = (std > 0) & (std2 > 0)
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
    o = case.only_output
    if o is None or o.validation is None:
        raise NotApplicableError("no validation targets were given")
    a, b = o.target, o.validation
    if o.task in AMOUNTS and a.std > 0 and b.std > 0 and b.rows >= 20:
        shift = abs(a.mean - b.mean) / max(a.std, b.std)
        ratio = max(a.std / b.std, b.std / a.std)
        if shift > 3 or ratio > 10:
            return hit(VALIDATION, shift=shift, ratio=ratio)
    if o.task in ("binary", "multiclass") and b.rows >= 20:
        return _class_shares(o)
    return None


def _class_shares(o: Output) -> Hit | None:
    a, b = o.target, o.validation
    if b is None or a.one_hot != b.one_hot or (a.one_hot and a.columns != b.columns):
        return hit(VALIDATION, severity="error", shapes=[str(a.shape), str(b.shape)] if b else None)
    if a.one_hot:
        p, q = np.array(a.class_share), np.array(b.class_share)
    else:
        names = np.union1d(a.values, b.values)
        p = np.array([dict(zip(a.values, a.class_share, strict=True)).get(n, 0.0) for n in names])
        q = np.array([dict(zip(b.values, b.class_share, strict=True)).get(n, 0.0) for n in names])
    distance = float(np.abs(p - q).sum() / 2)
    chance = float(np.sqrt(len(p) / b.rows))  # what a few rows of many classes differ by anyway
    return hit(VALIDATION, distance=distance) if distance > 0.35 + chance / 4 else None


@rule("MW413")
def split_of_sorted_rows(case: Case) -> Hit | None:
    """Look at the last rows, which validation_split holds back."""
    split = case.fit.validation_split
    if not split or not case.arrays.y or case.fit.rows + case.fit.validation < 40:
        raise NotApplicableError("validation_split is not used")
    y = case.arrays.y[0]
    cut = int(len(y) * (1 - split))
    if case.outputs[0].task in ("binary", "multiclass"):
        labels = labels_of(case)
        names = np.unique(labels)
        if len(names) > 200 or cut in (0, len(labels)):
            return None
        distance = float(np.abs(_share(labels[:cut], names) - _share(labels[cut:], names)).sum() / 2)
        changes = int(np.count_nonzero(labels[1:] != labels[:-1]))
        others = len(labels) - int(np.unique(labels, return_counts=True)[1].max())
        if others >= 10 and changes < min(2 * len(names), others):
            return hit(LAST, changes=changes, rows=len(labels))
        if distance > 0.4:
            return hit(LAST, distance=distance, split=split)
    elif case.outputs[0].task in AMOUNTS and y.size == len(y) and np.issubdtype(y.dtype, np.number):
        values = y.reshape(-1).astype(float)
        rising = float(np.mean(np.diff(values) >= 0))
        if values.std() > 0 and (rising > 0.98 or rising < 0.02):
            return hit(LAST, sorted=max(rising, 1 - rising))
    return None


@rule("MW419")
def drift(case: Case) -> Hit | None:
    """Let a small linear model tell validation rows from training rows."""
    if not case.arrays.x_validation:
        raise NotApplicableError("no validation rows were given")
    a = table_of(case)
    b = case.arrays.x_validation[0]
    if b.size // max(len(b), 1) != a.shape[1] or min(len(a), len(b)) < 100 or a.shape[1] > 200:
        return None
    a, b = sample(a, 1500), sample(b, 1500).reshape(-1, a.shape[1]).astype(float)
    auc = _tell_apart(a, b)
    if auc <= 0.8:
        return None
    _, shift = _difference(a.mean(axis=0), deviations(a), b.mean(axis=0), deviations(b))
    return hit(VALIDATION, severity="warning" if auc > 0.95 and shift > 1.5 else "tip", auc=auc, shift=shift)


def _tell_apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the AUC of a least-squares direction on rows that it was not fitted on (0.5 is chance)."""
    x = np.concatenate([a, b])
    part = np.r_[np.zeros(len(a)), np.ones(len(b))]
    spread = deviations(x)
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
