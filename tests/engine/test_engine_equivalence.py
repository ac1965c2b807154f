"""Without randomness the engine leaves the weights that `model.fit` leaves, for every kind of layer and optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import modelwizard as mw
from modelwizard.engine import filling

ROWS = 90  # with batches of 16: five full ones and a smaller one
EPOCHS = 3
RANDOM = np.random.default_rng(0)

Case = tuple[Callable[[], keras.Model], Any, Any]


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=(ROWS, *shape)).astype("float32")


X = numbers(6)
BITS = (X[:, :1] + numbers(1) > 0).astype("float32")
CLASSES = RANDOM.integers(0, 3, ROWS)
VALUES = X @ RANDOM.normal(size=(6, 2)).astype("float32") + numbers(2)
TOKENS = RANDOM.integers(0, 20, (ROWS, 7))
# cuDNN takes a mask only where it hides the end of a row.
PADDED = np.where(np.arange(7) <= RANDOM.integers(0, 7, (ROWS, 1)), np.maximum(TOKENS, 1), 0)
SERIES = numbers(9, 3)
IMAGES = numbers(8, 8, 2)


def chain(*inner: Any, shape: tuple[int, ...] = (6,), units: int = 1, activation: str | None = "sigmoid", **kind: Any):
    """Return a function that builds a Sequential model and compiles it."""

    def build() -> keras.Model:
        keras.utils.set_random_seed(3)
        stack = [keras.Input(shape, dtype=kind.get("dtype")), *[make() for make in inner]]
        model = keras.Sequential([*stack, layers.Dense(units, activation=activation)])
        model.compile(kind.get("optimizer", "adam"), kind.get("loss", "binary_crossentropy"))
        return model

    return build


def dense(units: int = 8, **settings: Any) -> Callable[[], Any]:
    return lambda: layers.Dense(units, activation="relu", **settings)


def several_ends() -> keras.Model:
    keras.utils.set_random_seed(3)
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    hidden = layers.Concatenate()([layers.Dense(8, activation="relu")(a), b])
    ends = {
        "bit": layers.Dense(1, activation="sigmoid", name="bit")(hidden),
        "value": layers.Dense(2, name="value")(hidden),
    }
    model = keras.Model({"a": a, "b": b}, ends)
    losses = {"bit": "binary_crossentropy", "value": "mse"}
    model.compile("adam", losses, loss_weights={"bit": 1.0, "value": 0.3})
    return model


def nested() -> keras.Model:
    keras.utils.set_random_seed(3)
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu"), layers.BatchNormalization()])
    outer = keras.Input((6,))
    model = keras.Model(outer, layers.Dense(1)(layers.Add()([inner(outer), inner(layers.ReLU()(outer))])))
    model.compile("adam", "mse")
    return model


class AddsLoss(layers.Layer):
    """Adds the mean square of its inputs to the loss."""

    def call(self, inputs: Any) -> Any:
        self.add_loss(0.01 * ops.mean(ops.square(inputs)))
        return inputs


class Subclassed(keras.Model):
    """An unbuilt model of the user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = layers.Dense(8, activation="tanh")
        self.end = layers.Dense(1, activation="sigmoid")

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.end(self.hidden(inputs))


def subclassed() -> keras.Model:
    keras.utils.set_random_seed(3)
    model = Subclassed()
    model.compile("adam", "binary_crossentropy")
    return model


def attention() -> keras.Model:
    keras.utils.set_random_seed(3)
    series = keras.Input((9, 3))
    seen = layers.MultiHeadAttention(2, 4)(series, series)
    model = keras.Model(series, layers.Dense(1)(layers.GlobalAveragePooling1D()(layers.LayerNormalization()(seen))))
    model.compile(keras.optimizers.SGD(0.05), "mse")  # the gradient of a key's bias is zero but for rounding
    return model


