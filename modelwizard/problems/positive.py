"""A number above 0."""

from __future__ import annotations

from modelwizard.problems.base import Array, Problem
from modelwizard.problems.seen import Seen, plain


class Positive(Problem):
    """One softplus unit on a target that is divided by its mean."""

    name = "positive"
    title = "a number above 0"
    blocks = ("amounts", "positive")
    activation = "softplus"
    losses = ("mse", "mean_squared_logarithmic_error")
    metrics = ("rmse", "mae", "r2", "rmsle", "mape")
    labels = "a positive number; divided by its mean for training"
    why = (
        "Softplus is positive everywhere and linear for large values, so amounts such as prices or durations can "
        "never come out negative."
    )
    bias = "ln(e^mean - 1) of the target (0.541 after dividing by the mean)"
    initial_loss = "mse: variance of the target after dividing by its mean"
    baseline = "the mean of the target, for every row"
    source = "Dugas et al. 2001, Incorporating second-order functional knowledge (softplus)"
    rank = 4
    scaling = "mean"
    skewed = True
    range = (0.0, None)
    expected = "values above 0"

    def recognise(self, seen: Seen) -> str:
        """Amounts above 0 over several orders of magnitude, most of them small."""
        if seen.several or seen.numbers is None or seen.low <= 0:
            return ""
        middle = seen.quantile(0.5)
        if seen.high < 100 * seen.low or seen.mean <= 1.2 * middle:
            return ""
        return f"all values above 0 and skewed: {seen.span}, half of them under {plain(middle)}"

    def otherwise(self, seen: Seen) -> str:
        """Numbers may never be 0 or below."""
        return "if the values are amounts that can never be 0 or below" if seen.distinct != 2 else ""

    def outside(self, values: Array) -> str:
        """Say how many values are 0 or below."""
        out = values <= 0
        return f"{int(out.sum()):,} values are 0 or below" if out.any() else ""

    def clip(self, p: Array, y: Array) -> Array:
        """Return predictions no lower than the lowest target."""
        return p.clip(float(y.min()), None)
