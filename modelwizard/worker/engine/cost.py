"""What a training step and a compilation cost, estimated from the model alone.

Estimated rather than timed, so that the same training is run the same way again: XLA rounds and draws differently.
The constants were fitted on two CPU cores (`benchmarks/training_speed.py`); only their ratios matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modelwizard.worker.engine.step import Model

OPERATION_SECONDS = 0.2e-6
# Operations that a recurrent layer adds for each of its time steps, forward and backward.
RECURRENT_OPERATIONS = 120
PARAMETER_SECONDS = 5e-9
MULTIPLICATION_SECONDS = 0.3e-9
# XLA takes this part of the plain loop's time, on models it is good for.
XLA_PART = 0.45
COMPILE_SECONDS = 0.4
COMPILE_OPERATION_SECONDS = 0.0012


@dataclass(frozen=True)
class Cost:
    """Estimated seconds.

    Args:
        step: One step of the plain loop.
        compile: Compilation by XLA.
        xla_fits: Whether XLA does the model's operations well on this machine.
    """

    step: float
    compile: float
    xla_fits: bool


def estimate(model: Model, operations: Sequence[str], batch: int) -> Cost:
    """Estimate what a model costs, given the operations of its traced step."""
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    looped = RECURRENT_OPERATIONS * sum(_time_steps(layer) for layer in model._flatten_layers())
    products = sum(_products(layer) for layer in model._flatten_layers())
    step = (
        OPERATION_SECONDS * (len(operations) + looped)
        + PARAMETER_SECONDS * parameters
        + 3 * batch * MULTIPLICATION_SECONDS * products  # forward, and backward to inputs and to weights
    )
    convolves = any(name.startswith(("Conv", "DepthwiseConv")) for name in operations)
    on_cpu = not tf.config.list_physical_devices("GPU")
    return Cost(step, COMPILE_SECONDS + COMPILE_OPERATION_SECONDS * len(operations), not (convolves and on_cpu))


def _products(layer: Any) -> float:
    """Count the multiplications that a layer's matrices take for one row."""
    if isinstance(layer, keras.layers.Embedding):
        return 0
    sizes = [int(np.prod(v.shape)) for v in layer._trainable_variables if len(v.shape) > 1]
    return float(sum(sizes)) * _positions(layer)


def _positions(layer: Any) -> int:
    """Count the places of a row (time steps, pixels) at which a layer applies its matrices, where this is known."""
    try:
        shape = layer.output.shape[1:-1]
    except (AttributeError, ValueError):
        return 1
    return int(np.prod([size or 1 for size in shape]))


def _time_steps(layer: Any) -> int:
    if not isinstance(layer, keras.layers.RNN):
        return 0
    try:
        return int(layer.input.shape[1] or 1)
    except (AttributeError, ValueError):
        return 1
