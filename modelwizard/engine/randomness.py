"""ThreeFry instead of Philox while a function for XLA on a CPU is traced: one place, restored afterwards.

XLA on a CPU draws TensorFlow's default random numbers (Philox) again and again where they are fused into their
consumers; a network with dropout ran 15 to 30 times slower than with ThreeFry, which XLA knows natively. Every
stateless random op of TensorFlow, hence every random layer of Keras, asks one function for its algorithm.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from modelwizard.engine.keras_internals import random_ops

_LOCK = threading.Lock()


@contextmanager
def threefry() -> Generator[None]:
    """Let random ops that are traced inside, on this thread, use ThreeFry where they would choose by themselves."""
    module = random_ops()
    original, automatic = module.get_key_counter_alg, module.convert_alg_to_int(tf.random.Algorithm.AUTO_SELECT)
    tracer = threading.get_ident()

    def chosen(seed: Any, alg: Any) -> Any:
        by_itself = alg is None or module.convert_alg_to_int(alg) == automatic
        ours = by_itself and threading.get_ident() == tracer
        return original(seed, tf.random.Algorithm.THREEFRY if ours else alg)

    with _LOCK:
        module.get_key_counter_alg = chosen
        try:
            yield
        finally:
            module.get_key_counter_alg = original
