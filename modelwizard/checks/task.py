"""Which problem a target and a head belong to, inferred with care: no answer is better than a wrong one."""

from __future__ import annotations

from dataclasses import replace

from modelwizard.checks.facts.values import Output
from modelwizard.problems import PROBLEMS

CLASS_METRICS = frozenset(
    {"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "BinaryAccuracy"}
    | {"BinaryAccuracyOfLogits"}
    | {"CategoricalAccuracy", "SparseCategoricalAccuracy", "Accuracy", "AUC", "Precision", "Recall", "F1Score"}
    | {"FBetaScore", "TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"}
)
"""Metrics that only somebody who classifies asks for."""


def infer(o: Output) -> tuple[str | None, int]:
    """Return the task of an output and the number of classes (or of target columns).

    Args:
        o: An output with its head, loss, metrics and target.

    Returns:
        `binary`, `multiclass`, `multilabel`, `amount`, `bounded`, `reconstruction`, `constant`, `words` (labels
        that are not numbers), or None when it cannot be told; and the number of classes, 0 where there are none.
    """
    target = o.target
    if not target.numeric:
        return "words", 0
    if target.reconstruction and not (o.family == "sparse" and o.is_column):
        return "reconstruction", 0  # but tags may well follow the numbers of the words
    if target.rows > 1 and target.high == target.low:
        return "constant", 1
    if target.one_hot:
        return "multiclass", target.columns
    if target.multi_hot:
        return _columns_of_bits(o)
    if o.is_column and len(target.values) == 2:
        if set(target.values) == {0.0, 1.0} or _asks_for_classes(o):
            return "binary", 2
        return ("binary", 2) if set(target.values) == {-1.0, 1.0} else ("amount", 0)
    if target.whole and 2 < len(target.values) <= 1000 and o.is_column and _means_classes(o):
        return "multiclass", int(target.high) + 1 if target.low == 0 else len(target.values)
    return "bounded" if target.low >= 0 and target.high <= 1 and not target.whole else "amount", 0


def _columns_of_bits(o: Output) -> tuple[str | None, int]:
    if len(o.head.shape) == len(o.target.shape) + 1 and o.family == "sparse":
        return "multiclass", 2
    if len(o.target.shape) > 2 and o.family != "binary":
        return None, 0  # pictures and sequences of bits are labels only for a probability loss
    return "multilabel", o.target.columns


def _asks_for_classes(o: Output) -> bool:
    if o.family in ("sparse", "categorical", "binary", "margin"):
        return True
    return "softmax" in o.head.chain or bool(CLASS_METRICS.intersection(o.metrics))


def _means_classes(o: Output) -> bool:
    """Whether whole numbers are names of classes rather than amounts."""
    if not _asks_for_classes(o):
        return False
    if o.family == "sparse" or "softmax" in o.head.chain:
        return True
    several = len(o.target.values) * 2 <= o.target.rows and len(o.target.values) <= 200
    if o.family in ("categorical", "binary"):
        return several
    return several and len(o.target.values) <= 30 and o.target.high < 60 and o.target.low >= 0


def with_task(output: Output, problem: str | None) -> Output:
    """Return the output with its task filled in.

    Args:
        output: An output without a task.
        problem: A problem type of the table, when the person has said which. Defaults to inferring it.
    """
    task, classes = infer(output)
    if problem in PROBLEMS and task not in ("words", "constant"):
        task = PROBLEMS[problem].task
        if task == "multiclass" and not classes:
            classes = int(output.target.high) + 1
        classes = classes if task in ("binary", "multiclass", "multilabel") else 0
    return replace(output, task=task, classes=classes)
