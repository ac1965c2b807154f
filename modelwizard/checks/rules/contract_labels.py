"""MW118 to MW129: are labels encoded as the loss reads them, and is there a unit for each?"""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.checks.case import Case, Hit, Place, rule
from modelwizard.checks.facts.values import Output
from modelwizard.checks.finding import Severity
from modelwizard.checks.rules.contract_head import AMOUNTS, CROSS_ENTROPIES, family, head_of

LABEL_DATA = Place("data", "y")


def is_column(output: Output) -> bool:
    """Whether the target holds one value where the output holds one vector."""
    shape = output.target.shape
    return len(shape) <= 1 or shape[-1] == 1 or len(output.head.shape) == len(shape) + 1


@rule("MW118")
def one_hot_for_sparse(case: Case) -> Iterator[Hit]:
    """Find one-hot labels under a sparse loss."""
    for o in case.outputs:
        same_rank = len(o.head.shape) == len(o.target.shape)
        if family(o) == "sparse" and o.target.one_hot and same_rank:
            evidence = f"labels of shape {o.target.shape} are one-hot"
            yield Hit(evidence, 'loss="categorical_crossentropy"', place=LABEL_DATA)


@rule("MW119")
def numbers_for_categorical(case: Case) -> Iterator[Hit]:
    """Find class numbers under a categorical loss."""
    for o in case.outputs:
        if family(o) == "categorical" and o.head.units > 1 and is_column(o) and o.target.whole:
            evidence = f"labels of shape {o.target.shape} are whole numbers {o.target.low:g} … {o.target.high:g}"
            yield Hit(evidence, 'loss="sparse_categorical_crossentropy"', place=LABEL_DATA)


@rule("MW120")
def numbers_out_of_range(case: Case) -> Iterator[Hit]:
    """Find class numbers that are no index of an output unit."""
    for o in case.outputs:
        if family(o) != "sparse" or not o.target.whole or not is_column(o) or o.head.units < 2:
            continue
        from_one = o.target.low >= 1 and o.target.high >= o.head.units
        if o.target.low < 0 or from_one:
            evidence = f"labels {o.target.low:g} … {o.target.high:g}, {o.head.units} units (0 … {o.head.units - 1})"
            yield Hit(evidence, f"y = y - {o.target.low:g}", place=LABEL_DATA)


@rule("MW121")
def not_zero_and_one(case: Case) -> Iterator[Hit]:
    """Find two labels that are not 0 and 1 under a binary loss or a sigmoid."""
    for o in case.outputs:
        sigmoid = o.head.activation in ("sigmoid", "hard_sigmoid") and family(o) in ("amount", "binary")
        if o.task != "binary" or not (family(o) == "binary" or sigmoid):
            continue
        if o.target.low < -1e-6 or o.target.high > 1 + 1e-6:
            values = ", ".join(f"{v:g}" for v in o.target.values)
            fix = f"y = (y == {o.target.high:g}).astype('float32')"
            yield Hit(f"labels are {values}", fix, place=LABEL_DATA)


def _one_unit_for_classes(o: Output) -> bool:
    return o.task == "multiclass" and o.head.units == 1 and not o.target.one_hot and is_column(o)


def _certainty(o: Output) -> Severity:
    return "error" if family(o) in CROSS_ENTROPIES or "softmax" in o.head.chain else "warning"


@rule("MW122")
def one_unit_for_classes(case: Case) -> Iterator[Hit]:
    """Find one output unit where there are three classes or more."""
    for o in case.outputs:
        if _one_unit_for_classes(o):
            count = max(len(o.target.values), 3)
            fix = f'keras.layers.Dense({count}, activation="softmax"), loss="sparse_categorical_crossentropy"'
            yield Hit(f"{count} classes, 1 output unit", fix, _certainty(o), head_of(o))


@rule("MW123")
def numbers_as_amounts(case: Case) -> Iterator[Hit]:
    """Find class numbers that a single unit has to hit."""
    for o in case.outputs:
        if _one_unit_for_classes(o):
            evidence = f"class numbers {o.target.low:g} … {o.target.high:g} for one {o.head.activation} unit"
            yield Hit(evidence, severity=_certainty(o), place=LABEL_DATA)


@rule("MW124")
def constant_labels(case: Case) -> Iterator[Hit]:
    """Find a target with a single value."""
    for o in case.outputs:
        if o.task == "constant" and o.target.rows > 1:
            yield Hit(f"all {o.target.rows} targets are {o.target.low:g}", place=LABEL_DATA)


