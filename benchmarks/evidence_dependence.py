"""Error rates where rows depend on each other (groups, time), and where trials are bred from the best one so far.

    python benchmarks/evidence_dependence.py --data DIR [--only groups,time,adaptive] [--repeats 40]

DIR holds one folder per table with `data.csv` and `card.json`. Small NumPy nets (`evidence_nets.py`), a search being
60 trials x 15 epochs as in `evidence.py`. Each line says how often the interval of the corrected score holds the later
test score, with rows taken as independent and with the dependence taken into account, and how often the test is
called *suspect* or *unreliable* although nobody moved anything.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from evidence_nets import Curves, Plan, Table, draw, read, train
from scipy import stats
from scipy.special import expit

from modelwizard.evidence import optimism, resampling, scores, testing
from modelwizard.evidence.losses import row_loss

TRAIN, TEST = 300, 300
TRIALS, EPOCHS = 60, 15
BLOCKS = 50  # blocks of rows in time order, as training/division.py cuts them
GENERATION = 10  # trials that are bred at a time

Case = tuple[Table, np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]
"""A table, the rows to train on, to validate on and to test on, and a label of every row that depends on others."""


def said(case: Case, metric: str, columns: np.ndarray, trial: np.ndarray, seed: int, grouped: bool) -> list[float]:
    """Return bias against the later test score, whether the interval holds it, whether the verdict is a doubt."""
    table, rows, validation, test, labels = case
    size = len(validation)
    groups = labels if grouped else None
    own, later_groups = (None, None) if groups is None else (groups[validation], groups[test])
    y, seen = table.y[validation], columns[:, :size]
    losses = np.stack([row_loss(table.problem, table.loss, y, p) for p in seen]).astype(np.float32)
    found = optimism.bbc_metric(table.problem, metric, y, seen, losses=losses, trial=trial, groups=own, seed=seed)
    p = columns[found.best, size:]
    later = scores.score(table.problem, metric, table.y[test], p)
    spread = resampling.mean(scores.pseudo(table.problem, metric, table.y[test], p), later_groups)
    df = testing.freedom(found.se, found.units, spread.se, spread.units)
    base = scores.score(table.problem, metric, y, np.tile(table.constant(rows), (size, 1)))
    smallest = testing.margin(found.corrected, base, bounded=found.direction == "max")

    def doubt(test_score: float) -> bool:
        agreement = testing.judge(
            found.corrected, found.se, test_score, spread.se, direction=found.direction, smallest=smallest, df=df
        )
        return agreement.verdict in ("suspect", "unreliable")

    worse = later - 0.1 if found.direction == "max" else later * 1.25
    return [
        scores.gain(metric, found.raw, later),
        scores.gain(metric, found.corrected, later),
        abs(found.corrected - later) <= stats.t.ppf(0.975, df) * np.hypot(found.se, spread.se),
        doubt(later),
        doubt(worse),
    ]


def clusters(seed: int, size: int, shift: float = 1.0) -> Case:
    """Draw rows in groups of ten: features share a part within a group, and so does what no feature tells."""
    rng = np.random.default_rng(seed)
    counts = [TRAIN // 10, size // 10, TEST // 10]
    many = sum(counts)
    group = np.repeat(np.arange(many), 10)
    x = (rng.normal(size=(many, 8))[group] + rng.normal(size=(len(group), 8))) / np.sqrt(2)
    logits = x[:, :4] @ np.array([1.0, 0.7, -0.7, 0.4]) + shift * rng.normal(size=many)[group]
    y = (rng.random(len(group)) < expit(logits))[:, None].astype(float)
    parts = np.split(np.arange(len(group)), 10 * np.cumsum(counts)[:-1])
    return Table("groups of 10", "binary", x, y), *parts, group


def bikeshare(folder: Path) -> Table:
    """Return hourly rentals in time order, log scale, with the parts of the date as features."""
    frame = pd.read_csv(folder / "data.csv", parse_dates=["datetime"])
    when = frame["datetime"].dt
    wide = pd.concat(
        [
            pd.get_dummies(when.hour, dtype=float),
            pd.get_dummies(when.day_of_week, dtype=float),
            frame[["holiday", "workingday", "weather", "temp", "humidity", "windspeed"]].astype(float),
        ],
        axis=1,
    ).to_numpy()
    return _series("bikeshare", wide, np.log1p(frame["count"].to_numpy(float)))


def temperatures(folder: Path) -> Table:
    """Return daily minima in time order, to be told from the seven days before and the season."""
    values = pd.to_numeric(pd.read_csv(folder / "data.csv")["Temp"], errors="coerce").ffill().to_numpy(float)
    lags = np.stack([values[7 - lag : len(values) - lag] for lag in range(1, 8)], axis=1)
    season = 2 * np.pi * np.arange(7, len(values))[:, None] / 365.25
    return _series("daily_min_temp", np.hstack([lags, np.sin(season), np.cos(season)]), values[7:])


def _series(name: str, x: np.ndarray, y: np.ndarray) -> Table:
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    return Table(name, "regression", np.clip(x, -5, 5), ((y - y.mean()) / y.std())[:, None])


def in_time(table: Table, seed: int, size: int, *, drift: bool, day: int) -> Case:
    """Cut a window out of a series: train, then validate, then test; without drift, days alternate between the two.

    Args:
        table: A series in time order.
        seed: Where the window begins.
        size: Validation rows, and test rows.
        drift: Whether the test comes after the validation, as the wizard splits; otherwise both cover the same time.
        day: Rows that alternate together where they do.
    """
    ahead = 1000
    start = int(np.random.default_rng(seed).integers(0, len(table.x) - ahead - 2 * size - 1))
    rows = np.arange(start, start + ahead)
    rest = np.arange(start + ahead, start + ahead + 2 * size)
    first = np.arange(2 * size) < size if drift else (np.arange(2 * size) // day) % 2 == 0
    labels = np.arange(len(table.x)) // max(1, size // BLOCKS)
    return table, rows, rest[first], rest[~first], labels


def random_search(case: Case, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the predictions of all trials and epochs on validation and test rows, and the trial of each column."""
    table, rows, validation, test, _ = case
    plan = draw(np.random.default_rng(seed), TRIALS, EPOCHS)
    return _columns(train(table, plan, rows, np.concatenate([validation, test]), seed), 0)


