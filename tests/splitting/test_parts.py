"""A classifier cannot tell the parts of a split from each other: bundled examples, and tables full of copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from parts import Table, apart, comparisons, made, numbers
from scipy.stats import binom

from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.examples import EXAMPLES, write_example
from modelwizard.kinds.tabular.rows import units_of
from modelwizard.kinds.tabular.target import check_target
from modelwizard.settings import Format
from modelwizard.splitting.stratify import strata

FORM = Format("csv")
ROWS = 900


def measured(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    x = rng.normal(size=(rows, 3)).round(4)
    return {"a": x[:, 0], "b": x[:, 1], "colour": np.where(x[:, 2] > 0, "red", "blue")}


def copied(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Each row three times, with labels of its own."""
    return {name: np.tile(cells, 3) for name, cells in measured(rng, ROWS // 3).items()}


def defaulted(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A record without data is a third of the rows, another one 3 %."""
    kind = rng.choice(3, ROWS, p=[0.64, 0.33, 0.03])
    defaults = {"a": ("-9", "0"), "b": ("-9", "0"), "colour": ("none", "grey")}
    return {
        name: np.select([kind == 1, kind == 2], defaults[name], cells.astype(str))
        for name, cells in measured(rng, ROWS).items()
    }


def categories(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Forty combinations, rare and frequent ones."""
    return {"a": rng.geometric(0.3, ROWS).clip(1, 10), "colour": rng.choice(["red", "green", "blue", "grey"], ROWS)}


SMALL = ("churn", "iris", "tickets", "songs", "occupancy", "buildings")
MADE_UP = {function.__name__: function for function in (copied, defaulted, categories)}


def table_of(name: str, problem: str) -> Table:
    rng = np.random.default_rng([len(name), len(problem)])
    inputs = MADE_UP[name](rng)
    signal = (inputs["colour"] == "red") + rng.normal(size=ROWS)
    y = {"binary": np.where(signal > 1.4, "yes", "no"), "regression": signal.round(3)}[problem]
    frame = pd.DataFrame({**inputs, "y": y}).astype(str)
    return Table(name, frame, describe(frame, FORM), check_target(frame, ["y"], problem, FORM), FORM)


def test_no_classifier_tells_parts_or_folds_from_each_other(tmp_path: Path) -> None:
    """Of comparisons by chance, 5 % have p ≤ .05; so many more would be here in one run of a thousand."""
    tables = [made(name, write_example(name, tmp_path), EXAMPLES[name].targets) for name in SMALL]
    tables += [table_of(name, problem) for name in MADE_UP for problem in ("binary", "regression")]
    told = {(table.name, way): found for table in tables for way, found in comparisons(table, seed=1).items()}
    beyond = {place: found for place, found in told.items() if found.p <= 0.05}
    assert len(beyond) <= binom.ppf(0.999, len(told), 0.05), beyond


@pytest.mark.parametrize("name", MADE_UP)
def test_a_set_of_copies_in_one_part_is_told(name: str) -> None:
    """What splits are kept from: all rows of the largest set for training, the others dealt by chance."""
    table = table_of(name, "binary")
    units = units_of(table.frame, table.columns, ["y"], "", FORM)
    rng = np.random.default_rng(0)
    largest = np.bincount(units - units.min()).argmax() + units.min()
    inside = (rng.random(units.max() - units.min() + 1) < 0.2)[units - units.min()] & (units != largest)
    found = apart(numbers(table), inside, units, strata(table.target))
    assert (found.p <= 0.01) == (name != "copied")  # three rows are no population
