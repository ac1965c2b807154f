"""Tables as people have them: what is read is what a person means, is told, and is read alike by the project."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from dirty_tables import KINDS

from modelwizard.cli import cli
from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.dates import to_time
from modelwizard.kinds.tabular.numbers import to_number
from modelwizard.kinds.tabular.read import learn, sniff

SEEDS = range(3)
"""Tables of each kind."""


@contextmanager
def project_code(folder: Path) -> Generator[Any]:
    """Import data.py of a project, and forget it."""
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("data")
    finally:
        sys.path.remove(str(folder))
        for name in ("data", "reading"):
            sys.modules.pop(name, None)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_dirty_table_is_read_as_a_person_means_it(kind: str, seed: int, tmp_path: Path) -> None:
    dirty = KINDS[kind](np.random.default_rng([seed, zlib.crc32(kind.encode())]))
    path = dirty.files(tmp_path)
    form, frame = learn(path, sniff(path))
    for name, means in dirty.means.items():
        assert same(frame[name], means, form), (name, list(frame[name][:8]), list(means[:8]))
    assert any(dirty.told in sentence for sentence, _ in form.notes), form.notes


@pytest.mark.parametrize("seed", SEEDS[:1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_project_reads_what_the_wizard_reads(kind: str, seed: int, tmp_path: Path) -> None:
    dirty = KINDS[kind](np.random.default_rng([seed + 100, zlib.crc32(kind.encode())]))
    path = dirty.files(tmp_path)
    words = ["new", str(tmp_path / "p"), "--data", str(path), "--target", dirty.target, "--yes", "--no-run"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", str(tmp_path / "p")]
    assert not subprocess.run(ruff, capture_output=True, text=True, check=False).stdout
    assert max(path.read_text("utf-8").count("\n") for path in (tmp_path / "p").glob("*.py")) <= 120
    form, frame = learn(path, sniff(path))
    with project_code(tmp_path / "p") as data:
        table, rows = data.read_rows(path), data.load("train", "validation", "test", "unused")
        assert len(table) == len(frame) == len(rows.rows)
        columns = {column.name: column for column in describe(frame, form)}
        for name, kind_of in data.KINDS.items():
            assert columns[name].kind == kind_of
            assert alike(table[name], frame[name], columns[name], form), name


def same(cells: pd.Series, means: np.ndarray, form: Any) -> bool:
    """Say whether text cells hold the numbers, moments or labels that are meant."""
    if means.dtype.kind == "f":
        return np.allclose(to_number(cells, form.decimal, form.thousands), means, equal_nan=True)
    if means.dtype.kind == "M":
        read = pd.to_datetime(cells.mask(cells == ""), format="ISO8601").to_numpy().astype("datetime64[s]")
        return bool(((read == means) | (np.isnat(read) & np.isnat(means))).all())
    return cells.tolist() == means.tolist()


def alike(project: pd.Series, wizard: pd.Series, column: Any, form: Any) -> bool:
    """Say whether the project's cleaned cells are what the wizard reads in the same cells."""
    if column.kind == "numeric":
        read = to_number(wizard, form.decimal, form.thousands, form.missing)
        return np.array_equal(project.to_numpy(float), read, equal_nan=True)
    if column.kind == "date":
        read = to_time(wizard, column.format)
        return np.array_equal(project.to_numpy("datetime64[ns]"), read, equal_nan=True)
    return project.tolist() == wizard.mask(wizard.isin(form.missing), "").tolist()
