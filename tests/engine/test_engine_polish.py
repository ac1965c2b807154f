"""The last polish: kept only if validation rows say so, harmless to batch normalisation, control arm beside it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from modelwizard.engine import polish
from modelwizard.engine.polish import paired_t

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(400, 5)).astype("float32")
Y = (X[:, :1] + 0.5 * RANDOM.normal(size=(400, 1)) > 0).astype("float32")
TRAIN, HELD = (X[:250], Y[:250]), (X[250:], Y[250:])


@pytest.mark.parametrize(
    ("improvements", "t"),
    [
        ([0.0, 0.0, 0.0], 0.0),
        ([1.0, 2.0, 3.0], 2 * 3**0.5),
        ([-1.0, -2.0, -3.0], -2 * 3**0.5),
        ([1.0, float("nan"), 1.0], float("-inf")),
    ],
)
def test_paired_t(improvements: list[float], t: float) -> None:
    assert paired_t(np.array(improvements)) == pytest.approx(t)


def row_losses(outputs: np.ndarray) -> np.ndarray:
    p = np.clip(outputs, 1e-7, 1 - 1e-7)
    return -(HELD[1] * np.log(p) + (1 - HELD[1]) * np.log(1 - p)).mean(1)


def trained(epochs: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((5,))
    hidden = layers.BatchNormalization()(layers.Dense(8, activation="relu")(inputs))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(*TRAIN, epochs=epochs, verbose=0)
    return model


def test_a_model_that_is_not_done_gains_and_keeps_it() -> None:
    model = trained(epochs=1)
    statistics = [v.numpy() for v in model.non_trainable_weights]
    found = polish.polish(model, TRAIN, HELD, row_losses, rates=(1e-2,))
    assert found.kept
    assert found.polished is not None
    assert found.polished.t >= 1
    assert found.polished.val_loss < found.val_loss
    assert row_losses(model.predict(HELD[0], verbose=0)).mean() == pytest.approx(found.polished.val_loss, rel=1e-4)
    for before, after in zip(statistics, model.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(before, after)  # batch normalisation was frozen
    assert all(layer.trainable for layer in model.layers)


@pytest.mark.slow
def test_a_polish_that_does_not_help_leaves_the_model_as_it_was() -> None:
    model = trained(epochs=1)
    before = model.get_weights()
    found = polish.polish(model, TRAIN, HELD, lambda outputs: -row_losses(outputs), rates=(1e-2,))
    assert not found.kept
    assert found.looks == 2
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.slow
def test_one_pass_at_batch_one_is_worth_one_at_batch_32_with_32_times_the_rate() -> None:
    found = polish.polish(trained(epochs=3), TRAIN, HELD, row_losses, rates=(1e-4,))
    assert found.polished is not None
    assert found.control is not None
    assert found.control.learning_rate == pytest.approx(32e-4)
    assert found.polished.val_loss == pytest.approx(found.control.val_loss, abs=3e-3)


@pytest.mark.slow
def test_a_rate_that_raises_the_training_loss_is_not_taken() -> None:
    model = trained(epochs=3)
    found = polish.polish(model, TRAIN, HELD, row_losses, rates=(50.0, 1e-4))
    assert found.polished is not None
    assert found.polished.learning_rate == pytest.approx(1e-4)
    assert polish.polish(model, TRAIN, HELD, row_losses, rates=(50.0,)).polished is None
