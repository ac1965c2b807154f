"""Look at a table as a person would before trusting it, and say what is odd about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from modelwizard.evidence.scheme import detectable_drop, rows_for
from modelwizard.kinds.facts import Caution, Column, Profile
from modelwizard.kinds.tabular.cells import cells_of, listed, values_of
from modelwizard.kinds.tabular.columns import FEATURES, is_id_name
from modelwizard.kinds.tabular.copies import copies_of
from modelwizard.kinds.tabular.dates import ambiguous
from modelwizard.kinds.tabular.leaks import leaks
from modelwizard.kinds.tabular.rows import times_of
from modelwizard.problems.target import Target
from modelwizard.settings import Format
from modelwizard.words import count

_SPLIT_NAMES = frozenset(("fold", "folds", "split", "partition", "subset", "is_train", "is_test", "train_test"))
_LEFT_OUT = ("constant", "identifier")
_DRESSED = re.compile(r"[$€£¥₹]\s*[+-]?[\d.,' ]+|[+-]?[\d.,' ]*\d\s*(?:[%€£¥$]|kg|km|cm|mm|m|g|lbs?|USD|EUR|k|K|M)")


def profile(frame: pd.DataFrame, columns: Sequence[Column], form: Format, target: Target | None = None) -> Profile:
    """Return a table at a glance, with everything that is odd about it.

    Args:
        frame: The raw table.
        columns: Its columns, as described or overridden.
        form: The format of its file.
        target: The checked target, for rare classes and leaks. Defaults to none.
    """
    targets = target.names if target else ()
    features = [column for column in columns if column.name not in targets]
    duplicates = len(frame) - len(np.unique(copies_of(frame, columns, (), form)))
    groups = {c.name: sentence for c in features if (sentence := _group(c, len(frame)))}
    times, time = _times(frame, features, form)
    found = leaks(frame, features, target, form) if target else ()
    cautions = [Caution("mended", sentence, names) for sentence, names in form.notes]
    cautions += _table(len(frame), features)
    cautions += [*_whole_columns(len(frame), features, form), *_cells(frame, features, form)]
    if target:
        cautions += _target(target)
        cautions += [Caution("leak", f"{leak.sentence} Is it known when you predict?", leak.columns) for leak in found]
    return Profile(
        duplicates=duplicates,
        groups=MappingProxyType(groups),
        times=MappingProxyType(times),
        time=time,
        leaks=found,
        cautions=tuple(cautions),
    )


def _group(column: Column, rows: int) -> str:
    """Say why a column could be the group that must stay together, or return ""."""
    present = rows - column.missing
    if column.kind != "identifier" or not is_id_name(column.name) or column.distinct > 0.9 * present:
        return ""
    each = present / max(1, column.distinct)
    return f"{column.distinct:,} different values, each in {each:.1f} rows on average"


def _times(frame: pd.DataFrame, features: Sequence[Column], form: Format) -> tuple[dict[str, str], str]:
    """Return the date columns with a sentence, and the one in whose order the file stands."""
    times: dict[str, str] = {}
    ordered = ""
    for column in features:
        if column.kind != "date" or column.distinct < 3:
            continue
        ranks = times_of(frame, column.name, form)
        known = ranks[ranks >= 0]
        order = np.argsort(ranks[ranks >= 0], kind="stable")
        cells = cells_of(frame, column.name)[ranks >= 0]
        rising = bool((np.diff(known) >= 0).all())
        times[column.name] = f"{cells.iloc[order[0]]} to {cells.iloc[order[-1]]}" + (
            ", and the file is in this order" if rising else ""
        )
        ordered = ordered or (column.name if rising else "")
    return times, ordered


def _table(rows: int, features: Sequence[Column]) -> list[Caution]:
    """Return what is odd about the table as a whole."""
    used = [column for column in features if column.kind in FEATURES]
    cautions: list[Caution] = []
    if rows < rows_for(0.2):
        drop = 100 * detectable_drop(round(0.8 * rows), round(0.2 * rows))
        sentence = (
            f"{rows} rows are few: the test can only detect a drop of {drop:.0f} points or more; "
            f"{rows_for(0.1):,} rows would detect 10 points."
        )
        cautions.append(Caution("few-rows", sentence))
    if len(used) > rows:
        sentence = f"{len(used):,} features for {rows:,} rows: a network can memorise the rows."
        cautions.append(Caution("many-columns", sentence))
    return cautions


def _whole_columns(rows: int, features: Sequence[Column], form: Format) -> list[Caution]:
    """Return the columns that are left out, or that tell little, each kind of oddity in one sentence."""
    used = [column for column in features if column.kind in FEATURES]
    flags = {f"{name}: word" for name in form.mended.get("words", {})}  # empty where there is a number
    cautions: list[Caution] = []
    for code, chosen, one, many in (
        ("constant", [c for c in features if c.kind == "constant"], "never changes", "never change"),
        ("identifier", [c for c in features if c.kind == "identifier"], "identifies the row", "identify the row"),
        ("near-constant", [c for c in used if c.common >= 0.99], "hardly ever changes", "hardly ever change"),
        (
            "mostly-missing",
            [c for c in used if c.missing > 0.5 * rows and c.name not in flags],
            "is empty in more than half of the rows",
            "are empty in more than half of the rows",
        ),
        (
            "split-like",
            [c for c in used if c.name.strip().lower() in _SPLIT_NAMES],
            "looks like an earlier split: ignore it, or keep its groups together",
            "look like an earlier split: ignore them",
        ),
        (
            "many-categories",
            [c for c in used if c.kind == "categorical" and c.distinct > max(50, 0.1 * rows)],
            "has many categories; the rare ones are merged",
            "have many categories; the rare ones are merged",
        ),
    ):
        if chosen:
            names = tuple(column.name for column in chosen)
            left_out = f" and {'is' if len(names) == 1 else 'are'} not used" if code in _LEFT_OUT else ""
            sentence = f"{listed(names)} {one if len(names) == 1 else many}{left_out}."
            cautions.append(Caution(code, sentence, names))
    return cautions


def _cells(frame: pd.DataFrame, features: Sequence[Column], form: Format) -> list[Caution]:
    """Return what is odd about single cells: infinities, dressed numbers, spellings, doubtful dates."""
    cautions: list[Caution] = []
    for column in features:
        name = column.name
        present = values_of(cells_of(frame, name), form.missing).values
        if column.kind == "date" and column.format and ambiguous(present, column.format):
            first = "day" if str(column.format).startswith("%d") else "month"
            sentence = f"'{name}' could be day first or month first; {column.examples[0]} is read {first} first."
            cautions.append(Caution("doubtful-date", sentence, (name,)))
        elif column.kind in ("categorical", "identifier", "text"):
            cautions += _words(column, present)
    infinite = tuple(column.name for column in features if column.infinite)
    if infinite:
        verb = "holds" if len(infinite) == 1 else "hold"
        cautions.append(Caution("infinite", f"{listed(infinite)} {verb} infinite values.", infinite))
    return cautions


def _words(column: Column, values: Sequence[str]) -> list[Caution]:
    """Return what is odd about the words of one column."""
    name, sample = column.name, values[:1000]
    if len(sample) > 2 and np.mean([_DRESSED.fullmatch(value) is not None for value in sample]) >= 0.9:
        sentence = f"'{name}' holds numbers with a sign or unit ({sample[0]}): remove it to use them as numbers."
        return [Caution("numbers-as-text", sentence, (name,))]
    folded: dict[str, str] = {}
    for value in sample if column.kind == "categorical" else ():
        key = " ".join(value.lower().split())
        if key in folded:
            sentence = f"'{name}' holds '{folded[key]}' and '{value}', which count as two categories."
            return [Caution("spelling", sentence, (name,))]
        folded[key] = value
    return []


def _target(target: Target) -> list[Caution]:
    """Return what is odd about the target: rows without it, rare classes."""
    cautions: list[Caution] = []
    unknown = int((~target.known).sum())
    if unknown:
        cautions.append(
            Caution("target-missing", f"{count(unknown, 'row has', 'rows have')} no target: not used.", target.names)
        )
    known = int(target.known.sum())
    if target.type.chooses_positive and min(target.counts) < 0.05 * known:
        rare = target.classes[int(np.argmin(target.counts))]
        sentence = (
            f"Only {min(target.counts):,} of {known:,} rows are '{rare}': always predicting the other label is right "
            f"in {max(target.counts) / known:.1%} of them, so accuracy means little."
        )
        cautions.append(Caution("imbalance", sentence, target.names))
    names = target.classes or target.names
    rare = [name for name, rows in zip(names, target.counts, strict=False) if rows < 30]
    if rare and not target.type.chooses_positive:
        what = "classes have" if len(rare) > 1 else "class has"
        sentence = f"{len(rare)} {what} fewer than 30 rows ({', '.join(rare[:4])}): too few to learn them reliably."
        cautions.append(Caution("rare-classes", sentence, target.names))
    return cautions
