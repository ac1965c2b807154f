"""What the worker says while it is at work, one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from modelwizard.contract.messages import Message
from modelwizard.contract.trials import Hyperparameters, Summary
from modelwizard.errors import ModelWizardError, first_line

LOG = "runs/worker.log"
"""Where the worker's error output is kept, inside the project."""


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    pass


class Ready(_Event, frozen=True):
    """Keras is imported.

    Args:
        versions: Versions of `keras`, `tensorflow` and `keras-tuner`.
    """

    versions: dict[str, str]


class Progress(_Event, frozen=True):
    """An epoch has ended.

    Args:
        run: Name of the run.
        epoch: Number of the epoch, from 1.
        epochs: Epochs that are planned.
    """

    run: str
    epoch: int
    epochs: int


class Proposed(_Event, frozen=True):
    """A trial of a search begins.

    Args:
        run: Name of the run.
        hyperparameters: What is tried.
    """

    run: str
    hyperparameters: Hyperparameters


class TrialEnded(_Event, frozen=True, tag="trial"):
    """A trial has ended.

    Args:
        summary: What it came to.
    """

    summary: Summary


class Done(_Event, frozen=True):
    """The job is done.

    Args:
        result: Its result, still undecoded: only the job knows its type.
    """

    result: msgspec.Raw


class Failed(_Event, frozen=True, tag="error"):
    """The job failed.

    Args:
        kind: Name of the error's class in `errors`.
        what: See `ModelWizardError`, as are the others.
        expected: What should have been.
        received: What was there instead.
        fix: What to do.
    """

    kind: str
    what: str | Message
    expected: str | Message | None = None
    received: str | Message | None = None
    fix: str | Message | None = None


Event = Ready | Progress | Proposed | TrialEnded | Done | Failed
OnEvent = Callable[[Event], None]


def failed(error: BaseException) -> Failed:
    """Return an error as an event."""
    if isinstance(error, ModelWizardError):
        return Failed(
            kind=type(error).__name__, what=error.what, expected=error.expected, received=error.received, fix=error.fix
        )
    memory = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
    return Failed(
        kind="WorkerError",
        what="There was not enough memory." if memory else "The worker met an error that it did not expect.",
        received=first_line(error),
        fix="close other programs, or use fewer units, a smaller batch or fewer --workers"
        if memory
        else f"read the traceback in {LOG}",
    )
