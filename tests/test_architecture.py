"""The arrows of ARCHITECTURE.md, read from the imports with `ast`; and an instant start."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import modelwizard

PACKAGE = Path(modelwizard.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("tensorflow", "keras", "keras_tuner")
HEAVY_ROOMS = ("checks", "engine", "training", "tuning", "worker")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the module named by each import, and whether it stands at the top of the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in tree.body) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "modelwizard" else []
            yield from ((name, node in tree.body) for name in [*names, node.module])


def room(path: Path) -> str:
    """Return the room of a module: its folder, or its own name at the top level."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) not in HEAVY_ROOMS or named(p) == "worker/client.py"], ids=named
)
def test_the_wizard_process_never_imports_keras(path: Path) -> None:
    assert not [name for name, _ in imports(path) if name.split(".")[0] in HEAVY]


ABOVE = {"walk", "wizard", "report", "terminal", "cli", "pages", "exits", "scaffold", "stages"}
HEAVY_LOW = {"worker", "training", "tuning", "engine", "checks"}
FORBIDDEN = {
    "errors": ABOVE | HEAVY_LOW | {"kinds", "splitting", "evidence", "problems", "project", "journal"},
    "problems": ABOVE | HEAVY_LOW | {"kinds", "splitting", "evidence", "project", "journal"},
    "evidence": ABOVE | HEAVY_LOW | {"kinds", "splitting", "project", "journal"},
    "kinds": ABOVE | HEAVY_LOW | {"project", "journal"},
    "splitting": ABOVE | HEAVY_LOW | {"project", "journal"},
    "stages": (ABOVE - {"stages"}) | HEAVY_LOW | {"kinds", "splitting", "project", "journal"},
    "checks": ABOVE | {"project", "journal"},
    "training": ABOVE | {"journal"},
    "tuning": ABOVE | {"journal"},
    "engine": ABOVE | {"journal", "training", "tuning", "worker", "checks", "project", "kinds"},
    "worker": ABOVE | {"journal"},
    "scaffold": (ABOVE - {"scaffold"}) | HEAVY_LOW | {"journal"},
    "report": (ABOVE - {"report", "stages"}) | HEAVY_LOW,
    "walk": {"terminal", "cli", "pages", "exits", "training", "tuning", "engine", "checks", "wizard"},
    "wizard": {"terminal", "cli", "pages", "exits", "training", "tuning", "engine", "checks", "walk"},
}


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) in FORBIDDEN], ids=named)
def test_arrows_run_downward_only(path: Path) -> None:
    rooms = {name.split(".")[1] for name, _ in imports(path) if name.startswith("modelwizard.")}
    assert not rooms & FORBIDDEN[room(path)]


@pytest.mark.parametrize("library", ["questionary", "rich", "prompt_toolkit"])
def test_only_the_terminal_knows_the_screen(library: str) -> None:
    knowing = {room(path) for path in MODULES if library in {name.split(".")[0] for name, _ in imports(path)}}
    assert knowing <= {"terminal"}


def test_only_the_command_line_knows_click() -> None:
    assert {room(p) for p in MODULES if "click" in {name.split(".")[0] for name, _ in imports(p)}} <= {"cli", "exits"}


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("import modelwizard", ("tensorflow", "keras", "numpy", "pandas", "click")),
        ("import modelwizard.cli", ("tensorflow", "keras", "numpy", "pandas", "questionary", "rich")),
        ("import modelwizard.walk", HEAVY),
        ("import modelwizard.wizard.new", HEAVY),
        ("import modelwizard.scaffold", (*HEAVY, "pandas")),
    ],
)
def test_starting_is_cheap(words: str, absent: tuple[str, ...]) -> None:
    code = f"import sys; {words}; print([n for n in {absent!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
