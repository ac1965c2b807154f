"""What a project's rows and runs hand to the rules: groups and times at each border."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwizard.kinds.tabular.sniff import Format
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
def divided(monkeypatch: pytest.MonkeyPatch) -> Any:
    form = Format("csv", ",", "utf-8", ".", "", ("",), "")
    monkeypatch.setattr("modelwizard.kinds.tabular.kind._again", lambda *_: (FRAME, form))

    def ask(group: str = "", time: str = "") -> Any:
        split = SimpleNamespace(group=group, time=time)
        project: Any = SimpleNamespace(settings=SimpleNamespace(split=split, kind="tabular"), data_path=None)
        return checking.divided(project, PARTS)

    return ask


@pytest.mark.parametrize(("column", "shared"), [("apart", []), ("late", ["d"]), ("empty", [])])
def test_groups_at_every_border(divided: Any, column: str, shared: list[str]) -> None:
    train, held = divided(group=column)[0]
    assert list(np.intersect1d(train, held)) == shared


@pytest.mark.parametrize(("column", "younger"), [("day", 0), ("mixed", 1)])
def test_times_at_every_border(divided: Any, column: str, younger: int) -> None:
    train, held = divided(time=column)[1]
    assert int((train > held.min()).sum()) == younger


def test_no_column_no_division(divided: Any) -> None:
    assert divided() == (None, None)
