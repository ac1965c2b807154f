"""What is known about the data while questions are asked, as plain values; a kind of data finds it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from modelwizard.settings import DataSettings

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """One column: something with a name that each row has a value of.

    Args:
        name: Its name, as in the file.
        kind: A member of `settings.COLUMN_KINDS`.
        reason: Why, in one phrase.
        missing: How many cells hold no value.
        distinct: How many different values the others hold.
        examples: A few of them, the most frequent first (in file order where all differ).
        format: The pandas format of a date column. Defaults to None.
        common: The share of rows that hold the most frequent value, 0 to 1.
        infinite: How many cells of a numeric column are infinite.
    """

    name: str
    kind: str
    reason: str = ""
    missing: int = 0
    distinct: int = 0
    examples: tuple[str, ...] = ()
    format: str | None = None
    common: float = 0.0
    infinite: int = 0


@dataclass(frozen=True)
class Caution:
    """Something that a person should know before trusting a result.

    Args:
        code: A stable word for it.
        sentence: What was seen and what follows from it.
        columns: The columns concerned. Defaults to none.
    """

    code: str
    sentence: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leak:
    """Columns that give the target away.

    Args:
        columns: One column, or several of which the target is an exact sum.
        target: The target column they explain.
        skill: Share of the baseline's error (wrong labels, squared error) that they remove, at most 1.
        sentence: What was seen, for a person.
    """

    columns: tuple[str, ...]
    target: str
    skill: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Data at a glance.

    Args:
        duplicates: Rows that repeat an earlier row exactly, identifiers and what else is left out aside.
        groups: Columns whose values repeat like those of a person or thing, each with a sentence.
        times: Columns that hold dates or times, each with a sentence.
        time: The one of `times` in whose order the file is sorted, or nothing.
        leaks: Columns that give the target away, once it was named.
        cautions: What is odd.
    """

    duplicates: int = 0
    groups: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    times: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    time: str = ""
    leaks: tuple[Leak, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataFacts(Profile):
    """The data as a person should see them.

    Args:
        source: Where they are and how they are read.
        columns: Their columns, in file order.
        targets: Columns that look like the target; may be empty.
        targets_reason: Why these.
    """

    source: DataSettings
    columns: tuple[Column, ...] = ()
    targets: tuple[str, ...] = ()
    targets_reason: str = ""

    @property
    def odd(self) -> frozenset[str]:
        """The columns that a caution is about."""
        return frozenset(name for caution in self.cautions for name in caution.columns)


@dataclass(frozen=True)
class Guess:
    """The problem type that a target most likely makes.

    Args:
        problem: The type.
        reason: Why, with the numbers seen.
        alternatives: Other types that fit, the likelier first, each with when it is the better one.
        impossible: The types that do not, each with its reason.
        metric: A score that suits better than the type's usual one, or nothing.
        metric_reason: Why.
    """

    problem: str
    reason: str = ""
    alternatives: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    impossible: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    metric: str = ""
    metric_reason: str = ""


@dataclass(frozen=True)
class TargetFacts(Guess):
    """What the chosen target looks like, and the problem type that it most likely makes.

    Args:
        choices: What can be chosen about classes of too few rows and about extreme values, by the question's name: the
            way that is taken and a sentence; empty texts where there is nothing to choose.
        labels: Labels and their numbers of rows, in the order of class ids; empty for amounts.
        positive: The label offered as the positive one of a binary problem.
        positive_reason: Why that one.
        positive_evident: Whether asking would be silly ("yes" of yes and no).
        leaks: Columns not ignored yet that explain the target almost alone, each with a sentence.
        initial_loss: Loss expected before the first step, by problem and loss: `{"binary/mse": 0.25}`; may be empty.
        warnings: What a person should know, one sentence each.
    """

    choices: Mapping[str, tuple[str, str]] = field(default_factory=lambda: _EMPTY)
    labels: tuple[tuple[str, int], ...] = ()
    positive: str = ""
    positive_reason: str = ""
    positive_evident: bool = True
    leaks: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    initial_loss: Mapping[str, float] = field(default_factory=lambda: _EMPTY)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that questions may look at.

    Args:
        kind: The kind of the data.
        files: Data files found nearby, as a person would type them.
        examples: Finds the bundled examples: name → what it is. Takes a moment.
        folder: Name to offer for the project's folder.
        data: The data, once they were named.
        target: The target, once it was named.
        scheme: What `auto` validation comes to, once the problem is known.
        split_reason: Why, in rows and points.
        split_notes: What else a person should know about the split, one sentence each.
    """

    kind: str
    files: tuple[str, ...] = ()
    examples: Callable[[], Mapping[str, str]] = lambda: _EMPTY
    folder: str = ""
    data: DataFacts | None = None
    target: TargetFacts | None = None
    scheme: str = ""
    split_reason: str = ""
    split_notes: tuple[str, ...] = ()

    def require_data(self) -> DataFacts:
        """Return the facts about the data; questions about them come after they were named."""
        if self.data is None:
            raise LookupError("no data file was named yet")
        return self.data

    def require_target(self) -> TargetFacts:
        """Return the target's facts; questions about the problem come after the target was named."""
        if self.target is None:
            raise LookupError("no target was named yet")
        return self.target
