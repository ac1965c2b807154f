"""MW301 to MW315: learning rate, batch, epochs, callbacks."""

from __future__ import annotations

import numpy as np

from modelwizard.checks.case import Case, Hit, NotApplicableError, hit, rule
from modelwizard.checks.facts.graph import RECURRENT
from modelwizard.checks.facts.values import Optimizer, Place

LOSSES = ("loss", "error", "mse", "mae", "rmse")
SCORES = ("acc", "auc", "precision", "recall", "f1")
RATE = Place("compile", "learning_rate")
BATCH, CALLBACKS = Place("fit", "batch_size"), Place("fit", "callbacks")


def optimizer_of(case: Case) -> Optimizer:
    """Return the optimizer; rules about it do not apply without."""
    if case.optimizer is None:
        raise NotApplicableError("the model is not compiled")
    return case.optimizer


def _rate_fix(o: Optimizer) -> str:
    better = "1e-2, momentum=0.9" if o.name == "sgd" else "1e-3"
    names = {"sgd": "SGD", "adamw": "AdamW", "rmsprop": "RMSprop", "nadam": "Nadam", "adamax": "Adamax"}
    return f"optimizer=keras.optimizers.{names.get(o.name, 'Adam')}({better})"


@rule("MW301")
def rate_too_high(case: Case) -> Hit | None:
    """Find learning rates above what the optimizer bears."""
    o = optimizer_of(case)
    if not o.adaptive and o.name != "sgd":
        return None
    most = 0.5 if o.momentum >= 0.8 else 1.0
    tip, bound, soft, absurd = (0.01, 0.03, 0.2, 0.5) if o.adaptive else (0.3 * most, most, 10 * most, 20 * most)
    if o.rate <= bound:
        found = hit(RATE, fix=_rate_fix(o), severity="tip", optimizer=o.name, rate=o.rate, usual=o.usual)
        return found if o.rate > tip else None
    severity = "error" if o.rate > absurd else "warning"
    return hit(
        RATE, fix=_rate_fix(o), severity=severity, soft=o.rate <= soft, optimizer=o.name, rate=o.rate, limit=bound
    )


@rule("MW302")
def rate_too_low(case: Case) -> Hit | None:
    """Find learning rates below what moves weights within the epochs."""
    o = optimizer_of(case)
    if o.name == "lion":
        return None
    low, lower = (5e-5, 3e-6) if o.adaptive else (1e-3, 1e-5)
    if not o.adaptive and o.name != "sgd":
        return None
    if o.name == "sgd" and o.momentum >= 0.8:
        low, lower = low / 10, lower / 10
    if o.rate >= low or o.scheduled or case.pretrained:
        return None
    severity = "warning" if o.rate < lower else "tip"
    return hit(RATE, fix=_rate_fix(o), severity=severity, optimizer=o.name, rate=o.rate, limit=low)


@rule("MW303")
def rate_of_adadelta(case: Case) -> Hit | None:
    """Find Adadelta and Adagrad at Keras 3's tiny default rates."""
    o = optimizer_of(case)
    low = {"adadelta": 0.1, "adagrad": 0.005}.get(o.name, 0.0)
    return hit(RATE, soft=True, optimizer=o.name, rate=o.rate, limit=low) if o.rate < low else None


@rule("MW304")
def schedule_ends_early(case: Case) -> Hit | None:
    """Find schedules that reach nothing long before the training ends."""
    o = optimizer_of(case)
    early = o.scheduled and o.final_rate < o.rate / 1000
    return hit(RATE, start=o.rate, rate=o.final_rate, steps=case.fit.steps) if early else None


@rule("MW305")
def one_batch(case: Case) -> Hit | None:
    """Find batches that hold all rows, or a single one."""
    f = case.fit
    if f.epochs is None or f.steps is None or not f.batch_given:
        return None
    whole, part = f.batch_size >= f.rows > 64, f.batch_size > 64 and f.batch_size * 4 > f.rows and f.steps < 200
    if not (whole or part or (f.batch_size == 1 and f.rows > 200)):
        return None
    severity = "warning" if whole and f.steps < 200 else "tip"
    return hit(BATCH, severity=severity, soft=whole, batch=f.batch_size, rows=f.rows, steps=f.steps)


