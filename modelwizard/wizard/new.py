"""The walk of `modelwizard new`: ask, review, write, offer the first stage."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelwizard import kinds, scaffold
from modelwizard.conversation import BACK, Choice, Conversation, Prompt
from modelwizard.errors import Interrupted, ModelWizardError
from modelwizard.kinds.facts import Facts
from modelwizard.scaffold import Answers
from modelwizard.wizard import kept, views
from modelwizard.wizard.decided import decide, result
from modelwizard.wizard.given import Given
from modelwizard.wizard.interview import Interview
from modelwizard.wizard.places import new_folder
from modelwizard.wizard.questions import BY_NAME
from modelwizard.wizard.survey import Survey


@dataclass(frozen=True)
class Order:
    """What the command line of `new` asks for, besides answers.

    Args:
        given: Answers given without a prompt.
        yes: Whether defaults answer what was not given.
        ask: Whether prompts are allowed.
        run: Whether to start the first stage; None asks, where somebody can be asked.
        dry_run: Whether to show what would be written, and write nothing.
        overwrite: Whether a project that stands there may be replaced.
        place: The folder that the command was started in.
    """

    given: Mapping[str, Given] = field(default_factory=dict[str, Given])
    yes: bool = False
    ask: bool = True
    run: bool | None = None
    dry_run: bool = False
    overwrite: bool = False
    place: Path = field(default_factory=Path.cwd)


def new(
    order: Order,
    talk: Conversation,
    survey: Survey,
    run_stage: Callable[[Path], dict[str, Any]] | None = None,
    warm_up: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Make a project: ask, review, write, offer the first stage.

    Args:
        order: What the command line asks for.
        talk: Where a person is asked and told.
        survey: Finds out what the data say.
        run_stage: Runs the first stage of a project and returns its result. Defaults to no such offer.
        warm_up: Prepares that, while a person answers. Defaults to nothing.

    Returns:
        What was made, as plain values: directory, files, problem, head, command, next, and `stage` when it ran.

    Raises:
        Interrupted: On Ctrl-C; the answers are kept in the place.
        ModelWizardError: For answers or data that no project can be made from; the answers are kept too.
    """
    interview: Interview | None = None
    try:
        earlier = kept.offer(order.place, talk) if _asks(order, talk) else {}
        interview = Interview(
            talk,
            lambda known: _learn(survey, known, order.overwrite),
            {**earlier, **order.given},
            lambda name, known, facts: views.show(talk, name, known, facts),
            yes=order.yes,
            ask=order.ask,
            warm_up=warm_up,
        )
        answers, files = _settle(order, talk, survey, interview)
        if not order.dry_run:
            scaffold.write(files, answers.directory, overwrite=order.overwrite)
            kept.forget(order.place)
    except KeyboardInterrupt:
        raise _interrupted(order.place, interview) from None
    except ModelWizardError:
        _keep(order.place, interview)
        raise
    made = result(answers, files, written=not order.dry_run)
    _tell(talk, answers, files, written=not order.dry_run)
    return made if order.dry_run else made | _first_stage(order, talk, answers.directory, run_stage)


def _asks(order: Order, talk: Conversation) -> bool:
    return order.ask and talk.attended and not order.yes


def _settle(order: Order, talk: Conversation, survey: Survey, interview: Interview) -> tuple[Answers, dict[str, str]]:
    """Ask and review; return the answers and the files that follow from them."""
    interview.run()
    for name in order.given.keys() - interview.answers.keys():
        talk.warn(f"{BY_NAME[name].flag} is not needed here and was not used.")
    if _asks(order, talk):
        _review(interview, talk)
    split = survey.divide(interview.known)
    bundled = survey.bundled(interview.known)
    answers = decide(interview, split, data_file=next(iter(bundled), None))
    files = scaffold.plan(answers, split.parts.tolist(), survey.hashes(interview.known)) | bundled
    if not _asks(order, talk):
        # Nobody saw the screens; what they say belongs to the project all the same.
        views.head(talk, interview.known, interview.facts)
        for warning in answers.warnings:
            talk.warn(warning)
    return answers, files


