"""Fresh programs on pictures, texts and series, and with several inputs and outputs: broken ones after forums."""

# ruff: noqa: D102, D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops, optimizers
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from sklearn.datasets import load_digits
from sklearn.preprocessing import MinMaxScaler

from checks_corpus.forum import customers, reviews, stack
from checks_corpus.fresh_tables import BROKEN, flats


def digits() -> tuple[Any, Any]:
    """Return the digits of scikit-learn as pictures in [0, 1], and their numbers."""
    x, y = load_digits(return_X_y=True)
    return (x / 16).reshape(-1, 8, 8, 1).astype("float32"), y


def animals(count: int = 240, size: int = 64) -> tuple[Any, Any]:
    """Return coloured pictures of two animals, in [0, 1]."""
    r = np.random.default_rng(71)
    y = r.integers(0, 2, count)
    x = r.random((count, size, size, 3)) * 0.5
    for i, kind in enumerate(y):
        a, b = r.integers(4, size - 20, 2)
        x[i, a : a + 16, b : b + (16 if kind else 6)] += [0.5, 0.3, 0.1]
    return x.clip(0, 1).astype("float32"), y


def load_curve(count: int = 700, steps: int = 24) -> tuple[Any, Any]:
    """Return windows of a power grid's load in megawatts, and the load that follows each."""
    r = np.random.default_rng(72)
    t = np.arange(count + steps)
    load = 30000 + 6000 * np.sin(t / 24 * 6.28) + 2500 * np.sin(t / 168 * 6.28) + 400 * r.normal(size=len(t))
    return np.stack([load[i : i + steps] for i in range(count)])[..., None], load[steps:]


@BROKEN("wrong-last-activation", "wrong-loss")
def logits_into_categorical() -> Any:
    x, y = digits()
    model = stack((8, 8, 1), Conv2D(16, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10))
    model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
    return model, x, keras.utils.to_categorical(y), {"epochs": 10, "batch_size": 32, "validation_split": 0.2}


