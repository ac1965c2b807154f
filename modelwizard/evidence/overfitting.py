"""Overfitting proven: validation turned upward by more than noise while training went on improving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from modelwizard.evidence import resampling
from modelwizard.evidence.arrays import ArrayLike, Floats

WINDOW = 5
"""Epochs averaged at the end of the curve; a third of the curve when it is shorter than 15 epochs."""
FEWEST_EPOCHS = 9
MARGIN = 0.02
"""The rise must be at least this share of the best validation loss, so that a drift on a plateau is no proof."""
ALPHA = 0.05

Reason = Literal["proven", "no rise", "small rise", "training not lower", "too few epochs", "diverged"]
Kind = Literal["overfit", "confidence overfit", "metric overfit", "none"]


@dataclass(frozen=True)
class Overfitting:
    """What one curve (loss or metric) says.

    Args:
        proven: Whether the border was crossed.
        reason: Why, in one word or two.
        rise: Mean of the last window less the best one, as a share of the best (of 1 for metrics in [0, 1]).
        interval: 90 % interval of the rise, in the same unit.
        p_value: One-sided, of a rise above zero.
        best_epoch: Smoothed best epoch, 0-based.
    """

    proven: bool
    reason: Reason
    rise: float
    interval: tuple[float, float]
    p_value: float
    best_epoch: int


def judge(
    costs: ArrayLike,
    train: ArrayLike,
    *,
    margin: float = MARGIN,
    unit: float | None = None,
    groups: ArrayLike | None = None,
    widen: float = 1.0,
    seed: int = 0,
) -> Overfitting:
    """Compare the last window of epochs with the best one on rows that did not choose the best one.

    Assumes independent units; per-row costs, lower is better, of the same rows at every epoch; for losses the
    excess above `row_floor`, so that a share of it has a meaning. The best epoch (3-epoch mean) is chosen on one half
    of the rows and the rise measured on the other. Proven when the rise is above zero (one-sided t, 5 %), at least
    `margin`, and the training cost of the last window is below that around the best epoch.

    Args:
        costs: (epochs, n) validation cost of each row after each epoch, inference mode, unpenalised.
        train: (epochs,) mean training cost under the same conditions.
        margin: Smallest rise that counts, in `unit`. Defaults to 2 %.
        unit: What a rise is a share of. Defaults to the best mean cost.
        groups: One label per row of dependent rows; in time order, block ids.
        widen: Factor of the standard error: `kfold.inflation` for out-of-fold rows.
        seed: Seed of the splits.

    Source: ours (window rule, error rates by simulation in benchmarks/evidence.py); patience rules
    fire on 70-90 % of plateaus, so early stopping is no evidence (Prechelt 1998, "Early stopping - but when?").
    """
    table = np.atleast_2d(np.asarray(costs, dtype=np.float64))
    curve = np.asarray(train, dtype=np.float64)
    finite = np.isfinite(table).all(axis=1) & np.isfinite(curve)
    epochs = int(np.argmin(finite)) if not finite.all() else len(table)
    if epochs < FEWEST_EPOCHS:
        reason: Reason = "diverged" if epochs < len(table) else "too few epochs"
        return _nothing(table[:epochs].mean(axis=1), reason)
    table, curve = table[:epochs], curve[:epochs]
    window = min(WINDOW, epochs // 3)
    smooth = _smooth(table)[: epochs - window]
    last = table[-window:].mean(axis=0)
    chosen = resampling.cross_fit(smooth, groups=groups, seed=seed)
    rise = resampling.difference(last, chosen, groups, widen=widen)
    best = int(smooth.mean(axis=1).argmin())
    scale = float(smooth[best].mean()) if unit is None else unit
    lower_train = curve[-window:].mean() < curve[max(0, best - 1) : best + 2].mean()
    share = rise.value / scale if scale > 0 else float("nan")
    reason = _reason(rise, share, margin, bool(lower_train))
    low, high = rise.interval(0.90)
    return Overfitting(
        reason == "proven",
        reason,
        share,
        (low / scale, high / scale),
        rise.p_greater(),
        best,
    )


def _smooth(table: Floats) -> Floats:
    """Return 3-epoch means, shorter at the ends."""
    return np.stack([table[max(0, e - 1) : e + 2].mean(axis=0) for e in range(len(table))])


def _reason(rise: resampling.Mean, share: float, margin: float, lower_train: bool) -> Reason:
    """Return the first condition that fails, or "proven"."""
    if rise.units < 2 or rise.p_greater() > ALPHA:
        return "no rise"
    if not share >= margin:
        return "small rise"
    return "proven" if lower_train else "training not lower"


def _nothing(means: Floats, reason: Reason) -> Overfitting:
    """Return the verdict for a curve that is too short to be judged."""
    nan = float("nan")
    best = int(means.argmin()) if len(means) else 0
    return Overfitting(False, reason, nan, (nan, nan), 1.0, best)


def kind(loss: Overfitting, metric: Overfitting | None) -> Kind:
    """Name what was proven: by the loss and by the person's metric, judged apart.

    The loss can rise while the metric does not: the model became overconfident, not worse at deciding ("confidence
    overfit"; the remedies are temperature and early stopping, not necessarily less capacity).
    Source: Guo et al. 2017, "On calibration of modern neural networks", §3 (NLL overfits without the 0/1 error).
    """
    if loss.proven:
        return "overfit" if metric is None or metric.proven else "confidence overfit"
    return "metric overfit" if metric is not None and metric.proven else "none"


def resolvable(costs: ArrayLike, groups: ArrayLike | None = None) -> float:
    """Return the smallest rise, as a share of the best loss, that these rows would show with 80 % power.

    6.18 (s_d)^2 / n = d^2 with s_d from last window less best epoch; says whether "no rise" is an answer or a shrug.
    """
    table = np.atleast_2d(np.asarray(costs, dtype=np.float64))
    means = table.mean(axis=1)
    best = int(np.nanargmin(means))
    spread = resampling.mean(table[-1] - table[best], groups).se
    needed = float(stats.norm.ppf(0.95) + stats.norm.ppf(0.80))
    return needed * spread / float(means[best]) if means[best] > 0 else float("nan")
