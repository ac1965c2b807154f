"""What a question is: its words, what may be chosen, what Enter gives, when it is asked; and who refuses an answer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

from modelwizard.conversation import Choice, Conversation, Prompt
from modelwizard.errors import UsageError
from modelwizard.kinds.facts import Facts

Known = Mapping[str, Any]
"""The answers so far, by question name."""

NONE = ""
"""The answer that means "no such column"."""

EXAMPLE = "example:"
"""What stands before the name of a bundled example where a file could stand."""

OTHER, ALL = "\0other", "\0all"
"""Choices that lead to further ones; no file and no column is called that."""


@dataclass(frozen=True)
class Default:
    """The answer that Enter gives, and why it is offered."""

    value: Any
    reason: str = ""


class Question:
    """One question of `modelwizard new`.

    Attributes:
        name: Its key in `--set`, in an answers file and in `MODELWIZARD_<NAME>`.
        text: The question.
        why: Why it is asked, in one line.
        flag: The flag that answers it.
        help: What `modelwizard new --help` says about a flag of its own.
        type: `text`, `list`, `integer`, `share` (a number between 0 and 1) or `kinds` (column → kind).
        form: How it is asked: `choose`, `choose many` or `text`.
        show: Name of the screen to show before it is asked.
        after: Questions whose change makes an answer to this one stale.
        usual: What Enter gives, where it is always the same.
        silent: Whether a person is not asked: the default is taken and can be changed on the review screen.
    """

    name: ClassVar[str]
    text: ClassVar[str]
    why: ClassVar[str]
    flag: ClassVar[str]
    help: ClassVar[str] = ""
    type: ClassVar[str] = "text"
    form: ClassVar[str] = "choose"
    show: ClassVar[str] = ""
    after: ClassVar[tuple[str, ...]] = ()
    usual: ClassVar[Default | None] = None
    silent: ClassVar[bool] = False

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        """Return what may be chosen."""
        return ()

    def default(self, known: Known, facts: Facts) -> Default | None:
        """Return what Enter gives; None when nothing can be offered."""
        return self.usual

    def check(self, value: Any, known: Known, facts: Facts) -> Any:
        """Return the cleaned answer.

        Raises:
            UsageError: The answer cannot be used.
        """
        return value

    def exists(self, known: Known, facts: Facts) -> bool:
        """Tell whether there is such a question for the answers so far."""
        return True

    def asked(self, known: Known, facts: Facts) -> bool:
        """Tell whether a person is asked; else the default is taken."""
        return not self.silent

    def essential(self, known: Known) -> bool:
        """Tell whether somebody must answer it, when nobody can be asked and `--yes` was not given."""
        return False

    def put(self, prompt: Prompt, talk: Conversation, default: Default | None, facts: Facts) -> Any:
        """Ask a person; return what was said, or `BACK`.

        Args:
            prompt: The question with its words, its choices and its default.
            talk: Where to ask.
            default: What Enter gives.
            facts: What is known.
        """
        return talk.ask(prompt)


EXPECTED: Mapping[str, str] = {
    "text": "text in quotes",
    "list": "a list of texts",
    "integer": "a whole number",
    "share": "a number between 0 and 1",
    "kinds": 'a table, [columns] with lines such as "zip code" = "categorical"',
}
"""What an answer of each type is, in words."""


def number(text: str, type: str, what: str) -> int | float:
    """Return a typed text as the number that an `integer` or a `share` is.

    Args:
        text: What was typed.
        type: One of the two.
        what: What to say where it is none.

    Raises:
        UsageError: It is no such number.
    """
    try:
        return int(text) if type == "integer" else float(text)
    except ValueError:
        raise UsageError(what, expected=EXPECTED[type], received=repr(text)) from None


def one_of(value: str, choices: Sequence[str], what: str, prefix: str) -> str:
    """Return `value` when it is one of the choices, else raise with the nearest one.

    Args:
        value: What was given.
        choices: What may be given.
        what: What it should be, with its article.
        prefix: What stands before the value on the command line, up to the sign before it.

    Raises:
        UsageError: When it is not.
    """
    if value in choices:
        return value
    folded = {choice.lower(): choice for choice in choices}
    near = get_close_matches(value.lower(), folded, 1)
    shown = ", ".join(choices[:12]) + (f", … ({len(choices)} in all)" if len(choices) > 12 else "")
    fix = f"{prefix}{shlex.quote(folded[near[0]])}" if near else None
    raise UsageError(f"{value!r} is not {what}.", expected=f"one of: {shown}", received=repr(value), fix=fix)


def meant(value: str, names: Sequence[str]) -> str:
    """Return the name that is the same but for spaces at its ends, or else but for case; the value if none is."""
    for same in (str.strip, lambda name: " ".join(name.casefold().split())):
        found = [name for name in names if same(name) == same(value)]
        if value not in names and len(found) == 1:
            return found[0]
    return value


def steps(order: str) -> tuple[str, ...]:
    """Return the classes of an answer to `order`."""
    return tuple(part.strip() for part in re.split(r"\s<\s|,", order) if part.strip())
