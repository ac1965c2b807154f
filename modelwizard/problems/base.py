"""What a problem type answers, with the answers of a single amount; the other types say where they differ.

The core five rows of the table are table 4.1 of Chollet, *Deep Learning with Python* (1st ed., 2017, §4.5.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from modelwizard.problems.seen import Seen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike as ArrayLike
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]
    Ints = NDArray[np.integer[Any]]
else:  # NumPy is not loaded for the names of types
    Array = ArrayLike = Ints = Any

BOOK = "Chollet, Deep Learning with Python, table 4.1"
ROW = ("title", "units", "activation", "losses", "metrics", "labels", "why", "bias", "initial_loss", "baseline")


class Asked(Protocol):
    """What a project asks of a problem type: its answers, or its settings."""

    @property
    def target(self) -> Sequence[str]:
        """Names of the target columns."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes, of one label of many."""
        ...

    @property
    def loss(self) -> str:
        """The loss."""
        ...


class Problem:
    """A problem type.

    *Canonical* targets and predictions are what every room computes with: floats (n, k) in the target's own units,
    or 0/1 and probabilities; missing targets are NaN. Only `multiclass` has class numbers (n,) as targets.

    Attributes:
        name: The word used in settings and flags.
        title: The words used for a person.
        units: How many output units the last layer has, in words.
        per: What each unit stands for where there are several, in words.
        activation: Activation of the last layer; None is the identity.
        losses: Losses that fit, by their Keras names, the default first.
        metrics: Metrics that mean something here, the default first.
        labels: How the target is encoded, in words.
        why: Why this last layer and this loss belong together.
        bias: Bias of the last layer that makes its first prediction the baseline, in words.
        initial_loss: Loss expected before the first step with that bias, in words.
        baseline: The best prediction that looks at no input, in words.
        source: Where the row comes from.
        rank: Of the types that recognise a target, the one with the lowest rank is offered first.
        classifies: Whether the target holds labels rather than amounts.
        exclusive: Whether the outputs are probabilities that sum to one.
        one_label: Whether the target is one column of class labels.
        chooses_positive: Whether a person says which of two labels is the one to find.
        ordered: Whether the order of the classes means something.
        several: Whether there are several target columns.
        threshold: Whether a label is said from a probability that may be chosen.
        scaling: How the network sees amounts: as they are, standardised, or divided by their mean.
        several_losses: Whether two losses answer different wishes, so that the choice is worth a question.
        skewed: Whether amounts are better looked at as logarithms.
        range: Lowest and highest possible value, None where there is no such limit.
        expected: Which values fit, in words.
        instead: The type to try where there are too few target columns, or values that do not fit.
        event: What a predicted probability is one of, in words.
        task: What the checks expect of the network's end: a task of `checks.task`.
        missing: What stands for a missing target.
        compared: What the project's train.py hands to a score of scikit-learn, as code.
        blocks: Files of `templates/problems` whose blocks take the place of those of two labels in the project's code,
            in this order.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    units: ClassVar[str] = "1"
    per: ClassVar[str] = ""
    activation: ClassVar[str | None] = None
    losses: ClassVar[tuple[str, ...]]
    metrics: ClassVar[tuple[str, ...]]
    labels: ClassVar[str]
    why: ClassVar[str]
    bias: ClassVar[str]
    initial_loss: ClassVar[str]
    baseline: ClassVar[str]
    source: ClassVar[str] = BOOK
    rank: ClassVar[int] = 0
    classifies: ClassVar[bool] = False
    exclusive: ClassVar[bool] = False
    one_label: ClassVar[bool] = False
    chooses_positive: ClassVar[bool] = False
    ordered: ClassVar[bool] = False
    several: ClassVar[bool] = False
    threshold: ClassVar[bool] = False
    scaling: ClassVar[Literal["", "standardised", "mean"]] = ""
    several_losses: ClassVar[bool] = False
    skewed: ClassVar[bool] = False
    range: ClassVar[tuple[float | None, float | None]] = (None, None)
    expected: ClassVar[str] = "numbers"
    instead: ClassVar[str] = "regression"
    event: ClassVar[str] = ""
    task: ClassVar[str] = "amount"
    missing: ClassVar[float] = float("nan")
    blocks: ClassVar[tuple[str, ...]] = ("amounts",)
    compared: ClassVar[str] = "validation.y, predicted"

    @property
    def loss(self) -> str:
        """The default loss."""
        return self.losses[0]

    def row(self) -> dict[str, object]:
        """Return the row of the table as plain values, `loss` being the default one."""
        return {"loss": self.loss, **{name: getattr(self, name) for name in (*ROW, "source")}}

    # -- recognised in a table --------------------------------------------------------------------------------------

    def recognise(self, seen: Seen) -> str:
        """Return why the target makes a problem of this type, with the numbers seen; "" if another type is likelier."""
        return ""

    def otherwise(self, seen: Seen) -> str:
        """Return when this type is the better one although another is likelier; "" if it never is."""
        return ""

    def misfit(self, seen: Seen) -> str:
        """Return why the target cannot be of this type; "" if it can."""
        if seen.several:
            return "there are several target columns"
        if seen.numbers is None:
            return "the values are no numbers"
        return self.outside(seen.numbers)

    def outside(self, values: Array) -> str:
        """Return why some amounts cannot be of this type; "" if they can."""
        return ""

    # -- shapes and code --------------------------------------------------------------------------------------------

    def order(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return words in the order that they have in a scale; nothing if there is none, or if it does not matter."""
        return ()

    def outputs(self, targets: int, classes: int) -> int:
        """Return how many output units the network has, given the numbers of target columns and of classes."""
        return 1

    def head(self, task: Asked) -> dict[str, Any]:
        """Return units, activation and loss of a project's last layer."""
        units = self.outputs(len(task.target), len(task.classes))
        return {"units": units, "activation": self.activation, "loss": task.loss}

    def layer(self, units: int) -> str:
        """Return the last layer as a line of code."""
        return f'Dense({units}, activation="{self.activation}")' if self.activation else f"Dense({units})"

    # -- losses -----------------------------------------------------------------------------------------------------

    def constant(self, loss: str, y: ArrayLike) -> Array:
        """Return the best constant prediction: the baseline.

        Args:
            loss: The loss that the constant minimises; the median belongs to the absolute error, the geometric mean
                of 1 + y to the logarithmic one, the mean to all others.
            y: Canonical training targets.

        Returns:
            (k,) floats: shares of classes or labels, or values in the target's own units.
        """
        import numpy as np

        values = np.asarray(y, dtype=float)
        values = values.reshape(len(values), -1)
        if loss == "mean_absolute_error":
            return np.median(values, axis=0)
        if loss == "mean_squared_logarithmic_error":
            return np.expm1(np.log1p(values).mean(axis=0))
        return values.mean(axis=0)

    def scale(self, y: ArrayLike) -> Array | None:
        """Return what errors of each output are divided by so that losses are those that are trained on."""
        import numpy as np

        if not self.scaling:
            return None
        return (np.std if self.scaling == "standardised" else np.mean)(np.asarray(y, dtype=float), axis=0)

    # -- labels -----------------------------------------------------------------------------------------------------

    def ids(self, y: ArrayLike) -> Ints:
        """Return the class number (n,) of each canonical target, -1 where it is missing; for one label a row."""
        import numpy as np

        values = np.asarray(y, dtype=float).reshape(-1)
        return np.where(np.isnan(values), -1, values).astype(np.int64)

    def canonical(self, ids: Ints, classes: int) -> Array | Ints:
        """Return canonical targets from class numbers (n,), -1 where they are missing; for one label a row."""
        import numpy as np

        return np.where(ids >= 0, ids, np.nan).reshape(-1, 1)

    def said(self, p: Array, threshold: float = 0.5) -> Ints:
        """Return the class number (n,) that each prediction says; for one label a row."""
        return (p[:, 0] >= threshold).astype("int64")

    def classes(self, outputs: int) -> int:
        """Return how many classes a number of outputs tells apart; for one label a row."""
        return 2

    def confusion(self, y: ArrayLike, p: Array, threshold: float = 0.5) -> Ints:
        """Return how often each class (row) was predicted as each class (column); for one label a row."""
        import numpy as np

        size = self.classes(p.shape[1])
        table = np.zeros((size, size), dtype=np.int64)
        np.add.at(table, (self.ids(y), self.said(p, threshold)), 1)
        return table

    def flags(self, y: ArrayLike, outputs: int) -> Array:
        """Return canonical targets as a matrix (n, outputs) to compare predictions with."""
        import numpy as np

        values = np.asarray(y, dtype=np.float64)
        return values[:, None] if values.ndim == 1 else values

    def events(self, y: ArrayLike, p: Array) -> tuple[Array, Array]:
        """Return 0/1 events (m,) and the probabilities that were predicted for them, for calibration."""
        import numpy as np

        return np.asarray(y, dtype=np.float64).reshape(-1), p.reshape(-1)

    # -- models of other kinds --------------------------------------------------------------------------------------

    def linear(self, *, text: bool, iterations: int) -> Any:
        """Return an unfitted linear model of scikit-learn for one output.

        Args:
            text: Whether TF-IDF weights are among the inputs.
            iterations: Steps of the solver, at most.
        """
        from sklearn.linear_model import Ridge

        return Ridge(alpha=1.0)

    def trees(self, loss: str = "", **settings: Any) -> Any:
        """Return unfitted gradient-boosted trees of scikit-learn for one output.

        Args:
            loss: The Keras loss that is trained. Defaults to the squared error.
            **settings: Passed on.
        """
        from sklearn.ensemble import HistGradientBoostingRegressor

        chosen = {"mean_absolute_error": "absolute_error"}.get(loss, "squared_error")
        return HistGradientBoostingRegressor(loss=chosen, **settings)

    def clip(self, p: Array, y: Array) -> Array:
        """Return what a model of another kind predicts, moved to the nearest possible value.

        Args:
            p: (n,) predictions.
            y: (m,) targets that it was fitted on.
        """
        return p


class Labels(Problem):
    """What types whose targets are labels have in common: references that classify."""

    classifies = True

    def outside(self, values: Array) -> str:
        """Any number may be the name of a class."""
        return ""

    def linear(self, *, text: bool, iterations: int) -> Any:
        """Return an unfitted logistic regression."""
        from sklearn.linear_model import LogisticRegression

        # Rows of TF-IDF weights have length one: useful weights are larger, so they are held back less.
        return LogisticRegression(C=10.0 if text else 1.0, max_iter=iterations)

    def trees(self, loss: str = "", **settings: Any) -> Any:
        """Return unfitted gradient-boosted trees that classify."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(**settings)
