"""Working programs, and realistic faults to plant in them: the broken half of the corpus of `checks.py`.

A program is a recipe: data, hidden layers, head, loss, optimizer, fit settings. A fault changes one thing in it and
knows the causes that name it rightly. Recipes and faults follow what people ask about Keras: heads that do not fit
labels, scales, rates, activations that were forgotten, splits gone wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from keras import layers

Maker = Callable[[], Any]


@dataclass(frozen=True)
class Recipe:
    """One program: everything that `compile` and `fit` are told."""

    name: str
    task: str
    x: Any
    y: Any
    body: Callable[..., list[Any]]
    options: dict[str, Any] = field(default_factory=dict)
    units: int = 1
    activation: str | None = None
    loss: Any = "mse"
    optimizer: Maker = lambda: keras.optimizers.Adam(1e-3)
    metrics: tuple[Any, ...] = ()
    fit: dict[str, Any] = field(default_factory=lambda: {"batch_size": 32, "epochs": 20, "validation_split": 0.2})
    tail: tuple[Maker, ...] = ()
    freeze: bool = False

    def build(self) -> Any:
        """Return the compiled model."""
        shape = self.x.shape[1:]
        head = [layers.Dense(self.units, activation=self.activation)]
        stack = [*self.body(**self.options), *head, *[make() for make in self.tail]]
        model = keras.Sequential([keras.Input(shape), *stack])
        if self.freeze:
            for layer in model.layers[:-1]:
                layer.trainable = False
        model.compile(optimizer=self.optimizer(), loss=self.loss, metrics=list(self.metrics) or None)
        return model

    def with_options(self, **options: Any) -> Recipe:
        """Return the recipe with other options of its hidden layers."""
        return replace(self, options={**self.options, **options})

    def with_fit(self, **settings: Any) -> Recipe:
        """Return the recipe with other fit settings."""
        return replace(self, fit={**self.fit, **settings})


def mlp(
    widths: tuple[int, ...] = (64, 32),
    act: Any = "relu",
    init: Any = "glorot_uniform",
    dropout: float = 0.0,
    penalty: Any = None,
    norm: bool = False,
    extra: str | None = None,
) -> list[Any]:
    """Return dense hidden layers."""
    made: list[Any] = []
    for width in widths:
        made.append(layers.Dense(width, activation=act, kernel_initializer=init, kernel_regularizer=penalty))
        made += [layers.Activation(extra)] if extra else []
        made += [layers.BatchNormalization()] if norm else []
        made += [layers.Dropout(dropout)] if dropout else []
    return made


def conv(
    filters: tuple[int, ...] = (16, 32),
    act: Any = "relu",
    kernel: int = 3,
    dense: int = 32,
    init: Any = "glorot_uniform",
    dropout: float = 0.0,
    flat: bool = True,
    extra: str | None = None,
    pool: bool = True,
) -> list[Any]:
    """Return convolutions with pooling, then a dense layer."""
    made: list[Any] = []
    for count in filters:
        made.append(layers.Conv2D(count, kernel, padding="same", activation=act, kernel_initializer=init))
        made += [layers.Activation(extra)] if extra else []
        made += [layers.MaxPooling2D()] if pool else []
    made += [layers.Flatten()] if flat else []
    made.append(layers.Dense(dense, activation=act, kernel_initializer=init))
    return made + ([layers.Dropout(dropout)] if dropout else [])


def words(
    vocabulary: int = 200, width: int = 16, act: Any = "relu", dropout: float = 0.0, dense: int = 16
) -> list[Any]:
    """Return an embedding, averaged."""
    made: list[Any] = [layers.Embedding(vocabulary, width), layers.GlobalAveragePooling1D()]
    made.append(layers.Dense(dense, activation=act))
    return made + ([layers.Dropout(dropout)] if dropout else [])


def recurrent(
    units: int = 16, act: Any = "tanh", dense: int = 0, sequences: bool = False, dropout: float = 0.0
) -> list[Any]:
    """Return an LSTM."""
    made: list[Any] = [layers.LSTM(units, activation=act, return_sequences=sequences)]
    made += [layers.Dense(dense, activation="relu")] if dense else []
    return made + ([layers.Dropout(dropout)] if dropout else [])


def synthetic() -> dict[str, Recipe]:
    """Return working programs on data from generators."""
    r = np.random.default_rng(7)
    x = r.normal(size=(1200, 10)).astype("float32")
    bump = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + x[:, 3]
    binary = (bump + 0.3 * r.normal(size=1200) > 0).astype("float32")
    three = np.digitize(bump, np.quantile(bump, [1 / 3, 2 / 3]))
    five = np.digitize(bump, np.quantile(bump, [0.2, 0.4, 0.6, 0.8]))
    many = np.stack([bump > 0, x[:, 4] > 0.3, x[:, 5] * x[:, 6] > 0], 1).astype("float32")
    amount = (bump - bump.mean()) / bump.std()
    pair = np.stack([amount, x[:, 7] ** 2 - 1], 1)
    pictures, labels = _pictures(r)
    ids, mood = _texts(r)
    waves, following = _waves(r)
    soft = {"activation": "softmax", "loss": "sparse_categorical_crossentropy", "metrics": ("accuracy",)}
    sigmoid = {"activation": "sigmoid", "loss": "binary_crossentropy", "metrics": ("accuracy",)}
    hot = {"activation": "softmax", "loss": "categorical_crossentropy", "metrics": ("accuracy",)}
    made = [
        Recipe("binary", "binary", x, binary, mlp, **sigmoid),
        Recipe("three", "multiclass", x, three, mlp, units=3, **soft),
        Recipe("five-hot", "multiclass", x, np.eye(5, dtype="float32")[five], mlp, units=5, **hot),
        Recipe("labels", "multilabel", x, many, mlp, units=3, **sigmoid),
        Recipe("amount", "amount", x, amount, mlp, metrics=("mae",)),
        Recipe("pair", "amount", x, pair, mlp, units=2),
        Recipe("pictures", "multiclass", pictures, labels, conv, units=4, **soft),
        Recipe("texts", "binary", ids, mood, words, **sigmoid),
        Recipe("waves", "amount", waves, following, recurrent),
    ]
    return {recipe.name: recipe for recipe in made}


def _pictures(r: np.random.Generator) -> tuple[Any, Any]:
    labels = r.integers(0, 4, 800)
    pictures = r.uniform(0, 0.3, size=(800, 16, 16, 1)).astype("float32")
    for i, label in enumerate(labels):
        at = r.integers(2, 12)
        if label < 2:
            pictures[i, at : at + 2, :, 0][:, :: label + 1] += 0.6
        else:
            pictures[i, :, at : at + 2, 0][:: label - 1] += 0.6
    return pictures, labels


def _texts(r: np.random.Generator) -> tuple[Any, Any]:
    ids = r.integers(20, 200, size=(900, 30))
    mood = r.integers(0, 2, 900)
    for i in range(900):
        ids[i, r.integers(0, 30, 4)] = r.integers(1, 10, 4) + 10 * mood[i]
    return ids.astype("int32"), mood.astype("float32")


def _waves(r: np.random.Generator) -> tuple[Any, Any]:
    start, speed = r.uniform(0, 6, 700), r.uniform(0.2, 0.6, 700)
    time = np.arange(21)[None]
    series = np.sin(start[:, None] + speed[:, None] * time) + 0.05 * r.normal(size=(700, 21))
    return series[:, :20, None].astype("float32"), series[:, 20].astype("float32")


def real(tables: dict[str, tuple[str, Any, Any]]) -> dict[str, Recipe]:
    """Return working programs on real tables.

    Args:
        tables: Name → task, standardised features, target.
    """
    made: dict[str, Recipe] = {}
    for name, (task, x, y) in tables.items():
        fit = {"batch_size": 32, "epochs": 30, "validation_split": 0.2}
        if task == "binary":
            made[name] = Recipe(
                name, task, x, y, mlp, activation="sigmoid", loss="binary_crossentropy", metrics=("accuracy",), fit=fit
            )
        elif task == "multiclass":
            made[name] = Recipe(
                name,
                task,
                x,
                y,
                mlp,
                units=int(y.max()) + 1,
                activation="softmax",
                loss="sparse_categorical_crossentropy",
                metrics=("accuracy",),
                fit=fit,
            )
        elif task == "multilabel":
            made[name] = Recipe(
                name, task, x, y, mlp, units=y.shape[1], activation="sigmoid", loss="binary_crossentropy", fit=fit
            )
        else:
            z = (y - y.mean(axis=0)) / y.std(axis=0)
            made[name] = Recipe(
                name, "amount", x, z, mlp, units=1 if y.ndim == 1 else y.shape[1], metrics=("mae",), fit=fit
            )
    return made


@dataclass(frozen=True)
class Fault:
    """One thing that is made wrong.

    Args:
        name: What is done.
        causes: Words that name it rightly.
        tasks: Tasks of the programs it can be planted in.
        plant: Returns the broken recipe, or None where it does not apply.
        bodies: Kinds of hidden layers it applies to; empty for all.
        only: Names of the recipes it applies to; empty for all.
    """

    name: str
    causes: tuple[str, ...]
    tasks: tuple[str, ...]
    plant: Callable[[Recipe], Recipe]
    bodies: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def fits(self, recipe: Recipe) -> bool:
        """Whether the fault can be planted in a recipe."""
        body = not self.bodies or recipe.body.__name__ in self.bodies
        return recipe.task in self.tasks and body and (not self.only or recipe.name in self.only)


def classes(recipe: Recipe) -> int:
    """Return the number of classes of a recipe."""
    return recipe.units


def ids(recipe: Recipe) -> Any:
    """Return class numbers."""
    return recipe.y.argmax(-1) if recipe.y.ndim == 2 and recipe.task == "multiclass" else recipe.y


def one_hot(recipe: Recipe) -> Any:
    """Return one-hot labels."""
    return recipe.y if recipe.y.ndim == 2 else np.eye(recipe.units, dtype="float32")[recipe.y.astype(int)]


def _nan(x: Any) -> Any:
    broken = np.array(x, dtype="float32")
    broken.reshape(len(broken), -1)[::37, 0] = np.nan
    return broken


def _ordered(recipe: Recipe) -> Recipe:
    order = np.argsort(ids(recipe).reshape(len(recipe.y), -1)[:, 0], kind="stable")
    return replace(recipe, x=recipe.x[order], y=recipe.y[order])


def _held(recipe: Recipe, change: Callable[[Any, Any], tuple[Any, Any]]) -> Recipe:
    cut = int(len(recipe.x) * 0.8)
    fit = {k: v for k, v in recipe.fit.items() if k != "validation_split"}
    held = change(recipe.x[cut:], recipe.y[cut:])
    return replace(recipe, x=recipe.x[:cut], y=recipe.y[:cut], fit={**fit, "validation_data": held})


def _stretched(x: Any) -> Any:
    if x.ndim > 2:
        return (x * 255).astype("float32")
    scale = np.geomspace(1, 3000, x.shape[1]).astype("float32")
    return x * scale + 2 * scale


def _sgd(rate: float) -> Maker:
    return lambda: keras.optimizers.SGD(rate)


def _adam(rate: float) -> Maker:
    return lambda: keras.optimizers.Adam(rate)


ALL = ("binary", "multiclass", "multilabel", "amount")
LABELED = ("binary", "multiclass", "multilabel")
DENSE = ("mlp", "conv", "words")

FAULTS = (
    Fault("softmax of one unit", ("wrong-last-activation",), ("binary",), lambda r: replace(r, activation="softmax")),
    Fault("no sigmoid", ("wrong-last-activation",), ("binary", "multilabel"), lambda r: replace(r, activation=None)),
    Fault("no softmax", ("wrong-last-activation",), ("multiclass",), lambda r: replace(r, activation=None)),
    Fault("relu under cross-entropy", ("wrong-last-activation",), LABELED, lambda r: replace(r, activation="relu")),
    Fault("tanh under cross-entropy", ("wrong-last-activation",), ("binary",), lambda r: replace(r, activation="tanh")),
    Fault(
        "sigmoid for classes", ("wrong-last-activation",), ("multiclass",), lambda r: replace(r, activation="sigmoid")
    ),
    Fault(
        "softmax for labels", ("wrong-last-activation",), ("multilabel",), lambda r: replace(r, activation="softmax")
    ),
    Fault("sigmoid for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="sigmoid")),
    Fault("tanh for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="tanh")),
    Fault("relu for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="relu")),
    Fault("softmax for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="softmax")),
    Fault(
        "mse for labels",
        ("wrong-loss",),
        LABELED,
        lambda r: replace(r, loss="mse", y=one_hot(r) if r.task == "multiclass" else r.y),
    ),
    Fault(
        "mae for labels",
        ("wrong-loss",),
        ("binary", "multiclass"),
        lambda r: replace(r, loss="mae", y=one_hot(r) if r.task == "multiclass" else r.y),
    ),
    Fault(
        "binary loss for classes",
        ("wrong-loss",),
        ("multiclass",),
        lambda r: replace(r, loss="binary_crossentropy", y=one_hot(r)),
    ),
    Fault(
        "categorical loss for one unit",
        ("wrong-loss",),
        ("binary",),
        lambda r: replace(r, loss="categorical_crossentropy"),
    ),
    Fault(
        "categorical loss for labels",
        ("wrong-loss",),
        ("multilabel",),
        lambda r: replace(r, loss="categorical_crossentropy"),
    ),
    Fault("cross-entropy for amounts", ("wrong-loss",), ("amount",), lambda r: replace(r, loss="binary_crossentropy")),
    Fault(
        "logits that are none",
        ("wrong-loss", "wrong-last-activation", "redundant-activation"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ),
    Fault(
        "logits that are none, binary",
        ("wrong-loss", "wrong-last-activation", "redundant-activation"),
        ("binary",),
        lambda r: replace(r, loss=keras.losses.BinaryCrossentropy(from_logits=True)),
    ),
    Fault(
        "numbers for categorical",
        ("labels-encoding-mismatch", "wrong-loss"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), loss="categorical_crossentropy"),
    ),
    Fault(
        "one-hot for sparse",
        ("labels-encoding-mismatch", "wrong-loss"),
        ("multiclass",),
        lambda r: replace(r, y=one_hot(r), loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "labels from 1",
        ("labels-encoding-mismatch",),
        ("multiclass",),
        lambda r: replace(r, y=ids(r) + 1, loss="sparse_categorical_crossentropy"),
    ),
    Fault("labels -1 and 1", ("labels-encoding-mismatch",), ("binary",), lambda r: replace(r, y=2 * r.y - 1)),
    Fault("labels 1 and 2", ("labels-encoding-mismatch",), ("binary",), lambda r: replace(r, y=r.y + 1)),
    Fault(
        "labels scaled",
        ("labels-encoding-mismatch",),
        ("multiclass",),
        lambda r: replace(r, y=(ids(r) / 255).astype("float32"), loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "labels cast to one value",
        ("labels-encoding-mismatch",),
        ("binary", "multiclass"),
        lambda r: replace(
            r,
            y=np.zeros(len(r.x), dtype="int32"),
            loss="binary_crossentropy" if r.task == "binary" else "sparse_categorical_crossentropy",
        ),
    ),
    Fault(
        "words as labels",
        ("labels-encoding-mismatch",),
        ("binary",),
        lambda r: replace(r, y=np.where(r.y > 0, "yes", "no")),
    ),
    Fault(
        "one unit for classes",
        ("wrong-output-units", "labels-encoding-mismatch"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=1, activation="sigmoid", loss="binary_crossentropy"),
    ),
    Fault(
        "one linear unit for classes",
        ("wrong-output-units", "wrong-loss", "labels-encoding-mismatch"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=1, activation=None, loss="mse"),
    ),
    Fault(
        "a unit missing",
        ("wrong-output-units",),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=r.units - 1, loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "units to spare",
        ("wrong-output-units",),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=r.units * 4, loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "one unit for two targets",
        ("wrong-output-units",),
        ("amount", "multilabel"),
        lambda r: replace(r, units=1),
        only=("pair", "labels", "energy_efficiency", "emotions"),
    ),
    Fault(
        "two units for one target",
        ("wrong-output-units",),
        ("amount", "binary"),
        lambda r: replace(r, units=2),
        only=("amount", "binary", "waves", "diabetes_sk", "breast_cancer"),
    ),
    Fault("accuracy of amounts", ("wrong-metric",), ("amount",), lambda r: replace(r, metrics=("accuracy",))),
    Fault(
        "Accuracy()",
        ("wrong-metric",),
        ("binary", "multiclass"),
        lambda r: replace(r, metrics=(keras.metrics.Accuracy(),)),
    ),
    Fault(
        "binary accuracy of classes",
        ("wrong-metric",),
        ("multiclass",),
        lambda r: replace(r, y=one_hot(r), loss="categorical_crossentropy", metrics=("binary_accuracy",)),
    ),
    Fault(
        "raw scales", ("missing-normalization",), ALL, lambda r: replace(r, x=_stretched(r.x)), bodies=("mlp", "conv")
    ),
    Fault(
        "scaled twice",
        ("missing-normalization",),
        ("multiclass", "binary", "amount"),
        lambda r: replace(r, x=(r.x / 255).astype("float32") * (0.01 if r.x.ndim == 2 else 1)),
        bodies=("mlp", "conv"),
    ),
    Fault("raw target", ("missing-target-scaling",), ("amount",), lambda r: replace(r, y=r.y * 80_000 + 200_000)),
    Fault("tiny target", ("missing-target-scaling",), ("amount",), lambda r: replace(r, y=r.y * 1e-4)),
    Fault("Adam at 0.5", ("bad-learning-rate",), ALL, lambda r: replace(r, optimizer=_adam(0.5))),
    Fault("Adam at 1e-7", ("bad-learning-rate",), ALL, lambda r: replace(r, optimizer=_adam(1e-7))),
    Fault("SGD at 20", ("bad-learning-rate",), ("binary", "multiclass"), lambda r: replace(r, optimizer=_sgd(20.0))),
    Fault("SGD at 1e-6", ("bad-learning-rate",), ALL, lambda r: replace(r, optimizer=_sgd(1e-6))),
    Fault(
        "Adadelta at its default",
        ("bad-learning-rate", "wrong-optimizer"),
        ("binary", "multiclass", "amount"),
        lambda r: replace(r, optimizer=lambda: keras.optimizers.Adadelta()),
    ),
    Fault(
        "plain SGD for text",
        ("wrong-optimizer", "bad-learning-rate"),
        ("binary",),
        lambda r: replace(r, optimizer=_sgd(0.01)),
        bodies=("words",),
    ),
    Fault(
        "all rows in a batch",
        ("bad-batch-size", "epochs-too-few"),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_fit(batch_size=len(r.x), epochs=10),
    ),
    Fault(
        "one short epoch",
        ("epochs-too-few",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_fit(epochs=1, batch_size=256),
    ),
    Fault(
        "no hidden activation",
        ("missing-hidden-activation",),
        ALL,
        lambda r: r.with_options(act=None),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "hidden softmax",
        ("wrong-hidden-activation",),
        ALL,
        lambda r: r.with_options(act="softmax"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "hidden exponential",
        ("wrong-hidden-activation",),
        ("binary", "multiclass"),
        lambda r: r.with_options(act="exponential"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "eight hidden sigmoids",
        ("wrong-hidden-activation",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(act="sigmoid", widths=(32,) * 8),
        bodies=("mlp",),
    ),
    Fault(
        "recurrent softmax",
        ("wrong-hidden-activation",),
        ("amount",),
        lambda r: r.with_options(act="softmax"),
        bodies=("recurrent",),
    ),
    Fault(
        "activation twice",
        ("redundant-activation",),
        ("binary", "multiclass"),
        lambda r: r.with_options(extra="relu"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "softmax twice",
        ("redundant-activation", "wrong-last-activation"),
        ("multiclass",),
        lambda r: replace(r, tail=(lambda: layers.Activation("softmax"),)),
    ),
    Fault(
        "sigmoid twice",
        ("redundant-activation", "wrong-last-activation"),
        ("binary",),
        lambda r: replace(r, tail=(lambda: layers.Activation("sigmoid"),)),
    ),
    Fault(
        "zero weights",
        ("bad-weight-init",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(init="zeros"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "equal weights",
        ("bad-weight-init",),
        ("binary", "multiclass"),
        lambda r: r.with_options(init="ones"),
        bodies=("mlp",),
    ),
    Fault(
        "huge weights",
        ("bad-weight-init",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(init=keras.initializers.RandomNormal(stddev=10.0)),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "positive weights",
        ("bad-weight-init",),
        ("binary", "multiclass"),
        lambda r: r.with_options(init=keras.initializers.RandomUniform(0.0, 1.0)),
        bodies=("mlp",),
    ),
    Fault(
        "a hidden layer of one unit",
        ("wrong-layer-units",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(widths=(64, 1)),
        bodies=("mlp",),
    ),
    Fault(
        "a window of 15", ("wrong-layer-units",), ("multiclass",), lambda r: r.with_options(kernel=15), bodies=("conv",)
    ),
    Fault(
        "Flatten forgotten",
        ("wrong-architecture",),
        ("multiclass",),
        lambda r: r.with_options(flat=False),
        bodies=("conv",),
    ),
    Fault(
        "sequences returned",
        ("wrong-architecture",),
        ("amount",),
        lambda r: r.with_options(sequences=True),
        bodies=("recurrent",),
    ),
    Fault(
        "channels first",
        ("wrong-architecture",),
        ("multiclass",),
        lambda r: replace(r.with_options(pool=False), x=np.moveaxis(r.x, -1, 1)),
        bodies=("conv",),
        only=("pictures",),
    ),
    Fault(
        "normalised output",
        ("wrong-architecture",),
        ("binary", "multiclass", "amount"),
        lambda r: replace(r, tail=(lambda: layers.BatchNormalization(),)),
    ),
    Fault(
        "dropout behind the output",
        ("over-regularization", "wrong-architecture"),
        ("binary", "multiclass", "amount"),
        lambda r: replace(r, tail=(lambda: layers.Dropout(0.5),)),
    ),
    Fault(
        "dropout of 0.9",
        ("over-regularization",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(dropout=0.9),
    ),
    Fault(
        "a penalty of 1",
        ("over-regularization",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(penalty=keras.regularizers.L2(1.0)),
        bodies=("mlp",),
    ),
    Fault(
        "validation rows learned",
        ("data-leakage",),
        ("binary", "multiclass", "amount"),
        lambda r: replace(_held(r, lambda x, y: (x, y)), x=r.x, y=r.y),
    ),
    Fault(
        "target among the features",
        ("data-leakage",),
        ("binary", "amount"),
        lambda r: replace(r, x=np.hstack([r.x, r.y.reshape(len(r.y), -1)[:, :1]]).astype("float32")),
        bodies=("mlp",),
    ),
    Fault(
        "validation rows not scaled",
        ("train-test-mismatch",),
        ("binary", "multiclass", "amount"),
        lambda r: _held(r, lambda x, y: (x * 255, y)),
        bodies=("mlp", "conv"),
    ),
    Fault("split of sorted rows", ("train-test-mismatch",), ("binary", "multiclass"), _ordered),
    Fault(
        "twelve rows",
        ("insufficient-data",),
        ("binary", "multiclass"),
        lambda r: replace(r, x=r.x[:12], y=r.y[:12]).with_fit(batch_size=4, epochs=50),
        bodies=("mlp",),
    ),
    Fault(
        "a rare class",
        ("class-imbalance",),
        ("binary",),
        lambda r: replace(r, **dict(zip(("x", "y"), _rare(r), strict=True))),
        bodies=("mlp",),
    ),
    Fault(
        "labels shuffled apart",
        ("label-noise",),
        ("binary", "multiclass"),
        lambda r: replace(r, y=np.random.default_rng(3).permutation(r.y)),
        bodies=("mlp",),
    ),
    Fault(
        "NaN in the inputs",
        ("nan-in-data",),
        ALL,
        lambda r: replace(r, x=_nan(r.x)),
        bodies=("mlp", "conv", "recurrent"),
    ),
    Fault("NaN in the target", ("nan-in-data",), ("amount",), lambda r: replace(r, y=_nan(r.y[..., None])[..., 0])),
    Fault(
        "fractions for an embedding",
        ("wrong-input-type",),
        ("binary",),
        lambda r: replace(r, x=(r.x / 200.0)),
        bodies=("words",),
    ),
    Fault(
        "too small a vocabulary",
        ("wrong-input-type", "wrong-layer-units"),
        ("binary",),
        lambda r: r.with_options(vocabulary=50),
        bodies=("words",),
    ),
    Fault(
        "objects as inputs",
        ("wrong-input-type",),
        ("binary", "amount"),
        lambda r: replace(r, x=r.x.astype(object)),
        bodies=("mlp",),
    ),
    Fault("frozen", ("frozen-layer",), ("binary", "multiclass", "amount"), lambda r: replace(r, freeze=True)),
)


def _rare(recipe: Recipe) -> tuple[Any, Any]:
    ones, zeros = np.flatnonzero(recipe.y == 1)[:8], np.flatnonzero(recipe.y == 0)
    kept = np.random.default_rng(0).permutation(np.r_[ones, zeros])
    return recipe.x[kept], recipe.y[kept]


@dataclass(frozen=True)
class Broken:
    """A broken program and the causes that name its fault."""

    name: str
    causes: tuple[str, ...]
    recipe: Recipe


def plant(recipes: dict[str, Recipe], each: int) -> list[Broken]:
    """Plant every fault in up to `each` of the recipes that can bear it, taking turns among them."""
    found: list[Broken] = []
    for turn, fault in enumerate(FAULTS):
        able = [recipe for recipe in recipes.values() if fault.fits(recipe)]
        for i in range(min(each, len(able))):
            recipe = able[(turn + i * max(1, len(able) // each)) % len(able)]
            found.append(Broken(f"{fault.name} / {recipe.name}", fault.causes, fault.plant(recipe)))
    return found
