"""Live Keras models: what is read out of them, and that they stay as they were."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import modelwizard as mw  # noqa: E402
from modelwizard.checks.api import inspect  # noqa: E402
from modelwizard.checks.case import RULES  # noqa: E402
from modelwizard.checks.facts.model import heads, read  # noqa: E402
from modelwizard.errors import UsageError  # noqa: E402

layers = keras.layers
R = np.random.default_rng(0)
X = R.normal(size=(300, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype("float32")
FIT = {"batch_size": 32, "epochs": 20, "validation_split": 0.2}


def model(
    *stack: Any, shape: tuple[int, ...] = (6,), loss: Any = "binary_crossentropy", optimizer: Any = "adam"
) -> Any:
    made = keras.Sequential([keras.Input(shape), *stack])
    made.compile(optimizer=optimizer, loss=loss)
    return made


def good() -> Any:
    return model(layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid"))


@pytest.mark.parametrize(
    ("end", "activation", "chain", "after"),
    [
        ([layers.Dense(3, activation="softmax")], "softmax", ("softmax",), ()),
        ([layers.Dense(3), layers.Softmax()], "softmax", ("softmax",), ()),
        ([layers.Dense(3), layers.BatchNormalization(), layers.Activation("softmax")], "softmax", ("softmax",), ()),
        ([layers.Dense(3), layers.Dropout(0.5), layers.Softmax()], "softmax", ("softmax",), ("Dropout",)),
        ([layers.Dense(3, activation="softmax"), layers.Activation("softmax")], "softmax", ("softmax", "softmax"), ()),
        ([layers.Dense(3, activation="relu"), layers.BatchNormalization()], "relu", ("relu",), ("BatchNormalization",)),
        ([layers.Dense(3, activation=lambda t: t * 2)], "unknown", ("unknown",), ()),
        ([layers.Dense(3), layers.Rescaling(2.0)], "unknown", (), ()),
        ([layers.Dense(4, activation="sigmoid"), layers.Reshape((2, 2))], "sigmoid", ("sigmoid",), ()),
        ([layers.Dense(3, activation=layers.LeakyReLU())], "leaky_relu", ("leaky_relu",), ()),
    ],
)
def test_the_effective_end_is_read(
    end: list[Any], activation: str, chain: tuple[str, ...], after: tuple[str, ...]
) -> None:
    made = model(layers.Dense(8, activation="relu"), *end)
    (head,) = heads(made, read(made))
    assert (head.activation, head.chain, head.after) == (activation, chain, after)


def test_operations_and_nested_models_are_laid_open() -> None:
    i = keras.Input((6,))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(4), layers.ReLU()], name="inner")
    outer = keras.Model(i, keras.ops.sigmoid(layers.Dense(1)(inner(i))))
    source = read(outer)
    assert [(la.kind, la.nested) for la in source.layers] == [
        ("InputLayer", ""),
        ("Dense", "inner"),
        ("ReLU", "inner"),
        ("Dense", ""),
        ("Sigmoid", ""),
    ]
    assert heads(outer, source)[0].activation == "sigmoid"


SCALES = [
    ([], X * 1000, {"MW401"}),
    ([layers.Rescaling(1 / 1000)], X * 1000, set()),
    ([layers.BatchNormalization()], X * 1000, set()),
    ([layers.Rescaling(1 / 255)], X / 255, {"MW402"}),
    ([layers.Normalization(mean=[0.0] * 6, variance=[1e6] * 6)], X * 1000, set()),
]


@pytest.mark.parametrize(("start", "x", "expected"), SCALES)
def test_scale_is_judged_where_the_first_weights_are(start: list[Any], x: Any, expected: set[str]) -> None:
    made = model(*start, layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid"))
    found = {f.code for f in inspect(made, x, Y, fit=FIT, train=False).findings}
    assert found & {"MW401", "MW402", "MW403", "MW404"} == expected


class Places(layers.Layer):
    """Words and their places, as the transformers of tutorials begin."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.place = layers.Embedding(1000, 8), layers.Embedding(6, 8)

    def call(self, x: Any) -> Any:
        return self.word(x) + self.place(keras.ops.arange(6))


