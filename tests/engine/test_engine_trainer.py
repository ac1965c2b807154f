"""Trials: the same weights as `model.fit` through a shared program, equal conditions, best weights, reproducible."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from modelwizard.engine import tracing, trainer

RANDOM = np.random.default_rng(0)
X = {"a": RANDOM.normal(size=(150, 4)).astype("float32"), "b": RANDOM.integers(0, 5, (150, 2)).astype("int32")}
Y = (X["a"][:, :1] + 0.3 * RANDOM.normal(size=(150, 1)) > 0).astype("float32")


def rows(start: int, stop: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    return {name: values[start:stop] for name, values in X.items()}, Y[start:stop]


TRAIN, HELD = rows(0, 100), rows(100, 150)


def build(
    units: int = 8,
    depth: int = 2,
    rate: float = 0.0,
    l2: float = 1e-3,
    norm: bool = True,
    optimizer: Any = "adam",
    seed: int = 1,
) -> keras.Model:
    keras.utils.set_random_seed(seed)
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b", dtype="int32")
    hidden = layers.Concatenate()([a, layers.Flatten()(layers.Embedding(5, 3)(b))])
    for _ in range(depth):
        hidden = layers.Dense(units, activation="relu", kernel_regularizer=keras.regularizers.L2(l2))(hidden)
        hidden = layers.BatchNormalization()(hidden) if norm else hidden
        hidden = layers.Dropout(rate)(hidden)
    model = keras.Model({"a": a, "b": b}, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer, "binary_crossentropy")
    return model


def adamw(rate: float, decay: float) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(rate, weight_decay=decay)


def cosine(rate: float, steps: int) -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(rate, steps), momentum=0.9)


def kinds(listed: list[dict[str, Any]]) -> list[Any]:
    return [settings.get("optimizer", lambda: "adam") for settings in listed]


SETTINGS: list[dict[str, Any]] = [
    {},
    {"units": 20, "l2": 0.1},
    {"units": 5, "l2": 0.0, "seed": 2},
    {"optimizer": lambda: adamw(0.01, 0.1)},
    {"optimizer": lambda: adamw(0.003, 0.5), "units": 12},
    {"optimizer": lambda: cosine(0.1, 12)},
    {"optimizer": lambda: cosine(0.3, 6), "units": 3},
]


@pytest.mark.parametrize(
    ("execution", "listed"),
    [
        ("graph", SETTINGS[:3]),
        pytest.param("graph", SETTINGS[3:], marks=pytest.mark.slow),
        pytest.param("xla", SETTINGS, marks=pytest.mark.slow),
    ],
)
def test_models_loaded_into_a_shared_program_train_as_by_model_fit(
    execution: str, listed: list[Any], programs: dict[str, Any]
) -> None:
    for settings in listed:
        settings = {name: value() if callable(value) else value for name, value in settings.items()}
        model = build(**settings)
        config = model.optimizer.get_config()
        run = trainer.train(model, TRAIN, epochs=2, batch_size=16, shuffle=False, execution=execution)
        other = build(**settings)
        other.compile(type(model.optimizer).from_config(config), "binary_crossentropy")
        history = other.fit(*TRAIN, epochs=2, batch_size=16, shuffle=False, verbose=0).history
        np.testing.assert_allclose([row["loss"] for row in run.history], history["loss"], rtol=1e-4)
        for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)
    # One program for each kind of optimizer, whatever the widths and the numbers.
    assert len(programs) == len({type(keras.optimizers.get(kind())).__name__ for kind in kinds(listed)})


def test_losses_are_those_of_the_epochs_end_without_dropout_and_penalties() -> None:
    model = build(rate=0.5, l2=1.0)
    run = trainer.train(model, TRAIN, HELD, epochs=1, execution="graph")
    bare = keras.losses.BinaryCrossentropy()
    for name, (x, y) in (("train_loss", TRAIN), ("val_loss", HELD)):
        expected = float(bare(y, model.predict(x, verbose=0)))
        assert run.history[0][name] == pytest.approx(expected, rel=1e-4)
    assert run.history[0]["loss"] > run.history[0]["train_loss"] + 1


def test_the_best_weights_are_restored_and_give_the_recorded_outputs() -> None:
    model = build(units=32, optimizer=keras.optimizers.Adam(0.05))
    run = trainer.train(model, TRAIN, HELD, epochs=12, execution="graph")
    losses = [row["val_loss"] for row in run.history]
    assert run.best_epoch == int(np.argmin(losses)) < 11
    assert run.outputs is not None
    assert run.outputs.shape == (12, 50, 1)
    np.testing.assert_allclose(model.predict(HELD[0], verbose=0), run.outputs[run.best_epoch], atol=1e-5)
    for kept, present in zip(run.best_weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, present)


def test_a_seed_makes_a_training_repeat_and_another_does_not() -> None:
    def losses(seed: int, **settings: Any) -> list[float]:
        run = trainer.train(build(rate=0.3), TRAIN, HELD, epochs=2, seed=seed, execution="graph", **settings)
        return [row["val_loss"] for row in run.history]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)
    assert losses(1, shuffle=False) != losses(2, shuffle=False)  # dropout alone


def test_patience_nan_stop_and_callback_end_a_training() -> None:
    overfitting = trainer.train(
        build(units=32, optimizer=keras.optimizers.Adam(0.05)), TRAIN, HELD, epochs=50, patience=3, execution="graph"
    )
    assert overfitting.status == "completed"
    assert overfitting.epochs_run == overfitting.best_epoch + 4
    exploding = trainer.train(
        build(optimizer=keras.optimizers.SGD(1e30), norm=False), TRAIN, HELD, epochs=9, execution="graph"
    )
    assert exploding.status == "nan"
    assert exploding.epochs_run < 9
    seen: list[tuple[int, tuple[int, ...]]] = []

    def on_epoch(epoch: int, row: dict[str, float], outputs: np.ndarray) -> bool:
        seen.append((epoch, outputs.shape))
        return epoch == 1

    stopped = trainer.train(build(), TRAIN, HELD, epochs=9, on_epoch=on_epoch, execution="graph")
    assert (stopped.status, stopped.epochs_run) == ("stopped", 2)
    assert seen == [(0, (50, 1)), (1, (50, 1))]
    assert trainer.train(build(), TRAIN, epochs=9, stop=lambda: True).status == "stopped"


@pytest.mark.slow
def test_folds_of_different_sizes_share_one_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelwizard.engine import program

    made: list[Any] = []

    class Counted(program.XlaLoop):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            made.append(arguments)
            super().__init__(*arguments, **settings)

    monkeypatch.setattr(program, "XlaLoop", Counted)
    for size in (100, 99, 101):
        trainer.train(build(units=9), rows(0, size), epochs=1, batch_size=16, execution="xla")
    assert len(made) == 1


class OwnStep(keras.Model):
    """Trains by a `train_step` of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


