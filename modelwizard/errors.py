"""One tree of errors: what was wrong, what was expected, what was received, what to try. Never prints."""

from __future__ import annotations


class ModelWizardError(Exception):
    """Anything that modelwizard can explain to a person; becomes a message and an exit code in `cli`.

    Args:
        what: One sentence: what was wrong.
        expected: What would have been right. Defaults to nothing said.
        received: What was found instead. Defaults to nothing said.
        fix: What to try next, ideally a command. Defaults to nothing said.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        expected: str | None = None,
        received: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.received = received
        self.fix = fix

    def __str__(self) -> str:
        """Return the message as one line per part that was given."""
        parts = [self.what]
        parts += [f"Expected: {self.expected}"] if self.expected else []
        parts += [f"Received: {self.received}"] if self.received else []
        parts += [f"Try: {self.fix}"] if self.fix else []
        return "\n".join(parts)


class UsageError(ModelWizardError):
    """A flag, an answer or a name that cannot be used, or an answer that is missing."""

    exit_code = 2


class GateError(ModelWizardError):
    """A stage may not start because the one before it was not passed."""

    exit_code = 3


class TestOpenedError(ModelWizardError):
    """The test rows were opened before; a second opening needs `--force --reason`."""

    __test__ = False  # the name starts with "Test", and pytest would collect it
    exit_code = 4


class DataError(ModelWizardError):
    """The data file cannot be read, or nothing can be learned from it."""

    exit_code = 5


class ProjectError(ModelWizardError):
    """The folder is no project, or its edited code does not do what the stages need."""


class WorkerError(ModelWizardError):
    """The child process that runs Keras failed, was killed, or could not start."""


class Interrupted(ModelWizardError):
    """The person pressed Ctrl-C; what was finished is kept."""

    exit_code = 130


STOPPED = "Stopped. What was finished is kept: the same command goes on from there."
"""What a person reads who stops a run with Ctrl-C."""


def first_line(error: BaseException, most: int = 300) -> str:
    """Return the name and the message of an exception on one line; Keras's messages may run over pages."""
    text = " ".join(str(error).split())
    cut = text if len(text) <= most else text[: most - 2] + " …"
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__
