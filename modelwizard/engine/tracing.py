"""Tracing of functions, and the memory that TensorFlow would keep for ever afterwards given back.

TensorFlow keeps the closure of every custom gradient of every graph in a global registry, and with it the graph and
its variables: 2 to 6 MB a trained model (tensorflow issues 27492 and 97697). A graph that is already differentiated
does not look its entries up again.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops  # the registry has no public name: a test watches for its going

_PREFIX = "CustomGradient-"


def trace(function: Callable[..., Any], *specifications: Any, xla: bool = False) -> Any:
    """Return the concrete function for these specifications of arguments."""
    with _forgetting():
        compiled = tf.function(function, autograph=False, jit_compile=True if xla else None)
        return compiled.get_concrete_function(*specifications)


def purge() -> None:
    """Forget the custom gradients of all graphs, whoever traced them; graphs that nobody holds go."""
    for name in _names():
        del _registry()[name]
    gc.collect()


@contextmanager
def _forgetting() -> Generator[None]:
    """Forget the custom gradients that are registered inside."""
    before = _names()
    try:
        yield
    finally:
        for name in _names() - before:
            del _registry()[name]


def _names() -> set[str]:
    return {name for name in _registry() if name.startswith(_PREFIX)}


def _registry() -> dict[str, Any]:
    gradients: Any = ops.gradient_registry
    return gradients._registry
