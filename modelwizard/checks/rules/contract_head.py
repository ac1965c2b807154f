"""MW101 to MW111, MW133 to MW137: does the last activation fit the target and the loss?"""

from __future__ import annotations

from collections.abc import Iterator

from modelwizard.checks.case import Case, Hit, Place, rule
from modelwizard.checks.facts.values import PROBABILITIES, RANGES, Output, Target
from modelwizard.checks.finding import Severity

LABELS = frozenset({"binary", "multiclass", "multilabel"})
AMOUNTS = frozenset({"amount", "bounded"})
CROSS_ENTROPIES = frozenset({"binary", "categorical", "sparse"})
SQUASHING = frozenset({"sigmoid", "hard_sigmoid", "softmax", "tanh"})


def head_of(output: Output) -> Place:
    """Return the place of an output's last layer."""
    return Place("layer", output.head.layer)


def family(output: Output) -> str:
    """Return the family of an output's loss; `none` where it has none."""
    return output.loss.family if output.loss is not None else "none"


def rows_sum_to_one(target: Target) -> bool:
    """Whether a target may hold distributions: non-negative columns whose mean row sum is 1."""
    return target.columns > 1 and target.low >= 0 and abs(target.mean * target.columns - 1) < 1e-2


@rule("MW101")
def softmax_of_one(case: Case) -> Iterator[Hit]:
    """Find softmax over a single unit."""
    for o in case.outputs:
        if o.head.activation == "softmax" and o.head.units == 1:
            yield Hit(f"softmax over {o.head.units} unit", _single(o), place=head_of(o))


def _single(o: Output) -> str:
    """Return the last layer that fits where softmax of one unit stands."""
    if o.task == "multiclass":
        return f'keras.layers.Dense({o.classes}, activation="softmax")'
    if o.task not in ("amount", "reconstruction"):
        return 'keras.layers.Dense(1, activation="sigmoid")'
    if o.loss is not None and o.loss.name == "poisson":
        return 'keras.layers.Dense(1, activation="exponential")'
    return 'keras.layers.Dense(1, activation="softplus")' if o.target.low > 0 else "keras.layers.Dense(1)"


@rule("MW102")
def softmax_for_many_labels(case: Case) -> Iterator[Hit]:
    """Find softmax where several labels of a row can be right."""
    for o in case.outputs:
        if o.task == "multilabel" and o.head.activation == "softmax" and o.head.units > 1:
            ones = o.target.mean * o.target.columns
            severity: Severity = "error" if ones > 1 else "warning"
            fix = f'keras.layers.Dense({o.target.columns}, activation="sigmoid")'
            yield Hit(f"{ones:.2f} labels are right in a row on average", fix, severity, head_of(o))


@rule("MW103")
def sigmoid_for_exclusive_classes(case: Case) -> Iterator[Hit]:
    """Find one sigmoid per class where exactly one class is right."""
    for o in case.outputs:
        if o.task != "multiclass" or o.head.activation not in ("sigmoid", "hard_sigmoid") or o.head.units < 2:
            continue
        # two sigmoids with a binary loss are two halves of one answer; a categorical loss wants shares of one
        halves = max(o.classes, o.head.units) == 2 and family(o) == "binary"
        severity: Severity = "tip" if halves else "warning"
        evidence = f"exactly one of {o.classes} classes is right in every row; {o.head.units} sigmoid units"
        yield Hit(evidence, f'keras.layers.Dense({o.classes}, activation="softmax")', severity, head_of(o))


@rule("MW104")
def no_probabilities(case: Case) -> Iterator[Hit]:
    """Find a cross-entropy behind outputs that are no probabilities."""
    for o in case.outputs:
        if family(o) not in CROSS_ENTROPIES or o.loss is None or o.loss.from_logits:
            continue
        if o.head.activation in PROBABILITIES or o.head.activation in ("unknown", "log_softmax"):
            continue
        if o.task == "amount" or (family(o) != "binary" and o.head.units == 1):
            continue  # the loss is what is wrong there
        right = "sigmoid" if family(o) == "binary" else "softmax"
        fix = f'keras.layers.Dense({o.head.units}, activation="{right}"), or loss=…(from_logits=True)'
        yield Hit(f"last activation {o.head.activation}, loss {o.loss.name}, from_logits=False", fix, None, head_of(o))


@rule("MW105")
def unreachable(case: Case) -> Iterator[Hit]:
    """Find targets outside the range of the last activation."""
    for o in case.outputs:
        act, target = o.head.activation, o.target
        one_unit = o.task == "multiclass" and o.head.units == 1 and not target.one_hot
        if act not in RANGES or not (o.task in AMOUNTS or o.task == "reconstruction" or one_unit):
            continue
        if act == "softmax":
            continue  # MW101 and MW137 say it better
        low, high = RANGES[act]
        excess = max(low - target.low, target.high - high)
        if excess > 0.1 * target.std + 1e-6:
            evidence = f"{act} gives {low:g} … {high:g}; targets are {target.low:.4g} … {target.high:.4g}"
            fix = f'keras.layers.Dense({o.classes}, activation="softmax")' if one_unit else ""
            yield Hit(evidence, fix or f"keras.layers.Dense({o.head.units})", place=head_of(o))


