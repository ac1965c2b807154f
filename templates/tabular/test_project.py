"""Tests of this project: `python -m pytest`. They read training and validation rows, never the test rows."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras_tuner import HyperParameters

import data
from model import build_model, export_model
from preprocessing import Encoding, run


@pytest.fixture(scope="module")
def train() -> data.Rows:
    return data.load("train")


@pytest.fixture(scope="module")
def encoding(train: data.Rows) -> Encoding:
    return Encoding(train)


def some(rows: data.Rows, count: int) -> data.Rows:
    """Take the first rows."""
    return data.Rows({name: values[:count] for name, values in rows.x.items()}, rows.y[:count], rows.rows[:count])


def test_no_row_is_in_two_parts() -> None:
    split = pd.read_csv(data.HERE / "split.csv")
    parts = split.groupby("part")["hash"].apply(set)
    for one in parts.index:
        for other in parts.index:
            assert one == other or "unused" in (one, other) or not parts[one] & parts[other]


def test_what_the_network_sees_is_finite(train: data.Rows, encoding: Encoding) -> None:
    for values in encoding.encode(train.x).values():
        assert np.isfinite(values).all()


def test_one_batch_can_be_memorised(train: data.Rows, encoding: Encoding) -> None:
    """Data, model and loss fit together: a network that cannot learn 16 rows by heart cannot learn at all."""
    keras.utils.set_random_seed(1)
    rows = some(train, 16)
    x, y = encoding.encode(rows.x), encoding.encode_target(rows.y)
    hp = HyperParameters()
    hp.values = {"dropout": 0.0, "l1": 0.0, "l2": 0.0, "weight_decay": 0.0, "units": 128, "learning_rate": 0.005}
    model = build_model(hp, encoding)
    before = model.evaluate(x, y, verbose=0)  # type: ignore[call-overload]
    model.fit(x, y, epochs=200, batch_size=16, verbose=0)  # type: ignore[arg-type]
    assert model.evaluate(x, y, verbose=0) < before


def test_the_saved_model_predicts_the_same(train: data.Rows, encoding: Encoding, tmp_path: Path) -> None:
    rows = some(train, 100)
    members = [(build_model(HyperParameters(), encoding), encoding) for _ in range(2)]
    export_model(members).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    outputs = [np.asarray(network(encoding.encode(rows.x))) for network, _ in members]
    expected = encoding.decode(np.mean(outputs, axis=0))
    np.testing.assert_allclose(run(loaded, rows.x), expected, rtol=1e-5, atol=1e-5 * float(np.abs(expected).max()))
