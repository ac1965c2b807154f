"""`mw.fit` takes what `model.fit` takes, calls the same callbacks, and says once what it hands over."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from against_keras import X, Y, both, build
from keras import layers

import modelwizard as mw
from modelwizard.engine import api
from modelwizard.errors import UsageError

ARGUMENTS: dict[str, dict[str, Any]] = {
    "float64 rows": {"x": X.astype("float64"), "y": Y.astype("int64")},
    "data frames": {"x": pd.DataFrame(X), "y": pd.Series(Y[:, 0])},
    "tensors": {"x": tf.constant(X), "y": tf.constant(Y)},
    "validation split": {"validation_split": 0.25},
    "validation data with weights": {"validation_data": (X[:20], Y[:20], np.linspace(0, 1, 20))},
    "validation now and then, in other batches": {
        "validation_data": (X, Y),
        "validation_freq": 2,
        "validation_batch_size": 9,
    },
    "weights": {"sample_weight": np.linspace(0.1, 2, 70)},
    "class weights": {"class_weight": {0: 1.0, 1: 3.0}},
    "a later first epoch": {"initial_epoch": 1},
    "one batch": {"batch_size": 100},
    "batches of one": {"batch_size": 1, "epochs": 1},
    "default batch size": {"batch_size": None},
    "no epochs": {"epochs": 0},
    "weighted metrics": {
        "model": lambda: build(weighted_metrics=["accuracy"]),
        "sample_weight": np.linspace(0.1, 2, 70),
    },
    "no metrics": {"model": lambda: build(metrics=[])},
    "metrics that are functions": {"model": lambda: build(metrics=[lambda y, p: keras.ops.max(p)])},
    "many metrics": {
        "model": lambda: build(
            metrics=[keras.metrics.F1Score(threshold=0.5), "mse", keras.metrics.Recall(name="recall")]
        )
    },
    "summed loss": {"model": lambda: compiled(keras.losses.BinaryCrossentropy(reduction="sum"))},
    "a loss that is a function of the batch": {
        "model": lambda: compiled(lambda y, p: keras.ops.sqrt(keras.ops.mean((y - p) ** 2))),
        "validation_data": (X, Y),
    },
}


def compiled(loss: Any) -> keras.Model:
    model = build()
    model.compile("sgd", loss, metrics=["mae"])
    return model


@pytest.mark.parametrize("name", ["validation split"])
def test_arguments_mean_what_they_mean_for_model_fit(name: str) -> None:
    both(**ARGUMENTS[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_means_what_it_means_for_model_fit(name: str) -> None:
    both(**ARGUMENTS[name])


class Journal(keras.callbacks.Callback):
    """Writes down each call and the logs it came with."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.calls.append("begin")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(f"epoch {epoch}")

    def on_test_begin(self, logs: Any = None) -> None:
        self.calls.append("test")

    def on_test_end(self, logs: Any = None) -> None:
        self.calls.append(f"tested {sorted(logs)}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(f"end {epoch} {sorted(logs)}")

    def on_train_end(self, logs: Any = None) -> None:
        self.calls.append(f"end {sorted(logs)}")


def test_callbacks_are_called_as_by_model_fit() -> None:
    mine, theirs = Journal(), Journal()
    settings: dict[str, Any] = {"epochs": 2, "validation_data": (X, Y), "verbose": 0}
    mw.fit(build(), X, Y, callbacks=[mine], **settings)
    build().fit(X, Y, callbacks=[theirs], **settings)
    assert mine.calls == theirs.calls


CALLBACKS: dict[str, Any] = {
    "early stopping": lambda: [
        keras.callbacks.EarlyStopping("val_loss", patience=0, min_delta=1, restore_best_weights=True)
    ],
    "learning rate on plateau": lambda: [keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=1)],
    "learning rate by epoch": lambda: [keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 / (epoch + 1))],
    "not a number": lambda: [keras.callbacks.TerminateOnNaN()],
    "one that stops": lambda: [keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_of_keras(name: str) -> None:
    both(callbacks=CALLBACKS[name], validation_data=(X, Y), epochs=4)


@pytest.mark.slow
def test_averaged_weights_are_swapped_for_validation() -> None:
    both(
        model=lambda: build(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)),
        callbacks=lambda: [keras.callbacks.SwapEMAWeights()],
        validation_data=(X, Y),
    )


