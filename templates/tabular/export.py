"""The exported model: raw columns in, predictions in the target's own units out."""

from __future__ import annotations

import keras
from keras import ops

from preprocessing import Encoding


def export_model(
    members: list[tuple[keras.Model, Encoding]],
    # modelwizard: if classes
    temperature: float = 1.0,
    # modelwizard: end
) -> keras.Model:
    """Make one model of networks; the predictions of several are averaged.

    Args:
        members: Trained networks with their encodings.
        # modelwizard: if classes
        temperature: What the logits of the averaged probabilities are divided by (Guo et al. 2017): above 1 makes
            them less sure. `modelwizard finalize` learns it from rows that the networks were not trained on.
    # modelwizard: end
    """
    raw = {name: keras.Input((1,), name=t.name, dtype=t.dtype) for name, t in members[0][1].raw.items()}
    outputs, encoded = [], {}
    for i, (network, encoding) in enumerate(members):
        if id(encoding) not in encoded:  # members that share an encoding share its layers in the exported model too
            encoded[id(encoding)] = renamed(encoding.model, f"preprocessing_{i}")(raw)
        y = renamed(network, f"network_{i}")(encoded[id(encoding)])
        # modelwizard: own_units
        # modelwizard: end
        outputs.append(y)
    y = ops.mean(ops.stack(outputs), axis=0) if len(outputs) > 1 else outputs[0]
    # modelwizard: temperature
    if temperature != 1.0:
        p = ops.clip(y, 1e-7, 1 - 1e-7)
        y = ops.sigmoid((ops.log(p) - ops.log1p(-p)) / temperature)
    # modelwizard: end
    return keras.Model(raw, y, name="predictor")


def renamed(model: keras.Model, name: str) -> keras.Model:
    """Give a model's graph, with the same layers and weights, another name: parts of one model need different ones."""
    return keras.Model(model.input, model.output, name=name)
