"""HTML by construction: text is escaped unless it was made here, so that no name or label can become markup."""

from __future__ import annotations

import html
from collections.abc import Iterable

VOID = frozenset({"br", "col", "hr", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | None | Iterable["Child"]
"""What may stand inside an element: text (escaped), `Markup` (kept), nothing, or several of these."""


def join(*children: Child) -> Markup:
    """Return children one after the other, text escaped."""
    return Markup("".join(_flat(children)))


def element(tag: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """Return one element.

    Args:
        tag: Its name.
        *children: What stands inside.
        **attributes: Its attributes: `class_` is class, `aria_label` is aria-label; None and False are left out.
    """
    given = "".join(_attribute(name, value) for name, value in attributes.items() if value not in (None, False))
    start = f"<{tag}{given}>"
    return Markup(start if tag in VOID else f"{start}{join(*children)}</{tag}>")


def table(
    head: Iterable[Child],
    rows: Iterable[Iterable[Child]],
    *,
    caption: str,
    numbers: Iterable[int] = (),
    class_: str | None = None,
) -> Markup:
    """Return a table whose first cell of each row is the row's header, in a box that scrolls when it is too wide.

    Args:
        head: Headers of the columns.
        rows: Cells.
        caption: What the table shows, above it.
        numbers: Positions of columns that hold numbers and stand flush right.
        class_: Class of the table. Defaults to none.
    """
    right = frozenset(numbers)

    def cell(tag: str, position: int, content: Child, scope: str | None = None) -> Markup:
        return element(tag, content, scope=scope, class_="number" if position in right else None)

    titles = element("tr", [cell("th", i, title, "col") for i, title in enumerate(head)])
    body = [
        element("tr", [cell("th", 0, c, "row") if i == 0 else cell("td", i, c) for i, c in enumerate(row)])
        for row in rows
    ]
    whole = element("table", element("thead", titles), element("tbody", body), class_=class_, aria_label=caption)
    # The caption stays where it is while the table scrolls below it. A region that scrolls must be reachable by
    # keyboard, and then it needs a name.
    box = element("div", whole, class_="scroll", role="region", tabindex="0", aria_label=caption)
    return element("figure", element("figcaption", caption), box, class_="table")


def items(children: Iterable[Child], **attributes: str) -> Markup:
    """Return a list, or nothing when it would be empty."""
    entries = [element("li", child) for child in children]
    return element("ul", entries, **attributes) if entries else Markup()


def code(text: str) -> Markup:
    """Return text between back-ticks as code, the rest escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return join(text)
    return join([element("code", part) if i % 2 else part for i, part in enumerate(parts)])


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str | int):
            yield html.escape(_visible(str(child)))
        elif child is not None:
            yield from _flat(child)


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(_visible(str(value)))}"'


def _visible(text: str) -> str:
    """Replace control signs, which HTML may not hold, and lone surrogates, which UTF-8 cannot."""
    return "".join("\ufffd" if (c < " " and c not in "\t\n") or "\ud800" <= c <= "\udfff" else c for c in text)
