"""Which problem a target and a head belong to, inferred with care: no answer is better than a wrong one."""

from __future__ import annotations

from modelwizard.checks.facts.values import Head, Loss, Output, Target
from modelwizard.problems import PROBLEMS

CLASS_METRICS = frozenset(
    {"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "BinaryAccuracy"}
    | {"BinaryAccuracyOfLogits"}
    | {"CategoricalAccuracy", "SparseCategoricalAccuracy", "Accuracy", "AUC", "Precision", "Recall", "F1Score"}
    | {"FBetaScore", "TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"}
)
"""Metrics that only somebody who classifies asks for."""


def infer(head: Head, loss: Loss | None, metrics: tuple[str, ...], target: Target) -> tuple[str | None, int]:
    """Return the task and the number of classes (or of target columns).

    Args:
        head: The end of the output.
        loss: Its loss.
        metrics: Its metrics.
        target: Statistics of what it is trained on.

    Returns:
        `binary`, `multiclass`, `multilabel`, `amount`, `bounded`, `reconstruction`, `constant`, `words` (labels
        that are not numbers), or None when it cannot be told; and the number of classes, 0 where there are none.
    """
    if not target.numeric:
        return "words", 0
    tagged = loss is not None and loss.family == "sparse" and _is_column(head, target)
    if target.reconstruction and not tagged:  # tags may well follow the numbers of the words
        return "reconstruction", 0
    if target.rows > 1 and target.high == target.low:
        return "constant", 1
    if target.one_hot:
        return "multiclass", target.columns
    if target.multi_hot:
        return _columns_of_bits(head, loss, metrics, target)
    if _is_column(head, target) and len(target.values) == 2:
        return _two_values(loss, metrics, head, target)
    if (
        target.whole
        and 2 < len(target.values) <= 1000
        and _is_column(head, target)
        and _means_classes(head, loss, metrics, target)
    ):
        return "multiclass", int(target.high) + 1 if target.low == 0 else len(target.values)
    return _amount(head, loss, target), 0


def _is_column(head: Head, target: Target) -> bool:
    """Whether the target has one value a row (or one a position, as in labelled sequences and maps)."""
    if len(target.shape) <= 1 or target.shape[-1] == 1:
        return True
    return len(head.shape) == len(target.shape) + 1


def _columns_of_bits(head: Head, loss: Loss | None, metrics: tuple[str, ...], target: Target) -> tuple[str | None, int]:
    if len(head.shape) == len(target.shape) + 1 and loss is not None and loss.family == "sparse":
        return "multiclass", 2
    if len(target.shape) > 2:  # pictures and sequences of bits: labels only for a probability loss
        return ("multilabel", target.columns) if loss is not None and loss.family == "binary" else (None, 0)
    return "multilabel", target.columns


def _two_values(loss: Loss | None, metrics: tuple[str, ...], head: Head, target: Target) -> tuple[str | None, int]:
    if set(target.values) == {0.0, 1.0}:
        return "binary", 2
    if not target.whole and not _asks_for_classes(head, loss, metrics):
        return "amount", 0
    if _asks_for_classes(head, loss, metrics) or set(target.values) == {-1.0, 1.0}:
        return "binary", 2
    return "amount", 0


def _asks_for_classes(head: Head, loss: Loss | None, metrics: tuple[str, ...]) -> bool:
    family = loss.family if loss is not None else "other"
    if family in ("sparse", "categorical", "binary", "margin"):
        return True
    return "softmax" in head.chain or bool(CLASS_METRICS.intersection(metrics))


def _means_classes(head: Head, loss: Loss | None, metrics: tuple[str, ...], target: Target) -> bool:
    """Whether whole numbers are names of classes rather than amounts."""
    if not _asks_for_classes(head, loss, metrics):
        return False
    family = loss.family if loss is not None else "other"
    if family == "sparse" or "softmax" in head.chain:
        return True
    several = len(target.values) * 2 <= target.rows and len(target.values) <= 200
    if family in ("categorical", "binary"):
        return several
    return several and len(target.values) <= 30 and target.high < 60 and target.low >= 0


def _amount(head: Head, loss: Loss | None, target: Target) -> str | None:
    if target.low >= 0 and target.high <= 1 and not target.whole:
        return "bounded"
    return "amount"


def with_task(output: Output, problem: str | None) -> Output:
    """Return the output with its task filled in.

    Args:
        output: An output without a task.
        problem: A problem type of the table, when the person has said which. Defaults to inferring it.
    """
    from dataclasses import replace

    task, classes = infer(output.head, output.loss, output.metrics, output.target)
    if problem in PROBLEMS and task not in ("words", "constant"):
        task = PROBLEMS[problem].task
        if task == "multiclass" and not classes:
            classes = int(output.target.high) + 1
        classes = classes if task in ("binary", "multiclass", "multilabel") else 0
    return replace(output, task=task, classes=classes)
