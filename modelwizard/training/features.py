"""Features that are tried before they are written: proposals, the project with lines added in memory, importance."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.jobs import Importance, Propose
from modelwizard.contract.results import Effect, Effects, Proposal, Proposals
from modelwizard.errors import ProjectError
from modelwizard.evidence import comparison, kfold
from modelwizard.evidence.losses import row_loss
from modelwizard.problems import PROBLEMS
from modelwizard.training import division, memory, trials
from modelwizard.training.shapes import Padded
from modelwizard.training.user_code import UserCode, blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Fold, Workshop

Array = NDArray[Any]
Floats = NDArray[np.floating]

SHUFFLES = 5
"""Times that a column is shuffled."""
MOST_ROWS = 2000
"""Held-out rows of a fold on which columns are shuffled, at most."""


class Extended(Workshop):
    """A project whose `add_features` has further lines, in memory: what is tried is not written.

    Args:
        base: The project as it is.
        additions: Statements for each fold, one list for all or one for each.
    """

    def __init__(self, base: Workshop, additions: tuple[tuple[str, ...], ...]) -> None:
        self.__dict__.update(base.__dict__)  # the same rows and code; only the folds are encoded anew
        self._folds = []
        self.additions = additions

    def _fold(self, number: int, repeat: int, train: Any, validation: Any) -> Fold:
        lines = self.additions[number % len(self.additions)]
        with extended(self.code, lines), blame(self.project.folder, "add features"):
            encoding = Padded(self.code.preprocessing.Encoding(train))
        return Fold(number, repeat, encoding, self.part(encoding, train), self.part(encoding, validation))


def with_features(workshop: Workshop, additions: tuple[tuple[str, ...], ...]) -> Workshop:
    """Return the project with lines added to `add_features` in memory; the last such project is kept."""
    if not any(additions):
        return workshop
    kept = workshop.extended
    if isinstance(kept, Extended) and kept.additions == additions:
        return kept
    kept = workshop.extended = None  # gives the memory back before the next one takes its own
    workshop.extended = kept = Extended(workshop, additions)
    return kept


@contextlib.contextmanager
def extended(code: UserCode, lines: Sequence[str]) -> Generator[None]:
    """Let the project's modules see an `add_features` with further lines, inside the block."""
    original: Any = vars(code.data)["add_features"]
    space: dict[str, Any] = {"keras": keras}
    body = "\n".join(f"    {line}" for line in lines)
    exec(f"def more(columns):\n{body}\n    return columns\n", space)

    def both(columns: dict[str, Any]) -> dict[str, Any]:
        return space["more"](original(columns))

    theirs = [(m, name) for m in code.modules for name, value in list(vars(m).items()) if value is original]
    for module, name in theirs:
        setattr(module, name, both)
    try:
        yield
    finally:
        for module, name in theirs:
            setattr(module, name, original)


def propose(workshop: Workshop, job: Propose, watcher: Watcher) -> list[Proposals]:
    """Propose additions from training rows.

    Interactions are found with the help of targets. Under K-fold each fold gets those that its own training rows
    propose, and what would be written is proposed by all rows outside the test set. All else looks at inputs only.
    """
    folds, kind = workshop.folds(), workshop.kind.features()
    each: list[tuple[Proposal, ...]] = []
    for fold in folds:
        watcher.check()
        each.append(_helped(workshop, fold.encoding, fold.train.raw, fold.train.truth, job.seed))
    whole, all_rows = each[0], folds[0].train.raw
    if len(folds) > 1:
        rows = workshop.load("train", "validation")
        all_rows = rows.x
        whole = _helped(workshop, folds[0].encoding, rows.x, np.asarray(rows.y), job.seed)
    others = kind.unhelped(workshop.code.data.KINDS, _numbers(workshop, folds[0].encoding, all_rows))
    return [
        Proposals("interactions", tuple(each), whole),
        *(Proposals(title, (found,) * len(folds), found) for title, found in others.items()),
    ]


def _helped(workshop: Workshop, encoding: Any, raw: Mapping[str, Array], y: Array, seed: int) -> tuple[Proposal, ...]:
    kinds, numbers = workshop.code.data.KINDS, _numbers(workshop, encoding, raw)
    return workshop.kind.features().helped(kinds, numbers, raw, y, workshop.problem.name, seed)


