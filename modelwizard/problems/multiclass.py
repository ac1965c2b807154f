"""One label of many, in no order."""

from __future__ import annotations

from modelwizard.problems.base import Array, ArrayLike, Ints, Labels
from modelwizard.problems.seen import MOST_CLASSES, Seen


class Multiclass(Labels):
    """A softmax over the classes; canonical targets are class numbers (n,), -1 where missing."""

    name = "multiclass"
    title = "one label of many"
    blocks = ("multiclass",)
    compared = "validation.y, predicted.argmax(axis=1)"
    units = "number of classes"
    per = "class"
    activation = "softmax"
    losses = ("categorical_crossentropy", "sparse_categorical_crossentropy")
    metrics = ("log_loss", "accuracy", "balanced_accuracy", "macro_f1")
    labels = "one-hot rows (integers 0 to K - 1 with the sparse loss)"
    why = (
        "Exactly one label is right, so the probabilities must sum to one: softmax. Categorical cross-entropy is "
        "the negative log-probability of the right label."
    )
    bias = "ln(share) of each class"
    initial_loss = "entropy of the class shares; ln K for K equal classes"
    baseline = "the class shares, for every row"
    rank = 2
    exclusive = True
    one_label = True
    event = "the predicted class"
    task = "multiclass"
    missing = -1

    def recognise(self, seen: Seen) -> str:
        """Words are classes, and so are few whole numbers."""
        if seen.several or seen.distinct == 2:
            return ""
        if seen.numbers is None:
            shown = ", ".join(seen.labels[:3]) + (", …" if seen.distinct > 3 else "")
            return f"{seen.distinct:,} distinct labels: {shown}"
        return f"{seen.distinct} distinct whole numbers, {seen.span}: few enough to be classes" if seen.few else ""

    def otherwise(self, seen: Seen) -> str:
        """Two labels may become three; numbers may be names."""
        if seen.several:
            return ""
        if seen.distinct == 2:
            return "if a third class will come"
        return "if the values are names of classes rather than amounts" if seen.numbers is not None else ""

    def misfit(self, seen: Seen) -> str:
        """Nearly as many values as rows are no classes."""
        if seen.several:
            return "there are several target columns"
        if seen.numbers is None:
            return ""
        if seen.distinct > max(20, 0.2 * seen.rows) or seen.distinct > 100:
            return f"{seen.distinct:,} different values in {seen.rows:,} rows"
        if seen.distinct > MOST_CLASSES and not seen.whole:
            return f"{seen.distinct:,} different values, not all of them whole numbers"
        return ""

    def outputs(self, targets: int, classes: int) -> int:
        """One for each class."""
        return classes

    def constant(self, loss: str, y: ArrayLike) -> Array:
        """Return the class shares, of class numbers (n,) or of one-hot rows."""
        import numpy as np

        values = np.asarray(y)
        if values.ndim == 2:
            return values.mean(axis=0, dtype=float)
        return np.bincount(values.astype(int)) / len(values)

    def ids(self, y: ArrayLike) -> Ints:
        """Return the class numbers as they are."""
        import numpy as np

        return np.asarray(y).reshape(-1).astype(np.int64)

    def canonical(self, ids: Ints, classes: int) -> Array | Ints:
        """Return the class numbers as they are."""
        return ids

    def said(self, p: Array, threshold: float = 0.5) -> Ints:
        """Return the likeliest class."""
        return p.argmax(axis=1)

    def classes(self, outputs: int) -> int:
        """One for each output."""
        return outputs

    def flags(self, y: ArrayLike, outputs: int) -> Array:
        """Return one-hot rows."""
        import numpy as np

        ids = self.ids(y)
        hot = np.zeros((len(ids), outputs))
        hot[np.arange(len(ids)), ids] = 1.0
        return hot

    def events(self, y: ArrayLike, p: Array) -> tuple[Array, Array]:
        """Return whether the predicted class was right, and its probability."""
        return (p.argmax(axis=1) == self.ids(y)).astype(float), p.max(axis=1)
