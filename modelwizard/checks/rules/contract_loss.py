"""MW108, MW112 to MW117, MW130 to MW135: does the loss, and do the metrics, fit the target?"""

from __future__ import annotations

from modelwizard.checks.case import Case, Hit, hit, output_rule, rule
from modelwizard.checks.facts.values import AMOUNTS, CROSS_ENTROPIES, LABELS, PROBABILITIES, Output, Place
from modelwizard.checks.task import CLASS_METRICS
from modelwizard.problems import PROBLEMS

LOSS = Place("compile", "loss")
METRICS = Place("compile", "metrics")
ACCURACY = 'metrics=["accuracy"]'


def right_loss(output: Output) -> str:
    """Return the loss that the table of problem types gives for the labels as they are."""
    if output.task == "multiclass":
        losses = PROBLEMS["multiclass"].losses
        return f'loss="{losses[0] if output.target.one_hot else losses[1]}"'
    return f'loss="{PROBLEMS[output.task if output.task in PROBLEMS else "regression"].loss}"'


@output_rule("MW108")
def logits_that_are_none(o: Output) -> Hit | None:
    """Find from_logits=True behind a sigmoid or softmax."""
    wrong = o.from_logits and o.head.activation in PROBABILITIES
    return hit(LOSS, activation=o.head.activation) if wrong else None


@output_rule("MW112")
def amount_loss_for_labels(o: Output) -> Hit | None:
    """Find a squared or absolute error on labels."""
    if o.task not in LABELS or o.family != "amount":
        return None
    severity = "tip" if o.target.low == -1 else "warning"
    return hit(LOSS, fix=right_loss(o), severity=severity, loss=o.loss_name, classes=max(o.classes, 2))


@output_rule("MW113")
def cross_entropy_for_amounts(o: Output) -> Hit | None:
    """Find a cross-entropy on amounts that are not probabilities."""
    if o.family not in CROSS_ENTROPIES or o.task not in AMOUNTS | {"reconstruction"}:
        return None
    inside = o.target.low >= 0 and o.target.high <= 1 + 1e-3
    if inside and (o.family == "binary" or o.target.rows_sum_to_one):
        return None
    severity = "warning" if o.task == "reconstruction" and inside else "error"
    return hit(LOSS, fix='loss="mse"', severity=severity, loss=o.loss_name, **o.target.ends)


@output_rule("MW114")
def binary_loss_for_classes(o: Output) -> Hit | None:
    """Find a binary cross-entropy on classes that exclude each other."""
    softmax = o.head.activation == "softmax"
    if o.family == "binary" and o.task == "binary" and softmax and o.head.units > 1:
        return hit(LOSS, fix='loss="sparse_categorical_crossentropy"', loss=o.loss_name, units=o.head.units)
    if o.task != "multiclass" or o.family != "binary":
        return None
    severity = "tip" if max(o.classes, o.head.units) <= 2 else "error" if softmax else "warning"
    return hit(LOSS, fix=right_loss(o), severity=severity, loss=o.loss_name, classes=o.classes)


@output_rule("MW115")
def categorical_loss_of_one(o: Output) -> Hit | None:
    """Find a categorical loss on a single unit."""
    if o.family not in ("categorical", "sparse") or o.head.units != 1:
        return None
    fix = right_loss(o) if o.task not in ("constant", "words", None) else 'loss="binary_crossentropy"'
    return hit(LOSS, fix=fix, loss=o.loss_name)


@output_rule("MW116")
def categorical_loss_for_labels(o: Output) -> Hit | None:
    """Find a categorical loss on labels that do not exclude each other."""
    if o.task != "multilabel" or o.family != "categorical":
        return None
    return hit(LOSS, fix='loss="binary_crossentropy"', ones=o.target.mean * o.target.columns)


@output_rule("MW117")
def undefined_loss(o: Output) -> Hit | None:
    """Find percentage, logarithmic and Poisson errors outside their domain."""
    relative = o.loss_name == "mean_absolute_percentage_error" and o.target.low <= 0 <= o.target.high
    logarithmic = o.loss_name in ("mean_squared_logarithmic_error", "poisson") and o.target.low < -1e-6
    if o.task not in AMOUNTS or not (relative or logarithmic):
        return None
    return hit(LOSS, fix='loss="mse"', loss=o.loss_name, **o.target.ends)


@output_rule("MW130")
def accuracy_of_amounts(o: Output) -> Hit | None:
    """Find accuracy metrics on amounts."""
    bad = sorted(CLASS_METRICS.intersection(o.metrics))
    if not bad or o.task not in AMOUNTS | {"reconstruction"}:
        return None
    severity = "tip" if o.task == "reconstruction" else "warning"
    return hit(METRICS, fix='metrics=["mae"]', severity=severity, name=bad[0], **o.target.ends)


@output_rule("MW131")
def equality(o: Output) -> Hit | None:
    """Find the class Accuracy where the word was meant."""
    return hit(METRICS) if "Accuracy" in o.metrics and o.task in LABELS else None


@output_rule("MW132")
def metric_of_another_task(o: Output) -> Hit | None:
    """Find metrics that count something else than the task."""
    names = {m.lower().replace("_", "") for m in o.metrics}
    classes = o.task == "multiclass" and o.head.units > 1
    one_hot = o.target.one_hot
    if classes and o.classes > 2 and "binaryaccuracy" in names:
        return hit(METRICS, fix=ACCURACY, classes=o.classes)
    if o.head.units == 1 and o.task == "binary" and names & {"categoricalaccuracy", "sparsecategoricalaccuracy"}:
        return hit(METRICS, fix=ACCURACY, units=1)
    if one_hot and "sparsecategoricalaccuracy" in names:
        return hit(METRICS, fix=ACCURACY, sparse="sparse", labels="one-hot")
    if classes and not one_hot and "categoricalaccuracy" in names:
        return hit(METRICS, fix=ACCURACY, sparse="categorical", labels="integer")
    if o.from_logits and o.family == "binary" and "binaryaccuracy" in names:
        fix = "metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]"
        return hit(METRICS, fix=fix, severity="tip", threshold=0.5)
    return None


@rule("MW135")
def class_weight_without_classes(case: Case) -> Hit | None:
    """Find class_weight for labels in columns or amounts."""
    tasks = [o.task for o in case.outputs if o.task in ("multilabel", "amount", "bounded")]
    return hit(Place("fit", "class_weight"), task=tasks[0]) if case.fit.class_weight and tasks else None
