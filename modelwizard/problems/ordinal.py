"""One of several ordered classes: grades, stages, low to high."""

from __future__ import annotations

from modelwizard.problems.base import Array, ArrayLike, Ints, Labels
from modelwizard.problems.seen import Seen

MOST_CLASSES = 20
SCALES = (
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    ("none", "trace", "minimal", "mild", "slight", "moderate", "severe", "extreme", "critical"),
    ("very low", "low", "medium low", "medium", "middle", "mid", "moderate", "medium high", "high", "very high"),
    ("very poor", "poor", "bad", "weak", "fair", "average", "ok", "good", "very good", "great", "excellent"),
    ("xxs", "xs", "s", "m", "l", "xl", "xxl"),
    ("tiny", "small", "medium", "large", "huge"),
    ("young", "middle-aged", "old"),
    ("first", "second", "third", "fourth", "fifth"),
    ("i", "ii", "iii", "iv", "v", "vi"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("very negative", "negative", "neutral", "positive", "very positive"),
    ("unlikely", "possible", "likely", "certain"),
    ("beginner", "intermediate", "advanced", "expert"),
)
"""Words that stand in an order, each list from the lowest to the highest."""


class Ordinal(Labels):
    """A cumulative link: one score for a row, a threshold between each two classes that follow each other.

    Canonical targets are (n, K - 1) floats, 1 where the class lies above the k-th threshold; predictions are the
    probabilities of that. The weights are shared by all thresholds, so that only their biases differ; where the loss
    is lowest these are in order, and the probabilities never rise from one threshold to the next (Cao, Mirjalili &
    Raschka 2020, theorem 1). They start in order, at the shares of the training rows.
    """

    name = "ordinal"
    title = "one of several ordered classes"
    units = "number of classes less 1"
    per = "threshold between two classes"
    activation = "sigmoid"
    losses = ("binary_crossentropy",)
    # Kappa first: a constant has 0, guessing the order right has 1, and far misses cost most, whatever the shares.
    metrics = ("quadratic_kappa", "rank_mae", "accuracy")
    labels = "K - 1 columns of 0.0 or 1.0: whether the class lies above the first threshold, the second, …"
    why = (
        "Classes in an order: one score says how far up a row lies, and each threshold between two classes has a bias "
        "of its own, so that neighbours are confused before classes far apart. Binary cross-entropy is averaged over "
        "the thresholds."
    )
    bias = "ln(share / (1 - share)) of the rows above each threshold"
    initial_loss = "mean entropy of the shares above each threshold"
    baseline = "the share of rows above each threshold, for every row"
    source = "Cao, Mirjalili & Raschka 2020, Rank consistent ordinal regression (CORAL)"
    rank = 3
    one_label = True
    ordered = True
    event = "each threshold, all thresholds together"
    task = "multilabel"
    blocks = ("ordinal",)
    compared = "validation.y.sum(axis=1), (predicted >= 0.5).sum(axis=1)"

    def otherwise(self, seen: Seen) -> str:
        """A few steps of a scale, as whole numbers or as words that stand in an order."""
        if seen.several or seen.distinct < 3 or seen.distinct > MOST_CLASSES:
            return ""
        if seen.numbers is None:
            return "if the classes stand in an order" if self.order(seen.labels) else ""
        return "if the numbers are steps of a scale: their order counts, their distances do not" if seen.few else ""

    def misfit(self, seen: Seen) -> str:
        """Fewer than three classes have no order worth the name, and too many are amounts."""
        if seen.several:
            return "there are several target columns"
        if seen.distinct < 3:
            return f"{seen.distinct} different values, not 3 or more"
        return f"{seen.distinct:,} different values" if seen.distinct > MOST_CLASSES else ""

    def order(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return words in the order of a scale that holds them all; nothing if none does."""
        for scale in SCALES:
            if all(label.strip().lower().replace("_", " ") in scale for label in labels):
                return tuple(sorted(labels, key=lambda label: scale.index(label.strip().lower().replace("_", " "))))
        return ()

    def outputs(self, targets: int, classes: int) -> int:
        """One for each threshold."""
        return classes - 1

    def layer(self, units: int) -> str:
        """Return the last layer as a line of code."""
        return f'Dense({units}, activation="sigmoid"), the weights shared by all units'

    def ids(self, y: ArrayLike) -> Ints:
        """Return how many thresholds each row lies above, -1 where that is not known."""
        import numpy as np

        above = np.asarray(y, dtype=float).sum(axis=1)
        return np.where(np.isnan(above), -1, above).astype(np.int64)

    def canonical(self, ids: Ints, classes: int) -> Array | Ints:
        """Return 1 for each threshold that a row lies above."""
        import numpy as np

        above = (ids[:, None] > np.arange(classes - 1)).astype(float)
        return np.where(ids[:, None] >= 0, above, np.nan)

    def said(self, p: Array, threshold: float = 0.5) -> Ints:
        """Return how many thresholds are passed with a probability of at least one half: the median class."""
        return (p >= 0.5).sum(axis=1)

    def classes(self, outputs: int) -> int:
        """One more than thresholds."""
        return outputs + 1
