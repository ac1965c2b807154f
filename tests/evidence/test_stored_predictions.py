"""Outputs kept as float16 come back close enough for any score."""

from __future__ import annotations

import numpy as np
import pytest

from modelwizard.evidence import predictions, scores

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("activation", "p", "offset", "scale", "tolerance"),
    [
        ("sigmoid", RNG.random((50, 2)), 0.0, 1.0, 5e-3),
        ("softmax", RNG.dirichlet(np.ones(5), 50), 0.0, 1.0, 8e-3),
        ("exponential", RNG.gamma(2.0, 10.0, (50, 1)), 0.0, 1.0, 1e-2),
        ("softplus", RNG.gamma(2.0, 1e6, (50, 1)), 0.0, 1e6, 1e-2),
        (None, RNG.normal(2e5, 3e4, (50, 2)), [2e5, 2e5], [3e4, 3e4], 1e-2),
    ],
)
def test_pack_and_unpack_agree(activation, p, offset, scale, tolerance):
    packed = predictions.pack(p, activation, offset, scale)
    assert packed.dtype == np.float16
    assert predictions.unpack(packed, activation, offset, scale) == pytest.approx(p, rel=tolerance)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_certain_probabilities_stay_finite(activation):
    p = np.array([[0.0, 1.0], [1.0, 0.0]])
    back = predictions.unpack(predictions.pack(p, activation), activation)
    assert np.isfinite(back).all()
    assert np.abs(back - p).max() < 1e-6


def test_nan_stays_nan_and_huge_values_are_clipped():
    packed = predictions.pack(np.array([[np.nan], [1e9]]), None)
    assert np.isnan(packed[0, 0])
    assert np.isfinite(packed[1, 0])


def test_packing_moves_the_auc_by_less_than_its_error():
    y = (RNG.random((500, 1)) < 0.4).astype(float)
    p = 1 / (1 + np.exp(-RNG.normal(y, 1.5)))
    back = predictions.unpack(predictions.pack(p, "sigmoid"), "sigmoid")
    exact, stored = (scores.score("binary", "roc_auc", y, v) for v in (p, back))
    assert abs(exact - stored) < 1e-3


@pytest.mark.parametrize(
    ("epochs", "best", "rows", "trials", "kept"),
    [
        (100, 40, 300, 100, range(100)),  # 6 MB
        (100, 40, 50_000, 100, range(35, 46)),  # 1 GB: a window
        (100, 2, 50_000, 100, range(8)),
        (100, 99, 50_000, 100, range(94, 100)),
        (1, 0, 10, 1, range(1)),
    ],
)
def test_a_search_stays_below_the_cap(epochs, best, rows, trials, kept):
    assert list(predictions.kept_epochs(epochs, best, rows, 1, trials)) == list(kept)
