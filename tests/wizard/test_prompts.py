"""Keys give values: the mapping to questionary, on a keyboard made of a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from modelwizard.conversation import BACK, Choice, Prompt
from modelwizard.errors import UsageError
from modelwizard.terminal.screen import Terminal

UP, DOWN, ENTER, CTRL_B, CTRL_C, CTRL_D = "\x1b[A", "\x1b[B", "\r", "\x02", "\x03", "\x04"
FRUIT = tuple(Choice(name, name.title(), f"about {name}") for name in ("apple", "banana", "cherry"))
MANY = tuple(Choice(f"column_{n}", f"column_{n} (numeric)") for n in range(40))
NOTHING = (Choice("", "no such column"), Choice("id", "by id"))


@pytest.fixture
def keyboard() -> Iterator[Any]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


@pytest.fixture
def person() -> Terminal:
    return Terminal(io.StringIO(), plain=False, attended=True)


def short(text: str) -> str:
    if len(text) > 5:
        raise UsageError("Too long.", expected="at most 5 letters")
    return text


@pytest.mark.parametrize(
    ("prompt", "keys", "value"),
    [
        (Prompt("Which?", choices=FRUIT, default="banana"), ENTER, "banana"),
        (Prompt("Which?", choices=FRUIT), DOWN + ENTER, "banana"),
        (Prompt("Which?", choices=FRUIT), "jj" + ENTER, "cherry"),
        (Prompt("Which?", choices=FRUIT), UP + ENTER, "cherry"),
        (Prompt("Which?", choices=FRUIT, back=True), UP + ENTER, BACK),
        (Prompt("Which?", choices=FRUIT, back=True), DOWN + CTRL_B, BACK),
        (Prompt("Which?", choices=NOTHING, default=""), ENTER, ""),
        (Prompt("Which?", choices=MANY, default="column_7"), ENTER, "column_7"),
        (Prompt("Which?", choices=MANY), "_31" + ENTER, "column_31"),
        (Prompt("Which?", form="choose many", choices=FRUIT), " " + DOWN + DOWN + " " + ENTER, ["apple", "cherry"]),
        (Prompt("Which?", form="choose many", choices=FRUIT, default=("banana",)), ENTER, ["banana"]),
        (Prompt("Which?", form="choose many", choices=FRUIT, back=True), " " + CTRL_B, BACK),
        (Prompt("Name?", form="text", default="churn"), ENTER, "churn"),
        (Prompt("Name?", form="text", default="churn"), "-2" + ENTER, "churn-2"),
        (Prompt("Name?", form="text"), "  spaced " + ENTER, "spaced"),
        (Prompt("Name?", form="text", back=True), "<" + ENTER, BACK),
        (Prompt("Name?", form="text", back=True), "abc" + CTRL_B, BACK),
        (Prompt("Name?", form="text", check=short), "too long" + ENTER + "\x7f" * 5 + ENTER, "too"),
        (Prompt("Where?", form="path"), "data.csv" + ENTER, "data.csv"),
        (Prompt("Where?", form="path", back=True), CTRL_B, BACK),
    ],
)
def test_keys_give_values(keyboard: Any, person: Terminal, prompt: Prompt, keys: str, value: Any) -> None:
    keyboard.send_text(keys)
    assert person.ask(prompt) == value


@pytest.mark.parametrize("keys", [CTRL_C, DOWN + CTRL_C])
@pytest.mark.parametrize("form", ["choose", "choose many", "text", "path"])
def test_ctrl_c_stays_what_it_is(keyboard: Any, person: Terminal, form: str, keys: str) -> None:
    keyboard.send_text(keys)
    with pytest.raises(KeyboardInterrupt):
        person.ask(Prompt("Which?", form=form, choices=FRUIT))


def test_the_end_of_input_is_an_interruption(keyboard: Any, person: Terminal) -> None:
    keyboard.send_text(CTRL_D)
    with pytest.raises(KeyboardInterrupt):
        person.ask(Prompt("Name?", form="text"))


@pytest.mark.parametrize(("keys", "value"), [("y", True), ("n", False), (ENTER, True)])
def test_confirm(keyboard: Any, person: Terminal, keys: str, value: bool) -> None:
    keyboard.send_text(keys)
    assert person.confirm("Go on?") is value


def test_without_the_search_box_letters_move_and_with_it_they_search(keyboard: Any, person: Terminal) -> None:
    keyboard.send_text("j" + ENTER)
    assert person.ask(Prompt("Which?", choices=MANY[:12])) == "column_1"


def test_why_and_flag_stand_above_the_question(keyboard: Any, person: Terminal) -> None:
    keyboard.send_text(ENTER)
    person.ask(Prompt("Which?", choices=FRUIT, why="It decides the taste.", flag="--fruit NAME"))
    assert "It decides the taste. (--fruit NAME)" in person.stream.getvalue()  # type: ignore[attr-defined]
