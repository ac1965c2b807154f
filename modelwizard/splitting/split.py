"""Divide the rows once, seeded and written down: train, validation, test; and the folds of cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelwizard.errors import DataError, UsageError
from modelwizard.evidence.scheme import MINIMUM_PART, MINIMUM_ROWS, Scheme, check_rows, choose
from modelwizard.kinds.tabular.amounts import check_infinite
from modelwizard.kinds.tabular.cells import cells_of, counted
from modelwizard.kinds.tabular.columns import Column, require
from modelwizard.kinds.tabular.rows import row_hashes, strata, times_of, units_of
from modelwizard.kinds.tabular.sniff import Format
from modelwizard.kinds.tabular.target import Target
from modelwizard.splitting.stratify import deal

__all__ = ["PARTS", "Split", "folds", "row_hashes", "split", "strata", "times_of", "units_of"]

PARTS = ("train", "validation", "test", "unused")
_MINIMUM_GROUPS = 5


@dataclass(frozen=True)
class Split:
    """Which row is where, and why.

    Args:
        parts: One of `PARTS` for each row of the file, shape (n,).
        hashes: 16 hex digits for each row, of its raw content, shape (n,).
        scheme: "holdout" or "kfold".
        folds: Folds of cross-validation over the rows that are not for the test; 0 for hold-out.
        repeats: How often the folds are drawn anew; 0 for hold-out.
        reason: Why this scheme, in rows and points.
        notes: What else a person should know, one sentence each.
    """

    parts: np.ndarray
    hashes: np.ndarray
    scheme: str
    folds: int
    repeats: int
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each part."""
        return {part: int((self.parts == part).sum()) for part in PARTS}


def split(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    target: Target,
    form: Format,
    *,
    validation: str = "auto",
    test_size: float = 0.2,
    validation_size: float = 0.2,
    group: str | None = None,
    time: str | None = None,
    seed: int = 0,
) -> Split:
    """Divide the rows: alike in their labels, groups together, the latest for the test, no row on two sides.

    Rows with the same features and the same target stay together, too. Rows without a target are "unused".

    Args:
        frame: The raw table.
        columns: Its columns; identifiers, constants and ignored ones do not make two rows different.
        target: The checked target.
        form: The format of the file.
        validation: "auto", "holdout" or "kfold". Defaults to "auto".
        test_size: Share of the rows for the test. Defaults to 0.2.
        validation_size: Share of the rows for validation. Defaults to 0.2.
        group: Column whose rows of one value stay together. Defaults to None.
        time: Column that orders the rows; the latest become the test. Defaults to None.
        seed: Defaults to 0.

    Raises:
        UsageError: A share, a scheme or a column that cannot be used.
        DataError: Too few rows, groups or points in time for three parts; or an infinite value among the features.
    """
    _check_request(frame, validation, test_size, validation_size, group, time)
    check_infinite(frame, columns, form)
    usable = target.known.copy()
    moments = None
    if time:
        moments = times_of(frame, time, form)
        usable &= moments >= 0
        check_rows(int(usable.sum()), f"rows with a target and a '{time}'")
    rows = np.flatnonzero(usable)
    units = units_of(frame, columns, target.names, group, form)[rows]
    shares = np.array([1 - test_size - validation_size, validation_size, test_size])
    if moments is not None:
        number = _by_time(moments[rows], shares, time or "")
    else:
        _check_units(units, group, frame)
        number = _deal_rows(strata(target)[rows], units, shares, np.random.default_rng(seed))
    parts = np.full(len(frame), "unused", dtype=object)
    parts[rows] = np.array(PARTS[:3], dtype=object)[number]
    _check_parts(parts, target, group or time)
    scheme = _scheme(parts, target, validation, bool(time))
    notes = _notes(frame, parts, target, units, group, time)
    return Split(parts.astype(str), row_hashes(frame), scheme.name, scheme.folds, scheme.repeats, scheme.reason, notes)


