"""Averaged weights, schedules and spared weights: what Keras documents, in `mw.fit` and in trials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import modelwizard as mw
from modelwizard.engine import trainer
from modelwizard.engine.hyperparameters import Rates
from modelwizard.engine.trainer import Run

RANDOM = np.random.default_rng(0)
X = {"a": RANDOM.normal(size=(150, 4)).astype("float32"), "b": RANDOM.integers(0, 5, (150, 2)).astype("int32")}
Y = (X["a"][:, :1] + 0.3 * RANDOM.normal(size=(150, 1)) > 0).astype("float32")
EXECUTIONS = ["graph", pytest.param("xla", marks=pytest.mark.slow)]
STEPS = 7  # an epoch of 100 rows in batches of 16

schedules = keras.optimizers.schedules
Make = Callable[[], keras.optimizers.Optimizer]


def rows(start: int, stop: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    return {name: values[start:stop] for name, values in X.items()}, Y[start:stop]


TRAIN, HELD = rows(0, 100), rows(100, 150)


class Stairs(schedules.LearningRateSchedule):
    """A schedule of the user's own, with a branch that only TensorFlow can take."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, step: Any) -> Any:
        return keras.ops.cond(step < 9, lambda: self.rate, lambda: 0.3 * self.rate)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate}


def adamw(rate: Any = 0.03, momentum: float = 0.9, **settings: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(rate, weight_decay=0.3, use_ema=True, ema_momentum=momentum, **settings)


def spared() -> keras.optimizers.Optimizer:
    optimizer = adamw()
    optimizer.exclude_from_weight_decay(var_names=["bias", "embeddings"])
    return optimizer


def warm() -> keras.optimizers.Optimizer:
    return adamw(schedules.CosineDecay(0.001, 3 * STEPS - 5, warmup_target=0.05, warmup_steps=5))


OPTIMIZERS: dict[str, Make] = {
    "averaged": adamw,
    "another momentum": lambda: adamw(momentum=0.5),
    "spared from decay": spared,
    "accumulated": lambda: adamw(gradient_accumulation_steps=3),
    "warm-up and cosine": warm,
    "a schedule of one's own": lambda: adamw(Stairs(0.05)),
}


def build(optimizer: Make, units: int = 8) -> keras.Model:
    keras.utils.set_random_seed(1)
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b", dtype="int32")
    hidden = layers.Concatenate()([a, layers.Flatten()(layers.Embedding(5, 3)(b))])
    hidden = layers.Dense(units, activation="relu", kernel_regularizer="l2")(hidden)
    hidden = layers.BatchNormalization()(hidden)
    model = keras.Model({"a": a, "b": b}, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer(), "binary_crossentropy", metrics=["accuracy"])
    return model


class Watch(keras.callbacks.Callback):
    """Notes weights and the bare losses at each epoch's end, as `model.fit` with swapped weights leaves them."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[list[float]] = []
        self.weights: list[list[np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        bare = keras.losses.BinaryCrossentropy()
        self.losses.append([float(bare(y, self.model.predict(x, verbose=0))) for x, y in (TRAIN, HELD)])
        self.weights.append(self.model.get_weights())


def check(run: Run, build: Callable[[], keras.Model]) -> None:
    """Compare a trial with `model.fit` and `SwapEMAWeights(swap_on_epoch=True)`."""
    watch = Watch()
    calls = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), watch]
    expected = build().fit(*TRAIN, epochs=3, batch_size=16, shuffle=False, verbose=0, callbacks=calls).history
    np.testing.assert_allclose([row["loss"] for row in run.history], expected["loss"], rtol=1e-4)
    received = [[row["train_loss"], row["val_loss"]] for row in run.history]
    np.testing.assert_allclose(received, watch.losses, rtol=1e-4)
    for mine, theirs in zip(run.best_weights, watch.weights[run.best_epoch], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize(
    "cases",
    [
        [("averaged", 8), ("another momentum", 12)],
        pytest.param([("spared from decay", 8)], marks=pytest.mark.slow),
        pytest.param([("accumulated", 8)], marks=pytest.mark.slow),
        pytest.param([("warm-up and cosine", 8), ("a schedule of one's own", 12)], marks=pytest.mark.slow),
    ],
)
def test_trials_are_judged_by_the_averaged_weights_and_train_on_from_the_others(
    cases: list[tuple[str, int]], execution: str, programs: dict[str, Any]
) -> None:
    for name, units in cases:
        model = build(OPTIMIZERS[name], units)
        run = trainer.train(model, TRAIN, HELD, epochs=3, batch_size=16, shuffle=False, execution=execution)
        check(run, lambda name=name, units=units: build(OPTIMIZERS[name], units))
    assert len(programs) == 1


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["graph", "xla", "keras"])
def test_models_that_share_no_program_are_judged_alike(execution: str, programs: dict[str, Any]) -> None:
    def overwritten() -> keras.Model:
        return build(lambda: adamw(ema_overwrite_frequency=5))

    run = trainer.train(overwritten(), TRAIN, HELD, epochs=3, batch_size=16, shuffle=False, execution=execution)
    assert not programs
    check(run, overwritten)


def test_a_training_without_a_step_keeps_the_weights() -> None:
    model = build(adamw)
    before = model.get_weights()
    run = trainer.train(model, TRAIN, HELD, epochs=3, execution="graph", stop=lambda: True)
    for mine, theirs in zip(run.best_weights, before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize(
    ("name", "swap"),
    [
        ("averaged", True),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("averaged", None),
                ("averaged", False),
                ("accumulated", True),
                ("spared from decay", None),
                ("a schedule of one's own", True),
            )
        ),
    ],
)
def test_fit_averages_as_keras_does(name: str, swap: bool | None, execution: str) -> None:
    histories, models = [], [build(OPTIMIZERS[name]) for _ in "12"]
    for model, fit in zip(models, (keras.Model.fit, mw.fit), strict=True):
        calls = [] if swap is None else [keras.callbacks.SwapEMAWeights(swap_on_epoch=swap)]
        settings: dict[str, Any] = {"execution": execution} if fit is mw.fit else {}
        settings |= {"epochs": 3, "batch_size": 16, "shuffle": False, "verbose": 0, "callbacks": calls}
        histories.append(fit(model, *TRAIN, validation_data=HELD, **settings).history)
    for key, values in histories[0].items():
        np.testing.assert_allclose(histories[1][key], values, rtol=2e-4, err_msg=key)
    for ours, theirs in zip(models[1].get_weights(), models[0].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(schedules.CosineDecay(0.1, 8), schedules.CosineDecay(0.2, 8), id="another rate"),
        pytest.param(schedules.CosineDecay(0.1, 8), schedules.CosineDecay(0.1, 4), id="another length"),
        pytest.param(schedules.CosineDecay(0.1, 8), schedules.PolynomialDecay(0.1, 8), id="another kind"),
        pytest.param(Stairs(0.05), Stairs(0.1), id="one's own"),
    ],
)
def test_rates_are_those_of_the_schedule_that_was_written_down_last(first: Any, second: Any) -> None:
    rates = Rates()
    for schedule in (first, second, second, first):
        rates.fill(schedule, 8)
        np.testing.assert_allclose([rates(i) for i in range(8)], [schedule(i) for i in range(8)], rtol=1e-6)
