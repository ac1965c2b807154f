"""Independent units, halves and bootstrap weights: how rows, groups and time blocks are drawn and counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from modelwizard.evidence.arrays import ArrayLike, Floats, Ints, column, unit_ids

SPLITS = 10
"""Random half-splits that a cross-fitted choice is averaged over, so that a verdict hardly depends on the seed."""


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error over `units` independent units (rows, groups, blocks)."""

    value: float
    se: float
    units: int

    @property
    def t(self) -> float:
        """The mean in standard errors; 0 when nothing varies around zero."""
        if self.se > 0:
            return self.value / self.se
        return float(np.sign(self.value)) * float("inf") if self.value else 0.0

    def p_greater(self) -> float:
        """Return the one-sided p-value of the mean being above zero; 1 when it cannot be computed."""
        if self.units < 2 or not np.isfinite(self.value) or self.value == 0 == self.se:
            return 1.0
        return float(stats.t.sf(self.t, self.units - 1))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the two-sided t interval."""
        if self.units < 2 or not np.isfinite(self.se):
            return (float("-inf"), float("inf"))
        half = float(stats.t.ppf(0.5 + level / 2, self.units - 1)) * self.se
        return (self.value - half, self.value + half)


def mean(values: ArrayLike, groups: ArrayLike | None = None, *, widen: float = 1.0) -> Mean:
    """Return the mean over rows with a standard error that is robust to dependence within groups.

    Assumes independent groups; without groups, independent rows, and the error is sd / sqrt(n). With groups it is
    sqrt(G / (G - 1) sum_g (sum_{i in g} (x_i - mean))^2) / n, so groups of any size keep the row mean.
    `widen` multiplies the error: `kfold.inflation` for out-of-fold rows.
    Source: Liang & Zeger 1986; Cameron & Miller 2015, eq. 11 with their G / (G - 1).
    """
    rows = column(values)
    if len(rows) == 0:
        return Mean(float("nan"), float("inf"), 0)
    ids = unit_ids(len(rows), groups)
    units, centre = int(ids.max()) + 1, float(rows.mean())
    sums = np.bincount(ids, weights=rows - centre)
    if units < 2:
        return Mean(centre, float("inf"), units)
    error = widen * float(np.sqrt(units / (units - 1) * (sums**2).sum()) / len(rows))
    # Equal values leave rounding noise behind, which must not become an infinite t.
    return Mean(centre, 0.0 if error < 1e-12 * max(abs(centre), 1e-300) else error, units)


def difference(first: ArrayLike, second: ArrayLike, groups: ArrayLike | None = None, *, widen: float = 1.0) -> Mean:
    """Return the mean of first - second over rows, whose `p_greater` is that of a paired t-test.

    Costs of an incumbent and of a challenger, lower better, give the challenger's gain. Assumes independent units and
    candidates that were not chosen for their score on these rows (else use `comparison.cross_fitted`). Any metric
    serves through `scores.pseudo` (negate it where larger is better). Differences that are rounding only count as zero:
    averages over splits of equal values differ in the last bit, which with no other spread would be an infinite t.
    Source: as `mean`; for losses of learners Dietterich 1998 (hold-out form; never on overlapping fold scores).

    Args:
        first: (n,) cost of each row.
        second: (n,) likewise.
        groups: One label per row of dependent rows.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
    """
    a, b = column(first), column(second)
    gap = a - b
    gap[np.abs(gap) <= 1e-12 * np.maximum(np.abs(a), np.abs(b))] = 0.0
    return mean(gap, groups, widen=widen)


def halves(
    rows: int,
    rng: np.random.Generator,
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Ints:
    """Return 0 or 1 for each row: a random split into halves, whole groups together.

    Args:
        rows: Number of rows.
        rng: The source of randomness.
        groups: One label per row that keeps rows together. Defaults to each row on its own.
        strata: One label per row, spread evenly over the halves (a group counts by its first row).
    """
    ids = unit_ids(rows, groups)
    units = int(ids.max()) + 1 if rows else 0
    labels = np.zeros(units, dtype=np.int64)
    if strata is not None:
        kinds = np.unique(np.asarray(strata), return_inverse=True)[1].reshape(-1)
        firsts = np.unique(ids, return_index=True)[1]
        labels = kinds[firsts]
    side = np.zeros(units, dtype=np.int64)
    for value in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == value))
        side[members] = (np.arange(len(members)) + rng.integers(2)) % 2
    return side[ids]


def bootstrap_weights(rows: int, resamples: int, rng: np.random.Generator, groups: ArrayLike | None = None) -> Floats:
    """Return how often each row is drawn in each resample, (B, n): units with replacement, whole groups together.

    Source: Efron & Tibshirani 1993, ch. 6; groups: Davison & Hinkley 1997, §3.8 (drawing clusters only).
    """
    ids = unit_ids(rows, groups)
    units = int(ids.max()) + 1
    counts = rng.multinomial(units, np.full(units, 1 / units), size=resamples)
    return counts[:, ids].astype(np.float64)


def cross_fit(
    costs: Floats,
    values: Floats | None = None,
    *,
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    seed: int = 0,
) -> Floats:
    """Return for each row the value of the candidate that the *other* half of the rows would have chosen.

    Choosing the best of many candidates and judging it on the same rows flatters it; here no row judges a choice
    that it took part in, so a mean of the result needs no further correction. Averaged over random half-splits.

    Args:
        costs: (K, n) cost of each candidate on each row, lower is better; candidates with NaN are never chosen.
        values: (K, n, ...) what to return of the chosen candidate. Defaults to `costs`.
        groups: Rows that must stay together.
        strata: Labels to spread evenly over halves.
        seed: Seed of the splits.

    Returns:
        (n, ...) values. Source: sample splitting with cross-fitting, Cox 1975; Chernozhukov et al. 2018.
    """
    pool = costs if values is None else values
    usable = np.flatnonzero(np.isfinite(costs).all(axis=1))
    kept = costs if len(usable) == len(costs) else costs[usable]  # thousands of columns: no copy without need
    if len(usable) == 0:
        return np.full(pool.shape[1:], np.nan)
    rng = np.random.default_rng(seed)
    total = np.zeros(pool.shape[1:])
    for _ in range(SPLITS):
        side = halves(costs.shape[1], rng, groups, strata)
        for chooser in (0, 1):
            judged = side != chooser
            sums = kept @ (~judged).astype(costs.dtype)
            total[judged] += pool[usable[int(sums.argmin())]][judged]
    return total / SPLITS
