"""Tests of this project: `python -m pytest`. They read training and validation rows, never the test rows."""

import hashlib
import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

import data
from export import export_model
from model import build_model
from preprocessing import Encoding, run


@pytest.fixture(scope="module")
def train():
    return data.load("train")


@pytest.fixture(scope="module")
def encoding(train):
    return Encoding(train)


def first(rows, count):
    return data.Rows({name: values[:count] for name, values in rows.x.items()}, rows.y[:count], rows.rows[:count])


def test_the_split_is_the_one_that_was_made():
    """Rows that change parts would be tested on after they were trained on."""
    settings = tomllib.loads((data.HERE / "modelwizard.toml").read_text(encoding="utf-8"))
    split = (data.HERE / "split.csv").read_bytes()
    assert hashlib.sha256(split).hexdigest() == settings["split"]["sha256"]


def test_the_inputs_of_the_network_are_finite(train, encoding):
    assert all(np.isfinite(values).all() for values in encoding.encode(train.x).values())


def test_one_batch_can_be_memorised(train, encoding):
    """Data, model and loss fit together: a network that cannot learn 16 rows by heart cannot learn at all."""
    keras.utils.set_random_seed(1)
    batch = first(train, 16)
    x, y = encoding.encode(batch.x), encoding.encode_target(batch.y)
    hp = HyperParameters()
    hp.values = {"dropout": 0.0, "l1": 0.0, "l2": 0.0, "weight_decay": 0.0, "units": 128, "learning_rate": 0.005}
    model = build_model(hp, encoding)
    # modelwizard: memorised
    before = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    model.fit(x, y, epochs=200, batch_size=16, verbose=0)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["loss"] < 0.1 * before
    # modelwizard: end


def test_the_saved_model_predicts_the_same(train, encoding, tmp_path: Path):
    rows = first(train, 100)
    members = [(build_model(HyperParameters(), encoding), encoding) for _ in range(2)]
    export_model(members).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = np.mean([np.asarray(network(encoding.encode(rows.x))) for network, _ in members], axis=0)
    # modelwizard: if scaled
    expected = encoding.decode(expected)
    # modelwizard: end
    np.testing.assert_allclose(run(loaded, rows.x), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
