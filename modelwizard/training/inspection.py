"""What a project is, as its own code makes it: shapes, search space, last layer, loss, hashes."""

from __future__ import annotations

import hashlib
from typing import Any

import keras

from modelwizard.engine import keras_internals as internals
from modelwizard.training import trials
from modelwizard.training.workshop import Workshop
from modelwizard.tuning import search, space


def inspect(workshop: Workshop) -> dict[str, Any]:
    """Load, encode and build everything once, and tell what came out."""
    project = workshop.project
    folds = workshop.folds()
    found = search.open_space(workshop)
    model, _ = trials.build(workshop, {}, folds[0].encoding)
    part = folds[0].train
    return {
        "rows": project.counts(),
        "inputs": list(part.raw),
        "blocks": {name: int(values.shape[1]) for name, values in part.x.items()},
        "targets": workshop.outputs,
        "head": head(model),
        "optimizer": type(model.optimizer).__name__,
        "space": space.described(found),
        "defaults": dict(found.values),
        "parameters": int(model.count_params()),
        "scheme": project.settings.split.scheme,
        "folds": len(folds),
        "rows_trained": len(part),
        "rows_judged": sum(len(fold.validation) for fold in folds),
        "code": project.code_hashes(),
        "row_hashes": _row_hashes(workshop),
    }


def head(model: Any) -> dict[str, Any]:
    """Return units, activation and loss of a model's last layer; a linear activation is None."""
    activation = getattr(last_layer(model), "activation", None)
    name = getattr(activation, "__name__", None) or (type(activation).__name__.lower() if activation else None)
    return {
        "units": int(model.output_shape[-1]),
        "activation": None if name == "linear" else name,
        "loss": loss_name(model),
    }


def last_layer(model: Any) -> Any:
    """Return the layer that makes the model's output."""
    output = getattr(model, "output", None)
    return internals.producer(output)[0] if isinstance(output, keras.KerasTensor) else (model.layers or [None])[-1]


def loss_name(model: Any) -> str:
    """Return the name of the loss that a model was compiled with."""
    loss = model.loss
    if isinstance(loss, str):
        return loss
    return str(getattr(loss, "__name__", None) or getattr(loss, "name", None) or type(loss).__name__)


def _row_hashes(workshop: Workshop) -> dict[str, str]:
    """Return one hash over the rows of each part, from the hashes in split.csv."""
    hashes, parts = workshop.project.row_hashes(), workshop.parts
    return {
        part: hashlib.sha256("".join(hashes[parts == part].tolist()).encode()).hexdigest()
        for part in ("train", "validation")
    }
