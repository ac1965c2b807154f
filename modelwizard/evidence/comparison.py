"""Two candidates on the same rows: is one better by more than noise, and is the simpler one good enough?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwizard.evidence import resampling
from modelwizard.evidence.arrays import ArrayLike


@dataclass(frozen=True)
class Comparison:
    """The gain of a challenger over an incumbent, positive when the challenger is better.

    Args:
        gain: Mean cost of the incumbent less that of the challenger.
        se: Its standard error over independent units.
        t: Gain in standard errors.
        p_value: One-sided, of the gain being above zero.
        interval: 90 % interval of the gain.
        units: Independent units.
    """

    gain: float
    se: float
    t: float
    p_value: float
    interval: tuple[float, float]
    units: int


def paired(
    incumbent: ArrayLike, challenger: ArrayLike, *, groups: ArrayLike | None = None, widen: float = 1.0
) -> Comparison:
    """Compare two fixed candidates row by row with a paired t-test.

    Assumes independent units and candidates that were not chosen for their score on these rows (else use
    `cross_fitted`). Any metric serves through `scores.pseudo` (negate it where larger is better).
    Source: paired t-test; for losses of learners Dietterich 1998 (hold-out form; never on overlapping fold scores).

    Args:
        incumbent: (n,) cost of each row, lower is better.
        challenger: (n,) likewise.
        groups: One label per row of dependent rows.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
    """
    gain = resampling.difference(incumbent, challenger, groups, widen=widen)
    return Comparison(gain.value, gain.se, gain.t, gain.p_greater(), gain.interval(0.90), gain.units)


def cross_fitted(
    incumbent: ArrayLike,
    challengers: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    widen: float = 1.0,
    seed: int = 0,
) -> Comparison:
    """Compare the best of many challengers with the best of the incumbent's columns, each chosen on other rows.

    Assumes independent units; the choice is repeated on halves, so its luck is not counted as gain.

    Args:
        incumbent: (n,) or (J, n) cost of the incumbent (for instance each of its epochs).
        challengers: (K, n) cost of every trial and epoch.
        groups: One label per row of dependent rows.
        strata: Labels to spread evenly over halves.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
        seed: Seed of the splits, the same for both.

    Source: as `resampling.cross_fit`.
    """
    old = np.atleast_2d(np.asarray(incumbent))
    new = np.atleast_2d(np.asarray(challengers))
    kept = resampling.cross_fit(old, groups=groups, strata=strata, seed=seed)
    best = resampling.cross_fit(new, groups=groups, strata=strata, seed=seed)
    return paired(kept, best, groups=groups, widen=widen)


def simplest(costs: ArrayLike, sizes: Sequence[float], *, groups: ArrayLike | None = None, within: float = 1.0) -> int:
    """Return the index of the smallest candidate within one paired standard error of the best.

    Assumes costs (K, n), lower better, one column per candidate; NaN candidates are passed over; ties of size go to
    the lower cost.
    Source: the one-standard-error rule, Breiman et al. 1984, §3.4.3, with the error of the *paired* difference.
    """
    table = np.asarray(costs, dtype=np.float64)
    means = np.where(np.isfinite(table).all(axis=1), table.mean(axis=1), np.inf)
    if not np.isfinite(means).any():
        raise ValueError("no candidate has a finite cost for every row")
    best = int(means.argmin())
    good = [best]
    for k in np.flatnonzero(np.isfinite(means)):
        difference = resampling.difference(table[k], table[best], groups)
        if difference.value <= within * difference.se:
            good.append(int(k))
    return min(good, key=lambda k: (sizes[k], means[k]))
