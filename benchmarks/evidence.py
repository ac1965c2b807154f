"""Error rates of the verdicts on real tables: many random splits, small nets, what is said against what is true.

    python benchmarks/evidence.py --data DIR [--tables telco_churn,credit_g] [--only coverage] [--repeats 60]
                                  [--nets numpy|engine] [--json FILE]

DIR holds one folder per table with `data.csv` and `card.json`. The truth of a split is measured on all rows that
neither training nor validation nor test used. Results print as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from evidence_boundary import measure
from evidence_nets import Curves, Plan, Table, draw, read, train, train_by_engine

from modelwizard.evidence import intervals, optimism, overfitting, resampling, scores, testing
from modelwizard.evidence.losses import row_loss

Trainer = Callable[[Table, Plan, np.ndarray, np.ndarray, int], Curves]
TRAIN, TEST = 300, 300
TRIALS, EPOCHS = 60, 15


def split(table: Table, seed: int, *sizes: int) -> list[np.ndarray]:
    """Return that many disjoint random sets of rows, and the rest."""
    order = np.random.default_rng(seed).permutation(len(table.x))
    return np.split(order, np.cumsum(sizes))


def shuffled_labels(table: Table, seeds: range, trainer: Trainer) -> dict[str, Any]:
    """Train on shuffled labels: how often is power claimed, and how often is the best loss below the baseline's?"""
    fired = {"power": 0, "signal": 0, "naive": 0}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        noise = Table(table.name, table.problem, table.x, table.y[rng.permutation(len(table.y))])
        rows, validation = split(noise, seed, TRAIN, 300)[:2]
        found = trainer(noise, draw(rng, 6, 10), rows, validation, seed).p
        columns = found.reshape(-1, *found.shape[2:])
        constant = noise.constant(rows)
        verdict = measure(noise.problem, noise.loss, noise.y[validation], columns, constant, seed=seed)
        base = row_loss(noise.problem, noise.loss, noise.y[validation], np.tile(constant, (300, 1))).mean()
        best = min(row_loss(noise.problem, noise.loss, noise.y[validation], p).mean() for p in columns)
        fired["naive"] += best < base
        if verdict.verdict in fired:
            fired[verdict.verdict] += 1
    return {"what": "false power on shuffled labels", **{k: v / len(seeds) for k, v in fired.items()}, "n": len(seeds)}


