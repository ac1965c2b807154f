"""Every metric and loss that may be chosen says what it means."""

from __future__ import annotations

from modelwizard.problems import PROBLEMS
from modelwizard.words import sentences


def test_metrics_and_losses_have_a_meaning() -> None:
    names = {name for row in PROBLEMS.values() for name in (*row.metrics, *row.losses)}
    assert all(sentences(f"meanings.{name}") for name in names)
