"""Forum programs that are right, in the many styles that people write in."""

# ruff: noqa: D101, D102, D103  the names say what each is
from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from keras.layers import Dense

from checks_corpus.forum import cars, customers, flowers, glyphs, prices, reviews, sensors, sound, stack, standard

HELD = {"epochs": 20, "batch_size": 32, "validation_split": 0.2}


@sound
def xor_that_works() -> Any:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    model = stack((2,), Dense(8, activation="tanh"), Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, np.array([0, 1, 1, 0]), {"epochs": 300, "batch_size": 4}


@sound
def and_gate_by_one_neuron() -> Any:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    model = stack((2,), Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="binary_crossentropy")
    return model, x, np.array([[0], [0], [0], [1]]), {"epochs": 1000, "batch_size": 1}


class Classifier(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.drop = Dense(32), Dense(32), layers.Dropout(0.2)
        self.last = Dense(3)

    def call(self, x: Any, training: bool = False) -> Any:
        h = keras.activations.relu(self.first(x))
        h = self.drop(keras.activations.relu(self.second(h)), training=training)
        return self.last(h)


@sound
def subclassed_with_logits() -> Any:
    x, y = flowers()
    model = Classifier()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, standard(x), y, HELD


@sound
def one_hot_with_smoothing() -> Any:
    x, y = flowers()
    i = keras.Input((4,))
    h = layers.Activation("relu")(layers.BatchNormalization()(Dense(32, use_bias=False)(i)))
    model = keras.Model(i, layers.Softmax()(Dense(3)(h)))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.05)
    model.compile(optimizer=keras.optimizers.Nadam(), loss=loss, metrics=["categorical_accuracy"])
    return model, standard(x), np.eye(3)[y], HELD


@sound
def pictures_rebuilt() -> Any:
    x, _ = glyphs()
    x = (x / 255.0).astype("float32")
    encoder = stack(
        (20, 20, 1),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
    )
    decoder = stack(
        (5, 5, 8),
        layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
    )
    model = keras.Sequential([encoder, decoder])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model, x, x, {"epochs": 20, "batch_size": 32}


@sound
def table_rebuilt() -> Any:
    r = np.random.default_rng(31)
    x = standard(r.normal(size=(800, 3)) @ r.normal(size=(3, 12)) + 0.1 * r.normal(size=(800, 12)))
    model = stack((12,), Dense(16, "relu"), Dense(3, name="code"), Dense(16, "relu"), Dense(12))
    model.compile(optimizer="adam", loss="mse")
    return model, x, x, {**HELD, "epochs": 60}


@sound
def pairs_compared() -> Any:
    r = np.random.default_rng(32)
    a = r.normal(size=(900, 6)).astype("float32")
    same = r.integers(0, 2, 900)
    b = np.where(same[:, None] == 1, a + 0.1 * r.normal(size=a.shape), r.normal(size=a.shape)).astype("float32")
    encoder = stack((6,), Dense(32, activation="relu"), Dense(16))
    left, right = keras.Input((6,)), keras.Input((6,))
    distance = ops.absolute(encoder(left) - encoder(right))
    model = keras.Model([left, right], Dense(1, activation="sigmoid")(distance))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model, [a, b], same, HELD


@sound
def class_and_amount() -> Any:
    x, y = customers()
    i = keras.Input((8,))
    h = Dense(32, activation="gelu")(Dense(32, activation="gelu")(i))
    heads = [Dense(1, name="amount")(h), Dense(1, activation="sigmoid", name="leaves")(h)]
    model = keras.Model(i, heads)
    model.compile("adam", ["huber", "binary_crossentropy"], loss_weights=[0.5, 1.0])
    return model, x, [standard(x[:, 0] * x[:, 4]), y], HELD


@sound
def signal_to_signal() -> Any:
    x, _ = prices()
    x = ((x - x.mean()) / x.std()).astype("float32")
    model = stack(
        (20, 1),
        layers.GRU(32),
        layers.RepeatVector(10),
        layers.GRU(32, return_sequences=True),
        layers.TimeDistributed(Dense(1)),
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003, clipnorm=1.0), loss="mse")
    return model, x[:, :20], x[:, 20:], HELD


