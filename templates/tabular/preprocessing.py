"""From raw columns to the inputs of the network, as Keras layers that travel inside the exported model.

Statistics and vocabularies are learned from the rows handed to `Encoding`: training rows, and nothing else.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

import blocks
import data
import strings
from blocks import run


class Encoding:
    """What was learned from some rows, as a Keras model from raw columns to the blocks that the network reads.

    # modelwizard: if numbers
    - `numeric` (rows, numbers): scaled numbers
    - `bins` (rows, numbers, BINS): their piecewise-linear encoding
    # modelwizard: end
    - `flags` (rows, flags): zeros and ones
    # modelwizard: if embeddings
    - `categorical` (rows, columns): ids for embeddings
    # modelwizard: end
    # modelwizard: if texts
    - `text` (rows, words): TF-IDF weights
    # modelwizard: end
    """

    def __init__(self, rows: data.Rows) -> None:
        types = {name: "string" if values.dtype == object else "float32" for name, values in rows.x.items()}
        names = blocks.layer_names(types)
        self.raw = {n: keras.Input((1,), name=names[n], dtype=dtype) for n, dtype in types.items()}
        self.features: dict[str, Any] = data.add_features(dict(self.raw))
        parts: list[blocks.Part] = []
        # modelwizard: if dates
        parts += blocks.cycles(self.raw, self.features, rows)
        # modelwizard: end
        # modelwizard: if numbers
        parts += blocks.numbers(self.raw, self.features, rows)
        # modelwizard: end
        # modelwizard: if categories
        parts += strings.categories(self.features, rows)
        # modelwizard: end
        # modelwizard: if texts
        parts += strings.texts(self.features, rows)
        # modelwizard: end
        grouped = {block: [part for part in parts if part.block == block] for block in blocks.BLOCKS}
        tensors = {block: blocks.join([part.tensor for part in found]) for block, found in grouped.items() if found}
        if not tensors:
            raise ValueError("no input column is left: see [columns] in modelwizard.toml and add_features in data.py")
        self.model = keras.Model(self.raw, tensors, name="preprocessing")
        self.columns = {block: [name for part in found for name in part.features] for block, found in grouped.items()}
        # modelwizard: if embeddings
        self.cardinalities = [part.size for part in grouped["categorical"]]  # number of ids in each column
        # modelwizard: end
        # modelwizard: target
        self.target_mean = self.encode_target(rows.y).mean(axis=0)  # for the bias of the last layer
        # modelwizard: end

    def inputs(self) -> dict[str, Any]:
        """Make one `keras.Input` per block, for the network to start from."""
        return {n: keras.Input(t.shape[1:], name=n, dtype=t.dtype) for n, t in self.model.output.items()}

    def encode(self, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Turn raw columns into blocks; done once, before training."""
        return run(self.model, x)

    # modelwizard: encode_target
    def encode_target(self, y: np.ndarray) -> np.ndarray:
        """Turn targets into what the loss compares with."""
        return y.astype(np.float32)

    # modelwizard: end
