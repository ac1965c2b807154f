"""Every field of the contract is read by somebody: what nobody reads is not sent, and not written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import modelwizard

PACKAGE = Path(modelwizard.__file__).parent
FOR_PEOPLE = {
    "Forced.gate": "journal.jsonl says which stage a forced gate opened",
    "Sealed.informative": "journal.jsonl says beforehand whether the test rows could tell",
    "Read.by": "journal.jsonl says which command showed the scores",
    "Written.code_lines": "journal.jsonl keeps the lines that were written into data.py",
    "Training.stop_after": "train.py of a project reads it from the experiment file",
}
"""Fields that no module reads, and who does."""


def fields() -> Iterator[tuple[str, str, Path]]:
    """Yield class, field and file of everything in `contract/`."""
    for path in sorted((PACKAGE / "contract").glob("*.py")):
        for made in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(made, ast.ClassDef):
                for line in made.body:
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                        yield made.name, line.target.id, path


def read_by() -> dict[str, set[Path]]:
    """Return the modules that read an attribute, by its name."""
    found: dict[str, set[Path]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.attr, set()).add(path)
    return found


FIELDS, READ = list(fields()), read_by()


def test_the_contract_is_found() -> None:
    assert len(FIELDS) > 150


@pytest.mark.parametrize(("form", "field", "path"), FIELDS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_field_is_read_outside_of_the_file_that_defines_it(form: str, field: str, path: Path) -> None:
    read = READ.get(field, set()) - {path}
    assert bool(read) != (f"{form}.{field}" in FOR_PEOPLE), f"{form}.{field} is read by {read or 'nobody'}"
