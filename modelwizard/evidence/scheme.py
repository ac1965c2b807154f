"""How much so many rows can show: which are too few, and whether hold-out is enough or K-fold is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwizard.errors import DataError

# Fewer rows are refused: of 15, the test part is 3, and no part could hold fewer. Below 50 little can be shown (two
# accuracies of 40 and 10 rows are told apart only if they differ by 44 points, `detectable_drop`), and it is said.
MINIMUM_ROWS = 15
MINIMUM_PART = 3
# Two models that disagree on one row in ten: the share of rows on which a comparison rests.
_DISAGREE = 0.1
# (z_.95 + z_.80)²: a one-sided test at 5 % that finds a true difference four times out of five.
_POWER = 6.18
# Hold-out is enough when a difference of this size shows.
_FINE_ENOUGH = 0.05
# Of a set of rows with the same inputs that is larger, each part gets some, and each of five folds.
_COMMON_SHARE, _COMMON_ROWS = 0.01, 10
# Fewer validation rows of the rarer class than this judge nothing about it.
MINIMUM_MINORITY = 30


@dataclass(frozen=True)
class Scheme:
    """How trials are judged.

    Args:
        name: "holdout" or "kfold".
        folds: Folds, 0 for hold-out.
        repeats: How often they are drawn anew, 0 for hold-out.
        reason: Why, in rows and points.
    """

    name: str
    folds: int
    repeats: int
    reason: str


def check_rows(rows: int, what: str = "rows") -> None:
    """Refuse a table from which no verdict can come.

    Raises:
        DataError: Fewer than `MINIMUM_ROWS` rows.
    """
    if rows < MINIMUM_ROWS:
        drop = 100 * detectable_drop(round(0.8 * rows), round(0.2 * rows))
        raise DataError(
            f"{rows} {what} are too few to train and validate a network.",
            expected=f"at least {MINIMUM_ROWS}; about {rows_for(0.2)} to detect in the test a drop of the score "
            f"by 20 points, about {rows_for(0.1):,} for 10 points",
            received=f"{rows}, which leaves {round(0.2 * rows)} for the test: it would detect nothing below "
            f"{min(drop, 100):.0f} points",
            fix="collect more rows, or use a method made for so few, such as ridge regression",
        )


def common(sizes: ArrayLike, rows: int) -> NDArray[np.bool_]:
    """Say which sets of rows with the same inputs are a property of the population, and no copies of a row.

    More than 1 % of the rows, and at least ten: a default record, or one of a few categories. On one side of a split
    such a set would make that side another population; the copies of a row, on both sides, would be a leak.

    Args:
        sizes: Rows of each set.
        rows: All rows.
    """
    return (np.asarray(sizes) > _COMMON_SHARE * rows) & (np.asarray(sizes) >= _COMMON_ROWS)


def detectable_drop(validation: int, test: int) -> float:
    """Return the smallest drop from validation to test that is noticed four times out of five.

    (1.645 + 0.842) sqrt(s²/n_v + s²/n_t): a one-sided z-test of two means at 5 % with 80 % power; s is 0.5, the
    standard deviation of right or wrong at its widest.

    Args:
        validation: Validation rows.
        test: Test rows.
    """
    return 2.487 * 0.5 * float(np.sqrt(1 / max(validation, 1) + 1 / max(test, 1)))


def rows_for(drop: float) -> int:
    """Return the rows, 4 in 5 of them cross-validated and 1 in 5 tested, at which a drop is noticed (rounded up)."""
    exact = (2.487 * 0.5 / drop) ** 2 * (1 / 0.8 + 1 / 0.2)
    step = 50 if exact < 500 else 100
    return int(np.ceil(exact / step) * step)


def resolution(rows: int) -> float:
    """Return the smallest difference between two models that so many validation rows show.

    From the paired comparison of right and wrong answers, rows needed = 6.18 q / g², with q the share of rows on
    which the models disagree (here 0.1) and g the difference in the share of right answers. For amounts, g is the
    difference in the mean loss in units of that loss, if row by row it varies by a third of it (0.32² = 0.1).

    Args:
        rows: Validation rows.

    Returns:
        The difference g, 0 to 1.
    """
    return float(np.sqrt(_POWER * _DISAGREE / max(rows, 1)))


def resolution_text(rows: int, classifies: bool) -> str:
    """Return `resolution` in words: points for labels, percent of the error for amounts."""
    amount = 100 * resolution(rows)
    return f"{amount:.1f} points" if classifies else f"{amount:.1f} % of the error"


def rounds(rows: int) -> tuple[int, int]:
    """Return folds and repeats for so many rows outside the test set: 5 x 5 below 500, 3 x 5 up to 5,000, then once.

    Source: Nadeau & Bengio 2003 for the variance; by simulation, more than 3 repeats gain little for stable learners.
    The cost is folds x repeats fits a trial.
    """
    return 5, 5 if rows < 500 else 3 if rows <= 5000 else 1


def choose(
    asked: str,
    validation: int,
    outside_test: int,
    *,
    classifies: bool,
    minority: tuple[int, int] | None = None,
    ordered: bool = False,
) -> Scheme:
    """Return the scheme, and the reason with the numbers it rests on.

    Hold-out is chosen when its validation rows show a difference of 5 points (at least 248 rows) and hold at least
    30 rows of the rarer class; fewer rows are better used by K-fold, where each row outside the test is validated
    once.

    Args:
        asked: "auto", "holdout" or "kfold".
        validation: Validation rows under hold-out.
        outside_test: Rows that are not for the test.
        classifies: Whether the target holds labels.
        minority: Rows of the rarer class among the validation rows, and outside the test; for two classes.
            Defaults to None.
        ordered: Whether rows are ordered by time: folds then move forward, and are drawn once. Defaults to False.
    """
    folds, repeats = rounds(outside_test)
    repeats = 1 if ordered else repeats
    scored = outside_test * folds // (folds + 1) if ordered else outside_test
    single, many = resolution_text(validation, classifies), resolution_text(scored, classifies)
    enough = resolution(validation) <= _FINE_ENOUGH
    balanced = minority is None or minority[0] >= MINIMUM_MINORITY
    if asked == "holdout" or (asked == "auto" and enough and balanced):
        rare = f", {minority[0]:,} of them of the rarer class," if minority else ""
        reason = f"{validation:,} validation rows{rare} show differences of {single} or more"
        if asked == "holdout":
            reason = f"as you chose; {reason}"
            reason += "" if enough and balanced else f"; 'kfold' would show {many}"
        return Scheme("holdout", 0, 0, reason)
    times = f"{folds} folds that move forward in time" if ordered else f"{folds} folds, drawn {_times(repeats)}"
    gain = f"{times}, validate {scored:,} rows and show {many}"
    if asked == "kfold":
        return Scheme("kfold", folds, repeats, f"as you chose; {gain}")
    if enough and minority:
        reason = f"{validation:,} validation rows would hold only {minority[0]} of the rarer class; {gain}"
        reason += f" with {minority[1]:,} of the rarer class"
    else:
        reason = f"{validation:,} validation rows would show only differences of {single} or more; {gain}"
    return Scheme("kfold", folds, repeats, reason)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
