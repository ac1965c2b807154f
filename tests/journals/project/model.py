"""The model of this project: one Keras network with named hyperparameters.

Every stage trains `build_model`: the baseline and overfit stages hold its hyperparameters fixed, the regularize stage
searches them. A hyperparameter that you add joins that search by itself.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from keras_tuner import HyperParameters

import data
from preprocessing import Encoding

EMBEDDED = 8  # numbers that each numeric feature is turned into
READ = 32  # numbers that the words of a row are turned into


def build_model(hp: HyperParameters, encoding: Encoding | None = None, steps: int | None = None) -> keras.Model:
    """Build and compile the network.

    Args:
        hp: Values of the hyperparameters; those not set take their defaults.
        encoding: The shapes of the inputs. Defaults to what the training rows give.
        steps: Optimizer steps over which the learning rate falls to zero along a cosine. Defaults to none: it stays.
    """
    encoding = encoding or Encoding(data.load("train"))
    inputs = encoding.inputs()
    x = join(choose(inputs, encoding, hp), encoding)
    penalty = keras.regularizers.L1L2(
        l1=hp.Choice("l1", [0.0, 1e-6, 1e-5, 1e-4, 1e-3], default=0.0),
        l2=hp.Choice("l2", [0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2], default=0.0),
    )
    units = hp.Int("units", 16, 1024, step=2, sampling="log", default=128)
    dropout = hp.Float("dropout", 0.0, 0.6, step=0.1, default=0.2)
    for _ in range(hp.Int("layers", 1, 6, default=3)):
        x = keras.layers.Dense(units, activation="silu", kernel_initializer="he_normal", kernel_regularizer=penalty)(x)
        x = keras.layers.Dropout(dropout)(x)
    # One label of many (3 distinct labels: versicolor, virginica, setosa). Exactly one label is right, so the
    # probabilities must sum to one: softmax. Categorical cross-entropy is the negative log-probability of the right
    # label.
    outputs = keras.layers.Dense(len(data.PROBLEM["classes"]), activation="softmax", name="output")(x)
    loss = "categorical_crossentropy"
    start = np.log(np.clip(encoding.target_mean, 1e-4, 1))
    model = keras.Model(inputs, outputs, name="network")
    learning_rate: Any = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=2e-3)
    if steps:
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    weight_decay = hp.Choice("weight_decay", [0.0, 1e-3, 1e-2, 1e-1], default=1e-2)
    model.compile(optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay), loss=loss)
    model.get_layer("output").bias.assign(start)  # start at the dumb baseline: the first steps need not learn it
    return model


def choose(inputs: dict[str, Any], encoding: Encoding, hp: HyperParameters) -> dict[str, Any]:
    """Let the search switch features off, when modelwizard.toml says `tune_features`: one that is off is always 0."""
    if not data.SETTINGS["training"].get("tune_features"):
        return inputs
    features = sorted({name for names in encoding.columns.values() for name in names})
    on = {name: hp.Boolean(f"use {name}", default=True) for name in features}
    chosen = {}
    for block, tensor in inputs.items():
        mask = np.array([on[name] for name in encoding.columns[block]], dtype=tensor.dtype)
        chosen[block] = tensor * (mask[:, None] if block == "bins" else mask)
    return chosen


def join(inputs: dict[str, Any], encoding: Encoding) -> Any:
    """Join the blocks into one vector per row; ids of categories and bins of numbers become learned vectors."""
    parts = [tensor for name, tensor in inputs.items() if name not in ("categorical", "bins", "text")]
    if "bins" in inputs:
        parts.append(embed(inputs["bins"]))
    if "text" in inputs:  # thousands of words: a narrow layer first costs a fifth of the time, and no quality
        parts.append(keras.layers.Dense(READ, use_bias=False)(inputs["text"]))
    for i, size in enumerate(encoding.cardinalities):
        width = round(1.6 * size**0.56)  # rule of thumb of fastai's tabular models
        parts.append(keras.layers.Embedding(size, min(width, 64))(inputs["categorical"][:, i]))
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


def embed(bins: Any) -> Any:
    """Turn each number into a vector that is learned from the bins it has come through (Gorishniy et al. 2022)."""
    features, count = bins.shape[1:]
    start = keras.initializers.RandomUniform(-(count**-0.5), count**-0.5)
    shape = (features, EMBEDDED)
    x = keras.layers.EinsumDense("nfb,fbe->nfe", shape, "relu", bias_axes="fe", kernel_initializer=start)(bins)
    return keras.layers.Flatten()(x)


def export_model(members: list[tuple[keras.Model, Encoding]], temperature: float = 1.0) -> keras.Model:
    """Make one model from raw columns to predictions in the target's own units.

    Args:
        members: Trained networks with their encodings; several are averaged.
        temperature: What the logits of the averaged probabilities are divided by (Guo et al. 2017): above 1 makes
            them less sure. `modelwizard finalize` learns it from rows that the networks were not trained on.
    """
    raw = {name: keras.Input((1,), name=t.name, dtype=t.dtype) for name, t in members[0][1].raw.items()}
    outputs, encoded = [], {}
    for i, (network, encoding) in enumerate(members):
        if id(encoding) not in encoded:  # members that share an encoding share its layers in the exported model too
            encoded[id(encoding)] = renamed(encoding.model, f"preprocessing_{i}")(raw)
        y = renamed(network, f"network_{i}")(encoded[id(encoding)])
        if encoding.rescales:
            y = keras.layers.Rescaling(encoding.target_scale.tolist(), encoding.target_offset.tolist())(y)
        outputs.append(y)
    y = ops.mean(ops.stack(outputs), axis=0) if len(outputs) > 1 else outputs[0]
    if temperature != 1.0:
        p = ops.clip(y, 1e-7, 1 - 1e-7)
        exclusive = data.PROBLEM["type"] == "multiclass"
        logits = ops.log(p) if exclusive else ops.log(p) - ops.log1p(-p)
        y = ops.softmax(logits / temperature) if exclusive else ops.sigmoid(logits / temperature)
    return keras.Model(raw, y, name="predictor")


def renamed(model: keras.Model, name: str) -> keras.Model:
    """Give a model's graph, with the same layers and weights, another name: parts of one model need different ones."""
    return keras.Model(model.input, model.output, name=name)
