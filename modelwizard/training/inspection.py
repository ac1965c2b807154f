"""What a project is, as its own code makes it: shapes, search space, last layer, loss, hashes."""

from __future__ import annotations

from typing import Any

import keras

from modelwizard.contract.jobs import Inspect
from modelwizard.contract.results import Inspection
from modelwizard.engine import keras_internals as internals
from modelwizard.training import space, trials
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop


def inspect(workshop: Workshop, _: Inspect, __: Watcher) -> Inspection:
    """Load, encode and build everything once, and tell what came out."""
    found = trials.open_space(workshop)
    trials.build(workshop, {}, workshop.folds()[0].encoding)
    return Inspection(space.described(found), workshop.project.counts(), workshop.project.code_hashes())


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
