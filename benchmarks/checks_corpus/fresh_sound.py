"""Fresh programs with which nothing is wrong: as good tutorials and careful people write them."""

# ruff: noqa: D101, D102, D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops, optimizers
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from checks_corpus.forum import customers, reviews, sensors, stack
from checks_corpus.fresh_signals import animals, digits, load_curve
from checks_corpus.fresh_tables import RIGHT, flats, payments, rented

HELD = {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def progression_standardised() -> Any:
    x, y = load_diabetes(return_X_y=True)
    x, x_held, y, y_held = train_test_split(x, (y - y.mean()) / y.std(), test_size=0.2, random_state=1)
    norm = layers.Normalization()
    norm.adapt(x)
    model = stack((10,), norm, Dense(32, activation="relu"), layers.Dropout(0.3), Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model, x, y, {"epochs": 50, "batch_size": 16, "validation_data": (x_held, y_held)}


@RIGHT
def digits_with_augmentation() -> Any:
    x, y = digits()
    conv = [la for f in (32, 64) for la in (Conv2D(f, 3, padding="same", use_bias=False), layers.BatchNormalization())]
    net = [layers.RandomRotation(0.05), layers.RandomTranslation(0.1, 0.1), *conv[:2], layers.ReLU(), *conv[2:]]
    end = [layers.ReLU(), MaxPooling2D(), layers.GlobalAveragePooling2D(), layers.Dropout(0.3)]
    model = stack((8, 8, 1), *net, *end, Dense(10, activation="softmax"))
    rate = optimizers.schedules.CosineDecay(2e-3, 1350)
    model.compile(optimizers.AdamW(rate, weight_decay=1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def mobile_net_from_scratch() -> Any:
    x, y = animals()
    net = keras.applications.MobileNetV2(input_shape=(64, 64, 3), weights=None, classes=2)
    model = keras.Sequential([keras.Input((64, 64, 3)), layers.Rescaling(2.0, -1.0), net])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 30, "batch_size": 16, "validation_split": 0.2}


@RIGHT
def u_net_with_dice() -> Any:
    x, _ = animals(160, 32)
    mask = (x.max(axis=-1, keepdims=True) > 0.55).astype("float32")

    def dice(true: Any, guess: Any) -> Any:
        both = ops.sum(true * guess, axis=(1, 2, 3))
        total = ops.sum(true, axis=(1, 2, 3)) + ops.sum(guess, axis=(1, 2, 3))
        return 1 - (2 * both + 1) / (total + 1)

    i = keras.Input((32, 32, 3))
    a = Conv2D(8, 3, padding="same", activation="relu")(i)
    b = Conv2D(16, 3, padding="same", activation="relu")(MaxPooling2D()(a))
    c = layers.Concatenate()([layers.UpSampling2D()(b), a])
    out = Conv2D(1, 1, activation="sigmoid")(Conv2D(8, 3, padding="same", activation="relu")(c))
    model = keras.Model(i, out)
    model.compile(optimizer="adam", loss=dice, metrics=["accuracy"])
    return model, x, mask, {"epochs": 15, "batch_size": 8, "validation_split": 0.2}


class Sampling(layers.Layer):
    def call(self, inputs: Any) -> Any:
        mean, log = inputs
        self.add_loss(-5e-4 * ops.mean(1 + log - ops.square(mean) - ops.exp(log)))
        return mean + ops.exp(0.5 * log) * keras.random.normal(ops.shape(mean))


@RIGHT
def variational_autoencoder() -> Any:
    x = digits()[0].reshape(-1, 64)
    i = keras.Input((64,))
    h = Dense(64, activation="relu")(i)
    z = Sampling()([Dense(4)(h), Dense(4)(h)])
    out = Dense(64, activation="sigmoid")(Dense(64, activation="relu")(z))
    model = keras.Model(i, out)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model, x, x, {"epochs": 30, "batch_size": 32, "validation_split": 0.1}


@RIGHT
def numbers_read_backwards() -> Any:
    r = np.random.default_rng(81)
    x = r.integers(1, 12, (2000, 6))
    y = x[:, ::-1]
    fed = np.c_[np.zeros((2000, 1), int), y[:, :-1]]
    i, j = keras.Input((6,), name="source"), keras.Input((6,), name="fed")
    table = layers.Embedding(12, 16)
    _, h, c = layers.LSTM(64, return_state=True)(table(i))
    o = layers.LSTM(64, return_sequences=True)(table(j), initial_state=[h, c])
    model = keras.Model([i, j], Dense(12, activation="softmax")(o))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"source": x, "fed": fed}, y, {**HELD, "epochs": 30}


class Places(layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.word = layers.Embedding(1000, 32, mask_zero=True)
        self.place = layers.Embedding(40, 32)

    def call(self, x: Any) -> Any:
        return self.word(x) + self.place(ops.arange(40))

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        return self.word.compute_mask(x)


@RIGHT
def mood_by_attention() -> Any:
    x, y = reviews()
    i = keras.Input((40,))
    h = Places()(i)
    a = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 16)(h, h))
    b = layers.LayerNormalization()(a + Dense(32)(Dense(64, activation="gelu")(a)))
    g = layers.Dropout(0.2)(layers.GlobalAveragePooling1D()(b))
    model = keras.Model(i, Dense(1, activation="sigmoid")(g))
    model.compile(optimizer=optimizers.Adam(5e-4), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def next_letter() -> Any:
    text = np.array([ord(c) % 27 for c in "the quick brown fox jumps over the lazy dog and runs " * 60])
    x = np.stack([text[i : i + 20] for i in range(0, 3000, 3)])
    y = np.stack([text[i + 1 : i + 21] for i in range(0, 3000, 3)])
    model = stack((20,), layers.Embedding(27, 16), layers.GRU(64, return_sequences=True), Dense(27))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, x, y, {"epochs": 20, "batch_size": 32}


@RIGHT
def load_by_dilated_convolutions() -> Any:
    x, y = load_curve()
    mean, std = x.mean(), x.std()
    conv = [layers.Conv1D(16, 2, padding="causal", dilation_rate=d, activation="relu") for d in (1, 2, 4, 8)]
    model = stack((24, 1), *conv, Flatten(), Dense(1))
    model.compile(optimizer="adam", loss="mae")
    return model, (x - mean) / std, (y - mean) / std, {"epochs": 40, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def picture_and_facts() -> Any:
    x, y = animals(240, 32)
    facts = np.random.default_rng(82).normal(size=(240, 3)) + y[:, None]
    i, j = keras.Input((32, 32, 3), name="picture"), keras.Input((3,), name="facts")
    h = MaxPooling2D()(Conv2D(16, 3, activation="relu")(MaxPooling2D()(Conv2D(8, 3, activation="relu")(i))))
    h = layers.Concatenate()([layers.GlobalAveragePooling2D()(h), Dense(16, activation="relu")(j)])
    model = keras.Model([i, j], Dense(1, activation="sigmoid")(h))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy", "AUC"])
    return model, {"picture": x, "facts": facts}, y, {"epochs": 20, "batch_size": 16, "validation_split": 0.2}


@RIGHT
def age_and_sex() -> Any:
    r = np.random.default_rng(83)
    x, sex = customers()
    age = (x[:, 4] + 0.5 * x[:, 5] + 0.3 * r.normal(size=900)).astype("float32")
    i = keras.Input((8,))
    h = Dense(64, activation="relu")(Dense(64, activation="relu")(i))
    model = keras.Model(i, {"age": Dense(1, name="age")(h), "sex": Dense(1, name="sex")(h)})
    losses = {"age": "mae", "sex": keras.losses.BinaryCrossentropy(from_logits=True)}
    model.compile(optimizer="adam", loss=losses, loss_weights={"age": 0.5, "sex": 1.0}, metrics={"age": "mae"})
    return model, x, {"age": age, "sex": sex}, HELD


@RIGHT
def tumours_with_callbacks() -> Any:
    x, y = load_breast_cancer(return_X_y=True)
    x, x_held, y, y_held = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    scale = StandardScaler().fit(x)
    model = stack((30,), Dense(16, activation="relu"), layers.Dropout(0.2), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
    slow = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=5)
    held = (scale.transform(x_held), y_held)
    return model, scale.transform(x), y, {"epochs": 100, "validation_data": held, "callbacks": [stop, slow]}


@RIGHT
def ranks_as_cumulated_labels() -> Any:
    x, _ = customers(1200)
    rank = np.digitize(x[:, 0] + 0.5 * x[:, 1], [-1, 0, 1])
    y = (rank[:, None] > np.arange(3)).astype("float32")
    model = stack((8,), Dense(32, activation="relu"), Dense(3, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
    return model, x, y, HELD


@RIGHT
def odd_heartbeats() -> Any:
    x, _ = sensors()
    x = x[..., 0] / 2
    net = [Dense(32, activation="relu"), Dense(8, activation="relu"), Dense(32, activation="relu"), Dense(64)]
    model = stack((64,), *net)
    model.compile(optimizer="adam", loss="mae")
    return model, x, x, {**HELD, "epochs": 40}


@RIGHT
def films_and_people() -> Any:
    r = np.random.default_rng(84)
    who, what = r.integers(0, 60, 4000), r.integers(0, 80, 4000)
    taste, kind = r.normal(size=(60, 3)), r.normal(size=(80, 3))
    stars = np.clip(np.round(3 + 0.8 * (taste[who] * kind[what]).sum(1) + 0.3 * r.normal(size=4000)), 1, 5)
    i, j = keras.Input((1,), name="who"), keras.Input((1,), name="what")
    a, b = Flatten()(layers.Embedding(60, 8)(i)), Flatten()(layers.Embedding(80, 8)(j))
    one, two = Flatten()(layers.Embedding(60, 1)(i)), Flatten()(layers.Embedding(80, 1)(j))
    score = layers.Add()([layers.Dot(axes=1)([a, b]), one, two])
    model = keras.Model([i, j], layers.Activation("sigmoid")(score))
    model.compile(optimizer=optimizers.Adam(5e-3), loss="binary_crossentropy")
    return model, [who[:, None], what[:, None]], (stars - 1) / 4, {**HELD, "epochs": 10}


@RIGHT
def frauds_weighted() -> Any:
    x, y = payments()
    x = StandardScaler().fit_transform(x)
    bias = keras.initializers.Constant(float(np.log(y.sum() / (len(y) - y.sum()))))
    end = Dense(1, activation="sigmoid", bias_initializer=bias)
    model = stack((12,), Dense(16, activation="relu"), layers.Dropout(0.5), end)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[keras.metrics.AUC(curve="PR")])
    return model, x, y, {"epochs": 20, "class_weight": {0: 0.5, 1: 70.0}, "validation_split": 0.2}


@RIGHT
def bicycles_counted() -> Any:
    x, y = rented()
    turn, day = x[:, 0] / 24 * 6.28, np.eye(7)[x[:, 3].astype(int)]
    x = np.c_[np.sin(turn), np.cos(turn), x[:, 1] / 10, x[:, 2], day]
    model = stack((11,), Dense(64, activation="relu"), Dense(32, activation="relu"), Dense(1, activation="exponential"))
    model.compile(optimizer="adam", loss="poisson", metrics=["mae"])
    return model, x, y, {**HELD, "epochs": 50}


@RIGHT
def wine_kinds_with_focal_loss() -> Any:
    x, y = load_wine(return_X_y=True)
    at = np.random.default_rng(0).permutation(len(y))
    x, y = StandardScaler().fit_transform(x)[at], keras.utils.to_categorical(y)[at]
    model = stack((13,), Dense(16, activation="gelu"), Dense(3, activation="softmax"))
    model.compile("adam", keras.losses.CategoricalFocalCrossentropy(label_smoothing=0.05), metrics=["accuracy"])
    return model, x, y, {"epochs": 60, "batch_size": 8, "validation_split": 0.2}


@RIGHT
def self_normalising() -> Any:
    x, y = flats()
    hidden = [Dense(48, activation="selu", kernel_initializer="lecun_normal") for _ in range(4)]
    model = stack((4,), *hidden, layers.AlphaDropout(0.05), Dense(1))
    model.compile(optimizer="nadam", loss="huber", metrics=["mae"])
    y = (y - y.mean()) / y.std()
    return model, StandardScaler().fit_transform(x), y, {**HELD, "epochs": 40}


@RIGHT
def logistic_regression_of_tumours() -> Any:
    x, y = load_breast_cancer(return_X_y=True)
    model = stack((30,), Dense(1, kernel_regularizer=keras.regularizers.L2(1e-3)))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizers.SGD(0.1, momentum=0.9), loss, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
    return model, StandardScaler().fit_transform(x), y, {"epochs": 30, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def signals_rebuilt() -> Any:
    x, _ = sensors(400, 24)
    net = [layers.LSTM(32), layers.RepeatVector(24), layers.LSTM(32, return_sequences=True)]
    model = stack((24, 3), *net, layers.TimeDistributed(Dense(3)))
    model.compile(optimizer="adam", loss="mse")
    return model, x, x, {"epochs": 30, "batch_size": 16, "validation_split": 0.2}


@RIGHT
def words_tagged() -> Any:
    x, _ = reviews(600)
    y = np.where(x == 0, 0, np.where(x < 300, 1, np.where(x < 600, 2, 3)))
    two = layers.Bidirectional(layers.GRU(24, return_sequences=True))
    model = stack((40,), layers.Embedding(1000, 24, mask_zero=True), two, Dense(4, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 15, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def celsius_to_fahrenheit() -> Any:
    x = np.array([-40, -10, 0, 8, 15, 22, 38], dtype=float)
    y = np.array([-40, 14, 32, 46, 59, 72, 100], dtype=float)
    model = keras.Sequential([keras.Input((1,)), Dense(1)])
    model.compile(loss="mean_squared_error", optimizer=optimizers.Adam(0.1))
    return model, x[:, None], y, {"epochs": 500}


@RIGHT
def iris_by_hand() -> Any:
    x, y = load_iris(return_X_y=True)
    x, x_held, y, y_held = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    model = stack((4,), Dense(16, activation="relu"), Dense(16, activation="relu"), Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, {"epochs": 100, "batch_size": 8, "validation_data": (x_held, y_held)}


@RIGHT
def batches_of_pictures() -> Any:
    x, y = digits()
    rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1800, seed=0).batch(32)
    net = [Conv2D(16, 3, activation="relu"), Flatten(), Dense(64, activation="relu"), Dense(10)]
    model = stack((8, 8, 1), *net)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, rows.skip(10), None, {"epochs": 10, "validation_data": rows.take(10)}