@sound
def sensors_by_convolution() -> Any:
    x, y = sensors()
    model = stack(
        (64, 3),
        layers.Conv1D(32, 5, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv1D(32, 5, padding="same", activation="relu"),
        layers.GlobalAveragePooling1D(),
        Dense(4),
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, x, y, HELD


@sound
def steering_between_minus_one_and_one() -> Any:
    x, y = cars()
    target = 1.8 * (y - y.min()) / (y.max() - y.min()) - 0.9
    model = stack((3,), Dense(32, activation="elu"), Dense(32, activation="elu"), Dense(1, activation="tanh"))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model, standard(x), target, HELD


class Wave(keras.Model):
    """Fits measured points, with the equation u' = cos as a second loss."""

    def __init__(self) -> None:
        super().__init__()
        self.net = keras.Sequential([Dense(32, activation="tanh"), Dense(32, activation="tanh"), Dense(1)])

    def call(self, t: Any) -> Any:
        u, ahead = self.net(t), self.net(t + 0.01)
        self.add_loss(0.01 * ops.mean(ops.square((ahead - u) / 0.01 - ops.cos(t))))
        return u


@sound
def physics_in_the_loss() -> Any:
    t = np.random.default_rng(33).uniform(-3, 3, (500, 1)).astype("float32")
    model = Wave()
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return model, t, np.sin(t), {"epochs": 60, "batch_size": 32}


@sound
def pretrained_base() -> Any:
    x, y = glyphs()
    x = (x / 255.0).astype("float32")
    i = keras.Input((20, 20, 1))
    h = layers.MaxPooling2D(2)(layers.Conv2D(16, 3, activation="relu")(i))
    base = keras.Model(i, layers.MaxPooling2D(2)(layers.Conv2D(32, 3, activation="relu")(h)))
    before = keras.Sequential([base, layers.Flatten(), Dense(10, activation="softmax")])
    before.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    before.fit(x[:400], y[:400], epochs=8, verbose=0)
    base.trainable = False
    out = keras.Input((20, 20, 1))
    h = layers.Dropout(0.2)(Dense(32, activation="relu")(layers.Flatten()(base(out, training=False))))
    model = keras.Model(out, Dense(1)(h))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
    return model, x[400:], y[400:] > 4, HELD


@sound
def half_precision_inside() -> Any:
    x, y = customers()
    i = keras.Input((8,))
    h = Dense(64, activation="relu", dtype="mixed_float16")(i)
    h = Dense(64, activation="relu", dtype="mixed_float16")(h)
    model = keras.Model(i, Dense(1, activation="sigmoid", dtype="float32")(h))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, HELD


@sound
def two_logits_for_two_classes() -> Any:
    x, y = customers()
    model = stack((8,), Dense(32, activation="swish"), Dense(2))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model, x, y.astype(int), HELD


@sound
def several_labels_as_logits() -> Any:
    r = np.random.default_rng(34)
    x = r.normal(size=(800, 10)).astype("float32")
    y = (x[:, :4] + 0.4 * r.normal(size=(800, 4)) > 0.3).astype("float32")
    model = stack((10,), Dense(48, activation="relu"), Dense(4))
    area = keras.metrics.AUC(multi_label=True, from_logits=True)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=[area])
    return model, x, y, HELD


@sound
def visits_counted() -> Any:
    r = np.random.default_rng(35)
    x = r.normal(size=(900, 6)).astype("float32")
    y = r.poisson(np.exp(0.7 + 0.5 * x[:, 0] - 0.3 * x[:, 1]))
    model = stack((6,), Dense(32, activation="relu"), Dense(1, activation="exponential"))
    model.compile("adam", "poisson", metrics=["mae"])
    return model, x, y, HELD


@sound
def words_and_numbers() -> Any:
    x, y = customers()
    city = np.random.default_rng(36).integers(0, 20, (len(x), 1))
    inputs = {"city": keras.Input((1,), dtype="int32", name="city"), "numbers": keras.Input((8,), name="numbers")}
    h = layers.Concatenate()([layers.Flatten()(layers.Embedding(20, 4)(inputs["city"])), inputs["numbers"]])
    model = keras.Model(inputs, Dense(1, activation="sigmoid")(Dense(32, activation="relu")(h)))
    model.compile("adam", "binary_crossentropy", metrics=["AUC"])
    return model, {"city": city, "numbers": x}, (y + city[:, 0] > 8).astype(int), HELD


@sound
def padded_text_masked() -> Any:
    x, y = reviews()
    model = stack((40,), layers.Embedding(1000, 32, mask_zero=True), layers.LSTM(32), Dense(1, activation="sigmoid"))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model, x, y, {**HELD, "epochs": 8}


@sound
def rare_class_weighted() -> Any:
    r = np.random.default_rng(37)
    x = r.normal(size=(2500, 8)).astype("float32")
    y = (x[:, 0] + x[:, 1] + 0.5 * r.normal(size=2500) > 2.5).astype(int)
    model = stack((8,), Dense(16, activation="relu"), Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(curve="PR")])
    return model, x, y, {**HELD, "class_weight": {0: 1.0, 1: 12.0}}


