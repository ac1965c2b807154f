"""MW301 to MW315: learning rate, batch, epochs, callbacks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelwizard.checks.case import Case, Hit, NotApplicableError, Place, rule
from modelwizard.checks.facts.values import Optimizer
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.graph import RECURRENT

ADAPTIVE = frozenset({"adam", "adamw", "adamax", "nadam", "rmsprop", "lamb", "lion", "ftrl", "adafactor"})
LOSSES = ("loss", "error", "mse", "mae", "rmse")
SCORES = ("acc", "auc", "precision", "recall", "f1")
RATE = Place("compile", "learning_rate")


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
    evidence = f"{o.name} at {o.rate:g}"
    if o.name in ADAPTIVE:
        if o.rate > 0.03:
            severity: Severity = "error" if o.rate > 0.5 else "warning"
            return Hit(evidence + "; above 0.03", _rate_fix(o), severity, RATE, soft=o.rate <= 0.2)
        return Hit(evidence + "; 0.001 is usual", _rate_fix(o), "tip", RATE) if o.rate > 0.01 else None
    if o.name == "sgd":
        bound = 0.5 if o.momentum >= 0.8 else 1.0
        if o.rate > bound:
            severity = "error" if o.rate > 20 * bound else "warning"
            return Hit(evidence + f"; above {bound:g}", _rate_fix(o), severity, RATE, soft=o.rate <= 10 * bound)
        return Hit(evidence + "; 0.01 is usual", _rate_fix(o), "tip", RATE) if o.rate > 0.3 * bound else None
    return None


@rule("MW302")
def rate_too_low(case: Case) -> Hit | None:
    """Find learning rates below what moves weights within the epochs."""
    o = optimizer_of(case)
    if o.name == "lion":
        return None
    low, lower = (5e-5, 3e-6) if o.name in ADAPTIVE else (1e-3, 1e-5)
    if o.name not in ADAPTIVE and o.name != "sgd":
        return None
    trained_before = any(la.nested and not la.fresh for la in case.layers)
    if o.name == "sgd" and o.momentum >= 0.8:
        low, lower = low / 10, lower / 10
    if o.rate < low and not o.scheduled and not trained_before:
        severity: Severity = "warning" if o.rate < lower else "tip"
        return Hit(f"{o.name} at {o.rate:g}; below {low:g}", _rate_fix(o), severity, RATE)
    return None


@rule("MW303")
def rate_of_adadelta(case: Case) -> Hit | None:
    """Find Adadelta and Adagrad at Keras 3's tiny default rates."""
    o = optimizer_of(case)
    if (o.name == "adadelta" and o.rate < 0.1) or (o.name == "adagrad" and o.rate < 0.005):
        return Hit(f"{o.name} at {o.rate:g}", place=RATE, soft=True)
    return None


@rule("MW304")
def schedule_ends_early(case: Case) -> Hit | None:
    """Find schedules that reach nothing long before the training ends."""
    o = optimizer_of(case)
    if o.scheduled and o.final_rate < o.rate / 1000:
        evidence = f"{o.rate:g} at the start, {o.final_rate:.2g} after a quarter of {case.fit.steps} steps"
        return Hit(evidence, place=RATE)
    return None


@rule("MW305")
def one_batch(case: Case) -> Hit | None:
    """Find batches that hold all rows, or a single one."""
    f = case.fit
    if f.epochs is None or f.steps is None:
        return None
    if f.batch_given and f.batch_size >= f.rows > 64:
        severity: Severity = "warning" if f.steps < 200 else "tip"
        evidence = f"batch_size={f.batch_size} for {f.rows} rows: {f.steps} steps in all"
        return Hit(evidence, severity=severity, place=Place("fit", "batch_size"), soft=True)
    if f.batch_given and f.batch_size > 64 and f.batch_size * 4 > f.rows and f.steps < 200:
        evidence = f"batch_size={f.batch_size} for {f.rows} rows: {f.steps} steps in all"
        return Hit(evidence, severity="tip", place=Place("fit", "batch_size"))
    if f.batch_given and f.batch_size == 1 and f.rows > 200:
        evidence = f"batch_size=1 for {f.rows} rows: each step follows a single row"
        return Hit(evidence, severity="tip", place=Place("fit", "batch_size"))
    return None


