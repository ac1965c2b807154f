"""A target that was looked at and can be learned, whatever kind of data it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelwizard.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Target:
    """A target that can be learned; equal to itself alone, since arrays have no single truth.

    Args:
        names: What it is called: its columns, where there are any.
        problem: The problem type.
        classes: Labels in the order of their numbers: negative, positive for two; empty for amounts and marks.
        counts: Rows of each class, or of each of several labels; else empty.
        y: Canonical values, as the problem type has them.
        known: Which rows have a target, shape (n,).
        positive_reason: Why the positive label of `binary` is the positive one. Defaults to "".
        positive_evident: Whether asking which label is positive would be silly. Defaults to True.
    """

    names: tuple[str, ...]
    problem: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    y: NDArray[Any]
    known: NDArray[Any]
    positive_reason: str = ""
    positive_evident: bool = True

    @property
    def type(self) -> Problem:
        """The problem type as an object."""
        return PROBLEMS[self.problem]
