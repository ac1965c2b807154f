"""Two candidates on the same rows: is one better by more than noise, and is the simpler one good enough?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwizard.evidence import resampling
from modelwizard.evidence.arrays import ArrayLike
from modelwizard.evidence.resampling import Mean


def cross_fitted(
    incumbent: ArrayLike,
    challengers: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    widen: float = 1.0,
    seed: int = 0,
) -> Mean:
    """Return the gain of the best of many challengers over the best of the incumbent's columns, chosen on other rows.

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
    return resampling.difference(kept, best, groups, widen=widen)


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