def pinball(y: Any, p: Any) -> Any:
    """Loss of the 90th percentile."""
    return ops.mean(ops.maximum(0.9 * (y - p), -0.1 * (y - p)), axis=-1)


@sound
def ninetieth_percentile() -> Any:
    x, y = cars()
    model = stack((3,), Dense(32, activation="relu"), Dense(1))
    model.compile("adam", pinball)
    return model, standard(x), standard(y), {**HELD, "epochs": 40}


@sound
def stars_as_amounts() -> Any:
    r = np.random.default_rng(38)
    x = r.normal(size=(800, 6)).astype("float32")
    y = np.clip(np.round(3 + x[:, 0] + 0.5 * x[:, 1]), 1, 5)
    model = stack((6,), layers.Normalization(mean=x.mean(0), variance=x.var(0)), Dense(32, "relu"), Dense(1))
    model.compile("adam", "mse", metrics=["mae", keras.metrics.RootMeanSquaredError()])
    return model, x, y, {**HELD, "epochs": 40}


@sound
def residual_blocks() -> Any:
    x, y = glyphs()
    i = keras.Input((20, 20, 1))
    h = layers.Conv2D(16, 3, padding="same")(layers.Rescaling(1 / 255)(i))
    for _ in range(2):
        a = layers.ReLU()(layers.BatchNormalization()(h))
        a = layers.Conv2D(16, 3, padding="same", use_bias=False)(a)
        a = layers.ReLU()(layers.BatchNormalization()(a))
        h = layers.Add()([h, layers.Conv2D(16, 3, padding="same", use_bias=False)(a)])
    h = layers.GlobalMaxPooling2D()(layers.ReLU()(layers.BatchNormalization()(h)))
    model = keras.Model(i, Dense(10, activation="softmax")(h))
    rate = keras.optimizers.schedules.CosineDecay(0.003, 18 * 20)
    model.compile(keras.optimizers.AdamW(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x, y, HELD


@sound
def margin_of_two_sides() -> Any:
    x, y = customers()
    model = stack((8,), Dense(32, activation="relu"), Dense(1, activation="linear"))
    model.compile("adam", "squared_hinge")
    return model, x, np.where(y > 0, 1, -1), HELD


@sound
def action_values() -> Any:
    r = np.random.default_rng(39)
    x = r.normal(size=(800, 4)).astype("float32")
    q = np.stack([2 * x[:, 0], 1.5 * x[:, 1] - 0.5, x[:, 2] * x[:, 3]], 1)
    model = stack((4,), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(3))
    model.compile(keras.optimizers.Adam(0.001), keras.losses.Huber())
    return model, x, q, {"epochs": 20, "batch_size": 32}
