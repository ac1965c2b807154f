"""What every test stands on: a project of each problem type, and a terminal without surprises."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from small_tables import answers, hashes, parts, table

# Before TensorFlow is imported: no test may read what another version of the engine has kept, or leave anything.
os.environ["MODELWIZARD_CACHE"] = "off"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own settings out of the tests, and TensorFlow quiet."""
    for name in ("NO_COLOR", "ACCESSIBLE", "MODELWIZARD_YES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a whole project of one problem type into a fresh folder and return that folder."""
    from modelwizard import scaffold

    def make(problem: str, rows: int = 240) -> Path:
        folder = tmp_path_factory.mktemp(problem)
        frame, targets = table(problem, rows)
        chosen = answers(problem, folder, frame, targets)
        scaffold.write(scaffold.plan(chosen, parts(rows), hashes(frame)), chosen.directory)
        return chosen.directory

    return make
