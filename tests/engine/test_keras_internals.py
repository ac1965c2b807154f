"""Each private name of Keras and TensorFlow does what the engine takes it for; where one is gone, it is said."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import modelwizard
import modelwizard as mw
from modelwizard.engine import api, copies, rules, trainer
from modelwizard.engine import keras_internals as internals
from modelwizard.errors import ModelWizardError

X = np.arange(6, dtype="float32").reshape(3, 2)
Y = np.array([[0.0], [1.0], [2.0]], "float32")


def model(optimizer: Any = "sgd", **settings: Any) -> Any:
    inputs = keras.Input((2,))
    hidden = layers.Dropout(0.5)(layers.Dense(3, kernel_regularizer="l2")(inputs))
    made = keras.Model(inputs, layers.Dense(1)(hidden))
    made.compile(optimizer, "mse", metrics=["mae"], **settings)
    return made


def named() -> Any:
    inputs = {"rows": keras.Input((2,), name="rows")}
    return keras.Model(inputs, {"label": layers.Dense(1)(inputs["rows"])})


def fitted(optimizer: Any = "sgd", **settings: Any) -> Any:
    made = model(optimizer, **settings)
    internals.build_all(made, X, Y, None)
    return made


def averaging() -> Any:
    """Return an optimizer with a moving average, after a step from 1 with the gradient 1."""
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.1, use_ema=True)
    weight = keras.Variable([1.0], name="weight")
    optimizer.apply([tf.constant([1.0])], [weight])
    return optimizer


def raises(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ValueError:
        return True
    return False


class Adds(layers.Layer):
    def call(self, inputs: Any) -> Any:
        self.add_loss(keras.ops.sum(inputs))
        return inputs


class Listens(keras.callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


def adds(scope: Any) -> bool:
    layer = Adds()
    with scope:
        layer(X)
        return internals.adds_loss(layer) and not internals.adds_loss(layers.Dense(1))


def rate_of(schedule: Any) -> float:
    optimizer = keras.optimizers.SGD(0.0)
    internals.set_schedule(optimizer, schedule)
    return float(optimizer.learning_rate)


def spared(**names: Any) -> bool:
    optimizer = keras.optimizers.SGD(weight_decay=0.1)
    kernel = keras.Variable([1.0], name="kernel")
    optimizer.exclude_from_weight_decay(**{k: [kernel] if k == "var_list" else v for k, v in names.items()})
    return internals.spares(optimizer) and not internals.decays(optimizer, kernel)


def decayed() -> float:
    """Return a weight of 1 after a step without a gradient by an optimizer whose decay was replaced."""
    optimizer = keras.optimizers.SGD(1.0, weight_decay=0.1)
    weight = keras.Variable([1.0])
    internals.set_decay(optimizer, lambda variables: [v.assign(v * 0.5) for v in variables])
    optimizer.apply([tf.constant([0.0])], [weight])
    return float(weight.numpy()[0])


def bare() -> bool:
    optimizer = averaging()
    internals.bare_averages(optimizer)
    return isinstance(internals.moving_averages(optimizer)[0], tf.Variable)


def lengthened() -> list[int]:
    variable = internals.open_length(keras.Variable([1.0]))
    variable.value.assign([1.0, 2.0, 3.0])
    return variable.value.numpy().shape


def chosen() -> bool:
    """Say whether stateless draws ask the module for their algorithm."""
    module, asked = internals.random_ops(), []
    original = module.get_key_counter_alg
    module.get_key_counter_alg = lambda seed, alg: asked.append(alg) or original(seed, alg)
    try:
        keras.random.uniform((2,), seed=1)
    finally:
        module.get_key_counter_alg = original
    return bool(asked)


def registered() -> bool:
    @tf.custom_gradient
    def same(x: Any) -> Any:
        return x, lambda upstream: upstream

    before = set(internals.gradient_registry())
    tf.function(same).get_concrete_function(tf.TensorSpec([]))
    new = set(internals.gradient_registry()) - before
    for name in new:
        del internals.gradient_registry()[name]
    return bool(new)


def described(layer: Any) -> dict[str, Any]:
    return {name: vars(layer)[name] for name in internals.TELLING if name in vars(layer)}


def close(left: Any, right: Any) -> bool:
    return bool(np.allclose(left, right, rtol=1e-5))


def plain_loss(made: Any) -> tuple[float, float]:
    outputs = made(X)
    return float(internals.compile_loss(made)(Y, outputs)), float(np.mean((outputs - Y) ** 2))


def full_loss(made: Any) -> tuple[float, float]:
    outputs = made(X)
    loss = internals.compute_loss(made, X, Y, outputs, None, training=False)
    return float(loss), plain_loss(made)[1] + float(sum(made.losses))


def running(made: Any) -> bool:
    internals.running_loss(made).total.assign(6.0)  # as the engine does, past `update_state`
    internals.running_loss(made).count.assign(2.0)
    return float(made.get_metrics_result()["loss"]) == 3.0


def begun(made: Any) -> bool:
    made._initial_epoch = 4
    return internals.first_epoch(made, 1) == 4 and internals.first_epoch(model(), 1) == 1


# Name → whether it does what the engine takes it for.
EXERCISES: dict[str, Callable[[], bool]] = {
    "_assert_compile_called": lambda: raises(lambda: internals.assert_compiled(keras.Sequential([layers.Dense(1)]))),
    "_call_has_training_arg": lambda: internals.takes_training(model()),
    "_compile_loss": lambda: close(*plain_loss(fitted())),
    "_compile_metrics": lambda: [m.name for m in internals.compile_metrics(fitted()).metrics] == ["mae"],
    "_compute_loss": lambda: close(*full_loss(fitted())),
    "_distribute_strategy": lambda: not internals.distributed(model()),
    "_flatten_layers": lambda: (
        [type(part).__name__ for part in internals.layers(keras.Sequential([model()]))][:5]
        == ["Sequential", "Functional", "Dense", "Dropout", "Dense"]
    ),
    "_initial_epoch": lambda: begun(model()),
    "_inputs_struct": lambda: set(internals.nesting(named(), "inputs")) == {"rows"},
    "_outputs_struct": lambda: set(internals.nesting(named(), "outputs")) == {"label"},
    "_nodes_by_depth": lambda: [len(internals.calls(made)) for made in (model(), named())] == [4, 2],
    "_functional": lambda: len(internals.calls(internals.graph(keras.Sequential([keras.Input((2,)), Adds()])))) == 2,
    "_user_metrics": lambda: internals.metrics_given(model()) == ["mae"],
    "_fn_kwargs": lambda: internals.keywords(keras.metrics.BinaryAccuracy(threshold=0.25)) == {"threshold": 0.25},
    "_outbound_nodes": lambda: [len(nodes) for nodes in internals.links(model().layers[1])] == [1, 1],
    "_loss_tracker": lambda: running(fitted()),
    "_should_eval": lambda: [internals.validates(model(), epoch, 2) for epoch in range(4)] == [False, True] * 2,
    "_symbolic_build": lambda: fitted().optimizer.built and fitted().metrics[1].built,
    "_flat_losses": lambda: (
        [internals.wrapped(loss).__name__ for loss in internals.losses(fitted())] == ["mean_squared_error"]
    ),
    "_user_loss_weights": lambda: internals.loss_weights(model(loss_weights=[0.5])) == [0.5],
    "_preprocess": lambda: internals.words(layers.TextVectorization(), ["Two words"]).to_list() == [[b"two", b"words"]],
    "_lookup_layer": lambda: internals.lookup(layers.TextVectorization(vocabulary=["one"])).vocabulary_size() == 3,
    "_fn": lambda: internals.wrapped(keras.metrics.MeanAbsoluteError()).__name__ == "mean_absolute_error",
    "_inbound_nodes": lambda: [len(internals.links(layer)[0]) for layer in model().layers] == [1] * 4,
    "_keras_history": lambda: internals.producer(made := model().outputs[0])[0] is made._keras_history.operation,
    "_losses": lambda: adds(nullcontext()),
    "_loss_ids": lambda: adds(keras.StatelessScope(collect_losses=True)),
    "_trainable_variables": lambda: (
        len(internals.own_variables(layers.BatchNormalization(), trained=True)) == 0
        and len(internals.averaged_variables(averaging())) == 1
    ),
    "_non_trainable_variables": lambda: len(internals.own_variables(model().layers[1])) == 2,
    "_remat_mode": lambda: "_remat_mode" in described(layers.Dense(1)),
    "_supports_masking": lambda: described(layers.Dense(1))["_supports_masking"] is True,
    "_seed_generators": lambda: internals.seed_generators(layers.Dropout(0.5, seed=3))[0].state.shape == (2,),
    "_apply_weight_decay": lambda: decayed() == 0.5,
    "_exclude_from_weight_decay": lambda: spared(var_list=True),
    "_exclude_from_weight_decay_pattern": lambda: spared(var_names=["kern"]),
    "_iterations": lambda: internals.steps_taken(averaging()) == 1,
    "_learning_rate": lambda: (
        close(rate_of(keras.optimizers.schedules.ExponentialDecay(0.3, 10, 0.5)), 0.3)
        and isinstance(internals.learning_rate(averaging()), keras.Variable)
    ),
    "_model_variables_moving_average": lambda: close(internals.moving_averages(averaging())[0], 0.45) and bare(),
    "_use_weight_decay": lambda: internals.decays(averaging(), keras.Variable([1.0], name="other")),
    "_value": lambda: lengthened() == (3,),
    "_is_default": lambda: (
        internals.unused(keras.callbacks.Callback().on_train_batch_end)
        and not internals.unused(Listens().on_train_batch_end)
    ),
    "get_key_counter_alg": chosen,
    "convert_alg_to_int": lambda: internals.random_ops().convert_alg_to_int("threefry") == 2,
    "_registry": registered,
}


@pytest.mark.parametrize("name", EXERCISES)
def test_a_private_name_does_what_the_engine_takes_it_for(name: str) -> None:
    assert EXERCISES[name](), f"Keras or TensorFlow has changed what {name} does"


def test_every_private_name_is_listed_and_exercised() -> None:
    tree = ast.parse(Path(internals.__file__).read_text(encoding="utf-8"))
    touched = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and PRIVATE.match(node.attr)}
    listed = {name for names in internals.NAMES.values() for name in names.split()}
    assert touched - listed == set()
    assert set(EXERCISES) == listed
    assert internals.missing() == []


PRIVATE = re.compile(r"_[a-z]\w*$")
OURS = ("self", "cls")
PUBLIC = {"_asdict", "_exit", "_getframe"}  # of named tuples, `os` and `sys`
HIDDEN = ("tensorflow.python", "keras.src", "keras_tuner.engine")


def private(tree: ast.AST) -> Iterator[str]:
    """Yield what a module touches of others: attributes that begin with _, by name or as a text, and modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and PRIVATE.match(node.attr) and node.attr not in PUBLIC:
            if not (isinstance(node.value, ast.Name) and node.value.id in OURS):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr", "delattr"):
            if PRIVATE.match(ast.unparse(node.args[1]).strip("f'\"").replace("{", "a").replace("}", "")):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [f"{getattr(node, 'module', '')}.{alias.name}".lstrip(".") for alias in node.names]
            yield from (f"{node.lineno}: {name}" for name in names if name.startswith(HIDDEN))
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith(HIDDEN):
            yield f"{node.lineno}: {ast.unparse(node)}"


