"""Make a case of what a person hands in: model, data, settings."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.case import Arrays, Case, Division
from modelwizard.checks.facts import compiled, data
from modelwizard.checks.facts.inputs import read_inputs
from modelwizard.checks.facts.model import Source, functional, heads, read
from modelwizard.checks.facts.values import Head, Output
from modelwizard.checks.task import with_task
from modelwizard.engine import copies
from modelwizard.engine import keras_internals as internals
from modelwizard.errors import UsageError

MOST_ROWS = 4000
"""Rows that are taken from a dataset."""


def build_case(model: Any, x: Any, y: Any, fit: dict[str, Any], problem: str | None = None) -> tuple[Any, Case]:
    """Return the model to probe (built and with a graph, or None) and all facts.

    Args:
        model: A Keras model.
        x: Inputs.
        y: Targets.
        fit: The other arguments of `fit`; a batch size found in a dataset is added.
        problem: Problem type of the table, when known.

    Raises:
        UsageError: `model` is no Keras model.
    """
    if not isinstance(model, keras.Model):
        raise UsageError("That is no Keras model.", expected="a compiled keras.Model", received=type(model).__name__)
    x, y = _materialise(x, y, fit)
    x_keys, y_keys = keys(model, "inputs"), keys(model, "outputs")
    names = list(x_keys) or [str(tensor.name) for tensor in getattr(model, "inputs", None) or []]
    arrays = data.flatten(x, names)
    subject = _built(model, arrays)
    source = read(subject) if subject is not None else Source([], [], [], opaque=True)
    inputs = [_matched(a, source, i) for i, a in enumerate(arrays)]
    targets = data.flatten(y, list(y_keys) or list(getattr(model, "output_names", None) or []))
    held = fit.get("validation_data")
    held_x, held_y = _validation(held, names, source)
    rows = len(inputs[0]) if inputs else 0
    settings = compiled.read_fit(fit, rows, len(held_x[0]) if held_x else 0)
    optimizer = getattr(model, "optimizer", None)
    outputs = _outputs(model, subject, source, inputs, targets, held_y)
    return subject if not source.opaque else None, Case(
        layers=tuple(source.layers),
        inputs=tuple(read_inputs(source, inputs)) if subject is not None else (),
        validation_inputs=tuple(read_inputs(source, held_x)) if held_x and subject is not None else (),
        outputs=tuple(with_task(o, problem) for o in outputs),
        optimizer=compiled.read_optimizer(optimizer, settings.steps) if optimizer is not None else None,
        fit=settings,
        arrays=Arrays(tuple(inputs), tuple(targets), tuple(held_x), tuple(held_y), x_keys, y_keys),
        opaque=source.opaque,
    )


def divide(groups: Any, times: Any, share: float) -> Division | None:
    """Return groups and times on both sides of the split; None where neither is known.

    Args:
        groups: One value a row of x, or the values of training rows and of held-out rows as a pair.
        times: The same.
        share: `validation_split`, by which one value a row is divided.

    Raises:
        UsageError: One value a row, and no `validation_split` to divide them by.
    """

    def sides(name: str, given: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
        if given is None:
            return None
        if isinstance(given, tuple):
            train, held = given
            return data.as_array(train), data.as_array(held)
        if not share:
            wanted = "the values of training rows and of held-out rows as a pair"
            raise UsageError(f"{name} cannot be divided.", expected=wanted, received="one value a row, no split")
        values = data.as_array(given)
        cut = int(len(values) * (1 - share))
        return values[:cut], values[cut:]

    found = Division(sides("groups", groups), sides("times", times))
    return found if found.groups is not None or found.times is not None else None


def keys(model: Any, side: str) -> tuple[str, ...]:
    """Return the keys of a model that takes (or returns) a dict, in the order of its tensors; else nothing.

    Args:
        model: A model.
        side: `inputs` or `outputs`.
    """
    structure = internals.nesting(model, side)
    if not isinstance(structure, dict):
        return ()
    tensors = getattr(model, side)
    return tuple(str(k) for t in tensors for k, value in structure.items() if value is t)


def _materialise(x: Any, y: Any, fit: dict[str, Any]) -> tuple[Any, Any]:
    """Turn a dataset or a sequence of batches into arrays of at most `MOST_ROWS` rows."""
    if isinstance(x, keras.utils.PyDataset):
        x = map(x.__getitem__, range(int(x.num_batches or 0)))
    if y is not None or not hasattr(x, "__iter__") or isinstance(x, (np.ndarray, list, tuple, Mapping)):
        return x, y
    parts: list[Any] = []
    rows = 0
    for batch in x:
        parts.append(batch)
        rows += len(_leaves(batch)[0])
        if rows >= MOST_ROWS or len(parts) >= 200:
            break
    if not parts:
        return x, y
    fit.setdefault("batch_size", len(_leaves(parts[0])[0]))
    if not isinstance(parts[0], tuple):
        return _join([p for p in parts]), None
    return _join([p[0] for p in parts]), _join([p[1] for p in parts])


def _leaves(batch: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in keras.tree.flatten(batch)]


def _join(parts: list[Any]) -> Any:
    return keras.tree.map_structure(lambda *leaves: np.concatenate([np.asarray(leaf) for leaf in leaves]), *parts)


def _matched(array: NDArray[Any], source: Source, position: int) -> NDArray[Any]:
    """Add the last axis that Keras adds to a flat input."""
    entries = [source.layers[i] for i in source.inputs]
    wanted = entries[position].output_shape if position < len(entries) else ()
    if array.ndim == 1 and len(wanted) == 2 and array.dtype != object:
        return array[:, None]
    return array


def _validation(held: Any, names: list[str], source: Source) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    if not isinstance(held, (tuple, list)) or len(held) < 2:
        return [], []
    found = [_matched(a, source, i) for i, a in enumerate(data.flatten(held[0], names))]
    return found, data.flatten(held[1])


def _built(model: Any, arrays: list[NDArray[Any]]) -> Any:
    """Return a model whose layers have shapes and links, without touching the one that was given."""
    if functional(model) is not None:
        return model
    if isinstance(model, keras.Sequential) and arrays:
        return _built_copy(model, arrays)
    return _traced(model, arrays)


def _built_copy(model: Any, arrays: list[NDArray[Any]]) -> Any:
    try:
        made = copies.clone(model)
        shape = arrays[0].shape if arrays[0].ndim > 1 else (len(arrays[0]), 1)
        made.build((None, *shape[1:]))
        copies.compile_like(made, model, type(model.optimizer).from_config(model.optimizer.get_config()))
        return made if functional(made) is not None else None
    except Exception:
        return None  # shapes that do not fit: training will say so


def _traced(model: Any, arrays: list[NDArray[Any]]) -> Any:
    """Record the graph of a subclassed model by calling it once on symbols; None where it cannot be."""
    try:
        symbols = [keras.Input(a.shape[1:], dtype=str(a.dtype) if a.dtype.kind in "fiu" else "float32") for a in arrays]
        graph = keras.Model(symbols, model.call(symbols[0] if len(symbols) == 1 else symbols))
    except Exception:
        return None
    else:
        graph.optimizer = model.optimizer
        internals.take_loss(graph, model)
        return graph


@contextmanager
def links_kept(model: Any) -> Generator[None]:
    """Leave the layers of a model as they were: calls on symbols inside the block add no links to them."""
    layers = internals.layers(model) if isinstance(model, keras.Layer) else []
    kept = [(nodes, list(nodes)) for layer in layers for nodes in internals.links(layer)]
    try:
        yield
    finally:
        for nodes, before in kept:
            nodes[:] = before


def _outputs(
    model: Any,
    subject: Any,
    source: Source,
    inputs: list[NDArray[Any]],
    targets: list[NDArray[Any]],
    held: list[NDArray[Any]],
) -> list[Output]:
    """Join head, loss, metrics and target of each output."""
    if not targets:
        return []
    names = list(getattr(model, "output_names", None) or [f"output_{i}" for i in range(len(targets))])
    found = heads(subject, source) if subject is not None and not source.opaque else []
    found = found if len(found) == len(targets) else [Head(activation="unknown", shape=())] * len(targets)
    names = names if len(names) == len(targets) else [f"output_{i}" for i in range(len(targets))]
    losses = compiled.per_output(getattr(model, "loss", None), names)
    metrics = compiled.metric_names(internals.metrics_given(model), names)
    return [
        Output(
            name=names[i],
            head=found[i],
            loss=compiled.read_loss(losses[i]),
            metrics=metrics[i],
            target=data.read_target(target, inputs),
            validation=data.read_target(held[i]) if i < len(held) else None,
        )
        for i, target in enumerate(targets)
    ]
