"""Numbers of steps, metrics of any shape and what callbacks do to a model: `mw.fit` is `model.fit`, case by case."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest
from against_keras import X, Y, both, build
from keras import layers

import modelwizard as mw
from modelwizard.engine.api import HandedToKeras
from modelwizard.engine.passes import Passes

# 70 rows: what an epoch takes, where one ends early, how large a batch is, how often the data start anew.
STEPS: dict[str, dict[str, Any]] = {
    "two and a half epochs a pass": {"steps_per_epoch": 2, "epochs": 7},
    "more than there are": {"steps_per_epoch": 9},
    "as many as there are": {"steps_per_epoch": 5},
    "none": {"steps_per_epoch": 0, "validation_data": (X, Y), "validation_steps": 0},
    "of their own size": {"steps_per_epoch": 4, "batch_size": None, "validation_data": (X, Y)},
    "for validation": {"validation_data": (X, Y), "validation_steps": 2},
    "for validation, of their own size": {"validation_split": 0.5, "validation_steps": 4, "batch_size": None},
    "for validation, more than there are": {"validation_data": (X, Y), "validation_steps": 8},
    "for both": {"steps_per_epoch": 3, "validation_split": 0.5, "validation_steps": 1, "validation_batch_size": 4},
    "several in a call": {
        "model": lambda: build(steps_per_execution=2),
        "steps_per_epoch": 3,
        "epochs": 5,
        "validation_data": (X, Y),
        "validation_steps": 1,
    },
    "weighted, to a later epoch": {"steps_per_epoch": 3, "class_weight": {1: 3.0}, "initial_epoch": 1, "epochs": 4},
}


class Spread(keras.metrics.MeanSquaredError):
    """Tells several numbers by name."""

    def result(self) -> Any:
        return {"spread_low": super().result() - 1, "spread_high": super().result() + 1}


class Table(keras.metrics.Metric):
    """Counts labels against predictions, in whole numbers."""

    def __init__(self) -> None:
        super().__init__(name="table")
        self.counts = self.add_weight(shape=(2, 2), initializer="zeros", dtype="int32", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        labels, guesses = (keras.ops.cast(keras.ops.ravel(part) > 0.5, "int32") for part in (y_true, y_pred))
        cells = keras.ops.bincount(2 * labels + guesses, minlength=4)
        self.counts.assign_add(keras.ops.cast(keras.ops.reshape(cells, (2, 2)), "int32"))

    def result(self) -> Any:
        return self.counts + 0


CLASSES = np.eye(3, dtype="float32")[np.arange(70) % 3]


def classes(*metrics: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=list(metrics))
    return model


# Metrics whose result is not one number.
SHAPES: dict[str, dict[str, Any]] = {
    "(1,)": {"model": lambda: build(metrics=[keras.metrics.F1Score(threshold=0.5)])},
    "a vector": {"model": lambda: classes(keras.metrics.F1Score()), "y": CLASSES},
    "a matrix of whole numbers": {"model": lambda: build(metrics=[Table()])},
    "several by name": {"model": lambda: build(metrics=[Spread(name="spread")])},
    "beside plain ones": {"model": lambda: classes("accuracy", keras.metrics.FBetaScore()), "y": CLASSES},
}
MONITORS: dict[str, Any] = {
    "nobody": list,
    "early stopping": lambda: [keras.callbacks.EarlyStopping("val_f1_score", mode="max", patience=0)],
    "the rate": lambda: [keras.callbacks.ReduceLROnPlateau("f1_score", mode="max", patience=0)],
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if i else []) for i, name in enumerate(SHAPES)]
)
def test_metrics_of_any_shape_are_told_as_by_model_fit(name: str) -> None:
    if name == "several by name" and tuple(map(int, keras.__version__.split(".")[:2])) < (3, 14):
        pytest.skip("Keras before 3.14 gives the name in validation to the training, too")
    both(**SHAPES[name], validation_data=(X, SHAPES[name].get("y", Y)))


@pytest.mark.slow
@pytest.mark.parametrize("name", MONITORS)
@pytest.mark.parametrize("verbose", [1, 2])
def test_metrics_of_a_shape_are_watched_and_shown_as_by_model_fit(name: str, verbose: int) -> None:
    both(**SHAPES["(1,)"], validation_data=(X, Y), callbacks=MONITORS[name], epochs=4, verbose=verbose)


class Scaled(layers.Layer):
    """Multiplies by an attribute."""

    factor = 1.0

    def call(self, inputs: Any) -> Any:
        return self.factor * inputs


def scaled(**settings: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), Scaled(name="scaled"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"], **settings)
    return model


class Sets(keras.callbacks.Callback):
    """Does something to the model when it is called for the first time, or for the nth."""

    def __init__(self, at: str, act: Any, nth: int = 1) -> None:
        super().__init__()
        calls = iter(range(1, 100))
        setattr(self, at, lambda *_, **__: act(self.model) if next(calls) == nth else None)


def factor(model: Any) -> None:
    model.get_layer("scaled").factor = 0.0


def frozen(model: Any) -> None:
    model.layers[0].trainable = False


def rate(model: Any) -> None:
    model.optimizer.learning_rate = 0.0


def stop(model: Any) -> None:
    model.stop_training = True


def stop_evaluating(model: Any) -> None:
    model.stop_evaluating = True


def scored(model: Any) -> None:
    model.evaluate(X[:9], Y[:9], verbose=0)


# What a callback does to the model, and when: seen by what is traced, or done, afterwards.
TOUCHED: dict[str, Any] = {
    "an attribute at the first epoch": lambda: Sets("on_epoch_begin", factor),
    "an attribute before training": lambda: Sets("on_train_begin", factor),
    "an attribute at the second epoch": lambda: Sets("on_epoch_begin", factor, 2),
    "an attribute before the first validation": lambda: Sets("on_test_begin", factor),
    "an attribute before the second validation": lambda: Sets("on_test_begin", factor, 2),
    "an attribute after an epoch": lambda: Sets("on_epoch_end", factor),
    "what is trained, at the first epoch": lambda: Sets("on_epoch_begin", frozen),
    "what is trained, at the second epoch": lambda: Sets("on_epoch_begin", frozen, 2),
    "the rate at the second epoch": lambda: Sets("on_epoch_begin", rate, 2),
    "the rate after an epoch": lambda: Sets("on_epoch_end", rate),
    "the end, before training": lambda: Sets("on_train_begin", stop),
    "the end, at the second epoch": lambda: Sets("on_epoch_begin", stop, 2),
    "the end, after validation": lambda: Sets("on_test_end", stop),
    "the end of a validation": lambda: Sets("on_test_begin", stop_evaluating),
    "an evaluation at an epoch's begin": lambda: Sets("on_epoch_begin", scored, 2),
    "an evaluation after an epoch": lambda: Sets("on_epoch_end", scored),
}


@pytest.mark.parametrize(
    ("name", "execution"),
    [
        pytest.param(name, execution, marks=[pytest.mark.slow] if i or execution != "auto" else [])
        for i, name in enumerate(TOUCHED)
        for execution in ("auto", "xla")
    ],
)
def test_what_callbacks_do_to_the_model_is_seen_as_by_model_fit(name: str, execution: str) -> None:
    both(model=scaled, callbacks=lambda: [TOUCHED[name]()], execution=execution, validation_data=(X, Y))


@pytest.mark.slow
def test_a_training_that_is_stopped_ends_after_the_steps_of_a_call() -> None:
    both(
        model=lambda: scaled(steps_per_execution=2),
        callbacks=lambda: [TOUCHED["the end, before training"](), TOUCHED["the end of a validation"]()],
        validation_data=(X, Y),
    )


class Trained(keras.Model.__mro__[1], layers.Dense):
    """A layer that trains itself: Keras's trainer, which has no public name, is no model."""

    def __init__(self) -> None:
        layers.Dense.__init__(self, 1, activation="sigmoid", kernel_initializer="ones")
        keras.Model.__mro__[1].__init__(self)