@rule("MW306")
def large_batch(case: Case) -> Hit | None:
    """Find batches above 32 rows."""
    f = case.fit
    return hit(BATCH, batch=f.batch_size) if f.batch_given and 32 < f.batch_size < max(f.rows, 33) else None


@rule("MW307")
def few_steps(case: Case) -> Hit | None:
    """Find trainings of very few steps."""
    steps = case.fit.steps
    if steps is None:
        raise NotApplicableError("nothing is known about epochs and batches")
    if steps >= 100 and not (case.fit.epochs == 1 and steps < 400):
        return None
    severity = "warning" if steps < 10 else "tip"
    return hit(Place("fit", "epochs"), severity=severity, soft=True, epochs=case.fit.epochs, steps=steps)


@rule("MW308")
def no_validation(case: Case) -> Hit | None:
    """Find trainings without validation rows."""
    missing = case.fit.epochs is not None and case.fit.validation == 0
    return hit(Place("fit", "validation_split")) if missing else None


@rule("MW309")
def monitors_training(case: Case) -> Hit | None:
    """Find callbacks that watch a training score although validation rows are there."""
    for name, monitor, _, _ in case.fit.callbacks:
        if name == "EarlyStopping" and monitor and not monitor.startswith("val_"):
            return hit(CALLBACKS, callback=name, monitor=monitor)
    return None


@rule("MW310")
def wrong_direction(case: Case) -> Hit | None:
    """Find callbacks that wait for a score to get worse."""
    for name, monitor, mode, _ in case.fit.callbacks:
        is_score = any(word in monitor for word in SCORES)
        is_loss = any(word in monitor for word in LOSSES) and not is_score
        if (mode == "max" and is_loss) or (mode == "min" and is_score):
            return hit(CALLBACKS, callback=name, monitor=monitor, mode=mode)
    return None


@rule("MW311")
def momentum_too_high(case: Case) -> Hit | None:
    """Find momentum of 0.995 or more."""
    o = optimizer_of(case)
    return hit(RATE, momentum=o.momentum) if o.momentum >= 0.995 else None


@rule("MW312")
def no_clipping(case: Case) -> Hit | None:
    """Find long recurrent nets without gradient clipping."""
    o = optimizer_of(case)
    for layer in case.layers:
        steps = layer.input_shape[1] if len(layer.input_shape) == 3 else None
        if layer.kind in RECURRENT and (steps or 0) >= 50 and not o.clipped:
            return hit(RATE, layer=layer.name, steps=steps)
    return None


@rule("MW313")
def plain_descent(case: Case) -> Hit | None:
    """Find plain gradient descent where gradients differ much in size."""
    o = optimizer_of(case)
    maps = [la for la in case.layers if la.parameters]
    hard = len(maps) >= 2 or any(la.kind == "Embedding" or la.kind in RECURRENT for la in maps)
    plain = (o.name == "sgd" and o.momentum == 0) or o.name in ("adadelta", "adagrad", "ftrl")
    if not (plain and hard):
        return None
    return hit(Place("compile", "optimizer"), optimizer=o.name, rate=o.rate, layers=len(maps))


@rule("MW314")
def sorted_rows(case: Case) -> Hit | None:
    """Find sorted labels that are not shuffled."""
    if case.fit.shuffle or not case.arrays.y or case.outputs[0].task not in ("binary", "multiclass"):
        return None
    y = case.arrays.y[0]
    labels = y.argmax(axis=-1) if case.outputs[0].target.one_hot else y.reshape(len(y), -1)[:, 0]
    changes = int(np.count_nonzero(labels[1:] != labels[:-1]))
    runs = len(labels) >= 50 and changes < 2 * max(case.outputs[0].classes, 2)
    return hit(changes=changes, rows=len(labels)) if runs else None


@rule("MW315")
def starving(case: Case) -> Hit | None:
    """Find epochs that see only part of the rows."""
    f = case.fit
    seen = (f.steps_per_epoch or 0) * f.batch_size
    return hit(Place("fit", "steps_per_epoch"), seen=seen, rows=f.rows) if 0 < seen < f.rows / 2 else None
