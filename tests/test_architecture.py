"""The arrows of ARCHITECTURE.md, read from the imports with `ast`; and an instant start."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

import modelwizard
from modelwizard.kinds import KINDS

PACKAGE = Path(modelwizard.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMED = {".".join(("modelwizard", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in MODULES}
NAMED = {name.removesuffix(".__init__"): path for name, path in NAMED.items()}
HEAVY = ("tensorflow", "keras", "keras_tuner")
HEAVY_ROOMS = ("checks", "engine", "training", "tuning", "worker")


def imports(path: Path) -> Iterator[str]:
    """Yield the module named by each import, those for type checking and those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            each = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in NAMED else node.module for name in each)


def room(path: Path) -> str:
    """Return the room of a module: its folder, or its own name at the top level."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_in(cell: str) -> set[str]:
    """Return the rooms that a cell of the table names."""
    return {name.rstrip("/").removesuffix(".py") for name in re.findall(r"`([^`]+)`", cell)}


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) not in HEAVY_ROOMS or named(p) == "worker/client.py"], ids=named
)
def test_the_wizard_process_never_imports_keras(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] in HEAVY]


TABLE = re.findall(r"^\| (`.+?) \| .+? \| (.*?) ?\|$", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)
ROWS = [(rooms_in(rooms), rooms_in(may)) for rooms, may in TABLE]
MAY = {name: {*may, "errors", name} for names, may in ROWS for name in names}


def test_the_table_names_every_room_once() -> None:
    named_there = [name for names, _ in ROWS for name in names]
    assert sorted(named_there) == sorted({*map(room, MODULES), "templates"})


def test_arrows_of_the_table_run_downward() -> None:
    for i, (names, may) in enumerate(ROWS):
        below = {name for others, _ in ROWS[i + 1 :] for name in others}
        assert may <= below, f"{names}: {may - below} do not stand below"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_imports_only_what_the_table_allows(path: Path) -> None:
    rooms = {room(NAMED[name]) for name in imports(path) if name in NAMED}
    assert rooms <= MAY[room(path)]


def circles(arrows: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return groups of modules of which each is reached from each other."""

    def reached(start: str) -> set[str]:
        seen, waiting = set[str](), [start]
        while waiting:
            new = set(arrows[waiting.pop()]) - seen
            seen |= new
            waiting += new
        return seen

    behind = {name: reached(name) for name in arrows}
    groups = {tuple(sorted({other for other in behind[name] if name in behind[other]})) for name in arrows}
    return sorted(list(group) for group in groups if group)


def test_circles_are_found() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["d"], "e": []}) == [["b", "c"], ["d"]]


def test_no_modules_import_each_other_in_a_circle() -> None:
    arrows = {name: [other for other in imports(path) if other in NAMED] for name, path in NAMED.items()}
    assert circles(arrows) == []


READERS = ("openpyxl", "pandas", "polars", "pyarrow")


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) != "kinds"], ids=named)
def test_only_its_folder_knows_a_kind_of_data(path: Path) -> None:
    folders = {f"modelwizard.kinds.{name}" for name in KINDS}
    known = {".".join(name.split(".")[:3]) for name in imports(path)} & folders
    known |= {name.split(".")[0] for name in imports(path)} & set(READERS)
    assert known == set()


def test_no_other_room_names_a_kind_of_data() -> None:
    naming = {
        named(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in KINDS
    }
    # Settings of projects from the time when there was one kind name none.
    assert {name for name in naming if not name.startswith("kinds/")} == {"settings.py"}


@pytest.mark.parametrize("library", ["questionary", "rich", "prompt_toolkit"])
def test_only_the_terminal_knows_the_screen(library: str) -> None:
    knowing = {room(path) for path in MODULES if library in {name.split(".")[0] for name in imports(path)}}
    assert knowing <= {"terminal"}


def test_only_the_command_line_knows_click() -> None:
    assert {room(p) for p in MODULES if "click" in {name.split(".")[0] for name in imports(p)}} <= {"cli", "exits"}


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("import modelwizard", ("tensorflow", "keras", "numpy", "pandas", "click")),
        ("import modelwizard.cli", ("tensorflow", "keras", "numpy", "pandas", "questionary", "rich")),
        ("import modelwizard.walk", HEAVY),
        ("import modelwizard.wizard.new", HEAVY),
        ("import modelwizard.wizard.new, modelwizard.kinds; modelwizard.kinds.every()", (*HEAVY, "numpy", "pandas")),
        ("import modelwizard.scaffold", (*HEAVY, "pandas")),
    ],
)
def test_starting_is_cheap(words: str, absent: tuple[str, ...]) -> None:
    code = f"import sys; {words}; print([n for n in {absent!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