def compiled(model: Any, optimizer: Any = "sgd") -> Any:
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


MODELS: dict[str, Any] = {
    "a layer that trains itself": lambda: compiled(Trained()),
    "nothing to train": lambda: compiled(keras.Sequential([layers.Rescaling(0.1), layers.GlobalMaxPooling1D()])),
    "nothing to train, by nothing": lambda: compiled(keras.Sequential([layers.GlobalMaxPooling1D()]), None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("execution", ["graph", "xla"])
@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_models_of_any_kind_train_as_by_model_fit(name: str, execution: str) -> None:
    x = X if "itself" in name else X[:, :, None]
    both(x=x, model=MODELS[name], execution=execution, validation_data=(x, Y))


def test_what_is_no_model_of_keras_is_handed_over() -> None:
    class Other:
        def fit(self, **arguments: Any) -> int:
            return arguments["epochs"]

    with pytest.warns(HandedToKeras, match="no model of Keras 3"):
        assert mw.fit(Other(), X, Y, epochs=7) == 7


def told(run: Any) -> list[str]:
    """Return the warnings of a training."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [str(one.message) for one in caught if one.category is UserWarning]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if i else []) for i, name in enumerate(STEPS)]
)
@pytest.mark.filterwarnings("ignore:Your input ran out")
def test_numbers_of_steps_mean_what_they_mean_for_model_fit(name: str) -> None:
    both(**STEPS[name])


@pytest.mark.slow
def test_data_that_run_out_are_told_as_by_model_fit() -> None:
    settings: dict[str, Any] = {"batch_size": 16, "steps_per_epoch": 3, "epochs": 3, "verbose": 0}
    settings |= {"validation_data": (X, Y), "validation_steps": 8}
    mine = told(lambda: mw.fit(build(), X, Y, **settings))
    assert mine == told(lambda: build().fit(X, Y, **settings))
    assert len(mine) == 4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out", "ignore:Limiting")
def test_limits_for_trying_out_hold() -> None:
    keras.config.set_max_steps_per_epoch(2)
    keras.config.set_max_epochs(2)
    try:
        both(validation_data=(X, Y))
    finally:
        keras.config.set_max_steps_per_epoch(None)
        keras.config.set_max_epochs(None)


def test_a_pass_takes_every_row_once() -> None:
    passes = Passes(70, 16, 2, 1, True, np.random.default_rng(0))
    whole = [np.concatenate([passes.next() for _ in range(2)] + [last(passes)]) for _ in range(2)]
    assert [sorted(order) for order in whole] == [list(range(70))] * 2
    assert list(whole[0]) != list(whole[1])


def last(passes: Passes) -> Any:
    with pytest.warns(UserWarning, match="ran out of data"):
        return passes.next()
