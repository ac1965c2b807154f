"""Traces and compilations are kept by all that is constant in them, and train what a fresh trace trains."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import pytest
from keras import layers

import modelwizard as mw
from modelwizard import cache
from modelwizard.engine import arrays, evaluation, keeping, origins, trainer
from modelwizard.engine import keras_internals as internals

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 6)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def build(
    rate: float = 0.2,
    l2: float = 1e-3,
    units: int = 8,
    activation: Any = "relu",
    dtype: Any = None,
    between: Callable[[], Any] = layers.BatchNormalization,
    optimizer: Any = None,
    loss: Any = "binary_crossentropy",
    metrics: Any = ("accuracy",),
    frozen: bool = False,
) -> keras.Model:
    inputs = keras.Input((6,))
    dense = layers.Dense(units, activation=activation, kernel_regularizer=keras.regularizers.L2(l2), dtype=dtype)
    hidden = layers.Dropout(rate)(between()(dense(inputs)))
    dense.trainable = not frozen
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss, metrics=list(metrics))
    return model


def key(data: Any = X, **settings: Any) -> str | None:
    model = build(**settings)
    rows = arrays.rows(data, Y)
    evaluation.build(model, rows.x[:2], rows.y[:2], None)
    origin = origins.of_model(model, rows)
    return origin and origin.key


def adapted(values: np.ndarray) -> Any:
    normalise = layers.Normalization()
    normalise.build((None, 8))
    normalise.adapt(values)
    return normalise


DECAY = keras.optimizers.schedules.CosineDecay
SPARING = keras.optimizers.AdamW(0.01)
SPARING.exclude_from_weight_decay(var_names=["bias"])


class Own(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return 2 * inputs


def own_metric(y: Any, p: Any) -> Any:
    return keras.ops.mean(p)


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({}, True),
        ({"optimizer": keras.optimizers.Adam(0.5)}, True),  # a variable
        ({"rate": 0.3}, False),
        ({"l2": 1e-4}, False),
        ({"units": 9}, False),
        ({"activation": "tanh"}, False),
        ({"activation": layers.LeakyReLU(0.1)}, False),
        ({"dtype": "mixed_float16"}, False),
        ({"frozen": True}, False),
        ({"between": layers.LayerNormalization}, False),
        ({"between": lambda: layers.BatchNormalization(momentum=0.9)}, False),
        ({"between": lambda: adapted(np.ones((4, 8)))}, False),
        ({"optimizer": keras.optimizers.Adam(0.01, beta_1=0.8)}, False),
        ({"optimizer": keras.optimizers.Adam(0.01, clipnorm=1.0)}, False),
        ({"optimizer": keras.optimizers.Adam(0.01, weight_decay=0.1)}, False),
        ({"optimizer": keras.optimizers.Adam(DECAY(0.01, 10))}, False),
        ({"optimizer": keras.optimizers.SGD(0.01)}, False),
        ({"loss": "mse"}, False),
        ({"loss": keras.losses.BinaryCrossentropy(label_smoothing=0.1)}, False),
        ({"metrics": ()}, False),
        ({"metrics": (keras.metrics.AUC(num_thresholds=50),)}, False),
        ({"data": X.astype("int32")}, False),
    ],
)
def test_a_key_tells_every_constant(settings: dict[str, Any], same: bool) -> None:
    assert (key(**settings) == key()) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"optimizer": keras.optimizers.Adam(DECAY(0.01, 10))}, {"optimizer": keras.optimizers.Adam(DECAY(0.01, 20))}),
        ({"between": lambda: adapted(np.ones((4, 8)))}, {"between": lambda: adapted(np.zeros((4, 8)))}),
        ({"metrics": (keras.metrics.AUC(),)}, {"metrics": (keras.metrics.AUC(num_thresholds=50),)}),
    ],
)
def test_two_of_a_kind_have_keys_of_their_own(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(**one) == key(**one) != key(**other)


def test_a_key_holds_what_keras_sets_for_all(monkeypatch: pytest.MonkeyPatch, traced: list[Any]) -> None:
    train("graph")
    count = len(traced)
    monkeypatch.setattr(keras.config, "epsilon", lambda: 1e-3)
    train("graph")
    assert len(traced) == 2 * count


@pytest.mark.parametrize(
    "settings",
    [
        {"between": Own},
        {"between": lambda: layers.Lambda(lambda x: x)},
        {"between": lambda: layers.Activation(lambda x: x)},
        {"between": lambda: layers.Discretization(bin_boundaries=[0.0])},
        {"loss": lambda y, p: keras.ops.mean((y - p) ** 2)},
        {"metrics": (own_metric,)},
        {"optimizer": SPARING},
    ],
)
def test_what_a_configuration_does_not_tell_is_not_kept(settings: dict[str, Any]) -> None:
    assert key(**settings) is None


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Keep nothing from other tests, and list what is traced."""
    made: list[Any] = []
    original = keeping._entry

    def note(concrete: Any, variables: Any) -> Any:
        made.append(concrete)
        return original(concrete, variables)

    monkeypatch.setattr(keeping, "MEMORY", OrderedDict())
    monkeypatch.setattr(keeping, "_entry", note)
    return made


