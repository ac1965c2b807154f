"""Does it pay to choose a threshold and a temperature on a few held-out rows, and is the corrected score right then?

    python benchmarks/evidence_squeeze.py [--repeats 60]

Made-up rows: the true log-odds of a label are normal, a model knows them up to a factor (2: overconfident). The truth
is measured on 20,000 other rows. Needs no data.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.special import expit

from modelwizard.evidence import calibration, optimism, scores, thresholds
from modelwizard.evidence.losses import row_loss

SHIFT = {0.25: -1.4, 0.12: -2.5}
"""Share of the label -> mean of the log-odds."""


def draw(rows: int, share: float, sharpness: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (n, 1), and the probabilities of a model that is too sure by a factor."""
    rng = np.random.default_rng(seed)
    z = SHIFT[share] + 1.2 * rng.normal(size=(rows, 1))
    return (rng.random((rows, 1)) < expit(z)).astype(float), expit(sharpness * z)


def of_thresholds(metric: str, rows: int, share: float, repeats: int) -> str:
    """Return one line: true scores at 0.5, at the kept and at the best threshold, and what was promised."""
    new_y, new_p = draw(20_000, share, 1.0, 10**6)
    lines: list[list[float]] = []

    def true(threshold: float) -> float:
        return scores.score("binary", metric, new_y, thresholds.decided(new_p, threshold))

    for seed in range(repeats):
        y, p = draw(rows, share, 1.0, seed)
        found = thresholds.choose("binary", metric, y, p, seed=seed)
        promised = optimism.bbc_metric("binary", metric, y, [p], threshold=True, seed=seed, resamples=200)
        best = true(found.best)
        lines.append([true(0.5), true(found.value), best, found.raw - best, promised.corrected - best])
    m = np.mean(lines, axis=0)
    return f"| {metric} | {rows} | {share:.0%} | {m[0]:.3f} | {m[1]:.3f} | {m[2]:.3f} | {m[3]:+.3f} | {m[4]:+.3f} |"


def of_temperatures(rows: int, sharpness: float, repeats: int) -> str:
    """Return one line: true log loss without, with the kept and with every temperature, and how often one is kept."""
    new_y, new_p = draw(20_000, 0.25, sharpness, 10**6)
    lines: list[list[float]] = []

    def true(temperature: float) -> float:
        p = calibration.tempered("binary", new_p, temperature)
        return float(row_loss("binary", "binary_crossentropy", new_y, p).mean())

    for seed in range(repeats):
        found = calibration.temperature("binary", *draw(rows, 0.25, sharpness, seed), seed=seed)
        kept = found.value if found.kept else 1.0
        lines.append([found.kept, true(1.0), true(kept), true(found.value), true(sharpness)])
    m = np.mean(lines, axis=0)
    return f"| {rows} | {sharpness:g} | {m[0]:.0%} | " + " | ".join(f"{value:.4f}" for value in m[1:]) + " |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=60)
    asked = parser.parse_args()
    print("| metric | rows | share of the label | true score at 0.5 | at the kept threshold | at the best one "
          "| its score on the choosing rows less the true one | corrected less true |")  # fmt: skip
    print("|-" * 8 + "|")
    for metric in ("f1", "balanced_accuracy", "accuracy"):
        for rows in (100, 300, 1000):
            for share in SHIFT:
                print(of_thresholds(metric, rows, share, asked.repeats), flush=True)
    print("\n| rows | logits too large by | kept | true log loss without | with the rule | always | best |")
    print("|-" * 7 + "|")
    for sharpness in (1.0, 1.3, 2.0):
        for rows in (60, 100, 300, 1000):
            print(of_temperatures(rows, sharpness, asked.repeats), flush=True)


if __name__ == "__main__":
    main()
