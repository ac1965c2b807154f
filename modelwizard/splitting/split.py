"""Divide the rows once, seeded and written down: train, validation, test; and the folds of cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwizard.errors import DataError, UsageError
from modelwizard.evidence.scheme import MINIMUM_PART, MINIMUM_ROWS, Scheme, check_rows, choose
from modelwizard.problems.target import Target
from modelwizard.settings import SplitSettings
from modelwizard.splitting.stratify import deal, spread, strata

PARTS = ("train", "validation", "test", "unused")
_MINIMUM_GROUPS = 5


@dataclass(frozen=True, eq=False)
class Rows:
    """How the rows of some data depend on each other.

    Args:
        units: Rows with one number must not be parted: they are of one group, or have the same inputs. Those with one
            negative number are so many alike that each part is to have its share of them. Shape (n,).
        groups: The group of each row as text, "" where it has none, shape (n,). Defaults to no groups.
        moments: When each row was, as text, shape (n,). Defaults to no order in time.
        ranks: Their order in time, equal for equal times, negative where that is unknown, shape (n,).
        copies: What a person should know of rows with the same inputs. Defaults to nothing.
    """

    units: np.ndarray
    groups: np.ndarray | None = None
    moments: np.ndarray | None = None
    ranks: np.ndarray | None = None
    copies: str = ""


@dataclass(frozen=True, eq=False)
class Split:
    """Which row is where, and why.

    Args:
        settings: The scheme as it was decided, the reason in rows and points.
        parts: One of `PARTS` for each row, shape (n,).
        notes: What else a person should know, one sentence each.
    """

    settings: SplitSettings
    parts: np.ndarray
    notes: tuple[str, ...] = ()


def split(
    target: Target,
    related: Rows,
    *,
    validation: str = "auto",
    test_size: float = 0.2,
    validation_size: float = 0.2,
    group: str = "",
    time: str = "",
    seed: int = 0,
) -> Split:
    """Divide the rows: alike in their labels, groups together, the latest for the test.

    Rows with the same inputs stay together, too, whatever their target, unless they are so many that they are a
    property of the population: these are spread over the parts. Rows without a target are "unused".

    Args:
        target: The checked target.
        related: How the rows depend on each other.
        validation: "auto", "holdout" or "kfold". Defaults to "auto".
        test_size: Share of the rows for the test. Defaults to 0.2.
        validation_size: Share of the rows for validation. Defaults to 0.2.
        group: What the groups of `related` are called. Defaults to no groups.
        time: What the moments of `related` are called; the latest rows become the test. Defaults to no order.
        seed: Defaults to 0.

    Raises:
        UsageError: Groups and an order in time, both.
        DataError: Too few rows, groups or points in time for three parts.
    """
    if group and time:
        raise UsageError(
            "Rows are kept together by group, or ordered by time, not both.",
            expected="--group or --time",
            received=f"--group {group} --time {time}",
            fix="--time alone, if the model is to predict the future; else --group alone",
        )
    usable = target.known.copy()
    if related.ranks is not None:
        usable &= related.ranks >= 0
        check_rows(int(usable.sum()), f"rows with a target and a '{time}'")
    rows = np.flatnonzero(usable)
    units = related.units[rows]
    shares = np.array([1 - test_size - validation_size, validation_size, test_size])
    if related.ranks is not None:
        number = _by_time(related.ranks[rows], shares, time)
    else:
        labels = strata(target)[rows]
        _check_units(units, labels, group, related.groups)
        number = _deal_rows(labels, units, shares, np.random.default_rng(seed))
    parts = np.full(len(usable), "unused", dtype=object)
    parts[rows] = np.array(PARTS[:3], dtype=object)[number]
    _check_parts(parts, target, group or time)
    scheme = _scheme(parts, target, validation, bool(time))
    settings = SplitSettings(
        scheme=scheme.name,
        seed=seed,
        test_size=test_size,
        validation_size=validation_size,
        group=group or None,
        time=time or None,
        folds=scheme.folds,
        repeats=scheme.repeats,
        reason=scheme.reason,
        sha256="",
    )
    notes = _notes(parts, target, len(np.unique(units)) if group else 0, related.moments, group, time)
    return Split(settings, parts.astype(str), (related.copies, *notes) if related.copies else notes)


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
        units: Rows with one number stay together, with one negative number are spread (`Rows.units`), shape (n,).
            Defaults to each row alone.
        times: Order of the rows (`Rows.ranks`), shape (n,). Defaults to None.

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
    """Return the part of each row: its unit is dealt, or its set of common rows is spread (`units_of`)."""
    part = np.empty(len(units), dtype=np.int64)
    common = units < 0
    unit = np.unique(units[~common], return_inverse=True)[1]
    sizes = np.bincount(unit)
    counts = [np.bincount(unit, weights=column, minlength=len(sizes)) for column in labels[~common].T]
    part[~common] = deal(np.stack(counts, axis=1).astype(np.int64), sizes, shares, rng)[unit]
    part[common] = spread(labels[common], units[common], shares, rng)
    return part


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


def _check_units(units: np.ndarray, labels: np.ndarray, group: str, groups: np.ndarray | None) -> None:
    """Refuse rows that cannot be divided because too many belong together."""
    different = len(np.unique(units))
    if different < 20 and not group:
        different = len(np.unique(np.column_stack([units, labels]), axis=0))
    if group and different < _MINIMUM_GROUPS:
        raise DataError(
            f"'{group}' divides the rows into only {different} groups.",
            expected=f"at least {_MINIMUM_GROUPS}, so that some are left for validation and for the test",
            received=f"{len(np.unique(groups))} different values" if groups is not None else None,
            fix="choose another column with --group, or leave --group out",
        )
    if different < MINIMUM_ROWS and not group:
        raise DataError(
            f"Only {different} rows differ from each other; the others repeat them.",
            expected=f"at least {MINIMUM_ROWS} different rows",
            received=f"{len(units):,} rows",
            fix="export more columns, so that rows differ",
        )


def _check_parts(parts: np.ndarray, target: Target, cause: str) -> None:
    """Refuse a division in which a part lacks a class of two, or training lacks any class or holds too little."""
    for part in PARTS[:3]:
        inside = parts == part
        every = target.type.one_label and (target.type.chooses_positive or part == "train")
        if every and (absent := _absent(inside, target)):
            raise DataError(
                f"The {part} rows hold no '{absent[0]}'.",
                expected="rows of each class in each part",
                received=f"{inside.sum():,} {part} rows" + (f" divided by '{cause}'" if cause else ""),
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
    parts: np.ndarray, target: Target, groups: int, moments: np.ndarray | None, group: str, time: str
) -> tuple[str, ...]:
    """Say what was kept together, ordered, or left out for want of a time."""
    notes: list[str] = []
    if timeless := int(((parts == "unused") & target.known).sum()):  # what has no target was told with the target
        notes.append(f"{timeless:,} row{'s' * (timeless > 1)} without a time: not used.")
    if group:
        notes.append(
            f"Rows of one '{group}' stay together: {groups:,} groups. The parts differ as groups do; "
            "scores are for new groups."
        )
    if moments is not None:
        latest = f"The test rows are the most recent ones by '{time}', such as {moments[parts == 'test'][0]}."
        notes.append(f"{latest} The parts differ as the times do; scores are for later rows.")
    if target.type.one_label and (absent := _absent(parts == "test", target)):
        notes.append(f"The test rows hold no {', '.join(map(repr, absent[:5]))}.")
    return tuple(notes)


def _absent(inside: np.ndarray, target: Target) -> list[str]:
    """Return the classes that some rows hold none of."""
    ids = target.type.ids(target.y[inside])
    return [label for number, label in enumerate(target.classes) if not (ids == number).any()]
