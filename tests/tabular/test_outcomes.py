"""Targets with classes of too few rows, and with values out of all proportion: told, mended, chosen."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from modelwizard.cli import cli
from modelwizard.kinds.tabular.outcomes import extreme_values, rare_classes
from modelwizard.settings import Format

FORM = Format("csv")
RNG = np.random.default_rng(4)
PRICES = np.exp(5 + 0.5 * RNG.normal(size=1700)).round(2)


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (PRICES, []),
        (np.where(np.arange(1700) == 811, 1e4 * PRICES, PRICES), [811]),
        (np.where(np.isin(np.arange(1700), [5, 811]), 1e4 * PRICES, PRICES), [5, 811]),
        (np.where(np.arange(1700) == 811, -999999, PRICES), [811]),
        (np.exp(2 * RNG.normal(size=1000)), []),
        (RNG.pareto(2, 1000), []),
        (RNG.poisson(0.1, 1000), []),
        (np.r_[np.zeros(990), np.arange(1, 11)], []),
        (np.r_[np.zeros(99), 1e9], []),
        (np.arange(15.0), []),
    ],
)
def test_values_out_of_all_proportion(values: np.ndarray, rows: list[int]) -> None:
    frame = pd.DataFrame({"y": [f"{value:.15g}" for value in values]})
    assert extreme_values(frame, "y", FORM)[0].tolist() == rows


@pytest.mark.parametrize(
    ("labels", "problem", "rare"),
    [
        ("a" * 30 + "b" * 30 + "c" + "d" * 2, "multiclass", {"c": 1, "d": 2}),
        ("a" * 30 + "b" * 30 + "c" * 3, "multiclass", {}),
        ("a" * 30 + "b", "multiclass", {}),  # one class would be left
        ("a" * 30 + "b" * 30 + "c", "ordinal", {}),
        ("1" * 30 + "2" * 30 + "3", "multiclass", {}),  # amounts, perhaps
    ],
)
def test_classes_of_too_few_rows(labels: str, problem: str, rare: dict[str, int]) -> None:
    assert rare_classes(pd.DataFrame({"y": list(labels)}), "y", problem, FORM) == rare


def made(folder: Path, y: list[str], *words: str) -> tuple[str, dict[str, object]]:
    """Make a project of three columns of noise and a target; return what was told and what is mended."""
    x = np.random.default_rng(0).normal(size=(len(y), 3)).round(3)
    pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y}).to_csv(folder / "t.csv", index=False)
    arguments = ["new", str(folder / "p"), "--data", str(folder / "t.csv"), "--target", "y", "--yes", "--no-run"]
    done = CliRunner().invoke(cli, [*arguments, *words])
    assert done.exit_code == 0, done.output
    settings = tomllib.loads((folder / "p" / "modelwizard.toml").read_text("utf-8"))
    return done.output, {**settings["data"].get("mended", {}), "classes": settings["problem"]["classes"]}


COLOURS = ["red", "green", "blue"] * 40 + ["violet", "mauve", "mauve"]


@pytest.mark.parametrize(
    ("y", "words", "told", "mended"),
    [
        (COLOURS, (), "merged into 'other'", {"labels": {"y": {"violet": "other", "mauve": "other"}}}),
        (COLOURS, ("--set", "rare=leave out"), "left out", {"labels": {"y": {"violet": "", "mauve": ""}}}),
        (COLOURS[:-2], (), "('violet'; 1 row): left out", {"labels": {"y": {"violet": ""}}}),
        ([*map(str, PRICES[:300]), "5e6"], (), "row 301 holds 5e6", {"limits": {"y": ["leave out"]}}),
        ([*map(str, PRICES[:300]), "5e6"], ("--set", "extremes=clip"), "clipped to", {"limits": {"y": ["clip"]}}),
        ([*map(str, PRICES[:300]), "5e6"], ("--set", "extremes=keep"), "used as they are", {}),
    ],
)
def test_what_is_done_is_told_and_written_down(
    y: list[str], words: tuple[str, ...], told: str, mended: dict[str, dict[str, object]], tmp_path: Path
) -> None:
    output, written = made(tmp_path, y, *words)
    assert told in " ".join(output.split())
    classes = written.pop("classes")
    if "limits" in mended:
        written["limits"] = {name: held[:1] for name, held in written["limits"].items()}  # type: ignore[attr-defined]
    assert written == mended
    assert ("other" in classes) == ("'other'" in told)  # type: ignore[operator]


LAB = [f"{value:.2f}" for value in RNG.gamma(2, 3, 200)]


@pytest.mark.parametrize(
    ("words", "columns", "told"),
    [
        (("--target", "y"), {"a", "b", "word"}, "a column 'b: word' flags ND"),
        (("--target", "b"), {"a", "y"}, "rows with ND have no flag in a target"),
        (("--target", "y", "--set", "columns.b=categorical"), {"a", "b"}, "many categories"),
    ],
)
def test_words_among_numbers_are_flagged_unless_they_are_a_target_or_labels(
    words: tuple[str, ...], columns: set[str], told: str, tmp_path: Path
) -> None:
    cells = ["ND" if i % 9 == 0 else cell for i, cell in enumerate(LAB)]
    frame = pd.DataFrame({"a": LAB[::-1], "b": cells, "y": ["yes", "no"] * 100})
    frame.to_csv(tmp_path / "t.csv", index=False)
    arguments = ["new", str(tmp_path / "p"), "--data", str(tmp_path / "t.csv"), "--yes", "--no-run", *words]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    settings = tomllib.loads((tmp_path / "p" / "modelwizard.toml").read_text("utf-8"))
    assert {name.removeprefix("b: ") for name in settings["columns"]} == columns
    assert told in " ".join(done.output.split())
