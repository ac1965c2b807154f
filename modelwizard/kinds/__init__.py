"""Kinds of data: one folder a kind, and what the other rooms ask of it.

A kind is a folder with an object that answers `Kind`, and one entry of `KINDS`; no other room knows what a row is made
of. The project's code is the kind's too: what the worker uses of it is the contract in `training/project_code.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from modelwizard.answers import Answers
    from modelwizard.settings import Settings

    Array = NDArray[Any]

KINDS = {"tabular": "modelwizard.kinds.tabular.kind:TABULAR"}
"""Where the object of each kind lies; it is loaded when it is asked for, since reading data takes pandas."""


class Kind(Protocol):
    """A kind of data."""

    @property
    def name(self) -> str:
        """The word used in settings and flags."""
        ...

    @property
    def templates(self) -> Mapping[str, str]:
        """The template of each Python file that a project may have, by the file's path inside it."""
        ...

    def recognises(self, path: Path) -> bool:
        """Say whether a path may hold data of this kind, by its name."""
        ...

    def examples(self) -> Mapping[str, str]:
        """Return the bundled examples: name → what it is."""
        ...

    def files(self, answers: Answers) -> dict[str, str]:
        """Return the Python files of a project by their paths inside it."""
        ...

    def units(self, path: Path, settings: Settings) -> Array:
        """Return a number for each row of a project's data; rows that must not be parted have the same one."""
        ...

    def groups(self, path: Path, settings: Settings) -> Array:
        """Return the group of each row as text, "" where it has none."""
        ...

    def times(self, path: Path, settings: Settings) -> Array:
        """Return a number for each row that orders the rows in time, negative where the time is missing."""
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
