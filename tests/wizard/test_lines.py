"""The same questions as plain lines: for screen readers, dumb terminals and NO_COLOR."""

from __future__ import annotations

import io
from typing import Any

import pytest

from modelwizard.conversation import BACK, Choice, Prompt
from modelwizard.errors import UsageError
from modelwizard.terminal.lines import columns_of_text
from modelwizard.terminal.screen import Terminal, wants_plain

FRUIT = tuple(Choice(name, name.title(), f"about {name}") for name in ("apple", "banana", "cherry"))
LABELS = (Choice("2", "2 (10 rows)"), Choice("1", "1 (20 rows)"))


def person(typed: str) -> Terminal:
    return Terminal(io.StringIO(), plain=True, attended=True, keys=io.StringIO(typed))


def short(text: str) -> str:
    if len(text) > 5:
        raise UsageError("Too long.", expected="at most 5 letters")
    return text


@pytest.mark.parametrize(
    ("prompt", "typed", "value"),
    [
        (Prompt("Which?", choices=FRUIT, default="banana"), "\n", "banana"),
        (Prompt("Which?", choices=FRUIT), "3\n", "cherry"),
        (Prompt("Which?", choices=FRUIT), "cherry\n", "cherry"),
        (Prompt("Which?", choices=FRUIT), "\n4\nplum\n1\n", "apple"),
        (Prompt("Which?", choices=FRUIT, back=True), "<\n", BACK),
        (Prompt("Which?", choices=FRUIT), "<\n1\n", "apple"),
        (Prompt("Which?", choices=LABELS), "2\n", "2"),
        (Prompt("Which?", form="choose many", choices=FRUIT), "1, cherry\n", ["apple", "cherry"]),
        (Prompt("Which?", form="choose many", choices=FRUIT, default=("apple",)), "\n", ["apple"]),
        (Prompt("Which?", form="choose many", choices=FRUIT, default=("apple",)), "none\n", []),
        (Prompt("Name?", form="text", default="churn"), "\n", "churn"),
        (Prompt("Name?", form="text", check=short), "too long\nshort\n", "short"),
        (Prompt("Where?", form="path", back=True), "<\n", BACK),
    ],
)
def test_lines_give_values(prompt: Prompt, typed: str, value: Any) -> None:
    assert person(typed).ask(prompt) == value


def test_choices_are_numbered_with_their_consequence() -> None:
    talk = person("1\n")
    talk.ask(Prompt("Which?", choices=FRUIT, default="apple", why="It decides the taste.", flag="--fruit NAME"))
    shown = talk.stream.getvalue()  # type: ignore[attr-defined]
    assert shown.splitlines() == [
        "",
        "It decides the taste. (--fruit NAME)",
        "Which?",
        "  1. Apple: about apple",
        "  2. Banana: about banana",
        "  3. Cherry: about cherry",
        "Number or name [1]: ",
    ]


@pytest.mark.parametrize(
    ("typed", "default", "value"),
    [("\n", True, True), ("\n", False, False), ("no\n", True, False), ("Y\n", False, True)],
)
def test_confirm(typed: str, default: bool, value: bool) -> None:
    assert person(typed).confirm("Go on?", default=default) is value


def test_the_end_of_input_is_an_interruption() -> None:
    with pytest.raises(KeyboardInterrupt):
        person("").ask(Prompt("Which?", choices=FRUIT))


def test_nobody_to_confirm_names_the_flag() -> None:
    with pytest.raises(UsageError, match="--force"):
        Terminal(io.StringIO()).confirm("Open the test rows?", flag="--force")


def test_yes_confirms_without_asking() -> None:
    assert Terminal(io.StringIO(), yes=True).confirm("Go on?", default=False) is False


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "plain"),
    [
        (Screen(), {}, False),
        (Screen(), {"TERM": "xterm-256color", "ACCESSIBLE": "0", "NO_COLOR": ""}, False),
        (Screen(), {"NO_COLOR": "1"}, True),
        (Screen(), {"TERM": "dumb"}, True),
        (Screen(), {"ACCESSIBLE": "1"}, True),
        (io.StringIO(), {}, True),
    ],
)
def test_what_wants_plain_text(stream: io.StringIO, environ: dict[str, str], plain: bool) -> None:
    assert wants_plain(stream, environ) is plain


def test_plain_tables_have_one_line_a_row_and_no_trailing_blanks() -> None:
    assert columns_of_text([("a", "bb"), ("long", "")]) == ["a     bb", "long"]
    assert columns_of_text([]) == []
