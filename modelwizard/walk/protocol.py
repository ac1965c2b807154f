"""The more reliable protocol: the best candidates again, by repeated K-fold over all rows outside the test set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from modelwizard import toml, words
from modelwizard.contract.entries import Switched, Trial
from modelwizard.contract.jobs import References
from modelwizard.contract.messages import message
from modelwizard.errors import ProjectError
from modelwizard.evidence import kfold, scores
from modelwizard.evidence.scheme import rounds
from modelwizard.files import write_text
from modelwizard.project import Project
from modelwizard.settings import FILE
from modelwizard.stages import accounting
from modelwizard.stages.inputs import Run, Validation
from modelwizard.walk.regularize import PATIENCE
from modelwizard.walk.session import Session, ended_best

CANDIDATES = 5
"""Trials that are judged again; more would cost folds x repeats fits each."""


def switch(session: Session) -> dict[str, Any]:
    """Judge the best trials again by repeated K-fold, and go on with K-fold from here.

    The test rows are spent when this is needed, so the corrected score of the pooled out-of-fold predictions is the
    new headline. Preprocessing is learned anew in each fold.

    Args:
        session: The stage at work.

    The settings of the best one are written to 3-regularize.toml, so that another finalize makes the model that the
    number belongs to.

    Returns:
        folds, repeats, trials, run, score, corrected, se, `by_fold` (the interval of Nadeau and Bengio from the scores
        of the single folds, which knows nothing of the choice among trials), and `headline`, a message.
    """
    counts = session.project.counts()
    folds, repeats = rounds(counts["train"] + counts["validation"])
    candidates = _best(session)
    session.journal.append(Switched(stage="finalize", protocol="kfold", folds=folds, repeats=repeats))
    _rewrite(session.project, folds, repeats)
    judging = replace(session, project=Project.open(session.project.folder))
    judging.child.run(References())  # the targets and the baseline of the rows that validate from now on
    entries = [
        judging.train(
            "protocol",
            entry.hyperparameters,
            entry.training,
            judging.watch(
                message("finalize.watch_kfold", folds=folds, repeats=repeats), trials=len(candidates), done=done
            ),
            patience=PATIENCE,
            repeats=repeats,
        )
        for done, entry in enumerate(candidates)
    ]
    runs = judging.usable("protocol")
    validation = judging.validation(entries[-1])
    found = accounting.correct(validation, runs, seed=session.seed)
    best = max(
        runs, key=lambda run: -abs(validation.score(run.predictions(run.best_epoch(validation) or 0)) - found.raw)
    )
    headline = message(
        "finalize.kfold",
        folds=folds,
        repeats=repeats,
        rows=found.units,
        metric=session.metric,
        score=found.corrected,
        error=1.96 * found.se,
        run=best.name,
    )
    session.reporter.say(headline)
    chosen = next(entry for entry in entries if entry.run == best.name)
    session.write_experiment(
        "3-regularize.toml",
        message("finalize.kfold_experiment", trials=len(entries), run=best.name),
        chosen.hyperparameters,
        ended_best(chosen),
    )
    return {
        "folds": folds,
        "repeats": repeats,
        "trials": len(runs),
        "run": best.name,
        "score": found.raw,
        "corrected": found.corrected,
        "se": found.se,
        "by_fold": list(_by_fold(judging, validation, best, folds)),
        "headline": headline,
    }


def _by_fold(session: Session, validation: Validation, run: Run, folds: int) -> tuple[float, float]:
    """Return the 95 % interval of Nadeau and Bengio of a run's score, from the score of each fold."""
    fold, p = session.project.read_run(run.name).fold, run.predictions(run.best_epoch(validation) or 0)
    y = np.asarray(validation.y)
    each = [scores.score(validation.problem, validation.metric, y[fold == k], p[fold == k]) for k in np.unique(fold)]
    return kfold.nadeau_bengio(each, folds)


def _best(session: Session) -> list[Trial]:
    """Return the trials of the search with the best scores, the best first."""
    scored = [e for e in session.trials("regularize") if e.score is not None]
    ordered = sorted(scored, key=lambda e: e.score or 0.0, reverse=scores.direction(session.metric) == "max")
    if not ordered:
        raise ProjectError("There is no trial to judge again.", fix=session.typed("modelwizard regularize"))
    return ordered[:CANDIDATES]


def _rewrite(project: Project, folds: int, repeats: int) -> None:
    """Say in modelwizard.toml that rows are judged by K-fold now, leaving every other line as it is."""
    path = project.folder / FILE
    reason = words.say(message("finalize.switched"))
    values = {"scheme": "kfold", "folds": folds, "repeats": repeats, "reason": reason}
    write_text(path, toml.change(path.read_text(encoding="utf-8"), "split", values))
