"""The table: problem type → last layer, loss, metrics, labels, bias at the start, expected first loss, dumb baseline.

Pure values and closed-form arithmetic; every other room asks here. The core five rows are table 4.1 of Chollet,
*Deep Learning with Python* (1st ed., 2017, §4.5.5); the closed forms of the first loss follow from evaluating each
loss at the best constant prediction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

BOOK = "Chollet, Deep Learning with Python, table 4.1"


@dataclass(frozen=True)
class Problem:
    """One row of the table.

    Args:
        name: The word used in settings and flags.
        title: The words used for a person.
        units: How many output units the last layer has.
        activation: Activation of the last layer; None is the identity.
        losses: Losses that fit, by their Keras names, the default first.
        metrics: Metrics that mean something here, the default first.
        labels: How the target is encoded.
        why: Why this last layer and this loss belong together.
        bias: Bias of the last layer that makes its first prediction the dumb baseline.
        initial_loss: Loss expected before the first step with that bias.
        baseline: The dumb baseline: the best prediction that looks at no input.
        source: Where the row comes from.
    """

    name: str
    title: str
    units: str
    activation: str | None
    losses: tuple[str, ...]
    metrics: tuple[str, ...]
    labels: str
    why: str
    bias: str
    initial_loss: str
    baseline: str
    source: str

    @property
    def loss(self) -> str:
        """The default loss."""
        return self.losses[0]

    @property
    def classifies(self) -> bool:
        """Whether the target holds labels rather than amounts."""
        return self.name in CLASSIFICATION

    def row(self) -> dict[str, object]:
        """Return the row as plain values, `loss` being the default one."""
        return {"loss": self.loss, **{k: v for k, v in asdict(self).items() if k != "name"}}


_ROWS = (
    Problem(
        "binary",
        "one of two labels",
        "1",
        "sigmoid",
        ("binary_crossentropy",),
        ("roc_auc", "average_precision", "log_loss", "brier", "accuracy", "balanced_accuracy", "f1"),
        "0.0 or 1.0, one column",
        "One sigmoid unit is the probability of the positive label; binary cross-entropy is the negative "
        "log-likelihood of that probability, so its gradient is simply prediction minus label.",
        "ln(share / (1 - share)) of the positive label",
        "entropy of the share: -p ln p - (1 - p) ln(1 - p); 0.693 for two equal labels",
        "the share of the positive label, for every row",
        BOOK,
    ),
    Problem(
        "multiclass",
        "one label of many",
        "number of classes",
        "softmax",
        ("categorical_crossentropy", "sparse_categorical_crossentropy"),
        ("log_loss", "accuracy", "balanced_accuracy", "macro_f1"),
        "one-hot rows (integers 0 to K - 1 with the sparse loss)",
        "Exactly one label is right, so the probabilities must sum to one: softmax. Categorical cross-entropy is "
        "the negative log-probability of the right label.",
        "ln(share) of each class",
        "entropy of the class shares; ln K for K equal classes",
        "the class shares, for every row",
        BOOK,
    ),
    Problem(
        "multilabel",
        "many labels at once",
        "number of labels",
        "sigmoid",
        ("binary_crossentropy",),
        ("log_loss", "macro_f1", "micro_f1", "hamming", "macro_roc_auc"),
        "0.0 or 1.0 in one column per label",
        "Labels do not exclude each other, so each gets its own sigmoid; softmax would make them compete. Binary "
        "cross-entropy is averaged over the labels.",
        "ln(share / (1 - share)) of each label",
        "mean entropy of the label shares",
        "the share of each label, for every row",
        BOOK,
    ),
    Problem(
        "regression",
        "any number",
        "1",
        None,
        ("mse", "mean_absolute_error"),
        ("rmse", "mae", "r2"),
        "a number; standardised for training, shown in its own units",
        "Any value may be right, so nothing may bound the output: no activation. The mean squared error makes the "
        "prediction the conditional mean.",
        "mean of the target (0 after standardising)",
        "variance of the target (1 after standardising)",
        "the mean of the target, for every row",
        BOOK,
    ),
    Problem(
        "bounded",
        "a number between 0 and 1",
        "1",
        "sigmoid",
        ("binary_crossentropy", "mse"),
        ("rmse", "mae", "r2"),
        "a number in [0, 1]",
        "A sigmoid cannot leave [0, 1]. Binary cross-entropy keeps the gradient prediction minus target; the mean "
        "squared error through a sigmoid is multiplied by p(1 - p) and stalls near the ends, but weighs errors as "
        "RMSE does.",
        "ln(mean / (1 - mean)) of the target",
        "binary_crossentropy: entropy of the mean; mse: variance of the target",
        "the mean of the target, for every row",
        BOOK,
    ),
    Problem(
        "vector",
        "several numbers at once",
        "number of targets",
        None,
        ("mse", "mean_absolute_error"),
        ("rmse", "mae", "r2"),
        "one number per target, each standardised for training",
        "Several regressions that share their hidden layers: one linear unit each. Standardised targets weigh "
        "equally in the mean squared error.",
        "mean of each target (0 after standardising)",
        "mean variance of the targets (1 after standardising)",
        "the mean of each target, for every row",
        "Bishop, Pattern Recognition and Machine Learning, §5.2",
    ),
    Problem(
        "positive",
        "a number above 0",
        "1",
        "softplus",
        ("mse", "mean_squared_logarithmic_error"),
        ("rmse", "mae", "r2", "rmsle", "mape"),
        "a positive number; divided by its mean for training",
        "Softplus is positive everywhere and linear for large values, so amounts such as prices or durations can "
        "never come out negative.",
        "ln(e^mean - 1) of the target (0.541 after dividing by the mean)",
        "mse: variance of the target after dividing by its mean",
        "the mean of the target, for every row",
        "Dugas et al. 2001, Incorporating second-order functional knowledge (softplus)",
    ),
    Problem(
        "count",
        "a whole number of events",
        "1",
        "exponential",
        ("poisson",),
        ("poisson_deviance", "rmse", "mae", "r2", "rmsle"),
        "a whole number 0, 1, 2, …",
        "Counts are modelled as Poisson with a rate that depends on the inputs; the exponential keeps the rate "
        "positive (the log link of a generalised linear model) and `poisson` is the negative log-likelihood.",
        "ln(mean) of the target",
        "mean - mean x ln(mean) of the target (may be below 0)",
        "the mean rate, for every row",
        "McCullagh & Nelder 1989, Generalized Linear Models, ch. 6",
    ),
)

PROBLEMS: dict[str, Problem] = {row.name: row for row in _ROWS}
CLASSIFICATION = ("binary", "multiclass", "multilabel")
EPSILON = 1e-7  # Keras clips probabilities at this value (keras.config.epsilon), so shares are clipped alike


def constant(name: str, loss: str, y: Array) -> Array:
    """Return the best constant prediction: the dumb baseline.

    Args:
        name: A problem type.
        loss: The loss that the constant minimises; the median belongs to the absolute error, the geometric mean
            of 1 + y to the logarithmic one, the mean to all others.
        y: Canonical training targets: (n, k) floats, or (n,) class numbers 0 to K - 1 for `multiclass`.

    Returns:
        (k,) floats: shares of classes or labels, or values in the target's own units.
    """
    import numpy as np

    if name == "multiclass":
        return np.bincount(np.asarray(y, dtype=int).ravel()) / len(y)
    y = np.asarray(y, dtype=float).reshape(len(y), -1)
    if loss == "mean_absolute_error":
        return np.median(y, axis=0)
    if loss == "mean_squared_logarithmic_error":
        return np.expm1(np.log1p(y).mean(axis=0))
    return y.mean(axis=0)


def output_bias(name: str, loss: str, y: Array) -> Array:
    """Return the bias of the last layer whose activation gives the dumb baseline.

    Args:
        name: A problem type.
        loss: The loss that is trained.
        y: Training targets as the network sees them (standardised or divided by the mean where the row says so).

    Returns:
        (k,) floats.
    """
    import numpy as np

    best = constant(name, loss, y)
    inverse: dict[str | None, Callable[[Array], Array]] = {
        "sigmoid": lambda p: np.log(np.clip(p, EPSILON, 1) / np.clip(1 - p, EPSILON, 1)),
        "softmax": lambda p: np.log(np.clip(p, EPSILON, 1)),
        "softplus": lambda p: np.log(np.expm1(p)),
        "exponential": lambda p: np.log(np.clip(p, EPSILON, None)),
        None: lambda p: p,
    }
    return inverse[PROBLEMS[name].activation](best)


def initial_loss(name: str, loss: str, y: Array) -> float:
    """Return the loss expected before the first step: that of the dumb baseline on the training rows.

    Args:
        name: A problem type.
        loss: The loss that is trained.
        y: Training targets as the network sees them.

    Returns:
        The mean loss of the constant prediction, natural logarithms.

    Raises:
        KeyError: `loss` is not one of the table's.
    """
    import numpy as np

    p = constant(name, loss, y)
    if name == "multiclass":
        return float(-(p[p > 0] * np.log(p[p > 0])).sum())
    y = np.asarray(y, dtype=float).reshape(len(y), -1)
    q = np.clip(p, EPSILON, 1 - EPSILON)
    losses: dict[str, Callable[[], Array]] = {
        "binary_crossentropy": lambda: -(y * np.log(q) + (1 - y) * np.log(1 - q)),
        "mse": lambda: (y - p) ** 2,
        "mean_absolute_error": lambda: np.abs(y - p),
        "mean_squared_logarithmic_error": lambda: (np.log1p(y) - np.log1p(p)) ** 2,
        "poisson": lambda: p - y * np.log(p + EPSILON),
    }
    return float(losses[loss]().mean())
