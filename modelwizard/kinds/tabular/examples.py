"""Tables to try the wizard on: what scikit-learn ships, and seeded inventions, one for each problem type."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from modelwizard.errors import UsageError
from modelwizard.kinds.tabular import invented


@dataclass(frozen=True)
class Example:
    """A table that comes with the wizard.

    Args:
        name: What `--example` calls it.
        title: What is predicted from what, in one phrase.
        problem: The problem type it makes.
        targets: The columns to predict.
        source: Where the rows come from.
        make: Makes the table; the same one each time.
    """

    name: str
    title: str
    problem: str
    targets: tuple[str, ...]
    source: str
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


_SKLEARN = "scikit-learn (UCI Machine Learning Repository)"
_INVENTED = "invented by a seeded generator"

EXAMPLES: dict[str, Example] = {
    example.name: example
    for example in (
        Example(
            "churn",
            "which customers leave: 1,500 rows, mixed columns, cells missing",
            "binary",
            ("churned",),
            _INVENTED,
            invented.churn,
        ),
        Example(
            "tumours",
            "malignant or benign, from 30 measurements: 569 rows",
            "binary",
            ("diagnosis",),
            _SKLEARN,
            _shipped("load_breast_cancer", "diagnosis"),
        ),
        Example(
            "iris",
            "the species of a flower, from 4 measurements: 150 rows",
            "multiclass",
            ("species",),
            _SKLEARN,
            _shipped("load_iris", "species"),
        ),
        Example(
            "tickets",
            "which team a support ticket belongs to: 1,400 rows with text",
            "multiclass",
            ("team",),
            _INVENTED,
            invented.tickets,
        ),
        Example(
            "songs",
            "which moods a song has, several at once: 1,300 rows",
            "multilabel",
            ("calm", "happy", "sad", "energetic", "angry"),
            _INVENTED,
            invented.songs,
        ),
        Example(
            "diabetes",
            "how far diabetes has progressed after a year: 442 rows",
            "regression",
            ("progression",),
            "scikit-learn (Efron et al. 2004)",
            _shipped("load_diabetes", "progression"),
        ),
        Example(
            "occupancy",
            "the share of a hotel's rooms that are taken: 1,500 rows",
            "bounded",
            ("occupancy",),
            _INVENTED,
            invented.occupancy,
        ),
        Example(
            "buildings",
            "heating and cooling load of a building: 1,300 rows",
            "vector",
            ("heating_load", "cooling_load"),
            _INVENTED,
            invented.buildings,
        ),
        Example(
            "repairs",
            "what a repair costs: 1,500 rows, amounts from tens to thousands",
            "positive",
            ("cost",),
            _INVENTED,
            invented.repairs,
        ),
        Example(
            "rentals",
            "how many bicycles are rented in an hour: 2,000 rows with dates",
            "count",
            ("rentals",),
            _INVENTED,
            invented.rentals,
        ),
    )
}
DEFAULT = "churn"


def write_example(name: str, path: str | Path) -> Path:
    """Write a bundled table as CSV (UTF-8, commas), the same bytes each time.

    Args:
        name: A name of `EXAMPLES`.
        path: A file, or a folder in which `NAME.csv` is written.

    Returns:
        The file that was written.

    Raises:
        UsageError: There is no such example.
    """
    if name not in EXAMPLES:
        close = difflib.get_close_matches(name, EXAMPLES, n=1)
        raise UsageError(
            f"There is no example '{name}'.",
            expected=", ".join(EXAMPLES),
            received=f"--example {name}",
            fix=f"--example {close[0] if close else DEFAULT}",
        )
    path = Path(path)
    file = path / f"{name}.csv" if path.is_dir() else path
    text = EXAMPLES[name].make().to_csv(index=False, lineterminator="\n")
    file.write_text(text, encoding="utf-8", newline="")
    return file