@pytest.mark.slow
def test_callbacks_that_write_files(tmp_path: Path) -> None:
    model = build()
    path = tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(path, monitor="val_loss", save_best_only=True),
    ]
    mw.fit(model, X, Y, epochs=2, validation_split=0.2, callbacks=callbacks, verbose=0)
    assert len(pd.read_csv(tmp_path / "log.csv")) == 2
    np.testing.assert_allclose(
        keras.models.load_model(path).predict(X, verbose=0), model.predict(X, verbose=0), atol=0.2
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.keras", "log.csv"]


def test_progress_is_shown_as_by_model_fit(capsys: pytest.CaptureFixture[str]) -> None:
    mw.fit(build(), X, Y, epochs=2, verbose=2)
    shown = capsys.readouterr().out
    assert "Epoch 2/2" in shown
    assert "accuracy:" in shown


@pytest.mark.slow
def test_seed_makes_it_repeat() -> None:
    def history(seed: int) -> dict[str, list[float]]:
        keras.utils.set_random_seed(seed)
        model = build()
        keras.utils.set_random_seed(seed)
        return mw.fit(model, X, Y, epochs=2, verbose=0).history

    assert history(1) == history(1)
    assert history(1) != history(2)


class Watches(keras.callbacks.Callback):
    """Wants to see every batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen = batch


class OwnStep(keras.Model):
    """Trains by a `train_step` of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


def own_step() -> keras.Model:
    inputs = keras.Input((4,))
    model = OwnStep(inputs, layers.Dense(1, activation="sigmoid")(inputs))
    model.compile("sgd", "binary_crossentropy")
    return model


def stateful() -> keras.Model:
    inputs = keras.Input(batch_shape=(10, 4))
    model = keras.Model(inputs, layers.Dense(1)(layers.GRU(2, stateful=True)(layers.Reshape((4, 1))(inputs))))
    model.compile("sgd", "mse")
    return model


HANDED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a callback at batches": (build, {"callbacks": [Watches()]}, "the callback Watches is called at every batch"),
    "a checkpoint by batches": (
        build,
        {"callbacks": [keras.callbacks.ModelCheckpoint("unused.keras", save_freq=1000)]},
        "ModelCheckpoint is called at every batch",
    ),
    "own step": (own_step, {}, "train_step of its own"),
    "eager": (lambda: build(run_eagerly=True), {}, "run eagerly"),
    "fewer than no steps": (build, {"validation_steps": -1}, "number of steps"),
    "stateful": (stateful, {"batch_size": 10}, "stateful"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if i else []) for i, name in enumerate(HANDED)]
)
def test_what_cannot_run_compiled_is_handed_over_and_said_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, settings, reason = HANDED[name]
    monkeypatch.setattr(api, "_SAID", set())
    with pytest.warns(api.HandedToKeras, match=reason) as told:
        history = mw.fit(model(), X, Y, epochs=1, verbose=0, **settings)
    assert len(told) == 1
    assert len(history.history["loss"]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", api.HandedToKeras)
        mw.fit(model(), X, Y, epochs=1, verbose=0, **settings)


def generator() -> Any:
    yield from [(X[:10], Y[:10])] * 3


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.array(["a", "b"] * 35), "text"),
        (generator(), "no arrays in memory"),
        ({"a": X, "b": X[:3]}, "different lengths"),
        (tf.ragged.constant([[1.0], [2.0, 3.0]]), "ragged"),
    ],
)
def test_data_that_are_no_dense_numbers_are_not_taken(x: Any, reason: str) -> None:
    from modelwizard.engine import arrays

    with pytest.raises(arrays.NotArrays, match=reason):
        arrays.rows(x, Y)


def test_unknown_execution_is_refused() -> None:
    with pytest.raises(UsageError, match="execution"):
        mw.fit(build(), X, Y, execution="fast")


def test_a_second_training_uses_the_same_program_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelwizard.engine import program

    made: list[Any] = []
    original = program.GraphLoop
    monkeypatch.setattr(program, "GraphLoop", lambda *a: made.append(a) or original(*a))
    model, other = build("adam"), build("adam")
    settings: dict[str, Any] = {"shuffle": False, "verbose": 0, "execution": "graph"}
    mw.fit(model, X, Y, epochs=1, **settings)
    mw.fit(model, X[:64], Y[:64], epochs=1, **settings)
    assert len(made) == 1
    other.fit(X, Y, shuffle=False, verbose=0)
    other.fit(X[:64], Y[:64], shuffle=False, verbose=0)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    model.compile("sgd", "mse")
    mw.fit(model, X, Y, epochs=1, **settings)
    assert len(made) == 2


def test_a_trained_model_is_saved_without_its_program(tmp_path: Path) -> None:
    model = build()
    mw.fit(model, X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)
    assert "modelwizard" not in json.dumps(model.get_config())
