"""How the lengths of trials, references and the deadline of a search follow a time budget."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.ensemble import HistGradientBoostingRegressor

from modelwizard.contract.jobs import Member, Order, Reserve, Search
from modelwizard.contract.results import Paced
from modelwizard.contract.trials import Experiment, Training
from modelwizard.training import members, references
from modelwizard.training.pacing import compiling, shortened
from modelwizard.training.trials import _brief
from modelwizard.training.watcher import Watcher
from modelwizard.tuning.search import MOST_RESERVED, State

ASKED = Experiment(run="baseline-01", stage="baseline", hyperparameters={}, epochs=30, batch_size=32, seed=0)

SEARCH = Search(
    stage="regularize",
    trials=9,
    seed=0,
    epochs=40,
    batch_size=32,
    choices={"epochs": [20, 40, 80, 160], "batch_size": [8]},
    first=[{"units": 8}, {"epochs": 20}, {"epochs": 80}],
    reserve=Reserve(5.0, 2),
)


@pytest.mark.parametrize(
    ("pace", "epochs", "lengths"),
    [
        (Paced(1.0, 0.01), 40, [20, 40, 80, 160]),  # there is time enough
        (Paced(1.0, 0.1), 40, [20, 40, 80]),  # 110 epochs would hardly be more than 80
        (Paced(1.0, 0.08), 40, [20, 40, 80, 137]),  # the longest is cut
        (Paced(2.0, 0.5), 32, [16, 32]),
        (Paced(40.0, 9.0), 4, [2, 4]),  # never none
    ],
)
def test_trials_are_as_long_as_the_time_does_for(pace: Paced, epochs: int, lengths: list[int]) -> None:
    found = shortened(SEARCH, pace, 30.0)
    assert found.first == [{"units": 8}, {"epochs": lengths[0]}, {"epochs": min(2 * epochs, lengths[-1])}]
    assert (found.epochs, found.batch_size) == (epochs, 32)
    assert found.choices == {"epochs": lengths, "batch_size": [8]}


@pytest.mark.parametrize(
    ("epochs", "seconds"),
    [([5.0, 0.1, 0.2, 0.1], 4.9), ([0.1, 0.1, 0.3], 0.0), ([0.1, 0.5], 0.0), ([3.0], 0.0)],
)
def test_what_compiling_takes_is_seen_in_the_first_epoch(epochs: list[float], seconds: float) -> None:
    assert compiling(epochs) == pytest.approx(seconds)


def test_another_network_is_expected_to_need_no_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 108.0])
    history = [{"seconds": seconds, "train_loss": 0.5} for seconds in (6.0, 0.4, 0.4)]
    network = SimpleNamespace(save_weights=lambda path: None)
    monkeypatch.setattr(members, "train", lambda *_: (network, SimpleNamespace(history=history)))
    monkeypatch.setattr(members, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    job = Member(hyperparameters={}, training=Training(3, 32, 1), order=Order(3, 1, 1, 6), weights="none.h5")
    workshop: Any = SimpleNamespace(production=(None, None))
    watcher = Watcher(lambda *_, **__: None, lambda: None)
    made = members.save(workshop, job, watcher)
    assert (made.train_loss, made.seconds) == (0.5, pytest.approx(8.0 - 5.6))


def searching(end: float, **trials: float) -> tuple[State, Watcher]:
    """A search of `end` seconds that needs 5 s and two networks afterwards, with trials of so many seconds.

    They were best after 10 of 20 epochs, so that networks take 14.
    """
    watcher = Watcher(lambda *_, **__: None, lambda: None)
    found: Any = State.__new__(State)
    found._begin, found._end = time.monotonic(), time.monotonic() + end
    found._folds, model = [None], SimpleNamespace(build_model=lambda hp, encoding, steps=None: None)
    found._workshop = SimpleNamespace(code=SimpleNamespace(model=model))
    found._watcher, found._job = watcher, SEARCH
    half = replace(ASKED, epochs=20).summary(best_epochs=(9,), epochs_run=20)
    found.finished = {
        i: replace(half, val_loss=1.0 - 0.1 * i, seconds=seconds) for i, seconds in enumerate(trials.values(), start=1)
    }
    found._spare()
    return found, watcher


def test_what_comes_after_a_search_is_kept_from_its_time() -> None:
    for trials, reserved in (({}, 5.0), ({"first": 10.0}, 29.0), ({"first": 10.0, "better": 4.0}, 14.6)):
        found, watcher = searching(100.0, **trials)
        assert found._end - watcher.deadline == pytest.approx(reserved)  # type: ignore[attr-defined]
    found, watcher = searching(100.0, first=60.0)
    assert found._end - watcher.deadline == pytest.approx(100 * MOST_RESERVED, abs=0.1)  # type: ignore[attr-defined]


def test_a_trial_that_would_not_get_to_its_middle_does_not_begin() -> None:
    assert not searching(100.0, first=10.0)[0]._too_late()  # type: ignore[attr-defined]
    assert searching(22.0, first=30.0)[0]._too_late()  # type: ignore[attr-defined]
    assert not searching(22.0)[0]._too_late()  # type: ignore[attr-defined]


def test_boosting_stops_at_its_time_and_is_the_same_without_one() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    y = x[:, 0] + np.sin(3 * x[:, 1])
    make = lambda: HistGradientBoostingRegressor(early_stopping=True, random_state=1, max_iter=40)  # noqa: E731
    free, timed = references._boosted(make(), x, y, math.inf), references._boosted(make(), x, y, time.monotonic() + 60)
    cut = references._boosted(make(), x, y, time.monotonic() - 1)
    assert cut.n_iter_ == references.ROUNDS < timed.n_iter_ <= free.n_iter_
    np.testing.assert_array_equal(free.predict(x), make().fit(x, y).predict(x))


@pytest.mark.parametrize(("until", "done"), [(math.inf, 3), (-1.0, None)])
def test_a_reference_without_time_for_all_folds_is_left_out(until: float, done: int | None) -> None:
    calls: list[float] = []

    def predict(_: Any, __: Any, limit: float) -> Any:
        calls.append(limit)
        return np.zeros(1)

    folds: Any = [SimpleNamespace()] * 3
    found = references._all_folds(None, predict, folds, until)  # type: ignore[arg-type]
    assert (found and len(found)) == done
    assert len(calls) == (done or 0)


@pytest.mark.parametrize(
    ("trials", "seconds", "brief"), [(1, 3.0, True), (1, 60.0, False), (1, math.inf, False), (20, 3.0, False)]
)
def test_a_short_single_fit_is_not_compiled(trials: int, seconds: float, brief: bool) -> None:
    assert _brief(replace(ASKED, trials=trials), time.monotonic() + seconds) == brief
