"""Answers → files: exactly these, all or nothing, clean, and alive."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_tables import answers, hashes, parts, table

from modelwizard import scaffold
from modelwizard.cli import cli
from modelwizard.errors import UsageError
from modelwizard.kinds.tabular import code
from modelwizard.kinds.tabular.examples import EXAMPLES
from modelwizard.problems import PROBLEMS

FILES = {
    ".gitignore",
    "README.md",
    "blocks.py",
    "data.py",
    "experiments/1-baseline.toml",
    "export.py",
    "model.py",
    "modelwizard.toml",
    "predict.py",
    "preprocessing.py",
    "reading.py",
    "pyproject.toml",
    "requirements.txt",
    "split.csv",
    "strings.py",
    "tests/test_project.py",
    "train.py",
}


def planned(problem: str, folder: Path, **changes: object) -> dict[str, str]:
    frame, targets = table(problem, 60)
    chosen = answers(problem, folder, frame, targets)
    chosen = replace(chosen, settings=replace(chosen.settings, **changes))  # type: ignore[arg-type]
    return scaffold.plan(chosen, parts(60), hashes(frame))


def on_disk(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_plan_names_exactly_these_files(problem: str, tmp_path: Path) -> None:
    assert set(planned(problem, tmp_path)) == FILES


def test_every_template_is_used_and_none_is_missing() -> None:
    folder = Path(str(resources.files("modelwizard.templates")))
    stored = {
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    blocks = {f"problems/{name}.py" for row in PROBLEMS.values() for name in row.blocks}
    used = blocks | set(scaffold.COMMON.values()) | {*code.TEMPLATES.values()} - {code.READING}
    assert stored - {p for p in stored if p.endswith("__init__.py")} == used


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_file_of_every_example_is_a_page(name: str, tmp_path: Path) -> None:
    arguments = ["new", str(tmp_path / name), "--example", name, "--yes", "--no-run"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    lengths = {path.name: path.read_text().count("\n") for path in (tmp_path / name).rglob("*.py")}
    assert max(lengths.values()) <= 120, lengths
    assert lengths.keys() >= {"data.py", "preprocessing.py", "model.py", "export.py", "train.py", "predict.py"}


def test_a_project_holds_only_the_code_that_its_columns_need(tmp_path: Path) -> None:
    files = planned("regression", tmp_path, columns={"amount": "numeric"})
    assert "strings.py" not in files
    text = "".join(text for name, text in files.items() if name.endswith(".py"))
    for word in (
        "to_datetime",
        "month",
        "TextVectorization",
        "StringLookup",
        "Embedding(",
        "probability",
        "# modelwizard:",
        "{{",
    ):
        assert word not in text, word


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_head_of_the_model_is_that_of_the_table(problem: str, tmp_path: Path) -> None:
    text = planned(problem, tmp_path)["model.py"]
    head = next(
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and "name='output'" in ast.unparse(node)
    )
    call = next(
        n
        for n in ast.walk(head)
        if isinstance(n, ast.Call)
        and ast.unparse(n.func).startswith("keras.layers.")
        and any(k.arg == "name" for k in n.keywords)
    )
    activation = next((ast.literal_eval(k.value) for k in call.keywords if k.arg == "activation"), None)
    assert activation == PROBLEMS[problem].activation
    assert f'loss="{PROBLEMS[problem].loss}"' in text
    assert "modelwizard:" not in text
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize("problem", PROBLEMS)
def test_no_file_imports_modelwizard(problem: str, tmp_path: Path) -> None:
    for name, text in planned(problem, tmp_path).items():
        if name.endswith(".py"):
            imported = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not any("modelwizard" in ast.unparse(node) for node in imported), name


def test_the_settings_hold_the_answers_whatever_signs_they_have(tmp_path: Path) -> None:
    odd = {'say "hi"': "numeric", "back\\slash": "text", "a.b c": "date", "tab\there": "ignore", "é漢": "categorical"}
    settings = tomllib.loads(planned("binary", tmp_path, columns=odd)["modelwizard.toml"])
    assert settings["columns"] == odd
    assert settings["problem"]["classes"] == ["no", "yes"]
    assert settings["data"]["path"] == "../binary.csv"
    assert settings["data"]["dates"] == {"since": "%Y-%m-%d %H:%M:%S"}


def test_writing_makes_the_folder_with_exactly_these_files(tmp_path: Path) -> None:
    scaffold.write(planned("binary", tmp_path), tmp_path / "deep" / "project")
    assert on_disk(tmp_path / "deep" / "project") == FILES
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["project"]  # the staging folder is gone


def test_an_existing_folder_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="exists"):
        scaffold.write(planned("binary", tmp_path), tmp_path / "project")
    assert on_disk(tmp_path / "project") == {"mine.txt"}


def test_overwriting_replaces_the_generated_files_only(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "mine.txt").write_text("keep")
    (tmp_path / "project" / "data.py").write_text("old")
    scaffold.write(planned("binary", tmp_path), tmp_path / "project", overwrite=True)
    assert on_disk(tmp_path / "project") == FILES | {"mine.txt"}
    assert (tmp_path / "project" / "data.py").read_text() != "old"


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = planned("binary", tmp_path)
    synced, calls = os.fsync, list[int]()

    def full_disk(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")
        synced(handle)

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(UsageError, match="No space left"):
        scaffold.write(files, tmp_path / "here" / "project")
    assert list((tmp_path / "here").iterdir()) == []
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "data.py").write_text("old")
    calls.clear()
    with pytest.raises(UsageError, match="No space left"):
        scaffold.write(files, tmp_path / "there", overwrite=True)
    assert on_disk(tmp_path) == {"binary.csv", "there/data.py"}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_project_is_clean_for_ruff(problem: str, make_project: Callable[..., Path]) -> None:
    folder = make_project(problem)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_project_is_clean_for_pyright_and_passes_its_own_tests(
    problem: str, make_project: Callable[..., Path]
) -> None:
    folder = make_project(problem)
    types = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable], cwd=folder, capture_output=True, text=True
    )
    assert types.returncode == 0, types.stdout
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True)
    assert tests.returncode == 0, tests.stdout


@pytest.mark.slow
def test_a_project_trains_and_predicts_without_modelwizard(make_project: Callable[..., Path]) -> None:
    folder = make_project("binary")
    run = lambda *words: subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)  # noqa: E731
    trained = run("train.py", "experiments/1-baseline.toml")
    assert trained.returncode == 0, trained.stderr
    (folder / "experiments" / "1-baseline.keras").rename(folder / "model.keras")
    predicted = run("predict.py", "../binary.csv", "predictions.csv")
    assert predicted.returncode == 0, predicted.stderr
    lines = (folder / "predictions.csv").read_text().splitlines()
    assert lines[0] == "target,probability of yes"
    assert len(lines) == 241
