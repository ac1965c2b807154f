"""Stage 1: network, baseline, rivals and sanity -> verdict."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from stage_builders import VALIDATION, Y, Z, keys, labels, net, said

from modelwizard.contract.results import Sane
from modelwizard.stages import baseline
from modelwizard.stages.inputs import Run, Validation

SHARE = [float(Y.mean())]
GOOD = net("baseline-01", np.linspace(0.1, 1, 10), 0.3)
RNG = np.random.default_rng(50)


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z)))[:, None]


@pytest.mark.parametrize(
    ("name", "run", "verdict", "power"),
    [
        ("good net", GOOD, "passed", "power"),
        ("guesses", net("b", np.zeros(10), 0.5), "failed", "none"),
        ("overconfident", net("b", [8.0], 4.0), "failed", "signal"),
        ("one epoch", net("b", [1.0], 0.3), "passed", "power"),
    ],
)
def test_net_against_the_constant(name, run, verdict, power):
    found = baseline.judge(VALIDATION, [run], SHARE)
    assert (found.verdict, found.numbers["power"]) == (verdict, power)


def test_the_numbers_that_status_shows():
    found = baseline.judge(VALIDATION, [GOOD], SHARE)
    numbers = found.record()["numbers"]
    assert {"score", "reference", "p_value", "direction"} <= set(numbers)
    assert numbers["reference"] == pytest.approx(0.5)
    assert numbers["score"] == pytest.approx(VALIDATION.score(GOOD.predictions(numbers["best_epoch"] - 1)))
    assert numbers["p_value"] < 1e-6
    assert numbers["looks"] == 10
    json.dumps(found.record(), allow_nan=False)
    assert "against 0.500, loss lower by" in said(found)


def test_too_few_rows_name_the_rows_needed():
    z, y = labels(45, seed=3)
    few = Validation("binary", "binary_crossentropy", "roc_auc", y)
    found = baseline.judge(few, [net("b", [0.1], 0.3, z=z)], [0.5])
    assert found.verdict == "cannot tell"
    assert found.numbers["rows_needed"] > 40
    assert found.reasons[1].values == {"rows": found.numbers["rows_needed"]}
    assert found.advice[0].id == "baseline.use_every_row"
    folds = baseline.judge(dataclasses.replace(few, folds=5), [net("b", [0.1], 0.3, z=z)], [0.5])
    assert folds.advice[0].id == "baseline.more_rows"  # K-fold is not advised to those who use it
    assert "None" not in said(folds)


def test_a_diverged_net_fails_with_a_reason():
    run = Run("b", {}, np.full((3, len(Y), 1), np.nan), np.full(3, np.nan))
    found = baseline.judge(VALIDATION, [run], SHARE)
    assert found.verdict == "failed"
    assert found.headline.id == "baseline.diverged"
    assert found.record()["numbers"]["score"] is None


def test_rivals_that_win_are_named_but_do_not_fail_the_stage():
    rivals = {"linear": sigmoid(Z), "trees": sigmoid(RNG.normal(size=len(Z)) * 3)}
    found = baseline.judge(VALIDATION, [net("b", [0.3], 0.3)], SHARE, rivals)
    assert found.verdict == "passed"
    assert found.numbers["beaten_by"] == ["linear"]
    assert "linear model: better than the network, ROC AUC 0." in said(found)
    assert "boosted trees: worse than the network, ROC AUC 0." in said(found)
    assert "better than this small network: linear model; the next stages" in said(found)


@pytest.mark.parametrize(
    ("sane", "unlearned", "verdict", "reason"),
    [
        (Sane(), {}, "passed", None),
        (Sane(initial_loss=0.69, expected_loss=0.69, batch_loss=0.001, batch_baseline=0.69), {}, "passed", None),
        (Sane(initial_loss=2.5, expected_loss=0.69), {}, "passed", "first_loss"),
        (Sane(batch_loss=0.1, batch_baseline=0.69), {}, "passed", "batch_not_memorised"),
        (Sane(batch_loss=0.6, batch_baseline=0.69), {}, "failed", "batch_not_memorised"),
        (Sane(), {"shuffled": sigmoid(Z)}, "failed", "shuffled_beats"),
        (Sane(), {"shuffled": sigmoid(0 * Z)}, "passed", None),
        (Sane(), {"zeroed": sigmoid(Z)}, "failed", "zeroed_beats"),
        (Sane(), {"zeroed": np.full((len(Z), 1), np.nan)}, "passed", None),
    ],
)
def test_sanity_checks(sane, unlearned, verdict, reason):
    found = baseline.judge(VALIDATION, [GOOD], SHARE, sane=sane, unlearned=unlearned)
    assert found.verdict == verdict
    checks = {f"baseline.{key}" for key in ("first_loss", "batch_not_memorised", "zeroed_beats", "shuffled_beats")}
    assert [key for key in keys(found.reasons) if key in checks] == ([] if reason is None else [f"baseline.{reason}"])
    assert ("A check failed" in said(found)) == (verdict == "failed")


@pytest.mark.parametrize(
    ("problem", "loss", "metric", "y", "p", "constant"),
    [
        (
            "multiclass",
            "categorical_crossentropy",
            "log_loss",
            np.arange(300) % 3,
            np.eye(3)[np.arange(300) % 3] * 0.4 + 0.2,
            [1 / 3] * 3,
        ),
        (
            "multilabel",
            "binary_crossentropy",
            "macro_f1",
            np.eye(4)[np.arange(300) % 4],
            np.eye(4)[np.arange(300) % 4] * 0.5 + 0.1,
            [0.25] * 4,
        ),
        ("regression", "mse", "rmse", Z[:, None] * 1e4, Z[:, None] * 9e3, [0.0]),
        ("bounded", "binary_crossentropy", "mae", sigmoid(Z), sigmoid(Z * 0.8), [0.5]),
        ("vector", "mse", "r2", np.c_[Z, Z * 50], np.c_[Z, Z * 40], [0.0, 0.0]),
        ("positive", "mse", "mape", np.exp(Z)[:, None], np.exp(0.8 * Z)[:, None], [2.0]),
        ("count", "poisson", "poisson_deviance", np.floor(np.exp(Z))[:, None], np.exp(0.8 * Z)[:, None], [2.0]),
    ],
)
def test_every_problem_type(problem, loss, metric, y, p, constant):
    rows = Validation(problem, loss, metric, y)
    run = Run("b", {}, np.stack([p, p]), [0.6, 0.5])
    found = baseline.judge(rows, [run], constant)
    assert found.verdict == "passed", said(found)
    assert found.numbers["direction"] == ("max" if metric in ("macro_f1", "r2") else "min")
    json.dumps(found.record(), allow_nan=False)


def test_repeated_out_of_fold_rows_count_once():
    rows = np.arange(len(Y))
    tripled = dataclasses.replace(VALIDATION, y=np.tile(Y, (3, 1)), rows=np.tile(rows, 3), folds=5)
    run = Run("b", {}, np.tile(GOOD.predictions(9), (3, 1))[None], [0.5])
    once = baseline.judge(
        dataclasses.replace(VALIDATION, folds=5), [Run("b", {}, GOOD.predictions(9)[None], [0.5])], SHARE
    )
    thrice = baseline.judge(tripled, [run], SHARE)
    assert thrice.numbers["se"] == pytest.approx(once.numbers["se"], rel=1e-3)
    assert thrice.numbers["interval"] == pytest.approx(once.numbers["interval"], rel=1e-3)


def test_folds_widen_the_error():
    one = baseline.judge(VALIDATION, [GOOD], SHARE).numbers["se"]
    assert baseline.judge(dataclasses.replace(VALIDATION, folds=5), [GOOD], SHARE).numbers["se"] > 1.1 * one
