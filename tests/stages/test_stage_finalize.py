"""Stage 4: what is sealed beforehand, and what one opening says."""

from __future__ import annotations

import dataclasses
import json

import msgspec
import numpy as np
import pytest
from stage_builders import keys, labels, said

from modelwizard import words
from modelwizard.contract.entries import Sealed
from modelwizard.stages import finalize
from modelwizard.stages.inputs import Validation

Z, Y = labels(300, seed=9)
TEST = Validation("binary", "binary_crossentropy", "roc_auc", Y)


def model(sharpness=1.0, noise=0.3):
    return 1 / (1 + np.exp(-(sharpness * Z + noise * np.random.default_rng(1).normal(size=len(Z)))))[:, None]


THREE = np.arange(90) % 3
SURE = np.eye(3)[THREE] * 0.4 + 0.2
COUNTS, RATES = np.floor(np.exp(Z))[:, None], np.exp(0.8 * Z)[:, None]
SCORE = TEST.score(model())


def sealed(score, rows=300, metric="roc_auc", se=0.02):
    return finalize.expect(metric, score, se, 0.5, 300, rows)


def test_the_expectation_is_plain_json_and_comes_back():
    expected = sealed(0.83)
    text = json.dumps(expected.record(), allow_nan=False)
    assert finalize.restore(msgspec.convert(json.loads(text), Sealed)) == expected
    low, high = expected.interval
    assert (low + high) / 2 == pytest.approx(0.83)
    assert (high - low) / 2 == pytest.approx(1.96 * np.hypot(0.02, 0.02), rel=1e-3)
    assert "300 test rows" in words.say(expected.headline)


@pytest.mark.parametrize(("rows", "detectable"), [(300, 0.0703), (75, 0.1112), (30_000, 0.0500)])
def test_more_test_rows_detect_smaller_drops(rows, detectable):
    assert sealed(0.83, rows).detectable == pytest.approx(detectable, abs=0.0005)


def test_too_few_rows_are_said_beforehand():
    assert "too few test rows" in words.say(finalize.expect("roc_auc", 0.55, 0.05, 0.5, 100, 50).headline)


@pytest.mark.parametrize(("score", "se", "informative"), [(0.9, 0.02, True), (0.6, 0.03, False), (0.51, 0.003, True)])
def test_a_test_is_informative_when_half_of_the_gain_would_be_missed(score, se, informative):
    assert finalize.expect("roc_auc", score, se, 0.5, 300, 300).informative == informative


@pytest.mark.parametrize(
    ("expected", "verdict"),
    [
        (SCORE, "consistent"),
        (SCORE + 0.02, "consistent"),
        (SCORE + 0.075, "suspect"),
        (SCORE + 0.13, "unreliable"),
        (SCORE - 0.08, "better"),
    ],
)
def test_verdicts(expected, verdict):
    # The margin is a quarter of the gain over 0.5, so the baseline is put close to make z alone decide.
    seal = dataclasses.replace(sealed(expected), margin=0.01)
    found = finalize.judge(seal, TEST, model(), [0.5])
    assert found.verdict == verdict
    assert (found.numbers["z"] > 0) == (expected > SCORE)
    assert found.advice


def test_the_numbers_that_status_and_the_report_show():
    found = finalize.judge(sealed(SCORE), TEST, model(), [0.5])
    numbers = found.record()["numbers"]
    assert numbers["test"] == pytest.approx(SCORE)
    low, high = numbers["interval"]
    assert low < SCORE < high
    assert sum(map(sum, numbers["confusion"])) == 300
    assert numbers["skill_interval"][0] < numbers["skill"] < numbers["skill_interval"][1]
    assert numbers["calibration"]["error"] < 0.2
    assert f"{SCORE:.3f}" in words.say(found.headline)
    json.dumps(found.record(), allow_nan=False)


def test_a_gap_too_small_to_matter_is_consistent():
    found = finalize.judge(dataclasses.replace(sealed(SCORE + 0.13), margin=0.2), TEST, model(), [0.5])
    assert found.verdict == "consistent"
    assert "finalize.small_gap" in keys(found.reasons)


def test_a_second_opening_is_called_reused():
    found = finalize.judge(sealed(SCORE), TEST, model(), [0.5], reused=True)
    assert said(found).startswith("Reused test")
    assert found.numbers["reused"] is True


def test_unreliable_says_what_to_switch_to():
    found = finalize.judge(sealed(0.99, se=0.005), TEST, model(), [0.5])
    assert found.verdict == "unreliable"
    assert "finalize.switch_to_kfold" in keys(found.advice)


@pytest.mark.parametrize(
    ("problem", "loss", "metric", "y", "p", "constant", "key"),
    [
        ("multiclass", "categorical_crossentropy", "accuracy", THREE, SURE, [1 / 3] * 3, "confusion"),
        ("multilabel", "binary_crossentropy", "log_loss", np.eye(3)[THREE], SURE, [0.3] * 3, "calibration"),
        ("regression", "mse", "rmse", Z[:, None], Z[:, None] * 0.8, [0.0], "residuals"),
        ("vector", "mse", "rmse", np.c_[Z, Z], np.c_[Z, Z * 0.8], [0.0, 0.0], "residuals"),
        ("count", "poisson", "poisson_deviance", COUNTS, RATES, [2.0], "residuals"),
    ],
)
def test_every_kind_of_target(problem, loss, metric, y, p, constant, key):
    rows = Validation(problem, loss, metric, y)
    expected = finalize.expect(metric, rows.score(p), 0.05, rows.score(rows.constant(constant)), 300, len(p))
    found = finalize.judge(expected, rows, p, constant)
    assert found.verdict == "consistent"
    assert key in found.numbers
    json.dumps(found.record(), allow_nan=False)


def test_grouped_test_rows_have_wider_intervals():
    groups = np.repeat(np.arange(15), 20)
    y = np.repeat((np.arange(15) % 2).astype(float), 20)[:, None]
    p = np.clip(np.repeat(np.random.default_rng(0).random(15), 20)[:, None], 0.05, 0.95)
    plain = finalize.judge(sealed(0.5), dataclasses.replace(TEST, y=y), p, [0.5]).numbers["interval"]
    grouped = finalize.judge(sealed(0.5), dataclasses.replace(TEST, y=y, groups=groups), p, [0.5]).numbers["interval"]
    assert grouped[1] - grouped[0] > 1.5 * (plain[1] - plain[0])


@pytest.mark.parametrize("p", [np.full((300, 1), np.nan)])
def test_a_model_that_predicts_nan_is_unreliable(p):
    assert finalize.judge(sealed(0.8), TEST, p, [0.5]).verdict == "unreliable"
