"""How stages speak to a person: a protocol without a terminal, implemented in `terminal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from modelwizard.contract.events import OnEvent
from modelwizard.contract.messages import Message, Text


@dataclass(frozen=True)
class Watch:
    """What is about to run, so that its progress can be shown.

    Args:
        title: What runs, in a few words.
        trials: How many trials are planned, or None when that is open.
        metric: Name of the score that decides.
        direction: `max` or `min`: which way is better.
        baseline: Score of the reference to beat, or None.
        best: Best score so far (of trials before this run), or None.
        time_budget: Seconds after which it ends, whatever is planned, or None.
        done: Trials that were finished before (a run that goes on). Defaults to 0.
    """

    title: Text
    trials: int | None
    metric: str
    direction: str
    baseline: float | None = None
    best: float | None = None
    time_budget: float | None = None
    done: int = 0


@dataclass(frozen=True)
class Judgement:
    """A verdict as it is shown to a person.

    Args:
        stage: Name of the stage.
        verdict: `passed`, `failed`, `cannot tell`, `forced`, `consistent`, `suspect`, `unreliable`, `better`.
        headline: The verdict in one sentence with its number.
        numbers: Numbers of the verdict by name; the terminal knows which of them to show.
        reasons: Why, one sentence each.
        advice: What to do about it, one sentence each.
        next_command: What to type next, or nothing when the walk is at its end.
        findings: What is wrong with the code as it is now, one sentence each, whatever the verdict says.
    """

    stage: str
    verdict: str
    headline: Message
    numbers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    reasons: Sequence[Message] = ()
    advice: Sequence[Message] = ()
    next_command: str = ""
    findings: Sequence[str] = ()


class Reporter(Protocol):
    """Tells a person what happens. Everything goes to stderr; none of it is a result."""

    def stage(self, name: str, explanation: Sequence[Text] = ()) -> None:
        """Open a stage: its name and question, and what it will do, a line each."""
        ...

    def say(self, text: Text) -> None:
        """Say a plain sentence."""
        ...

    def note(self, text: Text) -> None:
        """Say something that may be skipped (shown dim)."""
        ...

    def warn(self, text: Text) -> None:
        """Say something that a person should not miss, without stopping."""
        ...

    def table(self, title: Text, columns: Sequence[Text], rows: Sequence[Sequence[Text]], *, note: Text = "") -> None:
        """Show a small table; cells are already formatted."""
        ...

    def watch(self, watch: Watch) -> AbstractContextManager[OnEvent]:
        """Show the progress of trials: `with reporter.watch(...) as on_event: child.run(job, on_event)`.

        Progress moves the live line, each trial that has ended leaves a line.
        """
        ...

    def waiting(self, text: Text) -> AbstractContextManager[None]:
        """Show that something takes a moment: `with reporter.waiting(message("walk.starting")): child.ready()`."""
        ...

    def judge(self, judgement: Judgement) -> None:
        """Show a verdict with its numbers, reasons, advice and the next command."""
        ...

    def confirm(self, text: Text, *, why: Text = "", default: bool = True, flag: str = "--yes") -> bool:
        """Ask for yes or no.

        Returns the default when `--yes` was given.

        Raises:
            UsageError: When nobody is there to ask; names the flag.
            KeyboardInterrupt: On Ctrl-C.
        """
        ...
