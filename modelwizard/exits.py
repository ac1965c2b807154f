"""The one place where errors become messages and exit codes, and bugs become a saved traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from modelwizard import __version__
from modelwizard.errors import Interrupted, ModelWizardError

if TYPE_CHECKING:
    from modelwizard.terminal.screen import Terminal

Command = Callable[..., Any]


class Commands(click.Group):
    """A group of commands in the order of the walk, whose errors are explained."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a person meets them."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and note whether its result, or its error, is wanted as JSON."""
        ctx.meta["json"] = "--json" in args
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; explain what went wrong."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, BrokenPipeError):
            raise
        except click.ClickException as error:
            error.show()
            _fail(ctx, error.exit_code, {"what": error.format_message()})
        except ModelWizardError as error:
            _explain(ctx, error)
        except (KeyboardInterrupt, click.Abort):
            _explain(ctx, Interrupted("Interrupted."))
        except Exception as error:
            _explain(ctx, _bug(error))


def terminal(yes: bool = False) -> Terminal:
    """Return the terminal of this run; a test may have put its own into `obj`.

    Args:
        yes: Whether it says yes to everything from now on. Defaults to no.
    """
    root = click.get_current_context().find_root()
    if root.obj is None:
        from modelwizard.terminal.screen import Terminal

        root.obj = Terminal.detect()
    root.obj.yes = root.obj.yes or yes
    return root.obj


def print_json(value: Any) -> None:
    """Print a value as the one JSON object on stdout."""
    import json

    from modelwizard import words
    from modelwizard.contract.wire import plain

    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(plain(words.rendered(value)), ensure_ascii=not unicode, indent=2))


def _explain(ctx: click.Context, error: ModelWizardError) -> None:
    terminal().error(error)
    said = {"what": error.what, "expected": error.expected, "received": error.received, "fix": error.fix}
    _fail(ctx, error.exit_code, said)


def _fail(ctx: click.Context, code: int, said: dict[str, str | None]) -> None:
    if ctx.meta.get("json"):
        print_json({"error": said, "exit_code": code})
    ctx.exit(code)


def _bug(error: Exception) -> ModelWizardError:
    """Save the traceback of something unforeseen, in the folder for temporary files."""
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="modelwizard-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"modelwizard {__version__}\n{' '.join(sys.argv)}\n\n")
            traceback.print_exception(error, file=file)
        where = f"report it with the traceback, which is in {file.name}"
    except OSError:
        where = "report it with the command you typed"
    text = str(error).strip().partition("\n")[0][:200]
    return ModelWizardError(f"Something went wrong inside modelwizard: {type(error).__name__}: {text}", fix=where)
