"""Text is escaped unless it was made as markup."""

from __future__ import annotations

import pytest

from modelwizard.report.markup import Markup, code, element, items, join, table


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (element("p", "a < b & c"), "<p>a &lt; b &amp; c</p>"),
        (element("p", Markup("<b>x</b>"), "<b>"), "<p><b>x</b>&lt;b&gt;</p>"),
        (element("a", "x", href='"><script>'), '<a href="&quot;&gt;&lt;script&gt;">x</a>'),
        (element("i", class_="bar", aria_hidden="true"), '<i class="bar" aria-hidden="true"></i>'),
        (element("td", None, 3, ["a", ["b"]], scope=None), "<td>3ab</td>"),
        (element("meta", charset="utf-8"), '<meta charset="utf-8">'),
        (join("<", Markup("<br>")), "&lt;<br>"),
        (items([]), ""),
        (items(["<x>"]), "<ul><li>&lt;x&gt;</li></ul>"),
        (code("run `a <b>` now"), "run <code>a &lt;b&gt;</code> now"),
        (code("an odd ` tick"), "an odd ` tick"),
        (element("p", "bell \x07, lone \ud800"), "<p>bell \ufffd, lone \ufffd</p>"),
    ],
)
def test_what_is_made(made: Markup, text: str) -> None:
    assert made == text
    assert isinstance(made, Markup)


def test_a_table_names_its_headers() -> None:
    made = table(("Name", "Rows"), [("<a>", "3")], caption="Rows of each part", numbers=(1,))
    for part in (
        '<th scope="col">Name</th>',
        '<th scope="row">&lt;a&gt;</th>',
        '<td class="number">3</td>',
        "<figcaption>Rows of each part</figcaption>",
        'tabindex="0"',
    ):
        assert part in made
