"""Forum programs, second batch: written after rules were mended on the first, measured once before mending more."""

# ruff: noqa: D102, D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops, optimizers
from keras.layers import Dense

from checks_corpus.forum import Entry, cars, customers, flowers, glyphs, prices, reviews, sensors, stack, standard

BROKEN, RIGHT = Entry(), Entry()
HELD = {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@BROKEN("class-imbalance", "epochs-too-few", "bad-learning-rate", "wrong-optimizer", "wrong-loss")
def fizz_buzz() -> Any:
    n = np.arange(101, 1024)
    x = (n[:, None] >> np.arange(10) & 1).astype("float32")
    y = np.where(n % 15 == 0, 3, np.where(n % 5 == 0, 2, np.where(n % 3 == 0, 1, 0)))
    model = stack((10,), Dense(100, activation="relu"), Dense(4, activation="softmax"))
    model.compile(optimizer=optimizers.SGD(0.01), loss="mse", metrics=["accuracy"])
    return model, x, np.eye(4)[y], {"epochs": 10, "batch_size": 20}


@BROKEN("missing-normalization", "missing-target-scaling")
def products_of_two_numbers() -> Any:
    r = np.random.default_rng(41)
    x = r.integers(1, 100, (1500, 2))
    model = stack((2,), Dense(20, activation="relu"), Dense(20, activation="relu"), Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model, x, x[:, 0] * x[:, 1], {"epochs": 30, "batch_size": 32}


@BROKEN("missing-normalization", "wrong-loss", "wrong-last-activation", "label-noise")
def odd_or_even() -> Any:
    x = np.arange(2000).reshape(-1, 1)
    model = stack((1,), Dense(32, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["accuracy"])
    return model, x, x[:, 0] % 2, {"epochs": 50, "batch_size": 32}


@BROKEN("wrong-last-activation", "missing-target-scaling")
def houses_between_zero_and_one() -> Any:
    x, y = cars()
    model = stack((3,), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
    return model, standard(x), y, {"epochs": 80, "batch_size": 16, "validation_split": 0.2}


@BROKEN("wrong-layer-units", "wrong-architecture")
def forty_topics_through_four_units() -> Any:
    r = np.random.default_rng(42)
    y = r.integers(0, 40, 2000)
    x = (r.random((2000, 200)) < 0.05).astype("float32")
    x[np.arange(2000), y * 5] = 1
    model = stack((200,), Dense(64, activation="relu"), Dense(4, activation="relu"), Dense(40, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x, np.eye(40)[y], {"epochs": 20, "batch_size": 128, "validation_split": 0.2}


@BROKEN("wrong-loss", "wrong-last-activation")
def mood_in_two_sigmoids() -> Any:
    x, y = reviews()
    model = stack((40,), layers.Embedding(1000, 16), layers.LSTM(16), Dense(2, activation="sigmoid"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, keras.utils.to_categorical(y), {"epochs": 5, "batch_size": 32}


@BROKEN("wrong-last-activation", "wrong-output-units")
def mask_by_softmax_of_one() -> Any:
    x, _ = glyphs()
    mask = (x > 120).astype("float32")
    i = keras.Input((20, 20, 1))
    h = layers.Conv2D(16, 3, padding="same", activation="relu")(i)
    model = keras.Model(i, layers.Conv2D(1, 1, activation="softmax")(h))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x / 255.0, mask, {"epochs": 10, "batch_size": 16}


@BROKEN("bad-batch-size", "epochs-too-few", "missing-normalization", "missing-target-scaling", "bad-learning-rate")
def one_pass_over_prices() -> Any:
    x, y = prices()
    model = stack((30, 1), layers.LSTM(25), Dense(1))
    model.compile(loss="mean_squared_error", optimizer="adam")
    return model, x / 1000, y / 1000, {"epochs": 1, "batch_size": 1}


@BROKEN("wrong-hidden-activation", "bad-learning-rate", "epochs-too-few", "wrong-optimizer")
def circles_by_sigmoids() -> Any:
    r = np.random.default_rng(43)
    angle, y = r.uniform(0, 6.3, 1000), r.integers(0, 2, 1000)
    radius = np.where(y == 1, 0.4, 1.0) + 0.05 * r.normal(size=1000)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    hidden = [Dense(4, activation="sigmoid") for _ in range(2)]
    model = stack((2,), *hidden, Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=optimizers.SGD(0.01), metrics=["accuracy"])
    return model, x, y, {"epochs": 100, "batch_size": 100}


@BROKEN("wrong-loss", "wrong-metric", "wrong-last-activation", "labels-encoding-mismatch")
def ages_as_classes() -> Any:
    r = np.random.default_rng(44)
    x = r.normal(size=(900, 12))
    age = np.clip(40 + 12 * x[:, 0] + 5 * x[:, 1], 1, 99)
    model = stack((12,), Dense(64, activation="relu"), Dense(1, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, age, {"epochs": 20, "batch_size": 32}


@BROKEN("nan-in-data")
def passengers_without_age() -> Any:
    x, y = customers()
    x = x.copy()
    x[np.random.default_rng(45).random(len(x)) < 0.2, 3] = np.nan
    model = stack(
        (8,), layers.Normalization(mean=np.zeros(8), variance=np.ones(8)), Dense(32, "relu"), Dense(1, "sigmoid")
    )
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, HELD


@BROKEN("missing-normalization")
def scaler_never_adapted() -> Any:
    x, y = cars()
    model = stack((3,), layers.Normalization(), Dense(32, activation="relu"), Dense(1))
    model.compile(loss="mse", optimizer="adam")
    return model, x, standard(y), HELD


@BROKEN("bad-learning-rate", "wrong-optimizer")
def adam_at_one_tenth_deep() -> Any:
    x, y = flowers()
    hidden = [Dense(64, activation="relu") for _ in range(5)]
    model = stack((4,), *hidden, Dense(3, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizers.Adam(0.1), metrics=["accuracy"])
    return model, standard(x), y, {"epochs": 50, "batch_size": 16, "validation_split": 0.1}


@BROKEN("over-regularization", "bad-learning-rate", "wrong-layer-units")
def dropout_in_a_tiny_net() -> Any:
    x, y = customers()
    model = stack(
        (8,), Dense(4, "relu"), layers.Dropout(0.7), Dense(4, "relu"), layers.Dropout(0.7), Dense(1, "sigmoid")
    )
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, HELD


@BROKEN("wrong-architecture", "wrong-last-activation", "redundant-activation")
def relu_after_the_softmax() -> Any:
    x, y = sensors()
    hidden = [layers.Conv1D(16, 5, activation="relu"), layers.Flatten()]
    model = stack((64, 3), *hidden, Dense(4, activation="softmax"), layers.ReLU(), layers.BatchNormalization())
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, HELD


@BROKEN("train-test-mismatch", "data-leakage")
def movements_of_the_last_subject_only() -> Any:
    x, y = sensors()
    held = np.abs(x[500:]) * 3 - 4
    model = stack((64, 3), layers.GRU(32), Dense(4, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x[:500], y[:500], {"epochs": 15, "batch_size": 16, "validation_data": (held, y[500:])}


@BROKEN("label-noise", "data-leakage", "train-test-mismatch")
def rows_and_labels_shuffled_alone() -> Any:
    x, y = glyphs(kinds=4)
    order = np.random.default_rng(46).permutation(len(x))
    hidden = [layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    model = stack((20, 20, 1), layers.Rescaling(1 / 255), *hidden, Dense(4, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x[order], y, HELD


@BROKEN("missing-regularization", "insufficient-data")
def hundred_letters_by_heart() -> Any:
    r = np.random.default_rng(47)
    x, y = r.normal(size=(150, 100)).astype("float32"), r.integers(0, 2, 150)
    x[:, 0] += 0.8 * y
    model = stack((100,), Dense(1024, "relu"), Dense(1024, "relu"), Dense(1, "sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, {"epochs": 100, "batch_size": 10, "validation_split": 0.3}


@BROKEN("wrong-loss", "wrong-last-activation", "wrong-metric")
def autoencoder_with_accuracy_and_tanh() -> Any:
    x, _ = glyphs()
    x = (x.reshape(-1, 400) / 255.0).astype("float32")
    model = stack((400,), Dense(64, "relu"), Dense(400, activation="tanh"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, x, {"epochs": 20, "batch_size": 32}


@BROKEN("wrong-output-units", "wrong-architecture", "labels-encoding-mismatch")
def three_targets_one_output() -> Any:
    x, _ = customers()
    y = np.stack([x[:, 0], x[:, 1] + x[:, 2], x[:, 3]], 1)
    model = stack((8,), Dense(32, "relu"), Dense(1))
    model.compile(loss="mse", optimizer="adam")
    return model, x, y, HELD


@BROKEN("bad-weight-init", "wrong-hidden-activation")
def tanh_of_hundreds() -> Any:
    x, y = customers()
    init = keras.initializers.RandomUniform(-30, 30)
    model = stack(
        (8,), Dense(64, "tanh", kernel_initializer=init), Dense(64, "tanh", kernel_initializer=init), Dense(1)
    )
    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True), optimizer=optimizers.SGD(0.01, momentum=0.9))
    return model, x, y, HELD


@BROKEN("missing-hidden-activation", "wrong-last-activation", "wrong-loss")
def three_linear_layers_and_labels() -> Any:
    x, y = customers()
    i = keras.Input((8,))
    h = Dense(16)(Dense(32)(Dense(64)(i)))
    model = keras.Model(i, Dense(1)(h))
    model.compile(loss="mae", optimizer="adam", metrics=["accuracy"])
    return model, x, y, HELD


class Scale(layers.Layer):
    """Multiplies by a learned number."""

    def build(self, shape: Any) -> None:
        self.gain = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x: Any) -> Any:
        return x * self.gain


@RIGHT
def layer_of_ones_own() -> Any:
    x, y = customers()
    model = stack((8,), Scale(), Dense(32, activation="mish"), Dense(1, activation="sigmoid"))
    model.compile("adamw", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, HELD


@RIGHT
def batches_from_a_dataset() -> Any:
    x, y = flowers()
    data = tf.data.Dataset.from_tensor_slices((standard(x), y)).shuffle(600).batch(16)
    model = stack((4,), Dense(16, "relu"), Dense(3, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, data, None, {"epochs": 20}


@RIGHT
def shared_words() -> Any:
    x, y = reviews()
    i = keras.Input((40,), dtype="int32")
    words = layers.Embedding(1000, 16)(i)
    found = [layers.GlobalMaxPooling1D()(layers.Conv1D(16, n, activation="relu")(words)) for n in (2, 3, 4)]
    model = keras.Model(i, Dense(1, "sigmoid")(layers.Dropout(0.3)(layers.Concatenate()(found))))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {**HELD, "epochs": 10}


@RIGHT
def mean_and_deviation() -> Any:
    x, y = cars()

    def likelihood(true: Any, said: Any) -> Any:
        mean, log = said[:, :1], said[:, 1:]
        return 0.5 * ops.mean(ops.square(true - mean) * ops.exp(-log) + log)

    model = stack((3,), Dense(32, "tanh"), Dense(2))
    model.compile(optimizers.Adam(0.003), likelihood)
    return model, standard(x), standard(y)[:, None], HELD


@RIGHT
def mask_of_a_picture() -> Any:
    x, _ = glyphs()
    mask = (x > 120).astype("uint8")
    i = keras.Input((20, 20, 1))
    a = layers.Conv2D(16, 3, padding="same", activation="relu")(layers.Rescaling(1 / 255)(i))
    b = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(a)
    c = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")(b)
    model = keras.Model(i, layers.Conv2D(1, 1, activation="sigmoid")(layers.Concatenate()([a, c])))
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.BinaryIoU(target_class_ids=[1])])
    return model, x, mask, {"epochs": 5, "batch_size": 16, "validation_split": 0.1}


@RIGHT
def next_value_of_each_step() -> Any:
    x, _ = prices()
    x = ((x - x.mean()) / x.std()).astype("float32")
    model = stack((29, 1), layers.LSTM(32, return_sequences=True), Dense(1))
    model.compile(optimizers.Adam(0.003, clipnorm=1.0), "mae")
    return model, x[:, :-1], x[:, 1:], {"epochs": 10, "batch_size": 32, "validation_split": 0.2}


@RIGHT
def linear_model_of_linear_data() -> Any:
    r = np.random.default_rng(48)
    x = r.normal(size=(400, 3))
    model = stack((3,), Dense(1))
    model.compile(optimizers.SGD(0.05), "mse")
    return model, x, x @ [1.0, -2.0, 0.5] + 0.1 * r.normal(size=400), {"epochs": 30, "batch_size": 16}


@RIGHT
def hard_labels_and_little_to_learn() -> Any:
    r = np.random.default_rng(49)
    x = r.normal(size=(1200, 6)).astype("float32")
    y = (0.4 * x[:, 0] + r.normal(size=1200) > 0).astype("float32")
    model = stack((6,), Dense(16, "relu", kernel_regularizer="l2"), layers.Dropout(0.3), Dense(1, "sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["AUC"])
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    return model, x, y, {**HELD, "callbacks": [stop]}
