"""Plots as inline SVG that takes its colours and its font from the page, so that one drawing suits light and dark."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from modelwizard.report.markup import Markup, element, join

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Each role is drawn in a colour that nothing else uses; afterwards the colour becomes the page's own variable.
ROLES = {
    "ink": "#010101",
    "muted": "#020202",
    "grid": "#030303",
    "paper": "#040404",
    "train": "#050505",
    "validation": "#060606",
    "test": "#070707",
    "reference": "#080808",
    "shade": "#090909",
}
WIDTH, HEIGHT = 360, 230
"""Units of a plot: about the pixels of a phone's width, so that its text is readable there without zooming."""

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud, and follows the page's font
    "text.parse_math": False,  # a column may be called "price in $"
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.edgecolor": ROLES["muted"],
    "axes.labelcolor": ROLES["ink"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": ROLES["grid"],
    "grid.linewidth": 0.8,
    "text.color": ROLES["ink"],
    "xtick.color": ROLES["muted"],
    "ytick.color": ROLES["muted"],
    "xtick.labelcolor": ROLES["ink"],
    "ytick.labelcolor": ROLES["ink"],
    "figure.facecolor": "none",
    "lines.linewidth": 1.8,
    "axes.formatter.useoffset": False,
}


def draw(
    name: str,
    alt: str,
    paint: Callable[[Any], None],
    *,
    height: int = HEIGHT,
    grid: tuple[int, int] = (1, 1),
) -> Markup:
    """Draw a plot.

    Args:
        name: A name that no other plot of the page has; it makes the ids of the drawing unique.
        alt: What the plot shows, in words and numbers, for those who do not see it.
        paint: Receives the axes: one `Axes`, or a list of them for a grid.
        height: Height in units.
        grid: Rows and columns of axes.

    Returns:
        An `svg` element; the same input gives the same text.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Matplotlib measures text with a font that may lack a sign; the page's font draws it, so the warning is moot.
    with rc_context({**STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        FigureCanvasSVG(figure)
        axes: list[Axes] = list(figure.subplots(*grid, squeeze=False).ravel())
        paint(axes[0] if grid == (1, 1) else axes)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(buffer.getvalue(), name, alt)


def captioned(plot: Markup, title: str, *notes: Markup | str | None) -> Markup:
    """Return a plot with its title above and its explanation below."""
    return element(
        "figure", element("figcaption", element("b", title), [join(note, " ") for note in notes if note]), plot
    )


def key(role: str, text: str, mark: str = "line") -> Markup:
    """Return one entry of a legend: a sample of a line or mark in its colour, and what it means."""
    return element("span", element("i", class_=f"{mark} {role}", aria_hidden="true"), text, class_="key")


def _inline(svg: bytes, name: str, alt: str) -> Markup:
    """Strip what only a file of its own needs, and hand colours, font and size over to the page."""
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    used = {value[1:] for node in root.iter() for key, value in node.items() if key.endswith("href")}
    used |= {value[5:-1] for node in root.iter() for key, value in node.items() if key == "clip-path"}
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
        for key, value in list(node.items()):
            del node.attrib[key]
            if (changed := _attribute(key.rpartition("}")[2], value, name, used)) is not None:
                node.set(*changed)
    for gone in ("width", "height", "version"):
        root.attrib.pop(gone, None)
    size = root.get("viewBox", "").split()
    root.attrib.update({"role": "img", "aria-label": alt, "style": f"max-width:{float(size[2]) * 1.45:.0f}px"})
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _attribute(key: str, value: str, name: str, used: set[str]) -> tuple[str, str] | None:
    """Return an attribute as the page needs it, or None when it does not need it."""
    if key == "id":
        return (key, f"{name}-{value}") if value in used else None
    if key == "href":
        return key, f"#{name}-{value[1:]}"
    if key == "clip-path":
        return key, f"url(#{name}-{value[5:-1]})"
    if key == "style":
        parts = [part.strip() for part in value.split(";")]
        value = ";".join(part for part in parts if part and not part.startswith("font-family"))
        for role, colour in ROLES.items():
            value = value.replace(colour, f"var(--{role})")
    return key, " ".join(value.split())
