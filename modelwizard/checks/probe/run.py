"""The probe: train a copy shortly as asked, look inside, and where it does not learn, change one thing at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from modelwizard.checks.case import Case, NotApplicableError
from modelwizard.checks.facts.graph import RECURRENT
from modelwizard.checks.facts.probed import Probe, Run, Sanity, Trial
from modelwizard.checks.facts.values import Layer
from modelwizard.checks.probe import measure, sanity
from modelwizard.checks.probe.changes import Setting, changes
from modelwizard.checks.probe.references import constant_loss, least_loss
from modelwizard.checks.probe.training import JUDGED, Rows, Trainer, copied

T = TypeVar("T")

ROWS = 3000
"""Rows that are trained on at most."""

STEPS = 4000
"""Steps that are made at most."""

WORK = 1e10
"""Multiplications of one step at most: about a second on two cores, forward and back."""

DEEP = 60
"""Layers with weights at most: compiling a deeper net takes longer than a check may."""

LEARNS = 0.4
"""Skill from which on nothing is changed: the training works."""


def probe(case: Case, model: Any, sample_weight: Any = None, *, suspicious: bool, seconds: float = 7.0) -> Probe:
    """Train a copy of a model shortly and look at it.

    Args:
        case: The facts, arrays included.
        model: The compiled model; it is left as it is.
        sample_weight: One weight a row. Defaults to none.
        suspicious: Whether there is a suspicion that a change can confirm or clear.
        seconds: Time for all trainings together; the training as asked for has two sevenths of it. Defaults to 7.

    Raises:
        NotApplicableError: The model cannot be copied, or its data are not arrays of numbers.
    """
    deadline = time.perf_counter() + seconds
    _bearable(case)
    rows = _rows(case, sample_weight)
    made = _copy(model)
    steps, complete = _steps(case)
    base = Setting(rows, steps, case.fit.batch_size)
    try:
        first_over_last, gradient, unmoved = measure.gradients(made, rows, base.batch)
    except Exception as error:
        return Probe(crash=_message(error))
    trainer = Trainer(made, rows)
    start = _safely(lambda: trainer.loss(rows.x, rows.y, 100)[0])
    before = time.perf_counter()
    step = sanity.first_step(trainer, rows, base.batch)
    first = [v.numpy() for v in made.trainable_variables]
    run = _run(case, base, seconds / 3.5, trainer)
    compiling = time.perf_counter() - before
    found = Probe(
        base=run,
        complete=complete and run.steps >= steps,
        start=start,
        constant=constant_loss(case.outputs[0], np.asarray(rows.y[0]), np.asarray(rows.y[0])),
        first_over_last=first_over_last,
        gradient=gradient,
        unmoved=unmoved,
        step=step,
        **_inside(case, trainer, run, first),
    )
    if len(case.outputs) == 1 and found.constant is not None and (run.score < LEARNS or suspicious):
        again = Setting(rows, max(1, run.steps), base.batch)
        found = replace(found, trials=tuple(_trials(case, model, trainer, again, run, deadline, compiling)))
    left = deadline - time.perf_counter()
    more = _safely(lambda: sanity.experiments(case, trainer, found, rows, left, LEARNS))
    return replace(found, sanity=more or found.sanity)


def _bearable(case: Case) -> None:
    """Refuse what a check has no time for."""
    if sum(la.parameters > 0 for la in case.layers) > DEEP:
        raise NotApplicableError(f"more than {DEEP} layers with weights take too long to copy and compile for a check")
    work = _work(case.layers) * min(case.fit.batch_size, max(case.rows, 1))
    if work > WORK:
        raise NotApplicableError(f"one step takes {work:.1e} multiplications, too many for a check")


def _copy(model: Any) -> Any:
    try:
        return copied(model)
    except Exception as error:
        raise NotApplicableError(f"the model cannot be copied ({type(error).__name__})") from error


def _inside(case: Case, trainer: Trainer, run: Run, first: list[NDArray[Any]]) -> dict[str, Any]:
    """Return what can be seen of a copy after the training as asked, by the names of `Probe`."""
    # a model whose inside cannot be cut out (shared layers, lists of tensors) has no units to look at
    dead, saturated = _safely(lambda: measure.units(trainer.model, trainer.rows)) or ((), ())
    spread, majority = _safely(lambda: _outputs(trainer)) or (1.0, 0.0)
    pairs = zip(trainer.model.trainable_variables, first, strict=True)
    same = [v.path.split("/")[-2] for v, old in pairs if old.ndim > 1 and np.array_equal(v.numpy(), old)]
    seen = _safely(lambda: sanity.after_training(case, trainer)) if run.finite else None
    return {
        "dead": dead,
        "saturated": saturated,
        "output_spread": spread,
        "majority_share": majority,
        "still": tuple(same),
        "sanity": seen or Sanity(),
    }


def _work(layers: tuple[Layer, ...]) -> float:
    """Return the multiplications for one row, forward."""
    total = 0.0
    for layer in layers:
        positions = [float(s) for s in layer.output_shape[1:-1] if s]
        steps = float(layer.input_shape[1] or 50) if layer.kind in RECURRENT and len(layer.input_shape) == 3 else 1.0
        total += layer.parameters * float(np.prod(positions)) * steps if layer.kind != "Embedding" else 0.0
    return total


def _message(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"


def _rows(case: Case, sample_weight: Any) -> Rows:
    """Choose rows and hold a quarter back where there are enough."""
    arrays, targets = case.arrays.x, case.arrays.y
    if not arrays or not targets or any(not i.numeric for i in case.inputs):
        raise NotApplicableError("the data are not arrays of numbers")
    if any(not o.target.numeric or o.target.rows != case.rows for o in case.outputs):
        raise NotApplicableError("the targets are not numbers, or not as many as inputs")
    count = case.fit.rows if case.fit.validation_split else case.rows
    most = int(max(64, min(ROWS, 6e7 // max(1, sum(a[:1].size for a in arrays)))))
    kept = np.linspace(0, count - 1, min(count, most)).astype(int) if count else np.zeros(0, int)
    kept = np.random.default_rng(0).permutation(np.unique(kept))
    held = len(kept) // 4 if len(kept) >= 80 else 0
    test, train = kept[:held], kept[held:]
    weight = None
    if isinstance(sample_weight, np.ndarray) and sample_weight.shape == (case.rows,):
        weight = tf.constant(sample_weight[train].astype(np.float32))
    return Rows(
        x=[_tensor(a[train]) for a in arrays],
        y=[_tensor(a[train]) for a in targets],
        held_x=[_tensor(a[test]) for a in arrays],
        held_y=[_tensor(a[test]) for a in targets],
        weight=weight,
        x_keys=case.arrays.x_keys,
        y_keys=case.arrays.y_keys,
    )


def _tensor(array: NDArray[Any]) -> Any:
    wide = array.dtype.name in ("float64", "float16", "uint8", "bool")
    return tf.constant(array.astype(np.float32) if wide else array)


def _held(rows: Rows) -> bool:
    return int(rows.held_y[0].shape[0]) >= 20


def _steps(case: Case) -> tuple[int, bool]:
    asked = case.fit.steps
    if asked is None:
        return min(STEPS, max(300, 10 * case.rows // 32)), False
    return min(STEPS, asked), asked <= STEPS


def _run(case: Case, setting: Setting, seconds: float, trainer: Trainer) -> Run:
    losses, steps = trainer.train(setting.steps, setting.batch, seconds)
    finite = bool(np.all(np.isfinite(losses)))
    skill = _skill(case, trainer, setting.rows.x, setting.rows.y) if finite else None
    held = _skill(case, trainer, setting.rows.held_x, setting.rows.held_y) if finite and _held(setting.rows) else None
    return Run(tuple(losses), skill, held, steps, finite)


def _skill(case: Case, trainer: Trainer, x: list[Any], y: list[Any]) -> float | None:
    if len(case.outputs) != 1:
        return None
    fitted, judged = np.asarray(trainer.rows.y[0]), np.asarray(y[0][:JUDGED])
    constant = constant_loss(case.outputs[0], fitted, judged)
    if constant is None:
        return None
    least = least_loss(case.outputs[0], judged)
    if constant - least <= max(1e-12, 1e-3 * least):
        return None
    value, _ = trainer.loss(x, y)
    return float((constant - value) / (constant - least)) if np.isfinite(value) else -1.0


def _safely(measure: Callable[[], T]) -> T | None:
    try:
        return measure()
    except Exception:
        return None  # what cannot be measured on an odd model must not hide what the training showed


def _outputs(trainer: Trainer) -> tuple[float, float]:
    """Return how far the outputs spread over rows, and how often the most frequent prediction is made."""
    values = trainer.loss(trainer.rows.x, trainer.rows.y, 200)[1].astype(np.float64)
    flat = values.reshape(len(values), -1)
    if not np.isfinite(flat).all():
        return 1.0, 0.0
    chosen = flat.argmax(axis=1) if flat.shape[1] > 1 else (flat[:, 0] > 0.5).astype(int)
    share = np.bincount(chosen).max() / len(chosen)
    return float(flat.std(axis=0).max()), float(share)


def _trials(
    case: Case, model: Any, first: Trainer, base: Setting, run: Run, deadline: float, compiling: float
) -> list[Trial]:
    """Try one change after the other until time is up; a new model costs its compiling again."""
    trials: list[Trial] = []
    try:
        for change in changes(case, model, base, run, STEPS):
            left = deadline - time.perf_counter()
            if left < 0.3:
                break
            setting = change.setting
            other = setting.model is not None
            if other and left < 0.7 * compiling:
                continue
            trainer = Trainer(setting.model, setting.rows) if other else first.again(setting.rows, setting.rate)
            trials.append(Trial(change.code, change.words, _run(case, setting, min(1.5, left), trainer)))
    except Exception as error:
        trials.append(Trial("", _message(error), Run(finite=False)))  # one change could not be made; the others count
    return trials
