"""What is known about the data while questions are asked, as plain values; `survey` finds it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from modelwizard.answers import Source

_EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class ColumnFacts:
    """One column as a person should see it.

    Args:
        name: Its name in the file.
        kind: A member of `answers.COLUMN_KINDS`.
        reason: Why that kind.
        missing: Rows without a value.
        distinct: Different values.
        summary: Range, balance or examples, in a few words.
        odd: Whether one of the table's warnings is about it.
    """

    name: str
    kind: str
    reason: str = ""
    missing: int = 0
    distinct: int = 0
    summary: str = ""
    odd: bool = False


@dataclass(frozen=True)
class TableFacts:
    """The file as a person should see it.

    Args:
        source: The file and how it is read, with its hash.
        columns: Its columns in file order.
        duplicates: Rows that repeat an earlier row exactly.
        targets: Columns that look like the target; may be empty.
        targets_reason: Why these.
        groups: Columns whose values repeat like those of a person or thing, each with a sentence.
        times: Columns that hold dates or times, each with a sentence.
        time: The one of `times` in whose order the file is sorted, or nothing.
        warnings: What a person should know, one sentence each.
    """

    source: Source
    columns: tuple[ColumnFacts, ...]
    duplicates: int = 0
    targets: tuple[str, ...] = ()
    targets_reason: str = ""
    groups: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    times: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    time: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of data rows."""
        return self.source.rows


@dataclass(frozen=True)
class TargetFacts:
    """What the chosen target looks like.

    Args:
        problem: The inferred problem type.
        reason: Why, with the numbers seen.
        alternatives: Other problem types that fit, the likelier first, each with when it is the better one.
        impossible: Problem types that this target cannot be, each with its reason.
        metric: A score that suits `problem` better than its usual one, or nothing.
        metric_reason: Why.
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

    problem: str
    reason: str = ""
    alternatives: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    impossible: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    metric: str = ""
    metric_reason: str = ""
    choices: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    labels: tuple[tuple[str, int], ...] = ()
    positive: str = ""
    positive_reason: str = ""
    positive_evident: bool = True
    leaks: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    initial_loss: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that questions may look at.

    Args:
        files: Data files found nearby, as a person would type them.
        examples: Finds the bundled examples: name → what it is. Takes a moment.
        folder: Name to offer for the project's folder.
        table: The file, once it was named.
        target: The target, once it was named.
        scheme: What `auto` validation comes to, once the problem is known.
        split_reason: Why, in rows and points.
    """

    files: tuple[str, ...] = ()
    examples: Callable[[], Mapping[str, str]] = lambda: _EMPTY
    folder: str = ""
    table: TableFacts | None = None
    target: TargetFacts | None = None
    scheme: str = ""
    split_reason: str = ""

    def require_table(self) -> TableFacts:
        """Return the file's facts; questions about columns come after the file was named."""
        if self.table is None:
            raise LookupError("no data file was named yet")
        return self.table

    def require_target(self) -> TargetFacts:
        """Return the target's facts; questions about the problem come after the target was named."""
        if self.target is None:
            raise LookupError("no target was named yet")
        return self.target
