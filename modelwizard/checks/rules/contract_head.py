"""MW101 to MW111, MW133 to MW137: does the last activation fit the target and the loss?"""

from __future__ import annotations

from modelwizard.checks.case import Hit, hit, output_rule
from modelwizard.checks.facts.values import AMOUNTS, CROSS_ENTROPIES, LABELS, PROBABILITIES, RANGES, Output

SQUASHING = frozenset({"sigmoid", "hard_sigmoid", "softmax", "tanh"})


@output_rule("MW101")
def softmax_of_one(o: Output) -> Hit | None:
    """Find softmax over a single unit."""
    return hit(o.place, fix=_single(o)) if o.head.activation == "softmax" and o.head.units == 1 else None


def _single(o: Output) -> str:
    """Return the last layer that fits where softmax of one unit stands."""
    if o.task == "multiclass":
        return f'keras.layers.Dense({o.classes}, activation="softmax")'
    if o.task not in ("amount", "reconstruction"):
        return 'keras.layers.Dense(1, activation="sigmoid")'
    if o.loss_name == "poisson":
        return 'keras.layers.Dense(1, activation="exponential")'
    return 'keras.layers.Dense(1, activation="softplus")' if o.target.low > 0 else "keras.layers.Dense(1)"


@output_rule("MW102")
def softmax_for_many_labels(o: Output) -> Hit | None:
    """Find softmax where several labels of a row can be right."""
    if o.task != "multilabel" or o.head.activation != "softmax" or o.head.units == 1:
        return None
    ones = o.target.mean * o.target.columns
    fix = f'keras.layers.Dense({o.target.columns}, activation="sigmoid")'
    return hit(o.place, fix=fix, severity="error" if ones > 1 else "warning", ones=ones)


@output_rule("MW103")
def sigmoid_for_exclusive_classes(o: Output) -> Hit | None:
    """Find one sigmoid per class where exactly one class is right."""
    if o.task != "multiclass" or o.head.activation not in ("sigmoid", "hard_sigmoid") or o.head.units < 2:
        return None
    # two sigmoids with a binary loss are two halves of one answer; a categorical loss wants shares of one
    halves = max(o.classes, o.head.units) == 2 and o.family == "binary"
    fix = f'keras.layers.Dense({o.classes}, activation="softmax")'
    return hit(o.place, fix=fix, severity="tip" if halves else "warning", classes=o.classes, units=o.head.units)


@output_rule("MW104")
def no_probabilities(o: Output) -> Hit | None:
    """Find a cross-entropy behind outputs that are not probabilities."""
    if o.family not in CROSS_ENTROPIES or o.from_logits:
        return None
    if o.head.activation in PROBABILITIES or o.head.activation in ("unknown", "log_softmax"):
        return None
    if o.task == "amount" or (o.family != "binary" and o.head.units == 1):
        return None  # the loss is what is wrong there
    right = "sigmoid" if o.family == "binary" else "softmax"
    fix = f'keras.layers.Dense({o.head.units}, activation="{right}"), or loss=…(from_logits=True)'
    return hit(o.place, fix=fix, activation=o.head.activation, loss=o.loss_name)


@output_rule("MW105")
def unreachable(o: Output) -> Hit | None:
    """Find targets outside the range of the last activation."""
    activation, target = o.head.activation, o.target
    one_unit = o.task == "multiclass" and o.head.units == 1 and not target.one_hot
    if activation not in RANGES or not (o.task in AMOUNTS or o.task == "reconstruction" or one_unit):
        return None
    least, most = RANGES[activation]
    if activation == "softmax" or max(least - target.low, target.high - most) <= 0.1 * target.std + 1e-6:
        return None  # of softmax, MW101 and MW137 say it better
    fix = f'keras.layers.Dense({o.classes}, activation="softmax")' if one_unit else ""
    fix = fix or f"keras.layers.Dense({o.head.units})"
    return hit(o.place, fix=fix, activation=activation, least=f"{least:g}", most=f"{most:g}", **target.ends)


