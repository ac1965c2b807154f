"""What may be chosen says what it means, and is asked where it matters."""

from __future__ import annotations

import pytest

from modelwizard.errors import UsageError
from modelwizard.kinds.facts import Facts, TargetFacts
from modelwizard.kinds.question import Default
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.questions import BY_NAME
from modelwizard.words import sentences


def test_metrics_and_losses_have_a_meaning() -> None:
    names = {name for row in PROBLEMS.values() for name in (*row.metrics, *row.losses)}
    assert all(sentences(f"meanings.{name}") for name in names)


FAULTS = TargetFacts("multiclass", choices={"rare": ("merge", "2 classes …"), "extremes": ("", "")})


@pytest.mark.parametrize(("name", "there"), [("rare", True), ("extremes", False)])
def test_what_is_done_about_a_fault_is_asked_where_there_is_one(name: str, there: bool) -> None:
    assert BY_NAME[name].exists({}, Facts("tabular", target=FAULTS)) == there
    assert not BY_NAME[name].exists({}, Facts("tabular", target=TargetFacts("multiclass")))


def test_the_way_that_is_taken_is_offered_with_its_reason() -> None:
    question, facts = BY_NAME["rare"], Facts("tabular", target=FAULTS)
    assert question.default({}, facts) == Default("merge", "2 classes …")
    assert [choice.value for choice in question.choices({}, facts)] == ["merge", "leave out", "keep"]
    with pytest.raises(UsageError):
        question.check("drop", {}, facts)
