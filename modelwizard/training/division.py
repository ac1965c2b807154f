"""How rows depend on each other and how they are folded, by the same rules that made the split."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.kinds.tabular.columns import Column
from modelwizard.kinds.tabular.read import read
from modelwizard.kinds.tabular.sniff import Format
from modelwizard.kinds.tabular.target import Target
from modelwizard.problems import PROBLEMS
from modelwizard.project import Project
from modelwizard.splitting.split import folds, times_of, units_of

BLOCKS = 50
"""Blocks that judging rows in time order are cut into: neighbours are alike, blocks nearly independent."""

Array = NDArray[Any]


def table_format(project: Project) -> Format:
    """Return how the data file is written."""
    form = project.settings.data
    return Format(
        form.format, form.delimiter, form.encoding, form.decimal, form.thousands, form.missing or ("",), form.sheet
    )


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
    frame, form = read(project.data_path, table_format(project)), table_format(project)
    times = times_of(frame, split.time, form) if split.time else None
    units = units_of(frame, _columns(project), task.target, split.group, form)
    return folds(usable, target, folds=split.folds, repeats=repeats, seed=split.seed, units=units, times=times)


def groups(project: Project, rows: Array, judged: int) -> Array | None:
    """Return a label for each of some file rows, equal for rows that are not independent; None if all are.

    Args:
        project: The project.
        rows: (n,) file rows.
        judged: How many of them judge; in time order, blocks are so long that these make up about `BLOCKS`.
    """
    split, form = project.settings.split, table_format(project)
    if split.group:
        frame = read(project.data_path, form)
        return units_of(frame, _columns(project), project.settings.problem.target, split.group, form)[rows]
    if split.time:
        frame = read(project.data_path, form)
        ranks = times_of(frame, split.time, form)[rows]
        blocks = np.empty(len(rows), dtype=np.int64)
        length = max(1, judged // BLOCKS)
        blocks[np.argsort(ranks, kind="stable")] = np.arange(len(rows)) // length
        return blocks
    return None


def _columns(project: Project) -> list[Column]:
    return [Column(name, kind, "", 0, 0, ()) for name, kind in project.settings.columns.items()]
