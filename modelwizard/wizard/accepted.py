"""Which answers are accepted: each check returns the cleaned answer or says what would be right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from modelwizard.answers import COLUMN_KINDS
from modelwizard.errors import UsageError
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.facts import Facts

Known = Mapping[str, Any]
"""The answers so far, by question name."""

NONE = ""
"""The answer that means "no such column"."""


def one_of(value: str, choices: Sequence[str], what: str, prefix: str) -> str:
    """Return `value` when it is one of the choices, else raise with the nearest one.

    Args:
        value: What was given.
        choices: What may be given.
        what: What the choices are, in the singular.
        prefix: What stands before the value on the command line, up to the sign before it.

    Raises:
        UsageError: When it is not.
    """
    if value in choices:
        return value
    folded = {choice.lower(): choice for choice in choices}
    near = get_close_matches(value.lower(), folded, 1)
    shown = ", ".join(choices[:12]) + (f", … ({len(choices)} in all)" if len(choices) > 12 else "")
    fix = f"{prefix}{shlex.quote(folded[near[0]])}" if near else None
    raise UsageError(f"{value!r} is no {what}.", expected=f"one of: {shown}", received=repr(value), fix=fix)


def existing_columns(value: Any, known: Known, facts: Facts) -> tuple[str, ...]:
    """Accept at least one column of the file."""
    names = [column.name for column in facts.require_table().columns]
    chosen = tuple(one_of(v, names, "column of the data", "--target ") for v in dict.fromkeys(value))
    if not chosen:
        raise UsageError("A model needs at least one column to predict.", fix="--target COLUMN")
    return chosen


def ignored_columns(value: Any, known: Known, facts: Facts) -> tuple[str, ...]:
    """Accept columns of the file that are not the target."""
    names = [column.name for column in facts.require_table().columns]
    chosen = tuple(one_of(v, names, "column of the data", "--ignore ") for v in dict.fromkeys(value))
    both = set(chosen) & set(known.get("target", ()))
    if both:
        raise UsageError(f"{both.pop()!r} is the target; it cannot be ignored.", fix="choose one of the two")
    return chosen


def column_kinds(value: Any, known: Known, facts: Facts) -> dict[str, str]:
    """Accept kinds from `COLUMN_KINDS` for columns of the file."""
    names = [column.name for column in facts.require_table().columns]
    for name, kind in value.items():
        one_of(name, names, "column of the data", "--set columns.")
        one_of(kind, COLUMN_KINDS, "kind of column", f"--set columns.{name}=")
    return dict(value)


def column_or_none(flag: str) -> Callable[[Any, Known, Facts], str]:
    """Return the check of a flag that names one column or none."""

    def check(value: Any, known: Known, facts: Facts) -> str:
        names = [column.name for column in facts.require_table().columns]
        if value in known.get("target", ()):
            raise UsageError(f"{value!r} is the target; it cannot also be the {flag[2:]} column.")
        return value if value == NONE else one_of(value, names, "column of the data", f"{flag} ")

    return check


def possible_problem(value: Any, known: Known, facts: Facts) -> str:
    """Accept a problem type that the target's values allow."""
    one_of(value, list(PROBLEMS), "problem type", "--problem ")
    target = facts.require_target()
    if value in target.impossible:
        raise UsageError(
            f"This target cannot be a {value!r} problem: {target.impossible[value]}.",
            expected=", ".join(name for name in PROBLEMS if name not in target.impossible),
            received=value,
            fix=f"--problem {target.problem}",
        )
    return value


def of_problem(field: str) -> Callable[[Any, Known, Facts], str]:
    """Return the check that a `loss` or `metric` belongs to the chosen problem type."""

    def check(value: Any, known: Known, facts: Facts) -> str:
        row = PROBLEMS[known["problem"]]
        allowed = row.losses if field == "loss" else row.metrics
        return one_of(
            value, allowed, f"{field} of a {row.name} problem", "--metric " if field == "metric" else "--set loss="
        )

    return check


def known_label(value: Any, known: Known, facts: Facts) -> str:
    """Accept a label that the target holds."""
    return one_of(str(value), [name for name, _ in facts.require_target().labels], "label of the target", "--positive ")


def in_order(value: Any, known: Known, facts: Facts) -> str:
    """Accept all labels once, from the lowest to the highest, with "<" or a comma between them."""
    labels, given = [name for name, _ in facts.require_target().labels], steps(str(value))
    if sorted(given) != sorted(labels):
        raise UsageError(
            "The order must hold each class once.",
            expected=" < ".join(labels),
            received=str(value),
            fix=f"--set {shlex.quote('order=' + ' < '.join(labels))}",
        )
    return " < ".join(given)


def steps(order: str) -> tuple[str, ...]:
    """Return the classes of an answer to `order`."""
    return tuple(part.strip() for part in re.split(r"\s<\s|,", order) if part.strip())


def known_scheme(value: Any, known: Known, facts: Facts) -> str:
    """Accept a way to validate."""
    return one_of(value, ("auto", "holdout", "kfold"), "way to validate", "--validation ")


def between(low: float, high: float, flag: str, unit: str) -> Callable[[Any, Known, Facts], Any]:
    """Return the check that a number lies in a range, ends included."""

    def check(value: Any, known: Known, facts: Facts) -> Any:
        if not low <= value <= high:
            raise UsageError(
                f"{flag.split()[0]} is out of range.",
                expected=f"{unit} from {low:g} to {high:g}",
                received=f"{value:g}",
            )
        return value

    return check