def adaptive_search(case: Case, metric: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Breed all trials but the first ten from the best one so far, ten at a time, by steps of a fifth of the range."""
    table, rows, validation, test, _ = case
    rng, watched = np.random.default_rng(seed), np.concatenate([validation, test])
    plan = draw(rng, GENERATION, EPOCHS)
    columns, trials, plans = [], [], []
    for generation in range(TRIALS // GENERATION):
        found, trial = _columns(train(table, plan, rows, watched, seed * 100 + generation), generation * GENERATION)
        columns.append(found)
        trials.append(trial)
        plans.append(plan)
        best = _best(table, metric, validation, np.concatenate(columns), np.concatenate(trials))
        kept = plans[best // GENERATION]
        plan = _near(rng, *(float(v[best % GENERATION]) for v in (kept.units, kept.rate, kept.decay)))
    return np.concatenate(columns), np.concatenate(trials)


def _near(rng: np.random.Generator, units: float, rate: float, decay: float) -> Plan:
    """Draw trials around the incumbent."""
    step = rng.normal(size=(3, GENERATION)) * np.array([0.6, 0.36, 0.8])[:, None]
    return Plan(
        np.clip(np.round(2 ** (np.log2(units) + step[0])), 4, 32).astype(int),
        np.clip(10 ** (np.log10(rate) + step[1]), 10**-3.3, 10**-1.5),
        np.clip(10 ** (np.log10(decay) + step[2]), 1e-4, 1.0),
        EPOCHS,
    )


def _columns(found: Curves, first: int) -> tuple[np.ndarray, np.ndarray]:
    trials, epochs = found.p.shape[:2]
    return found.p.reshape(-1, *found.p.shape[2:]), first + np.repeat(np.arange(trials), epochs)


def _best(table: Table, metric: str, validation: np.ndarray, columns: np.ndarray, trial: np.ndarray) -> int:
    """Return the best trial: the epoch with the lowest loss within each, the best metric among them."""
    y, seen = table.y[validation], columns[:, : len(validation)]
    losses = np.array([row_loss(table.problem, table.loss, y, p).mean() for p in seen])
    at = [int(np.flatnonzero(trial == t)[losses[trial == t].argmin()]) for t in np.unique(trial)]
    return scores.best(metric, [scores.score(table.problem, metric, y, seen[j]) for j in at])


Search = Callable[[Case, str, int], tuple[np.ndarray, np.ndarray]]


def cases(
    data: Path, kinds: list[str]
) -> Iterator[tuple[str, tuple[str, ...], int, Callable[[int], Case], Search, bool]]:
    """Yield name, metrics, validation rows, how a case is drawn, how it is searched, whether rows depend."""

    def plain(case: Case, _: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
        return random_search(case, seed)

    if "groups" in kinds:
        for size in (100, 300):
            metrics = ("roc_auc", "accuracy")
            yield "groups of 10", metrics, size, lambda seed, n=size: clusters(seed, n), plain, True
    if "time" in kinds:
        for table, day in ((bikeshare(data / "bikeshare"), 24), (temperatures(data / "daily_min_temp"), 7)):
            for size in (300,):
                for drift in (False, True):
                    name = f"{table.name}, {'test later' if drift else 'same time'}"

                    def make(seed: int, t: Table = table, n: int = size, later: bool = drift, d: int = day) -> Case:
                        return in_time(t, seed, n, drift=later, day=d)

                    yield name, ("rmse",), size, make, plain, True
    if "adaptive" in kinds:
        for name in ("telco_churn", "adult", "wine_white"):
            table = read(data / name)
            for size in (100, 300):
                metric = table.metrics[:1]

                def split(seed: int, t: Table = table, n: int = size) -> Case:
                    order = np.random.default_rng(seed).permutation(len(t.x))
                    return t, *np.split(order[: TRAIN + n + TEST], [TRAIN, TRAIN + n]), None

                yield f"{name}, random", metric, size, split, plain, False
                yield f"{name}, bred", metric, size, split, adaptive_search, False


def main() -> None:
    """Run the simulations and print their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="groups,time,adaptive")
    parser.add_argument("--repeats", type=int, default=40)
    asked = parser.parse_args()
    print("| search | metric | validation rows | splits | bias raw | bias corrected | interval holds test score: rows "
          "| with dependence | false *suspect*: rows | with dependence | drop found |")  # fmt: skip
    print("|-" * 11 + "|")
    for name, metrics, size, make, search, depends in cases(asked.data, asked.only.split(",")):
        begin = time.process_time()
        lines: dict[str, list[tuple[list[float], list[float]]]] = {metric: [] for metric in metrics}
        for seed in range(asked.repeats):
            case = make(seed)
            columns, trial = search(case, metrics[0], seed)
            for metric in metrics:
                alone = said(case, metric, columns, trial, seed, False)
                both = said(case, metric, columns, trial, seed, True) if depends else alone
                lines[metric].append((alone, both))
        for metric in metrics:
            alone, both = np.array(lines[metric], dtype=float).mean(axis=0)
            ours = (f"{both[2]:.0%}", f"{both[3]:.0%}") if depends else ("–", "–")
            print(f"| {name} | {metric} | {size} | {asked.repeats} | {both[0]:+.3f} | {both[1]:+.3f} | {alone[2]:.0%} "
                  f"| {ours[0]} | {alone[3]:.0%} | {ours[1]} | {both[4]:.0%} |", flush=True)  # fmt: skip
        print(f"{name}: {time.process_time() - begin:.0f} s of CPU", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
