"""A number between 0 and 1."""

from __future__ import annotations

from modelwizard.problems.base import Array, Problem
from modelwizard.problems.seen import Seen


class Bounded(Problem):
    """One sigmoid unit: a share."""

    name = "bounded"
    title = "a number between 0 and 1"
    activation = "sigmoid"
    losses = ("binary_crossentropy", "mse")
    metrics = ("rmse", "mae", "r2")
    labels = "a number in [0, 1]"
    why = (
        "A sigmoid cannot leave [0, 1]. Binary cross-entropy keeps the gradient prediction minus target; the mean "
        "squared error through a sigmoid is multiplied by p(1 - p) and stalls near the ends, but weighs errors as "
        "RMSE does."
    )
    bias = "ln(mean / (1 - mean)) of the target"
    initial_loss = "binary_crossentropy: entropy of the mean; mse: variance of the target"
    baseline = "the mean of the target, for every row"
    rank = 3
    several_losses = True
    range = (0.0, 1.0)
    expected = "values between 0 and 1"
    task = "bounded"

    def recognise(self, seen: Seen) -> str:
        """Fractions that fill most of 0 to 1."""
        if seen.several or seen.numbers is None or seen.whole:
            return ""
        fits = seen.low >= 0 and seen.high <= 1 and seen.high - seen.low > 0.5
        return f"values between 0 and 1, {seen.distinct:,} distinct" if fits else ""

    def otherwise(self, seen: Seen) -> str:
        """Any numbers between 0 and 1 may be shares."""
        return "if the values are shares or probabilities"

    def outside(self, values: Array) -> str:
        """Say how many values lie outside 0 to 1."""
        out = (values < 0) | (values > 1)
        return f"{int(out.sum()):,} values lie outside 0 to 1" if out.any() else ""

    def clip(self, p: Array, y: Array) -> Array:
        """Return predictions within 0 to 1."""
        return p.clip(0.0, 1.0)
