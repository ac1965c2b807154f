"""The plots of training: standings on one axis, learning curves, the capacity ladder."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwizard.report.drawing import ROLES, captioned, draw, key
from modelwizard.report.facts import History
from modelwizard.report.markup import Markup, join
from modelwizard.report.words import metric
from modelwizard.words.numbers import alike, figure

WIDE_RANGE = 20.0
"""Values of which the largest is this many times the smallest are drawn on a logarithmic axis."""

FAR = 3.0
"""A model without a network that is this many times the networks' spread away is drawn as an arrow."""


@dataclass(frozen=True)
class Standing:
    """One line of a comparison.

    Args:
        label: Who.
        value: Its score.
        interval: Its 95% interval. Defaults to none.
        role: Colour: `reference`, `validation`, `test`.
        raw: Whether the score was used to choose and so flatters; drawn hollow.
    """

    label: str
    value: float
    interval: tuple[float, float] | None = None
    role: str = "validation"
    raw: bool = False


def standings(name: str, title: str, rows: Sequence[Standing], axis: str, *notes: Markup | str | None) -> Markup:
    """Draw scores below each other on one axis, each with its number beside it."""
    shown = [row for row in rows if math.isfinite(row.value)]
    texts = alike([row.value for row in shown])
    limits = _limits(shown)
    told = "; ".join(
        f"{row.label} {text}" + (f" (95% interval {figure(row.interval[0])} to {figure(row.interval[1])})")
        if row.interval
        else f"{row.label} {text}"
        for row, text in zip(shown, texts, strict=True)
    )

    def paint(axes: Any) -> None:
        for y, row in enumerate(shown):
            colour = ROLES[row.role]
            axes.axhline(y, color=ROLES["grid"], linewidth=0.8, zorder=0)
            if row.interval:
                axes.plot(row.interval, [y, y], color=colour, linewidth=5, alpha=0.35, solid_capstyle="butt")
            marker = {"test": "D", "reference": "s"}.get(row.role, "o")
            at, fill = min(max(row.value, limits[0]), limits[1]), "none" if row.raw else colour
            if at != row.value:
                marker = "<" if at > row.value else ">"
            axes.plot([at], [y], marker, color=colour, markerfacecolor=fill, markersize=7, markeredgewidth=1.6)
            axes.annotate(
                texts[y],
                (1.02, y),
                xycoords=("axes fraction", "data"),
                va="center",
                color=ROLES["ink"],
                annotation_clip=False,
            )
        axes.set_yticks(range(len(shown)), ["\n".join(textwrap.wrap(row.label, 17)) for row in shown])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlim(limits[0] - 0.05 * (limits[1] - limits[0]), limits[1] + 0.05 * (limits[1] - limits[0]))
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(axis)

    plot = draw(name, f"{title}. {axis}. {told}.", paint, height=70 + 30 * len(shown))
    outside = any(not limits[0] <= row.value <= limits[1] for row in shown)
    return captioned(plot, title, *notes, "An arrow points beyond the axis." if outside else None)


def _limits(rows: Sequence[Standing]) -> tuple[float, float]:
    """Return the ends of an axis on which networks can be told apart, even when the baseline is far away."""
    close = [row for row in rows if row.role != "reference"] or list(rows)
    ends = [v for row in close for v in (row.value, *(row.interval or ()))]
    reach = FAR * max(max(ends) - min(ends), 1e-9)
    near = [row.value for row in rows if min(ends) - reach <= row.value <= max(ends) + reach]
    return min(*near, *ends), max(*near, *ends)


def curves(
    name: str,
    title: str,
    history: History,
    *,
    what: str = "loss",
    border: int | None = None,
    crossed: bool = False,
    level: float | None = None,
) -> Markup | None:
    """Draw training and validation values of each epoch, made under the same conditions.

    Args:
        name: Name of the drawing.
        title: Its title.
        history: Epochs of the run.
        what: `loss`, or the name of a metric.
        border: Epoch, from 1, to mark. Defaults to none.
        crossed: Whether overfitting was proven beyond it; the rest is then shaded.
        level: The value of the baseline, drawn as a dotted line. Defaults to none.

    Returns:
        A figure, or None when there are no two epochs to draw.
    """
    train = np.array([row.get(f"train_{what}", math.nan) for row in history])
    held = np.array([row.get(f"val_{what}", math.nan) for row in history])
    if np.isfinite(held).sum() < 2:
        return None
    epochs = np.arange(1, len(history) + 1)
    logarithmic = _wide([*train, *held], [*held])

    def paint(axes: Any) -> None:
        axes.plot(epochs, train, "--", color=ROLES["train"])
        axes.plot(epochs, held, "-", color=ROLES["validation"])
        if level is not None and math.isfinite(level):
            axes.axhline(level, color=ROLES["reference"], linestyle=":", linewidth=1.4)
        _value_axis(axes, what, logarithmic)
        axes.set_xlim(1, max(len(history), 2))
        axes.set_xlabel("epoch")
        whole_numbers(axes)
        if border is not None:
            axes.margins(y=0.14)  # room for the words above the curves
            _mark(axes, border, len(history), crossed)

    legend = join(
        key("train", "training rows", "line dashed"),
        key("validation", "validation rows"),
        key("reference", "baseline", "line dotted") if level is not None else None,
        "measured alike: same weights, dropout off, no penalties",
    )
    mark = "" if border is None else f"; {'border of overfitting' if crossed else 'best epoch'} at epoch {border}"
    alt = f"{title}: {_axis(what)} over {len(history)} epochs, {_ends(train, held)}{mark}."
    return captioned(draw(name, alt, paint), title, legend)


