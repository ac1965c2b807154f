"""Whether a classifier can tell the parts of a split from each other: each table of a folder, each way to split it.

    python benchmarks/parts.py --data DIR [--tables NAME,NAME] [--seeds 5]     DIR/NAME/{card.json,data.csv}

Boosted trees learn from one half of the rows which are of a part, and tell it on the other half, both ways round, with
rows of the same inputs kept together. p is twice the smaller of two shares: of 1,999 permutations of the parts of the
other half, among rows of one label, how many reach the AUC. Given the trees this is exact: p is at most .05 in 5 % of
splits that are by chance (pooled over five folds, whose trees share rows, it was in 11 and 13 %). An AUC is told as 0.5
and what it is beyond the mean of the permutations: parts dealt label by label are more alike than by chance.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

from modelwizard.errors import ModelWizardError
from modelwizard.kinds.facts import Column
from modelwizard.kinds.tabular.columns import FEATURES, describe
from modelwizard.kinds.tabular.dates import to_time
from modelwizard.kinds.tabular.infer import infer
from modelwizard.kinds.tabular.numbers import to_number
from modelwizard.kinds.tabular.profile import profile
from modelwizard.kinds.tabular.read import read, sniff
from modelwizard.kinds.tabular.rows import rows_of
from modelwizard.kinds.tabular.target import check_target
from modelwizard.problems.target import Target
from modelwizard.settings import Format
from modelwizard.splitting.split import Rows, Split, folds, split
from modelwizard.splitting.stratify import strata

MOST_ROWS, PERMUTATIONS = 6000, 1999
MADE_UP = "made-up group"


@dataclass(frozen=True)
class Table:
    """A table as the wizard sees it."""

    name: str
    frame: pd.DataFrame
    columns: list[Column]
    target: Target
    form: Format

    def rows(self, group: str = "", time: str = "") -> Rows:
        """Return how the rows depend on each other."""
        return rows_of(self.frame, self.columns, self.target.names, self.form, group, time)


@dataclass(frozen=True)
class Told:
    """How well a part is told from other rows: AUC beyond permuted parts, and the share of them that reach it."""

    auc: float
    p: float


def apart(x: np.ndarray, inside: np.ndarray, units: np.ndarray, labels: np.ndarray, seed: int = 0) -> Told:
    """Let boosted trees tell the rows inside a part from the others.

    Args:
        x: Inputs as numbers, shape (n, columns).
        inside: Whether a row is in the part, shape (n,).
        units: Rows with one number are kept together, and are in one part; negative ones are single rows, shape (n,).
        labels: What the parts were made alike in (`strata`), shape (n, labels).
        seed: Defaults to 0.
    """
    rng = np.random.default_rng([seed, 1])  # no stream that a split is drawn from
    units = np.where(units < 0, units.max() + 1 + np.arange(len(units)), units)
    unit = np.unique(units, return_inverse=True)[1]
    half = np.empty(unit.max() + 1, dtype=np.int64)
    part = np.bincount(unit, inside) > 0
    for members in (rng.permutation(np.flatnonzero(part == value)) for value in (False, True)):
        half[members] = np.arange(len(members)) % 2
    half, keep = half[unit], (rng.random(len(half)) < MOST_ROWS / len(x))[unit]
    found: list[Told] = []
    for number in (0, 1):
        held, fit = keep & (half == number), keep & (half != number)
        model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0)
        with threadpool_limits(1):
            ranks = rankdata(model.fit(x[fit], inside[fit]).predict_proba(x[held])[:, 1])
        found.append(_permuted(ranks, inside[held], unit[held], labels[held], rng))
    return Told(float(np.mean([told.auc for told in found])), min(1.0, 2 * min(told.p for told in found)))


def _permuted(
    ranks: np.ndarray, inside: np.ndarray, unit: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> Told:
    """Compare the ranks of the rows inside with those when units of one size and label change places."""
    mine = np.unique(unit, return_inverse=True)[1]
    sizes, sums, part = np.bincount(mine), np.bincount(mine, ranks), np.bincount(mine, inside) > 0
    label = np.stack([np.bincount(mine, column) for column in labels.T], axis=1).argmax(axis=1)
    kinds = sizes * labels.shape[1] + label
    drawn = np.zeros(PERMUTATIONS)
    for kind in np.unique(kinds):
        alike = np.tile(sums[kinds == kind], (PERMUTATIONS, 1))
        drawn += rng.permuted(alike, axis=1)[:, : part[kinds == kind].sum()].sum(axis=1)
    reached, pairs = ranks[inside].sum(), int(inside.sum()) * int((~inside).sum())
    p = (1 + int((drawn >= reached - 1e-9).sum())) / (1 + PERMUTATIONS)
    return Told(0.5 + (reached - drawn.mean()) / pairs, p)


def numbers(table: Table, left_out: Sequence[str] = ()) -> np.ndarray:
    """Return the inputs of a table as numbers, shape (n, columns): categories as codes, texts as counts of signs."""
    found = [np.empty((len(table.frame), 0))]
    for column in table.columns:
        if column.kind not in FEATURES or column.name in (*table.target.names, *left_out):
            continue
        cells = table.frame[column.name]
        if column.kind == "numeric":
            found.append(to_number(cells, table.form.decimal, table.form.thousands, table.form.missing)[:, None])
        elif column.kind == "date" and column.format:
            found.append(to_time(cells, column.format).astype(np.int64).astype(float)[:, None])
        elif column.kind == "text":
            words = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), max_features=100)
            found += [words.fit_transform(cells).toarray(), cells.str.len().to_numpy(float)[:, None]]
        else:
            found.append(pd.factorize(cells, sort=True)[0].astype(float)[:, None])
    return np.concatenate(found, axis=1)


def tables(folder: Path, names: Sequence[str] = ()) -> Iterator[Table]:
    """Read the tables of a folder that the wizard makes projects of."""
    for path in sorted(folder.glob("*/data.csv")):
        if names and path.parent.name not in names:
            continue
        card = json.loads((path.parent / "card.json").read_text(encoding="utf-8"))
        try:
            yield made(path.parent.name, path, card["targets"], card.get("drop", ()))
        except ModelWizardError as error:
            print(f"{path.parent.name} is left out: {error}")


def made(name: str, path: Path, targets: Sequence[str], drop: Sequence[str] = ()) -> Table:
    """Read one table as `modelwizard new` does."""
    form = sniff(path)
    frame = read(path, form)
    columns = [replace(c, kind="ignore") if c.name in drop else c for c in describe(frame, form)]
    target = check_target(frame, targets, infer(frame, targets, form).problem, form)
    return Table(name, frame, columns, target, form)


def grouped(table: Table, seed: int) -> Table:
    """Return a table with a column of groups that have nothing to do with the inputs, eight rows each."""
    groups = np.random.default_rng([seed, 2]).integers(0, max(5, len(table.frame) // 8), len(table.frame))
    column = Column(MADE_UP, "ignore")
    frame = table.frame.assign(**{MADE_UP: groups.astype(str)})
    return replace(table, frame=frame, columns=[*table.columns, column])


def comparisons(table: Table, seed: int) -> dict[str, Told]:
    """Return how well the parts of each kind of split are told apart; parts must be alike in all of these."""
    x, target, labels = numbers(table), table.target, strata(table.target)
    found: dict[str, Told] = {}
    for place, group in (("", ""), ("grouped: ", MADE_UP)):
        mine = grouped(table, seed) if group else table
        related = mine.rows(group)
        units, parts = related.units, split(target, related, group=group, seed=seed).parts
        used, outside = parts != "unused", np.isin(parts, ["train", "validation"])
        found[f"{place}test / rest"] = apart(x[used], parts[used] == "test", units[used], labels[used], seed)
        if not group:
            held = parts[outside] == "validation"
            found["validation / training"] = apart(x[outside], held, units[outside], labels[outside], seed)
        drawn = folds(parts, target, folds=5, repeats=2, seed=seed, units=units)
        for repeat, (_, held) in (("first draw", drawn[0]), ("second draw", drawn[5]))[: 1 if group else 2]:
            told = apart(x[outside], np.isin(np.flatnonzero(outside), held), units[outside], labels[outside], seed)
            found[f"{place}fold / others, {repeat}"] = told
    return found


def natural(table: Table) -> Iterator[tuple[str, Told, bool]]:
    """Yield, for splits by a table's own groups and times, how well the test is told, and whether a note says so."""
    found = profile(table.frame, table.columns, table.form)
    for way, names in (("group", found.groups), ("time", found.times)):
        for name in names:
            if name in table.target.names or not numbers(table, (name,)).size:
                continue
            try:
                cut = split(table.target, table.rows(**{way: name}), **{way: name})
            except ModelWizardError as error:
                print(f"{table.name} cannot be split by {name}: {error}")
                continue
            yield f"{way} {name}", _by(table, cut, way, name), _says_so(cut)


