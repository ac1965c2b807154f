"""How the wizard asks and shows: protocols without a terminal, implemented in `terminal`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from modelwizard.contract.messages import Text
from modelwizard.reporter import Reporter


class Back(Enum):
    """The answer of a person who wants the question before."""

    BACK = "back"


BACK = Back.BACK

NARROW = 60
"""Columns of a surface below which tables and hints say less."""


@dataclass(frozen=True)
class Choice:
    """One possible answer.

    Args:
        value: What is remembered.
        title: What is shown.
        consequence: What follows from it, in one line.
    """

    value: str
    title: str
    consequence: str = ""


@dataclass(frozen=True)
class Prompt:
    """One question as it is put to a person.

    Args:
        text: The question.
        form: `choose`, `choose many`, `text` or `path`.
        why: Why it is asked, in one line.
        flag: The flag that answers it.
        choices: What may be chosen.
        default: A value of the choices, several of them (`choose many`), or a text.
        check: Raises a `ModelWizardError` for a text that cannot be used.
        back: Whether the question before may be asked again.
    """

    text: str
    form: str = "choose"
    why: str = ""
    flag: str = ""
    choices: Sequence[Choice] = ()
    default: Any = None
    check: Callable[[str], object] = str
    back: bool = False


class Page(Protocol):
    """A surface to show things on, from top to bottom."""

    @property
    def width(self) -> int:
        """Columns of the surface."""
        ...

    def say(self, text: Text) -> None:
        """Say a plain sentence."""
        ...

    def note(self, text: Text) -> None:
        """Say something that may be skipped."""
        ...

    def warn(self, text: Text) -> None:
        """Say something that a person should not miss."""
        ...

    def heading(self, text: str) -> None:
        """Open a part of the page."""
        ...

    def command(self, text: str) -> None:
        """Show a command on a line of its own, never wrapped, so that it can be copied."""
        ...

    def table(self, title: Text, columns: Sequence[Text], rows: Sequence[Sequence[Text]], *, note: Text = "") -> None:
        """Show a small table; cells are already formatted."""
        ...

    def card(self, title: str, lines: Sequence[tuple[str, str]], note: str = "") -> None:
        """Show labelled values together."""
        ...

    def tree(self, root: str, files: Sequence[tuple[str, str]]) -> None:
        """Show files as a tree, a phrase beside each."""
        ...


class Conversation(Page, Reporter, Protocol):
    """A page and a person who can be asked, perhaps.

    `attended` tells whether somebody is there to answer.
    """

    attended: bool

    def ask(self, prompt: Prompt) -> Any:
        """Ask; return the value chosen, the values (`choose many`), the text, or `BACK`.

        Raises:
            KeyboardInterrupt: On Ctrl-C, or when the input ends.
        """
        ...
