"""Answers kept when `modelwizard new` is interrupted: one small file in the folder it was started in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelwizard.conversation import Conversation
from modelwizard.errors import ModelWizardError
from modelwizard.files import write_text
from modelwizard.wizard.given import Given, read_answers, write_answers
from modelwizard.wizard.views import worded

NAME = ".modelwizard-answers.toml"
HEAD = "# Answers of an interrupted `modelwizard new`, kept so that you can continue here. May be deleted.\n"


def keep(folder: Path, answers: Mapping[str, Any]) -> Path | None:
    """Keep the answers; return the file, or None when there is nothing to keep or nowhere to write."""
    if not answers:
        return None
    path = folder / NAME
    try:
        write_text(path, HEAD + write_answers(answers))
    except OSError:
        return None  # an interrupted person gets their exit, not a second problem
    return path


def forget(folder: Path) -> None:
    """Remove what was kept, if anything."""
    (folder / NAME).unlink(missing_ok=True)


def offer(folder: Path, talk: Conversation) -> dict[str, Given]:
    """Offer to go on with kept answers; return those that are wanted.

    Raises:
        KeyboardInterrupt: On Ctrl-C.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    try:
        kept = read_answers(path, "person")
    except ModelWizardError as error:
        talk.note(f"The answers kept in {NAME} cannot be used: {error.what}")
        return {}
    said = "; ".join(f"{name}: {worded(answer.value)}" for name, answer in kept.items())
    talk.say(f"An earlier `modelwizard new` was interrupted here. Kept: {said}.")
    if talk.confirm("Continue with these answers?", why="All other questions are asked.", flag="--answers FILE"):
        return {name: replace(answer, reason="your answer last time") for name, answer in kept.items()}
    forget(folder)
    return {}
