"""A person reading a score is a look at the validation rows: what they do next may follow from it."""

from __future__ import annotations

import contextlib

from modelwizard.contract.entries import Read, Trial, Verdict
from modelwizard.errors import ProjectError
from modelwizard.journal import Journal
from modelwizard.stages import accounting


def note(journal: Journal, by: str, *shown: type[Verdict | Trial]) -> None:
    """Record that validation scores are shown to a person, once for all that is new since the last time.

    Nothing is written while another process works on the project, where the folder cannot be written to, or when the
    chain is damaged: a new last line would hide that lines were cut off.

    Args:
        journal: The project's journal.
        by: The command that shows them.
        *shown: Kinds of lines that it shows.
    """
    if not accounting.unread(journal.entries(), *shown) or not journal.verify().ok:
        return
    with contextlib.suppress(OSError, ProjectError):
        journal.append(Read(by=by))
