"""Kinds of data: one folder a kind, and what the other rooms ask of it.

A kind is a folder with an object that answers `Kind`, and one entry of `KINDS`; no other room knows what a row is made
of. The project's code is the kind's too: what the worker uses of it is the contract in `training/project_code.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from modelwizard.contract.results import Proposal
    from modelwizard.conversation import Page
    from modelwizard.kinds.facts import DataFacts, TargetFacts
    from modelwizard.kinds.question import Question
    from modelwizard.problems.target import Target
    from modelwizard.settings import Settings
    from modelwizard.splitting.split import Rows

    Array = NDArray[Any]

KINDS = {"tabular": "modelwizard.kinds.tabular.kind:TABULAR"}
"""Where the object of each kind lies, the kind first that is taken until the data say otherwise."""


class Data(Protocol):
    """Data that were read, and what they say in the light of the answers so far.

    `known` are the answers so far, by question name.
    """

    def facts(self, known: Mapping[str, Any]) -> DataFacts:
        """Return what a person should see before the questions about the data.

        Raises:
            DataError: Nothing can be learned from the data.
        """
        ...

    def target_facts(self, known: Mapping[str, Any]) -> TargetFacts:
        """Return what a person should know about the target that was named.

        Raises:
            DataError: It cannot be learned.
            UsageError: It does not fit the problem type that was named.
        """
        ...

    def target(self, known: Mapping[str, Any]) -> Target:
        """Return the target as it is trained on; the same object for the same answers."""
        ...

    def rows(self, known: Mapping[str, Any]) -> Rows:
        """Return which rows must not be parted, and their order; the same object for the same answers."""
        ...

    def hashes(self) -> Sequence[str]:
        """Return 16 hex digits for each row, of its raw content."""
        ...


class Features(Protocol):
    """What `modelwizard features` asks of a kind whose rows have columns.

    `kinds` are the kinds of the raw columns as data.py names them, `numbers` the (n,) values of those that are numbers.
    """

    def numbers(self, kinds: Mapping[str, str], made: Collection[str]) -> list[str]:
        """Return which of the columns that leave `add_features` are numbers."""
        ...

    def helped(
        self,
        kinds: Mapping[str, str],
        numbers: Mapping[str, Array],
        raw: Mapping[str, Array],
        y: Array,
        problem: str,
        seed: int,
    ) -> tuple[Proposal, ...]:
        """Return features that explain what a model without them leaves of the canonical targets `y`, best first."""
        ...

    def unhelped(self, kinds: Mapping[str, str], numbers: Mapping[str, Array]) -> Mapping[str, tuple[Proposal, ...]]:
        """Return features that the inputs alone speak for, by what they are."""
        ...

    def clusters(
        self, blocks: Mapping[str, Array], columns: Mapping[str, Sequence[str]], names: Sequence[str]
    ) -> list[list[str]]:
        """Return some columns of encoded blocks in groups, those together that stand in for each other."""
        ...


class Kind(Protocol):
    """A kind of data. What it does, it imports when it is asked: reading data takes pandas, asking does not."""

    @property
    def name(self) -> str:
        """The word used in settings and flags."""
        ...

    @property
    def templates(self) -> Mapping[str, str]:
        """The template of each Python file that a project may have, by the file's path inside it."""
        ...

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked about the data themselves, before the problem type."""
        ...

    @property
    def divisions(self) -> Sequence[Question]:
        """What is asked about how rows depend on each other, after the problem type."""
        ...

    @property
    def reading(self) -> Mapping[str, str]:
        """How data are read where a person knows better: `text` or `list` by name, for `--set` and answers files."""
        ...

    def recognises(self, path: Path) -> bool:
        """Say whether a path may hold data of this kind, by its name."""
        ...

    def examples(self) -> Mapping[str, str]:
        """Return the bundled examples: name → what it is."""
        ...

    def write_example(self, name: str, folder: Path) -> Path:
        """Write a bundled example into a folder, the same bytes each time; return its path.

        Raises:
            UsageError: There is no such example.
        """
        ...

    def open(self, path: Path, reading: Mapping[str, Any]) -> Data:
        """Read data.

        Args:
            path: Where they are.
            reading: How, where a person knows better.

        Raises:
            DataError: They are missing, or not of this kind.
        """
        ...

    def show(self, page: Page, facts: DataFacts) -> None:
        """Show the data on a screen, before the first question about them."""
        ...

    def files(self, settings: Settings) -> dict[str, str]:
        """Return the Python files of a project by their paths inside it."""
        ...

    def requirements(self, settings: Settings) -> Sequence[str]:
        """Return the packages that a project needs to read its data, besides those of every project."""
        ...

    def rows(self, path: Path, settings: Settings) -> Rows:
        """Return which rows of a project's data must not be parted, and their order."""
        ...

    def matrices(self, train: Mapping[str, Array], held: Mapping[str, Array], *, one_hot: bool) -> tuple[Any, Any]:
        """Return encoded blocks of training and of held-out rows as matrices, for models that know no blocks.

        Args:
            train: Blocks of the rows that a model is fitted on.
            held: Blocks of the rows that it predicts.
            one_hot: Whether each category gets a column of its own.
        """
        ...

    def features(self) -> Features:
        """Return what `modelwizard features` asks of this kind."""
        ...

    def altered(self, settings: Settings, rows: Array, labels: Array) -> AbstractContextManager[Callable[[Any], None]]:
        """Let a project's own code read its data changed, inside the block; yield what does the same to its data.py.

        Args:
            settings: Those of the project.
            rows: Which row stands in the place of each, shape (n,).
            labels: Of which row each has the target, shape (n,).
        """
        ...

    def rewritten(self, path: Path, settings: Settings, copy: Path) -> tuple[Path, list[str]]:
        """Return a file of new rows as the project's code reads it, and what about it is written otherwise.

        Args:
            path: The file of new rows.
            settings: Those of the project.
            copy: Where a copy may be written in the form of the data file.
        """
        ...

    def unlike(self, path: Path, cleaned: Any, settings: Settings, data: Path | None) -> tuple[list[str], bool]:
        """Return in sentences how new rows are unlike the data file, and whether too much to predict them.

        Args:
            path: The file of new rows, in the form of the data file.
            cleaned: What the project's `read_rows` makes of it.
            settings: Those of the project.
            data: The data file; None where it is not there or was changed.
        """
        ...


def of(name: str) -> Kind:
    """Return the kind of that name."""
    module, _, value = KINDS[name].partition(":")
    return getattr(importlib.import_module(module), value)


def every() -> list[Kind]:
    """Return all kinds, the one first that is taken until the data say otherwise."""
    return [of(name) for name in KINDS]