def _by(table: Table, cut: Split, way: str, name: str) -> Told:
    used = cut.parts != "unused"
    units = table.rows(**{way: name}).units[used]
    return apart(numbers(table, (name,))[used], cut.parts[used] == "test", units, strata(table.target)[used])


def _says_so(cut: Split) -> bool:
    return any("The parts differ as" in note for note in cut.notes)


def unlike_labels(table: Table) -> float:
    """Return by how many rows a label is off its share of a part of hold-out, at most."""
    parts, labels = split(table.target, table.rows()).parts, strata(table.target)
    whole = labels[parts != "unused"].sum(axis=0)
    shares = {"train": 0.6, "validation": 0.2, "test": 0.2}
    return max(np.abs(labels[parts == part].sum(axis=0) - share * whole).max() for part, share in shares.items())


def main() -> None:
    """Print a line a table, and how many of all comparisons are beyond chance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default="")
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    every: list[Told] = []
    differing: list[str] = []
    for table in tables(asked.data, [name for name in asked.tables.split(",") if name]):
        units = table.rows().units
        seeds = [comparisons(table, seed) for seed in range(asked.seeds)]
        if not every:
            print(f"| table | rows | kept together | spread | label off by | {' | '.join(seeds[0])} | smallest p |")
            print("|-" * (len(seeds[0]) + 6) + "|")
        mine = [told for found in seeds for told in found.values()]
        every += mine
        kept = int((np.unique(units[units >= 0], return_counts=True)[1] - 1).sum())
        cells = [f"{np.mean([found[name].auc for found in seeds]):.3f}" for name in seeds[0]]
        rows = f"{len(table.frame):,} | {kept:,} | {(units < 0).sum():,} | {unlike_labels(table):.1f}"
        print(f"| {table.name} | {rows} | {' | '.join(cells)} | {min(t.p for t in mine):.3f} |", flush=True)
        for way, told, said in natural(table):
            differing.append(
                f"{table.name} by {way}: AUC {told.auc:.3f}, p {told.p:.3f}, {'told' if said else 'NOT TOLD'}"
            )
    beyond = sum(told.p <= 0.05 for told in every)
    low, high = binomtest(beyond, len(every)).proportion_ci()
    print(f"\np ≤ .05 in {beyond} of {len(every)} comparisons: {beyond / len(every):.1%} ({low:.1%} to {high:.1%})")
    lowest = min(told.p for told in every)
    print(f"smallest p {lowest:.3f}; p ≤ .001 in {sum(told.p <= 0.001 for told in every)}")
    print("\nSplits whose parts must differ:", *differing, sep="\n")


if __name__ == "__main__":
    main()