@pytest.mark.slow
def test_a_model_that_cannot_run_compiled_is_trained_by_model_fit() -> None:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,))
    model = OwnStep(inputs, layers.Dense(1, activation="sigmoid")(inputs))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    run = trainer.train(model, (X["a"], Y), (X["a"], Y), epochs=3)
    assert run.execution == "keras"
    assert run.history[2]["val_loss"] < run.history[0]["val_loss"]
    np.testing.assert_allclose(model.predict(X["a"], verbose=0), run.outputs[run.best_epoch], atol=1e-5)


@pytest.mark.slow
def test_memory_does_not_grow_over_200_trials() -> None:
    import resource

    def used() -> float:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 1e6

    sizes: list[float] = []
    for i in range(200):
        settings = {"units": 4 + i % 30, "depth": 1 + i % 3, "rate": 0.1 * (i % 4), "l2": 10.0 ** -(i % 5)}
        trainer.train(build(**settings), TRAIN, HELD, epochs=1, execution="graph")
        if i % 20 == 19:
            tracing.purge()
            sizes.append(used())
    # The first fifth warms up (three structures, allocator pools); afterwards less than 0.5 MB a trial.
    assert sizes[-1] - sizes[1] < 0.5 * 160, sizes


def test_a_sequential_model_can_be_trained() -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([layers.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    run = trainer.train(model, (TRAIN[0]["a"], TRAIN[1]), (HELD[0]["a"], HELD[1]), epochs=3)
    assert run.epochs_run == 3
    assert run.outputs.shape == (3, 50, 1)
