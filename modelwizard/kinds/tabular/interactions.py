"""Which features could help: what one number made of two says beyond all that each of the two says by itself.

A model without interactions (boosted trees, each on one column: Lou et al. 2012, "Intelligible Models for
Classification and Regression") is fitted first. What it leaves unexplained is then explained by each candidate alone,
binned, with bins' means from other rows than those they are judged on; the best candidate is taken out of the rest
before the next one is chosen. The screen of pairs is in the manner of FAST (Lou et al. 2013, "Accurate Intelligible
Models with Pairwise Interactions"), one number a pair instead of a grid. Training rows only.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.results import Proposal
from modelwizard.kinds.tabular.combine import Feature, pairs
from modelwizard.problems import PROBLEMS

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

CYCLES = ("month", "weekday", "hour")
"""Parts of a date that come round again, as `preprocessing.py` names them behind a point."""
MOST_ROWS = 20_000
"""Rows that the screen looks at, at most."""
MOST_NUMBERS = 20
"""Numbers whose pairs are tried, at most: those that explain the target best by themselves."""
MOST_OUTPUTS = 10
"""Targets or classes whose unexplained rest is looked at, at most."""
SHORT_LIST = 60
"""Candidates that are scored again after each choice."""
BINS = 32
"""Bins of a candidate."""
SHRINK = 5.0
"""Rows of no effect that each bin's mean is shrunk with."""
FROM_T = 2.0
"""Standard errors from which a candidate counts. Hundreds are tried, so that some are luck: trained networks decide."""
SKEWED = 2.0
"""Skewness from which the logarithm of a number is proposed."""
MANY = 30
"""Distinct values from which a number has a tail."""
SEASONS = 1.5
"""Years that a date must span for its season to be proposed."""