def folds(
    parts: np.ndarray,
    target: Target,
    *,
    folds: int,
    repeats: int = 1,
    seed: int = 0,
    units: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the training and validation rows of each fold, over the rows that are for training or validation.

    The same arguments give the same folds. Ordered by time, a fold is validated on rows later than all rows it
    was trained on, and the first block is never validated on.

    Args:
        parts: The part of each row of the file, shape (n,).
        target: The checked target of the whole file.
        folds: Number of folds.
        repeats: How often they are drawn anew; once only if ordered by time. Defaults to 1.
        seed: Defaults to 0.
        units: Rows with one number stay together (`units_of`), shape (n,). Defaults to each row alone.
        times: Order of the rows (`times_of`), shape (n,). Defaults to None.

    Returns:
        `folds * repeats` pairs of row numbers in the file, each sorted.
    """
    rows = np.flatnonzero(np.isin(parts, ["train", "validation"]))
    if times is not None:
        shares = np.full(folds + 1, 1 / (folds + 1))
        block = _by_time(times[rows], shares, "time")
        return [(rows[block < fold], rows[block == fold]) for fold in range(1, folds + 1)]
    labels = strata(target)[rows]
    together = np.arange(len(rows)) if units is None else units[rows]
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        fold_of = _deal_rows(labels, together, np.full(folds, 1 / folds), rng)
        pairs += [(rows[fold_of != fold], rows[fold_of == fold]) for fold in range(folds)]
    return pairs


def _deal_rows(labels: np.ndarray, units: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the part of each row: its unit is dealt."""
    unit = np.unique(units, return_inverse=True)[1]
    sizes = np.bincount(unit)
    counts = np.stack([np.bincount(unit, weights=column, minlength=len(sizes)) for column in labels.T], axis=1)
    return deal(counts.astype(np.int64), sizes, shares, rng)[unit]


def _by_time(ranks: np.ndarray, shares: np.ndarray, name: str) -> np.ndarray:
    """Return the part of each row: earliest first, cut where the time changes, nearest to the shares."""
    counts = np.bincount(ranks - ranks.min())
    ends = np.cumsum(counts)[counts > 0]
    values = np.flatnonzero(counts) + ranks.min()
    if len(ends) < len(shares):
        raise DataError(
            f"'{name}' has {len(ends)} different points in time.",
            expected=f"at least {len(shares)}, so that train, validation and test follow each other",
            fix="choose another column with --time, or leave --time out",
        )
    cuts: list[int] = []
    for wanted in np.cumsum(shares)[:-1] * len(ranks):
        low = cuts[-1] + 1 if cuts else 0
        high = len(ends) - (len(shares) - 1 - len(cuts))
        cuts.append(low + int(np.abs(ends[low:high] - wanted).argmin()))
    return np.searchsorted(values[cuts], ranks, side="left")


def _scheme(parts: np.ndarray, target: Target, validation: str, ordered: bool) -> Scheme:
    """Choose hold-out or K-fold by what the rows can resolve; a person's choice stands."""
    rarest = {}
    if target.type.chooses_positive:
        for part in ("validation", "train"):
            ones = target.y[parts == part, 0]
            rarest[part] = int(min((ones == 0).sum(), (ones == 1).sum()))
    rows = {part: int((parts == part).sum()) for part in PARTS}
    minority = (rarest["validation"], rarest["validation"] + rarest["train"]) if rarest else None
    return choose(
        validation,
        rows["validation"],
        rows["train"] + rows["validation"],
        classifies=target.type.classifies,
        minority=minority,
        ordered=ordered,
    )


def _check_request(
    frame: pd.DataFrame, validation: str, test: float, held: float, group: str | None, time: str | None
) -> None:
    """Refuse shares, schemes and columns that cannot be used."""
    known = [str(name) for name in frame.columns]
    if validation not in ("auto", "holdout", "kfold"):
        raise UsageError(
            f"There is no validation scheme '{validation}'.",
            expected="auto, holdout or kfold",
            received=f"--validation {validation}",
        )
    for share, flag in ((test, "--test-size"), (held, "the validation share")):
        if not 0.05 <= share <= 0.5:
            raise UsageError(
                f"{flag} must be a share of the rows.",
                expected="a number from 0.05 to 0.5",
                received=f"{share:g}",
                fix=f"{flag} 0.2",
            )
    if group and time:
        raise UsageError(
            "Rows are kept together by group, or ordered by time, not both.",
            expected="--group or --time",
            received=f"--group {group} --time {time}",
            fix="--time alone, if the model is to predict the future; else --group alone",
        )
    for name, flag in ((group, "--group"), (time, "--time")):
        if name:
            require(name, known, flag)


def _check_units(units: np.ndarray, group: str | None, frame: pd.DataFrame) -> None:
    """Refuse rows that cannot be divided because too many belong together."""
    different = len(np.unique(units))
    if group and different < _MINIMUM_GROUPS:
        raise DataError(
            f"'{group}' divides the rows into only {different} groups.",
            expected=f"at least {_MINIMUM_GROUPS}, so that some are left for validation and for the test",
            received=f"{cells_of(frame, group).nunique()} different values",
            fix="choose another column with --group, or leave --group out",
        )
    if different < MINIMUM_ROWS and not group:
        raise DataError(
            f"Only {different} rows differ from each other; the others repeat them.",
            expected=f"at least {MINIMUM_ROWS} different rows",
            received=f"{len(units):,} rows",
            fix="export more columns, so that rows differ",
        )


def _check_parts(parts: np.ndarray, target: Target, cause: str | None) -> None:
    """Refuse a division in which a part lacks a class of two, or training lacks any class or holds too little."""
    for part in PARTS[:3]:
        inside = parts == part
        if target.type.one_label and (target.type.chooses_positive or part == "train"):
            ids = target.type.ids(target.y[inside])
            absent = [label for number, label in enumerate(target.classes) if not (ids == number).any()]
            if absent:
                raise DataError(
                    f"The {part} rows hold no '{absent[0]}'.",
                    expected="rows of each class in each part",
                    received=f"{inside.sum():,} {part} rows divided by '{cause}'"
                    if cause
                    else f"{inside.sum():,} rows",
                    fix="leave --group and --time out, or choose another column" if cause else "collect more rows",
                )
        if inside.sum() < MINIMUM_PART:
            raise DataError(
                f"{int(inside.sum())} rows are left for {part}.",
                expected=f"at least {MINIMUM_PART}",
                received=f"a division by '{cause}'" if cause else f"{(parts != 'unused').sum()} rows",
                fix="choose another column, or other shares",
            )


def _notes(
    frame: pd.DataFrame,
    parts: np.ndarray,
    target: Target,
    units: np.ndarray,
    group: str | None,
    time: str | None,
) -> tuple[str, ...]:
    """Say what was kept together, ordered, or left out."""
    notes: list[str] = []
    unused = int((parts == "unused").sum())
    if unused:
        what = "target or time" if time else "target"
        notes.append(f"{counted(unused, 'row', 'rows')} without a {what}: not used.")
    if group:
        notes.append(f"Rows of one '{group}' stay together: {len(np.unique(units)):,} groups.")
    if time:
        first = cells_of(frame, time)[parts == "test"]
        notes.append(f"The test rows are the most recent ones by '{time}', such as {first.iloc[0]}.")
    if target.type.one_label:
        tested = target.type.ids(target.y[parts == "test"])
        absent = [label for number, label in enumerate(target.classes) if not (tested == number).any()]
        if absent:
            notes.append(f"The test rows hold no {', '.join(repr(label) for label in absent[:5])}.")
    return tuple(notes)
