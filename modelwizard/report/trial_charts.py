"""The plots of a search: the score of each trial, and over the values that were tried."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from modelwizard.contract.entries import Trial
from modelwizard.report.charts import WIDE_RANGE, plain_labels, whole_numbers
from modelwizard.report.drawing import HEIGHT, ROLES, captioned, draw, key
from modelwizard.report.markup import Markup, element, join
from modelwizard.report.words import metric
from modelwizard.words.numbers import figure, number

MOST_CHOICES = 8
"""Values of a hyperparameter that stand side by side where a logarithmic axis would be needed and one value is 0."""


def trials(
    entries: Sequence[Trial], name: str, higher: bool, numbers: Mapping[str, Any], before: float
) -> Markup | None:
    """Draw the score of each trial, the best so far, and what that best is worth after correction.

    Args:
        entries: The trials in order.
        name: The metric.
        higher: Whether a higher score is better.
        numbers: Numbers of the verdict: `corrected` and `se` where known.
        before: Score of the overfitting model, or NaN.
    """
    values = np.array([number(entry.score) for entry in entries])
    if not np.isfinite(values).any():
        return None
    best = _best_so_far(values, higher)
    corrected, half = number(numbers.get("corrected")), 1.96 * number(numbers.get("se"))
    low, high = _window(values, [corrected - half, corrected + half, before, float(best[-1])])
    x, bad = np.arange(1, len(values) + 1), ~np.isfinite(values)

    def paint(axes: Any) -> None:
        if math.isfinite(corrected):
            axes.axhline(corrected, color=ROLES["test"], linewidth=1.6)
        if math.isfinite(corrected + half):
            axes.axhspan(corrected - half, corrected + half, color=ROLES["test"], alpha=0.13, linewidth=0)
        if math.isfinite(before):
            axes.axhline(before, color=ROLES["reference"], linestyle=":", linewidth=1.4)
        axes.step(x, best, where="post", color=ROLES["validation"], linewidth=1.6)
        axes.plot(x, values, "o", color=ROLES["validation"], markersize=4.5, alpha=0.7)
        axes.plot(x[bad], 0.03 * bad[bad], "x", color=ROLES["muted"], transform=axes.get_xaxis_transform())
        axes.set_xlim(0.5, len(values) + 0.5)
        axes.set_ylim(low, high)
        axes.set_xlabel("trial")
        axes.set_ylabel(metric(name))
        whole_numbers(axes)

    outside = int(((values < low) | (values > high)).sum())
    far = f"{outside} far worse lie outside the plot." if outside else None
    value = f", corrected {figure(corrected)}" if math.isfinite(corrected) else ""
    alt = f"{len(values)} trials; best raw {metric(name)} {figure(best[-1])}{value}. {far or ''}".strip()
    plot = draw("trials", alt, paint)
    return captioned(plot, "Score of each trial", _legend(math.isfinite(corrected), math.isfinite(before), bad), far)


def _best_so_far(values: Any, higher: bool) -> Any:
    """Return the best score up to each trial, NaN before the first one that has a score."""
    worst = -math.inf if higher else math.inf
    best = np.array(list(accumulate(np.where(np.isfinite(values), values, worst), max if higher else min)))
    return np.where(np.isfinite(best), best, math.nan)


def _legend(corrected: bool, before: bool, bad: Any) -> Markup:
    return join(
        key("validation", "a trial", "mark"),
        key("validation", "best so far, raw"),
        key("test", "best, corrected, with 95% interval") if corrected else None,
        key("reference", "overfitting model", "line dotted") if before else None,
        element("span", f"× {bad.sum()} failed", class_="key") if bad.any() else None,
    )


def _window(values: Any, others: Sequence[float]) -> tuple[float, float]:
    """Return the range of an axis that shows most trials: far outliers would press all others into a line."""
    finite_values = values[np.isfinite(values)]
    low, middle, high = np.quantile(finite_values, [0.05, 0.5, 0.95])
    reach = max(3 * (high - low), 1e-6 * max(abs(middle), 1e-9))
    kept = finite_values[(finite_values >= middle - reach) & (finite_values <= middle + reach)]
    every = np.array([*kept, *(v for v in others if math.isfinite(v))])
    room = 0.07 * max(float(np.ptp(every)), 1e-6 * max(abs(middle), 1e-9))
    return float(every.min() - room), float(every.max() + room)


def effects(entries: Sequence[Trial], names: Sequence[str], metric_name: str) -> Markup | None:
    """Draw the score of each trial over the value of some hyperparameters, a small plot for each."""
    scored = [entry for entry in entries if entry.score is not None]
    if len(scored) < 3 or not names:
        return None
    scores = np.array([number(entry.score) for entry in scored])
    columns = min(2, len(names))
    rows = -(-len(names) // columns)

    def paint(given: Any) -> None:
        axes = given if isinstance(given, list) else [given]
        low, high = _window(scores, [])
        for i, ax in enumerate(axes):
            if i >= len(names):
                ax.set_visible(False)
                continue
            values = [entry.hyperparameters.get(names[i]) for entry in scored]
            given_to = np.array([value is not None for value in values])  # a conditional one is not in every trial
            _scatter(ax, [value for value in values if value is not None], scores[given_to])
            ax.set_ylim(low, high)
            ax.set_title(textwrap.shorten(names[i], 24, placeholder="…"), loc="left")
            if i % columns:
                ax.tick_params(labelleft=False)
            else:
                ax.set_ylabel(metric(metric_name), fontsize=10)

    alt = f"{metric(metric_name)} of {len(scored)} trials over the values of {', '.join(names)}."
    height = (HEIGHT - 75) * rows + 10
    plot = draw("effects", alt, paint, height=height, grid=(rows, columns))
    return captioned(plot, "Score over the values that were tried", "Each dot is a trial.")


def _scatter(ax: Any, values: Sequence[object], scores: Any) -> None:
    """Draw scores over a hyperparameter: numbers on an axis, words and few numbers side by side."""
    texts = [f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    distinct = sorted(set(texts), key=lambda text: (_sortable(text), text))
    numbers = np.array([number(v) for v in values])
    style = {"color": ROLES["validation"], "markersize": 4, "alpha": 0.65}
    above = numbers[numbers > 0]
    wide = len(above) > 0 and above.max() > WIDE_RANGE * above.min()
    few = len(distinct) <= (MOST_CHOICES if wide and len(above) < len(numbers) else 4)  # a log axis has no place for 0
    if np.isfinite(numbers).all() and not few:
        ax.plot(numbers, scores, "o", **style)
        if wide and len(above) == len(numbers):
            ax.set_xscale("log")
            plain_labels(ax.xaxis)
        else:
            from matplotlib.ticker import MaxNLocator

            ax.xaxis.set_major_locator(MaxNLocator(3))
        return
    position = {text: i for i, text in enumerate(distinct)}
    ax.plot([position[text] for text in texts], scores, "o", **style)
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if len(distinct) > 4 else {}
    names = [textwrap.shorten(text, 9, placeholder="…") for text in distinct]
    ax.set_xticks(range(len(distinct)), names, **turned)
    ax.set_xlim(-0.5, len(distinct) - 0.5)


def _sortable(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.inf
