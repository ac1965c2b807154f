"""Pooled out-of-fold rows: does mean ± 1.96 se hold the score that models of this size have on new rows?

The plain error sd / sqrt(n) stands beside the one widened by `kfold.inflation`, and, from fold scores, the
Nadeau-Bengio interval. Linear models and trees, accuracy; the truth comes from all rows that were not drawn.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from evidence_nets import Table, read
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from modelwizard.evidence import kfold, resampling

FOLDS = 5


def once(table: Table, rows: int, repeats: int, kind: str, seed: int) -> list[float]:
    """Return whether each interval holds the truth, for one draw of rows."""
    order = np.random.default_rng(seed).permutation(len(table.x))
    mine, rest = order[:rows], order[rows : rows + 3000]
    y = table.y.reshape(-1)
    said, of, folds, truths = [], [], [], []
    for repeat in range(repeats):
        cut = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat)
        for a, b in cut.split(mine, y[mine]):
            model = LogisticRegression(max_iter=300) if kind == "linear" else DecisionTreeClassifier(max_depth=6)
            model.fit(table.x[mine[a]], y[mine[a]])
            right = model.predict(table.x[mine[b]]) == y[mine[b]]
            said.append(right.astype(float))
            of.append(mine[b])
            folds.append(right.mean())
            if repeat == 0:
                truths.append((model.predict(table.x[rest]) == y[rest]).mean())
    truth = float(np.mean(truths))
    pooled = resampling.mean(np.concatenate(said), np.concatenate(of))
    gap, low_high = abs(pooled.value - truth), kfold.nadeau_bengio(folds, FOLDS)
    wide = pooled.se * kfold.inflation(FOLDS)
    return [gap <= 1.96 * pooled.se, gap <= 1.96 * wide, low_high[0] <= truth <= low_high[1]]


def main() -> None:
    """Print the coverage of each interval."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default="telco_churn,adult,wine_white,segment")
    parser.add_argument("--draws", type=int, default=60)
    asked = parser.parse_args()
    print("| table | model | rows | folds x repeats | draws | sd / √n | widened | Nadeau-Bengio |\n|-|-|-|-|-|-|-|-|")
    for name in asked.tables.split(","):
        table = read(asked.data / name)
        for kind in ("linear", "tree"):
            for rows, repeats in ((100, 1), (100, 5), (300, 1), (300, 3)):
                found = np.mean([once(table, rows, repeats, kind, seed) for seed in range(asked.draws)], axis=0)
                shares = " | ".join(f"{share:.0%}" for share in found)
                print(f"| {name} | {kind} | {rows} | {FOLDS} x {repeats} | {asked.draws} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
