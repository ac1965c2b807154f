"""Working programs that faults are planted in.

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
