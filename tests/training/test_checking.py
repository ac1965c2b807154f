"""What a project's rows and runs hand to the rules: groups and times at each border."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwizard.settings import DataSettings
from modelwizard.training import checking

PARTS = np.array(["train"] * 4 + ["validation"] * 2 + ["test"] * 2 + ["unused"])
FRAME = pd.DataFrame(
    {
        "apart": ["a", "a", "b", "b", "c", "c", "d", "d", "a"],
        "late": ["a", "a", "b", "b", "c", "d", "d", "d", "a"],
        "empty": ["a", "a", "", "", "", "", "", "", ""],
        "day": ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        "mixed": ["1", "2", "9", "4", "5", "6", "7", "8", "3"],
    }
)


@pytest.fixture
def divided(tmp_path: Path) -> Any:
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    data = DataSettings(path="rows.csv", format="csv", rows=len(FRAME), sha256="")

    def ask(group: str = "", time: str = "") -> Any:
        split = SimpleNamespace(group=group, time=time)
        problem, columns = SimpleNamespace(target=("mixed",)), dict[str, str]()
        settings = SimpleNamespace(split=split, kind="tabular", data=data, problem=problem, columns=columns)
        project: Any = SimpleNamespace(settings=settings, data_path=tmp_path / "rows.csv")
        return checking.divided(project, PARTS)

    return ask


@pytest.mark.parametrize(("column", "shared"), [("apart", []), ("late", ["d"]), ("empty", [])])
def test_groups_at_every_border(divided: Any, column: str, shared: list[str]) -> None:
    train, held = divided(group=column).groups
    assert list(np.intersect1d(train, held)) == shared


@pytest.mark.parametrize(("column", "younger"), [("day", 0), ("mixed", 1)])
def test_times_at_every_border(divided: Any, column: str, younger: int) -> None:
    train, held = divided(time=column).times
    assert int((train > held.min()).sum()) == younger


def test_no_column_no_division(divided: Any) -> None:
    assert divided() is None
