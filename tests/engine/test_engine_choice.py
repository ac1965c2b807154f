"""How a training runs, decided from an estimate of cost and set right by the clock; what a structure is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from modelwizard.engine import arrays, cost, structure
from modelwizard.engine.cost import Cost
from modelwizard.engine.execution import Choice

MLP = Cost(step=100e-6, compile=1.0, xla_fits=True)
CONVOLUTION = Cost(step=8e-3, compile=1.0, xla_fits=False)


@dataclass
class Program:
    """Answers what a choice asks."""

    estimate: Cost
    speeds: dict[str, float] = field(default_factory=dict)
    xla_error: str | None = None
    ready: bool = False

    def cost(self, batch: int) -> Cost:
        return self.estimate

    def compiled(self, batch: int) -> bool:
        return self.ready


@pytest.mark.parametrize(
    ("wanted", "program", "steps", "repeats", "mode"),
    [
        ("auto", Program(MLP), 100, 1, "graph"),
        ("auto", Program(MLP), 10_000, 1, "graph"),
        ("auto", Program(MLP), 100_000, 1, "xla"),
        ("auto", Program(MLP), 10_000, 10, "xla"),
        ("auto", Program(MLP, ready=True), 100, 1, "xla"),
        ("auto", Program(CONVOLUTION), 10**6, 1, "graph"),
        ("auto", Program(MLP, xla_error="no"), 10**6, 1, "graph"),
        ("auto", Program(MLP, {"xla": 1e-3, "graph": 1e-4}), 10**6, 1, "graph"),
        ("xla", Program(CONVOLUTION), 1, 1, "xla"),
        ("graph", Program(MLP, ready=True), 10**6, 1, "graph"),
    ],
)
def test_first_choice(wanted: str, program: Program, steps: int, repeats: int, mode: str) -> None:
    assert Choice(wanted, program, 32, steps, repeats).mode == mode


@pytest.mark.parametrize(
    ("wanted", "steps", "estimate", "speeds", "mode"),
    [
        ("auto", 1000, MLP, {"graph": 100e-6}, "graph"),
        ("auto", 1000, MLP, {"graph": 300e-6}, "graph"),  # within the noise of a busy machine
        ("auto", 10_000, MLP, {"graph": 5e-3}, "xla"),  # fifty times what was estimated
        ("auto", 10, MLP, {"graph": 5e-3}, "graph"),  # too few steps are left
        ("auto", 10_000, CONVOLUTION, {"graph": 1.0}, "graph"),
        ("graph", 10_000, MLP, {"graph": 5e-3}, "graph"),
        ("auto", 100_000, MLP, {"xla": 40e-6}, "xla"),
        ("auto", 100_000, MLP, {"xla": 1e-3}, "graph"),  # XLA is bad at this model
        ("xla", 100_000, MLP, {"xla": 1e-3}, "xla"),
    ],
)
def test_the_clock_overrules_gross_errors_only(
    wanted: str, steps: int, estimate: Cost, speeds: dict[str, float], mode: str
) -> None:
    program = Program(estimate)
    choice = Choice(wanted, program, 32, 100_000 if "xla" in speeds else 10)
    program.speeds = speeds
    choice.reconsider(steps)
    assert choice.mode == mode


@pytest.mark.parametrize(
    ("count", "room"), [(1, 1), (15, 15), (16, 16), (17, 18), (100, 104), (4226, 4608), (4220, 4608)]
)
def test_capacity_shares_shapes_at_an_eighth_more_at_most(count: int, room: int) -> None:
    assert arrays.capacity(count) == room
    assert count <= room <= count * 1.125


X = np.zeros((10, 6), "float32")
Y = np.zeros((10, 1), "float32")


def build(
    units: tuple[int, ...] = (8, 8),
    rate: float = 0.2,
    l2: float | None = 1e-3,
    activation: str = "relu",
    optimizer: Any = None,
    loss: Any = "binary_crossentropy",
    between: Any = None,
) -> keras.Model:
    hidden = inputs = keras.Input((6,))
    for width in units:
        penalty = None if l2 is None else keras.regularizers.L2(l2)
        hidden = layers.Dense(width, activation=activation, kernel_regularizer=penalty)(hidden)
        hidden = layers.Dropout(rate)(hidden)
        hidden = between()(hidden) if between else hidden
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer or keras.optimizers.Adam(1e-3), loss)
    return model


def key(**settings: Any) -> structure.Key | None:
    return structure.key(build(**settings), arrays.rows(X, Y))


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({}, True),
        ({"units": (30, 5)}, True),
        ({"rate": 0.0}, True),
        ({"l2": 0.0}, True),
        ({"optimizer": keras.optimizers.Adam(0.5)}, True),
        ({"units": (8,)}, False),
        ({"rate": 1.0}, False),
        ({"l2": None}, False),
        ({"activation": "tanh"}, False),
        ({"optimizer": keras.optimizers.Adam(beta_1=0.5)}, False),
        ({"optimizer": keras.optimizers.Adam(weight_decay=0.1)}, False),
        ({"optimizer": keras.optimizers.SGD(0.1)}, False),
        ({"loss": "mse"}, False),
        ({"loss": keras.losses.BinaryCrossentropy(label_smoothing=0.1)}, False),
        ({"between": layers.BatchNormalization}, False),
    ],
)
def test_models_share_a_structure_where_only_widths_and_dials_differ(settings: dict[str, Any], same: bool) -> None:
    assert (key(**settings) == key()) is same


class Own(layers.Dense):
    """A layer of the user's own that holds code, which nothing can compare."""

    def __init__(self, units: int) -> None:
        super().__init__(units)
        self.scale = lambda kernel: 2 * kernel


