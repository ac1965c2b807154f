"""Stage 3: a search against the overfitting model -> verdict, edges, what moved the score, another round or not."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from stage_builders import VALIDATION, keys, net, said

from modelwizard import words
from modelwizard.contract.messages import message
from modelwizard.evidence.advice import Advice
from modelwizard.evidence.planning import Planned
from modelwizard.stages import accounting, influence, regularize
from modelwizard.stages.influence import Range
from modelwizard.stages.ladder import Capacity

CURVE = np.concatenate([np.linspace(0.1, 0.8, 10), np.linspace(0.8, 4, 20)])
OVERFIT = net("overfit-02", CURVE, CURVE * 0.9, hyperparameters={"layers": 2, "units": 16}, parameters=300)
RANGES = {"dropout": Range(0, 0.5, open_low=False), "learning_rate": Range(1e-4, 1e-1, log=True)}


def search(noise, trials=12, seed=100):
    """Return trials that carry this much noise per signal; neither hyperparameter does anything."""
    rng = np.random.default_rng(seed)
    curve, found = np.linspace(0.3, 1, 8), []
    for i in range(trials):
        settings = {"dropout": rng.uniform(0.1, 0.4), "learning_rate": float(10 ** rng.uniform(-3, -2))}
        own = noise * (1 + 0.2 * rng.random()) * curve
        found.append(net(f"t-{i}", curve, own, seed=seed + i, hyperparameters=settings, parameters=100 + i))
    return found


@pytest.mark.parametrize(
    ("name", "runs", "verdict"),
    [
        ("clearly better", search(0.3), "passed"),
        ("as good as stopping early", search(0.8), "passed"),
        ("worse than the overfitting model", search(9.0), "failed"),
        ("one trial", search(0.3, trials=1), "passed"),
        (
            "the overfitting model again",
            [dataclasses.replace(OVERFIT, name="t", outputs=OVERFIT.outputs[-5:], train_loss=[0.3] * 5, _cache={})],
            "failed",
        ),
    ],
)
def test_search_against_the_overfitting_model(name, runs, verdict):
    found = regularize.judge(VALIDATION, runs, OVERFIT, RANGES)
    assert found.verdict == verdict, said(found)
    json.dumps(found.record(), allow_nan=False)


def test_equal_settings_tell_what_the_seed_alone_does():
    again = [net(f"s-{i}", 1.0, [0.3], seed=i, hyperparameters={"dropout": 0.1}) for i in range(3)]
    found = regularize.judge(VALIDATION, [*search(0.3), *again], OVERFIT, RANGES)
    assert found.numbers["noise"]["seeds"] == 3
    assert "seeds alone move ROC AUC by" in said(found)
    assert "squeeze.noise" not in keys(regularize.judge(VALIDATION, search(0.3), OVERFIT, RANGES).reasons)


def test_the_numbers_that_status_shows():
    found = regularize.judge(VALIDATION, search(0.3), OVERFIT, RANGES, baseline_score=0.6)
    numbers = found.numbers
    assert {"trials", "score", "corrected", "se"} <= set(numbers)
    assert numbers["trials"] == 12
    assert numbers["corrected"] < numbers["score"]
    assert numbers["looks"] == 12 * 8
    assert numbers["p_value"] < 0.05


@pytest.mark.parametrize(("noise", "word"), [(0.1, "better"), (0.8, "no_better")])
def test_the_gain_over_early_stopping_is_said(noise, word):
    found = regularize.judge(VALIDATION, search(noise), OVERFIT, RANGES)
    assert found.reasons[0].id == f"regularize.{word}_than_stopping_early"
    assert "None" not in said(found)


def test_a_best_value_at_the_edge_asks_to_widen():
    runs = []
    for i, rate in enumerate(np.geomspace(1e-4, 1e-1, 12)):
        runs.append(
            net(
                f"t-{i}", np.linspace(0.3, 1, 8), 1.5 - 0.12 * i, seed=i, hyperparameters={"learning_rate": float(rate)}
            )
        )
    found = regularize.judge(VALIDATION, runs, OVERFIT, RANGES)
    assert found.verdict == "cannot tell"
    assert [edge["name"] for edge in found.numbers["edges"]] == ["learning_rate"]
    assert (found.advice[0].id, found.advice[0].values["name"]) == ("regularize.widen", "learning_rate")
    assert found.numbers["edges"][0]["widen_to"] == pytest.approx(1.0)
    assert found.numbers["effects"][0]["name"] == "learning_rate"
    assert "what moved the score: learning_rate" in said(found)


def test_failed_trials_are_counted_but_never_win():
    broken = net("broken", np.full(5, np.nan), 0.0, hyperparameters={"dropout": 0.1, "learning_rate": 9.0})
    found = regularize.judge(VALIDATION, [broken, *search(0.3)], OVERFIT, RANGES)
    assert (found.verdict, found.numbers["trials"]) == ("passed", 13)
    nothing = regularize.judge(VALIDATION, [broken], OVERFIT, RANGES)
    assert (nothing.verdict, nothing.numbers["trials"]) == ("failed", 1)
    json.dumps(nothing.record(), allow_nan=False)


@pytest.mark.parametrize("metric", ["log_loss", "f1", "brier"])
def test_other_metrics(metric):
    found = regularize.judge(dataclasses.replace(VALIDATION, metric=metric), search(0.3), OVERFIT, RANGES)
    assert found.verdict == "passed"
    assert found.numbers["optimism"] > -found.numbers["se"]


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        (Capacity(3, 256, 80), {"layers": (1, 3), "units": (16, 512), "epochs": (1, 80)}),
        (Capacity(1, 2, 15), {"layers": (1, 1), "units": (2, 4), "epochs": (1, 15)}),
        (Capacity(None, None, 15), {"epochs": (1, 15)}),
    ],
)
def test_the_overfitting_model_bounds_the_search(capacity, expected):
    assert {k: (r.low, r.high) for k, r in regularize.bounds(capacity).items()} == expected


@pytest.mark.parametrize(
    ("planned", "paired_se", "level", "worth"),
    [
        (Planned(0.01, 20, 0.01, 0.03), 0.01, "fine", True),
        (Planned(0.01, 20, 0.01, 0.03), 0.01, "stop", False),
        (Planned(0.01, 20, 0.01, 0.03), 0.01, "refresh", False),
        (Planned(0.02, 20, 0.01, 0.0), 0.01, "fine", False),  # all trials are equally good
        (Planned(0.01, 1000, 0.01, 0.01), 0.01, "fine", False),  # the best is found already
    ],
)
def test_whether_another_round_is_worth_it(planned, paired_se, level, worth):
    found = regularize.worth(planned, 0.01, paired_se, Advice(level, message("looks.fine")))
    assert found.worth == worth
    now = 0.01 - planned.optimism
    assert found.optimism == pytest.approx(now + planned.more(20))


# --- what moved the score --------------------------------------------------------------------------------------


def test_effects_find_what_matters():
    rng = np.random.default_rng(0)
    settings = [
        {
            "learning_rate": float(10 ** rng.uniform(-4, -1)),
            "dropout": float(rng.random()),
            "norm": str(rng.choice(["batch", "none"])),
        }
        for _ in range(40)
    ]
    goodness = [-((np.log10(s["learning_rate"]) + 2) ** 2) + 0.5 * (s["norm"] == "batch") for s in settings]
    found = influence.effects(settings, goodness)
    assert found[0].name == "learning_rate"
    shares = {item.name: item.share for item in found}
    assert shares["learning_rate"] > 0.5 > shares["norm"] > shares["dropout"]
    assert np.isnan({item.name: item.trend for item in found}["norm"])


@pytest.mark.parametrize(
    ("settings", "goodness", "names"),
    [
        ([{"a": 1}, {"a": 2}], [0.1, 0.2], []),  # too few
        ([{"a": 1}] * 5, [0.1, 0.2, 0.3, 0.4, 0.5], []),  # nothing varied
        ([{"a": i} for i in range(5)], [0.1] * 5, ["a"]),  # equal scores
        ([{"a": i} for i in range(5)], [0.1, np.nan, 0.3, 0.4, np.nan], ["a"]),
        ([{"a": i, "b": i} if i % 2 else {"a": i} for i in range(10)], list(range(10)), ["a", "b"]),  # conditional
    ],
)
def test_effects_of_little(settings, goodness, names):
    assert sorted(item.name for item in influence.effects(settings, goodness)) == names


@pytest.mark.parametrize(
    ("best", "bounds", "trend", "trials", "end"),
    [
        (0.10, Range(1e-4, 1e-1, log=True), +0.8, 20, "high"),
        (0.10, Range(1e-4, 1e-1, log=True), -0.8, 20, None),  # the trials point inside
        (1e-4, Range(1e-4, 1e-1, log=True), -0.8, 20, "low"),
        (0.01, Range(1e-4, 1e-1, log=True), +0.8, 20, None),  # in the middle
        (0.00, Range(0, 0.5, open_low=False), -0.8, 20, None),  # nothing below zero
        (0.10, Range(1e-4, 1e-1, log=True), +0.0, 5, "high"),  # too few trials for a trend
        ("relu", Range(0, 1), 0.0, 20, None),
        (3, Range(3, 3), 0.0, 20, None),
    ],
)
def test_edges(best, bounds, trend, trials, end):
    found = influence.edges({"a": best}, {"a": bounds}, [influence.Effect("a", 0.5, trend, 0.001)], trials)
    assert [item.end for item in found] == ([] if end is None else [end])


# --- the account -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folds", "advice"), [(1, "new_split"), (5, "new_rows")])
def test_k_fold_is_not_advised_to_those_who_use_it(folds, advice):
    rows = dataclasses.replace(VALIDATION, folds=folds)
    found = regularize.judge(rows, search(0.6), OVERFIT, RANGES, baseline_score=0.999, warned_before=True)
    assert ("regularize." + advice in keys(found.advice)) == (found.numbers["level"] == "refresh")
    assert ("kfold" in said(found)) == (advice == "new_split" and found.numbers["level"] == "refresh")


def test_the_line_from_recorded_numbers():
    def line(metric, looks, raw, corrected, se):
        return words.say(accounting.account(metric, looks, {}, {"score": raw, "corrected": corrected, "se": se}))

    assert (
        line("roc_auc", 412, 0.846, 0.838, 0.011)
        == "412 looks · best raw 0.846 · corrected 0.838 ± 0.011 · optimism 0.008"
    )
    assert line("log_loss", 3, 0.40, 0.41, 0.02).endswith("optimism 0.010")
    assert line("rmse", 1, 12.5, 12.5 + 1e-17, 2.0).endswith("± 2.00 · optimism 0.00")
    assert accounting.account("rmse", 1, {"score": 1.0, "corrected": None, "se": 0.1}) is None
