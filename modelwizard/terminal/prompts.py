"""The only module that knows questionary and prompt_toolkit: one prompt on a real terminal, with a way back."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TextIO

import questionary
from prompt_toolkit.application import create_app_session
from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output import create_output

from modelwizard.conversation import BACK, NARROW, Prompt
from modelwizard.terminal.lines import unless_back, validator

SEARCHABLE = 12  # from this many choices on, typing narrows the list

LOOK: dict[str, Any] = {
    "qmark": "?",
    # The sixteen colours that a person has set to their taste, so that light and dark screens both work.
    "style": questionary.Style(
        [
            ("qmark", "ansicyan bold"),
            ("question", "bold"),
            ("answer", "ansicyan"),
            ("pointer", "ansicyan bold"),
            ("highlighted", "ansicyan bold"),
            ("selected", "ansicyan"),
            ("instruction", "ansibrightblack"),
            ("text", ""),
        ]
    ),
}


def ask(prompt: Prompt, width: int) -> Any:
    """Ask on the terminal.

    Args:
        prompt: The question.
        width: Columns of the terminal; longer titles are cut, longer consequences wrapped.

    Returns:
        The value, the values (`choose many`), the text, or `BACK`.

    Raises:
        KeyboardInterrupt: On Ctrl-C or Ctrl-D.
    """
    if prompt.form in ("text", "path"):
        return unless_back(_run(_written(prompt, width), prompt.back), prompt)
    return _run(_chosen(prompt, width), prompt.back)


def confirm(text: str, default: bool) -> bool:
    """Ask for yes or no.

    Raises:
        KeyboardInterrupt: On Ctrl-C or Ctrl-D.
    """
    return bool(_run(questionary.confirm(text, default=default, **LOOK), back=False))


@contextmanager
def drawn_on(stream: TextIO) -> Generator[None, None, None]:
    """Draw the prompts inside on this stream."""
    with create_app_session(output=create_output(stdout=stream)):
        yield


def _run(question: questionary.Question, back: bool) -> Any:
    app = question.application
    for window in app.layout.find_all_windows():
        if isinstance(window.content, FormattedTextControl) and callable(window.content.text):
            window.content.text = _bare(window.content.text)
    if back:
        keys = KeyBindings()
        keys.add("c-b", eager=True)(lambda event: event.app.exit(result=BACK))
        app.key_bindings = merge_key_bindings([*([app.key_bindings] if app.key_bindings else []), keys])
    try:
        # `ask()` would turn Ctrl-C into None; here it must stay what it is.
        return question.unsafe_ask()
    except EOFError:
        raise KeyboardInterrupt from None


def _bare(tokens: Callable[[], Any]) -> Callable[[], Any]:
    """Take away the "Description:" that questionary writes before each consequence."""

    def shown() -> Any:
        found = tokens()
        if not isinstance(found, list):
            return found
        return [(style, str(text).replace("  Description: ", "  ", 1), *more) for style, text, *more in found]

    return shown


def _written(prompt: Prompt, width: int) -> questionary.Question:
    default = str(prompt.default or "")
    if prompt.form == "path":
        return questionary.path(prompt.text, default=default, validate=validator(prompt), **LOOK)
    hint = _hint("Ctrl-B goes back", width) if prompt.back else None
    return questionary.text(prompt.text, default=default, validate=validator(prompt), instruction=hint, **LOOK)


def _hint(text: str, width: int) -> str:
    """Return which keys to use, or a space where that would break the question in the middle of a word."""
    return f"({text})" if width >= NARROW else " "


def _wrapped(text: str, width: int) -> str | None:
    """Break a consequence into lines, set in by two."""
    return "\n  ".join(textwrap.wrap(text, width - 2)) or None


def _chosen(prompt: Prompt, width: int) -> questionary.Question:
    many = len(prompt.choices) > SEARCHABLE
    choices = [
        questionary.Choice(
            textwrap.shorten(choice.title, max(width - 6, 16), placeholder="…"),
            value=choice.value,
            description=_wrapped(choice.consequence, max(width - 2, 20)),
        )
        for choice in prompt.choices
    ]
    # With a search box letters are text, so j and k cannot move.
    keys: dict[str, Any] = {"use_search_filter": many, "use_jk_keys": not many, **LOOK}
    if prompt.form == "choose many":
        for choice in choices:
            choice.checked = choice.value in (prompt.default or ())
        hint = _hint(
            "type to search, " * many + "space marks, Enter ends" + (", Ctrl-B goes back" if prompt.back else ""), width
        )
        return questionary.checkbox(prompt.text, choices, instruction=hint, **keys)
    default = next((choice for choice in choices if choice.value == prompt.default), None)
    if prompt.back:
        choices.append(questionary.Choice("← back", value=BACK, description="to the question before"))
    hint = _hint("type to search" if many else "arrows, Enter", width)
    return questionary.select(prompt.text, choices, default=default, instruction=hint, **keys)
