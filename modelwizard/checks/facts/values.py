"""The facts as frozen values: no Keras, no arrays larger than a row of statistics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

PROBABILITIES = frozenset({"softmax", "sigmoid", "hard_sigmoid"})
"""Activations whose outputs lie in [0, 1]."""

RANGES: dict[str, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
    "elu": (-1.0, float("inf")),
    "selu": (-1.7581, float("inf")),
}
"""Values that an activation can produce."""


LABELS = frozenset({"binary", "multiclass", "multilabel"})
AMOUNTS = frozenset({"amount", "bounded"})
"""Tasks whose targets are labels, and those whose targets are numbers."""

CROSS_ENTROPIES = frozenset({"binary", "categorical", "sparse"})
"""Families of losses that compare probabilities."""

ROUNDING = 1e-6
"""Deviations below this share of a column's largest value are rounding noise of float32 (2^-23 is 1.2e-7)."""

ADAPTIVE = frozenset({"adam", "adamw", "adamax", "nadam", "rmsprop", "lamb", "lion", "ftrl", "adafactor"})
"""Optimizers with a step of its own for each weight."""

SCALED_BY_FAN = frozenset(
    {"GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "VarianceScaling"}
    | {"Orthogonal", "OrthogonalInitializer", "Identity", ""}
)
"""Initializers that look at the width of the layer, and none: what they draw is never alarmed about."""

NORMALISING = frozenset(
    {"BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"}
)
LOOKUPS = frozenset({"Embedding", "CategoryEncoding", "StringLookup", "IntegerLookup", "Hashing", "TextVectorization"})
"""Layers that look values up instead of computing with them."""


def deviations(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the standard deviation of each column, 0 where a column changes by rounding noise only.

    Whatever divides by a deviation leaves those of 0 out: quotients of rounding noise say nothing.

    Args:
        values: (n, columns), NaN where there is no value.

    Returns:
        Shape (columns,); NaN for a column without values.
    """
    noise = ROUNDING * np.nanmax(np.abs(values), axis=0, initial=0.0)
    found = np.nanstd(values, axis=0, dtype=np.float64)
    return np.where(found <= noise, 0.0, found)


@dataclass(frozen=True)
class Place:
    """What a finding points at: a layer by name, or an argument of compile or fit.

    Args:
        kind: `layer`, `compile`, `fit`, `data` or `model`.
        name: Name of the layer or argument.
    """

    kind: str
    name: str = ""


X, Y = Place("data", "x"), Place("data", "y")
VALIDATION = Place("fit", "validation_data")


def class_of(serialized: Any) -> str:
    """Return the class of an initializer in a layer's settings; "" where it is not known."""
    return str(serialized[0] if isinstance(serialized, tuple) and serialized else serialized or "")  # pyright: ignore[reportUnknownArgumentType]


@dataclass(frozen=True)
class Layer:
    """One layer (or operation) of the model, nested models laid open.

    Args:
        name: Its name in the model.
        kind: Its class, such as `Dense`.
        activation: Its activation by Keras name; `linear` for none, `unknown` for a function of one's own.
        inputs: Indices of the layers it reads.
        input_shape: Shape it receives, batch axis first, None where it varies.
        output_shape: Shape it returns.
        units: Width: units, filters or embedding size; 0 where there is none.
        parameters: Number of weights.
        trainable: Whether its weights learn.
        config: Its plain settings (numbers, words and tuples only).
        kernel: (mean, standard deviation, smallest, largest, He deviation) of its kernel; None without one.
        bias: Median of its biases; None without any.
        nested: Name of the nested model it belongs to, or "".
        fresh: Whether its weights look untouched since initialisation (biases all zero, moving means zero).
    """

    name: str
    kind: str
    activation: str = "linear"
    inputs: tuple[int, ...] = ()
    input_shape: tuple[int | None, ...] = ()
    output_shape: tuple[int | None, ...] = ()
    units: int = 0
    parameters: int = 0
    trainable: bool = True
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    kernel: tuple[float, float, float, float, float] | None = None
    bias: float | None = None
    nested: str = ""
    fresh: bool = True

    @property
    def place(self) -> Place:
        """Where a finding about the layer points."""
        return Place("layer", self.name)

    @property
    def initializer(self) -> str:
        """Class of its kernel initializer; "" where it is not known."""
        return class_of(self.config.get("kernel_initializer"))


@dataclass(frozen=True)
class Head:
    """The end of one output of the model.

    Args:
        layer: Name of the last layer that holds weights.
        units: Size of the last axis.
        shape: Output shape, batch axis first.
        activation: What is applied last to the values, by Keras name; `linear`, or `unknown`.
        chain: All activations applied since the last weights, in order, without `linear`.
        after: Kinds of the layers that stand after the last activation and change values (Dropout, …).
        dtype: Type of the output values.
    """

    layer: str = ""
    units: int = 1
    shape: tuple[int | None, ...] = (None, 1)
    activation: str = "linear"
    chain: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    dtype: str = "float32"


@dataclass(frozen=True)
class Loss:
    """A loss by its canonical Keras name; `custom` when it is none of Keras's."""

    name: str = "custom"
    from_logits: bool = False

    @property
    def family(self) -> str:
        """The kind of loss: binary, categorical, sparse, amount, margin or other."""
        return FAMILIES.get(self.name, "other")


FAMILIES: dict[str, str] = {
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
    "categorical_crossentropy": "categorical",
    "categorical_focal_crossentropy": "categorical",
    "sparse_categorical_crossentropy": "sparse",
    "mean_squared_error": "amount",
    "mean_absolute_error": "amount",
    "mean_absolute_percentage_error": "amount",
    "mean_squared_logarithmic_error": "amount",
    "huber": "amount",
    "log_cosh": "amount",
    "poisson": "amount",
    "hinge": "margin",
    "squared_hinge": "margin",
}
"""Canonical loss name → what kind of target it is made for; the rest (KL divergence, cosine, CTC …) is left alone."""


@dataclass(frozen=True)
class Target:
    """Statistics of one target array.

    Args:
        shape: Its shape.
        dtype: numpy's name of its type.
        numeric: Whether it holds numbers.
        whole: Whether every value is a whole number.
        low: Smallest value.
        high: Largest value.
        values: The distinct values when there are at most 1000 of them, else empty.
        one_hot: Rows of zeros with a single one, two columns or more.
        multi_hot: Rows of zeros and ones with any number of ones, two columns or more.
        mean: Mean of all values.
        std: Standard deviation of all values.
        column_std: Standard deviation per column (last axis), at most 1000 columns.
        nan: Share of values that are NaN or infinite.
        reconstruction: Whether it is the input itself.
        class_share: Share of each class where the target is one-hot or has few distinct values.
    """

    shape: tuple[int, ...] = (1,)
    dtype: str = "float32"
    numeric: bool = True
    whole: bool = False
    low: float = 0.0
    high: float = 1.0
    values: tuple[float, ...] = ()
    one_hot: bool = False
    multi_hot: bool = False
    mean: float = 0.0
    std: float = 1.0
    column_std: tuple[float, ...] = ()
    nan: float = 0.0
    reconstruction: bool = False
    class_share: tuple[float, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.shape[0] if self.shape else 0

    @property
    def columns(self) -> int:
        """Size of the last axis; 1 for a flat array."""
        return self.shape[-1] if len(self.shape) > 1 else 1

    @property
    def rows_sum_to_one(self) -> bool:
        """Whether it may hold distributions: non-negative columns whose mean row sum is 1."""
        return self.columns > 1 and self.low >= 0 and abs(self.mean * self.columns - 1) < 1e-2

    @property
    def ends(self) -> dict[str, Any]:
        """Its smallest and largest value, by name."""
        return {"low": self.low, "high": self.high}


@dataclass(frozen=True)
class Input:
    """Statistics of one input array, as given and as the first layer with weights sees it.

    Args:
        name: Name of the model's input.
        shape: Shape of the array.
        dtype: numpy's name of its type.
        numeric: Whether it holds numbers.
        nan: Share of values that are NaN or infinite.
        first: Kind of the first layer with weights or statistics.
        seen: Largest absolute value (99.9th percentile) at that layer.
        mean: Mean per feature at that layer (image channels and time steps pooled).
        std: Standard deviation per feature at that layer.
        constant: Number of features that never change.
        whole: Whether every value is a whole number.
        low: Smallest value as given.
        high: Largest value as given.
        normalised: Whether a layer with statistics of its own (BatchNormalization, …) comes first.
        unadapted: Whether a Normalization layer stands there without statistics.
    """

    name: str = "x"
    shape: tuple[int, ...] = (1, 1)
    dtype: str = "float32"
    numeric: bool = True
    nan: float = 0.0
    first: str = "Dense"
    seen: float = 1.0
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    std: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    constant: int = 0
    whole: bool = False
    low: float = 0.0
    high: float = 1.0
    normalised: bool = False
    unadapted: bool = False


@dataclass(frozen=True)
class Output:
    """One output of the model with what it is trained on."""

    name: str = "output"
    head: Head = field(default_factory=Head)
    loss: Loss | None = None
    metrics: tuple[str, ...] = ()
    target: Target = field(default_factory=Target)
    validation: Target | None = None
    task: str | None = None
    classes: int = 0

    @property
    def place(self) -> Place:
        """Where a finding about the last layer points."""
        return Place("layer", self.head.layer)

    @property
    def family(self) -> str:
        """The family of its loss; `none` where it has none."""
        return self.loss.family if self.loss is not None else "none"

    @property
    def loss_name(self) -> str:
        """The name of its loss; "" where it has none."""
        return self.loss.name if self.loss is not None else ""

    @property
    def from_logits(self) -> bool:
        """Whether its loss takes logits."""
        return self.loss is not None and self.loss.from_logits

    @property
    def is_column(self) -> bool:
        """Whether the target has one value a row (or one a position, as in labelled sequences and maps)."""
        shape = self.target.shape
        return len(shape) <= 1 or shape[-1] == 1 or len(self.head.shape) == len(shape) + 1


@dataclass(frozen=True)
class Optimizer:
    """The optimizer by class name in lower case, its rate at the start and its settings."""

    name: str = "adam"
    rate: float = 1e-3
    final_rate: float = 1e-3
    scheduled: bool = False
    momentum: float = 0.0
    clipped: bool = False

    @property
    def adaptive(self) -> bool:
        """Whether each weight has a step of its own."""
        return self.name in ADAPTIVE

    @property
    def usual(self) -> float:
        """The rate that is usual for it."""
        return 1e-3 if self.adaptive else 1e-2


@dataclass(frozen=True)
class Fit:
    """The arguments of `fit` that matter, with Keras's defaults filled in.

    Args:
        rows: Rows that are trained on, validation rows taken away.
        batch_size: Rows a step.
        batch_given: Whether the person chose it.
        epochs: Passes over the rows; None when nothing was said about fitting.
        validation: Number of validation rows; 0 without any.
        validation_split: The argument.
        shuffle: The argument.
        class_weight: Whether given.
        sample_weight: Whether given.
        callbacks: (class name, monitor, mode, patience) of each callback.
        steps_per_epoch: The argument.
    """

    rows: int = 1000
    batch_size: int = 32
    batch_given: bool = False
    epochs: int | None = None
    validation: int = 0
    validation_split: float = 0.0
    shuffle: bool = True
    class_weight: bool = False
    sample_weight: bool = False
    callbacks: tuple[tuple[str, str, str, int], ...] = ()
    steps_per_epoch: int | None = None

    @property
    def steps(self) -> int | None:
        """Optimizer steps of the whole training; None when the epochs are not known."""
        if self.epochs is None:
            return None
        each = self.steps_per_epoch or max(1, -(-self.rows // max(1, self.batch_size)))
        return self.epochs * each
