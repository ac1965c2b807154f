"""Questions as plain lines, numbered choices, one answer a line: for screen readers and dumb terminals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from modelwizard.conversation import BACK, Choice, Prompt
from modelwizard.errors import ModelWizardError, UsageError

ReadLine = Callable[[str], str]
Show = Callable[[str], None]


def ask_line(prompt: Prompt, read: ReadLine, show: Show) -> Any:
    """Ask until the answer can be used.

    Args:
        prompt: The question.
        read: Shows its argument and returns the line typed.
        show: Shows a line.

    Returns:
        The value, the values (`choose many`), the text, or `BACK`.
    """
    show(prompt.text)
    for number, choice in enumerate(prompt.choices, 1):
        show(f"  {number}. {choice.title}" + (f": {choice.consequence}" if choice.consequence else ""))
    while True:
        text = read(_invitation(prompt))
        if prompt.back and text == "<":
            return BACK
        try:
            return _understood(prompt, text)
        except ModelWizardError as error:
            show(complaint(error))


def columns_of_text(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines of text, cells of one column below each other."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def complaint(error: ModelWizardError) -> str:
    """Return an error in one line, for the place right below a prompt."""
    return f"{error.what} Expected: {error.expected}" if error.expected else error.what


def validator(prompt: Prompt) -> Callable[[str], bool | str]:
    """Return the check of a prompt as questionary wants it: True, or what to say."""

    def validate(text: str) -> bool | str:
        if prompt.back and text.strip() == "<":
            return True
        try:
            prompt.check(text.strip())
        except ModelWizardError as error:
            return complaint(error)
        return True

    return validate


def unless_back(answer: Any, prompt: Prompt) -> Any:
    """Return the answer, or `BACK` when a person typed `<`."""
    if answer is BACK or (prompt.back and answer.strip() == "<"):
        return BACK
    return answer.strip()


def _invitation(prompt: Prompt) -> str:
    many = prompt.form == "choose many"
    what = {"choose": "Number or name", "choose many": "Numbers or names, with commas"}.get(prompt.form, "Answer")
    default = _shown(prompt) or ("none" if many else "")
    back = ", < goes back" if prompt.back else ""
    return f"{what}{f' [{default}]' if default else ''}{back}: "


def _shown(prompt: Prompt) -> str:
    """Return what Enter gives, as a person would type it."""
    if isinstance(prompt.default, list | tuple):
        values: Sequence[object] = prompt.default
        return ", ".join(str(value) for value in values)
    if not prompt.choices:
        return str(prompt.default or "")
    return next((str(n) for n, choice in enumerate(prompt.choices, 1) if choice.value == prompt.default), "")


def _understood(prompt: Prompt, text: str) -> Any:
    if prompt.form == "choose many":
        if not text:
            return list(prompt.default or ())
        return [] if text == "none" else [_chosen(prompt, part.strip()) for part in text.split(",") if part.strip()]
    if prompt.form == "choose":
        return prompt.default if not text and prompt.default is not None else _chosen(prompt, text)
    text = text or str(prompt.default or "")
    prompt.check(text)
    return text


def _chosen(prompt: Prompt, text: str) -> str:
    """Return the value meant by a number or a name; a name wins, since labels may be numbers."""
    named = [c for c in prompt.choices if text in (c.value, c.title) and text]
    if named:
        return named[0].value
    if text.isdigit() and 1 <= int(text) <= len(prompt.choices):
        return prompt.choices[int(text) - 1].value
    raise _not_offered(prompt.choices, text)


def _not_offered(choices: Sequence[Choice], text: str) -> ModelWizardError:
    return UsageError(f"{text!r} is not offered.", expected=f"a number from 1 to {len(choices)}, or a name")
