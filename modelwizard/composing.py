"""Compose a project's files from templates: real Python files with marked blocks.

`# modelwizard: NAME` … `# modelwizard: end` is a block that another file may replace. `# modelwizard: if A or B` …
`# modelwizard: else` … `# modelwizard: end` is kept where a fact holds; what stands behind `else` is kept otherwise.
Blocks lie within each other; marks never reach a project.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib import resources

_MARK = re.compile(r" *# modelwizard: (.+)")


def template(name: str) -> str:
    """Return the text of a template by its path inside `templates/`."""
    return resources.files("modelwizard.templates").joinpath(name).read_text(encoding="utf-8")


def blocks(text: str) -> dict[str, str]:
    """Return the named blocks of a template, marks of blocks inside them included."""
    found: dict[str, list[str]] = {}
    opened: list[str] = []
    for line in text.splitlines(keepends=True):
        mark = _MARK.match(line)
        if mark and mark[1] == "end":
            opened.pop()
            if not opened:
                continue
        elif mark and mark[1] != "else":
            opened.append(mark[1])
            if len(opened) == 1:
                found[mark[1]] = []
                continue
        if opened:
            found[opened[0]].append(line)
    return {name: "".join(lines) for name, lines in found.items() if not name.startswith("if ")}


def compose(text: str, facts: Collection[str], replaced: Mapping[str, str]) -> str:
    """Return the text of a project's file.

    Args:
        text: A template.
        facts: What holds for this project.
        replaced: The text of a block by its name, for the blocks that are not left as they are.
    """
    kept: list[str] = []
    wanted: list[bool] = []  # whether the lines of each open block are wanted, the outermost first
    for line in _replace(text, replaced).splitlines(keepends=True):
        mark = _MARK.match(line)
        if mark is None:
            kept += [line] * all(wanted)
        elif mark[1] == "end":
            wanted.pop()
        elif mark[1] == "else":
            wanted[-1] = not wanted[-1]
        else:
            condition = mark[1].removeprefix("if ")
            wanted.append(condition == mark[1] or any(fact in facts for fact in condition.split(" or ")))
    return re.sub(r"\n{4,}", "\n\n\n", _without_unused_imports("".join(kept))).rstrip() + "\n"


def _replace(text: str, replaced: Mapping[str, str]) -> str:
    """Put other blocks in the place of those of the same name."""
    lines: list[str] = []
    depth = skipped_at = 0
    for line in text.splitlines(keepends=True):
        mark = _MARK.match(line)
        depth += 0 if mark is None or mark[1] == "else" else -1 if mark[1] == "end" else 1
        if not skipped_at:
            lines.append(line)
            if mark and mark[1] in replaced:
                skipped_at = depth
                lines.append(replaced[mark[1]])
        elif depth < skipped_at:
            skipped_at = 0
            lines.append(line)
    return "".join(lines)


def _without_unused_imports(text: str) -> str:
    """Leave out modules that only other projects' blocks use."""
    for line, name in re.findall(r"(?m)^((?:import|from) .*?(\w+)\n)", text):
        if name != "annotations" and not re.search(rf"\b{name}\b", text.replace(line, "")):
            text = text.replace(line, "")
    return text