@BROKEN("frozen-layer")
def frozen_base_without_weights() -> Any:
    x, y = animals()
    base = keras.applications.MobileNetV2(input_shape=(64, 64, 3), include_top=False, weights=None)
    base.trainable = False
    model = stack((64, 64, 3), base, layers.GlobalAveragePooling2D(), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x * 2 - 1, y, {"epochs": 10, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-output-units", "wrong-last-activation", "wrong-loss")
def vgg_with_one_softmax() -> Any:
    x, y = animals(120)
    base = keras.applications.VGG16(input_shape=(64, 64, 3), include_top=False, weights=None)
    model = keras.Model(base.input, Dense(1, activation="softmax")(Flatten()(base.output)))
    model.compile(optimizer=optimizers.RMSprop(2e-5), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 20, "validation_split": 0.2}


@BROKEN("missing-normalization", "wrong-optimizer", "bad-learning-rate")
def coloured_bytes_by_sgd() -> Any:
    x, y = animals(300, 32)
    conv = [Conv2D(32, 3, activation="relu"), MaxPooling2D(), Conv2D(64, 3, activation="relu"), MaxPooling2D()]
    model = stack((32, 32, 3), *conv, Flatten(), Dense(64, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer=optimizers.SGD(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    return model, (x * 255).astype("uint8"), y, {"epochs": 15, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-hidden-activation")
def convolutions_with_sigmoid() -> Any:
    x, y = digits()
    conv = [Conv2D(32, 3, padding="same", activation="sigmoid") for _ in range(4)]
    net = [*conv, Flatten(), Dense(128, activation="sigmoid"), Dense(10, activation="softmax")]
    model = stack((8, 8, 1), *net)
    model.compile(optimizer=optimizers.SGD(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 5, "batch_size": 64}


@BROKEN("wrong-architecture")
def flatten_forgotten() -> Any:
    x, y = digits()
    model = stack((8, 8, 1), Conv2D(8, 3, activation="relu"), Dense(32, activation="relu"), Dense(10, "softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x, keras.utils.to_categorical(y), {"epochs": 5, "batch_size": 32}


@BROKEN("wrong-last-activation")
def pictures_rebuilt_by_relu() -> Any:
    x, _ = digits()
    x = x.reshape(-1, 64)
    model = stack((64,), Dense(32, activation="relu"), Dense(16, activation="relu"), Dense(64, activation="relu"))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model, x, x, {"epochs": 20, "batch_size": 64, "validation_split": 0.1}


@BROKEN("wrong-last-activation", "wrong-loss")
def four_grounds_by_sigmoid() -> Any:
    r = np.random.default_rng(73)
    ground = np.kron(r.integers(0, 4, (150, 4, 4)), np.ones((4, 4))).astype(int)
    x = (ground[..., None] / 4 + 0.1 * r.normal(size=(150, 16, 16, 3))).astype("float32")
    i = keras.Input((16, 16, 3))
    h = Conv2D(16, 3, padding="same", activation="relu")(i)
    model = keras.Model(i, Conv2D(4, 1, activation="sigmoid")(h))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x, np.eye(4)[ground], {"epochs": 10, "batch_size": 8, "validation_split": 0.2}


@BROKEN("wrong-architecture")
def a_series_in_one_step() -> Any:
    x, y = load_curve()
    scale = MinMaxScaler().fit(x.reshape(-1, 1))
    x = scale.transform(x.reshape(-1, 1)).reshape(-1, 1, 24)
    model = stack((1, 24), layers.LSTM(50), Dense(1))
    model.compile(loss="mean_squared_error", optimizer="adam")
    return model, x, scale.transform(y[:, None]), {"epochs": 30, "batch_size": 32, "shuffle": False}


@BROKEN("missing-normalization", "missing-target-scaling")
def megawatts_into_lstm() -> Any:
    x, y = load_curve()
    model = stack((24, 1), layers.LSTM(64, return_sequences=True), layers.LSTM(32), Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model, x, y, {"epochs": 10, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-last-activation")
def differences_through_relu() -> Any:
    x, y = load_curve()
    x, y = x / 1e4 - 3, (y - x[:, -1, 0]) / 1000
    model = stack((24, 1), layers.GRU(32), Dense(1, activation="relu"))
    model.compile(optimizer="adam", loss="mae")
    return model, x, y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-last-activation", "wrong-loss")
def mood_without_sigmoid() -> Any:
    x, y = reviews()
    net = [layers.Embedding(1000, 32), layers.GlobalAveragePooling1D(), Dense(16, activation="relu"), Dense(1)]
    model = stack((40,), *net)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 64, "validation_split": 0.2}


@BROKEN("bad-learning-rate")
def two_way_lstm_at_a_tenth() -> Any:
    x, y = reviews()
    two = [layers.Bidirectional(layers.LSTM(16, return_sequences=True)), layers.Bidirectional(layers.LSTM(16))]
    model = stack((40,), layers.Embedding(1000, 16, mask_zero=True), *two, Dense(1, activation="sigmoid"))
    model.compile(optimizer=optimizers.Adam(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 5, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-output-units", "labels-encoding-mismatch", "wrong-loss")
def topics_through_one_unit() -> Any:
    x, y = reviews(kinds=4)
    model = stack((40,), layers.Embedding(1000, 16), layers.LSTM(32), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32}


def _two_heads() -> tuple[Any, Any, Any]:
    x, y = flats()
    kind = np.digitize(y, np.quantile(y, [0.33, 0.67]))
    i = keras.Input((4,))
    h = Dense(64, activation="relu")(Dense(64, activation="relu")(i))
    heads = {"kind": Dense(3, activation="softmax", name="kind")(h), "price": Dense(1, name="price")(h)}
    price = ((y - y.mean()) / y.std()).astype("float32")
    x = ((x - x.mean(0)) / x.std(0)).astype("float32")
    return keras.Model(i, heads), x, {"kind": kind, "price": price}


@BROKEN("wrong-loss", "labels-encoding-mismatch", "wrong-output-units")
def losses_of_two_heads_swapped() -> Any:
    model, x, y = _two_heads()
    model.compile(optimizer="adam", loss={"kind": "mse", "price": "sparse_categorical_crossentropy"})
    return model, x, y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-loss", "labels-encoding-mismatch")
def squared_error_for_both_heads() -> Any:
    model, x, y = _two_heads()
    model.compile(optimizer="adam", loss={"kind": "mse", "price": "mse"}, metrics={"kind": "accuracy"})
    return model, x, y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


class Own(keras.Model):
    """A net of one's own that ends in softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Dense(32, activation="relu"), Dense(10)

    def call(self, x: Any) -> Any:
        return ops.softmax(self.two(self.one(x)))


@BROKEN("wrong-loss", "redundant-activation", "wrong-last-activation")
def own_softmax_called_logits() -> Any:
    x, y = digits()
    x = x.reshape(-1, 64)
    model = Own()
    model(x[:2])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32}


@BROKEN("missing-normalization")
def income_beside_embeddings() -> Any:
    r = np.random.default_rng(74)
    x, y = customers()
    town, income = keras.Input((1,), name="town"), keras.Input((2,), name="income")
    h = layers.Concatenate()([Flatten()(layers.Embedding(20, 4)(town)), income])
    out = Dense(1, activation="sigmoid")(Dense(32, activation="relu")(h))
    model = keras.Model([town, income], out)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    money = np.stack([40000 + 15000 * x[:, 0], 300000 + 100000 * x[:, 3]], 1)
    return model, [r.integers(0, 20, (900, 1)), money], y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("wrong-architecture", "wrong-last-activation", "frozen-layer", "wrong-output-units", "crash")
def class_chosen_inside() -> Any:
    x, y = digits()
    i = keras.Input((8, 8, 1))
    h = Dense(10, activation="softmax")(Dense(64, activation="relu")(Flatten()(i)))
    model = keras.Model(i, ops.cast(ops.argmax(h, axis=-1), "float32"))
    model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32}


@BROKEN("wrong-layer-units", "wrong-architecture")
def pictures_through_one_number() -> Any:
    x, _ = digits()
    x = x.reshape(-1, 64)
    net = [Dense(32, activation="relu"), Dense(1, activation="relu"), Dense(32, activation="relu")]
    model = stack((64,), *net, Dense(64, activation="sigmoid"))
    model.compile(optimizer="adam", loss="mse")
    return model, x, x, {"epochs": 30, "batch_size": 64, "validation_split": 0.1}


@BROKEN("wrong-layer-units", "missing-regularization", "wrong-architecture")
def windows_as_large_as_the_picture() -> Any:
    x, y = animals(150, 32)
    conv = [Conv2D(16, 15, padding="same", activation="relu"), MaxPooling2D(), Conv2D(16, 15, padding="same")]
    model = stack((32, 32, 3), *conv, layers.ReLU(), Flatten(), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 5, "batch_size": 16, "validation_split": 0.2}
