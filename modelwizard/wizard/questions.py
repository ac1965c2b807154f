"""What may be asked of any kind of data, one class a topic: words, choices, default, check. Nothing here reads a file.

`walk` is the order of asking; what is asked about the data themselves belongs to their kind (`kinds`). An answer that
was given (flag, `--set`, file, environment) removes its question; a question that does not `exist` for the answers
before it is passed over; one that is not `asked` takes its default and can be changed on the review screen.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

from modelwizard import kinds
from modelwizard.conversation import Choice, Conversation, Prompt
from modelwizard.errors import UsageError
from modelwizard.kinds.facts import Facts
from modelwizard.kinds.question import ALL, EXAMPLE, OTHER, Default, Known, Question, one_of, steps
from modelwizard.problems import PROBLEMS
from modelwizard.words import sentences

_ROW = ("data", "target", "columns", "problem")


class _Data(Question):
    name, flag = "data", "--data PATH"
    text = "Where are your data?"
    why = "One example per row, one feature per column, and the column to predict: CSV, Parquet, JSON lines or Excel."
    help = "The data: CSV, TSV, Parquet, JSON lines or Excel."

    def essential(self, known: Known) -> bool:
        return True

    def put(self, prompt: Prompt, talk: Conversation, default: Default | None, facts: Facts) -> Any:
        """Offer the data files nearby, the bundled examples, or any path."""
        choices = (
            *(Choice(name, name) for name in facts.files),
            Choice(ALL, "a bundled example…", "to try the wizard before your own data"),
            Choice(OTHER, "another file…", "you type its path, Tab completes it"),
        )
        value = talk.ask(replace(prompt, choices=choices, default=default.value if default else choices[0].value))
        if value == ALL:
            choices = tuple(Choice(f"{EXAMPLE}{name}", name, about) for name, about in facts.examples().items())
            return talk.ask(replace(prompt, text="Which example?", choices=choices, why="", back=True))
        if value == OTHER:
            return talk.ask(replace(prompt, text="Which file?", form="path", default="", why="", back=True))
        return value


class _Problem(Question):
    name, flag = "problem", "--problem NAME"
    text = "What kind of problem is it?"
    why = "It decides the last layer, the loss and which metrics make sense."
    help = f"One of {', '.join(PROBLEMS)}."
    after = ("data", "target")

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        target = facts.require_target()
        names = dict.fromkeys((target.problem, *target.alternatives, *PROBLEMS))
        reasons = {**target.alternatives, target.problem: target.reason}
        return [
            Choice(name, f"{name}: {PROBLEMS[name].title}", "; ".join(filter(None, (reasons.get(name), _head(name)))))
            for name in names
            if name not in target.impossible
        ]

    def default(self, known: Known, facts: Facts) -> Default | None:
        target = facts.require_target()
        return Default(target.problem, target.reason)

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        if get_close_matches(value.lower(), ("classification",), 1, 0.8):
            two, more = "--problem binary (two classes)", "--problem multiclass (more than two)"
            raise UsageError(f"{value!r} is not precise enough.", expected="how many classes", fix=f"{two} or {more}")
        one_of(value, list(PROBLEMS), "a problem type", "--problem ")
        target = facts.require_target()
        if value in target.impossible:
            raise UsageError(
                f"This target cannot be a {value!r} problem: {target.impossible[value]}.",
                expected=", ".join(name for name in PROBLEMS if name not in target.impossible),
                received=value,
                fix=f"--problem {target.problem}",
            )
        return value


def _head(problem: str) -> str:
    """Return the last layer and the loss of a problem type in one line."""
    row = PROBLEMS[problem]
    units = f"1 unit per {row.per}" if row.per else "1 unit"
    return f"{units}, {row.activation or 'no activation'}, loss {row.loss}"


class _Loss(Question):
    name, flag = "loss", "--set loss=NAME"
    text = "Which loss should be minimised?"
    why = "Training makes this number small; both fit values between 0 and 1."
    after = _ROW

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        return [Choice(name, name, sentences(f"meanings.{name}")) for name in PROBLEMS[known["problem"]].losses]

    def default(self, known: Known, facts: Facts) -> Default | None:
        row = PROBLEMS[known["problem"]]
        return Default(row.loss, f"the usual loss of a {row.name} problem")

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        row = PROBLEMS[known["problem"]]
        return one_of(value, row.losses, f"a loss for a {row.name} problem", "--set loss=")

    def asked(self, known: Known, facts: Facts) -> bool:
        return PROBLEMS[known["problem"]].several_losses


class _Positive(Question):
    name, flag = "positive", "--positive LABEL"
    text = "Which label is the positive class?"
    why = "It counts as 1: the model's output is the probability of this label."
    help = "The positive class."
    after = _ROW

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        labels = facts.require_target().labels
        total = sum(count for _, count in labels) or 1
        return [Choice(name, f"{name} ({count:,} rows, {count / total:.0%})") for name, count in labels]

    def default(self, known: Known, facts: Facts) -> Default | None:
        target = facts.require_target()
        return Default(target.positive, target.positive_reason)

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        labels = [name for name, _ in facts.require_target().labels]
        return one_of(str(value), labels, "a label of the target", "--positive ")

    def exists(self, known: Known, facts: Facts) -> bool:
        return PROBLEMS[known["problem"]].chooses_positive

    def asked(self, known: Known, facts: Facts) -> bool:
        return not facts.require_target().positive_evident


class _Order(Question):
    name, flag, form = "order", "--set 'order=LOW < MIDDLE < HIGH'", "text"
    text = "In which order are the classes, from the lowest to the highest?"
    why = "The model learns the steps between neighbouring classes; a wrong order makes that impossible."
    after = _ROW

    def default(self, known: Known, facts: Facts) -> Default | None:
        labels = tuple(name for name, _ in facts.require_target().labels)
        scale = PROBLEMS[known["problem"]].order(labels)
        return Default(" < ".join(labels), "the order of a scale" if scale else "numbers by value, words by alphabet")

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        labels, given = [name for name, _ in facts.require_target().labels], steps(str(value))
        if sorted(given) != sorted(labels):
            raise UsageError(
                "The order must hold each class once.",
                expected=" < ".join(labels),
                received=str(value),
                fix=f"--set {shlex.quote('order=' + ' < '.join(labels))}",
            )
        return " < ".join(given)

    def exists(self, known: Known, facts: Facts) -> bool:
        return PROBLEMS[known["problem"]].ordered


class _Metric(Question):
    name, flag = "metric", "--metric NAME"
    text = "Which metric should decide?"
    why = "Models are compared by the metric; the loss is only what training can follow."
    help = "The metric that decides; `modelwizard table` lists them."
    show, after = "head", _ROW

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        return [Choice(name, name, sentences(f"meanings.{name}")) for name in PROBLEMS[known["problem"]].metrics]

    def default(self, known: Known, facts: Facts) -> Default | None:
        row, target = PROBLEMS[known["problem"]], facts.require_target()
        if target.metric in row.metrics and target.problem == row.name:
            return Default(target.metric, target.metric_reason)
        return Default(row.metrics[0], f"the usual metric of a {row.name} problem")

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        row = PROBLEMS[known["problem"]]
        return one_of(value, row.metrics, f"a metric for a {row.name} problem", "--metric ")


class _Validation(Question):
    name, flag = "validation", "--validation SCHEME"
    text = "How should models be validated?"
    why = "On rows that they were not trained on; apart from these, a test set stays sealed until the end."
    help = "auto, holdout or kfold. Default: auto."
    after = (*_ROW, "group", "time")

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        return [
            Choice("auto", "auto: the number of rows decides", facts.split_reason),
            Choice("holdout", "holdout: one fixed validation set", "fast; noisy when rows are few"),
            Choice("kfold", "kfold: cross-validation, each row is held out once", "steadier; one training per fold"),
        ]

    def default(self, known: Known, facts: Facts) -> Default | None:
        return Default("auto", facts.split_reason)

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        return one_of(value, ("auto", "holdout", "kfold"), "a validation scheme", "--validation ")


class _Directory(Question):
    name, flag, form = "directory", "DIR", "text"
    text = "Where should the project go?"
    why = "A new folder with a small Keras project that is yours to edit."
    after = ("data",)

    def default(self, known: Known, facts: Facts) -> Default | None:
        return Default(facts.folder, "named after the data") if facts.folder else None


class _Number(Question):
    form, silent = "text", True
    low: ClassVar[float]
    high: ClassVar[float]

    def check(self, value: Any, known: Known, facts: Facts) -> Any:
        if not self.low <= value <= self.high:
            unit = "a whole number" if self.type == "integer" else "a share of the rows"
            raise UsageError(
                f"{self.flag.split()[0]} is out of range.",
                expected=f"{unit} from {self.low:g} to {self.high:g}",
                received=f"{value:g}",
            )
        return value


class _TestSize(_Number):
    name, flag, type = "test_size", "--test-size F", "share"
    text = "Which share of the rows becomes the test set?"
    why = "It is opened once, at the very end."
    help = "Share of the rows in the test set. Default: 0.2."
    usual, low, high = Default(0.2, "a fifth of the rows"), 0.05, 0.5


class _ValidationSize(_TestSize):
    name, flag, help = "validation_size", "--set validation_size=F", ""
    text = "Which share of the rows becomes the validation set?"
    why = "Only with holdout."


class _BatchSize(_Number):
    name, flag, type = "batch_size", "--batch-size N", "integer"
    text = "How many rows make one batch?"
    why = "Small batches need little tuning and fit any machine."
    help = "Rows in one batch. Default: 32."
    usual, low, high = Default(32, "needs little tuning"), 1, 4096


class _Seed(_Number):
    name, flag, type = "seed", "--seed N", "integer"
    text = "Which seed makes the run repeatable?"
    why = "The same seed gives the same split and the same initial weights."
    help = "Seed of the split and of training. Default: 0."
    usual, low, high = Default(0, "any number is as good"), 0, 2**31 - 1


_BEFORE = (_Data(),)
_ABOUT = (_Problem(), _Loss(), _Positive(), _Order(), _Metric())
_BEHIND = (_Validation(), _Directory(), _TestSize(), _ValidationSize(), _BatchSize(), _Seed())


@cache
def walk(kind: str) -> tuple[Question, ...]:
    """Return the questions about a kind of data in the order of asking."""
    own = kinds.of(kind)
    return (*_BEFORE, *own.questions, *_ABOUT, *own.divisions, *_BEHIND)


BY_NAME: Mapping[str, Question] = MappingProxyType(
    {question.name: question for kind in kinds.KINDS for question in walk(kind)}
)
"""Every question of every kind of data."""
