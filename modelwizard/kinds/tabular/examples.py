"""Tables to try the wizard on: what scikit-learn ships, and seeded inventions, one for each problem type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from modelwizard.kinds.question import one_of
from modelwizard.kinds.tabular import invented


class Example(NamedTuple):
    """A table that comes with the wizard.

    Args:
        title: What is predicted from what, in one phrase.
        targets: The columns to predict.
        make: Makes the table; the same one each time.
    """

    title: str
    targets: tuple[str, ...]
    make: Callable[[], pd.DataFrame]


def _shipped(loader: str, target: str) -> Callable[[], pd.DataFrame]:
    """Return a maker of a table that scikit-learn ships, its classes written in words."""

    def make() -> pd.DataFrame:
        import sklearn.datasets

        bunch = getattr(sklearn.datasets, loader)()
        x, names = np.asarray(bunch.data), [str(name) for name in bunch.feature_names]
        frame = pd.DataFrame(x, columns=[name.replace(" (cm)", "_cm").replace(" ", "_") for name in names])
        y = np.asarray(bunch.target)
        words = bunch.get("target_names")
        frame[target] = y if words is None else [str(words[number]) for number in y]
        # The files of scikit-learn are sorted by class; a person's table rarely is.
        return frame.iloc[np.random.default_rng(0).permutation(len(frame))]

    return make


EXAMPLES = {
    "churn": Example("which customers leave: 1,500 rows, mixed columns, cells missing", ("churned",), invented.churn),
    "tumours": Example(
        "malignant or benign, from 30 measurements: 569 rows",
        ("diagnosis",),
        _shipped("load_breast_cancer", "diagnosis"),
    ),
    "iris": Example(
        "the species of a flower, from 4 measurements: 150 rows", ("species",), _shipped("load_iris", "species")
    ),
    "tickets": Example("which team a support ticket belongs to: 1,400 rows with text", ("team",), invented.tickets),
    "songs": Example(
        "which moods a song has, several at once: 1,300 rows",
        ("calm", "happy", "sad", "energetic", "angry"),
        invented.songs,
    ),
    "diabetes": Example(
        "how far diabetes has progressed after a year: 442 rows",
        ("progression",),
        _shipped("load_diabetes", "progression"),
    ),
    "occupancy": Example("the share of a hotel's rooms that are taken: 1,500 rows", ("occupancy",), invented.occupancy),
    "buildings": Example(
        "heating and cooling load of a building: 1,300 rows", ("heating_load", "cooling_load"), invented.buildings
    ),
    "repairs": Example("what a repair costs: 1,500 rows, amounts from tens to thousands", ("cost",), invented.repairs),
    "rentals": Example(
        "how many bicycles are rented in an hour: 2,000 rows with dates", ("rentals",), invented.rentals
    ),
}
"""The tables by what `--example` calls them: of scikit-learn, which has them from elsewhere, and invented ones."""


def write_example(name: str, folder: Path) -> Path:
    """Write a bundled table as CSV (UTF-8, commas), the same bytes each time.

    Args:
        name: A name of `EXAMPLES`.
        folder: Where `NAME.csv` is written.

    Returns:
        The file that was written.

    Raises:
        UsageError: There is no such example.
    """
    one_of(name, list(EXAMPLES), "an example", "--example ")
    file = folder / f"{name}.csv"
    file.write_text(EXAMPLES[name].make().to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="")
    return file
