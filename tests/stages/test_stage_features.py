"""Features judged by paired losses: additions must gain an error, removals may not lose one."""

from __future__ import annotations

import numpy as np
import pytest
from stage_builders import ROWS, VALIDATION

from modelwizard import words
from modelwizard.contract.messages import message
from modelwizard.contract.results import Effect, Proposal, Proposals
from modelwizard.stages.features import Arm, Batch, Changes, batches, dispensable, judge

BASE = np.abs(np.random.default_rng(1).normal(size=ROWS))
TITLE = message("features.batch", kind="dates", number=None)


def proposal(name: str) -> Proposal:
    return Proposal(name, "ratio", f'columns["{name}"] = columns["a"] / columns["b"]', 0.1, 5.0)


def shifted(t: float) -> Arm:
    """Return an arm whose paired gain over BASE is t standard errors."""
    noise = np.random.default_rng(2).normal(size=ROWS)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return Arm(BASE - 0.1 * (noise + t / np.sqrt(ROWS)), (0.8, 0.82))


@pytest.mark.parametrize(
    ("action", "t", "kept"),
    [
        ("add", 1.2, True),
        ("add", 0.8, False),
        ("add", -3.0, False),
        ("remove", 0.0, True),
        ("remove", -0.8, True),
        ("remove", -1.2, False),
        ("confirm", 0.3, True),
        ("confirm", -0.3, False),
    ],
)
def test_the_rule_of_one_paired_error(action: str, t: float, kept: bool) -> None:
    found = judge(VALIDATION, Arm(BASE, (0.7,)), shifted(t), TITLE, action, ["x"])
    assert found.t == pytest.approx(t, abs=0.01)
    assert found.accepted is kept
    assert found.score == pytest.approx(0.81)


def test_what_could_not_be_trained_is_not_kept() -> None:
    found = judge(VALIDATION, Arm(BASE, (0.7,)), None, TITLE, "add", ["x"])
    assert not found.accepted
    assert found.record()["names"] == ["x"]


def test_interactions_come_in_threes_and_each_fold_has_its_own() -> None:
    told = tuple(proposal(f"f{i}") for i in range(5))
    first, second = batches(
        [Proposals("interactions", (told, told[:2]), told), Proposals("dates", ((), ()), ())],
    )
    assert words.say(second.title) == "interactions 2"
    assert [[one.name for one in fold] for fold in first.folds] == [["f0", "f1", "f2"], ["f0", "f1"]]
    assert [one.name for one in second.written] == ["f3", "f4"]
    assert second.folds[1] == ()
    assert [one.name for one in first.first().written] == ["f0"]


def test_changes_as_code_additions_before_removals() -> None:
    batch = Batch(TITLE, ((proposal("x"),), (proposal("y"),)), (proposal("z"),))
    changes = Changes().plus(batch).minus(["a", 'b"'])
    removed = ('del columns["a"]', 'del columns["b\\""]')
    assert changes.code() == tuple((proposal(name).code, *removed) for name in ("x", "y"))
    assert changes.statements[0] == proposal("z").code
    assert Changes().code() == ()


def test_an_addition_that_is_removed_is_simply_not_made() -> None:
    batch = Batch(TITLE, ((proposal("x"), proposal("y")),), (proposal("x"), proposal("y")))
    changes = Changes().plus(batch).minus(["x", "a"])
    assert changes.statements == [proposal("y").code, 'del columns["a"]']
    assert changes.code() == (tuple(changes.statements),)


def cluster(*members: tuple[str, float]) -> list[Effect]:
    return [Effect(name, 0.1, t) for name, t in members]


def test_one_column_of_each_cluster_the_least_important_first() -> None:
    told = [cluster(("a", 0.5), ("twin", -0.2)), cluster(("needed", 4.0)), cluster(("idle", -1.0))]
    assert dispensable(told) == ["idle", "twin"]


def test_the_last_column_is_never_given_away() -> None:
    assert len(dispensable([cluster(("a", 0.0)), cluster(("b", 0.1))])) == 1
