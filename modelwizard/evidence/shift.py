"""Whether new rows are drawn as the training rows were: a test of each input, at one rate of false alarms for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from modelwizard.contract.results import Shifted

ALARM = 0.01
"""Share of files of rows like those of training in which something is told all the same, at most."""
LEAST = 0.1
"""Smallest difference that is told, as a share of the rows: smaller ones are certain in large files, and harmless."""
FEWEST = 20
"""New rows below which nothing is said: so few hardly ever tell one distribution from another."""
RARE = 5.0
"""Expected rows of a category below which it is taken together with others (Cochran's rule)."""

Array = NDArray[Any]


def shifted(training: Mapping[str, Array], new: Mapping[str, Array]) -> list[Shifted]:
    """Return the inputs that are distributed otherwise than in training, the largest difference first.

    Numbers are compared by the two-sample Kolmogorov-Smirnov test, words by the chi-square test over their categories,
    missing cells likewise; p-values by Bonferroni over all tests. Each input by itself, because that finds shifts
    about as well as tests of all inputs at once, and says where: Rabanser, Günnemann and Lipton 2019, "Failing loudly:
    an empirical study of methods for detecting dataset shift", sections 3 and 4. Rows are taken as independent.

    Args:
        training: Raw inputs by name, (n,) or (n, 1): numbers, where NaN is missing, or words, where "" is.
        new: The same of the new rows; inputs that only one side has are passed over.
    """
    names = [name for name in training if name in new]
    rows = {len(new[name]) for name in names}
    if not rows or max(rows) < FEWEST:
        return []
    found = [one for name in names for one in _input(name, np.ravel(training[name]), np.ravel(new[name]))]
    told = [one for one in found if one.size >= LEAST and one.p * len(found) <= ALARM]
    return sorted(told, key=lambda one: -one.size)


def _input(name: str, before: Array, after: Array) -> list[Shifted]:
    """Compare the cells that are missing, and those that are not."""
    numbers = np.issubdtype(before.dtype, np.number)
    if numbers:
        before, after = before.astype(np.float64), after.astype(np.float64)
        gone = np.isnan(before), np.isnan(after)
    else:
        before, after = before.astype(str), after.astype(str)
        gone = before == "", after == ""
    found: list[Shifted] = []
    if gone[0].any() or gone[1].any():
        found.append(_words(name, "missing", gone[0].astype(str), gone[1].astype(str)))
    before, after = before[~gone[0]], after[~gone[1]]
    if not len(before) or not len(after):
        return found
    return [*found, _numbers(name, before, after) if numbers else _words(name, "words", before, after)]


def _numbers(name: str, before: Array, after: Array) -> Shifted:
    result: Any = stats.ks_2samp(before, after, method="asymp")
    middle = float(np.median(before)), float(np.median(after))
    return Shifted(name, "numbers", float(result.pvalue), float(result.statistic), *middle)


def _words(name: str, what: Literal["words", "missing"], before: Array, after: Array) -> Shifted:
    """Compare shares of categories, rare ones together; the size is the total variation distance."""
    values, at = np.unique(np.concatenate([before, after]), return_inverse=True)
    counts = np.stack([np.bincount(part, minlength=len(values)) for part in np.split(at, [len(before)])]).astype(float)
    shares = counts / counts.sum(axis=1, keepdims=True)
    most = int(np.argmax(np.abs(shares[1] - shares[0])))
    if what == "missing":
        most = int(np.argmax(values == "True"))
    rare = counts.sum(axis=0) * min(counts.sum(axis=1)) / counts.sum() < RARE
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    p = float(stats.chi2_contingency(table, correction=False).pvalue) if table.shape[1] > 1 else 1.0  # type: ignore[attr-defined]
    size = float(np.abs(table[1] / table[1].sum() - table[0] / table[0].sum()).sum()) / 2
    value = "" if what == "missing" else str(values[most])
    return Shifted(name, what, p, size, float(shares[0, most]), float(shares[1, most]), value)
