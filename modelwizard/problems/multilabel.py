"""Many labels at once."""

from __future__ import annotations

from modelwizard.problems.base import Labels
from modelwizard.problems.seen import Seen


class Multilabel(Labels):
    """A sigmoid for each label."""

    name = "multilabel"
    title = "many labels at once"
    blocks = ("multilabel",)
    compared = "validation.y, predicted >= 0.5"
    units = "number of labels"
    per = "label"
    activation = "sigmoid"
    losses = ("binary_crossentropy",)
    metrics = ("log_loss", "macro_f1", "micro_f1", "hamming", "macro_roc_auc")
    labels = "0.0 or 1.0 in one column per label"
    why = (
        "Labels do not exclude each other, so each gets its own sigmoid; softmax would make them compete. Binary "
        "cross-entropy is averaged over the labels."
    )
    bias = "ln(share / (1 - share)) of each label"
    initial_loss = "mean entropy of the label shares"
    baseline = "the share of each label, for every row"
    several = True
    threshold = True
    event = "each label, all labels together"
    task = "multilabel"
    instead = "binary"

    def recognise(self, seen: Seen) -> str:
        """Several columns of yes and no."""
        if not seen.marks or seen.applied is None:
            return ""
        reason = f"{len(seen.names)} columns of 0 and 1, {seen.applied.mean():.1f} of them 1 in a row on average"
        if (seen.applied == 1).all():
            reason += "; exactly one in each row, so one column with the class names ('multiclass') would be better"
        return reason

    def misfit(self, seen: Seen) -> str:
        """A single column, or columns of other values, do not fit."""
        if not seen.several:
            return "there is one target column"
        return "" if seen.marks else "the columns hold more than 0 and 1"

    def outputs(self, targets: int, classes: int) -> int:
        """One for each label."""
        return targets
