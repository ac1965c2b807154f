"""The only module that knows rich: shows, asks (through `prompts` and `lines`), follows progress.

Conversation, progress and errors go to stderr, results to stdout. A pipe, `NO_COLOR`, `TERM=dumb` and
`ACCESSIBLE=1` make everything plain text that only ever grows at the end.
"""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from modelwizard import words
from modelwizard.contract import events
from modelwizard.contract.events import Event, OnEvent
from modelwizard.contract.messages import Text as Told
from modelwizard.conversation import Prompt
from modelwizard.errors import ModelWizardError, UsageError
from modelwizard.reporter import Judgement, Watch
from modelwizard.terminal.lines import ask_line, columns_of_text
from modelwizard.terminal.progress import Progress
from modelwizard.words.numbers import figure, p_figure

UNLIMITED = 10_000  # columns of a stream that is no screen
SHORT = 24  # characters of a cell that is kept on one line
BEATS = 30.0  # seconds between two lines of plain progress

VERDICTS = {
    "passed": ("✓", "green"),
    "consistent": ("✓", "green"),
    "better": ("✓", "green"),
    "forced": ("!", "yellow"),
    "suspect": ("!", "yellow"),
    "cannot tell": ("?", "yellow"),
    "failed": ("✗", "red"),
    "unreliable": ("✗", "red"),
}


NUMBERS: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(("score", "reference", "corrected", "se", "test"), figure),
    "p_value": p_figure,
}
"""Numbers of a verdict that stand below its headline, and how they are written."""