def _ends(train: Any, held: Any) -> str:
    """Say in words where two curves begin and end."""
    return f"training {figure(train[0])} to {figure(train[-1])}, validation {figure(held[0])} to {figure(held[-1])}"


def _wide(every: Sequence[float], held: Sequence[float]) -> bool:
    """Say whether losses need a logarithmic axis: only validation decides, whose turn must stay easy to see."""
    positive = min((v for v in every if math.isfinite(v)), default=0) > 0
    kept = [v for v in held if math.isfinite(v)]
    return positive and max(kept) > WIDE_RANGE * min(kept)


def _value_axis(axes: Any, what: str, logarithmic: bool) -> None:
    axes.set_ylabel(_axis(what) + (", log scale" if logarithmic else ""))
    if logarithmic:
        axes.set_yscale("log")
        plain_labels(axes.yaxis)


def plain_labels(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers, at its powers only."""
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda *_: "")


def _axis(what: str) -> str:
    return "loss" if what == "loss" else metric(what)


def whole_numbers(axes: Any) -> None:
    """Label an axis of epochs or trials with whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _mark(axes: Any, epoch: int, last: int, crossed: bool) -> None:
    """Mark an epoch, and shade what comes after it when overfitting begins there."""
    axes.axvline(epoch, color=ROLES["muted"], linewidth=1)
    if crossed:
        axes.axvspan(epoch, last, color=ROLES["shade"], alpha=0.16, linewidth=0)
    left = epoch < 0.6 * last
    axes.annotate(
        f"{'border' if crossed else 'best'}: epoch {epoch}",
        (epoch, 1),
        xytext=(5 if left else -5, -3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="left" if left else "right",
        va="top",
        fontsize=10,
    )


@dataclass(frozen=True)
class Rung:
    """One rung of the capacity ladder: training loss at the end, lowest and last validation loss."""

    number: int
    train: float
    lowest: float
    last: float


def ladder(rungs: Sequence[Rung], kept: int | None, what: str = "loss") -> Markup | None:
    """Draw what grows from rung to rung: the fall of the training loss and the rise of the validation loss.

    Args:
        rungs: The rungs in the order they were climbed.
        kept: Number of the rung that was kept, or None.
        what: `loss`, or the name of the metric that stands for it.
    """
    rungs = [rung for rung in rungs if math.isfinite(rung.last) and math.isfinite(rung.train)]
    if len(rungs) < 2:
        return None
    held = [v for rung in rungs for v in (rung.lowest, rung.last)]
    logarithmic = _wide([*held, *(rung.train for rung in rungs)], held)

    def paint(axes: Any) -> None:
        x = [rung.number for rung in rungs]
        axes.plot(x, [r.train for r in rungs], "v--", color=ROLES["train"], markersize=6, linewidth=1)
        axes.plot(x, [r.lowest for r in rungs], "o-", color=ROLES["validation"], markerfacecolor="none", linewidth=1)
        axes.plot(x, [r.last for r in rungs], "o", color=ROLES["validation"], markersize=6)
        axes.vlines(x, [r.lowest for r in rungs], [r.last for r in rungs], color=ROLES["validation"], linewidth=2.4)
        if kept is not None:
            axes.axvspan(kept - 0.4, kept + 0.4, color=ROLES["shade"], alpha=0.16, linewidth=0)
        _value_axis(axes, what, logarithmic)
        axes.set_xticks(x)
        axes.set_xlabel("rung")

    legend = join(
        key("train", "training, at the end", "mark down"),
        key("validation", "validation, lowest", "mark hollow"),
        key("validation", "validation, at the end", "mark"),
        key("shade", "kept", "area") if kept is not None else None,
    )
    told = "; ".join(
        f"rung {r.number}: training {figure(r.train)}, validation lowest {figure(r.lowest)}, last {figure(r.last)}"
        for r in rungs
    )
    return captioned(
        draw("ladder", f"Capacity ladder, {_axis(what)}. {told}.", paint), "Each rung has more capacity", legend
    )
