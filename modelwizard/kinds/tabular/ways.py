"""Questions about faults of a target: what is done about them can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modelwizard.conversation import Choice
from modelwizard.kinds.facts import Facts
from modelwizard.kinds.question import Default, Known, Question, one_of


class Way(Question):
    """What is done about a fault of the target that a person may judge otherwise."""

    after = ("data", "format", "target")
    ways: ClassVar[Mapping[str, str]]

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        """Return the ways, each with what it means."""
        return [Choice(way, way, means) for way, means in self.ways.items()]

    def default(self, known: Known, facts: Facts) -> Default | None:
        """Return the way that was taken, with the sentence that tells it."""
        return Default(*facts.require_target().choices[self.name])

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        """Return a way that there is."""
        return one_of(value, [*self.ways], "one of the ways", f"--set {self.name}=")

    def exists(self, known: Known, facts: Facts) -> bool:
        """Tell whether the target has this fault."""
        return facts.target is not None and bool(facts.target.choices.get(self.name, ("", ""))[0])


class Rare(Way):
    """What becomes of classes with too few rows."""

    name, flag = "rare", "--set rare=WAY"
    text = "What should become of classes with too few rows?"
    why = "A class must have rows to train on, to validate and to test."
    ways: ClassVar[Mapping[str, str]] = {
        "merge": "they become one class, 'other'",
        "leave out": "their rows are not used",
        "keep": "a class of fewer than 3 rows cannot be learned",
    }


class Extremes(Way):
    """What becomes of target values out of all proportion."""

    name, flag = "extremes", "--set extremes=WAY"
    text = "What should become of values out of all proportion?"
    why = "One such row decides the loss and every score; it is often a typing error."
    ways: ClassVar[Mapping[str, str]] = {
        "leave out": "their rows are not used",
        "clip": "they are replaced by the most extreme of the others",
        "keep": "they are used as they are; one row may decide every score",
    }