@rule("MW125")
def words(case: Case) -> Iterator[Hit]:
    """Find labels that are no numbers."""
    for o in case.outputs:
        if o.task == "words" and o.target.rows:
            yield Hit(f"the target's type is {o.target.dtype}", place=LABEL_DATA)


@rule("MW126")
def fractions(case: Case) -> Iterator[Hit]:
    """Find class numbers with fractions."""
    for o in case.outputs:
        if family(o) == "sparse" and o.target.numeric and not o.target.whole and o.target.rows:
            yield Hit(f"labels are {o.target.low:.4g} … {o.target.high:.4g}, not whole", place=LABEL_DATA)


@rule("MW127")
def units_for_classes(case: Case) -> Iterator[Hit]:
    """Compare output units with classes."""
    for o in case.outputs:
        if o.head.units < 2 or not o.target.whole or o.task == "constant":
            continue
        if o.target.one_hot and family(o) not in ("sparse", "none", "other"):
            wrong = len(o.head.shape) == len(o.target.shape) and o.head.units != o.target.columns
            if wrong:
                yield _units(o, o.target.columns, "error")
        elif family(o) == "sparse" and is_column(o):
            needed = int(o.target.high) + 1
            if needed > o.head.units and o.target.low < 1:
                yield _units(o, needed, "error")
            elif needed > o.head.units and o.target.high > o.head.units:
                yield _units(o, needed, "warning")
            elif o.head.units > needed and _enough_rows(o):
                yield _units(o, needed, "warning" if o.head.units > needed + 1 else "tip")


def _enough_rows(o: Output) -> bool:
    return o.head.units <= 1000 and o.target.rows >= 10 * o.head.units


def _units(o: Output, needed: int, severity: Severity) -> Hit:
    fix = f'keras.layers.Dense({needed}, activation="{o.head.activation}")'
    return Hit(f"{o.head.units} units, {needed} classes", fix, severity, head_of(o))


@rule("MW128")
def units_for_columns(case: Case) -> Iterator[Hit]:
    """Compare output units with target columns."""
    for o in case.outputs:
        if family(o) in ("sparse", "none", "other") or o.target.one_hot or not o.target.numeric:
            continue
        if len(o.head.shape) < 2 or o.task not in AMOUNTS | {"binary", "multilabel", "multiclass"}:
            continue
        rank, expected = len(o.target.shape), len(o.head.shape)
        columns = o.target.columns if rank == expected else 1
        comparable = rank == expected or (rank == expected - 1 and expected == 2)
        if family(o) == "categorical" and columns == 1:
            continue  # MW119
        if comparable and o.head.units != columns:
            kind = "label" if o.task == "binary" else "target column"
            fix = f"keras.layers.Dense({columns})"
            if o.task in ("binary", "multilabel"):
                fix = f'keras.layers.Dense({columns}, activation="sigmoid")'
            yield Hit(f"{o.head.units} units, {columns} {kind}{'s' if columns > 1 else ''}", fix, place=head_of(o))


@rule("MW129")
def other_shape(case: Case) -> Iterator[Hit]:
    """Compare the axes of output and target."""
    for o in case.outputs:
        if family(o) in ("none", "other") or not o.target.shape or len(o.head.shape) < 2:
            continue
        given, wanted = o.target.shape[1:], o.head.shape[1:]
        if _fits(given, wanted, family(o) == "sparse"):
            continue
        if len(given) == len(wanted) == 1 or (not given and len(wanted) == 1):
            continue  # MW127 and MW128 name the units
        fix = "keras.layers.Flatten() before the last Dense" if len(wanted) > len(given) else ""
        yield Hit(f"output {o.head.shape}, target {o.target.shape}", fix, place=head_of(o))


def _fits(given: tuple[int, ...], wanted: tuple[int | None, ...], sparse: bool) -> bool:
    """Whether Keras compares element with element: same axes, an axis of size 1 at the end left aside."""
    options = [wanted[:-1], (*wanted[:-1], 1)] if sparse else [wanted]
    if not sparse and wanted[-1] == 1:
        options.append(wanted[:-1])
    if not sparse and given and given[-1] == 1:
        given_short = given[:-1]
        options += [wanted] if len(given_short) == len(wanted) and _same(given_short, wanted) else []
    return any(_same(given, option) for option in options)


def _same(given: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(given) == len(wanted) and all(w is None or g == w for g, w in zip(given, wanted, strict=True))