@pytest.mark.parametrize(
    "settings",
    [
        {"between": lambda: layers.Lambda(lambda x: x)},
        {"between": lambda: Own(3)},
        {"activation": lambda x: x},
        {"loss": lambda y, p: keras.ops.mean((y - p) ** 2)},
        {"optimizer": keras.optimizers.Adam(clipnorm=1.0)},
        {"optimizer": keras.optimizers.Lamb()},
    ],
)
def test_what_a_configuration_does_not_tell_is_not_shared(settings: dict[str, Any]) -> None:
    assert key(**settings) is None


@pytest.mark.parametrize(
    ("between", "widthless"),
    [
        (None, True),
        (layers.BatchNormalization, True),
        (layers.LayerNormalization, False),
        (layers.GaussianDropout, False),
    ],
)
def test_widths_are_left_open_where_no_layer_minds(between: Any, widthless: bool) -> None:
    make = (lambda: layers.GaussianDropout(0.1)) if between is layers.GaussianDropout else between
    found = key(between=make)
    assert found is not None
    assert found.widthless is widthless


def test_costs_grow_with_what_a_step_does() -> None:
    operations = ["MatMul"] * 300

    def step(units: int, batch: int) -> float:
        return cost.estimate(build(units=(units, units)), operations, batch).step

    assert step(8, 32) < step(256, 32) < step(256, 256)
    with tf.device("CPU:0"):
        assert not cost.estimate(build(), ["Conv2D"], 32).xla_fits


def test_a_gpu_has_costs_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    operations = ["MatMul"] * 400
    with tf.device("CPU:0"):
        on_cpu = cost.estimate(build(), operations, 32)
    monkeypatch.setattr(cost, "on_gpu", lambda: True)
    on_gpu = cost.estimate(build(), operations, 32)
    assert on_gpu.step > 5 * on_cpu.step  # launching kernels
    assert on_gpu.xla_part < on_cpu.xla_part  # few of them are left
    assert cost.estimate(build(), ["Conv2D"], 32).xla_fits
    assert not cost.estimate(build(), ["CudnnRNNV3"], 32).xla_fits


def test_the_time_steps_of_a_recurrent_layer_count_unless_cudnn_takes_them() -> None:
    model = keras.Sequential([keras.Input((48, 4)), layers.GRU(8), layers.Dense(1)])
    by_cudnn = cost.estimate(model, ["CudnnRNNV3"], 32).step
    assert cost.estimate(model, ["While"], 32).step > 100 * by_cudnn


def test_trials_of_a_search_share_the_price_of_a_compilation() -> None:
    from modelwizard.training.trials import alike

    assert [alike(trials) for trials in (1, 2, 9, 50, 500)] == [1, 1, 3, 5, 5]
    steps = 8_000  # too few alone
    assert Choice("auto", Program(MLP), 32, steps, alike(1)).mode == "graph"
    assert Choice("auto", Program(MLP), 32, steps, alike(50)).mode == "xla"