def test_word_numbers_may_be_looked_up_inside_a_layer_of_ones_own() -> None:
    made = model(Places(), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid"))
    found = {f.code for f in inspect(made, R.integers(0, 1000, (300, 6)), Y, fit=FIT, train=False).findings}
    assert not found & {"MW401", "MW420"}


def test_a_map_of_its_own_for_each_feature_has_the_fan_of_one_feature() -> None:
    made = model(layers.EinsumDense("nfb,fbe->nfe", (50, 4)), layers.Flatten(), layers.Dense(1), shape=(50, 32))
    kernels = [layer.kernel for layer in read(made).layers if layer.kernel is not None]
    assert [round(k[4], 4) for k in kernels] == [0.25, 0.1]  # sqrt(2 / 32), sqrt(2 / 200)


def test_healthy_model_gets_no_finding_and_every_rule_is_accounted_for() -> None:
    report = inspect(good(), X, Y, fit=FIT, train=False)
    assert report.findings == []
    assert sorted([*report.passed, *(s.code for s in report.skipped)]) == sorted(RULES)


def test_a_rule_that_is_muted_is_silent() -> None:
    broken = model(layers.Dense(16, activation="relu"), layers.Dense(1, activation="softmax"))
    assert inspect(broken, X, Y, train=False).findings[0].code == "MW101"
    assert inspect(broken, X, Y, train=False, mute=["mw101"]).findings == []
    with pytest.raises(UsageError, match="no such rule"):
        inspect(broken, X, Y, train=False, mute=["MW999"])


def test_nothing_of_the_persons_is_changed() -> None:
    made = good()
    made.fit(X, Y, epochs=1, verbose=0)
    weights, variables = made.get_weights(), [v.numpy() for v in made.optimizer.variables]
    random.seed(3)
    np.random.seed(3)
    expected = random.Random(3).random(), np.random.RandomState(3).rand()
    mw.check(made, X, Y, FIT)
    assert (random.random(), np.random.rand()) == expected
    assert all(np.array_equal(a, b) for a, b in zip(weights, made.get_weights(), strict=True))
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(variables, made.optimizer.variables, strict=True))


def test_the_training_that_follows_is_the_same() -> None:
    def losses(*, check: bool) -> list[float]:
        keras.utils.set_random_seed(4)
        stack = [layers.Dense(8, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.4)]
        made = model(*stack, layers.Dense(1, activation="sigmoid"))
        if check:
            mw.check(made, X, Y, FIT, seconds=1.0)
        drawn = float(keras.random.normal(()))
        return [drawn, *made.fit(X, Y, epochs=2, verbose=0).history["loss"]]

    assert losses(check=True) == losses(check=False)


def test_unbuilt_and_subclassed_models_are_read() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = layers.Dense(8, activation="relu"), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.b(self.a(inputs))

    own = Own()
    own.compile("adam", "binary_crossentropy")
    unbuilt = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1)])
    unbuilt.compile("adam", "binary_crossentropy")
    for made in (own, unbuilt):
        assert [f.code for f in mw.check(made, X, Y, train=False)] == ["MW104"]
        assert not made.built