def interactions(
    numbers: Mapping[str, Floats],
    categories: Mapping[str, NDArray[Any]],
    y: NDArray[Any],
    problem: str,
    *,
    dated: Collection[str] = (),
    most: int = 6,
    seed: int = 0,
) -> list[Proposal]:
    """Return the features of two columns that explain most of what a model without interactions leaves, best first.

    Args:
        numbers: (n,) values of each number; missing ones are NaN.
        categories: (n,) labels of each category.
        y: Canonical targets: class numbers (n,), or (n, k) values.
        problem: A name of the table of problems.
        dated: Those of the numbers that are parts of dates.
        most: Features at most.
        seed: Seed of the rows that are looked at and of the halves.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(y))[:MOST_ROWS])
    numbers = {name: np.asarray(values, dtype=float)[rows] for name, values in numbers.items()}
    labels = {name: values[rows] for name, values in categories.items()}
    plain = [name for name in numbers if name not in dated]
    days = [name for name in dated if name.rpartition(".")[2] not in CYCLES]
    if len(plain) + len(days) < 2:
        return []
    rest = unexplained(numbers, labels, y[rows], problem, seed)
    half = rng.permutation(len(rows)) % 2
    if len(plain) > MOST_NUMBERS:
        centred = _outputs(y[rows], problem)
        centred = centred - centred.mean(axis=0)
        alone = {name: explain(numbers[name], centred, half)[1] for name in plain}
        plain = sorted(plain, key=lambda name: -alone[name])[:MOST_NUMBERS]
    candidates = [f for f in pairs(plain, days) if f.name not in numbers]
    return _chosen(candidates, numbers, rest, half, most)


def _chosen(
    candidates: Sequence[Feature], numbers: Mapping[str, Floats], rest: Floats, half: Ints, most: int
) -> list[Proposal]:
    """Choose greedily; each choice takes what it explains out of the rest (matching pursuit: Mallat & Zhang 1993)."""
    values = {f: f.values(numbers) for f in candidates}
    whole = float((rest**2).sum()) or 1.0
    found: list[Proposal] = []
    left = [f for f in candidates if np.isfinite(values[f]).mean() > 0.5]
    while left and len(found) < most:
        alone = {name: explain(numbers[name], rest, half)[1] for name in {n for f in left for n in f.of}}
        scored = [(explain(values[f], rest, half), f) for f in left]
        beyond = {f: gain - max(0.0, *(alone[name] for name in f.of)) for (_, gain, _), f in scored}
        left = [f for (_, _, t), f in scored if t >= FROM_T and beyond[f] > 0]
        left.sort(key=lambda f: -beyond[f])
        if not left:
            break
        best = left[0]
        guess, _, t = next(result for result, f in scored if f is best)
        found.append(best.proposal(beyond[best] / whole, t))
        rest = rest - guess
        left = left[1 : 1 + SHORT_LIST]
    return found


def explain(values: Floats, rest: Floats, half: Ints) -> tuple[Floats, float, float]:
    """Guess the rest from one binned number, each half of the rows by the bins' means of the other.

    Args:
        values: (n,) the number; NaN takes a bin of its own.
        rest: (n, k) what is to be explained.
        half: (n,) 0 or 1.

    Returns:
        The guess (n, k), by how much it lowers the sum of squares, and that in standard errors.
    """
    known = np.isfinite(values)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1])) if known.any() else np.empty(0)
    bins = np.where(known, np.searchsorted(edges, values, side="right"), len(edges) + 1)
    guess = np.empty_like(rest)
    for side in (0, 1):
        learn, judge = half != side, half == side
        count = np.bincount(bins[learn], minlength=len(edges) + 2) + SHRINK
        for k in range(rest.shape[1]):
            mean = np.bincount(bins[learn], weights=rest[learn, k], minlength=len(edges) + 2) / count
            guess[judge, k] = mean[bins[judge]]
    gain = (rest**2 - (rest - guess) ** 2).sum(axis=1)
    error = float(gain.std()) * np.sqrt(len(gain))
    return guess, float(gain.sum()), float(gain.sum()) / error if error > 0 else 0.0


def unexplained(
    numbers: Mapping[str, Floats], categories: Mapping[str, NDArray[Any]], y: NDArray[Any], problem: str, seed: int
) -> Floats:
    """Return what boosted trees without interactions leave of the targets, each row judged by trees that miss it."""
    from sklearn.model_selection import KFold
    from threadpoolctl import threadpool_limits

    x = np.stack([*numbers.values(), *(_codes(labels) for labels in categories.values())], axis=1)
    settings: dict[str, Any] = {
        "interaction_cst": "no_interactions",
        "categorical_features": [i >= len(numbers) for i in range(x.shape[1])],
        "early_stopping": True,
        "random_state": seed,
    }
    target = _outputs(y, problem)
    rest = target - target.mean(axis=0)
    kind = PROBLEMS[problem]
    with warnings.catch_warnings(), threadpool_limits(1):  # on a busy machine several threads wait for each other
        warnings.simplefilter("ignore")  # a screen may be imperfect
        for learn, judge in KFold(3, shuffle=True, random_state=seed).split(x):
            for k in range(target.shape[1]):
                t = target[learn, k]
                if t.min() == t.max():
                    continue
                model = kind.trees(**settings).fit(x[learn], t.astype(int) if kind.classifies else t)
                guess = model.predict_proba(x[judge])[:, 1] if kind.classifies else model.predict(x[judge])
                rest[judge, k] = target[judge, k] - guess
    return rest / np.maximum(target.std(axis=0), 1e-12)


def _outputs(y: NDArray[Any], problem: str) -> Floats:
    """Return targets (n, k): classes as flags, the most frequent first; positive amounts as logarithms."""
    if PROBLEMS[problem].exclusive:
        classes, counts = np.unique(y, return_counts=True)
        return (y[:, None] == classes[np.argsort(-counts)][None, :MOST_OUTPUTS]).astype(float)
    values = np.asarray(y, dtype=float).reshape(len(y), -1)[:, :MOST_OUTPUTS]
    return np.log(np.maximum(values, 1e-12)) if PROBLEMS[problem].skewed else values


def _codes(labels: NDArray[Any]) -> Floats:
    """Return a number for each label; beyond 250 the rare ones share the last."""
    _, ids, counts = np.unique(labels.astype(str), return_inverse=True, return_counts=True)
    rank = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
    return np.minimum(rank[ids.reshape(-1)], 250).astype(float)


def logarithms(numbers: Mapping[str, Floats], *, dated: Collection[str] = (), most: int = 6) -> list[Proposal]:
    """Return the logarithms of numbers from zero on whose tail is long, and much shorter afterwards."""
    found: list[tuple[float, Proposal]] = []
    for name, values in numbers.items():
        known = np.asarray(values, dtype=float)[np.isfinite(values)]
        if name in dated or len(np.unique(known)) < MANY or known.min() < 0:
            continue
        before, after = _skewness(known), abs(_skewness(np.log1p(known)))
        if before > SKEWED and after < before / 2:
            found.append((before, Feature("log", (name,)).proposal()))
    return [proposal for _, proposal in sorted(found, key=lambda item: -item[0])][:most]


def _skewness(values: Floats) -> float:
    spread = float(values.std())
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def calendar(numbers: Mapping[str, Floats], dated: Collection[str]) -> list[Proposal]:
    """Return what dates say beyond their parts: the season as a circle, the hour of the week.

    Args:
        numbers: Values of each number, the parts of dates among them.
        dated: The parts of dates: `d.days`, `d.month`, `d.weekday`, `d.hour` of a column `d`.
    """
    found: list[Proposal] = []
    for days in (name for name in dated if name.endswith(".days")):
        stem = days.removesuffix(".days")
        if np.nanmax(numbers[days]) - np.nanmin(numbers[days]) >= SEASONS * 365:
            found += [Feature(f"season {wave}", (days,)).proposal() for wave in ("sine", "cosine")]
        parts = (f"{stem}.weekday", f"{stem}.hour")
        if all(part in numbers and len(np.unique(numbers[part][np.isfinite(numbers[part])])) > 2 for part in parts):
            found.append(Feature("hour of the week", parts).proposal())
    return found


def clusters(table: Floats, names: Sequence[str], beyond: float = 0.8) -> list[list[str]]:
    """Return names in groups: columns that are correlated by more than a bound, directly or through others."""
    from scipy.sparse.csgraph import connected_components

    if len(names) < 2:
        return [[name] for name in names]
    with np.errstate(invalid="ignore", divide="ignore"):
        close = np.abs(np.nan_to_num(np.corrcoef(table, rowvar=False))) > beyond
    group = connected_components(close, directed=False)[1].tolist()
    return [[name for name, g in zip(names, group, strict=True) if g == one] for one in dict.fromkeys(group)]
