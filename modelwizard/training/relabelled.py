"""Make the features of a project again after shuffling the labels of held-out rows: none of them may change.

The code runs as it is; only what pandas reads comes back with other labels. Whatever a row's features hold of labels
that the model is judged by (a target mean over all rows, a column made from the target) shows, exactly and without
training. Source: Karpathy, A Recipe for Training Neural Networks (2019), step 2, "verify that the net has nothing to
learn from shuffled labels"; Kaufman et al. 2012, Leakage in data mining.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Collection, Generator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelwizard.checks.facts.project import Relabelled
from modelwizard.training.user_code import UserCode
from modelwizard.training.workshop import Workshop

Array = NDArray[Any]
READERS = ("read_csv", "read_table", "read_parquet", "read_json", "read_excel", "read_feather")
LARGEST = 50_000_000
"""Bytes of a data file up to which reading it again takes seconds."""

LEARNED, JUDGED = 500, 300
"""Rows that an encoding is learned from, and rows whose features are compared, at most."""


def features_again(workshop: Workshop) -> Relabelled | None:
    """Return which features know labels of held-out rows; None where that cannot be found out.

    Args:
        workshop: The project; its rows are loaded as everywhere, the test rows stay closed.
    """
    project = workshop.project
    if project.data_path.stat().st_size > LARGEST:
        return None
    fold = workshop.folds()[0]
    train, held = fold.train.rows[:LEARNED], fold.validation.rows[:JUDGED]
    closed = np.union1d(fold.validation.rows, np.flatnonzero(workshop.parts == "test"))
    before = _features(workshop, workshop.code, train, held)
    order = np.random.default_rng(1).permutation(len(closed))
    with (
        _own_modules(project.folder),
        _labels_moved(project.settings.problem.target, len(workshop.parts), closed, closed[order]),
    ):
        after = _features(workshop, UserCode.load(project.folder), train, held)
    changed = _changed(before, after)
    if not changed:
        return Relabelled(rows=len(held), time=project.settings.split.time or "")
    with _own_modules(project.folder):
        again = _features(workshop, UserCode.load(project.folder), train, held)
    if _changed(before, again):
        return None  # drawn at random each time
    return Relabelled(tuple(changed), len(held), project.settings.split.time or "")


def _features(workshop: Workshop, code: UserCode, train: Array, held: Array) -> dict[str, Array]:
    """Return raw columns and encoded blocks of the held-out rows, by name."""
    if workshop.project.settings.split.scheme == "holdout":
        parts = ((code.data.load("train"), train), (code.data.load("validation"), held))
    else:
        both = code.data.load("train", "validation")
        parts = ((both, train), (both, held))
    known, judged = (workshop.select(rows, np.searchsorted(rows.rows, wanted)) for rows, wanted in parts)
    encoded = code.preprocessing.Encoding(known).encode(judged.x)
    return {**{f"encoded {name}": np.asarray(v) for name, v in encoded.items()}, **judged.x}


def _changed(before: dict[str, Array], after: dict[str, Array]) -> list[tuple[str, float]]:
    """Return the features that are not the same, and the share of rows in which they differ.

    Encoded blocks are named only where no raw column tells more closely.
    """
    found: list[tuple[str, float]] = []
    for name, old in before.items():
        new = after.get(name)
        if new is None or new.shape != old.shape:
            found.append((name, 1.0))
            continue
        same = np.isclose(old, new, 1e-5, 1e-6, equal_nan=True) if old.dtype.kind == "f" else old == new
        share = float(np.any(~np.asarray(same).reshape(len(old), -1), axis=1).mean()) if len(old) else 0.0
        found += [(name, share)] * (share > 0)
    raw = [pair for pair in found if not pair[0].startswith("encoded ")]
    return sorted(raw or found, key=lambda pair: -pair[1])


@contextlib.contextmanager
def _labels_moved(targets: Collection[str], count: int, rows: Array, order: Array) -> Generator[None]:
    """Let pandas' readers return the project's table with the labels of some rows in another order."""

    def moved(read: Any) -> Any:
        @functools.wraps(read)
        def reread(*given: Any, **options: Any) -> Any:
            frame = read(*given, **options)
            if isinstance(frame, pd.DataFrame) and len(frame) == count:
                at = [i for i, name in enumerate(frame.columns) if str(name).strip() in targets]
                for i in at:
                    values = frame.iloc[:, i].to_numpy(copy=True)
                    values[rows] = values[order]
                    frame.isetitem(i, pd.Series(values, index=frame.index).astype(frame.dtypes.iloc[i]))
            return frame

        return reread

    kept = {name: getattr(pd, name) for name in READERS}
    for name, read in kept.items():
        setattr(pd, name, moved(read))
    try:
        yield
    finally:
        for name, read in kept.items():
            setattr(pd, name, read)


@contextlib.contextmanager
def _own_modules(folder: Path) -> Generator[None]:
    """Put the project's modules and layers back in their places afterwards, so that later imports find the first."""
    layers = keras.saving.get_custom_objects()
    modules, classes = dict(sys.modules), dict(layers)
    try:
        yield
    finally:
        inside = f"{folder}{os.sep}"
        for name, module in list(sys.modules.items()):
            if name not in modules and str(getattr(module, "__file__", None)).startswith(inside):
                del sys.modules[name]
        sys.modules.update(modules)
        layers.clear()
        layers.update(classes)