def train(
    execution: str, batch: int = 8, change: Callable[[keras.Model], None] | None = None, **settings: Any
) -> tuple[list[float], list[np.ndarray]]:
    keras.utils.set_random_seed(1)
    model = build(**settings)
    fit: dict[str, Any] = {"epochs": 3, "batch_size": batch, "validation_data": (X[:9], Y[:9]), "verbose": 0}
    if change is not None:
        fit["callbacks"] = [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: change(model))]
    history = mw.fit(model, X, Y, execution=execution, **fit)
    return [v for values in history.history.values() for v in values], model.get_weights()


def without_keeping(monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any]) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(internals, "keeps", lambda: False)
        return call()


def assert_equal(one: Any, other: Any) -> None:
    for a, b in zip(one[0], other[0], strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("execution", ["graph", "xla"])
def test_a_fresh_model_trains_by_what_is_kept_as_by_a_trace(
    execution: str, traced: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = without_keeping(monkeypatch, lambda: train(execution))
    assert not traced
    assert_equal(train(execution), expected)
    count = len(traced)
    assert count >= 3
    assert_equal(train(execution), expected)
    assert len(traced) == count
    train(execution, batch=5)
    assert len(traced) == count + (execution == "xla")  # its batch is compiled in


def no_dropout(model: keras.Model) -> None:
    model.layers[-2].rate = 0.0


def another_loss(model: keras.Model) -> None:
    model.loss = "mse"


@pytest.mark.parametrize("change", [no_dropout, another_loss])
def test_what_a_callback_sets_is_not_kept_by_what_was_there_before(
    change: Callable[[keras.Model], None], traced: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = without_keeping(monkeypatch, lambda: train("graph"))
    changed = without_keeping(monkeypatch, lambda: train("graph", change=change))
    for _ in range(2):
        assert_equal(train("graph", change=change), changed)
        assert_equal(train("graph"), plain)


def test_trials_of_another_process_train_by_what_is_kept(
    tmp_path: Path, traced: list[Any], programs: OrderedDict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.SWITCH, str(tmp_path))

    def trial() -> tuple[list[Any], list[np.ndarray]]:
        programs.clear()
        keeping.MEMORY.clear()
        keras.utils.set_random_seed(2)
        run = trainer.train(build(), (X, Y), (X[:9], Y[:9]), epochs=3, batch_size=8, execution="xla")
        return [[row["val_loss"] for row in run.history]], run.best_weights

    expected = without_keeping(monkeypatch, trial)
    assert_equal(trial(), expected)
    assert len(traced) == 2
    assert_equal(trial(), expected)
    assert len(traced) == 2


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def other_content(path: Path) -> None:
    cache.write(path, b"no trace")


def other_variables(path: Path) -> None:
    entry = msgspec.msgpack.decode(cache.read(path) or b"", type=keeping.Entry)
    cache.write(path, msgspec.msgpack.encode(keeping.Entry(entry.definitions, [10**6], entry.outputs)))


@pytest.mark.parametrize("change", [damage, other_content, other_variables, Path.unlink])
def test_what_cannot_be_read_is_traced_again(
    change: Callable[[Path], None], tmp_path: Path, traced: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.SWITCH, str(tmp_path))
    expected = train("graph")
    count = len(traced)
    for path in list(tmp_path.rglob("*.trace")):
        change(path)
    keeping.MEMORY.clear()
    assert_equal(train("graph"), expected)
    assert len(traced) == 2 * count
    keeping.MEMORY.clear()
    assert_equal(train("graph"), expected)  # mended
    assert len(traced) == 2 * count


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, traced: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.SWITCH, str(tmp_path / "file"))
    train("graph")
    assert traced


PROGRAM = """
import modelwizard as mw
import keras, numpy as np
from modelwizard.engine import keeping
traced, original = [], keeping._entry
keeping._entry = lambda *a: (traced.append(1), original(*a))[1]
keras.utils.set_random_seed(3)
layers = keras.layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(5, "relu"), layers.Dropout(0.2), layers.Dense(1)])
model.compile("adam", "mse")
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
history = mw.fit(model, x, x[:, :1], epochs=2, batch_size=8, verbose=0, execution="xla")
print(repr(history.history["loss"]), len(traced))
"""


def start(folder: Path, **variables: str) -> subprocess.Popen[str]:
    environment = {**os.environ, cache.SWITCH: str(folder), "TF_CPP_MIN_LOG_LEVEL": "0", **variables}
    environment.pop("TF_XLA_FLAGS", None) if "TF_XLA_FLAGS" not in variables else None
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, text=True, **streams)


def end(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Return what was printed: the losses, and how much was traced."""
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    assert not any(name.decode() in errors for name in keeping._NO_ERRORS), errors
    losses, _, count = out.strip().rpartition(" ")
    return losses, int(count)


def test_processes_at_once_and_after_a_damage(tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path)]
    (losses, count), (others, other_count) = map(end, both)
    assert others == losses
    assert count + other_count > 0
    programs = list(tmp_path.rglob("*.xla_*"))
    assert bool(programs) == version("tensorflow").startswith(cache.KEEPING)
    assert not list((tmp_path / "running").glob("*"))
    for path in programs:  # whole, as it seems, but nothing that XLA can load
        cache.write(path, b"no program")
    damaged, switched_off = start(tmp_path), start(Path("off"))
    assert end(damaged) == (losses, 0)
    losses_without, count = end(switched_off)
    assert losses_without == losses
    assert count > 0
