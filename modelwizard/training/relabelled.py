"""Make the features of a project again after held-out rows were changed: what depends on them shows, without training.

The code runs as it is; only the data come back changed. With other labels on held-out rows, none of their
features may change (a target mean over all rows, a column made from the target). With other rows in place of the
held-out ones, no feature of a training row may change (a mean, a count or a rank over the whole file).
Source: Karpathy, A Recipe for Training Neural Networks (2019), step 2, "verify that the net has nothing to learn from
shuffled labels"; Kaufman et al. 2012, Leakage in data mining.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.facts.project import Relabelled
from modelwizard.training.user_code import UserCode
from modelwizard.training.workshop import Workshop

Array = NDArray[Any]
Features = dict[str, Array]
LARGEST = 50_000_000
"""Bytes of a data file up to which reading it again takes seconds."""

LEARNED, JUDGED = 500, 300
"""Rows that an encoding is learned from, and rows whose features are compared, at most."""


class Again(NamedTuple):
    """What became of features when held-out rows were changed.

    Args:
        relabelled: Features of held-out rows that know their labels; None where that cannot be found out.
        replaced: Names of features of training rows that depend on rows outside the training set.
    """

    relabelled: Relabelled | None = None
    replaced: tuple[str, ...] = ()


_KNOWN: WeakKeyDictionary[Workshop, Again] = WeakKeyDictionary()


def features_again(workshop: Workshop) -> Again:
    """Make features again, once for the code as it is.

    Args:
        workshop: The project; its rows are loaded as everywhere, the test rows stay closed.
    """
    if workshop not in _KNOWN:
        _KNOWN[workshop] = _features_again(workshop)
    return _KNOWN[workshop]


def _features_again(workshop: Workshop) -> Again:
    project, parts = workshop.project, workshop.parts
    if project.data_path.stat().st_size > LARGEST:
        return Again()
    fold = workshop.folds()[0]
    train, held = fold.train.rows[:LEARNED], fold.validation.rows[:JUDGED]
    closed = np.union1d(fold.validation.rows, np.flatnonzero(parts == "test"))
    rng = np.random.default_rng(1)
    order, copied = rng.permutation(len(closed)), rng.choice(fold.train.rows, len(closed))
    same = np.arange(len(parts))
    relabelled, replaced = same.copy(), same.copy()
    relabelled[closed], replaced[closed] = closed[order], copied

    def remade(rows: Array, labels: Array) -> tuple[Features, Features]:
        with _own_modules(project.folder), workshop.kind.altered(project.settings, rows, labels) as alter:
            code = UserCode.load(project.folder)
            alter(code.data)
            return _features(workshop, code, train, held)

    before = _features(workshop, workshop.code, train, held)
    knowing = _changed(before[1], remade(same, relabelled)[1])
    foreign = _changed(before[0], remade(replaced, replaced)[0])
    if knowing or foreign:
        again = remade(same, same)
        if _changed(before[0], again[0]) or _changed(before[1], again[1]):
            return Again()  # drawn at random each time
    told = Relabelled(tuple(knowing), len(held), project.settings.split.time or "")
    return Again(told, tuple(name for name, _ in foreign))


def _features(workshop: Workshop, code: UserCode, train: Array, held: Array) -> tuple[Features, Features]:
    """Return raw columns and encoded blocks of training rows and of held-out rows, by name."""
    if workshop.project.settings.split.scheme == "holdout":
        parts = ((code.data.load("train"), train), (code.data.load("validation"), held))
    else:
        both = code.data.load("train", "validation")
        parts = ((both, train), (both, held))
    known, judged = (workshop.select(rows, np.searchsorted(rows.rows, wanted)) for rows, wanted in parts)
    encoding = code.preprocessing.Encoding(known)

    def features(rows: Any) -> Features:
        encoded = {f"encoded {name}": np.asarray(values) for name, values in encoding.encode(rows.x).items()}
        return {**encoded, **_made(code, encoding, rows.x), **rows.x}

    return features(known), features(judged)


def _made(code: UserCode, encoding: Any, x: Features) -> Features:
    """Return what `add_features` makes, before it is scaled: scaling hides a mean that was subtracted."""
    raw, features = getattr(encoding, "raw", {}), getattr(encoding, "features", {})
    made = {name: tensor for name, tensor in features.items() if tensor is not raw.get(name)}
    if not made:
        return {}
    return {name: np.asarray(v) for name, v in code.preprocessing.run(keras.Model(raw, made), x).items()}


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
