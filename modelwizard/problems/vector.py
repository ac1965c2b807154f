"""Several numbers at once."""

from __future__ import annotations

from modelwizard.problems.base import Problem
from modelwizard.problems.seen import Seen


class Vector(Problem):
    """A linear unit for each standardised target."""

    name = "vector"
    title = "several numbers at once"
    blocks = ("amounts", "standardised")
    units = "number of targets"
    per = "target"
    losses = ("mse", "mean_absolute_error")
    metrics = ("rmse", "mae", "r2")
    labels = "one number per target, each standardised for training"
    why = (
        "Several regressions that share their hidden layers: one linear unit each. Standardised targets weigh "
        "equally in the mean squared error."
    )
    bias = "mean of each target (0 after standardising)"
    initial_loss = "mean variance of the targets (1 after standardising)"
    baseline = "the mean of each target, for every row"
    source = "Bishop, Pattern Recognition and Machine Learning, §5.2"
    rank = 1
    several = True
    scaling = "standardised"

    def recognise(self, seen: Seen) -> str:
        """Several columns of numbers."""
        return f"{len(seen.names)} columns of numbers" if seen.amounts and not seen.marks else ""

    def otherwise(self, seen: Seen) -> str:
        """Columns of 0 and 1 may be amounts."""
        return "if 0 and 1 are amounts to be predicted as numbers" if seen.marks else ""

    def misfit(self, seen: Seen) -> str:
        """A single column does not fit."""
        return "" if seen.several else "there is one target column"

    def outputs(self, targets: int, classes: int) -> int:
        """One for each target."""
        return targets