def wants_plain(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether a stream wants plain, append-only text (see https://no-color.org for `NO_COLOR`)."""
    asked = environ.get("NO_COLOR") or environ.get("TERM") == "dumb" or environ.get("ACCESSIBLE", "0") not in ("", "0")
    return bool(asked) or not stream.isatty()


class Sheet:
    """A `conversation.Page` on one stream.

    Args:
        stream: Where the text goes.
        plain: Whether to leave colours, boxes and moving lines away.
    """

    def __init__(self, stream: TextIO, plain: bool) -> None:
        self.stream = stream
        self.plain = plain

    @cached_property
    def console(self) -> Console:
        """The rich console, made when something is first shown."""
        look: dict[str, Any] = {"color_system": None, "force_terminal": False, "no_color": True} if self.plain else {}
        if not self.stream.isatty() and not os.environ.get("COLUMNS"):
            look["width"] = UNLIMITED  # whoever reads the other end breaks the lines
        return Console(file=self.stream, highlight=False, markup=False, emoji=False, **look)

    @property
    def width(self) -> int:
        """Columns of the surface."""
        return self.console.width

    def _put(self, text: str, style: str = "", mark: str = "", hang: str = "") -> None:
        """Write text; a line that is too long goes on below, as far in as it began and `hang` further."""
        width = max(self.console.width - len(mark), 10)
        for line in text.splitlines() or [""]:
            indent = " " * (len(line) - len(line.lstrip()))
            wrapped = textwrap.wrap(line, width, subsequent_indent=indent + hang, break_on_hyphens=False) or [""]
            for part in wrapped:
                self.console.print(Text(mark + part, style=style))
                mark = " " * len(mark)

    def say(self, text: Told) -> None:
        """Say a plain sentence."""
        self._put(_sentence(text))

    def note(self, text: Told) -> None:
        """Say something that may be skipped."""
        self._put(_sentence(text), "dim")

    def warn(self, text: Told) -> None:
        """Say something that a person should not miss."""
        self._put(_sentence(text), "yellow", "! ")

    def heading(self, text: str) -> None:
        """Open a part of the page."""
        self._put("")
        self._put(text, "bold")

    def command(self, text: str) -> None:
        """Show a command on a line of its own, never wrapped, so that it can be copied."""
        self.console.print(Text(f"  {text}", style="bold cyan"), soft_wrap=True)

    def table(self, title: Told, columns: Sequence[Told], rows: Sequence[Sequence[Told]], *, note: Told = "") -> None:
        """Show a small table; a column of numbers is aligned to the right."""
        if title:
            self.heading(words.say(title))
        head, *body = ([words.say(cell) for cell in row] for row in (columns, *rows))
        if self.plain:
            for line in columns_of_text([head, *body]):
                self.console.print(Text(line), soft_wrap=True)
        else:
            self.console.print(_table(head, body))
        if note:
            self.note(note)

    def card(self, title: str, lines: Sequence[tuple[str, str]], note: str = "") -> None:
        """Show labelled values together."""
        if self.plain:
            self.heading(title)
            for line in columns_of_text(lines):
                self._put(line)
            return self._put(f"\n{note}") if note else None
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        grid.add_column(overflow="fold")
        for label, value in lines:
            grid.add_row(Text(label), Text(value))
        return self._boxed(title, [grid, *([Text(f"\n{note}")] if note else [])], "cyan")

    def _boxed(self, title: str, parts: Sequence[RenderableType], style: str) -> None:
        if self.plain:
            self.heading(title)
            self.console.print(Group(*parts))
        else:
            heading = Text(title, style="bold")
            self.console.print(Panel(Group(*parts), title=heading, title_align="left", border_style=style))

    def tree(self, root: str, files: Sequence[tuple[str, str]]) -> None:
        """Show files as a tree, a phrase beside each."""
        self._put(f"{root.rstrip('/')}/", "bold")
        width = max((len(path) for path, _ in files), default=0) + 2
        for path, phrase in files:
            self._put(f"  {path:<{width}}{phrase}".rstrip())

    def judge(self, judgement: Judgement) -> None:
        """Show a verdict with its numbers, reasons, advice and the next command."""
        mark, colour = VERDICTS.get(judgement.verdict, ("·", "cyan"))
        parts: list[RenderableType] = [Text(_sentence(judgement.headline))]
        shown = [(name, show) for name, show in NUMBERS.items() if judgement.numbers.get(name) is not None]
        if shown:
            lines = [(name.replace("_", " "), show(judgement.numbers[name])) for name, show in shown]
            parts += [Text(""), *(Text(line) for line in columns_of_text(lines))]
        found = ("Fix this first: the score may be too good", judgement.findings)
        for title, lines in (found, ("Why", judgement.reasons), ("What to do", judgement.advice)):
            if lines:
                parts += [Text(f"\n{title}", style="bold"), *(Text(self._item(words.say(line))) for line in lines)]
        self._boxed(f"{judgement.stage}: {mark} {judgement.verdict}", parts, colour)
        if judgement.next_command:
            self.say("Next:")
            self.command(judgement.next_command)

    def _item(self, line: str) -> str:
        """Return a line of a list, what goes on below it set in."""
        room = self.width if self.plain else self.width - 4
        return "\n".join(textwrap.wrap(line, room, initial_indent="- ", subsequent_indent="  ")) or "-"

    def error(self, error: ModelWizardError) -> None:
        """Show what was wrong, what was expected, what was received, what to try."""
        self._put(error.what, "red", "✗ ")
        for label, text in (("Expected", error.expected), ("Received", error.received), ("Try", error.fix)):
            if text:
                self._put(f"  {label}: {text}", "bold" if label == "Try" else "")


class Terminal(Sheet):
    """A `conversation.Conversation` with a person at a terminal, or with nobody.

    Args:
        stream: Where the conversation goes. Defaults to stderr.
        plain: Whether to leave colours, boxes and moving lines away. Defaults to True.
        attended: Whether somebody is there to answer. Defaults to False.
        yes: Whether `confirm` takes its default. Defaults to False.
        keys: Where plain answers are read from. Defaults to stdin.
        session: Opens the screen that prompts are drawn on. Defaults to the one in force.
        clock: Seconds that only grow. Defaults to the system's monotonic clock.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        plain: bool = True,
        attended: bool = False,
        yes: bool = False,
        keys: TextIO | None = None,
        session: Callable[[], AbstractContextManager[Any]] = nullcontext,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(stream or sys.stderr, plain)
        self.attended = attended
        self.yes = yes
        self.keys = keys
        self.results = Sheet(sys.stdout, wants_plain(sys.stdout, os.environ))
        self._session = session
        self._clock = clock

    @classmethod
    def detect(cls, environ: Mapping[str, str] = os.environ) -> Terminal:
        """Return the terminal of this process, as its streams and environment want it."""
        attended = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
        return cls(plain=wants_plain(sys.stderr, environ), attended=attended, session=_drawn_on_stderr)

    def stage(self, name: str, explanation: Sequence[Told] = ()) -> None:
        """Open a stage: its name and question, and what it will do, a line each."""
        question = words.title("questions", name)
        if self.plain:
            self.heading(f"{name}: {question}")
        else:
            self.console.print()
            self.console.print(Rule(Text(name, style="bold"), align="left"))
            self._put(question, "bold")
        for line in explanation:
            self.note(line)

    @contextmanager
    def waiting(self, text: Told) -> Generator[None, None, None]:
        """Show that something takes a moment: a sign that turns on a terminal, a line elsewhere."""
        if self.plain:
            self.note(text)
            yield
            return
        with self.console.status(Text(words.say(text), style="dim")):
            yield

    @contextmanager
    def watch(self, watch: Watch) -> Generator[OnEvent, None, None]:
        """Show the progress of trials: a moving line on a terminal, plain lines elsewhere."""
        progress = Progress(watch, self._clock)
        if self.plain:
            yield self._plain_watch(progress)
            return
        with Live(console=self.console, transient=True, refresh_per_second=8) as live:
            live.update(_moving(progress))

            def on_event(event: Event) -> None:
                line = progress.take(event)
                if line:
                    self._trial(line)
                live.update(_moving(progress))

            yield on_event

    def _plain_watch(self, progress: Progress) -> OnEvent:
        last = self._clock()

        def on_event(event: Event) -> None:
            nonlocal last
            line = progress.take(event)
            if line:
                self._trial(line)
            elif not isinstance(event, events.Progress) or self._clock() - last < BEATS:
                return
            else:
                self.note("  ".join(part for part in (progress.headline(), progress.standing()) if part))
            last = self._clock()

        return on_event

    def _trial(self, line: str) -> None:
        self._put(line, {"✗": "red", "★": "green"}.get(line[:1], ""), hang="  ")

    def confirm(self, text: Told, *, why: Told = "", default: bool = True, flag: str = "--yes") -> bool:
        """Ask for yes or no; `--yes` takes the default.

        Raises:
            UsageError: When nobody is there to ask.
        """
        if self.yes:
            return default
        if not self.attended:
            raise UsageError(f"This needs an answer, but there is no terminal: {words.say(text)}", fix=flag)
        text = words.say(text)
        self._explain(Prompt(text, why=words.say(why), flag=flag))
        if self.plain:
            answer = self._line(f"{text} [{'Y/n' if default else 'y/N'}] ").lower()
            return answer.startswith("y") if answer else default
        from modelwizard.terminal.prompts import confirm

        with self._session():
            return confirm(text, default)

    # -- asking ------------------------------------------------------------------------------------------------

    def ask(self, prompt: Prompt) -> Any:
        """Ask; return the value, the values (`choose many`), the text, or `BACK`.

        Raises:
            KeyboardInterrupt: On Ctrl-C, or when the input ends.
        """
        self._explain(prompt)
        if self.plain:
            return ask_line(prompt, self._line, self._put)
        from modelwizard.terminal.prompts import ask

        with self._session():
            answer = ask(prompt, self.console.width)
        if isinstance(answer, list) and len(answer) > 1:
            self.note(f"  {', '.join(answer)}")  # questionary says only how many
        return answer

    def _explain(self, prompt: Prompt) -> None:
        self._put("")
        if prompt.why:
            self.note(f"{prompt.why} ({prompt.flag})" if prompt.flag else prompt.why)

    def _line(self, text: str) -> str:
        """Read one line; the question is written here so that it never mixes with results."""
        self.stream.write(text)
        self.stream.flush()
        line = (self.keys or sys.stdin).readline()
        if not line:
            raise KeyboardInterrupt  # the input has ended: nobody will answer any more
        return line.strip()


def _sentence(text: Told) -> str:
    return text if isinstance(text, str) else words.say(text, sentence=True)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table for a screen; only its widest column is wrapped."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    widths = [max(len(name), *(len(row[at]) for row in rows), 0) for at, name in enumerate(columns)]
    for at, name in enumerate(columns):
        cells = [row[at] for row in rows if row[at]]
        numbers = bool(cells) and all(cell.lstrip("-+").replace(",", "")[:1].isdigit() for cell in cells)
        wraps = widths[at] > SHORT or widths[at] == max(widths)
        justify = "right" if numbers and at else "left"
        table.add_column(Text(name), justify=justify, overflow="fold", no_wrap=not wraps)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _moving(progress: Progress) -> RenderableType:
    """Return the moving part of a run: a bar, what is tried, the best so far."""
    fraction = progress.fraction
    bar = Table.grid()
    bar.add_row(ProgressBar(total=1.0, completed=fraction or 0.0, width=40, pulse=fraction is None))
    return Group(bar, Text(progress.headline(), style="bold"), Text(progress.standing(), style="dim"))


def _drawn_on_stderr() -> AbstractContextManager[None]:
    """Draw prompts on stderr, so that results on stdout stay clean in a pipe."""
    from modelwizard.terminal.prompts import drawn_on

    return drawn_on(sys.stderr)
