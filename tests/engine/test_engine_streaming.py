"""Rows read in chunks: full batches over the borders of chunks, shuffled, the same training as from memory."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers

import modelwizard as mw
from modelwizard.engine.streaming import Stream
from modelwizard.errors import UsageError

ROWS = 100
X = np.arange(ROWS * 3, dtype="float32").reshape(ROWS, 3) / 300
Y = (X.sum(1, keepdims=True) > 0.5).astype("float32")
FRAME = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": Y[:, 0]})


def encode(table: pd.DataFrame) -> Any:
    return {"abc": table[["a", "b", "c"]].to_numpy("float32")}, table[["y"]].to_numpy("float32")


def chunks(sizes: list[int]) -> Stream:
    borders = np.cumsum([0, *sizes])
    return Stream(lambda random: [(X[a:b], Y[a:b]) for a, b in pairwise(borders)])


@pytest.mark.parametrize(
    ("sizes", "batch", "expected"),
    [
        ([100], 10, [100]),
        ([30, 30, 40], 10, [30, 30, 40]),
        ([30, 30, 40], 16, [16, 32, 48, 4]),
        ([5, 5, 5, 85], 16, [96, 4]),
        ([40, 60], 200, [100]),
    ],
)
def test_every_row_comes_once_in_whole_batches_until_the_last(
    sizes: list[int], batch: int, expected: list[int]
) -> None:
    parts = list(chunks(sizes).epoch(batch, None))
    assert [part.count for part in parts] == expected
    np.testing.assert_array_equal(np.concatenate([part.x for part in parts]), X)
    shuffled = list(chunks(sizes).epoch(batch, np.random.default_rng(0)))
    rows = np.concatenate([part.x for part in shuffled])
    assert not np.array_equal(rows, X)
    np.testing.assert_array_equal(rows[np.argsort(rows[:, 0])], X)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    FRAME.to_parquet(tmp_path / "rows.parquet", row_group_size=30)
    return tmp_path


def test_files_give_their_rows_and_parquet_shuffles_its_groups(files: Path) -> None:
    sources = [
        Stream.csv(files / "rows.csv", encode, rows=30),
        Stream.parquet(files / "rows.parquet", encode),
        Stream.dataset(tf.data.Dataset.from_tensor_slices(({"abc": X}, Y)).batch(7), rows=30),
    ]
    for source in sources:
        rows = np.concatenate([part.x["abc"] for part in source.epoch(10, None)])
        np.testing.assert_allclose(rows, X, atol=1e-6)
    orders = [
        np.concatenate([part.x["abc"][:, 0] for part in sources[1].epoch(10, np.random.default_rng(seed))])
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])
    np.testing.assert_allclose(np.sort(orders[2]), X[:, 0], atol=1e-6)


def build() -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,), name="abc")
    model = keras.Model({"abc": inputs}, layers.Dense(1, activation="sigmoid")(inputs))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def test_a_stream_is_trained_on_like_rows_in_memory(files: Path) -> None:
    stream = Stream.csv(files / "rows.csv", encode, rows=30)
    settings: dict[str, Any] = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    model, other = build(), build()
    received = mw.fit(model, stream, validation_data=({"abc": X}, Y), **settings).history
    expected = other.fit({"abc": X}, Y, validation_data=({"abc": X}, Y), **settings).history
    for name, values in expected.items():
        np.testing.assert_allclose(received[name], values, rtol=1e-4, err_msg=name)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_stream_brings_its_own_targets(files: Path) -> None:
    with pytest.raises(UsageError, match="targets"):
        mw.fit(build(), Stream.csv(files / "rows.csv", encode), Y)
