"""Read what `compile` and `fit` were told: loss, metrics, optimizer, training settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from modelwizard.checks.facts.values import Fit, Loss, Optimizer
from modelwizard.engine import keras_internals as internals


def read_loss(identifier: Any) -> Loss | None:
    """Return a loss by its canonical name.

    Args:
        identifier: What was handed to `compile`: a name, a Loss, or a function.

    Returns:
        None where there is no loss; name `custom` for a loss that is not Keras's own.
    """
    if identifier is None:
        return None
    try:
        found = keras.losses.get(identifier)
    except Exception:
        return Loss()  # a name that Keras does not know; compile or fit will say so
    function = getattr(found, "fn", found)
    name = getattr(function, "__name__", "")
    known = name and internals.of_keras(function)
    return Loss(name, bool(internals.keywords(found).get("from_logits", False))) if known else Loss()


def per_output(given: Any, names: Sequence[str]) -> list[Any]:
    """Spread what `compile` was given over the outputs: one for all, a list in order, or a dict by name."""
    if isinstance(given, Mapping):
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        return list(given) + [None] * (len(names) - len(given))
    return [given] * len(names)


def metric_names(given: Any, outputs: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the metrics of each output: `accuracy` as written, else the class or function name."""
    if not given:
        return [()] * len(outputs)
    if len(outputs) == 1 and not isinstance(given, Mapping):
        return [tuple(_metric(m) for m in _flat(given))]
    plain = isinstance(given, (list, tuple)) and not any(isinstance(g, (list, tuple)) for g in given)
    if plain and len(given) != len(outputs):
        return [tuple(_metric(m) for m in given)] * len(outputs)
    return [tuple(_metric(m) for m in _flat(each)) for each in per_output(given, outputs)]


def _flat(given: Any) -> list[Any]:
    return [metric for metric in keras.tree.flatten(given) if metric is not None]


def _metric(metric: Any) -> str:
    if isinstance(metric, str):
        return {"acc": "accuracy", "Accuracy": "accuracy"}.get(metric, metric)
    if isinstance(metric, type):
        return metric.__name__
    name = str(getattr(metric, "__name__", type(metric).__name__))
    of_logits = name == "BinaryAccuracy" and internals.keywords(metric).get("threshold") == 0
    return "BinaryAccuracyOfLogits" if of_logits else name


def read_optimizer(optimizer: Any, steps: int | None) -> Optimizer:
    """Return the settings of an optimizer.

    Args:
        optimizer: A Keras optimizer.
        steps: Steps of the whole training, at whose end a schedule is read. None reads its start only.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    schedule = internals.learning_rate(inner)
    scheduled = isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    if scheduled:
        rate = _at(schedule, 0)
        if rate == 0.0 and steps:
            rate = max(_at(schedule, s) for s in np.linspace(0, steps, 20).astype(int))  # a warm-up starts at zero
        final = _at(schedule, steps // 4) if steps else rate
    else:
        rate = final = float(np.asarray(inner.learning_rate))
    clips = (getattr(inner, n, None) for n in ("clipnorm", "global_clipnorm", "clipvalue"))
    return Optimizer(
        name=type(inner).__name__.lower(),
        rate=rate,
        final_rate=final,
        scheduled=scheduled,
        momentum=float(getattr(inner, "momentum", 0.0) or 0.0),
        clipped=any(c is not None for c in clips),
    )


def _at(schedule: Any, step: int) -> float:
    return float(np.asarray(schedule(step)))


def read_fit(fit: Mapping[str, Any], rows: int, validation_rows: int) -> Fit:
    """Return the arguments of `fit` with Keras's defaults filled in.

    Args:
        fit: The keyword arguments; empty when nothing is known about the training.
        rows: Rows of x.
        validation_rows: Rows of `validation_data`, 0 without.
    """
    split = float(fit.get("validation_split") or 0.0)
    held = validation_rows or int(rows * split)
    given = fit.get("batch_size")
    callbacks = fit.get("callbacks") or ()
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else (callbacks,)
    epochs = fit.get("epochs", 1 if {"batch_size", "validation_split", "validation_data"} & set(fit) else None)
    return Fit(
        rows=rows - (0 if validation_rows else held),
        batch_size=int(given) if given else 32,
        batch_given=given is not None,
        epochs=int(epochs) if epochs is not None else None,
        validation=held,
        validation_split=split,
        shuffle=bool(fit.get("shuffle", True)),
        class_weight=fit.get("class_weight") is not None,
        sample_weight=fit.get("sample_weight") is not None,
        callbacks=tuple(_callback(c) for c in callbacks),
        steps_per_epoch=int(fit["steps_per_epoch"]) if fit.get("steps_per_epoch") else None,
    )


def _callback(callback: Any) -> tuple[str, str, str, int]:
    patience = getattr(callback, "patience", 0)
    return (
        type(callback).__name__,
        str(getattr(callback, "monitor", "")),
        str(getattr(callback, "mode", "") or _direction(callback)),
        patience if isinstance(patience, int) else 0,
    )


def _direction(callback: Any) -> str:
    chosen = getattr(getattr(callback, "monitor_op", None), "__name__", "")
    return {"less": "min", "greater": "max"}.get(chosen, "auto")
