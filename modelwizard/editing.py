"""Lines of code written into the person's own `data.py`: text in, text out, every other line as it was."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from modelwizard.errors import ProjectError

WIDTH = 120
"""Columns of a line, as the project's own tools allow."""


def add_to_features(text: str, statements: Sequence[str], comment: str = "") -> str:
    """Return data.py with statements before the last `return` of `add_features`.

    The statements speak of `columns`; where the function calls its dictionary otherwise, they do too. `import keras` is
    added when they need it and the file lacks it.

    Args:
        text: The file.
        statements: One statement each, without indentation, such as `columns["a_per_b"] = columns["a"] / columns["b"]`.
        comment: What to say above them. Defaults to nothing.

    Raises:
        ProjectError: There is no place that is certainly the right one.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    last = _last_return(text, statements)
    name = last.value.id if isinstance(last.value, ast.Name) else ""
    space = " " * last.col_offset
    written = [f"# {comment}"] * bool(comment)
    for statement in statements:
        spoken = statement if name == "columns" else re.sub(r"\bcolumns\[", f"{name}[", statement)
        written += _wrapped(spoken, len(space))
    lines = text.splitlines(keepends=True)
    before = last.lineno - 1
    lines[before:before] = [f"{space}{line}{end}" for line in written]
    changed = "".join(lines)
    return _with_keras(changed, end) if any("keras." in statement for statement in statements) else changed


def _last_return(text: str, statements: Sequence[str]) -> ast.Return:
    """Find the statement that ends `add_features`."""
    fix = "write the lines yourself, above the return: " + "; ".join(statements)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ProjectError(f"data.py:{error.lineno}: not Python.", received=error.msg, fix=fix) from error
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "add_features"]
    if len(found) != 1:
        raise ProjectError("data.py has no add_features() of its own.", expected="one def add_features", fix=fix)
    last = found[0].body[-1]
    line = text.splitlines()[last.lineno - 1]
    alone = line[: last.col_offset].strip() == ""
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name) or not alone:
        raise ProjectError(
            f"data.py:{last.lineno}: add_features() does not end in a line with `return` and a name.",
            expected="return columns",
            received=line.strip(),
            fix=fix,
        )
    return last


def _wrapped(statement: str, indentation: int) -> list[str]:
    """Return a statement as lines that are not too long."""
    target, sign, value = statement.partition("] = ")
    if len(statement) + indentation <= WIDTH or not sign:
        return [statement]
    terms = re.split(r" (?=[-+*/] )", value)
    return [f"{target}] = (", *(f"    {term}" for term in terms), ")"]


def _with_keras(text: str, end: str) -> str:
    """Return the text with `import keras` among its imports, in the order of the alphabet."""
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    plain = [node for node in imports if isinstance(node, ast.Import)]
    if any(alias.name == "keras" and alias.asname is None for node in plain for alias in node.names):
        return text
    later = next((node for node in plain if node.names[0].name in ("numpy", "pandas")), None)
    at = later.lineno - 1 if later else (imports[-1].end_lineno or 0) if imports else 0
    lines = text.splitlines(keepends=True)
    lines.insert(at, f"import keras{end}")
    return "".join(lines)