@output_rule("MW106")
def relu_at_the_end(o: Output) -> Hit | None:
    """Find ReLU as the last activation for amounts of zero or more."""
    hard = o.head.activation in ("relu", "relu6")
    if o.task not in AMOUNTS or not (hard or o.head.activation in ("elu", "selu", "leaky_relu")):
        return None
    if o.target.low < 0 and hard:
        return None  # MW105
    fix, severity = f"keras.layers.Dense({o.head.units})", "warning" if hard else "tip"
    return hit(o.place, fix=fix, severity=severity, soft=True, activation=o.head.activation, **o.target.ends)


@output_rule("MW107")
def labels_without_probability(o: Output) -> Hit | None:
    """Find labels that are fitted as amounts by an output without a squashing activation."""
    if o.task not in LABELS or o.family != "amount" or o.head.activation in PROBABILITIES | {"unknown"}:
        return None
    if o.task == "multiclass" and o.head.units == 1:
        return None  # MW122
    right = "softmax" if o.task == "multiclass" else "sigmoid"
    fix = f'keras.layers.Dense({o.head.units}, activation="{right}")'
    labels = [f"{v:g}" for v in o.target.values[:5]] if not o.target.multi_hot else []
    severity = "tip" if o.target.low == -1 else "warning"
    columns = None if labels else o.target.columns
    return hit(o.place, fix=fix, severity=severity, labels=labels, columns=columns, activation=o.head.activation)


@output_rule("MW109")
def two_activations(o: Output) -> Hit | None:
    """Find activations on top of each other at the end."""
    chain = o.head.chain
    if len(chain) < 2 or chain[-1] not in SQUASHING:
        return None
    certain = chain[-2] in SQUASHING or chain[-1] in ("sigmoid", "hard_sigmoid")
    severity = "error" if certain else "warning"
    return hit(o.place, fix=f"keep {chain[-1]} only", severity=severity, chain=", then ".join(chain))


@output_rule("MW110")
def dropout_at_the_end(o: Output) -> Hit | None:
    """Find dropout or noise behind the last weights."""
    noise = [kind for kind in o.head.after if "Dropout" in kind or "Noise" in kind]
    return hit(o.place, layer=noise[0]) if noise else None


@output_rule("MW111")
def normalised_output(o: Output) -> Hit | None:
    """Find a normalisation layer behind the output."""
    layers = [kind for kind in o.head.after if "Normalization" in kind]
    return hit(o.place, layer=layers[0]) if layers and o.family not in ("none", "other") else None


@output_rule("MW133")
def bounded_target(o: Output) -> Hit | None:
    """Find an unbounded output for a target in [0, 1]."""
    if o.task != "bounded" or o.head.activation != "linear" or o.family != "amount":
        return None
    return hit(o.place, fix=f'keras.layers.Dense({o.head.units}, activation="sigmoid")', **o.target.ends)


@output_rule("MW134")
def half_precision(o: Output) -> Hit | None:
    """Find an output in half precision."""
    return hit(o.place, dtype=o.head.dtype) if o.head.dtype in ("float16", "bfloat16") else None


@output_rule("MW136")
def margin_of_probabilities(o: Output) -> Hit | None:
    """Find a hinge loss behind a probability."""
    if o.family != "margin" or o.head.activation not in PROBABILITIES:
        return None
    return hit(o.place, loss=o.loss_name, activation=o.head.activation)


@output_rule("MW137")
def softmax_of_amounts(o: Output) -> Hit | None:
    """Find softmax for amounts that do not sum to 1."""
    if o.head.activation != "softmax" or o.head.units < 2 or o.target.rows_sum_to_one:
        return None
    if o.task not in AMOUNTS | {"reconstruction"} or o.family == "sparse":
        return None
    return hit(o.place, fix=f"keras.layers.Dense({o.target.columns})", **o.target.ends)
