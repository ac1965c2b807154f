"""What has to be mended in a target: classes of too few rows, and values out of all proportion.

A way to mend it is taken by default, told, written into `[data.mended]`, and can be chosen: `--set rare=…`,
`--set extremes=…`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from modelwizard.kinds.tabular.cells import cells_of, short, values_of
from modelwizard.kinds.tabular.infer import infer
from modelwizard.kinds.tabular.numbers import MISSING_NUMBER, to_number
from modelwizard.kinds.tabular.read import read
from modelwizard.kinds.tabular.target import MINIMUM_CLASS
from modelwizard.problems import PROBLEMS
from modelwizard.settings import Format
from modelwizard.words import count

OTHER = "other"
"""The label of what is merged."""

_APART = 30.0
"""How many times as far from the median as the next one a value must lie: no matter of chance even for heavy tails (of
a Pareto distribution with α = 2, one sample in 900 has its two largest values so far apart)."""


def adjusted(form: Format, kinds: Mapping[str, str], targets: Sequence[str]) -> Format:
    """Return the format without what a person's kinds of columns rule out, nor flags for words in a target.

    Args:
        form: The format.
        kinds: Kinds of columns that a person gave.
        targets: The target columns: what flags their words would give them away.
    """
    as_words = {name for name, kind in kinds.items() if kind not in ("numeric", "date", "ignore")}
    without = {"numbers": as_words, "moments": as_words, "words": as_words | {*targets}}
    mended = {
        what: {n: v for n, v in held.items() if n not in without[what]} if what in without else held
        for what, held in form.mended.items()
    }
    notes: list[tuple[str, tuple[str, ...]]] = []
    for sentence, names in form.notes:
        flagged = [word for name in names if name in targets for word in form.mended.get("words", {}).get(name, ())]
        if flagged:
            sentence = (
                f"{sentence.partition('; a column ')[0]}; rows with {', '.join(flagged)} have no flag in a target."
            )
        if not as_words.intersection(names):
            notes.append((sentence, names))
    return replace(form, mended={what: held for what, held in mended.items() if held}, notes=tuple(notes))


def rare_classes(frame: pd.DataFrame, target: str, problem: str, form: Format) -> dict[str, int]:
    """Return the classes that have too few rows to be learned, with these; none where labels are numbers or ordered."""
    found = values_of(cells_of(frame, target), form.missing)
    counts = dict(zip(found.values, map(int, found.counts), strict=True))
    row = PROBLEMS[problem]
    if not row.one_label or row.ordered or len(counts) < 3 or len(counts) > max(20, 0.2 * found.present):
        return {}
    if not np.isnan(to_number(np.array(found.values, dtype=object), form.decimal, form.thousands)).any():
        return {}
    rare = {label: rows for label, rows in counts.items() if rows < MINIMUM_CLASS}
    return rare if len(counts) - len(rare) >= 2 else {}


def without_rare(form: Format, target: str, rare: Mapping[str, int], way: str | None) -> tuple[Format, str]:
    """Return the format with classes of too few rows merged, left out or kept, and what was done.

    Args:
        form: The format.
        target: The target column.
        rare: The classes, with their rows.
        way: "merge", "leave out" or "keep". Defaults to merging where enough rows come together, else to leaving out.
    """
    rows = sum(rare.values())
    way = way or ("merge" if rows >= MINIMUM_CLASS else "leave out")
    shown = ", ".join(repr(short(label)) for label in list(rare)[:4]) + (", …" if len(rare) > 4 else "")
    what = {"merge": f"merged into {OTHER!r}", "leave out": "left out", "keep": "kept"}[way]
    sentence = (
        f"{count(len(rare), 'class', 'classes')} of '{target}' with fewer than {MINIMUM_CLASS} rows ({shown}; "
        f"{count(rows, 'row', 'rows')}): {what} (`--set rare=…` chooses)."
    )
    meant = dict.fromkeys(rare, OTHER if way == "merge" else "")
    noted = replace(form, notes=(*form.notes, (sentence, (target,))))
    if way == "keep":
        return noted, way
    labels: Mapping[str, Any] = form.mended.get("labels", {})
    held = {**labels, target: _chained(labels.get(target, {}), meant)}
    return replace(noted, mended={**form.mended, "labels": held}), way


def _chained(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Return two replacements, one after the other, as one."""
    return {**{cell: second.get(label, label) for cell, label in first.items()}, **second}


