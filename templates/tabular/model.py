"""The model of this project: one Keras network with named hyperparameters.

Every stage trains `build_model`: the baseline and overfit stages hold its hyperparameters fixed, the regularize stage
searches them. A hyperparameter that you add joins that search by itself.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras_tuner import HyperParameters

from preprocessing import Encoding

# modelwizard: if numbers
EMBEDDING_DIM = 8  # numbers that each numeric feature is turned into
# modelwizard: end
# modelwizard: if texts
TEXT_DIM = 32  # numbers that the words of a row are turned into
# modelwizard: end


def build_model(hp: HyperParameters, encoding: Encoding, steps: int | None = None) -> keras.Model:
    """Build and compile the network.

    Args:
        hp: Values of the hyperparameters; those not set take their defaults.
        encoding: The shapes of the inputs.
        steps: Optimizer steps over which the learning rate falls to zero along a cosine. Defaults to none: it stays.
    """
    inputs = encoding.inputs()
    x = join(inputs, encoding)
    penalty = keras.regularizers.L1L2(
        l1=hp.Choice("l1", [0.0, 1e-6, 1e-5, 1e-4, 1e-3], default=0.0),
        l2=hp.Choice("l2", [0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2], default=0.0),
    )
    units = hp.Int("units", 16, 1024, step=2, sampling="log", default=128)
    dropout = hp.Float("dropout", 0.0, 0.6, step=0.1, default=0.2)
    for _ in range(hp.Int("layers", 1, 6, default=3)):
        x = keras.layers.Dense(units, activation="silu", kernel_initializer="he_normal", kernel_regularizer=penalty)(x)
        x = keras.layers.Dropout(dropout)(x)
    # {{WHY}}
    # modelwizard: head
    share = np.clip(encoding.target_mean, 1e-4, 1 - 1e-4)
    start = keras.initializers.Constant(np.log(share / (1 - share)))  # the first prediction is the baseline
    outputs = keras.layers.Dense(1, activation="sigmoid", bias_initializer=start, name="output")(x)
    # modelwizard: end
    model = keras.Model(inputs, outputs, name="network")
    learning_rate: Any = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=2e-3)
    if steps:
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    weight_decay = hp.Choice("weight_decay", [0.0, 1e-3, 1e-2, 1e-1], default=1e-2)
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay),
        loss="binary_crossentropy",
        # modelwizard: if metric
        metrics=[keras.metrics.AUC(name="roc_auc")],
        # modelwizard: end
    )
    return model


def join(inputs: dict[str, Any], encoding: Encoding) -> Any:
    """Join the blocks into one vector per row."""
    parts = [inputs[block] for block in ("numeric", "flags") if block in inputs]
    # modelwizard: if numbers
    if "bins" in inputs:
        parts.append(embed(inputs["bins"]))
    # modelwizard: end
    # modelwizard: if texts
    if "text" in inputs:  # thousands of words: a narrow layer first costs a fifth of the time, and no quality
        parts.append(keras.layers.Dense(TEXT_DIM, use_bias=False)(inputs["text"]))
    # modelwizard: end
    # modelwizard: if embeddings
    for i, size in enumerate(encoding.cardinalities):
        width = min(round(1.6 * size**0.56), 64)  # rule of thumb of fastai's tabular models
        parts.append(keras.layers.Embedding(size, width)(inputs["categorical"][:, i]))
    # modelwizard: end
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


# modelwizard: if numbers
def embed(bins: Any) -> Any:
    """Turn each number into a vector that is learned from the bins it has come through (Gorishniy et al. 2022)."""
    features, count = bins.shape[1:]
    start = keras.initializers.RandomUniform(-(count**-0.5), count**-0.5)
    shape = (features, EMBEDDING_DIM)
    x = keras.layers.EinsumDense("nfb,fbe->nfe", shape, "relu", bias_axes="fe", kernel_initializer=start)(bins)
    return keras.layers.Flatten()(x)


# modelwizard: end
