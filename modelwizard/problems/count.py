"""A whole number of events."""

from __future__ import annotations

import re
from typing import Any, Literal

from modelwizard.problems.base import Array, Problem
from modelwizard.problems.seen import Seen

COUNTED = frozenset(
    (
        *("count", "counts", "cnt", "qty", "quantity", "frequency", "freq", "visits", "visitors", "rentals", "rented"),
        *("bikes", "bicycles", "trips", "rides", "passengers", "calls", "orders", "bookings", "arrivals", "admissions"),
        *("goals", "wins", "events", "accidents", "crashes", "incidents", "injuries", "claims", "complaints", "crimes"),
        *("arrests", "failures", "defects", "errors", "bugs", "clicks", "views", "downloads", "likes", "comments"),
        *("reviews", "messages", "emails", "purchases", "sold", "tickets", "customers", "guests", "employees", "users"),
        *("births", "deaths", "cases", "children", "siblings", "pregnancies", "absences", "patents", "citations"),
        *("publications", "vehicles", "cars", "shots", "attempts", "occurrences"),
    )
)
"""Nouns of things that are counted one by one."""
SCALES = frozenset(
    (
        *("grade", "grades", "mark", "marks", "score", "scores", "rating", "ratings", "star", "stars", "quality"),
        *("rank", "level", "points", "index", "percent", "pct", "age", "ages", "year", "years", "yr", "month", "day"),
        *("built", "price", "income", "salary", "cost", "temperature", "weight", "height", "distance", "duration"),
        *("hours", "minutes", "seconds", "days", "size", "area", "code", "id"),
    )
)
"""Nouns of what is graded, measured or dated: whole numbers of these are rounded amounts, steps or moments."""


def _named(name: str) -> Literal["", "count", "scale"]:
    """Say whether the name of a column is that of a count or of a scale."""
    words = [word.lower() for word in re.split(r"[\W_\d]+|(?<=[a-z])(?=[A-Z])", name) if word]
    numbered = words[:1] in (["n"], ["num"], ["nr"]) or words[:2] == ["number", "of"] or words[:2] == ["no", "of"]
    if (numbered and len(words) > 1) or {"count", "counts", "cnt"} & set(words):
        return "count"
    return "scale" if SCALES & set(words) else "count" if COUNTED & set(words) else ""


def _open(seen: Seen, ratio: float) -> bool:
    """Say whether unnamed numbers behave like counts: zeros, the spread, a tail to the right rather than an end.

    A variance near the mean, together with zeros, is rare among amounts; a larger one asks for a long tail, which
    grades and ages do not have.
    """
    low, middle, high = (seen.quantile(share) for share in (0, 0.5, 0.99))
    poisson = 0.7 <= ratio <= 1.5
    return low == 0 and high - middle > (1.0 if poisson else 1.5) * (middle - low)


class Count(Problem):
    """One exponential unit: the rate of a Poisson distribution."""

    name = "count"
    title = "a whole number of events"
    blocks = ("amounts", "count")
    activation = "exponential"
    losses = ("poisson",)
    metrics = ("poisson_deviance", "rmse", "mae", "r2", "rmsle")
    labels = "a whole number 0, 1, 2, …"
    why = (
        "Counts are modelled as Poisson with a rate that depends on the inputs; the exponential keeps the rate "
        "positive (the log link of a generalised linear model) and `poisson` is the negative log-likelihood."
    )
    bias = "ln(mean) of the target"
    initial_loss = "mean - mean x ln(mean) of the target (may be below 0)"
    baseline = "the mean rate, for every row"
    source = "McCullagh & Nelder 1989, Generalized Linear Models, ch. 6"
    rank = 1
    range = (0.0, None)
    expected = "whole numbers 0, 1, 2, …"

    def recognise(self, seen: Seen) -> str:
        """Whole numbers with a reason to be a count: their name, or zeros, the spread of counts and an open end."""
        if seen.several or not seen.whole or seen.low < 0 or seen.variance <= 0.5 * seen.mean:
            return ""
        named, ratio = _named(seen.names[0]), seen.variance / seen.mean
        if named == "scale" or (not named and (seen.few or not _open(seen, ratio))):
            return ""
        why = "its name says that something is counted" if named else "zeros occur and large values have no end"
        spread = (
            f"over-dispersed: variance {ratio:,.0f} times the mean, where Poisson counts have one equal to it"
            if ratio >= 1.5
            else "variance about equal to the mean, as Poisson counts have"
        )
        return f"whole numbers ≥ 0 ({seen.span}), {why}; {spread}"

    def otherwise(self, seen: Seen) -> str:
        """Any whole numbers may count something."""
        return "if the values count events" if seen.distinct != 2 else ""

    def outside(self, values: Array) -> str:
        """Say how many values are negative, or no whole numbers."""
        for out, what in ((values < 0, "negative"), (values != values.round(), "no whole numbers")):
            if out.any():
                return f"{int(out.sum()):,} values are {what}"
        return ""

    def linear(self, *, text: bool, iterations: int) -> Any:
        """Return an unfitted Poisson regression."""
        from sklearn.linear_model import PoissonRegressor

        return PoissonRegressor(alpha=1e-3, max_iter=iterations)

    def trees(self, loss: str = "", **settings: Any) -> Any:
        """Return unfitted gradient-boosted trees with the Poisson loss."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        return HistGradientBoostingRegressor(loss="poisson", **settings)

    def clip(self, p: Array, y: Array) -> Array:
        """Return rates above 0."""
        return p.clip(1e-6, None)
