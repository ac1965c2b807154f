"""Healthy models of texts and time series, after keras.io."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from checks_corpus.healthy import BINARY, FIT, SPARSE, Program, sequential, series, tokens


def imdb_bilstm() -> Program:
    """keras.io: Bidirectional LSTM on IMDB."""
    x, y = tokens()
    i = keras.Input((None,), dtype="int32")
    h = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(layers.Embedding(500, 32)(i))
    m = keras.Model(i, layers.Dense(1, activation="sigmoid")(layers.Bidirectional(layers.LSTM(16))(h)))
    m.compile("adam", BINARY, metrics=["accuracy"])
    return m, x, y, {**FIT, "batch_size": 32, "epochs": 4}


def text_conv() -> Program:
    """keras.io: Text classification from scratch (Conv1D)."""
    x, y = tokens()
    stack = [
        layers.Embedding(500, 32),
        layers.Dropout(0.5),
        layers.Conv1D(32, 7, padding="valid", activation="relu", strides=3),
        layers.GlobalMaxPooling1D(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(1, activation="sigmoid"),
    ]
    return sequential(stack, (40,), BINARY), x, y, {**FIT, "batch_size": 32, "epochs": 8}


def text_transformer() -> Program:
    """keras.io: Text classification with Transformer."""
    x, y = tokens()
    i = keras.Input((40,), dtype="int32")
    h = layers.Embedding(500, 32)(i) + layers.Embedding(40, 32)(keras.ops.arange(40))
    a = layers.LayerNormalization()(h + layers.Dropout(0.1)(layers.MultiHeadAttention(2, 16)(h, h)))
    f = layers.Dense(32)(layers.Dense(32, activation="relu")(a))
    h = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(a + layers.Dropout(0.1)(f)))
    h = layers.Dropout(0.1)(layers.Dense(20, activation="relu")(layers.Dropout(0.1)(h)))
    m = keras.Model(i, layers.Dense(2, activation="softmax")(h))
    m.compile("adam", SPARSE, metrics=["accuracy"])
    return m, x, y, {**FIT, "batch_size": 32, "epochs": 6}


def multi_hot_text() -> Program:
    """Bag of words into a dense net."""
    x, y = tokens()
    bag = np.zeros((len(x), 500), "float32")
    np.put_along_axis(bag, x, 1.0, axis=1)
    stack = [layers.Dense(16, activation="relu"), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    return sequential(stack, (500,), BINARY, "rmsprop"), bag, y, {**FIT, "batch_size": 32}


def char_model() -> Program:
    """keras.io: character-level text generation with LSTM."""
    r = np.random.default_rng(5)
    text = np.cumsum(r.choice([1, 2], size=1500)) % 12
    x = np.eye(12, dtype="float32")[np.stack([text[i : i + 10] for i in range(1480)])]
    y = np.eye(12, dtype="float32")[text[10:1490]]
    stack = [layers.LSTM(64), layers.Dense(12, activation="softmax")]
    return (
        sequential(stack, (10, 12), "categorical_crossentropy", keras.optimizers.RMSprop(0.01), None),
        x,
        y,
        {"batch_size": 128, "epochs": 20},
    )


def tagger() -> Program:
    """A label for each step of a sequence."""
    x, _ = tokens(20, 600)
    stack = [
        layers.Embedding(500, 16, mask_zero=True),
        layers.Bidirectional(layers.LSTM(16, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(3, activation="softmax")),
    ]
    tags = np.where(x < 10, 1, np.where(x < 20, 2, 0))
    return sequential(stack, (20,), SPARSE), x, tags, {**FIT, "batch_size": 32}


def lstm_forecast() -> Program:
    """keras.io: Timeseries forecasting (LSTM, one value)."""
    x, y = series()
    return (
        sequential([layers.LSTM(32), layers.Dense(1)], x.shape[1:], "mse", keras.optimizers.Adam(1e-3), None),
        x,
        y,
        {**FIT, "batch_size": 32},
    )


def relu_lstm() -> Program:
    """The LSTM with ReLU of many forecasting tutorials."""
    x, y = series()
    return (
        sequential([layers.LSTM(50, activation="relu"), layers.Dense(1)], x.shape[1:], "mse", metrics=None),
        x,
        y,
        {"epochs": 30, "batch_size": 32},
    )


def timeseries_conv() -> Program:
    """keras.io: Timeseries classification from scratch."""
    x, _ = series(48, 600)
    labels = (np.abs(np.diff(x[..., 0], axis=1)).mean(axis=1) > 0.2).astype("int32")
    i = keras.Input(x.shape[1:])
    h = i
    for _ in range(3):
        h = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(32, 3, padding="same")(h)))
    m = keras.Model(i, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(h)))
    m.compile("adam", SPARSE, metrics=["sparse_categorical_accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=20)
    return m, x, labels, {"batch_size": 32, "epochs": 40, "validation_split": 0.2, "callbacks": [stop]}


def sequence_to_vector() -> Program:
    """Several steps ahead at once."""
    x, _ = series(30)
    stack = [layers.GRU(32, return_sequences=True), layers.GRU(16), layers.Dense(5)]
    return sequential(stack, (25, 1), "mae", metrics=None), x[:, :25], x[:, 25:, 0], {**FIT, "batch_size": 32}


PROGRAMS = (
    imdb_bilstm,
    text_conv,
    text_transformer,
    multi_hot_text,
    char_model,
    tagger,
    lstm_forecast,
    relu_lstm,
    timeseries_conv,
    sequence_to_vector,
)