def _learn(survey: Survey, known: Mapping[str, Any], overwrite: bool) -> Facts:
    if "directory" in known:
        new_folder(known["directory"], overwrite=overwrite)
    return survey.learn(known)


def _interrupted(place: Path, interview: Interview | None) -> Interrupted:
    path = _keep(place, interview)
    if path is None:
        return Interrupted("Interrupted; nothing was written.")
    return Interrupted(
        f"Interrupted; no project was written. Your answers are kept in {path.name}.",
        fix="modelwizard new, in the same folder, to continue with them",
    )


def _keep(place: Path, interview: Interview | None) -> Path | None:
    """Keep the answers when a person gave some; flags alone can be typed again."""
    if interview is None or all(answer.source != "person" for answer in interview.answers.values()):
        return None
    return kept.keep(place, interview.kept)


# -- review ----------------------------------------------------------------------------------------------------------

WRITE, CHANGE, FILES, STOP = "write", "change", "files", "stop"


def _review(interview: Interview, talk: Conversation) -> None:
    """Show all answers until the person is content with them.

    Raises:
        KeyboardInterrupt: When the person wants to stop here.
    """
    choices = (
        Choice(WRITE, "write the project", "the files appear all at once, or not at all"),
        Choice(CHANGE, "change an answer", "what depends on it is asked again"),
        Choice(FILES, "show the files first", "a list of what will be written"),
        Choice(STOP, "stop here", "nothing is written; your answers are kept for next time"),
    )
    while True:
        views.review(talk, interview.applicable(), interview.answers, interview.facts)
        does = talk.ask(Prompt("Is this right?", choices=choices, default=WRITE, back=True))
        if does == WRITE:
            return
        if does == STOP:
            raise KeyboardInterrupt
        if does == FILES:
            directory = new_folder(interview.known["directory"], overwrite=True)
            views.tree(talk, str(directory), [*kinds.of(interview.facts.kind).templates, *scaffold.COMMON, *WRITTEN])
        elif does == CHANGE:
            _change(interview, talk)
        elif does is BACK and interview.back():
            interview.run()


WRITTEN = ("modelwizard.toml", "split.csv", "requirements.txt", "experiments/1-baseline.toml")
"""Files that no template stands for; a test compares with a real plan."""


def _change(interview: Interview, talk: Conversation) -> None:
    choices = tuple(
        Choice(q.name, f"{q.name}: {views.worded(interview.answers[q.name].value)}", q.text)
        for q in interview.applicable()
    )
    name = talk.ask(Prompt("Which answer?", choices=choices, back=True))
    if name is not BACK:
        interview.change(name)


# -- the end -----------------------------------------------------------------------------------------------------------


def _tell(talk: Conversation, answers: Answers, files: Mapping[str, str], *, written: bool) -> None:
    """Say what was written, how to repeat it, and what comes next."""
    folder = _near(answers.directory)
    talk.heading("Your project" if written else "What would be written")
    views.tree(talk, folder, list(files))
    talk.note("To repeat this without questions:")
    talk.command(answers.command)
    if not written:
        return talk.note("Nothing was written (--dry-run).")
    talk.say("Next:")
    talk.command(f"cd {shlex.quote(folder)}")
    return talk.command("modelwizard baseline")


def _near(directory: Path) -> str:
    here = Path.cwd()
    return directory.relative_to(here).as_posix() if directory.is_relative_to(here) else str(directory)


def _first_stage(
    order: Order, talk: Conversation, directory: Path, run_stage: Callable[[Path], dict[str, Any]] | None
) -> dict[str, Any]:
    """Start the first stage when it is wanted. Unattended it starts only with `--run`: training is no answer."""
    if run_stage is None or order.run is False:
        return {}
    if order.run is None:
        if not talk.attended or order.yes or not order.ask:
            return {}
        why = "A small network has to beat the baseline: about a minute. You can also run it later."
        if not talk.confirm("Run the first stage, baseline, now?", why=why, flag="--no-run"):
            return {}
    return {"stage": run_stage(directory)}
