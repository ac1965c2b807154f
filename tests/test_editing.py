"""Lines written into a person's data.py: in the right place, nothing else touched, or refused with the reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from modelwizard.editing import add_to_features
from modelwizard.errors import ProjectError

TEMPLATE = (Path(__file__).parents[1] / "templates" / "tabular" / "data.py").read_text(encoding="utf-8")
RATIO = 'columns["a_per_b"] = columns["a"] / columns["b"]'
LOG = 'columns["log_a"] = keras.ops.log1p(columns["a"])'
DROP = 'del columns["zip"]'


def test_the_generated_file_keeps_every_other_line() -> None:
    changed = add_to_features(TEMPLATE, [RATIO, DROP], "Found by a test")
    new = [f"    {line}\n" for line in ("# Found by a test", RATIO, DROP)]
    lines = changed.splitlines(keepends=True)
    at = lines.index(new[0])
    assert lines[at : at + 4] == [*new, "    return columns\n"]
    assert "".join(lines[:at] + lines[at + 3 :]) == TEMPLATE


def test_keras_is_imported_where_the_linters_of_the_project_want_it(tmp_path: Path) -> None:
    path = tmp_path / "data.py"
    path.write_text(add_to_features(TEMPLATE, [LOG]), encoding="utf-8")
    settings = TEMPLATE and Path(__file__).parents[1] / "templates" / "common" / "project.toml"
    (tmp_path / "pyproject.toml").write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
    ruff = subprocess.run([sys.executable, "-m", "ruff", "check", path], capture_output=True, text=True)
    if "No module named ruff" in ruff.stderr:
        pytest.skip("ruff is not installed")
    assert ruff.returncode == 0, ruff.stdout
    assert "import keras\nimport numpy as np\n" in path.read_text(encoding="utf-8")


def test_keras_is_imported_once() -> None:
    once = add_to_features(TEMPLATE, [LOG])
    assert add_to_features(once, [LOG]).count("import keras\n") == 1


def test_own_lines_names_and_line_ends_stay() -> None:
    mine = (
        '"""Mine."""\r\n\r\ndef add_features(c):\r\n    if not c:\r\n        return c\r\n'
        '    c["mine"] = c["a"] * 2  # mine\r\n    return c\r\n\r\n\r\ndef other():\r\n    return 1\r\n'
    )
    changed = add_to_features(mine, [RATIO])
    assert '    c["mine"] = c["a"] * 2  # mine\r\n    c["a_per_b"] = c["a"] / c["b"]\r\n    return c\r\n' in changed
    assert changed.count("\r\n") == changed.count("\n") == mine.count("\n") + 1
    space: dict = {}
    exec(changed, space)
    assert space["add_features"]({"a": 6, "b": 3}) == {"a": 6, "b": 3, "mine": 12, "a_per_b": 2}


def test_long_lines_are_broken_and_still_mean_the_same() -> None:
    a, b = "a" * 70, "b" * 70
    changed = add_to_features(TEMPLATE, [f'columns["{a}_per_{b}"[:9]] = columns["{a}"] / columns["{b}"]'])
    assert "        / columns[" in changed
    ast.parse(changed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def add_features(columns:\n", "not Python"),
        ("def features(columns):\n    return columns\n", "no add_features"),
        ("def add_features(columns):\n    return {**columns}\n", "does not end"),
        ("def add_features(columns):\n    columns.clear()\n", "does not end"),
        ("def add_features(columns): return columns\n", "does not end"),
    ],
)
def test_where_the_place_is_not_certain_the_lines_are_handed_over(text: str, says: str) -> None:
    with pytest.raises(ProjectError) as refused:
        add_to_features(text, [RATIO])
    assert says in refused.value.what
    assert RATIO in str(refused.value.fix)
