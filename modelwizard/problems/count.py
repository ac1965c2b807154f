"""A whole number of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelwizard.problems.base import Problem
from modelwizard.problems.seen import Seen

if TYPE_CHECKING:
    from modelwizard.problems.base import Array


class Count(Problem):
    """One exponential unit: the rate of a Poisson distribution."""

    name = "count"
    title = "a whole number of events"
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
    rank = 3
    range = (0.0, None)
    expected = "whole numbers 0, 1, 2, …"

    def recognise(self, seen: Seen) -> str:
        """Whole numbers that begin at 0 and spread as counts do."""
        if seen.several or not seen.whole or not 0 <= seen.low <= 1 or seen.variance <= 0.5 * seen.mean:
            return ""
        ratio = seen.variance / seen.mean
        spread = f"variance {ratio:,.0f} times the mean" if ratio >= 1.5 else "variance about equal to the mean"
        return f"whole numbers ≥ 0 ({seen.span}), {spread}"

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
