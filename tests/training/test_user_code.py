"""The project's modules: imported as they are now, and blamed with file, line and fix."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelwizard.errors import DataError, ProjectError
from modelwizard.training import user_code
from modelwizard.training.user_code import UserCode, blame

DATA = """
import features
def load(*parts): return features.SIZE
def read_rows(path): ...
def to_columns(table): ...
"""
PREPROCESSING = """
import data
class Encoding:
    def inputs(self): ...
    def encode(self, x): ...
    def encode_target(self, y): ...
    def decode(self, outputs): ...
"""
MODEL = "import preprocessing\n\ndef build_model(hp): return 1\n"
EXPORT = "def export_model(members): ...\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = set(sys.modules)
    files = {"data": DATA, "preprocessing": PREPROCESSING, "model": MODEL, "export": EXPORT, "features": "SIZE = 1\n"}
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    yield tmp_path
    for finder in [f for f in sys.meta_path if isinstance(f, user_code._Finder)]:
        sys.meta_path.remove(finder)
    sys.path[:] = [p for p in sys.path if p != str(tmp_path)]
    for name in set(sys.modules) - before:
        if name in files:
            del sys.modules[name]


def test_modules_import_each_other_by_plain_names(folder: Path) -> None:
    code = UserCode.load(folder)
    assert code.data.load("train") == 1
    assert code.preprocessing.data is code.data
    assert code.line_of(code.model, "build_model") == "model.py:3"


def test_an_edit_counts_at_once_even_of_the_same_size_and_second(folder: Path) -> None:
    for size in range(2, 8):
        (folder / "features.py").write_text(f"SIZE = {size}\n")
        assert UserCode.load(folder).data.load("train") == size
    assert not (folder / "__pycache__").exists()


def test_another_project_replaces_the_first(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    UserCode.load(folder)
    other = tmp_path_factory.mktemp("other")
    for name in ("data", "preprocessing", "model", "export"):
        (other / f"{name}.py").write_text((folder / f"{name}.py").read_text())
    (other / "features.py").write_text("SIZE = 99\n")
    try:
        assert UserCode.load(other).data.load("train") == 99
    finally:
        sys.path[:] = [p for p in sys.path if p != str(other)]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("model", "def build_model(hp)\n    pass\n", ("model.py:1", "SyntaxError", "def build_model(hp)")),
        ("model", "x = 1\n", ("model.py has no build_model()", "git")),
        ("model", "import preprocessing\ny = unknown\n", ("model.py:2", "NameError")),
        ("features", "SIZE = 1 / 0\n", ("features.py:1", "ZeroDivisionError")),
        ("features", "import not_installed_anywhere.sub\n", ("features.py:1", "pip install not_installed_anywhere")),
        ("features", "raise SystemExit('bye')\n", ("features.py:1", "SystemExit: bye")),
        ("data", "def load(*parts): ...\n", ("data.py has no read_rows()",)),
        ("preprocessing", PREPROCESSING.replace("encode_target", "encode_y"), ("has no Encoding.encode_target()",)),
    ],
    ids=["syntax", "no-function", "name", "helper-module", "not-installed", "exit", "data", "method"],
)
def test_what_fails_is_told_with_its_place_and_fix(folder: Path, name: str, text: str, words: tuple[str, ...]) -> None:
    (folder / f"{name}.py").write_text(text)
    with pytest.raises(ProjectError) as caught:
        UserCode.load(folder)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.py").unlink()
    with pytest.raises(ProjectError, match=r"model\.py is missing"):
        UserCode.load(folder)


def test_errors_that_are_ours_pass_unchanged(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), blame(folder, "divide"):
        _ = 1 / 0
    with pytest.raises(DataError), blame(folder, "read"):
        raise DataError("no rows")


def test_the_traceback_goes_to_the_log_and_not_to_the_person(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "model.py").write_text(MODEL.replace("return 1", "return hp['units']"))
    code = UserCode.load(folder)
    with pytest.raises(ProjectError, match=r"model\.py:3") as caught, blame(folder, "build the model"):
        code.model.build_model({})
    assert "Traceback" in capsys.readouterr().err
    assert "Traceback" not in str(caught.value)
    assert caught.value.received == "KeyError: 'units'"
