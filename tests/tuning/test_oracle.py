"""Proposals depend on seed, number and the trials before; what failed is never compared; summaries rebuild it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwizard.contract.trials import Summary, Training
from modelwizard.training.seeds import derive
from modelwizard.training.space import discover
from modelwizard.tuning.oracle import Oracle, halton, still_learning

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


def model(hp: Any) -> None:
    hp.Int("layers", 1, 6, default=2)
    hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        hp.Int("extra", 1, 9)


def ended(index: int, values: dict[str, Any], *, epochs: int = 32, **known: Any) -> Summary:
    run, training = f"x-{index + 1:03d}", Training(epochs, 32, 0)
    return Summary(run=run, stage="x", hyperparameters=values, training=training, **known)


def run(oracle: Oracle, start: int, stop: int, losses: dict[int, float] | None = None) -> list[Summary]:
    """Run trials and return their summaries."""
    summaries: list[Summary] = []
    for index in range(start, stop):
        proposal = oracle.propose(index)
        assert proposal is not None
        loss = (losses or {}).get(index, 1.0 / (index + 1))
        oracle.report(proposal, loss)
        summaries.append(ended(index, proposal, val_loss=loss))
    return summaries


def test_the_given_points_come_first_completed_with_defaults() -> None:
    oracle = Oracle(discover(model), 1, [{"layers": 5, "gone": 3}, {"kind": "b"}])
    assert [s.hyperparameters for s in run(oracle, 0, 2)] == [
        {"layers": 5, "learning_rate": 1e-3, "kind": "a"},
        {"layers": 2, "learning_rate": 1e-3, "kind": "b", "extra": 1},
    ]


def test_conditional_values_are_there_only_when_active() -> None:
    drawn = [s.hyperparameters for s in run(Oracle(discover(model), 1), 0, 20)]
    assert {values["kind"] for values in drawn} == {"a", "b"}
    assert all(("extra" in values) == (values["kind"] == "b") for values in drawn)


def test_equal_seeds_propose_alike_and_others_differ() -> None:
    same = [run(Oracle(discover(model), seed), 0, 6) for seed in (7, 7, 8, 0)]
    assert same[0] == same[1]
    assert same[0] != same[2]
    assert same[3] != same[2]


@pytest.mark.parametrize("killed_after", [1, 3, 5])
def test_a_search_that_was_killed_goes_on_as_it_would_have(killed_after: int) -> None:
    whole = run(Oracle(discover(model), 3, [{"layers": 4}]), 0, 8)
    again = Oracle(discover(model), 3, [{"layers": 4}])
    again.replay(whole[:killed_after])
    assert run(again, killed_after, 8) == whole[killed_after:]


def test_nothing_is_tried_twice_until_nothing_is_left() -> None:
    def small(hp: Any) -> None:
        hp.Choice("a", [1, 2, 3])
        hp.Boolean("b")

    oracle = Oracle(discover(small), 5)
    drawn = [s.hyperparameters for s in run(oracle, 0, 6)]
    assert len({tuple(sorted(values.items())) for values in drawn}) == 6
    assert oracle.propose(6) is None


def regularised(hp: Any) -> None:
    hp.Float("dropout", 0.0, 0.5, default=0.2)
    hp.Choice("weight_decay", [0.0, 0.1], default=0.1)
    hp.Choice("epochs", [8, 32, 128], default=32)
    hp.Int("units", 8, 64)


def timed(hp: Any) -> None:
    hp.Float("dropout", 0.0, 0.5, default=0.2)
    hp.Choice("weight_decay", [0.0, 0.1], default=0.1)
    hp.Fixed("epochs", 32)
    hp.Int("units", 8, 64)


FREED = {"dropout": 0.0, "weight_decay": 0.0, "epochs": 128}


@pytest.mark.parametrize(
    ("learning", "unregularised", "build", "freed"),
    [
        pytest.param(True, True, regularised, True, id="still learning at its end"),
        pytest.param(False, True, regularised, False, id="learned all it could"),
        pytest.param(True, False, regularised, False, id="no time"),
        pytest.param(True, True, timed, False, id="epochs are the person's"),
    ],
)
def test_the_longest_training_without_regularisers_is_tried_once_when_the_best_was_still_learning(
    learning: bool, unregularised: bool, build: Callable[[Any], None], freed: bool
) -> None:
    whole: list[Summary] = []
    for killed_after in (0, 4):
        space, first = discover(build), [{"units": n} for n in (8, 16, 32, 64)]
        oracle = Oracle(space, 3, first, unregularised=unregularised)
        oracle.replay(whole[:killed_after])
        for index in range(killed_after, 9):
            proposal = oracle.propose(index)
            assert proposal is not None
            oracle.report(proposal, 1.0 / (index + 1), learning=learning)
            loss, best = 1.0 / (index + 1), (31,) if learning else (3,)
            whole[index:] = [ended(index, proposal, val_loss=loss, train_loss=loss, best_epochs=best)]
        tried = [i for i, s in enumerate(whole) if FREED.items() <= s.hyperparameters.items()]
        assert tried[:1] == ([3] if freed else [])
        assert [s.hyperparameters["units"] for i, s in enumerate(whole) if i not in tried][:4] == [8, 16, 32, 64]


@pytest.mark.parametrize(
    ("best", "train", "held", "expected"),
    [
        ((31, 30, 22), 0.10, 0.11, True),
        ((31,), 0.10, 0.13, False),  # it knows its training rows better
        ((12,), 0.10, 0.11, False),  # it was best long before its end
        ((31,), -0.5, -0.4, True),  # a likelihood
        ((31,), 0.11, 0.10, True),
        ((), None, None, False),  # it failed
    ],
)
def test_a_training_whose_end_was_best_and_not_by_heart_was_still_learning(
    best: tuple[int, ...], train: float | None, held: float | None, expected: bool
) -> None:
    assert still_learning(ended(0, {}, best_epochs=best, train_loss=train, val_loss=held)) == expected


def test_a_first_point_that_was_tried_before_is_not_run_again() -> None:
    oracle = Oracle(discover(model), 3, [{"layers": 4}, {"layers": 4}])
    first, second = run(oracle, 0, 2)
    assert first.hyperparameters != second.hyperparameters


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, None])
def test_a_loss_that_is_no_number_is_a_failure_and_the_search_goes_on(loss: float | None) -> None:
    oracle = Oracle(discover(model), 3)
    for index in range(5):
        proposal = oracle.propose(index)
        assert proposal is not None
        oracle.report(proposal, loss)
    run(oracle, 5, 7)
    assert len(oracle.tried) == 7


def test_an_edited_space_keeps_what_was_tried_and_takes_in_what_is_new() -> None:
    before = run(Oracle(discover(model), 3), 0, 3)

    def edited(hp: Any) -> None:
        hp.Int("layers", 1, 6, default=2)
        hp.Float("brand_new", 0.0, 1.0)

    oracle = Oracle(discover(edited), 3)
    oracle.replay(before)
    assert set(run(oracle, 3, 4)[0].hyperparameters) == {"layers", "brand_new"}


def test_a_search_goes_on_after_an_edit_has_taken_the_best_value_out() -> None:
    def edited(hp: Any) -> None:
        hp.Choice("weight_decay", [0.0, 0.2])
        hp.Int("epochs", 8, 64)  # a person's own
        hp.Int("units", 8, 16)

    before = [
        ended(
            i,
            {"weight_decay": 0.1, "epochs": 32, "units": 17 + i},
            val_loss=1.0 + i,
            train_loss=1.0 + i,
            best_epochs=(31,),
        )
        for i in range(24)
    ]
    oracle = Oracle(discover(edited), 3, turns=("tune", "move"))
    oracle.replay(before)
    for summary in run(oracle, 24, 28):
        assert set(summary.hyperparameters) == {"weight_decay", "epochs", "units"}


def test_a_fixed_value_is_proposed_as_it_is() -> None:
    assert {s.hyperparameters["epochs"] for s in run(Oracle(discover(timed), 3), 0, 5)} == {32}


def test_points_cover_each_range_evenly_even_in_many_dimensions() -> None:
    """Of 30 independent draws, a tenth of a range stays empty with probability 0.04; here that must be rare."""
    points = np.array([halton(i, 12, derive("test")) for i in range(30)])
    assert points.min() >= 0
    assert points.max() < 1
    halves = (points < 0.5).sum(axis=0)
    assert halves.min() >= 11
    assert halves.max() <= 19
    worst = np.abs(np.corrcoef(points.T) - np.eye(12)).max()
    assert worst < 0.75  # unscrambled, the last two bases agree almost fully over so few points


def test_seeds_are_positive_and_far_apart() -> None:
    seeds = [derive(seed, "fit", fold) for seed in range(20) for fold in range(5)]
    assert len(set(seeds)) == 100
    assert min(seeds) > 0
    assert max(seeds) < 2**31 - 1


def wide(hp: Any) -> None:
    hp.Int("layers", 1, 6, default=3)
    hp.Float("dropout", 0.0, 0.6, step=0.1, default=0.3)
    hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    hp.Choice("l2", [0.0, 1e-5, 1e-3], default=0.0)


def test_steps_leave_most_of_the_best_trial_as_it_was() -> None:
    oracle = Oracle(discover(wide), 4, [{"layers": 2}])
    best = run(oracle, 0, 1, {0: 0.1})[0].hyperparameters
    later = [s.hyperparameters for s in run(oracle, 1, 17, dict.fromkeys(range(1, 17), 0.5))]
    changed = [{name for name in best if values[name] != best[name]} for values in later]
    assert all(1 <= len(names) <= 3 for names in changed[0::2] + changed[1::4])
    assert all("layers" not in names for names in changed[0::2])  # tuning keeps the program
    assert any("layers" in names for names in changed[1::4])


def test_steps_start_from_the_best_trial_not_from_the_last_or_a_failed_one() -> None:
    oracle = Oracle(discover(wide), 4, [{"layers": 1}, {"layers": 5}, {"layers": 6}])
    run(oracle, 0, 3, {0: 0.4, 1: 0.2, 2: math.nan})
    assert run(oracle, 3, 4)[0].hyperparameters["layers"] == 5
