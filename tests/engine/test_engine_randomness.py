"""Random layers under XLA: ThreeFry, only while tracing; the same law as `model.fit`. Watches names of TensorFlow."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.framework import ops
from tensorflow.python.ops import random_ops_util

import modelwizard as mw
from modelwizard.engine import tracing
from modelwizard.engine.randomness import threefry


@pytest.mark.parametrize("layer", [layers.Dropout, layers.SpatialDropout2D, layers.AlphaDropout, layers.GaussianNoise])
def test_random_layers_use_threefry_inside_and_their_own_choice_outside(layer: Any) -> None:
    def kinds() -> set[int]:
        made = layer(0.5)
        function = tf.function(lambda x: made(x, training=True), autograph=False)
        graph = function.get_concrete_function(tf.TensorSpec([4, 3, 3, 2])).graph
        found = set()
        for op in graph.get_operations():
            if op.type.startswith("StatelessRandom") and op.type.endswith("V2"):
                found.add(int(tf.get_static_value(op.inputs[-1 if "Normal" in op.type else 3])))
        return found

    with threefry():
        assert kinds() == {tf.random.Algorithm.THREEFRY.value}
    assert kinds() == {tf.random.Algorithm.AUTO_SELECT.value}


def test_the_choice_is_restored_after_an_error_and_never_changes_for_other_threads() -> None:
    original = random_ops_util.get_key_counter_alg
    seen: list[int] = []

    def elsewhere() -> None:
        seen.append(int(random_ops_util.get_key_counter_alg(tf.constant([1, 2]), "auto_select")[2]))

    def fails() -> None:
        with threefry():
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert seen == [tf.random.Algorithm.AUTO_SELECT.value]
    assert random_ops_util.get_key_counter_alg is original


def test_names_without_a_public_one_are_still_there() -> None:
    assert callable(random_ops_util.get_key_counter_alg)
    assert isinstance(ops.gradient_registry._registry, dict)
    variable = keras.Variable([1.0])
    assert isinstance(variable._value, tf.Variable)
    assert layers.Dropout(0.5)._seed_generators


def test_tracing_leaves_no_custom_gradient_behind() -> None:
    before = set(ops.gradient_registry._registry)

    @tf.custom_gradient
    def twice(x: Any) -> Any:
        return 2 * x, lambda upstream: 2 * upstream

    def step(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = twice(x)
        return tape.gradient(y, x)

    function = tracing.trace(step, tf.TensorSpec([], tf.float32))
    assert set(ops.gradient_registry._registry) == before
    assert float(function(tf.constant(3.0))[0]) == 2.0


ROWS = np.random.default_rng(0).normal(size=(200, 5)).astype("float32")
TARGETS = (ROWS[:, :1] + 0.5 * np.random.default_rng(1).normal(size=(200, 1)) > 0).astype("float32")


SETTINGS: dict[str, Any] = {"epochs": 8, "batch_size": 16, "verbose": 0}


def final_losses(train: Any) -> np.ndarray:
    """Return the loss on the training rows after training from 20 seeds, each of which fixes the first weights."""
    losses = []
    for seed in range(20):
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((5,))
        hidden = layers.Dropout(0.4)(layers.Dense(16, activation="relu")(inputs))
        model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
        model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
        train(model)
        losses.append(float(np.mean(keras.losses.binary_crossentropy(TARGETS, model(ROWS)))))
    return np.array(losses)


@pytest.fixture(scope="module")
def losses_of_keras() -> np.ndarray:
    return final_losses(lambda model: model.fit(ROWS, TARGETS, **SETTINGS))


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["graph", "xla"])
def test_losses_with_shuffling_and_dropout_follow_the_law_of_model_fit(
    execution: str, losses_of_keras: np.ndarray
) -> None:
    losses = final_losses(lambda model: mw.fit(model, ROWS, TARGETS, execution=execution, **SETTINGS))
    # The first weights of a pair are the same, so its difference is shuffling and dropout alone.
    difference = losses - losses_of_keras
    error = difference.std(ddof=1) / np.sqrt(20)
    # Two one-sided tests of equivalence (Schuirmann 1987) at 5 %, with a margin of 2 % of the loss: t(19) = 1.73.
    margin = 0.02 * losses_of_keras.mean()
    assert abs(difference.mean()) + 1.73 * error < margin, (difference.mean(), error, margin)
    assert 1 / 3 < losses.var(ddof=1) / losses_of_keras.var(ddof=1) < 3  # F(19, 19): 2.5 at 2.5 %


def test_dropout_under_xla_drops_its_share_and_never_the_same_twice() -> None:
    inputs = keras.Input((1000,))
    model = keras.Model(inputs, layers.Dropout(0.3)(inputs))
    kept: list[np.ndarray] = []

    with threefry():
        function = tf.function(lambda x: model(x, training=True), autograph=False, jit_compile=True)
        for _ in range(3):
            kept.append(function(tf.ones([20, 1000])).numpy())
    for mask in kept:
        assert (mask == 0).mean() == pytest.approx(0.3, abs=0.015)  # 4.6 standard errors of 20,000 draws
        assert mask[mask > 0] == pytest.approx(1 / 0.7, rel=1e-5)
    assert not np.array_equal(kept[0], kept[1])
    both = (kept[0] == 0) & (kept[1] == 0)
    assert both.mean() == pytest.approx(0.09, abs=0.01)  # independent from step to step
    rows = (kept[0][0] == 0) & (kept[0][1] == 0)
    assert rows.mean() == pytest.approx(0.09, abs=0.045)  # and from row to row
