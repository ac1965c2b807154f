"""Blocks whose width depends on the rows: padded for the networks, and by the exported model."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from modelwizard.training.shapes import Padded


class Encoding:
    def __init__(self, flags: int, words: int) -> None:
        self.raw = {"a": keras.Input((1,), name="a")}
        wide = {"numeric": 2, "flags": flags, "text": words}
        self.model = keras.Model(self.raw, {n: keras.ops.tile(self.raw["a"], (1, w)) for n, w in wide.items()})
        self.cardinalities = [13, 16]

    def inputs(self) -> dict[str, keras.KerasTensor]:
        return {n: keras.Input(t.shape[1:], name=n) for n, t in self.model.output.items()}

    def encode(self, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.asarray(values) for name, values in self.model(x).items()}


def test_widths_and_ids_are_rounded_up_with_zeros_behind(tmp_path: Path) -> None:
    padded, x = Padded(Encoding(5, 65)), {"a": np.ones((3, 1), np.float32)}
    assert {n: t.shape for n, t in padded.inputs().items()} == {
        "numeric": (None, 2), "flags": (None, 8), "text": (None, 128),
    }  # fmt: skip
    assert padded.cardinalities == [16, 16]
    encoded = padded.encode(x)
    assert encoded["flags"].tolist() == [[1] * 5 + [0] * 3] * 3
    keras.Model(padded.raw, padded.model(padded.raw)).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert all(np.array_equal(np.asarray(loaded(x)[name]), values) for name, values in encoded.items())


def test_what_needs_no_rounding_and_what_is_left_out() -> None:
    encoding = Encoding(8, 64)
    padded = Padded(encoding)
    assert padded.model is encoding.model
    assert (padded.target_scale, padded.target_offset) == (1.0, 0.0)
    assert padded.decode(np.ones(3)).tolist() == [1, 1, 1]