@keras.saving.register_keras_serializable("tests")
class Own(keras.Model):
    """A model without a graph; its first layer is shared with a functional model."""

    def __init__(self, shared: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.shared = shared or layers.Dense(8, activation="relu")
        self.last = layers.Dense(1, activation="sigmoid")

    def call(self, x: Any) -> Any:
        return self.last(self.shared(x))


@pytest.mark.parametrize("train", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_layers_of_a_subclassed_model_stay_as_they_were(train: bool, tmp_path: Path) -> None:
    shared = layers.Dense(8, activation="relu")
    start = keras.Input((6,))
    functional = keras.Model(start, shared(start))
    made = Own(shared)
    made.compile("adam", "binary_crossentropy")
    made(X[:2])
    links = [(list(one._inbound_nodes), list(one._outbound_nodes)) for one in (made, shared, made.last)]
    before = made.predict(X, verbose=0)
    assert inspect(made, X, Y, fit=FIT, train=train).passed
    assert [(one._inbound_nodes, one._outbound_nodes) for one in (made, shared, made.last)] == links
    assert np.array_equal(made.predict(X, verbose=0), before)
    assert functional.get_config()["layers"][1]["inbound_nodes"]
    made.fit(X, Y[:, None], epochs=1, verbose=0)
    made.save(tmp_path / "own.keras")
    loaded = keras.models.load_model(tmp_path / "own.keras")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), made.predict(X, verbose=0), rtol=1e-6)


def test_dict_inputs_and_two_outputs_keep_their_names() -> None:
    a, b = keras.Input((6,), name="a"), keras.Input((1,), name="b", dtype="int32")
    h = layers.concatenate([a, layers.Flatten()(layers.Embedding(4, 2)(b))])
    outputs = {"label": layers.Dense(1, name="label")(h), "amount": layers.Dense(1, name="amount")(h)}
    made = keras.Model({"b": b, "a": a}, outputs)
    made.compile("adam", {"label": "binary_crossentropy", "amount": "mse"})
    ids = R.integers(0, 4, size=(300, 1))
    found = mw.check(made, {"a": X, "b": ids}, {"label": Y, "amount": X[:, 0] * 0.5}, train=False)
    assert [f.code for f in found if f.severity != "tip"] == ["MW104"]


def test_project_findings_name_the_line(tmp_path: Path) -> None:
    source = tmp_path / "model.py"
    source.write_text('h = layers.Dense(16, activation="relu")(x)\n\ny = layers.Dense(1, activation="softmax")(h)\n')
    broken = model(layers.Dense(16, activation="relu"), layers.Dense(1, activation="softmax"))
    report = inspect(broken, X, Y[:, None], problem="binary", fit={"epochs": 5}, source=source, train=False)
    assert (report.findings[0].code, report.findings[0].where) == ("MW101", "model.py:3")


EASY = (X[:, 0] + X[:, 1] > 0).astype("float32")


def slow_rate() -> Any:
    stack = [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return model(*stack, optimizer=keras.optimizers.Adam(1e-6))


def amount() -> Any:
    return model(layers.Dense(16, activation="relu"), layers.Dense(1), loss="mse")


def deep_sigmoid() -> Any:
    stack = [layers.Dense(16, activation="sigmoid") for _ in range(6)]
    return model(*stack, layers.Dense(1, activation="sigmoid"), optimizer=keras.optimizers.SGD(0.1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "x", "y", "fit", "cause"),
    [
        (good, X * [1, 900, 1, 50, 1, 1] + 500, EASY, FIT, "missing-normalization"),
        (slow_rate, X, EASY, FIT, "bad-learning-rate"),
        (amount, X, X[:, 0] * 9e4 + 2e5, FIT, "missing-target-scaling"),
        (deep_sigmoid, X, EASY, {**FIT, "epochs": 60}, "wrong-hidden-activation"),
    ],
)
def test_an_experiment_proves_the_cause(made: Any, x: Any, y: Any, fit: dict[str, Any], cause: str) -> None:
    keras.utils.set_random_seed(2)  # with ReLU the deep net overfits: 15% better than a constant on rows held back
    first = mw.check(made(), x, y, fit, seconds=30)[0]
    assert (first.cause, first.severity) == (cause, "warning")
    assert "MW52" in first.code + first.evidence


@pytest.mark.slow
def test_a_healthy_training_gets_no_error_and_no_warning() -> None:
    assert [f.code for f in mw.check(good(), X, Y, {**FIT, "epochs": 40}) if f.severity != "tip"] == []
