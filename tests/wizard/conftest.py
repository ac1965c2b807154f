"""A person who answers from a script, and a survey of data that exist only in words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from modelwizard.errors import DataError
from modelwizard.kinds.facts import Column, DataFacts, Facts, TargetFacts
from modelwizard.settings import DataSettings, SplitSettings
from modelwizard.splitting.split import Split

COLUMNS = (
    Column("customer", "identifier", "a different value in each row", 0, 100),
    Column("age", "numeric", "whole numbers", 3, 40),
    Column("plan", "categorical", "3 labels", 0, 3, ("basic", "plus", "pro")),
    Column("since", "date", "dates such as 2024-01-31", 0, 90),
    Column("share", "numeric", "numbers", 0, 80),
    Column("churn", "boolean", "no or yes", 0, 2, ("no", "yes")),
)
TARGETS = {
    ("churn",): TargetFacts(
        "binary",
        "2 distinct values: no, yes",
        alternatives=MappingProxyType({"multiclass": "if a third class will come"}),
        impossible=MappingProxyType({"count": "the values are no numbers", "vector": "there is one target column"}),
        labels=(("no", 70), ("yes", 30)),
        positive="yes",
        positive_reason="'yes' says yes",
    ),
    ("share",): TargetFacts(
        "bounded", "values between 0 and 1, 80 distinct", impossible=MappingProxyType({"binary": "80 values, not 2"})
    ),
    ("plan",): TargetFacts(
        "multiclass",
        "3 distinct labels: basic, plus, pro",
        impossible=MappingProxyType({"binary": "3 different values, not 2"}),
        labels=(("basic", 50), ("plus", 30), ("pro", 20)),
        leaks=MappingProxyType({"age": "age alone explains plan in 99 % of the rows"}),
    ),
    ("age", "share"): TargetFacts("vector", "2 columns of numbers"),
}


class Survey:
    """A survey of 100 rows that nobody has to read."""

    files = ("churn.csv",)

    def learn(self, known: Mapping[str, Any]) -> Facts:
        facts = Facts("tabular", files=self.files, examples=lambda: {"wine": "three kinds of wine"})
        if "data" not in known:
            return facts
        if "missing" in known["data"]:
            raise DataError("There is no such file.", received=known["data"], fix="check the path")
        kinds = {
            **known.get("columns", {}),
            **dict.fromkeys((*known.get("ignore", ()), *known.get("leaks", ())), "ignore"),
        }
        data = DataFacts(
            DataSettings(path="/data/churn.csv", format="csv", rows=100, sha256="0" * 64),
            tuple(replace(c, kind=kinds.get(c.name, c.kind)) for c in COLUMNS),
            targets=("churn",),
            targets_reason="its name, 'churn'",
            times=MappingProxyType({"since": "dates such as 2024-01-31"}),
        )
        facts = replace(facts, data=data, folder="churn")
        if "target" not in known:
            return facts
        if tuple(known["target"]) not in TARGETS:
            raise DataError("This target makes no problem.", received=str(known["target"]))
        facts = replace(facts, target=TARGETS[tuple(known["target"])])
        return (
            replace(facts, scheme="kfold", split_reason="20 rows would show only 18 points")
            if "problem" in known
            else facts
        )

    def bundled(self, known: Mapping[str, Any]) -> dict[str, str]:
        return {"wine.csv": "a,b\n1,2\n"} if known["data"] == "example:wine" else {}

    def divide(self, known: Mapping[str, Any]) -> Split:
        parts = np.array(["train"] * 60 + ["validation"] * 20 + ["test"] * 20)
        return Split(SplitSettings(scheme="kfold", seed=0, repeats=5, reason="few rows", sha256=""), parts)

    def hashes(self, known: Mapping[str, Any]) -> list[str]:
        return [f"{row:016x}" for row in range(100)]


class Script:
    """A conversation with somebody whose replies are known; remembers what was asked and shown.

    Args:
        replies: Replies in order: a value, or `KeyboardInterrupt`; `...` takes the default.
    """

    width = 80
    yes = False

    def __init__(self, *replies: Any, attended: bool = True) -> None:
        self.replies = list(replies)
        self.attended = attended
        self.asked: list[str] = []
        self.prompts: list[Any] = []
        self.told: list[str] = []

    def ask(self, prompt: Any) -> Any:
        assert self.replies, f"one question too many: {prompt.text}"
        self.asked.append(prompt.text)
        self.prompts.append(prompt)
        reply = self.replies.pop(0)
        if reply is KeyboardInterrupt:
            raise KeyboardInterrupt
        value = prompt.default if reply is ... else reply
        if prompt.form == "text" and isinstance(value, str):
            prompt.check(value)
        return value

    def confirm(self, text: str, *, why: str = "", default: bool = True, flag: str = "--yes") -> bool:
        self.asked.append(text)
        reply = self.replies.pop(0)
        if reply is KeyboardInterrupt:
            raise KeyboardInterrupt
        return default if reply is ... else reply

    def say(self, text: str) -> None:
        self.told.append(text)

    note = warn = heading = command = say

    def error(self, error: Exception) -> None:
        self.told.append(str(error))

    def table(self, title: str, columns: Any, rows: Any, *, note: str = "") -> None:
        self.told += [title, *("  ".join(row) for row in rows)]

    def card(self, title: str, lines: Any, note: str = "") -> None:
        self.told += [title, *(f"{label}: {value}" for label, value in lines), note]

    def tree(self, root: str, files: Any) -> None:
        self.told += [root, *(path for path, _ in files)]

    def stage(self, name: str, explanation: Any = ()) -> None:
        self.told.append(name)

    def judge(self, judgement: Any) -> None:
        self.told.append(judgement.headline)

    @contextmanager
    def waiting(self, text: str) -> Any:
        self.told.append(text)
        yield

    @contextmanager
    def watch(self, watch: Any) -> Any:
        yield lambda event: None


@pytest.fixture
def survey() -> Survey:
    return Survey()


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the command is started in, and an environment without answers."""
    monkeypatch.chdir(tmp_path)
    for name in ("MODELWIZARD_DATA", "MODELWIZARD_TARGET"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path
