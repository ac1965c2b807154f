"""The plots of predictions: probabilities against what happened, predicted against true values, the two intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.evidence import calibration, intervals
from modelwizard.problems import Problem
from modelwizard.report.drawing import ROLES, captioned, draw, key
from modelwizard.report.markup import Markup, join
from modelwizard.words.numbers import count, figure

Array = NDArray[Any]
MOST_POINTS = 1500
"""Dots of a scatter plot; more make a heavy page and a black cloud."""


def reliability(problem: Problem, y: Array, p: Array) -> Markup | None:
    """Draw how often what was predicted with some probability came true, with the 95% interval of each bin."""
    truth, said = problem.events(y, p)
    if len(truth) < 20:
        return None
    bins = int(min(10, max(4, len(truth) // 30)))
    found = calibration.reliability(truth, said, bins)
    ranges = [intervals.wilson(round(o * n), int(n)) for o, n in zip(found.observed, found.rows, strict=True)]

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=ROLES["muted"], linewidth=1, linestyle=":")
        axes.vlines(found.predicted, [r.low for r in ranges], [r.high for r in ranges], color=ROLES["test"], alpha=0.45)
        axes.plot(found.predicted, found.observed, "D-", color=ROLES["test"], markersize=5, linewidth=1)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("predicted probability")
        axes.set_ylabel("share that came true")

    told = "; ".join(
        f"predicted {figure(a, 2)}, came true {figure(b, 2)}"
        for a, b in zip(found.predicted, found.observed, strict=True)
    )
    note = join(
        key("test", f"{count(bins, 'bin')} of equally many predictions, 95% intervals", "mark diamond"),
        key("muted", "perfect", "line dotted"),
        f"Probability of {problem.event}; mean distance from the diagonal {figure(found.error)}.",
    )
    return captioned(draw("reliability", f"Calibration on the test rows: {told}.", paint), "Calibration", note)


def agreement(names: Sequence[str], y: Array, p: Array, limits: tuple[float | None, float | None]) -> Markup:
    """Draw predicted over true values, a plot for each target (the first six).

    Args:
        names: Targets.
        y: (n, k) true values.
        p: (n, k) predicted values.
        limits: Lowest and highest value that is possible, or None.
    """
    shown = list(names)[:6]
    step = max(1, -(-len(y) // MOST_POINTS))

    def paint(given: Any) -> None:
        for i, ax in enumerate(given if isinstance(given, list) else [given]):
            if i >= len(shown):
                ax.set_visible(False)
                continue
            _diagonal(ax, y[::step, i], p[::step, i], limits)
            if len(shown) > 1:
                ax.set_title(textwrap.shorten(shown[i], 26, placeholder="…"), loc="left")

    columns = 1 if len(shown) == 1 else 2
    rows = -(-len(shown) // columns)
    worst = np.abs(p - y).max(axis=0)
    alt = "Predicted over true values of the test rows. " + "; ".join(
        f"{name}: half of the errors below {figure(np.median(np.abs(p[:, i] - y[:, i])))}, largest {figure(worst[i])}"
        for i, name in enumerate(shown)
    )
    height = 300 if columns == 1 else 20 + 175 * rows
    plot = draw("agreement", alt + ".", paint, height=height, grid=(rows, columns))
    some = None if step == 1 else f"{len(y[::step]):,} of the {len(y):,} rows."
    return captioned(plot, "Predicted against true values", join(key("muted", "perfect", "line dotted"), some))


def _diagonal(ax: Any, y: Array, p: Array, limits: tuple[float | None, float | None]) -> None:
    every = np.concatenate([y, p])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    low, high = limits[0] if limits[0] is not None else low, limits[1] if limits[1] is not None else high
    room = 0.03 * max(high - low, 1e-9)
    ax.plot([low, high], [low, high], color=ROLES["muted"], linewidth=1, linestyle=":")
    ax.plot(y, p, "o", color=ROLES["test"], markersize=3, alpha=0.4, markeredgewidth=0)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(low - room, high + room)
    ax.set_xlabel("true")
    ax.set_ylabel("predicted")
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(5))


def residuals(names: Sequence[str], y: Array, p: Array) -> Markup:
    """Draw how errors are spread, for the first target; in units of the target."""
    error = p[:, 0] - y[:, 0]
    low, high = np.quantile(error, [0.005, 0.995])
    inside = error[(error >= low) & (error <= high)]

    def paint(axes: Any) -> None:
        axes.hist(inside, bins=min(40, max(8, len(inside) // 12)), color=ROLES["test"], alpha=0.55)
        axes.axvline(0, color=ROLES["muted"], linewidth=1)
        axes.set_xlabel("predicted minus true")
        axes.set_ylabel("rows")

    quarter = np.quantile(error, [0.05, 0.25, 0.5, 0.75, 0.95])
    note = (
        f"Half of the errors lie between {figure(quarter[1])} and {figure(quarter[3])}, "
        f"nine of ten between {figure(quarter[0])} and {figure(quarter[4])}; the middle one is {figure(quarter[2])}."
    )
    alt = f"Histogram of the errors of {names[0]}. {note}"
    return captioned(draw("residuals", alt, paint), "Errors" + (f" of {names[0]}" if len(names) > 1 else ""), note)
