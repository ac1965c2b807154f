"""Healthy models: the architectures of Keras's own examples and of good tutorials, small, on data they can learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

Program = tuple[Any, Any, Any, dict[str, Any]]
FIT = {"batch_size": 64, "epochs": 10, "validation_split": 0.1}


def _digits(size: int = 16, count: int = 1000, channels: int = 1) -> tuple[Any, Any]:
    r = np.random.default_rng(1)
    y = r.integers(0, 5, count)
    x = r.uniform(0, 0.2, size=(count, size, size, channels))
    for i, label in enumerate(y):
        a, b = r.integers(1, size - 6, 2)
        x[i, a : a + 5, b : b + 5] += np.roll(np.eye(5), label, axis=1)[..., None] * 0.8
    return x.astype("float32"), y


def _tokens(length: int = 40, count: int = 1000) -> tuple[Any, Any]:
    r = np.random.default_rng(2)
    x = r.integers(20, 500, size=(count, length))
    y = r.integers(0, 2, count)
    for i in range(count):
        x[i, r.integers(0, length, 5)] = r.integers(1, 10, 5) + 9 * y[i]
    return x, y


def _table(count: int = 1000, width: int = 12) -> tuple[Any, Any]:
    r = np.random.default_rng(3)
    x = r.normal(size=(count, width)).astype("float32")
    return x, np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + x[:, 3] + 0.1 * r.normal(size=count)


def _series(steps: int = 24, count: int = 800) -> tuple[Any, Any]:
    r = np.random.default_rng(4)
    phase, speed = r.uniform(0, 6, (count, 1)), r.uniform(0.1, 0.6, (count, 1))
    s = np.sin(phase + speed * np.arange(steps + 1)) + 0.05 * r.normal(size=(count, steps + 1))
    return s[:, :steps, None].astype("float32"), s[:, steps].astype("float32")


def _seq(
    stack: list[Any], shape: tuple[int, ...], loss: Any, optimizer: Any = "adam", metrics: Any = ("accuracy",)
) -> Any:
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics) if metrics else None)
    return model


SPARSE, BINARY = "sparse_categorical_crossentropy", "binary_crossentropy"


def mnist_convnet() -> Program:
    """keras.io: Simple MNIST convnet."""
    x, y = _digits()
    stack = [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(5, activation="softmax"),
    ]
    return (
        _seq(stack, x.shape[1:], "categorical_crossentropy"),
        x,
        np.eye(5)[y],
        {**FIT, "batch_size": 128, "epochs": 15},
    )


def mnist_mlp_bytes() -> Program:
    """A dense net on bytes that the model scales itself."""
    x, y = _digits()
    stack = [
        layers.Rescaling(1 / 255),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(5),
    ]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return _seq(stack, x.shape[1:], loss), (x * 255).clip(0, 255).astype("uint8"), y, FIT


def lenet_tanh() -> Program:
    """LeNet-5 with tanh and average pooling."""
    x, y = _digits(20)
    stack = [
        layers.Conv2D(6, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(84, activation="tanh"),
        layers.Dense(5, activation="softmax"),
    ]
    return _seq(stack, x.shape[1:], SPARSE), x, y, FIT


def vgg_like() -> Program:
    """Convolution, normalisation, ReLU as three layers."""
    x, y = _digits(20, channels=3)
    stack: list[Any] = []
    for filters in (16, 32):
        stack += [
            layers.Conv2D(filters, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
        ]
    stack += [layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax")]
    return _seq(stack, x.shape[1:], SPARSE), x, y, {**FIT, "batch_size": 32, "epochs": 20}


def resnet() -> Program:
    """keras.io functional API guide: a toy ResNet."""
    x, y = _digits()
    i = keras.Input(x.shape[1:])
    h = layers.Conv2D(16, 3, activation="relu")(i)
    for _ in range(2):
        r = layers.Conv2D(16, 3, activation="relu", padding="same")(h)
        r = layers.Conv2D(16, 3, padding="same")(r)
        h = layers.ReLU()(layers.add([r, h]))
    h = layers.GlobalAveragePooling2D()(h)
    m = keras.Model(i, layers.Dense(5)(layers.Dense(32, activation="relu")(h)))
    m.compile(
        keras.optimizers.RMSprop(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["acc"]
    )
    return m, x, y, {**FIT, "epochs": 15}


def xception_small() -> Program:
    """keras.io: Image classification from scratch (separable convolutions, residual projections)."""
    x, y = _digits(24, 500)
    i = keras.Input(x.shape[1:])
    h = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv2D(16, 3, strides=2, padding="same")(i)))
    before = h
    for size in (24, 32):
        h = layers.SeparableConv2D(size, 3, padding="same")(layers.Activation("relu")(h))
        h = layers.BatchNormalization()(h)
        h = layers.MaxPooling2D(3, strides=2, padding="same")(h)
        h = layers.add([h, layers.Conv2D(size, 1, strides=2, padding="same")(before)])
        before = h
    h = layers.Dropout(0.25)(layers.GlobalAveragePooling2D()(h))
    m = keras.Model(i, layers.Dense(5, activation=None)(h))
    m.compile(
        keras.optimizers.Adam(3e-4), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return m, x, y, {**FIT, "batch_size": 32, "epochs": 25}


def mobile_blocks() -> Program:
    """Inverted residuals with linear bottlenecks."""
    x, y = _digits(16, 600)
    i = keras.Input(x.shape[1:])
    h = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(i)
    h = layers.ReLU(6.0)(layers.BatchNormalization()(h))
    for _ in range(2):
        r = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(48, 1, use_bias=False)(h)))
        r = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(r)))
        h = layers.add([h, layers.BatchNormalization()(layers.Conv2D(16, 1, use_bias=False)(r))])
    m = keras.Model(i, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(h)))
    m.compile("adam", SPARSE, metrics=["accuracy"])
    return m, x, y, {**FIT, "batch_size": 32, "epochs": 20}


def squeeze_excite() -> Program:
    """Channel gates with a sigmoid inside."""
    x, y = _digits(16, 600)
    i = keras.Input(x.shape[1:])
    h = layers.Conv2D(32, 3, activation="relu")(i)
    g = layers.Dense(32, activation="sigmoid")(layers.Dense(8, activation="relu")(layers.GlobalAveragePooling2D()(h)))
    h = layers.multiply([h, layers.Reshape((1, 1, 32))(g)])
    h = layers.Conv2D(32, 3, activation="relu")(layers.MaxPooling2D()(h))
    m = keras.Model(i, layers.Dense(5, activation="softmax")(layers.GlobalMaxPooling2D()(h)))
    m.compile("adam", SPARSE, metrics=["accuracy"])
    return m, x, y, {**FIT, "batch_size": 32}


def vision_transformer() -> Program:
    """keras.io: Image classification with a vision transformer, small."""
    x, y = _digits(16, 600)
    i = keras.Input(x.shape[1:])
    h = layers.Reshape((16, 32))(layers.Conv2D(32, 4, strides=4)(i))
    h = h + layers.Embedding(16, 32)(keras.ops.arange(16))
    for _ in range(2):
        n = layers.LayerNormalization()(h)
        h = layers.Add()([layers.MultiHeadAttention(2, 16, dropout=0.1)(n, n), h])
        n = layers.LayerNormalization()(h)
        h = layers.Add()([layers.Dense(32, activation="gelu")(layers.Dense(64, activation="gelu")(n)), h])
    h = layers.Dropout(0.3)(layers.Flatten()(layers.LayerNormalization()(h)))
    m = keras.Model(i, layers.Dense(5)(layers.Dense(64, activation="gelu")(h)))
    m.compile(
        keras.optimizers.AdamW(1e-3, weight_decay=1e-4), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return m, x, y, FIT


def mlp_mixer() -> Program:
    """Token and channel mixing."""
    x, y = _digits(16, 600)
    i = keras.Input(x.shape[1:])
    h = layers.Reshape((16, 32))(layers.Conv2D(32, 4, strides=4)(i))
    for _ in range(2):
        n = layers.Permute((2, 1))(layers.LayerNormalization()(h))
        n = layers.Dense(16)(layers.Dense(32, activation="gelu")(n))
        h = h + layers.Permute((2, 1))(n)
        h = h + layers.Dense(32)(layers.Dense(64, activation="gelu")(layers.LayerNormalization()(h)))
    m = keras.Model(i, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling1D()(h)))
    m.compile("adam", SPARSE, metrics=["accuracy"])
    return m, x, y, FIT


def augmented() -> Program:
    """Random flips and rotations in the model."""
    x, y = _digits(20, 600, 3)
    stack = [
        layers.RandomTranslation(0.1, 0.1),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(5, activation="softmax"),
    ]
    return _seq(stack, x.shape[1:], SPARSE), (x * 255).astype("float32"), y, {**FIT, "batch_size": 32, "epochs": 40}


def frozen_base() -> Program:
    """Transfer learning: a base trained before, frozen."""
    x, y = _digits(16, 600)
    base = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
        ]
    )
    before = keras.Sequential([base, layers.Dense(5, activation="softmax")])
    before.compile("adam", SPARSE)
    before.fit(x, y, epochs=3, verbose=0)
    base.trainable = False
    i = keras.Input(x.shape[1:])
    m = keras.Model(i, layers.Dense(5, activation="softmax")(layers.Dropout(0.2)(base(i, training=False))))
    m.compile("adam", SPARSE, metrics=["accuracy"])
    return m, x, y, {**FIT, "batch_size": 32, "epochs": 20}


def autoencoder() -> Program:
    """Building autoencoders in Keras: sigmoid and binary cross-entropy on pictures."""
    x, _ = _digits()
    x = x.reshape(len(x), -1).clip(0, 1)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(256, activation="sigmoid")]
    return _seq(stack, (256,), BINARY, metrics=None), x, x, {**FIT, "batch_size": 256, "epochs": 50}


def denoiser() -> Program:
    """keras.io: Convolutional autoencoder for image denoising."""
    x, _ = _digits()
    x = x.clip(0, 1)
    noisy = np.clip(x + 0.2 * np.random.default_rng(0).normal(size=x.shape), 0, 1).astype("float32")
    stack = [
        layers.Conv2D(16, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(),
        layers.Conv2DTranspose(16, 3, strides=2, activation="relu", padding="same"),
        layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
    ]
    return _seq(stack, x.shape[1:], BINARY, metrics=None), noisy, x, {**FIT, "batch_size": 128}


def linear_code() -> Program:
    """An autoencoder with a two-dimensional linear code."""
    x, _ = _digits()
    x = x.reshape(len(x), -1).clip(0, 1)
    stack = [
        layers.Dense(64, activation="relu"),
        layers.Dense(2),
        layers.Dense(64, activation="relu"),
        layers.Dense(256),
    ]
    return _seq(stack, (256,), "mse", metrics=None), x, x, {**FIT, "epochs": 30}


def unet() -> Program:
    """Segmentation with skips, one class a pixel."""
    x, _ = _digits(16, 300)
    mask = (x[..., 0] > 0.5).astype("int32")[..., None]
    i = keras.Input(x.shape[1:])
    a = layers.Conv2D(16, 3, activation="relu", padding="same")(i)
    b = layers.Conv2D(32, 3, activation="relu", padding="same")(layers.MaxPooling2D()(a))
    u = layers.concatenate([layers.Conv2DTranspose(16, 2, strides=2)(b), a])
    m = keras.Model(
        i, layers.Conv2D(2, 1, activation="softmax")(layers.Conv2D(16, 3, activation="relu", padding="same")(u))
    )
    m.compile("rmsprop", SPARSE, metrics=["accuracy"])
    return m, x, mask, {**FIT, "batch_size": 32}


def binary_mask() -> Program:
    """Segmentation with one sigmoid a pixel."""
    x, _ = _digits(16, 300)
    mask = (x > 0.5).astype("float32")
    stack = [layers.Conv2D(16, 3, activation="relu", padding="same"), layers.Conv2D(1, 1, activation="sigmoid")]
    return _seq(stack, x.shape[1:], BINARY), x, mask, {**FIT, "batch_size": 32}


def super_resolution() -> Program:
    """keras.io: super-resolution with sub-pixel convolutions, mean squared error on pictures."""
    big, _ = _digits(16, 300)
    small = big[:, ::2, ::2]
    stack = [
        layers.Conv2D(32, 5, activation="relu", padding="same"),
        layers.Conv2D(4, 3, activation="relu", padding="same"),
        layers.UpSampling2D(),
        layers.Conv2D(1, 3, padding="same"),
    ]
    return _seq(stack, small.shape[1:], "mse", metrics=None), small, big, {**FIT, "batch_size": 8}


def imdb_bilstm() -> Program:
    """keras.io: Bidirectional LSTM on IMDB."""
    x, y = _tokens()
    i = keras.Input((None,), dtype="int32")
    h = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(layers.Embedding(500, 32)(i))
    m = keras.Model(i, layers.Dense(1, activation="sigmoid")(layers.Bidirectional(layers.LSTM(16))(h)))
    m.compile("adam", BINARY, metrics=["accuracy"])
    return m, x, y, {**FIT, "batch_size": 32, "epochs": 4}


def text_conv() -> Program:
    """keras.io: Text classification from scratch (Conv1D)."""
    x, y = _tokens()
    stack = [
        layers.Embedding(500, 32),
        layers.Dropout(0.5),
        layers.Conv1D(32, 7, padding="valid", activation="relu", strides=3),
        layers.GlobalMaxPooling1D(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(1, activation="sigmoid"),
    ]
    return _seq(stack, (40,), BINARY), x, y, {**FIT, "batch_size": 32, "epochs": 8}


def text_transformer() -> Program:
    """keras.io: Text classification with Transformer."""
    x, y = _tokens()
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
    x, y = _tokens()
    bag = np.zeros((len(x), 500), "float32")
    np.put_along_axis(bag, x, 1.0, axis=1)
    stack = [layers.Dense(16, activation="relu"), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    return _seq(stack, (500,), BINARY, "rmsprop"), bag, y, {**FIT, "batch_size": 32}


def char_model() -> Program:
    """keras.io: character-level text generation with LSTM."""
    r = np.random.default_rng(5)
    text = np.cumsum(r.choice([1, 2], size=1500)) % 12
    x = np.eye(12, dtype="float32")[np.stack([text[i : i + 10] for i in range(1480)])]
    y = np.eye(12, dtype="float32")[text[10:1490]]
    stack = [layers.LSTM(64), layers.Dense(12, activation="softmax")]
    return (
        _seq(stack, (10, 12), "categorical_crossentropy", keras.optimizers.RMSprop(0.01), None),
        x,
        y,
        {"batch_size": 128, "epochs": 20},
    )


def tagger() -> Program:
    """A label for each step of a sequence."""
    x, _ = _tokens(20, 600)
    stack = [
        layers.Embedding(500, 16, mask_zero=True),
        layers.Bidirectional(layers.LSTM(16, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(3, activation="softmax")),
    ]
    tags = np.where(x < 10, 1, np.where(x < 20, 2, 0))
    return _seq(stack, (20,), SPARSE), x, tags, {**FIT, "batch_size": 32}


def lstm_forecast() -> Program:
    """keras.io: Timeseries forecasting (LSTM, one value)."""
    x, y = _series()
    return (
        _seq([layers.LSTM(32), layers.Dense(1)], x.shape[1:], "mse", keras.optimizers.Adam(1e-3), None),
        x,
        y,
        {**FIT, "batch_size": 32},
    )


def relu_lstm() -> Program:
    """The LSTM with ReLU of many forecasting tutorials."""
    x, y = _series()
    return (
        _seq([layers.LSTM(50, activation="relu"), layers.Dense(1)], x.shape[1:], "mse", metrics=None),
        x,
        y,
        {"epochs": 30, "batch_size": 32},
    )


def timeseries_conv() -> Program:
    """keras.io: Timeseries classification from scratch."""
    x, _ = _series(48, 600)
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
    x, _ = _series(30)
    stack = [layers.GRU(32, return_sequences=True), layers.GRU(16), layers.Dense(5)]
    return _seq(stack, (25, 1), "mae", metrics=None), x[:, :25], x[:, 25:, 0], {**FIT, "batch_size": 32}


def structured() -> Program:
    """keras.io: structured data: embeddings of categories beside normalised numbers."""
    x, y = _table()
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
    x, y = _table()
    i = keras.Input((12,))
    deep = layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(32)(i))))
    wide = layers.BatchNormalization()(i)
    m = keras.Model(i, layers.Dense(3, activation="softmax")(layers.concatenate([wide, deep])))
    m.compile(keras.optimizers.Adam(1e-3), SPARSE, metrics=["sparse_categorical_accuracy"])
    return m, x, np.digitize(y, [-0.5, 0.5]), {**FIT, "batch_size": 32, "epochs": 25}


def imbalanced() -> Program:
    """keras.io: Imbalanced classification with class weights."""
    x, y = _table(2000)
    rare = (y > 2.2).astype("int32")
    stack = [layers.Dense(64, activation="relu"), layers.Dropout(0.3), layers.Dense(1, activation="sigmoid")]
    model = _seq(stack, (12,), BINARY, keras.optimizers.Adam(1e-2), [keras.metrics.AUC()])
    return model, x, rare, {**FIT, "class_weight": {0: 1.0, 1: 20.0}}


def housing() -> Program:
    """Chollet's regression: standardised features, target in thousands as it is."""
    x, y = _table(400)
    stack = [layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu"), layers.Dense(1)]
    return (
        _seq(stack, (12,), "mse", "rmsprop", ["mae"]),
        x,
        22 + 6 * y,
        {"batch_size": 16, "epochs": 80, "validation_split": 0.2},
    )


def fuel() -> Program:
    """TensorFlow's tutorial on fuel efficiency: Normalization, then dense layers, mean absolute error."""
    x, y = _table(400)
    raw = x * np.array([1, 100, 50, 800, 3, 1, 1, 1, 1, 1, 1, 1]) + np.array(
        [5, 200, 100, 3000, 15, 76, 0, 0, 0, 0, 0, 0]
    )
    norm = layers.Normalization()
    norm.adapt(raw)
    stack = [norm, layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu"), layers.Dense(1)]
    return (
        _seq(stack, (12,), "mae", keras.optimizers.Adam(1e-3), None),
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
    return _seq(stack, (4,), "categorical_crossentropy"), x, np.eye(3)[y], {"batch_size": 5, "epochs": 100}


def exclusive_or() -> Program:
    """Four rows, learned by heart."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    stack = [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return (
        _seq(stack, (2,), BINARY, keras.optimizers.Adam(0.01)),
        x,
        np.array([0, 1, 1, 0]),
        {"epochs": 500, "batch_size": 4},
    )


def logistic() -> Program:
    """Logistic regression."""
    x, _ = _table()
    return (
        _seq([layers.Dense(1, activation="sigmoid")], (12,), BINARY),
        x,
        (x[:, 0] + x[:, 3] > 0).astype(int),
        {**FIT, "batch_size": 32, "epochs": 30},
    )


def straight_line() -> Program:
    """Linear regression by plain gradient descent."""
    x = np.linspace(-1, 1, 200)[:, None]
    return (
        _seq([layers.Dense(1)], (1,), "mse", keras.optimizers.SGD(0.1), None),
        x,
        2 * x[:, 0] - 1,
        {"epochs": 100, "batch_size": 32},
    )


def multilabel() -> Program:
    """keras.io: multi-label text classification, bags of words."""
    x, _ = _tokens()
    bag = np.zeros((len(x), 500), "float32")
    np.put_along_axis(bag, x, 1.0, axis=1)
    y = np.stack([bag[:, 20:90].sum(1) > 5, bag[:, 90:200].sum(1) > 8, bag[:, 200:400].sum(1) > 15], 1).astype(
        "float32"
    )
    stack = [layers.Dense(64, activation="relu"), layers.Dense(3, activation="sigmoid")]
    return _seq(stack, (500,), BINARY, metrics=["binary_accuracy"]), bag, y, {**FIT, "batch_size": 128, "epochs": 20}


def counts() -> Program:
    """Poisson regression."""
    x, y = _table()
    counted = np.random.default_rng(9).poisson(np.exp(0.5 * y))
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1, activation="exponential")]
    return _seq(stack, (12,), "poisson", metrics=None), x, counted, {**FIT, "batch_size": 32, "epochs": 20}


def shares() -> Program:
    """A target in [0, 1] through a sigmoid."""
    x, y = _table()
    stack = [
        layers.Dense(32, activation="selu", kernel_initializer="lecun_normal"),
        layers.Dense(1, activation="sigmoid"),
    ]
    return _seq(stack, (12,), "mse", metrics=["mae"]), x, 1 / (1 + np.exp(-y)), {**FIT, "batch_size": 32, "epochs": 20}


def soft_labels() -> Program:
    """Distillation: distributions as targets."""
    x, y = _table()
    logits = np.stack([y, -y, 0.5 * x[:, 4]], 1)
    soft = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")]
    return (
        _seq(stack, (12,), "categorical_crossentropy", metrics=None),
        x,
        soft,
        {**FIT, "batch_size": 32, "epochs": 20},
    )


def hinge() -> Program:
    """keras.io: quasi-SVM: labels -1 and 1, hinge loss, linear output."""
    x, y = _table()
    stack = [layers.Dense(64, activation="relu"), layers.Dense(1)]
    return _seq(stack, (12,), "hinge", metrics=None), x, np.sign(y), {**FIT, "batch_size": 32, "epochs": 20}


def two_outputs() -> Program:
    """keras.io functional API guide: a model with two heads."""
    x, y = _table()
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
    x, y = _table()
    model = Subclassed()
    model.compile("adam", BINARY, metrics=["accuracy"])
    return model, x, (y > 0).astype("float32"), {**FIT, "batch_size": 32, "epochs": 15}


def self_normalising() -> Program:
    """SELU with AlphaDropout."""
    x, y = _table()
    stack: list[Any] = []
    for _ in range(4):
        stack += [layers.Dense(48, activation="selu", kernel_initializer="lecun_normal"), layers.AlphaDropout(0.05)]
    return (
        _seq([*stack, layers.Dense(1)], (12,), "huber", "nadam", ["mae"]),
        x,
        y,
        {**FIT, "batch_size": 32, "epochs": 20},
    )


def regularised() -> Program:
    """L2, dropout, momentum and a decaying rate."""
    x, y = _table()
    rate = keras.optimizers.schedules.CosineDecay(0.05, 800)
    stack = [layers.Dense(64, activation="relu", kernel_regularizer="l2"), layers.Dropout(0.5), layers.Dense(3)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return (
        _seq(stack, (12,), loss, keras.optimizers.SGD(rate, momentum=0.9)),
        x,
        np.digitize(y, [-0.5, 0.5]),
        {**FIT, "batch_size": 32, "epochs": 30},
    )


def siamese() -> Program:
    """Distance of two pictures through one encoder."""
    x, y = _digits(12, 500)
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

    x, y = _table()
    pipeline = tf.data.Dataset.from_tensor_slices((x, (y > 0).astype("float32"))).batch(32)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return _seq(stack, (12,), BINARY), pipeline, None, {"epochs": 20}


PROGRAMS: tuple[Callable[[], Program], ...] = (
    mnist_convnet,
    mnist_mlp_bytes,
    lenet_tanh,
    vgg_like,
    resnet,
    xception_small,
    mobile_blocks,
    squeeze_excite,
    vision_transformer,
    mlp_mixer,
    augmented,
    frozen_base,
    autoencoder,
    denoiser,
    linear_code,
    unet,
    binary_mask,
    super_resolution,
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
