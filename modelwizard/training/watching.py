"""Which rows a project's code loads by itself, and which words it spells out."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwizard.training.user_code import replaced


@dataclass(frozen=True)
class Loaded:
    """Rows that were loaded without being handed out.

    Args:
        parts: Parts of the split that were asked for; none for a whole data file.
        where: `file:line` that asked for them.
    """

    parts: tuple[str, ...]
    where: str


@contextmanager
def watching(data: Any, *users: Any, allowed: Collection[str] = ()) -> Generator[list[Loaded]]:
    """Note which rows the project's code loads by itself inside the block; nothing stays changed.

    Args:
        data: The project's data.py.
        *users: Its other modules, which may hold `load` and `read_rows` under names of their own.
        allowed: Parts that it may load: those it was handed. Defaults to none.
    """
    noted, inside, load, read = list[Loaded](), [0], data.load, data.read_rows

    def watched_load(*parts: str) -> Any:
        extra = tuple(part for part in parts if part not in allowed)
        noted.extend([Loaded(extra, _caller())] * bool(extra))
        inside[0] += 1
        try:
            return load(*parts)
        finally:
            inside[0] -= 1

    def watched_read(*values: Any, **options: Any) -> Any:
        noted.extend([Loaded((), _caller())] * (not inside[0]))
        return read(*values, **options)

    with replaced((data, *users), [(load, watched_load), (read, watched_read)]):
        yield noted


def literals(folder: Path) -> set[str]:
    """Return the texts that the Python files of a folder spell out, docstrings apart; lists in one text are parted."""
    texts: set[str] = set()
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in prose and isinstance(node.value, str | int):
                texts |= {str(node.value), *re.split(r"[\s,;|]+", str(node.value))}
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple"):
                texts |= {c for a in node.args if isinstance(a, ast.Constant) for c in str(a.value)}
    return texts


def _caller() -> str:
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
