"""What common sense and classical models reach on the same rows: the dumb baseline, a linear model, boosted trees."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.jobs import References
from modelwizard.contract.results import Fitted, Reference
from modelwizard.evidence.scores import score
from modelwizard.files import write_bytes
from modelwizard.training import division
from modelwizard.training.records import packed
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Fold, Part, Workshop

Floats = NDArray[np.floating]
Predict = Callable[[Workshop, Fold, float], Floats]

FEW_ROWS = 10_000
ROUNDS = 10  # of boosting, between two looks at the clock


def references(workshop: Workshop, _: References, watcher: Watcher) -> Fitted:
    """Fit the references on training rows, predict validation rows, and write both predictions and true targets.

    Before the watcher's deadline the linear model gets a third of the time and the trees the rest; a model that cannot
    be fitted on every fold in its time is left out.
    """
    started = time.monotonic()
    until = {"linear": started + (watcher.deadline - started) / 3}
    folds = workshop.folds()
    task, kinds = workshop.project.settings.problem, {"dumb": _dumb, "linear": _linear, "trees": _trees}
    order = np.argsort(np.concatenate([fold.validation.rows for fold in folds]))
    rows = np.concatenate([fold.validation.rows for fold in folds])[order]
    truth = np.concatenate([fold.validation.truth for fold in folds])[order]
    found: list[Reference] = []
    predictions: list[Floats] = []
    for name, predict in kinds.items():
        begin = time.monotonic()
        watcher.check()
        parts = _all_folds(workshop, predict, folds, math.inf if name == "dumb" else until.get(name, watcher.deadline))
        if parts is None:
            continue
        p = np.concatenate(parts)[order]
        predictions.append(p)
        found.append(Reference(name, score(task.type, task.metric, truth, p), round(time.monotonic() - begin, 2)))
    names = [one.name for one in found]
    arrays = {"rows": rows.astype(np.int32), "names": np.array(names), "p": np.stack(predictions)}
    write_bytes(workshop.project.runs / "references.npz", packed(arrays))
    write_targets(workshop)
    return Fitted(found, [name for name in kinds if name not in names])


def write_targets(workshop: Workshop) -> None:
    """Write the true targets of the training and validation rows, for every stage to judge by."""
    if workshop.project.settings.split.scheme == "holdout":
        fold = workshop.folds()[0]
        parts: list[Part] = [fold.train, fold.validation]
    else:
        parts = [fold.validation for fold in workshop.folds()]
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows)
    arrays: dict[str, NDArray[Any]] = {
        "rows": rows[order].astype(np.int32),
        "y": np.concatenate([part.truth for part in parts])[order],
    }
    judged = sum(len(fold.validation) for fold in workshop.folds())
    group = division.groups(workshop.project, rows[order], judged)
    write_bytes(workshop.project.runs / "targets.npz", packed(arrays if group is None else {**arrays, "group": group}))


def _all_folds(workshop: Workshop, predict: Predict, folds: Sequence[Fold], until: float) -> list[Floats] | None:
    """Fit on every fold, or return None when the first one shows that the time will not do."""
    parts: list[Floats] = []
    for i, fold in enumerate(folds, start=1):
        begin = time.monotonic()
        if begin > until:
            return None
        parts.append(predict(workshop, fold, begin + (until - begin) / (len(folds) - i + 1)))
        if i == 1 and time.monotonic() + (len(folds) - 1) * (time.monotonic() - begin) / 2 > until:
            return parts if len(folds) == 1 else None
    return parts


def _dumb(workshop: Workshop, fold: Fold, _: float) -> Floats:
    """Predict the same for every row of every fold: constants that differ by fold would rank rows by their fold."""
    task = workshop.project.settings.problem
    constants = [workshop.problem.constant(task.loss, other.train.truth) for other in workshop.folds()]
    # A class may be absent from the training rows of a fold.
    whole = [np.pad(constant, (0, workshop.outputs - len(constant))) for constant in constants]
    return np.tile(np.mean(whole, axis=0), (len(fold.validation), 1))


def _linear(workshop: Workshop, fold: Fold, until: float) -> Floats:
    x, held = workshop.kind.matrices(fold.train.x, fold.validation.x, one_hot=True)
    text, most = "text" in fold.train.x, 1000 if math.isinf(until) else 100
    return _fit(workshop, fold, x, held, lambda x, y: workshop.problem.linear(text=text, iterations=most).fit(x, y))


def _trees(workshop: Workshop, fold: Fold, until: float) -> Floats:
    x, held = workshop.kind.matrices(fold.train.x, fold.validation.x, one_hot=False)
    problem, loss = workshop.problem, workshop.project.settings.problem.loss
    make = lambda: problem.trees(loss, early_stopping=True, random_state=1)  # noqa: E731
    # Several outputs are fitted one after another, each in its part of the time.
    share = (until - time.monotonic()) / (1 if problem.exclusive else workshop.outputs)
    return _fit(workshop, fold, x, held, lambda x, y: _boosted(make(), x, y, time.monotonic() + share))


def _boosted(model: Any, x: Any, y: Any, until: float) -> Any:
    """Fit boosted trees; with a time limit, a few rounds at a time until it is reached or they end by themselves."""
    if math.isinf(until):
        return model.fit(x, y)
    rounds = model.max_iter
    model.set_params(warm_start=True, max_iter=ROUNDS)
    while True:
        model.fit(x, y)
        if model.max_iter >= rounds or model.n_iter_ < model.max_iter or time.monotonic() > until:
            return model
        model.set_params(max_iter=min(rounds, model.max_iter + ROUNDS))


def _fit(workshop: Workshop, fold: Fold, x: Any, held: Any, fit: Callable[[Any, Any], Any]) -> Floats:
    """Fit one model, or one per output, and return canonical predictions."""
    problem = workshop.problem
    with warnings.catch_warnings(), _threads(len(fold.train)):
        warnings.simplefilter("ignore")  # scikit-learn warns of slow convergence; a reference may be imperfect
        if problem.exclusive:
            model = fit(x, fold.train.truth)
            p = np.zeros((len(fold.validation), workshop.outputs))
            p[:, model.classes_.astype(int)] = model.predict_proba(held)
            return p
        truth = fold.train.truth.reshape(len(fold.train), -1)
        if problem.classifies:
            return np.stack([_share(fit, x, truth[:, k], held) for k in range(workshop.outputs)], axis=1)
        return np.stack([_amount(workshop, fit, x, truth[:, k], held) for k in range(workshop.outputs)], axis=1)


def _threads(rows: int) -> AbstractContextManager[Any]:
    """Fit small tables on one thread: on a busy machine several wait for each other longer than they work."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1) if rows < FEW_ROWS else nullcontext()


def _share(fit: Callable[[Any, Any], Any], x: Any, y: Floats, held: Any) -> Floats:
    if y.min() == y.max():  # nothing to learn: the label is the same in all training rows
        return np.full(held.shape[0], y[0])
    return fit(x, y.astype(int)).predict_proba(held)[:, 1]


def _amount(workshop: Workshop, fit: Callable[[Any, Any], Any], x: Any, y: Floats, held: Any) -> Floats:
    logarithmic = workshop.project.settings.problem.loss == "mean_squared_logarithmic_error"
    target = np.log1p(y) if logarithmic else y
    p = np.asarray(fit(x, target).predict(held), dtype=float)
    p = np.expm1(p) if logarithmic else p
    return workshop.problem.clip(p, y)
