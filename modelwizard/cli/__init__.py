"""The command line: words to calls, errors to messages and exit codes. Everything heavy is imported late.

`import questionary` alone takes 0.4 s and pandas more, so each command imports inside its body; `--help` loads click
and the questions, whose flags are options of `new`, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelwizard import __version__
from modelwizard.cli import queries
from modelwizard.cli.commands import as_json, in_project, project_folder, shown, worker
from modelwizard.errors import UsageError
from modelwizard.exits import Command, Commands, terminal
from modelwizard.wizard.questions import BY_NAME

if TYPE_CHECKING:
    from modelwizard.options import StageOptions
    from modelwizard.worker.client import Child

GOOD = ("passed", "forced", "consistent", "better")


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
    shown(made, as_json)
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
        with worker(project) as child:
            result = _run_stage(project_folder(project), name, options, child)
        shown(result, as_json)
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

    with worker(project) as child:
        from modelwizard import walk

        folder = project_folder(project)
        stage = walk.next_stage(folder)
        if stage is None:
            terminal().say("Every stage is done. `modelwizard status` shows the result.")
        options, over = StageOptions(**chosen), {"stage": None, "next": None}
        result = _run_stage(folder, stage, options, child) if stage else over
    shown(result, as_json)
    _leave(result)


@cli.command("run", short_help="All remaining stages, without questions.")
@stage_options
def run_all(project: Path | None, as_json: bool, **chosen: Any) -> None:
    """Run all remaining stages without questions; a verdict that you could accept with a yes is accepted."""
    from modelwizard.options import StageOptions

    folder = project_folder(project)
    with worker(project) as child:
        from modelwizard import walk

        results = walk.run_all(folder, StageOptions(**chosen), terminal(yes=True), child)
    shown({"stages": results, "next": walk.next_stage(folder)}, as_json)
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
    with worker(project) as child:
        from modelwizard import walk

        result = walk.run_features(project_folder(project), options, terminal(options.yes), child)
    shown(result, as_json)


def _run_stage(folder: Path, stage: str, options: StageOptions, child: Child) -> dict[str, Any]:
    from modelwizard import walk

    return walk.run_stage(folder, stage, options, terminal(options.yes), child=child)


def _leave(result: dict[str, Any] | None) -> None:
    """Exit with 3 when a gate was not passed or nothing can be said."""
    if result is not None and result.get("verdict") not in (None, *GOOD):
        click.get_current_context().exit(3)


for _command in queries.COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a sign that a terminal cannot show must not end a run
    cli(prog_name="modelwizard")