def _numbers(workshop: Workshop, encoding: Any, raw: Mapping[str, Array]) -> dict[str, Floats]:
    """Return the values of every number that leaves `add_features`."""
    _require(workshop, encoding)
    names = workshop.kind.features().numbers(workshop.code.data.KINDS, encoding.features)
    if not names:
        return {}
    with blame(workshop.project.folder, "compute the features"):
        values = workshop.code.preprocessing.run(
            keras.Model(encoding.raw, {n: encoding.features[n] for n in names}), raw
        )
    numbers = {n: np.asarray(values[n], dtype=float).reshape(-1) for n in names}
    return {n: np.where(np.isfinite(v), v, np.nan) for n, v in numbers.items()}


def _require(workshop: Workshop, encoding: Any) -> None:
    absent = [name for name in ("raw", "features", "columns") if not hasattr(encoding, name)]
    absent += [] if hasattr(workshop.code.preprocessing, "run") else ["run()"]
    if absent:
        raise ProjectError(
            f"preprocessing.py: features cannot be told apart without {', '.join(absent)} of Encoding.",
            expected="raw, features and columns as they were generated",
            fix="restore these attributes of Encoding (git has the first version), or add features by hand in data.py",
        )


def importance(workshop: Workshop, job: Importance, watcher: Watcher) -> Effects:
    """Train one network a fold, and say by how much the held-out loss rises when columns are shuffled.

    Columns that are correlated (beyond 0.8, over the training rows of the first fold) stand side by side, since one
    stands in for the other. Source: permutation importance, Breiman 2001; Fisher et al. 2019.
    """
    experiment = job.experiment
    workshop = with_features(workshop, experiment.additions)
    folds = workshop.folds()
    groups = _clusters(workshop, folds)
    names = [name for group in groups for name in group]
    rises: dict[str, list[Floats]] = {name: [] for name in names}
    rows: list[Array] = []
    for fold in folds:
        fitted = trials.fit(workshop, experiment, fold, watcher, len(folds))
        rng = np.random.default_rng(experiment.seed)
        index = np.sort(rng.permutation(len(fold.validation))[:MOST_ROWS])
        held = _Held(workshop, fold, fitted.model, index)
        for name in names:
            watcher.check()
            rises[name].append(held.rise(name, rng))
        rows.append(fold.validation.rows[index])
        fitted.model = None
        memory.release()
    judged, widen = np.concatenate(rows), kfold.inflation(len(folds))
    dependent = division.groups(workshop.project, judged, len(judged))
    found: dict[str, Effect] = {}
    for name, parts in rises.items():
        rise = np.concatenate(parts)
        compared = comparison.paired(rise, np.zeros_like(rise), groups=dependent, widen=widen)
        found[name] = Effect(name, compared.gain, float(np.clip(compared.t, -1e6, 1e6)))
    return Effects([[found[name] for name in group] for group in groups], len(names))


def _clusters(workshop: Workshop, folds: Sequence[Fold]) -> list[list[str]]:
    """Return the columns that every fold's network sees, those together that stand in for each other."""
    first = folds[0].encoding
    _require(workshop, first)
    seen = [{name for names in fold.encoding.columns.values() for name in names} for fold in folds]
    common = [
        n for n in dict.fromkeys(n for names in first.columns.values() for n in names) if all(n in s for s in seen)
    ]
    return workshop.kind.features().clusters(folds[0].train.x, first.columns, common)


class _Held:
    """Held-out rows of a fold, before a trained network.

    Args:
        workshop: The project.
        fold: The fold.
        model: The network.
        index: Which of its held-out rows.
    """

    def __init__(self, workshop: Workshop, fold: Fold, model: Any, index: Array) -> None:
        self.task, self.fold, self.model = workshop.project.settings.problem, fold, model
        self.part = fold.validation.take(index)
        self.base = self._losses(self.part.x)

    def rise(self, column: str, rng: np.random.Generator) -> Floats:
        """Return by how much the loss of each row rises when a column is shuffled, on average."""
        total = np.zeros(len(self.part))
        for _ in range(SHUFFLES):
            order = rng.permutation(len(self.part))
            x = dict(self.part.x)
            for block, names in self.fold.encoding.columns.items():
                places = [i for i, name in enumerate(names) if name == column]
                if places and block in x:
                    x[block] = x[block].copy()
                    x[block][:, places] = self.part.x[block][order][:, places]
            total += self._losses(x) - self.base
        return total / SHUFFLES

    def _losses(self, x: Mapping[str, Array]) -> Floats:
        outputs = keras.ops.convert_to_numpy(self.model({n: keras.ops.convert_to_tensor(v) for n, v in x.items()}))
        encoding = self.fold.encoding
        scale = encoding.target_scale if PROBLEMS[self.task.type].scaling else None
        return row_loss(self.task.type, self.task.loss, self.part.truth, encoding.decode(outputs), scale)