@rule("MW306")
def large_batch(case: Case) -> Hit | None:
    """Find batches above 32 rows."""
    f = case.fit
    if f.batch_given and 32 < f.batch_size < max(f.rows, 33):
        return Hit(f"batch_size={f.batch_size}", place=Place("fit", "batch_size"))
    return None


@rule("MW307")
def few_steps(case: Case) -> Hit | None:
    """Find trainings of very few steps."""
    steps = case.fit.steps
    if steps is None:
        raise NotApplicableError("nothing is known about epochs and batches")
    if steps >= 100 and not (case.fit.epochs == 1 and steps < 400):
        return None
    evidence = f"epochs={case.fit.epochs}: {steps} steps in all"
    return Hit(evidence, severity="warning" if steps < 10 else "tip", place=Place("fit", "epochs"), soft=True)


@rule("MW308")
def no_validation(case: Case) -> Hit | None:
    """Find trainings without validation rows."""
    if case.fit.epochs is not None and case.fit.validation == 0:
        return Hit("neither validation_data nor validation_split", place=Place("fit", "validation_split"))
    return None


@rule("MW309")
def monitors_training(case: Case) -> Iterator[Hit]:
    """Find callbacks that watch a training score although validation rows are there."""
    for name, monitor, _, _ in case.fit.callbacks:
        if name == "EarlyStopping" and monitor and not monitor.startswith("val_"):
            yield Hit(f'{name}(monitor="{monitor}")', place=Place("fit", "callbacks"))


@rule("MW310")
def wrong_direction(case: Case) -> Iterator[Hit]:
    """Find callbacks that wait for a score to get worse."""
    for name, monitor, mode, _ in case.fit.callbacks:
        is_loss = any(w in monitor for w in LOSSES) and not any(w in monitor for w in SCORES)
        is_score = any(w in monitor for w in SCORES)
        if (mode == "max" and is_loss) or (mode == "min" and is_score):
            yield Hit(f'{name}(monitor="{monitor}", mode="{mode}")', place=Place("fit", "callbacks"))


@rule("MW311")
def momentum_too_high(case: Case) -> Hit | None:
    """Find momentum of 0.995 or more."""
    o = optimizer_of(case)
    return Hit(f"momentum={o.momentum:g}", place=RATE) if o.momentum >= 0.995 else None


@rule("MW312")
def no_clipping(case: Case) -> Hit | None:
    """Find long recurrent nets without gradient clipping."""
    o = optimizer_of(case)
    for layer in case.layers:
        steps = layer.input_shape[1] if len(layer.input_shape) == 3 else None
        if layer.kind in RECURRENT and (steps or 0) >= 50 and not o.clipped:
            return Hit(f"{layer.name} reads {steps} steps", place=RATE)
    return None


@rule("MW313")
def plain_descent(case: Case) -> Hit | None:
    """Find plain gradient descent where gradients differ much in size."""
    o = optimizer_of(case)
    maps = [la for la in case.layers if la.parameters]
    hard = len(maps) >= 2 or any(la.kind == "Embedding" or la.kind in RECURRENT for la in maps)
    plain = (o.name == "sgd" and o.momentum == 0) or o.name in ("adadelta", "adagrad", "ftrl")
    if plain and hard:
        return Hit(f"{o.name} at {o.rate:g} for {len(maps)} layers with weights", place=Place("compile", "optimizer"))
    return None


@rule("MW314")
def sorted_rows(case: Case) -> Hit | None:
    """Find sorted labels that are not shuffled."""
    if case.fit.shuffle or not case.arrays.y or case.outputs[0].task not in ("binary", "multiclass"):
        return None
    y = case.arrays.y[0]
    labels = y.argmax(axis=-1) if case.outputs[0].target.one_hot else y.reshape(len(y), -1)[:, 0]
    changes = int(np.count_nonzero(labels[1:] != labels[:-1]))
    if len(labels) >= 50 and changes < 2 * max(case.outputs[0].classes, 2):
        return Hit(f"shuffle=False, and the label changes {changes} times in {len(labels)} rows")
    return None


@rule("MW315")
def starving(case: Case) -> Hit | None:
    """Find epochs that see only part of the rows."""
    f = case.fit
    if f.steps_per_epoch and f.steps_per_epoch * f.batch_size < f.rows / 2:
        seen = f.steps_per_epoch * f.batch_size
        return Hit(f"{seen} of {f.rows} rows an epoch", place=Place("fit", "steps_per_epoch"))
    return None
