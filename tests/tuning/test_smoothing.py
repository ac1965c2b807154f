"""Of many noisy trials, the one that is best among its neighbours, not the luckiest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelwizard.contract.trials import Summary, Training
from modelwizard.training.space import discover
from modelwizard.tuning.oracle import Oracle
from modelwizard.tuning.smoothing import FEWEST, steadiest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")

PLACES = np.linspace(0.0, 1.0, 41)
BOWL = (PLACES - 0.3) ** 2


@pytest.mark.parametrize(
    ("change", "value"),
    [
        pytest.param(None, 0.0, id="as it is"),
        pytest.param(36, -1.0, id="a lucky one far away"),
        pytest.param(13, 1e30, id="one that diverged near the best"),
        pytest.param(36, -1e30, id="a likelihood beyond all bounds"),
    ],
)
def test_the_middle_of_the_good_trials_is_best(change: int | None, value: float) -> None:
    losses = BOWL.copy()
    if change is not None:
        losses[change] = value
    assert abs(PLACES[steadiest(PLACES[:, None].tolist(), losses.tolist())] - 0.3) < 0.1


def test_equal_losses_and_equal_places_have_an_answer() -> None:
    assert steadiest([[0.5]] * 30, [1.0] * 30) == 0


@pytest.mark.parametrize(("trials", "near"), [(FEWEST - 1, 0.9), (FEWEST, 0.3)])
def test_steps_start_from_the_luckiest_of_few_and_from_the_steadiest_of_many(trials: int, near: float) -> None:
    def bowl(hp: Any) -> None:
        hp.Float("x", 0.0, 1.0)

    places = np.linspace(0.0, 0.8, trials - 1)
    oracle = Oracle(discover(bowl), 1, turns=("tune",))
    oracle.replay(
        Summary(
            run=f"x-{i + 1:03d}",
            stage="x",
            hyperparameters={"x": float(x)},
            training=Training(8, 32, 0),
            val_loss=float(loss),
        )
        for i, (x, loss) in enumerate([*zip(places, (places - 0.3) ** 2, strict=True), (0.9, -1.0)])
    )
    steps = [oracle._step(trials, oracle._incumbent(), "tune", attempt)["x"] for attempt in range(40)]
    assert abs(np.median(steps) - near) < 0.1
