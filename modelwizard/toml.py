"""TOML text: written so that it looks written by hand, and a person's own file changed line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import tomlkit
from tomlkit.items import Table


def write(
    values: Mapping[str, Any], *, head: Sequence[str] = (), about: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return values as TOML: tables under headers of their own, an empty line and comments above each.

    Args:
        values: Keys to texts, numbers, lists, or tables of them; tables may hold tables.
        head: Lines of a comment at the top. Defaults to none.
        about: Lines of a comment above a table, by its name. Defaults to none.
    """
    return "\n".join([*map(_comment, head), *_lines(values, (), about or {})]).lstrip("\n") + "\n"


def change(text: str, table: str, values: Mapping[str, Any]) -> str:
    """Return a TOML text with some keys of a table set anew; every other line, comments too, stays as it is."""
    document = tomlkit.parse(text)
    held = cast(Table, document[table])
    body = held.value.body
    tail: list[Any] = []
    while body and body[-1][0] is None:  # the empty line and the comments that belong to the table after it
        tail.insert(0, body.pop())
    for key, value in values.items():
        held[key] = value
    body.extend(tail)
    return document.as_string()


def _lines(values: Mapping[str, Any], within: tuple[str, ...], about: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for key, value in values.items():
        if not isinstance(value, Mapping):
            item = tomlkit.item(list(value) if isinstance(value, tuple) else value)
            yield f"{tomlkit.key(key).as_string()} = {item.as_string()}"
    for key, value in values.items():
        if isinstance(value, Mapping):
            names, only_tables = (*within, key), value and all(isinstance(held, Mapping) for held in value.values())
            if key in about or not only_tables:
                yield from ("", *map(_comment, about.get(key, ())), f"[{tomlkit.key(names).as_string()}]")
            yield from _lines(value, names, about)


def _comment(line: str) -> str:
    # A line break in a name would end the comment.
    return re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", lambda sign: f"\\x{ord(sign[0]):02x}", f"# {line}")