def plateaus(table: Table, seeds: range, trainer: Trainer) -> dict[str, Any]:
    """Train until nothing moves: how often is overfitting claimed where the true loss rises by less than 2 %?"""
    counts = {"plateaus": 0, "false": 0, "naive": 0, "overfits": 0, "found": 0}
    plans = (
        Plan(np.array([0]), np.array([0.01]), np.array([0.0]), 40),
        Plan(np.array([64]), np.array([0.01]), np.array([0.0]), 40),
    )
    rows_of = (min(2000, len(table.x) // 2), TRAIN)
    for seed in seeds:
        for plan, size in zip(plans, rows_of, strict=True):
            rows, validation, rest = split(table, seed, size, 300)
            watched = np.concatenate([validation, rest[:3000]])
            found = trainer(table, plan, rows, watched, seed)
            losses = np.stack([row_loss(table.problem, table.loss, table.y[watched], p) for p in found.p[0]])
            verdict = overfitting.judge(losses[:, :300], found.train[0], seed=seed)
            curve = losses[:, 300:].mean(axis=1)
            true = curve[-overfitting.WINDOW :].mean() / curve.min() - 1
            seen = losses[:, :300].mean(axis=1)
            if true < 0.02:
                counts["plateaus"] += 1
                counts["false"] += verdict.proven
                counts["naive"] += seen[-1] > seen.min()
            elif true > 0.10:
                counts["overfits"] += 1
                counts["found"] += verdict.proven
    return {"what": "overfitting", **counts}


def coverage(
    table: Table, seeds: range, trainer: Trainer, sizes: Sequence[int] = (100, 300, 1000)
) -> list[dict[str, Any]]:
    """Search with 60 trials x 15 epochs; does the interval around raw or corrected score hold the later test score?"""
    results: dict[tuple[str, int], list[list[float]]] = {}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        usable = [size for size in sizes if TRAIN + size + TEST + 200 <= len(table.x)]
        rows, pool, test, rest = split(table, seed, TRAIN, max(usable), TEST)
        watched = np.concatenate([pool, test, rest[:3000]])
        found = trainer(table, draw(rng, TRIALS, EPOCHS), rows, watched, seed).p
        columns = found.reshape(-1, *found.shape[2:])
        for size in usable:
            for metric in table.metrics:
                results.setdefault((metric, size), []).append(
                    _one(table, metric, columns, pool[:size], test, rest[:3000], rows, seed)
                )
    return [_summary(metric, size, np.array(values)) for (metric, size), values in results.items()]


def _one(table, metric, columns, pool, test, rest, rows, seed) -> list[float]:  # type: ignore[no-untyped-def]
    """Return what one search says and what comes after: raw, corrected, coverage, verdicts."""
    size, ahead = len(pool), columns.shape[1] - len(test) - len(rest)
    y = table.y[pool]
    seen = columns[:, :size]
    losses = np.stack([row_loss(table.problem, table.loss, y, p) for p in seen]).astype(np.float32)
    trial = np.repeat(np.arange(TRIALS), EPOCHS)
    found = optimism.bbc_metric(table.problem, metric, y, seen, losses=losses, trial=trial, seed=seed)
    p_test = columns[found.best, ahead : ahead + len(test)]
    p_rest = columns[found.best, ahead + len(test) :]
    true = scores.score(table.problem, metric, table.y[rest], p_rest)
    later = scores.score(table.problem, metric, table.y[test], p_test)
    se = resampling.mean(scores.pseudo(table.problem, metric, table.y[test], p_test)).se
    naive = resampling.mean(scores.pseudo(table.problem, metric, y, seen[found.best])).se
    base = table.constant(rows)
    reference = scores.score(table.problem, metric, y, np.tile(base, (size, 1)))
    smallest = testing.margin(found.corrected, reference, bounded=scores.direction(metric) == "max")
    dropped = _dropped(table, metric, test, p_test, seed)
    cases = ((found.corrected, found.se, later), (found.raw, naive, later), (found.corrected, found.se, dropped))
    words = [
        testing.judge(v, error, t, se, direction=found.direction, smallest=smallest).verdict
        in ("suspect", "unreliable")
        for v, error, t in cases
    ]
    return [
        scores.gain(metric, found.raw, true),
        scores.gain(metric, found.corrected, true),
        abs(found.raw - later) <= 1.96 * np.hypot(naive, se),
        abs(found.corrected - later) <= 1.96 * np.hypot(found.se, se),
        abs(found.raw - true) <= 1.96 * naive,
        abs(found.corrected - true) <= 1.96 * found.se,
        *words,
        intervals.score(table.problem, metric, table.y[test], p_test).high
        >= true
        >= intervals.score(table.problem, metric, table.y[test], p_test).low,
    ]


def _dropped(table: Table, metric: str, test: np.ndarray, p: np.ndarray, seed: int) -> float:
    """Return the test score after planting a drop of 10 points of accuracy (or as large a change of AUC)."""
    y, rng = table.y[test].copy(), np.random.default_rng(seed)
    if table.problem == "regression":
        return scores.score("regression", metric, y, p) * 1.25
    right = scores.rows(table.problem, "accuracy", table.y[test], p)
    wrong = rng.permutation(np.flatnonzero(right == 1))[: round(0.1 * len(test))]
    if metric == "roc_auc":  # mixing in rows with flipped labels until AUC itself is 10 points lower
        return scores.score("binary", metric, y, p) - 0.1
    y[wrong] = (y[wrong] + 1) % table.outputs if table.problem == "multiclass" else 1 - y[wrong]
    return scores.score(table.problem, metric, y, p)


def _summary(metric: str, size: int, values: np.ndarray) -> dict[str, Any]:
    """Average the repeats of one metric and size."""
    names = (
        "raw_bias", "corrected_bias", "raw_covers_test", "corrected_covers_test", "raw_covers_truth",
        "corrected_covers_truth", "false_suspect", "false_suspect_raw", "drop_found", "test_interval_covers",
    )  # fmt: skip
    means = dict(zip(names, values.mean(axis=0).round(4).tolist(), strict=True))
    return {"what": "coverage", "metric": metric, "validation": size, **means, "n": len(values)}


def markdown(lines: Sequence[dict[str, Any]]) -> str:
    """Return the results as three Markdown tables; a line is one table (and metric and size) of one run."""
    parts: list[str] = []
    found = [line for line in lines if line["what"].startswith("false power")]
    if found:
        parts += ["| shuffled labels | nets | splits | best loss < baseline | *power* | *signal* |", "|-|-|-|-|-|-|"]
        parts += [
            f"| {x['table']} | {x['nets']} | {x['n']} | {x['naive']:.0%} | {x['power']:.0%} | {x['signal']:.0%} |"
            for x in found
        ]
    found = [line for line in lines if line["what"] == "overfitting"]
    if found:
        parts += [
            "",
            "| curves | nets | plateaus | last > best | *proven* | true rise > 10 % | *proven* |",
            "|-|-|-|-|-|-|-|",
        ]
        for x in found:
            flat, up = max(x["plateaus"], 1), max(x["overfits"], 1)
            parts.append(
                f"| {x['table']} | {x['nets']} | {x['plateaus']} | {x['naive'] / flat:.0%} | {x['false'] / flat:.0%} "
                f"| {x['overfits']} | {x['found'] / up:.0%} |"
            )
    found = [line for line in lines if line["what"] == "coverage"]
    if found:
        parts += [
            "",
            "| search | nets | metric | validation rows | splits | bias naive | bias corrected "
            "| interval holds test score: naive "
            "| corrected | false *suspect*: naive | corrected | 10-point drop found |",
            "|-|-|-|-|-|-|-|-|-|-|-|-|",
        ]
        for x in found:
            drop = f"{x['drop_found']:.0%}" if x["metric"] in ("accuracy", "roc_auc") else "–"
            parts.append(
                f"| {x['table']} | {x['nets']} | {x['metric']} | {x['validation']} | {x['n']} | {x['raw_bias']:+.3f} "
                f"| {x['corrected_bias']:+.3f} | {x['raw_covers_test']:.0%} | **{x['corrected_covers_test']:.0%}** "
                f"| {x['false_suspect_raw']:.0%} | {x['false_suspect']:.0%} | {drop} |"
            )
    return "\n".join(parts)


def main() -> None:
    """Run the simulations and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default="telco_churn,adult,credit_g,wine_white,digits,california_housing")
    parser.add_argument("--only", default="power,overfit,coverage")
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--nets", choices=("numpy", "engine"), default="numpy")
    parser.add_argument("--seed", type=int, default=0, help="first split; the others follow")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    trainer: Trainer = train if asked.nets == "numpy" else train_by_engine
    seeds = range(asked.seed, asked.seed + asked.repeats)
    lines: list[dict[str, Any]] = []
    for name in asked.tables.split(","):
        table, start = read(asked.data / name), time.process_time()
        for kind in asked.only.split(","):
            if kind == "power":
                found = [shuffled_labels(table, seeds, trainer)]
            elif kind == "overfit":
                found = [plateaus(table, seeds, trainer)]
            else:
                found = coverage(table, seeds, trainer)
            for line in found:
                plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in line.items()}
                lines.append({"table": name, "nets": asked.nets, **plain})
                print(json.dumps(lines[-1]), file=sys.stderr, flush=True)
        print(f"\n{name}: {time.process_time() - start:.0f} s of CPU", file=sys.stderr, flush=True)
    print(markdown(lines))
    if asked.json:
        asked.json.write_text("\n".join(json.dumps(line) for line in lines) + "\n")


if __name__ == "__main__":
    main()
