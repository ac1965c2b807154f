"""Stage 2: the ladder's next rung, when it stops, and which rung is kept."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from stage_builders import VALIDATION, Y, keys, net, said

from modelwizard import words
from modelwizard.contract.messages import message
from modelwizard.evidence.overfitting import Overfitting
from modelwizard.stages import ladder, overfit
from modelwizard.stages.ladder import Capacity, Experiment, Ladder, Step, Stop
from modelwizard.stages.overfit import Subset

START = Capacity(1, 8, 10)
BASE = float(VALIDATION.losses(VALIDATION.constant([Y.mean()])).mean())


def curve(reason="no rise", rise=0.0):
    return Overfitting(reason == "proven", reason, rise, (rise - 0.01, rise + 0.01), 0.01, 5)


def rung(layers=1, units=8, epochs=15, kind="none", **more):
    proven = kind in ("overfit", "confidence overfit")
    loss = curve("proven", 0.3) if proven else curve(more.pop("reason", "no rise"))
    metric = curve("proven", 0.05) if kind == "metric overfit" else None
    values = {"train_share": 0.5, "train_gain": 0.2, "val_t": 2.0, "parameters": 100, "seconds": 1.0, **more}
    return Step(f"run-{layers}-{units}-{epochs}", Capacity(layers, units, epochs), loss, metric, kind, **values)


WHY = message("ladder.limit")
PROVEN = {"kind": "overfit", "parameters": 300}


def climb(*steps, **more):
    return ladder.propose(Ladder(START, tuple(steps), train_rows=1000, **more))


def test_the_first_rung_is_the_baseline_s_model_with_enough_epochs():
    first = climb()
    assert (first.capacity, first.changed) == (Capacity(1, 8, 15), "start")
    assert first.hyperparameters == {"layers": 1, "units": 8}


def test_the_cycle_is_epochs_width_depth():
    steps, changes = [], []
    for _ in range(7):
        following = climb(*steps)
        changes.append(following.changed)
        size = following.capacity
        steps.append(rung(size.layers, size.units, size.epochs))
    assert changes == ["start", "epochs", "width", "depth", "epochs", "width", "depth"]
    assert steps[-1].capacity == Capacity(3, 32, 60)


@pytest.mark.parametrize(
    ("steps", "why", "subset"),
    [
        ([rung(kind="overfit")], "proven", False),
        ([rung(kind="confidence overfit")], "proven", False),
        ([rung(kind="metric overfit")], "proven", False),
        ([rung(train_share=0.04)], "memorised", False),
        ([rung(train_gain=0.005, val_t=0.5)] * 2, "optimisation limit", True),
        ([rung(layers=8, units=2048, epochs=2000)], "cap", True),
    ],
)
def test_when_to_stop(steps, why, subset):
    found = climb(*steps)
    assert isinstance(found, Stop)
    assert (found.why, found.subset) == (why, subset)


@pytest.mark.parametrize(
    ("steps", "changed"),
    [
        ([rung(train_gain=0.005, val_t=0.5)], "epochs"),  # one idle rung is not two
        ([rung(train_gain=0.005, val_t=0.5), rung(train_gain=0.005, val_t=1.5)], "width"),  # validation still gains
        ([rung(epochs=2000)], "width"),  # epochs at their cap
        ([rung(layers=8), rung(layers=8), rung(layers=8)], "epochs"),  # depth at its cap
        ([rung(epochs=15, parameters=400_000)] * 2, "epochs"),  # wider and deeper would be too large
    ],
)
def test_the_next_rung(steps, changed):
    assert climb(*steps).changed == changed


def test_the_budget_stops_before_it_is_overrun():
    assert isinstance(climb(rung(seconds=10), budget=60, spent=35), Experiment)
    stop = climb(rung(seconds=10), budget=60, spent=45)
    assert stop.why == "budget"
    assert stop.told.values == {"needed": 20, "left": 15}
    assert not stop.subset
    assert climb(*[rung()] * 24).why == "budget"


@pytest.mark.parametrize("steps", [[rung(train_gain=0.005, val_t=0.5)] * 2, [rung(layers=8, units=2048, epochs=2000)]])
def test_a_time_budget_has_no_room_for_the_subset_check(steps):
    stop = climb(*steps, budget=60, spent=5)
    assert not stop.subset
    assert "overfit.subset_left_out" in keys(overfit.verdict(steps, stop).reasons)


def test_divergence_is_answered_with_a_smaller_learning_rate_three_times():
    broken = rung(reason="diverged", diverged=True, learning_rate=0.03)
    following = climb(broken)
    assert (following.changed, following.capacity) == ("learning rate", broken.capacity)
    assert following.hyperparameters["learning_rate"] == pytest.approx(0.01)
    assert climb(*[broken] * 4).why == "diverged"
    assert climb(rung(reason="diverged", diverged=True)).why == "diverged"  # no such hyperparameter


def test_a_model_without_size_hyperparameters_only_trains_longer():
    step = dataclasses.replace(rung(), capacity=Capacity(None, None, 15))
    following = ladder.propose(Ladder(Capacity(None, None, 15), (step, step), train_rows=1000))
    assert (following.changed, following.hyperparameters) == ("epochs", {})


@pytest.mark.parametrize(
    ("steps", "stop", "subset", "verdict", "told"),
    [
        ([rung(parameters=100), rung(units=64, kind="overfit", parameters=900)], None, None, "passed", "64 units"),
        ([rung(units=16, **PROVEN), rung(units=64, **PROVEN)], None, None, "passed", "16 units"),
        ([rung(kind="confidence overfit")], None, None, "passed", "only the confidence overfits"),
        ([rung(kind="metric overfit")], None, None, "passed", "the validation score is"),
        ([rung(train_share=0.01)], None, None, "passed", "The capacity is sufficient"),
        ([rung()], Stop("optimisation limit", WHY, True), Subset(100, 0.01, 0.7), "passed", "out of reach"),
        ([rung()], Stop("optimisation limit", WHY, True), Subset(100, 0.6, 0.7), "cannot tell", "cannot be memorised"),
        ([rung()], Stop("cap", WHY), None, "cannot tell", "Not even the largest model allowed"),
        ([rung()], Stop("optimisation limit", WHY, True), None, "cannot tell", "No model overfitted (rise"),
        ([rung()], Stop("budget", WHY, True), Subset(100, 0.01, 0.7), "cannot tell", "overfitted within the budget"),
        ([rung(reason="diverged", diverged=True)], Stop("diverged", WHY), None, "failed", "diverged in every run"),
    ],
)  # fmt: skip
def test_verdicts_from_rungs(steps, stop, subset, verdict, told):
    found = overfit.verdict(steps, stop, subset)
    assert found.verdict == verdict
    assert told in said(found)
    assert found.advice
    json.dumps(found.record(), allow_nan=False)


def test_curves_to_verdict_keep_the_smallest_model_that_crossed():
    rise, flat = np.concatenate([np.linspace(0.1, 1, 10), np.linspace(1, 4, 20)]), np.full(30, 0.9)
    runs = [
        net("overfit-01", flat, 0.3, train=np.full(30, 0.5), hyperparameters={"layers": 1, "units": 8}, parameters=50),
        net("overfit-02", rise, rise * 0.8, hyperparameters={"layers": 2, "units": 16}, parameters=300),
        net("overfit-03", rise, rise * 0.9, hyperparameters={"layers": 2, "units": 32}, parameters=900),
    ]
    found = overfit.judge(VALIDATION, runs, BASE)
    assert (found.verdict, found.numbers["run"]) == ("passed", "overfit-02")
    assert found.numbers["capacity"] == {"layers": 2, "units": 16, "epochs": 30}
    assert found.numbers["rise"] > 0.1
    assert found.numbers["kind"] == "confidence overfit"  # the ranking did not get worse
    assert [step["kind"] for step in found.numbers["steps"]] == ["none", "confidence overfit", "confidence overfit"]


@pytest.mark.parametrize(
    ("metric", "judged"), [("log_loss", False), ("roc_auc", True), ("accuracy", True), ("brier", True)]
)
def test_a_metric_that_is_the_loss_is_not_judged_twice(metric, judged):
    rows = dataclasses.replace(VALIDATION, metric=metric)
    step = ladder.step(rows, net("o", np.linspace(0.1, 1, 20), 0.3), BASE)
    assert (step.metric is not None) == judged


@pytest.mark.parametrize("train_score", [None, [np.nan] * 30, np.linspace(0.5, 0.99, 30)])
def test_the_metric_is_judged_without_its_training_curve_too(train_score):
    worse = np.concatenate([np.linspace(0.1, 1, 10), np.linspace(1, 4, 20)])
    noise = np.concatenate([np.full(10, 0.3), np.linspace(0.3, 12, 20)])
    run = dataclasses.replace(net("o", worse, noise), train_score=train_score)
    assert ladder.step(VALIDATION, run, BASE).kind == "overfit"


def test_a_run_of_nan_is_a_diverged_rung():
    run = net("o", np.full(20, np.nan), 0.0, train=np.full(20, np.nan), hyperparameters={"learning_rate": 0.1})
    step = ladder.step(VALIDATION, run, BASE, net("p", [0.5] * 20, 0.1))
    assert (step.diverged, step.kind, step.learning_rate) == (True, "none", 0.1)


@pytest.mark.parametrize(("rows", "expected"), [(20, 20), (200, 32), (5000, 500), (50_000, 1000)])
def test_rows_of_the_subset_check(rows, expected):
    assert overfit.subset_rows(rows) == expected


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (Capacity(3, 256, 80), "3 layers of 256 units, 80 epochs"),
        (Capacity(1, 8, 20), "1 layer of 8 units, 20 epochs"),
        (Capacity(None, 8, 20), "8 units, 20 epochs"),
        (Capacity(None, None, 20), "20 epochs"),
    ],
)
def test_capacity_in_words(size, text):
    assert words.say(size.told()) == text
