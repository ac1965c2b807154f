"""Any number."""

from __future__ import annotations

from modelwizard.problems.base import Problem
from modelwizard.problems.seen import Seen


class Regression(Problem):
    """One linear unit on a standardised target."""

    name = "regression"
    title = "any number"
    blocks = ("amounts", "standardised")
    losses = ("mse", "mean_absolute_error")
    metrics = ("rmse", "mae", "r2")
    labels = "a number; standardised for training, shown in its own units"
    why = (
        "Any value may be right, so nothing may bound the output: no activation. The mean squared error makes the "
        "prediction the conditional mean."
    )
    bias = "mean of the target (0 after standardising)"
    initial_loss = "variance of the target (1 after standardising)"
    baseline = "the mean of the target, for every row"
    rank = 9
    scaling = "standardised"

    def recognise(self, seen: Seen) -> str:
        """Numbers that nothing else is said of."""
        if seen.several or seen.numbers is None:
            return ""
        return f"{seen.distinct:,} distinct {'whole ' if seen.whole else ''}numbers, {seen.span}"

    def otherwise(self, seen: Seen) -> str:
        """Numbers that look like labels may be amounts."""
        if seen.several or seen.numbers is None:
            return ""
        amounts = (
            "the two numbers are amounts" if seen.distinct == 2 else "the distance between two values means something"
        )
        return f"if {amounts}"
