"""MW118 to MW129: are labels encoded as the loss reads them, and is there a unit for each?"""

from __future__ import annotations

from modelwizard.checks.case import Hit, hit, output_rule
from modelwizard.checks.facts.values import AMOUNTS, CROSS_ENTROPIES, Output, Y
from modelwizard.checks.finding import Severity


@output_rule("MW118")
def one_hot_for_sparse(o: Output) -> Hit | None:
    """Find one-hot labels under a sparse loss."""
    if o.family != "sparse" or not o.target.one_hot or len(o.head.shape) != len(o.target.shape):
        return None
    return hit(Y, fix='loss="categorical_crossentropy"', shape=o.target.shape)


@output_rule("MW119")
def numbers_for_categorical(o: Output) -> Hit | None:
    """Find class numbers under a categorical loss."""
    if o.family != "categorical" or o.head.units < 2 or not o.is_column or not o.target.whole:
        return None
    return hit(Y, fix='loss="sparse_categorical_crossentropy"', shape=o.target.shape, **o.target.ends)


@output_rule("MW120")
def numbers_out_of_range(o: Output) -> Hit | None:
    """Find class numbers that are not the index of an output unit."""
    if o.family != "sparse" or not o.target.whole or not o.is_column or o.head.units < 2:
        return None
    if o.target.low >= 0 and not (o.target.low >= 1 and o.target.high >= o.head.units):
        return None
    return hit(Y, fix=f"y = y - {o.target.low:g}", units=o.head.units, last=o.head.units - 1, **o.target.ends)


@output_rule("MW121")
def not_zero_and_one(o: Output) -> Hit | None:
    """Find two labels that are not 0 and 1 under a binary loss or a sigmoid."""
    sigmoid = o.head.activation in ("sigmoid", "hard_sigmoid") and o.family in ("amount", "binary")
    if o.task != "binary" or not (o.family == "binary" or sigmoid):
        return None
    if o.target.low >= -1e-6 and o.target.high <= 1 + 1e-6:
        return None
    fix = f"y = (y == {o.target.high:g}).astype('float32')"
    return hit(Y, fix=fix, labels=[f"{v:g}" for v in o.target.values])


def _one_unit_for_classes(o: Output) -> bool:
    return o.task == "multiclass" and o.head.units == 1 and not o.target.one_hot and o.is_column


def _certainty(o: Output) -> Severity:
    return "error" if o.family in CROSS_ENTROPIES or "softmax" in o.head.chain else "warning"


@output_rule("MW122")
def one_unit_for_classes(o: Output) -> Hit | None:
    """Find one output unit where there are three classes or more."""
    if not _one_unit_for_classes(o):
        return None
    classes = max(len(o.target.values), 3)
    fix = f'keras.layers.Dense({classes}, activation="softmax"), loss="sparse_categorical_crossentropy"'
    return hit(o.place, fix=fix, severity=_certainty(o), classes=classes)


@output_rule("MW123")
def numbers_as_amounts(o: Output) -> Hit | None:
    """Find class numbers that a single unit has to hit."""
    if not _one_unit_for_classes(o):
        return None
    return hit(Y, severity=_certainty(o), activation=o.head.activation, **o.target.ends)


@output_rule("MW124")
def constant_labels(o: Output) -> Hit | None:
    """Find a target with a single value."""
    constant = o.task == "constant" and o.target.rows > 1
    return hit(Y, rows=o.target.rows, value=o.target.low) if constant else None


@output_rule("MW125")
def words(o: Output) -> Hit | None:
    """Find labels that are not numbers."""
    return hit(Y, dtype=o.target.dtype) if o.task == "words" and o.target.rows else None


@output_rule("MW126")
def fractions(o: Output) -> Hit | None:
    """Find class numbers with fractions."""
    wrong = o.family == "sparse" and o.target.numeric and not o.target.whole and o.target.rows
    return hit(Y, **o.target.ends) if wrong else None


@output_rule("MW127")
def units_for_classes(o: Output) -> Hit | None:
    """Compare output units with classes."""
    units, target = o.head.units, o.target
    if units < 2 or not target.whole or o.task == "constant":
        return None
    needed, severity = int(target.high) + 1, None
    if target.one_hot and o.family not in ("sparse", "none", "other"):
        needed = target.columns
        severity = "error" if len(o.head.shape) == len(target.shape) and units != needed else None
    elif o.family == "sparse" and o.is_column:
        if needed > units:
            severity = "error" if target.low < 1 else "warning" if target.high > units else None
        elif units > needed and units <= 1000 and target.rows >= 10 * units:
            severity = "warning" if units > needed + 1 else "tip"
    if severity is None:
        return None
    fix = f'keras.layers.Dense({needed}, activation="{o.head.activation}")'
    return hit(o.place, fix=fix, severity=severity, units=units, classes=needed)


@output_rule("MW128")
def units_for_columns(o: Output) -> Hit | None:
    """Compare output units with target columns."""
    if o.family in ("sparse", "none", "other") or o.target.one_hot or not o.target.numeric:
        return None
    if len(o.head.shape) < 2 or o.task not in AMOUNTS | {"binary", "multilabel", "multiclass"}:
        return None
    rank, expected = len(o.target.shape), len(o.head.shape)
    columns = o.target.columns if rank == expected else 1
    comparable = rank == expected or (rank == expected - 1 and expected == 2)
    if not comparable or o.head.units == columns or (o.family == "categorical" and columns == 1):
        return None  # of a categorical loss, MW119 says it better
    fix = f"keras.layers.Dense({columns})"
    if o.task in ("binary", "multilabel"):
        fix = f'keras.layers.Dense({columns}, activation="sigmoid")'
    return hit(o.place, fix=fix, units=o.head.units, columns=columns)


@output_rule("MW129")
def other_shape(o: Output) -> Hit | None:
    """Compare the axes of output and target."""
    if o.family in ("none", "other") or not o.target.shape or len(o.head.shape) < 2:
        return None
    given, wanted = o.target.shape[1:], o.head.shape[1:]
    if _fits(given, wanted, o.family == "sparse"):
        return None
    if len(wanted) == 1 and len(given) <= 1:
        return None  # MW127 and MW128 name the units
    fix = "keras.layers.Flatten() before the last Dense" if len(wanted) > len(given) else ""
    return hit(o.place, fix=fix, output=o.head.shape, target=o.target.shape)


def _fits(given: tuple[int, ...], wanted: tuple[int | None, ...], sparse: bool) -> bool:
    """Whether Keras compares element with element: same axes, an axis of size 1 at the end left aside."""
    options = [wanted[:-1], (*wanted[:-1], 1)] if sparse else [wanted]
    if not sparse and wanted[-1] == 1:
        options.append(wanted[:-1])
    if not sparse and given and given[-1] == 1:
        options.append((*wanted, 1))
    return any(
        len(given) == len(option) and all(w is None or g == w for g, w in zip(given, option, strict=True))
        for option in options
    )