l2, l1 = keras.regularizers.L2(1e-2), keras.regularizers.L1(1e-2)
CASES: dict[str, Case] = {
    "dense": (chain(dense(), dense()), X, BITS),
    "targets without a second axis": (chain(dense()), X, BITS[:, 0]),
    "batch normalisation and penalties": (
        chain(dense(kernel_regularizer=l2), layers.BatchNormalization, dense(bias_regularizer=l1)),
        X,
        BITS,
    ),
    "several classes": (
        chain(dense(), units=3, activation="softmax", loss="sparse_categorical_crossentropy"),
        X,
        CLASSES,
    ),
    "logits": (chain(dense(), activation=None, loss=keras.losses.BinaryCrossentropy(from_logits=True)), X, BITS),
    "vector": (chain(dense(), units=2, activation=None, loss="mae"), X, VALUES),
    "several inputs and outputs": (
        several_ends,
        {"a": X[:, :4], "b": X[:, 4:]},
        {"bit": BITS, "value": VALUES},
    ),
    "nested and shared": (nested, X, VALUES[:, :1]),
    "subclassed, not built": (subclassed, X, BITS),
    "add_loss": (chain(dense(), AddsLoss), X, BITS),
    "activity penalty": (chain(dense(activity_regularizer=l2)), X, BITS),
    "constraint": (chain(dense(kernel_constraint="max_norm")), X, BITS),
    "embedding": (
        chain(lambda: layers.Embedding(20, 4), layers.Flatten, shape=(7,), dtype="int32"),
        TOKENS,
        BITS,
    ),
    "masked recurrent": (
        chain(lambda: layers.Embedding(20, 4, mask_zero=True), lambda: layers.GRU(5), shape=(7,), dtype="int32"),
        PADDED,
        BITS,
    ),
    "LSTM": (chain(lambda: layers.LSTM(5), shape=(9, 3)), SERIES, BITS),
    "bidirectional": (chain(lambda: layers.Bidirectional(layers.SimpleRNN(4)), shape=(9, 3)), SERIES, BITS),
    "convolution 1d": (chain(lambda: layers.Conv1D(4, 3), layers.GlobalMaxPooling1D, shape=(9, 3)), SERIES, BITS),
    # The gradient of a bias right before batch normalisation is zero but for rounding, and Adam scales it up to a step.
    "convolution 2d": (
        chain(
            lambda: layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization, layers.Flatten, shape=(8, 8, 2)
        ),
        IMAGES,
        BITS,
    ),
    "depthwise convolution": (
        chain(lambda: layers.SeparableConv2D(4, 3), layers.GlobalAveragePooling2D, shape=(8, 8, 2)),
        IMAGES,
        BITS,
    ),
    "attention": (attention, SERIES, VALUES[:, :1]),
    "layer and group normalisation": (
        chain(dense(), layers.LayerNormalization, lambda: layers.GroupNormalization(2)),
        X,
        BITS,
    ),
    "spectral and unit normalisation": (chain(lambda: layers.SpectralNormalization(layers.Dense(5))), X, BITS),
    "parametric activation": (chain(dense(), layers.PReLU), X, BITS),
}
FAST = ["several inputs and outputs"]

sgd = keras.optimizers.SGD
OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "SGD": lambda: sgd(0.1),
    "SGD, Nesterov": lambda: sgd(0.05, momentum=0.9, nesterov=True),
    "RMSprop": lambda: keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "AdamW": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.01),
    "Adam, AMSGrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.05),
    "Adadelta": lambda: keras.optimizers.Adadelta(1.0),
    "Adamax": lambda: keras.optimizers.Adamax(0.01),
    "Nadam": lambda: keras.optimizers.Nadam(0.01),
    "Lion": lambda: keras.optimizers.Lion(0.001),
    "Ftrl": lambda: keras.optimizers.Ftrl(0.05),
    "Adafactor": lambda: keras.optimizers.Adafactor(0.05),
    "Lamb": lambda: keras.optimizers.Lamb(0.01),
    "clipped values": lambda: sgd(0.1, clipvalue=0.01),
    "clipped norms": lambda: sgd(0.1, clipnorm=0.02),
    "clipped global norm": lambda: sgd(0.1, global_clipnorm=0.05),
    "moving average": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "moving average, overwriting": lambda: sgd(0.1, use_ema=True, ema_overwrite_frequency=4),
    "accumulated gradients": lambda: sgd(0.1, gradient_accumulation_steps=3),
    "schedule": lambda: sgd(keras.optimizers.schedules.CosineDecay(0.2, 15)),
    "loss scaling": lambda: keras.optimizers.LossScaleOptimizer(sgd(0.1), dynamic_growth_steps=4),
}


