"""Commands that ask: what is there, what a word means, what the model predicts; none of them moves the walk on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from modelwizard import __version__
from modelwizard.cli.commands import as_json, in_project, project_folder, shown, worker
from modelwizard.errors import UsageError
from modelwizard.exits import terminal
from modelwizard.problems import PROBLEMS


@click.command(short_help="Stages, verdicts and scores so far.")
@in_project
@as_json
def status(project: Path | None, as_json: bool) -> None:
    """Show the stages, their verdicts, the scores, and how often validation rows were looked at."""
    from modelwizard import pages, walk

    folder = project_folder(project)
    result = walk.status(folder)
    shown(result, as_json, lambda page: pages.status(page, result, folder))


@click.command(short_help="Lint the model, the data and the runs.")
@in_project
@click.option("--all", "every", is_flag=True, help="Show every finding, not only the first three.")
@as_json
def check(project: Path | None, every: bool, as_json: bool) -> None:
    """Lint the model, the data and the runs as they are now."""
    with worker(project) as child:
        from modelwizard import pages, walk

        result = walk.check(project_folder(project), terminal(), child)
    shown(result, as_json, lambda page: pages.check(page, result, every=every))
    if any(finding["severity"] == "error" for finding in result["findings"]):
        click.get_current_context().exit(3)


@click.command(short_help="A rule, such as MW101, or a word, such as dropout.")
@click.argument("topic", nargs=-1, required=True)
@as_json
def explain(topic: tuple[str, ...], as_json: bool) -> None:
    """Explain a rule behind a finding, such as MW101, or a word, such as dropout or "decision threshold"."""
    from dataclasses import asdict

    from modelwizard import pages
    from modelwizard.checks import catalogue
    from modelwizard.words import capital, glossary

    wanted = " ".join(topic)
    if catalogue.is_code(wanted):
        result, text = asdict(catalogue.page(catalogue.known(wanted))), catalogue.explain(wanted)
    else:
        term, meaning = glossary.define(wanted)
        result, text = {"term": term, "text": meaning}, f"{capital(term)}\n{meaning}"
    shown(result, as_json, lambda page: pages.explain(page, text))


@click.command(short_help="Problem type → last layer, loss, metrics.")
@click.argument("problem", required=False)
@as_json
def table(problem: str | None, as_json: bool) -> None:
    """Show which last layer, loss and metrics belong to which problem."""
    from modelwizard import pages
    from modelwizard.kinds.question import one_of

    names = [one_of(problem, list(PROBLEMS), "a problem type", "modelwizard table ")] if problem else list(PROBLEMS)
    rows = {name: PROBLEMS[name].row() for name in names}
    shown(rows, as_json, lambda page: pages.table(page, [PROBLEMS[name] for name in names]))


@click.command(short_help="Write report.html.")
@in_project
@click.option("--open", "open_", is_flag=True, help="Show it in the browser.")
@as_json
def report(project: Path | None, open_: bool, as_json: bool) -> None:
    """Write report.html: the choices and why, curves, trials, verdicts."""
    from modelwizard import walk

    path = walk.report(project_folder(project))
    terminal().say(f"Written: {path}")
    shown({"report": str(path)}, as_json)
    if open_ and click.launch(str(path)) != 0:
        terminal().warn("No browser could be started; open the file yourself.")


@click.command(short_help="Predict raw rows with the final model.")
@click.argument("input", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="CSV. Default: stdout.")
@click.option("--shift-check/--no-shift-check", "shift", default=True, help="Compare the rows with those of training.")
@click.option("--force", is_flag=True, help="Predict rows that are unlike those of the data file, too.")
@in_project
@as_json
def predict(input: Path, output: Path | None, shift: bool, force: bool, project: Path | None, as_json: bool) -> None:
    """Predict raw rows in INPUT (columns as in the training data) with the finalized model.

    Inputs that are distributed otherwise than in training are named on stderr, with at most 1 % false alarms.
    """
    if as_json and output is None:
        raise UsageError("With --json, predictions need a file of their own.", fix="--output predictions.csv")
    with worker(project) as child:
        from modelwizard import walk

        source, target = input.absolute(), output and output.absolute()
        result = walk.predict(project_folder(project), source, target, terminal(), child, shift=shift, force=force)
    text = result.pop("text", "")
    shown(result, as_json, lambda _: click.echo(text, nl=False))


@click.command(short_help="Verify the journal and count the looks.")
@in_project
@as_json
def audit(project: Path | None, as_json: bool) -> None:
    """Verify the journal's chain, and count the looks at validation and test rows."""
    from modelwizard import pages, walk

    result = walk.audit(project_folder(project))
    shown(result, as_json, lambda page: pages.audit(page, result))
    if not result["ok"]:
        click.get_current_context().exit(1)


@click.command(short_help="Versions, and the cache of compiled programs.")
@click.option("--clear-cache", is_flag=True, help="Delete the compiled programs that are kept.")
@as_json
def doctor(clear_cache: bool, as_json: bool) -> None:
    """Show the versions that are installed, and where compiled programs are kept and how large they are.

    The variable MODELWIZARD_CACHE names another folder for them; "off" keeps none.
    """
    from modelwizard import cache, pages

    if clear_cache:
        cache.clear()
    folder = cache.folder()
    kept = {"folder": folder and str(folder), "bytes": cache.size(), "limit": cache.LIMIT}
    result = {"versions": _versions(), "processors": os.cpu_count(), "cache": kept}
    shown(result, as_json, lambda page: pages.doctor(page, result))


def _versions() -> dict[str, str | None]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {"python": sys.version.split()[0], "modelwizard": __version__}
    for name in ("tensorflow", "keras", "keras-tuner"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


COMMANDS = (status, check, explain, table, report, predict, audit, doctor)
"""In the order in which a person meets them."""
