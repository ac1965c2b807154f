"""What commands share: the project that is meant, its worker, and how a result is shown."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelwizard.exits import print_json, terminal

if TYPE_CHECKING:
    from modelwizard.conversation import Page
    from modelwizard.worker.client import Child

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object on stdout.")
in_project = click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The project's folder. Default: the one you are in.",
)


def project_folder(folder: Path | None) -> Path:
    """Return the folder of the project that is meant: the one given, or the one a person is in."""
    from modelwizard.project import Project

    return Project.open(folder or Path.cwd()).folder


@contextmanager
def worker(project: Path | None) -> Generator[Child]:
    """Start the worker of a project before the walk is imported: both take seconds, on a core each."""
    from modelwizard.worker.client import Child

    with Child(project_folder(project)) as child:
        yield child


def shown(result: Any, as_json: bool, page: Callable[[Page], None] = lambda _: None) -> None:
    """Print a result as JSON where that is wanted, else its page, where it has one."""
    if as_json:
        print_json(result)
    else:
        page(terminal().results)
