"""False power where it is hardest: predictions with signal whose true loss equals the baseline's exactly.

Log-odds are multiplied until the expected log loss is that of the constant prediction; *power* is then wrong by
definition. No tables are needed.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from modelwizard.evidence import power, resampling
from modelwizard.evidence.losses import excess_loss


def population(share: float, size: int = 200_000) -> tuple[np.ndarray, np.ndarray, float]:
    """Return overconfident probabilities and labels of a population, and its share of positives."""
    rng = np.random.default_rng(2)
    z, bias = rng.normal(size=size), np.log(share / (1 - share))
    y = rng.random(size) < expit(bias + z)
    base = float(y.mean())
    entropy = -(base * np.log(base) + (1 - base) * np.log(1 - base))
    factor = brentq(lambda s: np.logaddexp(0, -(2 * y - 1) * (bias + z * s)).mean() - entropy, 1, 30)
    return expit(bias + z * factor), y.astype(float), base


def measure(
    problem: str, loss: str, y: np.ndarray, predictions: np.ndarray, constant: np.ndarray, seed: int = 0
) -> power.Power:
    """Judge power from canonical targets, predictions (K, n, k) of every candidate and a constant prediction (k,)."""
    base = np.broadcast_to(np.asarray(constant, dtype=np.float64), predictions.shape[1:])
    losses = np.stack([excess_loss(problem, loss, y, p) for p in predictions])
    labels = np.asarray(y).reshape(-1) if problem in ("binary", "multiclass") else None
    chosen = resampling.cross_fit(losses, predictions, strata=labels, seed=seed)
    follows = power.associated(problem, y, chosen)
    return power.judge(excess_loss(problem, loss, y, base), losses, association=follows, strata=labels, seed=seed)


def main() -> None:
    """Print how often each verdict is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    asked = parser.parse_args()
    print("| rows | share | repeats | *power* | *signal* | *cannot tell* | *none* |\n|-|-|-|-|-|-|-|")
    for rows, share in ((50, 0.5), (100, 0.5), (200, 0.5), (1000, 0.5), (200, 0.1)):
        p, y, base = population(share)
        words: Counter[str] = Counter()
        for seed in range(asked.repeats):
            i = np.random.default_rng([7, seed]).integers(0, len(y), rows)
            found = measure("binary", "binary_crossentropy", y[i, None], p[i][None, :, None], np.array([base]))
            words[found.verdict] += 1
        shares = " | ".join(f"{words[k] / asked.repeats:.1%}" for k in ("power", "signal", "unknown", "none"))
        print(f"| {rows} | {share} | {asked.repeats} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
