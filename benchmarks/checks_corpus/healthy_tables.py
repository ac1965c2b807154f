"""Healthy models of tables, after keras.io, Chollet and TensorFlow's tutorials."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from checks_corpus.healthy import BINARY, FIT, SPARSE, Program, digits, sequential, table, tokens


def structured() -> Program:
    """keras.io: structured data: embeddings of categories beside normalised numbers."""
    x, y = table()
    kind = np.random.default_rng(6).integers(0, 7, len(x))
    n, c = keras.Input((12,), name="numeric"), keras.Input((1,), dtype="int32", name="kind")
    norm = layers.Normalization()
    norm.adapt(x * 100 + 30)
    h = layers.concatenate([norm(n), layers.Flatten()(layers.Embedding(7, 3)(c))])
    h = layers.Dropout(0.5)(layers.Dense(32, activation="relu")(h))
    m = keras.Model([n, c], layers.Dense(1, activation="sigmoid")(h))
    m.compile("adam", BINARY, metrics=["accuracy"])
    return (
        m,
        {"numeric": x * 100 + 30, "kind": kind},
        (y > 0).astype("float32"),
        {**FIT, "batch_size": 32, "epochs": 25},
    )


def wide_and_deep() -> Program:
    """keras.io: Wide & deep."""
    x, y = table()
    i = keras.Input((12,))
    deep = layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(32)(i))))
    wide = layers.BatchNormalization()(i)
    m = keras.Model(i, layers.Dense(3, activation="softmax")(layers.concatenate([wide, deep])))
    m.compile(keras.optimizers.Adam(1e-3), SPARSE, metrics=["sparse_categorical_accuracy"])
    return m, x, np.digitize(y, [-0.5, 0.5]), {**FIT, "batch_size": 32, "epochs": 25}


def imbalanced() -> Program:
    """keras.io: Imbalanced classification with class weights."""
    x, y = table(2000)
    rare = (y > 2.2).astype("int32")
    stack = [layers.Dense(64, activation="relu"), layers.Dropout(0.3), layers.Dense(1, activation="sigmoid")]
    model = sequential(stack, (12,), BINARY, keras.optimizers.Adam(1e-2), [keras.metrics.AUC()])
    return model, x, rare, {**FIT, "class_weight": {0: 1.0, 1: 20.0}}


def housing() -> Program:
    """Chollet's regression: standardised features, target in thousands as it is."""
    x, y = table(400)
    stack = [layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu"), layers.Dense(1)]
    return (
        sequential(stack, (12,), "mse", "rmsprop", ["mae"]),
        x,
        22 + 6 * y,
        {"batch_size": 16, "epochs": 80, "validation_split": 0.2},
    )


def fuel() -> Program:
    """TensorFlow's tutorial on fuel efficiency: Normalization, then dense layers, mean absolute error."""
    x, y = table(400)
    raw = x * np.array([1, 100, 50, 800, 3, 1, 1, 1, 1, 1, 1, 1]) + np.array(
        [5, 200, 100, 3000, 15, 76, 0, 0, 0, 0, 0, 0]
    )
    norm = layers.Normalization()
    norm.adapt(raw)
    stack = [norm, layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu"), layers.Dense(1)]
    return (
        sequential(stack, (12,), "mae", keras.optimizers.Adam(1e-3), None),
        raw,
        23 + 7 * y,
        {"epochs": 100, "validation_split": 0.2},
    )


def iris_like() -> Program:
    """Four measurements in centimetres, three flowers."""
    r = np.random.default_rng(8)
    y = r.integers(0, 3, 150)
    x = np.array([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])[y] + 0.4 * r.normal(size=(150, 4))
    stack = [layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")]
    return sequential(stack, (4,), "categorical_crossentropy"), x, np.eye(3)[y], {"batch_size": 5, "epochs": 100}


def exclusive_or() -> Program:
    """Four rows, learned by heart."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    stack = [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return (
        sequential(stack, (2,), BINARY, keras.optimizers.Adam(0.01)),
        x,
        np.array([0, 1, 1, 0]),
        {"epochs": 500, "batch_size": 4},
    )


def logistic() -> Program:
    """Logistic regression."""
    x, _ = table()
    return (
        sequential([layers.Dense(1, activation="sigmoid")], (12,), BINARY),
        x,
        (x[:, 0] + x[:, 3] > 0).astype(int),
        {**FIT, "batch_size": 32, "epochs": 30},
    )


def straight_line() -> Program:
    """Linear regression by plain gradient descent."""
    x = np.linspace(-1, 1, 200)[:, None]
    return (
        sequential([layers.Dense(1)], (1,), "mse", keras.optimizers.SGD(0.1), None),
        x,
        2 * x[:, 0] - 1,
        {"epochs": 100, "batch_size": 32},
    )


def multilabel() -> Program:
    """keras.io: multi-label text classification, bags of words."""
    x, _ = tokens()
    bag = np.zeros((len(x), 500), "float32")
    np.put_along_axis(bag, x, 1.0, axis=1)
    y = np.stack([bag[:, 20:90].sum(1) > 5, bag[:, 90:200].sum(1) > 8, bag[:, 200:400].sum(1) > 15], 1).astype(
        "float32"
    )
    stack = [layers.Dense(64, activation="relu"), layers.Dense(3, activation="sigmoid")]
    return (
        sequential(stack, (500,), BINARY, metrics=["binary_accuracy"]),
        bag,
        y,
        {**FIT, "batch_size": 128, "epochs": 20},
    )


def counts() -> Program:
    """Poisson regression."""
    x, y = table()
    counted = np.random.default_rng(9).poisson(np.exp(0.5 * y))
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1, activation="exponential")]
    return sequential(stack, (12,), "poisson", metrics=None), x, counted, {**FIT, "batch_size": 32, "epochs": 20}


def shares() -> Program:
    """A target in [0, 1] through a sigmoid."""
    x, y = table()
    stack = [
        layers.Dense(32, activation="selu", kernel_initializer="lecun_normal"),
        layers.Dense(1, activation="sigmoid"),
    ]
    return (
        sequential(stack, (12,), "mse", metrics=["mae"]),
        x,
        1 / (1 + np.exp(-y)),
        {**FIT, "batch_size": 32, "epochs": 20},
    )


def soft_labels() -> Program:
    """Distillation: distributions as targets."""
    x, y = table()
    logits = np.stack([y, -y, 0.5 * x[:, 4]], 1)
    soft = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")]
    return (
        sequential(stack, (12,), "categorical_crossentropy", metrics=None),
        x,
        soft,
        {**FIT, "batch_size": 32, "epochs": 20},
    )


def hinge() -> Program:
    """keras.io: quasi-SVM: labels -1 and 1, hinge loss, linear output."""
    x, y = table()
    stack = [layers.Dense(64, activation="relu"), layers.Dense(1)]
    return sequential(stack, (12,), "hinge", metrics=None), x, np.sign(y), {**FIT, "batch_size": 32, "epochs": 20}


def two_outputs() -> Program:
    """keras.io functional API guide: a model with two heads."""
    x, y = table()
    i = keras.Input((12,))
    h = layers.Dense(32, activation="relu")(i)
    m = keras.Model(i, [layers.Dense(1, name="amount")(h), layers.Dense(1, activation="sigmoid", name="label")(h)])
    m.compile("adam", {"amount": "mse", "label": BINARY}, metrics={"label": ["accuracy"]})
    return m, x, {"amount": y, "label": (y > 0).astype("float32")}, {**FIT, "batch_size": 32, "epochs": 20}


def recommender() -> Program:
    """keras.io: Collaborative filtering: two embeddings, a dot product."""
    r = np.random.default_rng(10)
    u, v = r.integers(0, 40, 1500), r.integers(0, 60, 1500)
    a, b = r.normal(size=(40, 3)), r.normal(size=(60, 3))
    rating = 1 / (1 + np.exp(-(a[u] * b[v]).sum(1)))
    i, j = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
    p, q = layers.Flatten()(layers.Embedding(40, 8)(i)), layers.Flatten()(layers.Embedding(60, 8)(j))
    m = keras.Model([i, j], layers.Activation("sigmoid")(layers.Dot(axes=1)([p, q])))
    m.compile(keras.optimizers.Adam(1e-3), BINARY)
    return m, [u, v], rating, {**FIT, "epochs": 15}


class Subclassed(keras.Model):
    """A model of one's own class."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")
        self.drop = layers.Dropout(0.2)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return probabilities."""
        return self.second(self.drop(self.first(inputs), training=training))


def subclassed() -> Program:
    """keras.io: making new models by subclassing."""
    x, y = table()
    model = Subclassed()
    model.compile("adam", BINARY, metrics=["accuracy"])
    return model, x, (y > 0).astype("float32"), {**FIT, "batch_size": 32, "epochs": 15}


def self_normalising() -> Program:
    """SELU with AlphaDropout."""
    x, y = table()
    stack: list[Any] = []
    for _ in range(4):
        stack += [layers.Dense(48, activation="selu", kernel_initializer="lecun_normal"), layers.AlphaDropout(0.05)]
    return (
        sequential([*stack, layers.Dense(1)], (12,), "huber", "nadam", ["mae"]),
        x,
        y,
        {**FIT, "batch_size": 32, "epochs": 20},
    )


def regularised() -> Program:
    """L2, dropout, momentum and a decaying rate."""
    x, y = table()
    rate = keras.optimizers.schedules.CosineDecay(0.05, 800)
    stack = [layers.Dense(64, activation="relu", kernel_regularizer="l2"), layers.Dropout(0.5), layers.Dense(3)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return (
        sequential(stack, (12,), loss, keras.optimizers.SGD(rate, momentum=0.9)),
        x,
        np.digitize(y, [-0.5, 0.5]),
        {**FIT, "batch_size": 32, "epochs": 30},
    )


def siamese() -> Program:
    """Distance of two pictures through one encoder."""
    x, y = digits(12, 500)
    encoder = keras.Sequential(
        [keras.Input(x.shape[1:]), layers.Conv2D(16, 3, activation="relu"), layers.Flatten(), layers.Dense(16)]
    )
    a, b = keras.Input(x.shape[1:]), keras.Input(x.shape[1:])
    d = keras.ops.abs(encoder(a) - encoder(b))
    m = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(d))
    m.compile("adam", BINARY, metrics=["accuracy"])
    other = np.random.default_rng(0).permutation(len(x))
    return m, [x, x[other]], (y == y[other]).astype("float32"), {**FIT, "batch_size": 32, "epochs": 20}


def dataset_input() -> Program:
    """A tf.data pipeline."""
    import tensorflow as tf

    x, y = table()
    pipeline = tf.data.Dataset.from_tensor_slices((x, (y > 0).astype("float32"))).batch(32)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return sequential(stack, (12,), BINARY), pipeline, None, {"epochs": 20}


PROGRAMS = (
    structured,
    wide_and_deep,
    imbalanced,
    housing,
    fuel,
    iris_like,
    exclusive_or,
    logistic,
    straight_line,
    multilabel,
    counts,
    shares,
    soft_labels,
    hinge,
    two_outputs,
    recommender,
    subclassed,
    self_normalising,
    regularised,
    siamese,
    dataset_input,
)
