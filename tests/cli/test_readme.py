"""Every command that README.md shows can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from modelwizard.cli import cli

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
COMMANDS = [
    command
    for block in BLOCKS
    for line in block.splitlines()
    for command in (part.strip() for part in line.partition("  #")[0].split("&&"))
    if command.startswith("modelwizard ")
]


def test_readme_shows_the_walk() -> None:
    shown = {command.split()[1] for command in COMMANDS}
    assert {"new", "run", "next", "status", "report", "predict"} <= shown


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_is_understood(command: str) -> None:
    name, *words = shlex.split(command)[1:]
    cli.commands[name].make_context(name, words)  # raises for an option or an argument that there is not
