"""Optimism: how much of the best validation score is the luck of having looked so often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import integrate, stats

from modelwizard.evidence import resampling, scores
from modelwizard.evidence.arrays import ArrayLike, Floats, Ints
from modelwizard.evidence.scores import Direction

Z = 1.959964


@dataclass(frozen=True)
class Correction:
    """The best score, and what it would probably be on new rows.

    Args:
        best: Index of the chosen column.
        raw: Its score on the rows that chose it.
        corrected: The score expected of such a choice on new rows.
        optimism: Raw less corrected, positive when raw flatters (whatever the direction).
        se: Standard error of the corrected score (sampling of rows, for the chosen column).
        direction: "max" or "min".
        columns: Candidates looked at.
        rows: Validation rows.
        units: Independent units among them.
    """

    best: int
    raw: float
    corrected: float
    optimism: float
    se: float
    direction: Direction
    columns: int
    rows: int
    units: int

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return corrected ± z se; the percentiles of the resamples are far too wide to serve as one."""
        half = float(stats.norm.ppf(0.5 + level / 2)) * self.se
        return (self.corrected - half, self.corrected + half)


def bbc(
    values: ArrayLike,
    *,
    direction: Direction = "max",
    groups: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Correction:
    """Correct the best of K row-mean scores by bootstrapping the choice.

    Each resample draws rows with replacement, chooses the best column on them, and scores it on the rows not drawn,
    against the overall best on those same rows; the mean loss is the optimism.
    Assumes independent units, and columns that were not made by looking at these rows: candidates bred from earlier
    validation scores leave a part of the optimism that no resampling can see (about 40 % in a pathological search).

    Args:
        values: (n, K) value per row and candidate (every trial and epoch); columns with NaN are never chosen.
        direction: Whether larger or smaller means are better.
        groups: One label per row of dependent rows; in time order, block ids.
        seed: Seed of the resamples.
        resamples: Number of resamples. Defaults to 1000.

    Source: Tsamardinos, Greasidou & Borboudakis 2018, "Bootstrapping the out-of-sample predictions for efficient and
    accurate cross-validation", algorithm 2 (BBC-CV). Pooled out-of-fold rows serve as they are.
    """
    table = np.asarray(values, dtype=np.float64)
    sign = 1.0 if direction == "max" else -1.0
    usable = np.flatnonzero(np.isfinite(table).all(axis=0))
    if len(usable) == 0:
        raise ValueError("no candidate has a finite value for every row")
    kept = np.ascontiguousarray(sign * table[:, usable])
    rng = np.random.default_rng(seed)
    weights = resampling.bootstrap_weights(len(kept), resamples, rng, groups)
    chosen = _argmax(weights @ kept / len(kept), rng)
    top = int(kept.mean(axis=0).argmax())
    unseen = (weights == 0)[(weights == 0).any(axis=1)]
    outside = kept.T[chosen[(weights == 0).any(axis=1)]] - kept[:, top]
    lost = np.einsum("bn,bn->b", unseen, outside) / unseen.sum(axis=1)
    best = int(usable[top])
    return _correction(best, table[:, best], sign * _mean(lost), direction, table.shape[1], groups)


def _mean(lost: Floats) -> float:
    """Return what choosing anew loses on unseen rows, averaged over the resamples in which it is defined.

    Each resample compares its own choice with the overall best on the *same* unseen rows, so the luck of the drawn
    rows cancels: a single candidate is not moved at all, and some hundred resamples suffice.
    """
    defined = lost[np.isfinite(lost)]
    return float(defined.mean()) if len(defined) else 0.0


def _argmax(inside: Floats, rng: np.random.Generator) -> Ints:
    """Return the best column of each resample (B, K), ties broken at random; NaN never wins."""
    table = np.where(np.isfinite(inside), inside, -np.inf)
    top = table.max(axis=1, keepdims=True)
    tied = table >= top - 1e-12 * np.maximum(np.abs(top), 1e-12)
    return (tied * rng.random(table.shape)).argmax(axis=1)


def _correction(
    best: int, rows: Floats, lost: float, direction: Direction, columns: int, groups: ArrayLike | None
) -> Correction:
    """Assemble the result; the standard error is that of the chosen column's (pseudo-)values."""
    mean = resampling.mean(rows, groups)
    optimism = -lost if direction == "max" else lost
    return Correction(best, mean.value, mean.value + lost, optimism, mean.se, direction, columns, len(rows), mean.units)


def bbc_metric(
    problem: str,
    metric: str,
    y: ArrayLike,
    predictions: Sequence[Floats] | Floats,
    *,
    losses: ArrayLike | None = None,
    trial: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
    resamples: int | None = None,
) -> Correction:
    """Correct the best of K candidates for any metric by recomputing it inside and outside each resample.

    With `losses` and `trial` the choice is nested as the stages make it: within a trial the epoch with the lowest
    loss, among trials the best metric. Without them the best metric over all columns.

    Args:
        problem: A name of the table of problems.
        metric: A name of `SCORES`.
        y: Canonical targets of the validation rows.
        predictions: K canonical predictions (n, k), an array (K, n, k) or `predictions.Columns`.
        losses: (K, n) loss of each row, which chooses the epoch. Defaults to none: the metric chooses.
        trial: (K,) the trial that each column belongs to; needed with `losses`.
        groups: One label per row of dependent rows.
        seed: Seed of the resamples.
        resamples: Number of resamples. Defaults to 1000, and to 200 for rankings, which need a sort.

    Assumptions and source: as `bbc`; undefined resamples (one class only) are passed over.
    """
    item = scores.SCORES[metric]
    rows = len(predictions[0])
    count = resamples or (200 if item.ranking else 1000)
    rng = np.random.default_rng(seed)
    drawn = resampling.bootstrap_weights(rows, count, rng, groups)
    weights = np.vstack([np.ones(rows), drawn])  # the first "resample" is the sample itself: it gives raw and best
    chosen = _choose(problem, metric, y, predictions, weights, losses, trial, rng)
    best = int(chosen[0])
    lost = np.full(count, np.nan)
    unseen = (drawn == 0).astype(np.float64)
    drawn_all = unseen.sum(axis=1) == 0  # happens to a handful of rows only
    unseen[drawn_all] = 1.0
    reference = scores.weighted(problem, metric, y, [predictions[best]], unseen)[:, 0]
    for j in np.unique(chosen[1:]):
        mine = np.flatnonzero((chosen[1:] == j) & ~drawn_all)
        if len(mine):
            lost[mine] = (
                scores.weighted(problem, metric, y, [predictions[int(j)]], unseen[mine])[:, 0] - reference[mine]
            )
    pseudo = scores.pseudo(problem, metric, y, predictions[best])
    return _correction(best, pseudo, _mean(lost), item.direction, len(predictions), groups)


def _choose(
    problem: str,
    metric: str,
    y: ArrayLike,
    predictions: Sequence[Floats] | Floats,
    weights: Floats,
    losses: ArrayLike | None,
    trial: ArrayLike | None,
    rng: np.random.Generator,
) -> Ints:
    """Return the column (B,) that each resample would choose."""
    sign = 1.0 if scores.SCORES[metric].direction == "max" else -1.0
    if losses is None:
        return _argmax(sign * scores.weighted(problem, metric, y, predictions, weights), rng)
    if trial is None:
        raise ValueError("a choice of epochs by loss needs to know each column's trial")
    table, owner = np.asarray(losses), np.asarray(trial)
    finite = np.isfinite(table).all(axis=1)
    narrow = weights.astype(table.dtype)  # losses may come as float32: they are the largest array of a search
    picks: list[Ints] = []
    for t in np.unique(owner[finite]):
        mine = np.flatnonzero(finite & (owner == t))
        picks.append(mine[(narrow @ table[mine].T).argmin(axis=1)])
    if not picks:
        raise ValueError("no candidate has a finite loss for every row")
    epoch = np.stack(picks, axis=1)  # (B, trials)
    needed = np.unique(epoch)
    values = sign * scores.weighted(problem, metric, y, [predictions[int(j)] for j in needed], weights)
    position = np.searchsorted(needed, epoch)
    among = _argmax(np.take_along_axis(values, position, axis=1), rng)
    return np.take_along_axis(epoch, among[:, None], axis=1)[:, 0]


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
    normal candidates; epochs of one trial are nearly copies, so pass one column per trial. Use it to plan; use `bbc`
    to correct.
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
