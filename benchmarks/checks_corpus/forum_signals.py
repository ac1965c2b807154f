"""Forum programs on pictures, texts and series."""

# ruff: noqa: D103  the names are the questions
from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from checks_corpus.forum import forum, glyphs, prices, reviews, sensors, stack, standard

SPARSE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


@forum("wrong-output-units", "labels-encoding-mismatch", "wrong-loss", "missing-normalization", "wrong-last-activation")
def ten_digits_one_sigmoid() -> Any:
    x, y = glyphs()
    model = stack((400,), layers.Dense(64, activation="relu"), layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x.reshape(-1, 400), y, {"epochs": 10, "validation_split": 0.33}


@forum("missing-normalization")
def bytes_into_convolutions() -> Any:
    x, y = glyphs()
    model = stack(
        (20, 20, 1),
        layers.Conv2D(32, 3, activation="sigmoid"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64, activation="sigmoid"),
        layers.Dense(10, activation="softmax"),
    )
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x.astype("float32"), keras.utils.to_categorical(y), {"epochs": 12, "batch_size": 128}


@forum("missing-normalization")
def divided_twice() -> Any:
    x, y = glyphs()
    i = keras.Input((20, 20, 1))
    h = layers.Rescaling(1 / 255)(i)
    h = layers.Flatten()(layers.MaxPooling2D()(layers.Conv2D(16, 3, activation="relu")(h)))
    model = keras.Model(i, layers.Dense(10, activation="softmax")(h))
    model.compile(optimizer="adam", **SPARSE)
    return model, x / 255.0, y, {"epochs": 10, "batch_size": 32}


@forum("wrong-last-activation", "missing-normalization")
def rebuilt_with_softmax() -> Any:
    x, _ = glyphs()
    x = x.reshape(-1, 400)
    i = keras.Input((400,))
    h = i
    for units in (128, 64, 28, 64, 128):
        h = layers.Dense(units, activation="relu")(h)
    model = keras.Model(i, layers.Dense(400, activation="softmax")(h))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    return model, x, x, {"epochs": 5, "batch_size": 100}


@forum("wrong-last-activation", "wrong-loss")
def standardised_and_rebuilt_with_sigmoid() -> Any:
    x, _ = glyphs()
    x = standard(x.reshape(-1, 400).astype("float32"))
    model = stack((400,), layers.Dense(64, activation="relu"), layers.Dense(400, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    return model, x, x, {"epochs": 20, "batch_size": 64}


@forum("wrong-architecture", "wrong-layer-units")
def channels_put_first() -> Any:
    x, y = glyphs()
    model = stack(
        (1, 20, 20),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    )
    model.compile(optimizer="adam", **SPARSE)
    return model, x.transpose(0, 3, 1, 2) / 255.0, y, {"epochs": 10, "batch_size": 32}


@forum("over-regularization", "wrong-architecture")
def dropout_on_the_answer() -> Any:
    x, y = glyphs()
    model = stack(
        (20, 20, 1),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10),
        layers.Dropout(0.5),
        layers.Activation("softmax"),
    )
    model.compile(optimizer="adam", **SPARSE)
    return model, x / 255.0, y, {"epochs": 10, "batch_size": 32}


@forum("missing-hidden-activation")
def five_layers_but_linear() -> Any:
    x, y = glyphs()
    model = stack(
        (20, 20, 1),
        layers.Conv2D(16, 3),
        layers.Conv2D(16, 3),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(64),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    )
    model.compile(optimizer="adam", **SPARSE)
    return model, x / 255.0, y, {"epochs": 10, "batch_size": 32}


@forum("wrong-hidden-activation")
def ten_sigmoid_layers() -> Any:
    x, y = glyphs()
    hidden = [layers.Dense(64, activation="sigmoid") for _ in range(10)]
    model = stack((400,), *hidden, layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", **SPARSE)
    return model, x.reshape(-1, 400) / 255.0, y, {"epochs": 10, "batch_size": 32}


@forum("train-test-mismatch", "missing-normalization")
def held_pictures_in_bytes() -> Any:
    x, y = glyphs()
    model = stack(
        (20, 20, 1),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    )
    model.compile(optimizer="adam", **SPARSE)
    held = (x[600:].astype("float32"), y[600:])
    return model, x[:600] / 255.0, y[:600], {"epochs": 10, "batch_size": 32, "validation_data": held}


@forum("wrong-last-activation")
def review_mood_by_softmax() -> Any:
    x, y = reviews()
    model = keras.Sequential(
        [
            keras.Input((40,)),
            layers.Embedding(1000, 32),
            layers.Dropout(0.3),
            layers.Conv1D(64, 5, activation="relu"),
            layers.MaxPooling1D(4),
            layers.Flatten(),
            layers.Dense(1, activation="softmax"),
        ]
    )
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["acc"])
    return model, x, y, {"epochs": 3, "batch_size": 20, "validation_split": 0.2}


@forum("wrong-architecture")
def stars_without_flatten() -> Any:
    x, y = reviews(kinds=5)
    model = stack(
        (40,),
        layers.Embedding(1000, 32),
        layers.Conv1D(32, 8, activation="relu"),
        layers.Dense(10, activation="relu"),
        layers.Dense(5, activation="softmax"),
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, np.eye(5)[y], {"epochs": 5, "batch_size": 50}


@forum("wrong-architecture")
def mood_at_every_word() -> Any:
    x, y = reviews()
    stacked = [layers.Embedding(1000, 16), layers.Conv1D(32, 3, padding="same", activation="relu")]
    model = stack((40,), *stacked, layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, {"epochs": 5, "batch_size": 32, "validation_split": 0.3}


@forum("wrong-layer-units", "wrong-architecture", "wrong-input-type")
def more_words_than_rows() -> Any:
    x, y = reviews()
    model = stack((40,), layers.Embedding(500, 16), layers.LSTM(16), layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, {"epochs": 5, "batch_size": 32}


@forum("wrong-input-type", "wrong-architecture")
def standardised_word_numbers() -> Any:
    x, y = reviews()
    model = stack((40,), layers.Embedding(1000, 16), layers.GRU(16), layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, (x - x.min()) / (x.max() - x.min()), y, {"epochs": 5, "batch_size": 32}


@forum("missing-normalization")
def word_numbers_into_dense() -> Any:
    x, y = reviews()
    model = stack((40,), layers.Dense(64, activation="relu"), layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, y, {"epochs": 10, "batch_size": 32}


@forum("wrong-loss", "wrong-last-activation", "wrong-metric")
def topics_by_binary() -> Any:
    x, y = reviews(kinds=12)
    i = keras.Input((40,))
    h = layers.LSTM(32)(layers.Embedding(1000, 32)(i))
    model = keras.Model(i, layers.Dense(12, activation="sigmoid")(h))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, x, keras.utils.to_categorical(y), {"epochs": 5, "batch_size": 64}


@forum("missing-normalization", "missing-target-scaling", "wrong-metric")
def raw_prices_into_gru() -> Any:
    x, y = prices()
    model = stack((30, 1), layers.GRU(50, return_sequences=True), layers.GRU(50), layers.Dense(1))
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["accuracy"])
    return model, x, y, {"epochs": 20, "batch_size": 32}


@forum("wrong-last-activation")
def returns_cannot_fall() -> Any:
    x, y = prices()
    change = standard(np.diff(np.concatenate([x[..., 0], y[:, None]], 1), axis=1))
    model = stack((29, 1), layers.LSTM(64), layers.Dense(1, activation="relu"))
    model.compile(loss="mse", optimizer="adam")
    return model, change[:, :29, None], change[:, 29], {"epochs": 20, "batch_size": 10, "shuffle": False}


@forum("wrong-hidden-activation", "missing-hidden-activation", "bad-weight-init")
def relu_in_lstm_and_linear_dense() -> Any:
    x, y = prices()
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    init = keras.initializers.RandomUniform(-0.05, 0.05)
    model = stack(
        (30, 1),
        layers.LSTM(80, activation="relu", return_sequences=True, kernel_initializer=init, dropout=0.5),
        layers.LSTM(50, activation="relu", kernel_initializer=init, dropout=0.5),
        layers.Dense(128, activation="linear", kernel_initializer=init),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.Dense(1, activation="linear"),
    )
    model.compile(loss="mean_squared_error", optimizer="rmsprop")
    return model, x, y, {"epochs": 20, "batch_size": 32}


@forum("wrong-architecture")
def every_step_answers() -> Any:
    x, y = sensors()
    model = stack((64, 3), layers.GRU(32, return_sequences=True), layers.Dense(4, activation="softmax"))
    model.compile(optimizer="adam", **SPARSE)
    return model, x, y, {"epochs": 10, "batch_size": 32}


@forum("missing-normalization")
def sensors_in_microvolts() -> Any:
    x, y = sensors()
    model = stack(
        (64, 3),
        layers.Conv1D(32, 5, activation="tanh"),
        layers.MaxPooling1D(2),
        layers.Flatten(),
        layers.Dense(32, activation="tanh"),
        layers.Dense(4, activation="softmax"),
    )
    model.compile(optimizer="adam", **SPARSE)
    return model, 4000 * x + 8000, y, {"epochs": 15, "batch_size": 32}


@forum("wrong-output-units", "labels-encoding-mismatch")
def four_movements_three_outputs() -> Any:
    x, y = sensors()
    model = stack((64, 3), layers.LSTM(32), layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", **SPARSE)
    return model, x, y, {"epochs": 15, "batch_size": 32}


@forum("frozen-layer")
def untrained_base_frozen() -> Any:
    x, y = glyphs()
    base = stack((20, 20, 1), layers.Conv2D(8, 3, activation="relu"), layers.Conv2D(8, 3, activation="relu"))
    base.trainable = False
    head = layers.Dense(10, activation="softmax")
    head.trainable = False
    model = stack((20, 20, 1), base, layers.GlobalAveragePooling2D(), head)
    model.compile(optimizer="adam", **SPARSE)
    return model, x / 255.0, y, {"epochs": 10, "batch_size": 32}


@forum("wrong-architecture")
def normalised_at_the_end() -> Any:
    x, y = prices()
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    model = stack((30, 1), layers.GRU(32), layers.Dense(1), layers.BatchNormalization())
    model.compile(loss="mse", optimizer="adam")
    return model, x, y, {"epochs": 20, "batch_size": 16}
