"""Healthy models of pictures: the architectures of keras.io and of good tutorials, small."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from checks_corpus.healthy import BINARY, FIT, SPARSE, Program, digits, sequential


def mnist_convnet() -> Program:
    """keras.io: Simple MNIST convnet."""
    x, y = digits()
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
        sequential(stack, x.shape[1:], "categorical_crossentropy"),
        x,
        np.eye(5)[y],
        {**FIT, "batch_size": 128, "epochs": 15},
    )


def mnist_mlp_bytes() -> Program:
    """A dense net on bytes that the model scales itself."""
    x, y = digits()
    stack = [
        layers.Rescaling(1 / 255),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(5),
    ]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return sequential(stack, x.shape[1:], loss), (x * 255).clip(0, 255).astype("uint8"), y, FIT


def lenet_tanh() -> Program:
    """LeNet-5 with tanh and average pooling."""
    x, y = digits(20)
    stack = [
        layers.Conv2D(6, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(84, activation="tanh"),
        layers.Dense(5, activation="softmax"),
    ]
    return sequential(stack, x.shape[1:], SPARSE), x, y, FIT


def vgg_like() -> Program:
    """Convolution, normalisation, ReLU as three layers."""
    x, y = digits(20, channels=3)
    stack: list[Any] = []
    for filters in (16, 32):
        stack += [
            layers.Conv2D(filters, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
        ]
    stack += [layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax")]
    return sequential(stack, x.shape[1:], SPARSE), x, y, {**FIT, "batch_size": 32, "epochs": 20}


def resnet() -> Program:
    """keras.io functional API guide: a toy ResNet."""
    x, y = digits()
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
    x, y = digits(24, 500)
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
    x, y = digits(16, 600)
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
    x, y = digits(16, 600)
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
    x, y = digits(16, 600)
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
    x, y = digits(16, 600)
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
    x, y = digits(20, 600, 3)
    stack = [
        layers.RandomTranslation(0.1, 0.1),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(5, activation="softmax"),
    ]
    return (
        sequential(stack, x.shape[1:], SPARSE),
        (x * 255).astype("float32"),
        y,
        {**FIT, "batch_size": 32, "epochs": 40},
    )


def frozen_base() -> Program:
    """Transfer learning: a base trained before, frozen."""
    x, y = digits(16, 600)
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
    x, _ = digits()
    x = x.reshape(len(x), -1).clip(0, 1)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(256, activation="sigmoid")]
    return sequential(stack, (256,), BINARY, metrics=None), x, x, {**FIT, "batch_size": 256, "epochs": 50}


def denoiser() -> Program:
    """keras.io: Convolutional autoencoder for image denoising."""
    x, _ = digits()
    x = x.clip(0, 1)
    noisy = np.clip(x + 0.2 * np.random.default_rng(0).normal(size=x.shape), 0, 1).astype("float32")
    stack = [
        layers.Conv2D(16, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(),
        layers.Conv2DTranspose(16, 3, strides=2, activation="relu", padding="same"),
        layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
    ]
    return sequential(stack, x.shape[1:], BINARY, metrics=None), noisy, x, {**FIT, "batch_size": 128}


def linear_code() -> Program:
    """An autoencoder with a two-dimensional linear code."""
    x, _ = digits()
    x = x.reshape(len(x), -1).clip(0, 1)
    stack = [
        layers.Dense(64, activation="relu"),
        layers.Dense(2),
        layers.Dense(64, activation="relu"),
        layers.Dense(256),
    ]
    return sequential(stack, (256,), "mse", metrics=None), x, x, {**FIT, "epochs": 30}


def unet() -> Program:
    """Segmentation with skips, one class a pixel."""
    x, _ = digits(16, 300)
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
    x, _ = digits(16, 300)
    mask = (x > 0.5).astype("float32")
    stack = [layers.Conv2D(16, 3, activation="relu", padding="same"), layers.Conv2D(1, 1, activation="sigmoid")]
    return sequential(stack, x.shape[1:], BINARY), x, mask, {**FIT, "batch_size": 32}


def super_resolution() -> Program:
    """keras.io: super-resolution with sub-pixel convolutions, mean squared error on pictures."""
    big, _ = digits(16, 300)
    small = big[:, ::2, ::2]
    stack = [
        layers.Conv2D(32, 5, activation="relu", padding="same"),
        layers.Conv2D(4, 3, activation="relu", padding="same"),
        layers.UpSampling2D(),
        layers.Conv2D(1, 3, padding="same"),
    ]
    return sequential(stack, small.shape[1:], "mse", metrics=None), small, big, {**FIT, "batch_size": 8}


PROGRAMS = (
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
)