@rule("MW106")
def relu_at_the_end(case: Case) -> Iterator[Hit]:
    """Find ReLU as the last activation for amounts of zero or more."""
    for o in case.outputs:
        if o.head.activation not in ("relu", "relu6", "elu", "selu", "leaky_relu") or o.task not in AMOUNTS:
            continue
        if o.target.low < 0 and o.head.activation in ("relu", "relu6"):
            continue  # MW105
        severity: Severity = "warning" if o.head.activation in ("relu", "relu6") else "tip"
        evidence = f"last activation {o.head.activation}; targets are {o.target.low:.4g} … {o.target.high:.4g}"
        yield Hit(evidence, f"keras.layers.Dense({o.head.units})", severity, head_of(o), soft=True)


@rule("MW107")
def labels_without_probability(case: Case) -> Iterator[Hit]:
    """Find labels that are fitted as amounts by an output without a squashing activation."""
    for o in case.outputs:
        if o.task not in LABELS or family(o) != "amount" or o.head.activation in PROBABILITIES | {"unknown"}:
            continue
        if o.task == "multiclass" and o.head.units == 1:
            continue  # MW122
        signed = o.target.low == -1
        right = "softmax" if o.task == "multiclass" else "sigmoid"
        fix = f'keras.layers.Dense({o.head.units}, activation="{right}")'
        severity: Severity = "tip" if signed else "warning"
        yield Hit(f"labels {_names(o)}, last activation {o.head.activation}", fix, severity, head_of(o))


def _names(output: Output) -> str:
    if output.target.values and not output.target.multi_hot:
        return ", ".join(f"{v:g}" for v in output.target.values[:5])
    return f"in {output.target.columns} columns of 0 and 1"


@rule("MW109")
def two_activations(case: Case) -> Iterator[Hit]:
    """Find activations on top of each other at the end."""
    for o in case.outputs:
        chain = o.head.chain
        if len(chain) < 2 or chain[-1] not in SQUASHING:
            continue
        certain = chain[-2] in SQUASHING or chain[-1] in ("sigmoid", "hard_sigmoid")
        evidence = f"applied one after the other: {', then '.join(chain)}"
        yield Hit(evidence, f"keep {chain[-1]} only", "error" if certain else "warning", head_of(o))


@rule("MW110")
def dropout_at_the_end(case: Case) -> Iterator[Hit]:
    """Find dropout or noise behind the last weights."""
    for o in case.outputs:
        noise = [k for k in o.head.after if "Dropout" in k or "Noise" in k]
        if noise:
            yield Hit(f"{noise[0]} stands behind the last layer with weights", place=head_of(o))


@rule("MW111")
def normalised_output(case: Case) -> Iterator[Hit]:
    """Find a normalisation layer behind the output."""
    for o in case.outputs:
        layers = [k for k in o.head.after if "Normalization" in k]
        if layers and o.loss is not None and o.loss.family != "other":
            yield Hit(f"{layers[0]} stands behind the last activation", place=head_of(o))


@rule("MW133")
def bounded_target(case: Case) -> Iterator[Hit]:
    """Find an unbounded output for a target in [0, 1]."""
    for o in case.outputs:
        if o.task == "bounded" and o.head.activation == "linear" and family(o) == "amount":
            evidence = f"targets are {o.target.low:.3g} … {o.target.high:.3g}"
            yield Hit(evidence, f'keras.layers.Dense({o.head.units}, activation="sigmoid")', place=head_of(o))


@rule("MW134")
def half_precision(case: Case) -> Iterator[Hit]:
    """Find an output in half precision."""
    for o in case.outputs:
        if o.head.dtype in ("float16", "bfloat16"):
            yield Hit(f"the output is {o.head.dtype}", place=head_of(o))


@rule("MW136")
def margin_of_probabilities(case: Case) -> Iterator[Hit]:
    """Find a hinge loss behind a probability."""
    for o in case.outputs:
        if family(o) == "margin" and o.head.activation in PROBABILITIES:
            yield Hit(f"{o.loss.name if o.loss else ''} behind {o.head.activation}", place=head_of(o))


@rule("MW137")
def softmax_of_amounts(case: Case) -> Iterator[Hit]:
    """Find softmax for amounts that do not sum to 1."""
    for o in case.outputs:
        if o.head.activation != "softmax" or o.head.units < 2 or rows_sum_to_one(o.target):
            continue
        if o.task in AMOUNTS | {"reconstruction"} and family(o) not in ("sparse",):
            evidence = f"targets are {o.target.low:.4g} … {o.target.high:.4g} and rows do not sum to 1"
            yield Hit(evidence, f"keras.layers.Dense({o.target.columns})", place=head_of(o))
