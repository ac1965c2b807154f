"""The rules applied to a project: its model, its rows, its division and its last run."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard import kinds
from modelwizard.checks.case import Division
from modelwizard.checks.facts.project import Record
from modelwizard.contract.jobs import Check
from modelwizard.contract.results import Checked
from modelwizard.errors import ProjectError
from modelwizard.evidence.predictions import unpack
from modelwizard.project import Project
from modelwizard.training import findings, trials
from modelwizard.training.relabelled import features_again
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop

Array = NDArray[Any]


def check(workshop: Workshop, job: Check, _: Watcher) -> Checked:
    """Apply the rules to the model of the last experiment file, on the rows of the first fold."""
    from modelwizard.checks.api import check_project

    project = workshop.project
    fold, settings, last = workshop.folds()[0], project.settings, last_experiment(project)
    model, _values = trials.build(workshop, last.get("hyperparameters") or {}, fold.encoding)
    training = {"batch_size": settings.training.batch_size, **(last.get("training") or {})}
    again = features_again(workshop)
    report = check_project(
        model,
        (fold.train.x, fold.train.y),
        (fold.validation.x, fold.validation.y),
        workshop.problem.name,
        settings={name: value for name, value in training.items() if name in ("epochs", "batch_size")},
        source=project.folder / "model.py",
        mute=settings.checks.mute,
        train=job.train,
        split=divided(project, workshop.parts),
        record=last_run(workshop),
        relabelled=again.relabelled,
    )
    return findings.joined(report, findings.look(workshop, model, again), workshop.muted)


def last_experiment(project: Project) -> dict[str, Any]:
    """Return the tables of the experiment file with the highest number, or nothing when none can be read."""
    for path in sorted((project.folder / "experiments").glob("*.toml"), reverse=True):
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return {}


def divided(project: Project, parts: Array) -> Division | None:
    """Return the groups and times of the rows on both sides of each border; None where neither column is named.

    Reads no other column: of the test rows too, only which group and moment they belong to.

    Args:
        project: The project.
        parts: The part of each row of the file.
    """
    split = project.settings.split
    if not split.group and not split.time:
        return None
    related = kinds.of(project.settings.kind).rows(project.data_path, project.settings)
    groups = times = None
    if related.groups is not None:
        sides = _sides(related.groups, parts, related.groups != "")
        groups = max(sides, key=lambda side: len(np.intersect1d(*side)))
    if related.ranks is not None:
        sides = [side for side in _sides(related.ranks, parts, related.ranks >= 0) if len(side[0]) and len(side[1])]
        times = max(sides, key=lambda side: float(np.mean(side[0] > side[1].min())), default=None)
    return Division(groups, times)


def _sides(values: Array, parts: Array, known: Array) -> list[tuple[Array, Array]]:
    """Return the values before and behind the border of validation and that of the test."""
    borders = (("train",), ("validation", "test")), (("train", "validation"), ("test",))
    return [(values[known & np.isin(parts, a)], values[known & np.isin(parts, b)]) for a, b in borders]


def last_run(workshop: Workshop) -> Record | None:
    """Return what the youngest run of the code as it is now left behind; None where there is none."""
    project = workshop.project
    found = sorted(project.runs.glob("*/settings.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[:3]:
        try:
            run = project.read_run(path.parent.name)
        except (ProjectError, OSError, KeyError, ValueError):
            continue
        if run.summary.code != project.code_hashes() or not run.history:
            continue
        labels, probabilities = _predictions(workshop, run)
        train, held = (tuple(row.get(name, np.nan) for row in run.history) for name in ("train_loss", "val_loss"))
        return Record(run.run, train, held, labels, probabilities)
    return None


def _predictions(workshop: Workshop, run: Any) -> tuple[Array, Array]:
    """Return class numbers and probabilities of the validation rows at the epoch of the lowest loss that is kept."""
    if not (workshop.problem.exclusive or workshop.problem.chooses_positive) or not len(run.epochs):
        return np.zeros(0), np.zeros(0)
    losses = [run.history[int(e)].get("val_loss", np.inf) for e in run.epochs]
    p = unpack(run.outputs[int(np.argmin(losses))], workshop.problem.activation, run.offset, run.scale)
    try:
        known = workshop.project.targets()
    except ProjectError:
        return np.zeros(0), np.zeros(0)  # the next stage writes them again
    at = np.searchsorted(known.rows, run.rows)
    if not np.array_equal(known.rows[np.minimum(at, len(known.rows) - 1)], run.rows):
        return np.zeros(0), np.zeros(0)
    return np.asarray(known.y)[at].reshape(-1).astype(int), p
