"""A project is found upwards, its settings are typed, and its files appear whole or not at all."""

from __future__ import annotations

import math
import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwizard.contract.entries import Created, Entry, Forced, Verdict
from modelwizard.contract.trials import Summary, Training
from modelwizard.contract.wire import encode, plain
from modelwizard.errors import DataError, ProjectError
from modelwizard.files import write_bytes, write_folder, write_json, write_text
from modelwizard.project import Project, next_stage, typed, verdicts
from modelwizard.settings import Settings

TOML = """
[project]
name = "churn"
[data]
path = "churn.csv"
format = "csv"
rows = 4
sha256 = ""
missing = ["?", "NA"]
[problem]
type = "binary"
target = ["left"]
classes = ["no", "yes"]
loss = "binary_crossentropy"
metric = "roc_auc"
[columns]
age = "numeric"
"the city" = "categorical"
[split]
scheme = "holdout"
seed = 3
sha256 = ""
group = ""
folds = 0
repeats = 0
[training]
seed = 0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "churn"
    (home / "deep" / "er").mkdir(parents=True)
    (home / "modelwizard.toml").write_text(TOML)
    (home / "churn.csv").write_text("age,the city,left\n1,a,no\n2,b,yes\n3,a,no\n4,b,yes\n")
    (home / "split.csv").write_text("part,hash\ntrain,00\nvalidation,11\ntrain,22\ntest,33\n")
    (home / "model.py").write_text("x = 1\n")
    return home


def test_a_project_is_found_from_below(folder: Path) -> None:
    project = Project.open(folder / "deep" / "er")
    assert project.folder == folder.resolve()
    assert project.data_path == folder.resolve() / "churn.csv"


def test_no_project_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not inside a modelwizard project") as caught:
        Project.open(tmp_path)
    assert "modelwizard new" in str(caught.value.fix)


def test_settings_are_typed_and_filled_with_defaults(folder: Path) -> None:
    settings = Project.open(folder).settings
    assert settings.data.missing == ("?", "NA")
    assert settings.data.decimal == "."
    assert settings.split.group is None
    assert settings.split.validation_size == 0.2
    assert settings.training.batch_size == 32
    assert dict(settings.columns) == {"age": "numeric", "the city": "categorical"}


@pytest.mark.parametrize(
    ("table", "key", "value", "words"),
    [
        ("data", "delimeter", ";", ("data.delimeter", "delimiter")),
        ("data", "rows", "many", ("data.rows", "a whole number", "'many' (str)")),
        ("data", "rows", True, ("data.rows", "True (bool)")),
        ("data", "missing", "?", ("data.missing", "a list of texts")),
        ("problem", "type", "binery", ("problem.type", "did you mean 'binary'?")),
        ("problem", "loss", "mse", ("problem.loss", "one of binary_crossentropy")),
        ("problem", "metric", "rmse", ("problem.metric", "roc_auc")),
        ("problem", "target", [], ("problem.target", "at least one column")),
        ("problem", "classes", ["no"], ("problem.classes", "two labels or more")),
        ("columns", "age", "number", ("columns.age", "numeric")),
        ("split", "scheme", "k-fold", ("split.scheme", "did you mean 'kfold'?")),
        ("split", "test_size", 20, ("split.test_size", "below 1")),
        ("training", "batch_size", 0, ("training.batch_size", "at least 1")),
        ("trainning", "seed", 1, ("[trainning]", "did you mean 'training'?")),
    ],
)
def test_a_bad_setting_names_its_key_and_the_fix(table: str, key: str, value: Any, words: tuple[str, ...]) -> None:
    tables = tomllib.loads(TOML)
    tables.setdefault(table, {})[key] = value
    with pytest.raises(ProjectError) as caught:
        Settings.parse(tables)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_missing_key_is_named() -> None:
    tables = tomllib.loads(TOML)
    del tables["problem"]["metric"]
    with pytest.raises(ProjectError, match=r"problem\.metric"):
        Settings.parse(tables)


def test_broken_toml_says_where(folder: Path) -> None:
    (folder / "modelwizard.toml").write_text("[project\n")
    with pytest.raises(ProjectError) as caught:
        Project.open(folder)
    assert "line 1" in str(caught.value.received)


def test_parts_and_counts_come_from_the_split(folder: Path) -> None:
    project = Project.open(folder)
    assert project.parts().tolist() == ["train", "validation", "train", "test"]
    assert project.counts() == {"train": 2, "validation": 1, "test": 1, "unused": 0}
    assert project.row_hashes().tolist() == ["00", "11", "22", "33"]


def test_a_part_that_does_not_exist_names_its_line(folder: Path) -> None:
    (folder / "split.csv").write_text("part\ntrain\ntraining\n")
    with pytest.raises(ProjectError, match="line 3"):
        Project.open(folder).parts()


@pytest.mark.parametrize("text", ["", "hash\n00\n", "part\ntrain\n"], ids=["empty", "no-part", "no-hash"])
def test_a_damaged_split_is_told_so(folder: Path, text: str) -> None:
    (folder / "split.csv").write_text(text)
    with pytest.raises(ProjectError, match=r"split\.csv cannot be read"):
        Project.open(folder).row_hashes()


def test_an_edit_of_code_changes_one_hash(folder: Path) -> None:
    project = Project.open(folder)
    before = project.code_hashes()
    (folder / "model.py").write_text("x = 2\n")
    after = project.code_hashes()
    assert [name for name in before if before[name] != after[name]] == ["model.py"]
    assert before["data.py"] == ""


def test_another_data_file_is_refused(folder: Path) -> None:
    from modelwizard.files import file_sha256

    text = TOML.replace('rows = 4\nsha256 = ""', f'rows = 4\nsha256 = "{file_sha256(folder / "churn.csv")}"')
    (folder / "modelwizard.toml").write_text(text)
    Project.open(folder).require_unchanged()
    (folder / "churn.csv").write_text("age,the city,left\n9,a,no\n")
    with pytest.raises(DataError, match=r"churn\.csv is not the file it was"):
        Project.open(folder).require_unchanged()
    (folder / "churn.csv").unlink()
    with pytest.raises(DataError, match="is gone"):
        Project.open(folder).require_unchanged()


def test_a_run_comes_back_as_it_was_written(folder: Path) -> None:
    import io

    project = Project.open(folder)
    buffer = io.BytesIO()
    arrays = {
        "outputs": np.zeros((3, 2, 1), np.float16),
        "epochs": np.arange(3),
        "rows": np.arange(2),
        "fold": np.zeros(2, np.int16),
    }
    np.savez(buffer, **arrays, offset=np.zeros(1), scale=np.ones(1))
    known = Summary(run="baseline-01", stage="baseline", hyperparameters={}, training=Training(9, 32, 0), score=0.8)
    summary = encode({"summary": known, "program": "xla"})
    history = b"epoch,loss,val_loss\n0,0.7,0.6\n1,0.5,\n"
    files = {"settings.json": summary, "history.csv": history, "predictions.npz": buffer.getvalue()}
    write_folder(project.run_folder("baseline-01"), files)
    run = project.read_run("baseline-01")
    assert run.outputs.shape == (3, 2, 1)
    assert run.summary == known
    assert run.history[0] == {"epoch": 0.0, "loss": 0.7, "val_loss": 0.6}
    assert math.isnan(run.history[1]["val_loss"])
    write_text(project.run_folder("baseline-01") / "settings.json", '{"summary": {"run": "baseline-01"}}')
    with pytest.raises(ProjectError, match="not what a run leaves"):
        project.read_run("baseline-01")


@pytest.mark.parametrize("name", ["../escape", "", "a/b", ".hidden"])
def test_a_run_cannot_leave_its_folder(folder: Path, name: str) -> None:
    with pytest.raises(ProjectError, match="Not a valid run name"):
        Project.open(folder).run_folder(name)


def test_missing_predictions_name_the_command(folder: Path) -> None:
    with pytest.raises(ProjectError, match=r"references\.npz") as caught:
        Project.open(folder).references()
    assert "modelwizard baseline" in str(caught.value.fix)


def passed(stage: str, verdict: str = "passed", **numbers: float) -> Verdict:
    return Verdict(stage=stage, verdict=verdict, numbers=numbers)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], "baseline"),
        ([Created(), passed("baseline")], "overfit"),
        ([passed("baseline", "failed")], "baseline"),
        ([passed("baseline", "failed"), passed("baseline")], "overfit"),
        ([passed("baseline"), passed("baseline", "failed")], "baseline"),
        ([passed("baseline", "failed"), Forced(stage="baseline", reason="x")], "overfit"),
        ([passed("baseline"), passed("overfit"), passed("regularize")], "finalize"),
        ([*map(passed, ("baseline", "overfit", "regularize")), passed("finalize", "suspect")], None),
    ],
)
def test_the_stage_follows_from_the_journal(entries: list[Entry], expected: str | None) -> None:
    assert next_stage(entries) == expected


def test_a_forced_gate_keeps_the_numbers_of_its_verdict() -> None:
    entries = [passed("overfit", "cannot tell", rise=0.01), Forced(stage="overfit", reason="r")]
    overfit = verdicts(entries)["overfit"]
    assert overfit is not None
    assert (overfit.verdict, overfit.numbers, overfit.reason) == ("forced", {"rise": 0.01}, "r")


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def broken(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "run", {"a": b"1", "b": b"2"})
    write_folder(tmp_path / "run", {"b": b"3"})
    assert {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()} == {"b": b"3"}
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_json_is_strict(tmp_path: Path) -> None:
    value = {"a": np.float32(0.5), "b": math.nan, "c": np.array([1.0, math.inf]), 3: (True, None), "p": Path("x")}
    assert plain(value) == {"a": 0.5, "b": None, "c": [1.0, None], "3": [True, None], "p": "x"}
    write_json(tmp_path / "x.json", value)
    assert "NaN" not in (tmp_path / "x.json").read_text()


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ("churn", "modelwizard overfit"),
        ("churn/tests", "modelwizard overfit"),
        (".", "modelwizard overfit --project churn"),
        ("elsewhere", "modelwizard overfit --project {churn}"),
    ],
)
def test_a_command_can_be_typed_where_it_is_shown(
    where: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "churn" / "tests").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / where)
    churn = tmp_path / "churn"
    assert typed("modelwizard overfit", churn) == command.format(churn=churn)
