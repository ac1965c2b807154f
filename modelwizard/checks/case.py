"""A case: all facts about one model with its data and settings; and the list that rules enter themselves in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from modelwizard.checks.facts.probed import Probe
from modelwizard.checks.facts.project import Record, Relabelled
from modelwizard.checks.facts.values import Fit, Input, Layer, Optimizer, Output, Place
from modelwizard.checks.finding import Severity


@dataclass(frozen=True)
class Hit:
    """What a rule has found; its page holds the sentence that the values belong in.

    Args:
        place: What it points at.
        values: What was measured, by the names in the page's `evidence`.
        fix: The code line with names and numbers filled in. Defaults to the page's.
        severity: Where the measurement makes it more or less certain. Defaults to the page's.
        soft: Whether a training that goes well makes it a tip.
    """

    place: Place
    values: Mapping[str, Any]
    fix: str = ""
    severity: Severity | None = None
    soft: bool = False


def hit(
    place: Place | None = None,
    /,
    *,
    fix: str = "",
    severity: Severity | None = None,
    soft: bool = False,
    **values: Any,
) -> Hit:
    """Return what a rule has found; see `Hit`. Without a place it is the model as a whole."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    return Hit(place or Place("model"), plain, fix, severity, soft)


@dataclass(frozen=True)
class Arrays:
    """The data themselves, for the rules that need rows: inputs, targets, validation inputs and targets.

    `x_keys` and `y_keys` are the keys under which a model takes them, where it takes dicts.
    """

    x: tuple[NDArray[Any], ...] = ()
    y: tuple[NDArray[Any], ...] = ()
    x_validation: tuple[NDArray[Any], ...] = ()
    y_validation: tuple[NDArray[Any], ...] = ()
    x_keys: tuple[str, ...] = ()
    y_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Division:
    """What rows belong together, and when they are from: a value for each training row and each held-out row.

    Args:
        groups: Names of the groups on both sides; None where none are known.
        times: Moments on both sides, as numbers that rise; None where none are known.
    """

    groups: tuple[NDArray[Any], NDArray[Any]] | None = None
    times: tuple[NDArray[Any], NDArray[Any]] | None = None


@dataclass(frozen=True)
class Case:
    """All that the rules may look at.

    Args:
        layers: The layers in running order, nested models laid open.
        inputs: Statistics of each input.
        validation_inputs: The same for the validation rows; empty without.
        outputs: Each output with its head, loss, metrics and target.
        optimizer: The optimizer; None for a model that is not compiled.
        fit: The training settings.
        arrays: The data.
        opaque: Whether the order of the layers is unknown (a subclassed model).
        split: Groups and times of the rows; None where neither is known.
        record: What the project's last run left behind; None without one.
        relabelled: What shuffled labels of held-out rows changed in the features of a project; None where not known.
        probe: What a short training showed; None without one.
    """

    layers: tuple[Layer, ...] = ()
    inputs: tuple[Input, ...] = ()
    validation_inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    optimizer: Optimizer | None = None
    fit: Fit = field(default_factory=Fit)
    arrays: Arrays = field(default_factory=Arrays)
    opaque: bool = False
    split: Division | None = None
    record: Record | None = None
    relabelled: Relabelled | None = None
    probe: Probe | None = None

    @property
    def rows(self) -> int:
        """Number of rows of x."""
        return self.inputs[0].shape[0] if self.inputs and self.inputs[0].shape else 0

    @property
    def rebuilds_input(self) -> bool:
        """Whether the model is an autoencoder."""
        return any(o.task == "reconstruction" for o in self.outputs)

    @property
    def only_output(self) -> Output | None:
        """The output, where there is exactly one."""
        return self.outputs[0] if len(self.outputs) == 1 else None

    @property
    def pretrained(self) -> bool:
        """Whether weights were trained before, on whatever scale their authors used."""
        return any(layer.nested and not layer.fresh for layer in self.layers)


class NotApplicableError(Exception):
    """Raised by a rule that cannot be applied; its text is the reason."""


T = TypeVar("T")
Look = Callable[[T], Hit | None]
Rule = Look[Case]
RULES: dict[str, Rule] = {}


def rule(code: str) -> Callable[[Rule], Rule]:
    """Enter a function in the list of rules under its code."""

    def enter(function: Rule) -> Rule:
        if code in RULES:
            raise ValueError(f"{code} is taken")
        RULES[code] = function
        return function

    return enter


def _each(things: Callable[[Case], Iterable[T]]) -> Callable[[str], Callable[[Look[T]], Look[T]]]:
    """Return a decorator like `rule`, for functions that are asked about one thing after the other."""

    def named(code: str) -> Callable[[Look[T]], Look[T]]:
        def enter(function: Look[T]) -> Look[T]:
            rule(code)(lambda case: next((found for thing in things(case) if (found := function(thing))), None))
            return function

        return enter

    return named


output_rule = _each(lambda case: case.outputs)
layer_rule = _each(lambda case: case.layers)
input_rule = _each(lambda case: case.inputs)
