"""One of two labels."""

from __future__ import annotations

from modelwizard.problems.base import Labels
from modelwizard.problems.seen import Seen, plain


class Binary(Labels):
    """One sigmoid unit: the probability of the positive label."""

    name = "binary"
    title = "one of two labels"
    blocks = ()
    compared = "validation.y, predicted >= 0.5"
    activation = "sigmoid"
    losses = ("binary_crossentropy",)
    metrics = ("roc_auc", "average_precision", "log_loss", "brier", "accuracy", "balanced_accuracy", "f1")
    labels = "0.0 or 1.0, one column"
    why = (
        "One sigmoid unit is the probability of the positive label; binary cross-entropy is the negative "
        "log-likelihood of that probability, so its gradient is simply prediction minus label."
    )
    bias = "ln(share / (1 - share)) of the positive label"
    initial_loss = "entropy of the share: -p ln p - (1 - p) ln(1 - p); 0.693 for two equal labels"
    baseline = "the share of the positive label, for every row"
    one_label = True
    chooses_positive = True
    threshold = True
    event = "the positive label"
    task = "binary"
    expected = "2 different values"

    def recognise(self, seen: Seen) -> str:
        """Two values are two labels, unless the person knows that they are amounts."""
        if seen.several or seen.distinct != 2:
            return ""
        if seen.numbers is None:
            return f"2 distinct values: {', '.join(sorted(seen.labels))}"
        return f"2 distinct values: {plain(seen.low)}, {plain(seen.high)}"

    def misfit(self, seen: Seen) -> str:
        """Any other number of values does not fit."""
        if seen.several:
            return "there are several target columns"
        return "" if seen.distinct == 2 else f"{seen.distinct:,} different values, not 2"
