"""Where features are compared: arms of networks with the same settings, folds and seeds, each trained once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from modelwizard.contract.entries import Compared, Trial
from modelwizard.contract.jobs import Importance, Propose
from modelwizard.contract.messages import Message, Text, message
from modelwizard.contract.results import Proposal
from modelwizard.contract.trials import Hyperparameters, Training
from modelwizard.evidence import scores
from modelwizard.project import verdicts
from modelwizard.stages import features
from modelwizard.stages.features import Arm, Batch, Changes, Judged
from modelwizard.walk.regularize import PATIENCE
from modelwizard.walk.session import Session

STAGE = "features"
SEEDS = {"holdout": 3, "kfold": 2}
"""Networks of an arm; under K-fold each of them is one a fold."""
ALIKE = 9
"""Trials that share a compilation and the room for predictions, about: the seeds of an arm."""


def settings(session: Session) -> tuple[Hyperparameters, Training]:
    """Return the best settings known so far: those of the search, or of the baseline before it."""
    found = verdicts(session.journal.entries())["regularize"]
    name = "3-regularize.toml" if found else "1-baseline.toml"
    if found and not (session.project.folder / "experiments" / name).is_file():
        name = "1-baseline.toml"
    session.reporter.note(message("features.settings", file=name))
    return session.experiment(name)


class Bench:
    """Trains arms and compares them.

    Args:
        session: The command at work.
        hyperparameters: The settings of every network.
        training: `epochs`, `batch_size` and `seed`.
    """

    def __init__(self, session: Session, hyperparameters: Hyperparameters, training: Training) -> None:
        self.session, self.hyperparameters, self.training = session, hyperparameters, training
        first = session.seed if session.options.seed is not None else training.seed
        count = SEEDS[session.scheme]
        self.seeds = [first + i for i in range(count)]
        self.fresh = [first + count]
        self.trained = 0
        self.best: float | None = None
        self.slowest = 0.0
        self.validation: Any = None

    def arm(self, changes: Changes, title: Text, seeds: Sequence[int] | None = None) -> Arm | None:
        """Train the networks of an arm, or take them from the journal; None when one of them has no end.

        Args:
            changes: What is different from the person's own features.
            title: What is shown meanwhile.
            seeds: Seeds of the networks. Defaults to those of every comparison.
        """
        session, entries = self.session, list[Trial]()
        begin = time.monotonic()
        for number, seed in enumerate(seeds or self.seeds):
            entries.append(
                session.train(
                    STAGE,
                    self.hyperparameters,
                    replace(self.training, seed=seed),
                    session.watch(title, trials=len(seeds or self.seeds), done=number, best=self.best),
                    patience=PATIENCE,
                    trials=ALIKE,
                    additions=changes.code(),
                )
            )
            self.trained += 1
            score = entries[-1].score
            if entries[-1].status != "completed" or score is None or not entries[-1].predictions:
                return None
            if self.best is None or scores.gain(session.metric, score, self.best) > 0:
                self.best = score
        self.slowest = max(self.slowest, time.monotonic() - begin)
        self.validation = session.validation(entries[0])
        runs = [session.run(entry) for entry in entries]
        best = [run.predictions(run.best_epoch(self.validation) or 0) for run in runs]
        losses = np.mean([self.validation.losses(p) for p in best], axis=0)
        return Arm(losses, tuple(self.validation.score(p) for p in best), tuple(run.name for run in runs))

    def affordable(self, arms: float = 1.0) -> bool:
        """Say whether there is room for more arms and the confirmation, in --trials and in --time-budget."""
        options = self.session.options
        more = arms * len(self.seeds) + 2 * len(self.fresh)
        if options.trials is not None and self.trained + more > options.trials:
            return False
        left = self.session.seconds_left()
        return left is None or left > self.slowest * more / len(self.seeds)

    def compare(
        self, incumbent: Arm, wanted: Changes, title: Message, action: str, what: Sequence[Proposal | str]
    ) -> tuple[Judged | None, Arm | None]:
        """Train a challenger, judge it, record that; nothing when there is no time or no trial left for it."""
        if not self.affordable():
            self.session.reporter.note(message("features.left_out", title=title))
            return None, None
        names = [one if isinstance(one, str) else one.name for one in what]
        self.session.reporter.note(message("features.with" if action == "add" else "features.without", names=names))
        arm = self.arm(wanted, title)
        judged = features.judge(self.validation, incumbent, arm, title, action, names)
        return self._record(judged, what), arm

    def confirm(self, changes: Changes) -> Judged:
        """Compare all changes with none, by networks of seeds that decided nothing."""
        old = self.arm(Changes(), message("features.confirm_before"), self.fresh)
        new = self.arm(changes, message("features.confirm_after"), self.fresh)
        action = "confirm" if changes.written else "confirm removal"
        names = [*(one.name for one in changes.written), *changes.removed]
        if old is None:
            new = None
        base = old or Arm(np.empty(0), ())
        judged = features.judge(self.validation, base, new, message("features.together"), action, names)
        return self._record(judged, names)

    def _record(self, judged: Judged, what: Sequence[Proposal | str]) -> Judged:
        """Write a decision into the journal: what, from where, with which evidence."""
        proposed = [one for one in what if not isinstance(one, str)]
        line = Compared(stage=STAGE, features=proposed, **judged.record())
        known = self.session.journal.of(Compared, STAGE)
        if not any(entry.runs == line.runs and entry.action == line.action for entry in known):
            self.session.journal.append(line)
        key = "result_kept" if judged.accepted else "result_not_kept"
        self.session.reporter.say(message(f"features.{key}", title=judged.title, told=judged.told()))
        return judged

    def proposals(self) -> list[Batch]:
        """Return the batches that the training rows propose."""
        with self.session.reporter.waiting(message("features.looking")):
            found = features.batches(self.session.child.run(Propose(seed=self.session.seed)))
        for one in (one for batch in found for one in batch.written):
            self.session.reporter.note(message("features.proposed", name=one.name, why=features.why(one)))
        if not found:
            self.session.reporter.say(message("features.none_proposed"))
        return found

    def dispensable(self, changes: Changes) -> list[str]:
        """Return the columns that the networks hardly use, and count the looks that this takes."""
        if not self.affordable(1 + 1 / len(self.seeds)):
            return []
        watch = self.session.watch(message("features.watch_importance"), trials=1, done=0)
        with self.session.reporter.watch(watch) as on_event:
            training = replace(self.training, seed=self.seeds[0])
            more = {"patience": PATIENCE, "additions": changes.code()}
            experiment = training.experiment(STAGE, self.hyperparameters, "importance", **more)
            found = self.session.child.run(Importance(experiment=experiment), on_event)
        purpose = "permutation importance" + "".join(f"; {line}" for line in changes.statements)
        self.session.look(STAGE, purpose, found.looks)
        names = features.dispensable(found.clusters)
        made = {one.name for fold in changes.folds for one in fold} - {one.name for one in changes.written}
        return [name for name in names if name not in made]
