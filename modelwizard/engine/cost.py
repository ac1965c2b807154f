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
# Operations of layers, forward and backward, that have far more than others, without the updates of their weights.
OPERATIONS = {"BatchNormalization": 100, "LayerNormalization": 110, "Dropout": 40, "GRU": 450, "LSTM": 350}


@dataclass(frozen=True)
class Machine:
    """What a kind of device takes, in seconds.

    Args:
        operation: One operation of the plain loop.
        parameter: The update of one parameter.
        multiplication: One multiplication of a matrix product.
        xla_operations: XLA's part of the plain loop's time for operations, on models it is good for.
        xla_arithmetic: Its part of the time for parameters and products.
        compile: What XLA takes longer to begin, without any operation.
        compile_operation: What each operation adds to it.
        margin: How many times over this must be won back; below 1 where it may have been kept, or will be.
    """

    operation: float
    parameter: float
    multiplication: float
    xla_operations: float
    xla_arithmetic: float
    compile: float
    compile_operation: float
    margin: float = 1.5


CPU = Machine(0.35e-6, 2e-9, 0.045e-9, 0.15, 0.9, 0.0, 0.9e-3, margin=0.6)
# With all weights in one vector (`flat`), as trials are trained; other values would train the same trial another way.
CPU_FLAT = Machine(0.2e-6, 5e-9, 0.3e-9, 0.45, 0.45, 0.4, 0.0012)
# Each operation is a kernel to launch, whatever its size (NVIDIA H100).
GPU = Machine(5e-6, 1e-11, 1e-13, 0.05, 0.05, 1.2, 0.0016)


@dataclass(frozen=True)
class Cost:
    """Estimated seconds.

    Args:
        step: One step of the plain loop.
        compile: Compilation by XLA.
        xla_fits: Whether XLA does the model's operations well on this machine.
        xla_part: XLA's part of the plain loop's time.
        margin: How many times over a compilation must be won back.
    """

    step: float
    compile: float
    xla_fits: bool
    xla_part: float = CPU_FLAT.xla_operations
    margin: float = CPU_FLAT.margin


def estimate(model: Model, operations: Sequence[str], batch: int, cpu: Machine = CPU_FLAT) -> Cost:
    """Estimate what a model costs.

    Args:
        model: The model.
        operations: Of its step, traced or counted by `count`.
        batch: Rows of a batch.
        cpu: What a processor takes. Defaults to its costs for all weights in one vector.
    """
    gpu = on_gpu()
    machine = GPU if gpu else cpu
    by_cudnn = any(name.startswith("CudnnRNN") for name in operations)
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    time_steps = 0 if by_cudnn else sum(_time_steps(layer) for layer in internals.layers(model))
    products = sum(_products(layer) for layer in internals.layers(model))
    calls = machine.operation * (len(operations) + RECURRENT_OPERATIONS * time_steps)
    # Products: forward, and backward to inputs and to weights.
    arithmetic = machine.parameter * parameters + 3 * batch * machine.multiplication * products
    step = calls + arithmetic
    convolves = any(name.startswith(("Conv", "DepthwiseConv")) for name in operations)
    fits = not by_cudnn if gpu else not convolves  # XLA cannot call cuDNN's recurrent layers
    compilation = machine.compile + machine.compile_operation * len(operations)
    part = (machine.xla_operations * calls + machine.xla_arithmetic * arithmetic) / step
    return Cost(step, compilation, fits, part, machine.margin)


def count(model: Model) -> list[str] | None:
    """Guess the operations of a step without tracing it; None for a model with parts whose operations are not known."""
    layers = internals.layers(model)
    if on_gpu() or not internals.is_graph(model) or not all(internals.of_keras(type(layer)) for layer in layers):
        return None
    kinds = [type(layer).__name__ for layer in layers]
    kinds += [type(node.operation).__name__ for node in internals.calls(internals.graph(model))]
    convolutions = ["Conv"] * any("Conv" in kind for kind in kinds)
    trained = len(model.trainable_variables)
    updates = trained * (4 + 18 * round(len(model.optimizer.variables) / max(1, trained)))
    penalties = 30 * sum(v.regularizer is not None for v in model.trainable_variables)
    inside = sum(OPERATIONS.get(kind, 15) for kind in kinds[: len(layers)])
    return convolutions + ["any"] * int(100 + updates + penalties + inside)


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
