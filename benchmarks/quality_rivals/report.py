"""The results as tables in Markdown and as a plot: scores, normalised means, mean ranks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from quality_rivals import RIVALS
from quality_rivals.scores import HIGHER

Row = Mapping[str, Any]


def normalised(means: pd.DataFrame, metrics: Mapping[str, str]) -> pd.DataFrame:
    """Return the scores as shares of the way from the dumb baseline (0) to the best of all (1), clipped at 0.

    Args:
        means: Scores, tables x rivals; NaN where a rival refused or failed, which counts as 0. Needs `dumb`.
        metrics: The metric of each table.
    """
    shares = pd.DataFrame(0.0, index=means.index, columns=means.columns)
    for table, scores in means.iterrows():
        gain = (scores - scores["dumb"]) * (1 if metrics[table] in HIGHER else -1)
        if gain.max() > 0:
            shares.loc[table] = (gain / gain.max()).clip(lower=0.0).fillna(0.0)
    return shares


def ranks(means: pd.DataFrame, metrics: Mapping[str, str]) -> pd.DataFrame:
    """Return the rank of each rival on each table, 1 the best; who has no score shares the last ranks."""
    found = means.copy()
    for table, scores in means.iterrows():
        losses = scores * (-1 if metrics[table] in HIGHER else 1)
        found.loc[table] = rankdata(losses.fillna(np.inf))
    return found


def gathered(rows: Iterable[Row], limit: float) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """Return the runs of one time limit, the metric of each table, and tables that not every rival has run on."""
    frame = pd.DataFrame([row for row in rows if row["limit"] in (limit, None)])
    if frame.empty:
        raise SystemExit(f"There are no results for {limit:g} s.")
    wanted = [name for name in RIVALS if name in set(frame["rival"])]
    runs = frame.pivot_table(index="table", columns="rival", values="seed", aggfunc="nunique").reindex(columns=wanted)
    partial = [str(table) for table in runs.index if runs.loc[table].isna().any() or runs.loc[table].nunique() > 1]
    known = frame.dropna(subset=["metric"]) if "metric" in frame else frame.iloc[:0]
    return frame, dict(zip(known["table"], known["metric"], strict=True)), partial


def markdown(rows: Sequence[Row], limit: float) -> str:
    """Write the table of scores, and beneath it the means over the tables that every rival has run on."""
    frame, metrics, partial = gathered(rows, limit)
    rivals = [name for name in RIVALS if name in set(frame["rival"])]
    lines = [f"| {limit:g} s | metric | {' | '.join(rivals)} |", "|" + "---|" * (len(rivals) + 2)]
    for table, runs in frame.groupby("table"):
        cells = [_cell(runs[runs["rival"] == name]) for name in rivals]
        lines.append(f"| {table} | {metrics.get(str(table), '')} | {' | '.join(cells)} |")
        if "unseen" in runs and runs["unseen"].notna().any():
            cells = [_cell(runs[runs["rival"] == name], "unseen") for name in rivals]
            name = f"— its {runs['unseen_rows'].max():.0%} of test rows that are not among those for fitting"
            lines.append(f"| {name} | {metrics[str(table)]} | {' | '.join(cells)} |")
    whole = frame[~frame["table"].isin(partial)]
    if not whole.empty and "dumb" in rivals:
        means = _means(whole, rivals)
        shares, places = normalised(means, metrics).mean(), ranks(means, metrics).mean()
        lines.append(f"| **normalised mean** | | {' | '.join(f'{shares[name]:.3f}' for name in rivals)} |")
        lines.append(f"| **mean rank** | | {' | '.join(f'{places[name]:.1f}' for name in rivals)} |")
        if "unseen" in whole:
            fresh = _means(whole.assign(score=whole["unseen"].fillna(whole["score"])), rivals)
            shares, places = normalised(fresh, metrics).mean(), ranks(fresh, metrics).mean()
            lines.append(f"| normalised mean, unseen rows | | {' | '.join(f'{shares[name]:.3f}' for name in rivals)} |")
            lines.append(f"| mean rank, unseen rows | | {' | '.join(f'{places[name]:.1f}' for name in rivals)} |")
    for what, format_ in (("seconds", "{:.0f}"), ("megabytes", "{:.0f}")):
        middle = frame.groupby("rival")[what].median()
        lines.append(f"| median {what} | | {' | '.join(format_.format(middle[name]) for name in rivals)} |")
    seeds = sorted(frame["seed"].unique())
    note = f"Means over seeds {', '.join(map(str, seeds))}. Normalised: 0 is dumb, 1 the best of all, clipped at 0; "
    note += f"a run without a score counts as 0 and ranks last; over {whole['table'].nunique()} tables"
    return "\n".join([*lines, "", note + (f", without {', '.join(partial)} (unfinished)." if partial else ".")])


def _means(frame: pd.DataFrame, rivals: Sequence[str]) -> pd.DataFrame:
    """Return mean scores, tables x rivals; NaN where any seed has none."""
    if "score" not in frame:
        frame = frame.assign(score=np.nan)
    table = frame.pivot_table(
        index="table", columns="rival", values="score", aggfunc=lambda s: s.mean(skipna=False), dropna=False
    )
    return table.reindex(index=sorted(frame["table"].unique()), columns=list(rivals))


def _cell(runs: pd.DataFrame, what: str = "score") -> str:
    """Write the mean score of a rival on a table; or why there is none."""
    if runs.empty:
        return "–"
    if (runs["status"] != "done").any():
        bad = runs[runs["status"] != "done"]["status"]
        return f"{bad.iloc[0]}" + (f" {len(bad)} of {len(runs)}" if len(bad) < len(runs) else "")
    return f"{runs[what].mean():.4g}" if runs[what].mean() < 10_000 else f"{runs[what].mean():.0f}"


def plot(rows: Sequence[Row], limit: float, path: Path) -> None:
    """Draw the normalised score of each rival on each table, and its mean."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    frame, metrics, partial = gathered(rows, limit)
    rivals = [name for name in RIVALS if name in set(frame["rival"])]
    whole = frame[~frame["table"].isin(partial)]
    shares = normalised(_means(whole, rivals), metrics)
    order = shares.mean().sort_values().index
    figure, axes = pyplot.subplots(figsize=(8, 0.5 * len(order) + 1.4), layout="constrained")
    for height, name in enumerate(order):
        axes.plot(shares[name], np.full(len(shares), height), "o", alpha=0.35, color="tab:blue", markersize=6)
        axes.plot(shares[name].mean(), height, "|", color="black", markersize=22, markeredgewidth=2.5)
    axes.set_yticks(range(len(order)), [f"{name}  {shares[name].mean():.3f}" for name in order])
    axes.set_xlabel(f"test score, 0 = dumb, 1 = best of all; {len(shares)} tables, {limit:g} s; the bar is the mean")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=150)
