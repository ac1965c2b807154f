"""The names of activations, whether they are arguments, layers of their own or operations."""

from __future__ import annotations

from typing import Any

import keras

ALIASES = {
    "softmax_v2": "softmax",
    "log_softmax_v2": "log_softmax",
    "re_lu": "relu",
    "reluhidden": "relu",
    "leakyrelu": "leaky_relu",
    "swish": "silu",
    "exp": "exponential",
}
ACTIVATION_KINDS = {
    "Softmax": "softmax",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "PReLU": "prelu",
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Tanh": "tanh",
    "Gelu": "gelu",
    "Silu": "silu",
    "Selu": "selu",
    "Exp": "exponential",
    "LogSoftmax": "log_softmax",
    "HardSigmoid": "hard_sigmoid",
    "Elu": "elu",
    "LeakyRelu": "leaky_relu",
}


def activation_name(function: Any) -> str:
    """Return the Keras name of an activation: `linear` for None, `unknown` for a function of one's own."""
    if function is None:
        return "linear"
    if isinstance(function, str):
        return ALIASES.get(function, function)
    name = getattr(function, "__name__", None) or type(function).__name__
    name = ALIASES.get(name.lower(), name.lower())
    if name in {v for v in ACTIVATION_KINDS.values()} or hasattr(keras.activations, name):
        return name
    return ACTIVATION_KINDS.get(type(function).__name__, "unknown")


def own_activation(operation: Any) -> str:
    """Return the Keras name of the activation that a layer or operation applies."""
    kind = type(operation).__name__
    if kind in ACTIVATION_KINDS and not hasattr(operation, "kernel"):
        return ACTIVATION_KINDS[kind]
    inner = operation.layer if kind in ("TimeDistributed",) else operation
    inner = inner.forward_layer if kind == "Bidirectional" else inner
    if type(inner).__name__ in ("MultiHeadAttention", "GroupedQueryAttention"):
        return "unknown"
    return activation_name(inner.activation) if hasattr(inner, "activation") else "linear"
