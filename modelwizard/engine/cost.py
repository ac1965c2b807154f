"""What a training step and a compilation cost, estimated from the model alone.

Estimated rather than timed, so that the same training is run the same way again: XLA rounds and draws differently.
The constants were fitted on two CPU cores and on one GPU (`benchmarks/training_speed.py`); only their ratios matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from modelwizard.engine import keras_internals as internals
from modelwizard.engine.device import on_gpu
from modelwizard.engine.step import Model

# Operations that a recurrent layer adds for each of its time steps, forward and backward.
RECURRENT_OPERATIONS = 1000


@dataclass(frozen=True)
class Machine:
    """What a kind of device takes, in seconds.

    Args:
        operation: One operation of the plain loop.
        parameter: The update of one parameter.
        multiplication: One multiplication of a matrix product.
        xla_part: XLA's part of the plain loop's time, on models it is good for.
        compile: A compilation by XLA, without any operation.
        compile_operation: What each operation adds to it.
    """

    operation: float
    parameter: float
    multiplication: float
    xla_part: float
    compile: float
    compile_operation: float


CPU = Machine(0.2e-6, 5e-9, 0.3e-9, 0.45, 0.4, 0.0012)
# Each operation is a kernel to launch, whatever its size (NVIDIA H100).
GPU = Machine(5e-6, 1e-11, 1e-13, 0.05, 1.2, 0.0016)


@dataclass(frozen=True)
class Cost:
    """Estimated seconds.

    Args:
        step: One step of the plain loop.
        compile: Compilation by XLA.
        xla_fits: Whether XLA does the model's operations well on this machine.
        xla_part: XLA's part of the plain loop's time.
    """

    step: float
    compile: float
    xla_fits: bool
    xla_part: float = CPU.xla_part


def estimate(model: Model, operations: Sequence[str], batch: int) -> Cost:
    """Estimate what a model costs, given the operations of its traced step."""
    gpu = on_gpu()
    machine = GPU if gpu else CPU
    by_cudnn = any(name.startswith("CudnnRNN") for name in operations)
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    time_steps = 0 if by_cudnn else sum(_time_steps(layer) for layer in internals.layers(model))
    products = sum(_products(layer) for layer in internals.layers(model))
    step = (
        machine.operation * (len(operations) + RECURRENT_OPERATIONS * time_steps)
        + machine.parameter * parameters
        + 3 * batch * machine.multiplication * products  # forward, and backward to inputs and to weights
    )
    convolves = any(name.startswith(("Conv", "DepthwiseConv")) for name in operations)
    fits = not by_cudnn if gpu else not convolves  # XLA cannot call cuDNN's recurrent layers
    compilation = machine.compile + machine.compile_operation * len(operations)
    return Cost(step, compilation, fits, machine.xla_part)


def _products(layer: Any) -> float:
    """Count the multiplications that a layer's matrices take for one row."""
    if isinstance(layer, keras.layers.Embedding):
        return 0
    sizes = [int(np.prod(v.shape)) for v in internals.own_variables(layer, trained=True) if len(v.shape) > 1]
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
