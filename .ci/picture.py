"""Make the README's pictures: type real commands into a real terminal and keep the screen as SVG.

    python .ci/picture.py                                          .ci/new.svg and .ci/walk.svg, from one walk
    python .ci/picture.py --out x.svg -- "modelwizard table"       any other commands

A shell runs in a pseudo-terminal; pyte is the screen that its bytes draw on; rich turns the screen into an SVG.
Nothing is edited: what the picture shows is what a person would have seen. Needs pexpect, pyte and rich.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

HERE = Path(__file__).resolve().parent
WALK = (
    "modelwizard new churn --example churn --yes --no-run",
    "cd churn",
    "modelwizard run --yes --trials 20",
    "modelwizard status",
)
PICTURES = (
    ("new.svg", "$ modelwizard new", "Your project"),
    ("walk.svg", "finalize ──", None),
)
"""File, first line, and the line after the last one: parts of the walk's screen that fit into a README."""
ROWS = 1000
"""Height of the screen: the whole walk stays on it, as in a terminal that can be scrolled back."""
READY = "\x1b]0;ready\x07"
"""The prompt sets the window's title to this: invisible on the screen, and a sure sign that a command has ended."""
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
COLOURS = {"brown": "yellow"}
"""pyte keeps the names of the first terminals."""


def record(commands: Sequence[str], columns: int, folder: Path, limit: float) -> pyte.Screen:
    """Type commands into a shell and return the screen after the last one.

    Args:
        commands: What to type.
        columns: Width of the screen.
        folder: Where the shell starts.
        limit: Seconds that one command may take.
    """
    screen = pyte.Screen(columns, ROWS)
    stream = pyte.Stream(screen)
    environ: Mapping[str, str] = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PS", "PROMPT", "MODELWIZARD_"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PS1": r"\[\e]0;ready\a\]$ ",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "+o", "history"], env=dict(environ), cwd=str(folder),
        dimensions=(ROWS, columns), encoding="utf-8", timeout=limit,
    )  # fmt: skip
    try:
        shell.expect_exact(READY)
        for command in commands:
            stream.feed(shell.before + shell.after)
            shell.sendline(command)
            began = time.monotonic()
            shell.expect_exact(READY)
            print(f"{time.monotonic() - began:7.1f} s  {command}", file=sys.stderr)
        stream.feed(shell.before)  # without the prompt that waits for the next command
    finally:
        shell.close(force=True)
    return screen


def lines(screen: pyte.Screen) -> list[Text]:
    """Return the written part of a screen as styled lines."""
    found: list[Text] = []
    for row in range(screen.lines):
        line = Text(no_wrap=True, end="")
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            line.append(cell.data, _style(cell))
        line.rstrip()
        found.append(line)
    while found and not found[-1].plain:
        found.pop()
    return found


def _style(cell: pyte.screens.Char) -> Style:
    return Style(
        color=_colour(cell.fg), bgcolor=_colour(cell.bg), bold=cell.bold or None, italic=cell.italics or None,
        underline=cell.underscore or None, reverse=cell.reverse or None,
    )  # fmt: skip


def _colour(name: str) -> str | None:
    """Return a colour as rich names it."""
    if name == "default":
        return None
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    name = COLOURS.get(name, name)
    return f"bright_{name.removeprefix('bright')}" if name.startswith("bright") else name


def between(screen: Sequence[Text], first: str | None, last: str | None) -> list[Text]:
    """Return the lines from the first that holds one text up to, without, the next that holds another."""
    start = next((i for i, line in enumerate(screen) if first and first in line.plain), 0)
    end = next((i for i, line in enumerate(screen) if last and i > start and last in line.plain), len(screen))
    found = list(screen[start:end])
    while found and not found[-1].plain:
        found.pop()
    return found


def svg(screen: Sequence[Text], columns: int, title: str) -> str:
    """Return lines as an SVG that fetches no font."""
    console = Console(width=columns, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in screen:
        console.print(line, overflow="ignore", crop=False)
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("Fira Code, monospace", FONTS).replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    text = console.export_svg(title=title, code_format=form, unique_id="screen")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def main() -> None:
    """Read the command line and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", help="what to type; defaults to the walk of an example")
    parser.add_argument("--out", type=Path, default=HERE, help="the picture, or a folder for those of the walk")
    parser.add_argument("--columns", type=int, default=96, help="width of the screen")
    parser.add_argument("--from", dest="first", help="show the screen from the line that holds this text on")
    parser.add_argument("--to", dest="last", help="show it up to, without, the line that holds this text")
    parser.add_argument("--text", action="store_true", help="print the whole screen as text, too")
    parser.add_argument("--limit", type=float, default=1800, help="seconds that one command may take")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        screen = lines(record(given.commands or WALK, given.columns, Path(folder), given.limit))
    if given.text:
        print("\n".join(line.plain for line in screen))
    one = given.out.suffix == ".svg"
    (given.out.parent if one else given.out).mkdir(parents=True, exist_ok=True)
    for name, first, last in [(given.out.name, given.first, given.last)] if one else PICTURES:
        shown = between(screen, first, last)
        path = given.out if one else given.out / name
        path.write_text(svg(shown, given.columns, "modelwizard"), encoding="utf-8")
        print(f"{path}: {len(shown)} lines", file=sys.stderr)


if __name__ == "__main__":
    main()