def same(model: keras.Model, other: keras.Model, tolerance: float = 2e-4) -> None:
    for variable, twin in zip(model.variables, other.variables, strict=True):
        np.testing.assert_allclose(
            variable.numpy(), twin.numpy(), rtol=tolerance, atol=tolerance, err_msg=variable.path
        )
    for variable, twin in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), twin.numpy(), rtol=1e-2, atol=tolerance, err_msg=variable.path)


def check(build: Callable[[], keras.Model], x: Any, y: Any, execution: str) -> None:
    model, other = build(), build()
    settings: dict[str, Any] = {"batch_size": 16, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    settings["validation_data"] = (x, y)
    expected = model.fit(x, y, **settings).history
    received = mw.fit(other, x, y, execution=execution, **settings).history
    assert expected.keys() == received.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(received[name], values, rtol=2e-4, atol=1e-5, err_msg=name)
    same(model, other)


@pytest.mark.parametrize("execution", ["graph", "xla"])
@pytest.mark.parametrize("name", FAST)
def test_weights_and_history_are_those_of_model_fit(name: str, execution: str) -> None:
    check(*CASES[name], execution)


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["graph", "xla"])
@pytest.mark.parametrize("name", [name for name in CASES if name not in FAST])
def test_every_kind_of_layer(name: str, execution: str) -> None:
    check(*CASES[name], execution)


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["graph", "xla"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name: str, execution: str) -> None:
    middle = layers.BatchNormalization if execution == "graph" else layers.LayerNormalization  # fills the last batch

    def build() -> keras.Model:
        model = chain(dense(), middle)()
        model.compile(OPTIMIZERS[name](), "binary_crossentropy")
        return model

    check(build, X, BITS, execution)


def reaching_across() -> keras.Model:
    rows = keras.Input((6,))
    return keras.Model(rows, layers.Dense(1)(rows - ops.mean(rows, axis=0)))


def by_slices() -> keras.Model:
    rows = keras.Input((6,))
    return keras.Model(rows, layers.Dense(1)(layers.Dropout(0.5)(rows[:, :3] * 2)))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (chain(dense(), layers.LayerNormalization), True),
        (by_slices, True),
        (chain(dense(), layers.BatchNormalization), False),
        (nested, False),
        (several_ends, False),
        (subclassed, False),
        (reaching_across, False),
        (chain(lambda: layers.Lambda(lambda x: x - ops.mean(x, axis=0))), False),
        (chain(AddsLoss), False),
    ],
)
def test_a_last_batch_is_filled_up_only_where_rows_stand_alone(
    build: Callable[[], keras.Model], expected: bool
) -> None:
    model = build()
    assert filling.fills(model) == expected


def test_a_filled_batch_keeps_the_weights_of_its_rows() -> None:
    weight = RANDOM.uniform(0.1, 3.0, ROWS).astype("float32")
    model, other = chain(dense(), dense())(), chain(dense(), dense())()
    settings: dict[str, Any] = {"batch_size": 16, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    expected = model.fit(X, BITS, sample_weight=weight, **settings).history
    received = mw.fit(other, X, BITS, sample_weight=weight, execution="xla", **settings).history
    np.testing.assert_allclose(received["loss"], expected["loss"], rtol=2e-4)
    same(model, other)
