"""The command line: words to calls, errors to messages and exit codes. Everything heavy is imported late.

`import questionary` alone takes 0.4 s and pandas more, so each command imports inside its body; `--help` loads click
and the questions, whose flags are options of `new`, and nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelwizard import __version__
from modelwizard.errors import UsageError
from modelwizard.exits import Command, Commands, print_json, terminal
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.questions import BY_NAME

if TYPE_CHECKING:
    from modelwizard.conversation import Page
    from modelwizard.options import StageOptions
    from modelwizard.worker.client import Child

GOOD = ("passed", "forced", "consistent", "better")

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object on stdout.")
in_project = click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The project's folder. Default: the one you are in.",
)


def _project(folder: Path | None) -> Path:
    from modelwizard.project import Project

    return Project.open(folder or Path.cwd()).folder


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="modelwizard")
def cli() -> None:
    """From a data file to a Keras model that you can trust, one stage at a time.

    Start with `modelwizard new`. Each command says what to type next.
    """


# -- new ----------------------------------------------------------------------------------------------------------


def answers_by_flags(command: Command) -> Command:
    """Add an option for each question of `new` that has a flag of its own, in the order of asking."""
    types = {"integer": int, "share": float}
    for question in reversed([*BY_NAME.values()]):
        if question.help:
            flag, metavar = question.flag.split()
            many, kind = question.type == "list", types.get(question.type)
            command = click.option(flag, type=kind, metavar=metavar, multiple=many, help=question.help)(command)
    return command


@cli.command(short_help="Make a project from a data file.")
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--example", metavar="NAME", help="A bundled example instead of your own data.")
@answers_by_flags
@click.option("--answers", type=click.Path(path_type=Path), metavar="FILE", help="Answers in a TOML file.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Any answer by name; repeatable.")
@click.option("-y", "--yes", is_flag=True, help="Use the default for anything not given.")
@click.option("--no-input", is_flag=True, help="Never ask; fail and name the missing flags.")
@click.option("--run/--no-run", default=None, help="Start the first stage afterwards, or don't. Default: ask.")
@click.option("--dry-run", is_flag=True, help="Show the files and the last layer; write nothing.")
@click.option("--overwrite", is_flag=True, help="Replace the project in DIR.")
@click.option("--lang", type=click.Choice(["en"]), hidden=True, expose_value=False, help="Language: English.")
@as_json
def new(
    yes: bool,
    no_input: bool,
    run: bool | None,
    dry_run: bool,
    overwrite: bool,
    as_json: bool,
    answers: Path | None,
    settings: tuple[str, ...],
    example: str | None,
    **flags: Any,
) -> None:
    """Ask, review, write a project, offer its first stage.

    DIR is the project's new folder. An answer is taken from its flag, else from --set, --answers, a variable
    MODELWIZARD_<NAME>, else from what the data suggest, which you are asked to confirm.
    """
    from modelwizard.kinds.question import EXAMPLE
    from modelwizard.options import StageOptions
    from modelwizard.wizard.given import collect
    from modelwizard.wizard.new import Order
    from modelwizard.wizard.new import new as walk_through
    from modelwizard.wizard.survey import Survey
    from modelwizard.worker.client import Child

    if example is not None:
        if flags["data"] is not None:
            raise UsageError("`--data` and `--example` cannot both be given.", fix="give one of them")
        flags["data"] = f"{EXAMPLE}{example}"
    talk = terminal()
    given = collect(flags, settings, answers)
    order = Order(given=given, yes=yes, ask=not no_input, run=run, dry_run=dry_run, overwrite=overwrite)
    survey = Survey(talk.note, order.place)
    with Child() as child:
        made = walk_through(
            order,
            talk,
            survey,
            run_stage=lambda folder: _run_stage(folder, "baseline", StageOptions(), child),
            warm_up=child.start if run is not False and not dry_run else lambda: None,
        )
    _shown(made, as_json)
    _leave(made.get("stage"))


# -- stages -------------------------------------------------------------------------------------------------------


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    from modelwizard.options import seconds

    return None if value is None else seconds(value)


def stage_options(command: Command) -> Command:
    """Add the options that every stage has."""
    for option in reversed(
        (
            in_project,
            click.option("-y", "--yes", is_flag=True, help="Use every default instead of asking."),
            click.option("--trials", type=click.IntRange(1), metavar="N", help="Maximum number of trials."),
            click.option(
                "--time-budget", callback=_duration, metavar="TIME", help="Time for all of it, such as 90, 5m or 2h."
            ),
            click.option(
                "--workers",
                type=click.IntRange(1),
                metavar="N",
                help="Number of parallel trials. Default: 1, or one per core with --time-budget.",
            ),
            click.option("--seed", type=click.IntRange(0), metavar="N", help="Seed instead of the project's."),
            click.option("--force", is_flag=True, help="Go on although a stage did not pass; needs --reason."),
            click.option("--reason", default="", metavar="TEXT", help="Why; written into the journal."),
            as_json,
        )
    ):
        command = option(command)
    return command


def _stage(name: str, short: str, text: str) -> None:
    """Make the command of one stage."""

    @cli.command(name, short_help=short, help=f"{short}\n\n{text}")
    @stage_options
    def command(project: Path | None, as_json: bool, **chosen: Any) -> None:
        from modelwizard.options import StageOptions

        options = StageOptions(**chosen)
        with _worker(project) as child:
            result = _run_stage(_project(project), name, options, child)
        _shown(result, as_json)
        _leave(result)


_stage(
    "baseline",
    "Stage 1: a small network has to beat the baseline.",
    "The baseline (the best constant prediction), a linear model and boosted trees are fitted for comparison; the "
    "network of model.py has to beat the baseline on validation rows by more than noise.",
)
_stage(
    "overfit",
    "Stage 2: grow the network until it overfits.",
    "Longer, wider, deeper, without regularisation: once the validation loss rises, the capacity is enough.",
)
_stage(
    "regularize",
    "Stage 3: search for what generalises best.",
    "Rounds of keras-tuner trials over everything that model.py leaves open: dropout, penalties, layers, units, …",
)
_stage(
    "finalize",
    "Stage 4: the production model, tested once.",
    "Trains on training and validation rows, opens the test rows once, exports model.keras.",
)


@cli.command("next", short_help="The next stage.")
@stage_options
def next_(project: Path | None, as_json: bool, **chosen: Any) -> None:
    """Run the stage that comes next."""
    from modelwizard.options import StageOptions

    with _worker(project) as child:
        from modelwizard import walk

        folder = _project(project)
        stage = walk.next_stage(folder)
        if stage is None:
            terminal().say("Every stage is done. `modelwizard status` shows the result.")
        options, over = StageOptions(**chosen), {"stage": None, "next": None}
        result = _run_stage(folder, stage, options, child) if stage else over
    _shown(result, as_json)
    _leave(result)


@cli.command("run", short_help="All remaining stages, without questions.")
@stage_options
def run_all(project: Path | None, as_json: bool, **chosen: Any) -> None:
    """Run all remaining stages without questions; a verdict that you could accept with a yes is accepted."""
    from modelwizard.options import StageOptions

    folder = _project(project)
    with _worker(project) as child:
        from modelwizard import walk

        results = walk.run_all(folder, StageOptions(**chosen), terminal(yes=True), child)
    _shown({"stages": results, "next": walk.next_stage(folder)}, as_json)
    _leave(list(results.values())[-1] if results else None)


@cli.command(short_help="Try adding and dropping features.")
@stage_options
def features(project: Path | None, as_json: bool, **chosen: Any) -> None:
    """Try adding and dropping features; keep those that help, if you agree.

    Ratios, products, sums, differences, logarithms and further parts of dates are proposed from training rows alone.
    Networks with the best settings so far are trained with and without them. What improves the validation score is
    shown and, if you agree (or with --yes), written into add_features() of data.py.
    """
    from modelwizard.options import StageOptions

    options = StageOptions(**chosen)
    with _worker(project) as child:
        from modelwizard import walk

        result = walk.run_features(_project(project), options, terminal(options.yes), child)
    _shown(result, as_json)


@contextmanager
def _worker(project: Path | None) -> Generator[Child]:
    """Start the worker of a project before the walk is imported: both take seconds, on a core each."""
    from modelwizard.worker.client import Child

    with Child(_project(project)) as child:
        yield child


def _run_stage(folder: Path, stage: str, options: StageOptions, child: Child) -> dict[str, Any]:
    from modelwizard import walk

    return walk.run_stage(folder, stage, options, terminal(options.yes), child=child)


def _shown(result: Any, as_json: bool, page: Callable[[Page], None] = lambda _: None) -> None:
    """Print a result as JSON where that is wanted, else its page, where it has one."""
    if as_json:
        print_json(result)
    else:
        page(terminal().results)


def _leave(result: dict[str, Any] | None) -> None:
    """Exit with 3 when a gate was not passed or nothing can be said."""
    if result is not None and result.get("verdict") not in (None, *GOOD):
        click.get_current_context().exit(3)


# -- what is there -----------------------------------------------------------------------------------------------------


@cli.command(short_help="Stages, verdicts and scores so far.")
@in_project
@as_json
def status(project: Path | None, as_json: bool) -> None:
    """Show the stages, their verdicts, the scores, and how often validation rows were looked at."""
    from modelwizard import pages, walk

    folder = _project(project)
    result = walk.status(folder)
    _shown(result, as_json, lambda page: pages.status(page, result, folder))


@cli.command(short_help="Lint the model, the data and the runs.")
@in_project
@click.option("--all", "every", is_flag=True, help="Show every finding, not only the first three.")
@as_json
def check(project: Path | None, every: bool, as_json: bool) -> None:
    """Lint the model, the data and the runs as they are now."""
    with _worker(project) as child:
        from modelwizard import pages, walk

        result = walk.check(_project(project), terminal(), child)
    _shown(result, as_json, lambda page: pages.check(page, result, every=every))
    if any(finding["severity"] == "error" for finding in result["findings"]):
        click.get_current_context().exit(3)


@cli.command(short_help="A rule, such as MW101, or a word, such as dropout.")
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
    _shown(result, as_json, lambda page: pages.explain(page, text))


@cli.command(short_help="Problem type → last layer, loss, metrics.")
@click.argument("problem", required=False)
@as_json
def table(problem: str | None, as_json: bool) -> None:
    """Show which last layer, loss and metrics belong to which problem."""
    from modelwizard import pages
    from modelwizard.kinds.question import one_of

    names = [one_of(problem, list(PROBLEMS), "a problem type", "modelwizard table ")] if problem else list(PROBLEMS)
    rows = {name: PROBLEMS[name].row() for name in names}
    _shown(rows, as_json, lambda page: pages.table(page, [PROBLEMS[name] for name in names]))


@cli.command(short_help="Write report.html.")
@in_project
@click.option("--open", "open_", is_flag=True, help="Show it in the browser.")
@as_json
def report(project: Path | None, open_: bool, as_json: bool) -> None:
    """Write report.html: the choices and why, curves, trials, verdicts."""
    from modelwizard import walk

    path = walk.report(_project(project))
    terminal().say(f"Written: {path}")
    _shown({"report": str(path)}, as_json)
    if open_ and click.launch(str(path)) != 0:
        terminal().warn("No browser could be started; open the file yourself.")


@cli.command(short_help="Predict raw rows with the final model.")
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
    with _worker(project) as child:
        from modelwizard import walk

        source, target = input.absolute(), output and output.absolute()
        result = walk.predict(_project(project), source, target, terminal(), child, shift=shift, force=force)
    text = result.pop("text", "")
    _shown(result, as_json, lambda _: click.echo(text, nl=False))


@cli.command(short_help="Verify the journal and count the looks.")
@in_project
@as_json
def audit(project: Path | None, as_json: bool) -> None:
    """Verify the journal's chain, and count the looks at validation and test rows."""
    from modelwizard import pages, walk

    result = walk.audit(_project(project))
    _shown(result, as_json, lambda page: pages.audit(page, result))
    if not result["ok"]:
        click.get_current_context().exit(1)


@cli.command(short_help="Versions, and the cache of compiled programs.")
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
    if as_json:
        return print_json(result)
    pages.doctor(terminal().results, result)
    return None


def _versions() -> dict[str, str | None]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {"python": sys.version.split()[0], "modelwizard": __version__}
    for name in ("tensorflow", "keras", "keras-tuner"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a sign that a terminal cannot show must not end a run
    cli(prog_name="modelwizard")
