"""MW108, MW112 to MW117, MW130 to MW135: does the loss, and do the metrics, fit the target?"""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.checks.case import Case, Hit, Place, rule
from modelwizard.checks.facts.values import PROBABILITIES, Output
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.contract_head import AMOUNTS, CROSS_ENTROPIES, LABELS, family, rows_sum_to_one
from modelwizard.checks.task import CLASS_METRICS
from modelwizard.problems import PROBLEMS

LOSS = Place("compile", "loss")
METRICS = Place("compile", "metrics")


def right_loss(output: Output) -> str:
    """Return the loss that the table of problem types gives for the labels as they are."""
    if output.task == "multiclass":
        losses = PROBLEMS["multiclass"].losses
        return f'loss="{losses[0] if output.target.one_hot else losses[1]}"'
    return f'loss="{PROBLEMS[output.task if output.task in PROBLEMS else "regression"].loss}"'


@rule("MW108")
def logits_that_are_none(case: Case) -> Iterator[Hit]:
    """Find from_logits=True behind a sigmoid or softmax."""
    for o in case.outputs:
        if o.loss is not None and o.loss.from_logits and o.head.activation in PROBABILITIES:
            yield Hit(f"last activation {o.head.activation}, from_logits=True", place=LOSS)


@rule("MW112")
def amount_loss_for_labels(case: Case) -> Iterator[Hit]:
    """Find a squared or absolute error on labels."""
    for o in case.outputs:
        if o.task in LABELS and family(o) == "amount" and o.loss is not None:
            severity: Severity = "tip" if o.target.low == -1 else "warning"
            evidence = f"{o.loss.name} on labels of {max(o.classes, 2)} classes"
            yield Hit(evidence, right_loss(o), severity, LOSS)


@rule("MW113")
def cross_entropy_for_amounts(case: Case) -> Iterator[Hit]:
    """Find a cross-entropy on amounts that are no probabilities."""
    for o in case.outputs:
        if o.loss is None or family(o) not in CROSS_ENTROPIES or o.task not in AMOUNTS | {"reconstruction"}:
            continue
        inside = o.target.low >= 0 and o.target.high <= 1 + 1e-3
        if inside and (family(o) == "binary" or rows_sum_to_one(o.target)):
            continue
        severity: Severity = "warning" if o.task == "reconstruction" and inside else "error"
        evidence = f"{o.loss.name}; targets are {o.target.low:.4g} … {o.target.high:.4g}"
        yield Hit(evidence, 'loss="mse"', severity, LOSS)


@rule("MW114")
def binary_loss_for_classes(case: Case) -> Iterator[Hit]:
    """Find a binary cross-entropy on classes that exclude each other."""
    for o in case.outputs:
        if family(o) == "binary" and o.task == "binary" and o.head.activation == "softmax" and o.head.units > 1:
            fix = 'loss="sparse_categorical_crossentropy"'
            yield Hit(f"{o.head.units} softmax units for one column of labels", fix, place=LOSS)
        if o.task != "multiclass" or family(o) != "binary" or o.loss is None:
            continue
        several = max(o.classes, o.head.units) > 2
        severity: Severity = ("error" if o.head.activation == "softmax" else "warning") if several else "tip"
        yield Hit(f"{o.loss.name} with {o.classes} classes", right_loss(o), severity, LOSS)


@rule("MW115")
def categorical_loss_of_one(case: Case) -> Iterator[Hit]:
    """Find a categorical loss on a single unit."""
    for o in case.outputs:
        if family(o) in ("categorical", "sparse") and o.head.units == 1 and o.loss is not None:
            fix = right_loss(o) if o.task not in ("constant", "words", None) else 'loss="binary_crossentropy"'
            yield Hit(f"{o.loss.name} with 1 output unit", fix, place=LOSS)


@rule("MW116")
def categorical_loss_for_labels(case: Case) -> Iterator[Hit]:
    """Find a categorical loss on labels that do not exclude each other."""
    for o in case.outputs:
        if o.task == "multilabel" and family(o) == "categorical" and o.loss is not None:
            ones = o.target.mean * o.target.columns
            yield Hit(f"{ones:.2f} labels are right in a row on average", 'loss="binary_crossentropy"', place=LOSS)


@rule("MW117")
def undefined_loss(case: Case) -> Iterator[Hit]:
    """Find percentage, logarithmic and Poisson errors outside their domain."""
    for o in case.outputs:
        name, t = (o.loss.name if o.loss else ""), o.target
        if o.task not in AMOUNTS:
            continue
        broken = (
            (name == "mean_absolute_percentage_error" and t.low <= 0 <= t.high)
            or (name == "mean_squared_logarithmic_error" and t.low < -1e-6)
            or (name == "poisson" and t.low < -1e-6)
        )
        if broken:
            yield Hit(f"{name}; targets are {t.low:.4g} … {t.high:.4g}", 'loss="mse"', place=LOSS)


@rule("MW130")
def accuracy_of_amounts(case: Case) -> Iterator[Hit]:
    """Find accuracy metrics on amounts."""
    for o in case.outputs:
        bad = sorted(CLASS_METRICS.intersection(o.metrics))
        if bad and o.task in AMOUNTS | {"reconstruction"}:
            severity: Severity = "tip" if o.task == "reconstruction" else "warning"
            evidence = f"{bad[0]}; targets are {o.target.low:.4g} … {o.target.high:.4g}"
            yield Hit(evidence, 'metrics=["mae"]', severity, METRICS)


@rule("MW131")
def equality(case: Case) -> Iterator[Hit]:
    """Find the class Accuracy where the word was meant."""
    for o in case.outputs:
        if "Accuracy" in o.metrics and o.task in LABELS:
            yield Hit("keras.metrics.Accuracy() counts exact equality", place=METRICS)


@rule("MW132")
def metric_of_another_task(case: Case) -> Iterator[Hit]:
    """Find metrics that count something else than the task."""
    for o in case.outputs:
        names = {m.lower().replace("_", "") for m in o.metrics}
        found = ""
        if o.task == "multiclass" and o.classes > 2 and o.head.units > 1 and "binaryaccuracy" in names:
            found = f"binary accuracy over {o.classes} classes"
        elif o.head.units == 1 and o.task == "binary" and names & {"categoricalaccuracy", "sparsecategoricalaccuracy"}:
            found = "categorical accuracy over one unit"
        elif o.target.one_hot and "sparsecategoricalaccuracy" in names:
            found = "sparse accuracy on one-hot labels"
        elif o.task == "multiclass" and not o.target.one_hot and o.head.units > 1 and "categoricalaccuracy" in names:
            found = "categorical accuracy on class numbers"
        if found:
            yield Hit(found, 'metrics=["accuracy"]', place=METRICS)
        elif o.loss is not None and o.loss.from_logits and family(o) == "binary" and "binaryaccuracy" in names:
            fix = "metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]"
            yield Hit("binary accuracy of logits at the threshold 0.5", fix, "tip", METRICS)


@rule("MW135")
def class_weight_without_classes(case: Case) -> Iterator[Hit]:
    """Find class_weight for labels in columns or amounts."""
    for o in case.outputs:
        if case.fit.class_weight and o.task in ("multilabel", "amount", "bounded"):
            yield Hit(f"class_weight with a {o.task} target", place=Place("fit", "class_weight"))
