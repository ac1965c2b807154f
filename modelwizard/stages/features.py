"""Features added and removed: what is tried together, and what a paired comparison of trained networks says of it.

Additions are kept when they gain one paired standard error or more, removals unless they cost one (METHOD: among the
rules that were simulated, this one gave the best true score; what it lets through by luck, a confirmation with fresh
seeds and the removals take out again).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelwizard.contract.messages import Message, message
from modelwizard.contract.results import Effect, Proposal, Proposals
from modelwizard.contract.wire import plain
from modelwizard.evidence.arrays import Floats
from modelwizard.stages.inputs import Validation

ADD_FROM = 1.0
"""Paired standard errors that an addition must gain, and that a removal may not lose."""
TOGETHER = 3
"""Interactions that are tried at once: one look a batch."""


def why(proposal: Proposal) -> Message:
    """Say what in the training rows suggests a feature."""
    key = "long_tail" if proposal.op == "log" else "explains" if proposal.share else "part_of_date"
    return message(f"features.{key}", share=proposal.share)


@dataclass(frozen=True)
class Batch:
    """Additions that are tried at once.

    Args:
        title: What they are.
        folds: The additions for each fold, proposed from its own training rows: no fold is judged by rows that chose
            its features.
        written: Those that are written if the batch is kept: proposed in the same way from all rows that the final
            model is trained on; under hold-out, those that were judged.
    """

    title: Message
    folds: tuple[tuple[Proposal, ...], ...]
    written: tuple[Proposal, ...]

    def first(self) -> Batch:
        """Return the best proposal alone."""
        return Batch(
            message("features.first", batch=self.title), tuple(fold[:1] for fold in self.folds), self.written[:1]
        )


@dataclass(frozen=True)
class Changes:
    """What is different from the person's own `add_features`.

    Args:
        folds: Additions for each fold.
        written: Additions to be written.
        removed: Columns that are left out.
    """

    folds: tuple[tuple[Proposal, ...], ...] = ((),)
    written: tuple[Proposal, ...] = ()
    removed: tuple[str, ...] = ()

    def plus(self, batch: Batch) -> Changes:
        """Return the changes with a batch of additions."""
        folds = self.folds * len(batch.folds) if len(self.folds) == 1 else self.folds
        joined = tuple(old + new for old, new in zip(folds, batch.folds, strict=True))
        return replace(self, folds=joined, written=self.written + batch.written)

    def minus(self, names: Sequence[str]) -> Changes:
        """Return the changes without some columns; an addition is simply not made."""
        made = {one.name for one in self.written}
        folds = tuple(tuple(one for one in fold if one.name not in names) for fold in self.folds)
        written = tuple(one for one in self.written if one.name not in names)
        return Changes(folds, written, (*self.removed, *(name for name in names if name not in made)))

    def code(self) -> tuple[tuple[str, ...], ...]:
        """Return the statements for each fold; empty when nothing is changed."""
        found = tuple(tuple(statements(fold, self.removed)) for fold in self.folds)
        return found if any(found) else ()

    @property
    def statements(self) -> list[str]:
        """The statements to be written."""
        return statements(self.written, self.removed)


def statements(added: Sequence[Proposal], removed: Sequence[str]) -> list[str]:
    """Return the lines of code of additions and removals, additions first: they may use what is removed."""
    gone = [one.replace("\\", "\\\\").replace('"', '\\"') for one in removed]
    return [*(one.code for one in added), *(f'del columns["{name}"]' for name in gone)]


def batches(proposals: Sequence[Proposals]) -> list[Batch]:
    """Return the batches to try, in order."""
    found: list[Batch] = []
    for group in proposals:
        size = TOGETHER if group.title == "interactions" else max(len(group.written), 1)
        for start in range(0, len(group.written), size):
            parts = tuple(fold[start : start + size] for fold in group.folds)
            number = start // size + 1 if len(group.written) > size else None
            title = message("features.batch", kind=group.title, number=number)
            if any(parts):
                found.append(Batch(title, parts, group.written[start : start + size]))
    return found


@dataclass(frozen=True)
class Arm:
    """Networks of the same features, trained with several seeds.

    Args:
        losses: (n,) validation loss of each row, averaged over seeds.
        scores: The metric of each seed.
        runs: Names of the runs.
    """

    losses: Floats
    scores: tuple[float, ...]
    runs: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The mean score."""
        return float(np.mean(self.scores))


@dataclass(frozen=True)
class Judged:
    """What was decided of a batch.

    Args:
        title: What it was.
        action: `add`, `remove`, `confirm`, or `confirm removal` where nothing is added.
        names: The columns.
        gain: By how much the mean validation loss is lower with the change.
        se: Paired standard error of the gain.
        t: Gain in standard errors.
        accepted: Whether it is kept.
        score: Mean score with the change; NaN when it could not be trained.
        runs: Names of the runs.
    """

    title: Message
    action: str
    names: tuple[str, ...]
    gain: float
    se: float
    t: float
    accepted: bool
    score: float
    runs: tuple[str, ...] = ()

    def told(self) -> Message:
        """Say what the change does to the loss: "0.022 ± 0.003 lower (t = 8.8)"."""
        way = "lower" if self.gain >= 0 else "higher"
        return message(f"features.{way}", gain=abs(self.gain), se=self.se, t=self.t)

    def record(self) -> dict[str, Any]:
        """Return the decision as the journal holds it."""
        return plain(vars(self))


def judge(
    validation: Validation, before: Arm, after: Arm | None, title: Message, action: str, names: Sequence[str]
) -> Judged:
    """Compare two arms row by row: identical rows, folds and seeds.

    An addition has to gain more than one paired standard error, a removal must not lose as much, and a confirmation
    must gain at all.

    Args:
        validation: The rows that judge.
        before: The incumbent.
        after: The challenger, or None when it could not be trained.
        title: What is tried.
        action: `add`, `remove`, `confirm`, or `confirm removal` where nothing is added.
        names: The columns.
    """
    if after is None:
        nan = float("nan")
        return Judged(title, action, tuple(names), nan, nan, nan, False, nan)
    found = validation.gain(before.losses, after.losses)
    kept = {"add": found.t > ADD_FROM, "confirm": found.value > 0}.get(action, found.t > -ADD_FROM)
    return Judged(title, action, tuple(names), found.value, found.se, found.t, bool(kept), after.score, after.runs)


def dispensable(clusters: Sequence[Sequence[Effect]]) -> list[str]:
    """Return the columns whose removal is worth a try, the least important first: one of each cluster.

    Args:
        clusters: By how much the loss rises when the values of columns are shuffled, alone.
    """
    least = [min(cluster, key=lambda one: one.t) for cluster in clusters]
    idle = [one for one in least if one.t < ADD_FROM]
    most = sum(len(cluster) for cluster in clusters) - 1
    return [one.name for one in sorted(idle, key=lambda one: one.t)][:most]
