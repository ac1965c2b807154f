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

from modelwizard.engine.keeping import Describe, Function, kept
from modelwizard.engine.keras_internals import gradient_registry

_PREFIX = "CustomGradient-"


def trace(
    function: Callable[..., Any],
    *specifications: Any,
    xla: bool = False,
    origin: Describe | None = None,
    told: Any = None,
) -> Function:
    """Return the function for these specifications of arguments, traced now or before.

    Args:
        function: Python code that computes with tensors.
        *specifications: Of its arguments.
        xla: Whether XLA is to compile it.
        origin: Describes what it computes with, as it is when this is called. Defaults to what nobody can describe: it
            is traced now.
        told: The kind of function and every constant that the origin does not tell of; compared as text.
    """

    def make() -> Any:
        with _forgetting():
            compiled = tf.function(function, autograph=False, jit_compile=True if xla else None)
            return compiled.get_concrete_function(*specifications)

    return kept(origin() if origin else None, repr((told, specifications, xla)), make)


def purge() -> None:
    """Forget the custom gradients of all graphs, whoever traced them; graphs that nobody holds go."""
    for name in _names():
        del gradient_registry()[name]
    gc.collect()


@contextmanager
def _forgetting() -> Generator[None]:
    """Forget the custom gradients that are registered inside."""
    before = _names()
    try:
        yield
    finally:
        for name in _names() - before:
            del gradient_registry()[name]


def loop(steps: tf.Tensor, body: Callable[..., Any], *state: Any) -> Any:
    """Run `body(i, *state) -> (i + 1, *state)` so many times, one after the other, inside a traced function."""

    def more(i: tf.Tensor, *_: Any) -> tf.Tensor:
        return i < steps

    return tf.while_loop(more, body, (tf.constant(0), *state), parallel_iterations=1)


def _names() -> set[str]:
    return {name for name in gradient_registry() if name.startswith(_PREFIX)}