def extreme_values(frame: pd.DataFrame, target: str, form: Format) -> tuple[np.ndarray, float, float]:
    """Return the rows whose target lies out of all proportion, and the lowest and the highest of the others.

    Few values (at most 0.2 % of the rows, or one) that lie `_APART` times as far from the median as the next one.
    """
    values = to_number(cells_of(frame, target), form.decimal, form.thousands, [*form.missing, *MISSING_NUMBER])
    known = np.flatnonzero(np.isfinite(values))
    none = np.zeros(0, dtype=np.int64), 0.0, 0.0
    if len(known) < 20:
        return none
    distance = np.abs(values[known] - np.median(values[known]))
    order = np.argsort(-distance, kind="stable")
    most = max(1, int(0.002 * len(known)))
    ordered = distance[order]
    usual = max(float(np.quantile(distance, 0.9)), 1e-12)
    apart = np.flatnonzero(ordered[:most] > _APART * np.maximum(ordered[1 : most + 1], usual))
    if not len(apart) or len(np.unique(values[known])) < 10:
        return none
    rows = known[order[: apart.max() + 1]]
    rest = np.delete(values[known], order[: apart.max() + 1])
    return np.sort(rows), float(rest.min()), float(rest.max())


def without_extremes(
    form: Format, target: str, frame: pd.DataFrame, extreme: tuple[np.ndarray, float, float], way: str | None
) -> tuple[Format, str]:
    """Return the format with values out of all proportion left out, clipped or kept, and what was done.

    Args:
        form: The format.
        target: The target column.
        frame: The table.
        extreme: What `extreme_values` found.
        way: "leave out", "clip" or "keep". Defaults to leaving them out.
    """
    rows, low, high = extreme
    way = way or "leave out"
    shown = ", ".join(f"row {row + 1:,} holds {cells_of(frame, target).iloc[row]}" for row in rows[:3])
    does = {"leave out": "left out", "clip": f"clipped to {low:.6g} and {high:.6g}", "keep": "used as they are"}[way]
    sentence = (
        f"'{target}' has {count(len(rows), 'value', 'values')} out of all proportion ({shown}; the others lie from "
        f"{low:.6g} to {high:.6g}): {does} (`--set extremes=…` chooses)."
    )
    noted = replace(form, notes=(*form.notes, (sentence, (target,))))
    if way == "keep":
        return noted, way
    limits: Mapping[str, Any] = form.mended.get("limits", {})
    held = [way, f"{low:.15g}", f"{high:.15g}"]
    return replace(noted, mended={**form.mended, "limits": {**limits, target: held}}), way


class Choices(NamedTuple):
    """What can be chosen about a target: the way taken and a sentence; empty where there is nothing to choose."""

    rare: tuple[str, str] = ("", "")
    extremes: tuple[str, str] = ("", "")


def for_task(
    path: Path,
    form: Format,
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    targets: Sequence[str],
    problem: str | None,
    ways: Mapping[str, str],
) -> tuple[Format, pd.DataFrame, Choices]:
    """Return format and table as a task needs them, and what can be chosen about its target.

    Args:
        path: The file.
        form: Its format, with what has to be mended in its columns.
        frame: Its table, so mended.
        kinds: Kinds of columns that a person gave.
        targets: The target columns; none while they are not known.
        problem: The problem type, where it is known.
        ways: What a person chose about `rare` and `extremes`.
    """
    wanted = adjusted(form, kinds, targets)
    if wanted.mended != form.mended:
        frame = read(path, wanted)
    if len(targets) != 1:
        return wanted, frame, Choices()
    target, choices = targets[0], Choices()
    problem = problem or infer(frame, targets, wanted).problem
    told = len(wanted.notes)
    before = wanted
    if rare := rare_classes(frame, target, problem, wanted):
        wanted, way = without_rare(wanted, target, rare, ways.get("rare"))
        choices = Choices(rare=(way, wanted.notes[told][0]))
    elif not PROBLEMS[problem].classifies:
        extreme = extreme_values(frame, target, wanted)
        if len(extreme[0]):
            wanted, way = without_extremes(wanted, target, frame, extreme, ways.get("extremes"))
            choices = Choices(extremes=(way, wanted.notes[told][0]))
    return wanted, frame if wanted.mended == before.mended else read(path, wanted), choices
