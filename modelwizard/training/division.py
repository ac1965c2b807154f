"""How rows depend on each other and how they are folded, by the same rules that made the split."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard import kinds
from modelwizard.evidence.arrays import time_blocks
from modelwizard.problems import PROBLEMS
from modelwizard.problems.target import Target
from modelwizard.project import Project
from modelwizard.splitting.split import Rows, folds

BLOCKS = 50
"""Blocks that judging rows in time order are cut into: neighbours are alike, blocks nearly independent."""

Array = NDArray[Any]


def pairs(project: Project, parts: Array, rows: Array, y: Array, repeats: int) -> list[tuple[Array, Array]]:
    """Return the file rows of training and validation of every fold of every repeat.

    Args:
        project: The project.
        parts: The part of each file row.
        rows: (n,) file rows whose targets are known.
        y: Their canonical targets.
        repeats: How often the folds are drawn anew.
    """
    task, split = project.settings.problem, project.settings.split
    known = np.zeros(len(parts), dtype=bool)
    known[rows] = True
    full = np.full((len(parts), *y.shape[1:]), PROBLEMS[task.type].missing)
    full[rows] = y
    target = Target(task.target, task.type, task.classes, (), full, known)
    # Rows that data.py leaves out belong to no fold.
    usable = np.where(known, parts, "unused")
    related = _related(project)
    seed, units, times = split.seed, related.units, related.ranks
    return folds(usable, target, folds=split.folds, repeats=repeats, seed=seed, units=units, times=times)


def groups(project: Project, rows: Array, judged: int) -> Array | None:
    """Return a label for each of some file rows, equal for rows that are not independent; None if all are.

    Args:
        project: The project.
        rows: (n,) file rows.
        judged: How many of them judge; in time order, blocks are so long that these make up about `BLOCKS`.
    """
    split = project.settings.split
    if split.group:
        return _related(project).units[rows]
    if split.time and (ranks := _related(project).ranks) is not None:
        blocks = np.empty(len(rows), dtype=np.int64)
        blocks[np.argsort(ranks[rows], kind="stable")] = time_blocks(len(rows), judged // BLOCKS)
        return blocks
    return None


def _related(project: Project) -> Rows:
    return kinds.of(project.settings.kind).rows(project.data_path, project.settings)
