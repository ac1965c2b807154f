"""Widths that networks share: blocks whose width depends on the rows are padded, so that folds compile only once.

A fold has a word or a category more than another, which makes other shapes and another compiled program. The project
knows nothing of this; only the exported model shows it, which pads as well.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MULTIPLES = {"flags": 8, "text": 64}
"""What the width of a block is rounded up to a multiple of."""
IDS = 8
"""What the number of ids of an embedding is rounded up to a multiple of."""


class Padded:
    """The project's `Encoding` as the stages use it: with rounded widths, and with what a project may leave out.

    Everything that is not named here is the project's own.

    Args:
        encoding: The project's `Encoding`.
    """

    def __init__(self, encoding: Any) -> None:
        self.encoding = encoding

    def __getattr__(self, name: str) -> Any:
        if name == "encoding":  # not set yet: a copy is being made
            raise AttributeError(name)
        return getattr(self.encoding, name)

    @cached_property
    def gaps(self) -> dict[str, int]:
        """How many columns of zeros each block gets, those that get some."""
        shapes = {name: tensor.shape for name, tensor in self.encoding.inputs().items()}
        widths = {name: shapes[name][1] for name in MULTIPLES if len(shapes.get(name, ())) == 2}
        return {name: -width % MULTIPLES[name] for name, width in widths.items() if width % MULTIPLES[name]}

    @property
    def cardinalities(self) -> list[int]:
        """The rounded number of ids of each category."""
        return [size + -size % IDS for size in getattr(self.encoding, "cardinalities", ())]

    def inputs(self) -> dict[str, Any]:
        """Make one `keras.Input` per block."""
        made, gaps = dict(self.encoding.inputs()), self.gaps
        for name in gaps:
            made[name] = keras.Input((made[name].shape[1] + gaps[name],), name=name, dtype=made[name].dtype)
        return made

    def encode(self, x: dict[str, Array]) -> dict[str, Array]:
        """Turn raw columns into blocks, with zeros at the end of those that are rounded."""
        blocks: dict[str, Array] = self.encoding.encode(x)
        return {n: np.pad(v, ((0, 0), (0, self.gaps[n]))) if n in self.gaps else v for n, v in blocks.items()}

    @cached_property
    def model(self) -> Any:
        """The project's model from raw columns to blocks, padded as `encode` pads."""
        model, gaps = self.encoding.model, self.gaps
        if not gaps:
            return model
        blocks = {n: keras.ops.pad(t, ((0, 0), (0, gaps[n]))) if n in gaps else t for n, t in model.output.items()}
        return keras.Model(self.encoding.raw, blocks, name=model.name)

    @property
    def target_scale(self) -> Any:
        """What targets are divided by before training: ones in a project that does not scale them."""
        return getattr(self.encoding, "target_scale", 1.0)

    @property
    def target_offset(self) -> Any:
        """What is taken from targets before that."""
        return getattr(self.encoding, "target_offset", 0.0)

    def decode(self, outputs: Array) -> Array:
        """Turn outputs of the network into the target's own units."""
        return self.encoding.decode(outputs) if hasattr(self.encoding, "decode") else outputs