PACKAGE = Path(modelwizard.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_other_module_touches_what_is_private(path: Path) -> None:
    found = list(private(ast.parse(path.read_text(encoding="utf-8"))))
    assert bool(found) == (path == Path(internals.__file__)), found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("model._compile_loss", 1),
        ("self._mine", 0),
        ("self.model._theirs", 1),
        ("getattr(layer, '_losses', None)", 1),
        ("getattr(layer, f'_{side}_struct')", 1),
        ("getattr(layer, f'{side}_struct')", 0),
        ("from tensorflow.python.ops import random_ops_util", 1),
        ("import keras.src.layers", 1),
        ("keras_tuner.engine.trial.Trial", 1),
        ("model.__class__", 0),
    ],
)
def test_what_counts_as_private(code: str, found: int) -> None:
    assert bool(list(private(ast.parse(code)))) == bool(found)


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let the versions be judged anew, in the test and after it."""
    rules.versions_reason.cache_clear()
    monkeypatch.setattr(api, "_SAID", set())
    yield monkeypatch
    monkeypatch.undo()
    rules.versions_reason.cache_clear()


def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internals, "NAMES", {**internals.NAMES, "model": "_moved_elsewhere"})


def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "__version__", "4.0.0")


def otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    newer(monkeypatch)
    monkeypatch.setattr(internals, "compute_loss", lambda *_, **__: tf.constant(1.0))


CHANGES = [(gone, "lacks model._moved_elsewhere"), (otherwise, "Keras 4.0.0 .* takes its steps in another way")]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_fit_hands_over_to_keras_and_says_so_once(
    change: Callable[[Any], None], reason: str, anew: pytest.MonkeyPatch
) -> None:
    change(anew)
    with pytest.warns(api.HandedToKeras, match=reason):
        history = mw.fit(model(), X, Y, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error", api.HandedToKeras)
        mw.fit(model(), X, Y, verbose=0)


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_trials_are_refused_with_what_to_install(
    change: Callable[[Any], None], reason: str, anew: pytest.MonkeyPatch
) -> None:
    change(anew)
    with pytest.raises(ModelWizardError, match=reason) as error:
        trainer.train(model(), (X, Y), epochs=1)
    assert error.value.fix == 'pip install "keras==3.15.*" "tensorflow==2.21.*"'


def test_under_a_newer_keras_that_takes_the_same_steps_models_share_no_program(
    anew: pytest.MonkeyPatch, programs: dict[str, Any]
) -> None:
    newer(anew)
    assert rules.versions_reason() is None
    with pytest.warns(UserWarning, match=r"4\.0\.0 .* share no program"):
        trainer.train(fitted(), (X, Y), epochs=1)
    assert not programs


def test_parts_of_keras_that_call_themselves_otherwise_are_noticed(anew: pytest.MonkeyPatch) -> None:
    anew.setattr(layers.Dense, "__module__", "elsewhere.layers")
    assert internals.missing() == ["Dense.__module__"]


def test_a_model_that_xla_refuses_is_trained_on_with_a_warning() -> None:
    class Strange(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return tf.ensure_shape(tf.numpy_function(np.asarray, [inputs], tf.float32), (None, 2))

    made = keras.Sequential([keras.Input((2,)), Strange(), layers.Dense(1)])
    made.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="XLA cannot compile this model"):
        mw.fit(made, X, Y, batch_size=3, verbose=0, execution="xla")


def test_a_copy_normalises_by_the_statistics_that_were_adapted() -> None:
    normalise = layers.Normalization()
    normalise.adapt(X)
    made = keras.Sequential([keras.Input((2,)), normalise, layers.Dense(1)])
    np.testing.assert_allclose(copies.copy(made)(X), made(X), rtol=1e-6)


def test_models_with_adapted_layers_share_no_program(programs: dict[str, Any]) -> None:
    def build() -> Any:
        keras.utils.set_random_seed(1)
        normalise = layers.Normalization()
        normalise.adapt(X * 10)
        made = keras.Sequential([keras.Input((2,)), normalise, layers.Dense(1)])
        made.compile(keras.optimizers.SGD(0.01), "mse")
        return made

    expected = build().fit(X, Y, batch_size=3, verbose=0).history["loss"][0]
    run = trainer.train(build(), (X, Y), epochs=1, batch_size=3)
    assert run.history[0]["loss"] == pytest.approx(expected, rel=1e-4)
    assert not programs
