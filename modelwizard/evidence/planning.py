"""Planning a search: what so many candidates will flatter themselves by, and what more of them could gain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import integrate, stats

from modelwizard.evidence.arrays import ArrayLike


@dataclass(frozen=True)
class Planned:
    """What a search is expected to flatter itself by, from the spread and correlation of its candidates.

    Args:
        optimism: Expected optimism after `columns` candidates.
        columns: Effective candidates assumed.
        noise: Standard deviation of a score that is independent between candidates.
        spread: Standard deviation of the candidates' true scores.
    """

    optimism: float
    columns: int
    noise: float
    spread: float

    def more(self, columns: int) -> float:
        """Return the expected optimism after `columns` further candidates of the same kind."""
        return _winner(self.columns + columns, self.noise, self.spread)

    def expected_gain(self, columns: int) -> float:
        """Return how much the true score of the best is expected to rise with `columns` further candidates."""
        total = float(np.hypot(self.noise, self.spread))
        if total == 0:
            return 0.0
        rise = expected_maximum(self.columns + columns) - expected_maximum(self.columns)
        return rise * self.spread**2 / total


def planned(values: ArrayLike) -> Planned:
    """Estimate the winner's curse in closed form: m_K v / sqrt(v + tau^2).

    v is the variance of a mean score that candidates do not share, (mean variance - mean covariance of rows) / n;
    tau^2 the variance of true scores; m_K the expected maximum of K standard normals. Assumes exchangeable, roughly
    normal candidates; epochs of one trial are nearly copies, so pass one column per trial. Use it to plan; use
    `optimism.bbc_metric` to correct.
    Source: selection of the best of K normals, e.g. David & Nagaraja 2003, ch. 4; shrinkage as in Efron 2011.
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[:, np.isfinite(table).all(axis=0)]
    rows, columns = table.shape
    if columns < 2 or rows < 2:
        return Planned(0.0, columns, 0.0, 0.0)
    total = float(np.var(table.sum(axis=1), ddof=1))  # sum of all variances and covariances, without the matrix
    own = float(np.var(table, axis=0, ddof=1).sum())
    shared = (total - own) / (columns * (columns - 1))
    noise2 = max((own / columns - shared) / rows, 0.0)
    spread2 = max(float(np.var(table.mean(axis=0), ddof=1)) - noise2, 0.0)
    noise, spread = float(np.sqrt(noise2)), float(np.sqrt(spread2))
    return Planned(_winner(columns, noise, spread), columns, noise, spread)


def _winner(columns: int, noise: float, spread: float) -> float:
    """Return the expected optimism of the best of `columns` candidates."""
    total = float(np.hypot(noise, spread))
    return expected_maximum(columns) * noise**2 / total if total > 0 else 0.0


def expected_maximum(columns: int) -> float:
    """Return the expected maximum of that many standard normals: 1.16 for 5, 2.51 for 100."""
    if columns < 2:
        return 0.0
    x = np.linspace(-10, 10, 4001)
    density = columns * stats.norm.pdf(x) * np.exp((columns - 1) * stats.norm.logcdf(x))
    return float(integrate.trapezoid(x * density, x))
