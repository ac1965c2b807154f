"""What may be asked, one class a topic: its words, choices, default, check, and when. Nothing here reads a file.

`QUESTIONS` is the order of the walk. An answer that was given (flag, `--set`, file, environment) removes its
question; a question that does not `exist` for the answers before it is passed over; one that is not `asked` takes its
default and can be changed on the review screen.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, ClassVar

from modelwizard.answers import COLUMN_KINDS
from modelwizard.conversation import Choice
from modelwizard.errors import UsageError
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.facts import Facts
from modelwizard.wizard.question import EXAMPLE, NONE, Default, Known, Question, meant, one_of, steps
from modelwizard.wizard.ways import Extremes, Rare
from modelwizard.words import sentences

_TABLE = ("data", "format")
_ROW = ("data", "format", "target", "columns", "problem")


def _column(value: str, facts: Facts, prefix: str) -> str:
    names = [column.name for column in facts.require_table().columns]
    return one_of(meant(value, names), names, "a column of the data", prefix)


class _Data(Question):
    name, flag, form = "data", "--data PATH", "file"
    text = "Where are your data?"
    why = "One example per row, one feature per column, and the column to predict: CSV, Parquet, JSON lines or Excel."

    def essential(self, known: Known) -> bool:
        return True


class _Target(Question):
    name, flag, type, form = "target", "--target COLUMN", "list", "columns"
    text = "Which column should be predicted?"
    why = "The model learns to predict this column from the others."
    show, after = "profile", _TABLE

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        columns = facts.require_table().columns
        return [Choice(c.name, f"{c.name} ({c.kind}, {c.distinct:,} distinct values)") for c in columns]

    def default(self, known: Known, facts: Facts) -> Default | None:
        table = facts.require_table()
        return Default(table.targets, table.targets_reason) if table.targets else None

    def check(self, value: Any, known: Known, facts: Facts) -> tuple[str, ...]:
        chosen = tuple(_column(name, facts, "--target ") for name in dict.fromkeys(value))
        if not chosen:
            raise UsageError("A model needs at least one column to predict.", fix="--target COLUMN")
        return chosen

    def essential(self, known: Known) -> bool:
        return not str(known.get("data", "")).startswith(EXAMPLE)  # an example says itself what it is about


class _Ignore(Question):
    name, flag, type, form = "ignore", "--ignore COLUMN", "list", "choose many"
    text = "Which columns should be left out?"
    why = "Columns that you will not know when you predict, or must not use."
    after = (*_TABLE, "target")

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        columns = (c for c in facts.require_table().columns if c.name not in known.get("target", ()))
        return [Choice(c.name, f"{c.name}: {c.kind}", c.summary) for c in columns]

    def default(self, known: Known, facts: Facts) -> Default | None:
        return Default((), "every column is used unless you say otherwise")

    def check(self, value: Any, known: Known, facts: Facts) -> tuple[str, ...]:
        chosen = tuple(_column(name, facts, "--ignore ") for name in dict.fromkeys(value))
        if both := set(chosen) & set(known.get("target", ())):
            raise UsageError(f"{both.pop()!r} is the target; it cannot be ignored.", fix="choose one of the two")
        return chosen

    def asked(self, known: Known, facts: Facts) -> bool:
        return False


class _Leaks(_Ignore):
    name, flag = "leaks", "--set leaks=COLUMN"
    text = "Leave out columns that give the target away?"
    why = "A column that is known only after the fact makes every score look good and the model useless."
    after = (*_TABLE, "target", "ignore")

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        return [Choice(name, name, sentence) for name, sentence in facts.require_target().leaks.items()]

    def default(self, known: Known, facts: Facts) -> Default | None:
        # All of them: a model that is too good by mistake costs more than one that is a little worse.
        return Default(tuple(facts.require_target().leaks), "each predicts the target almost alone")

    def exists(self, known: Known, facts: Facts) -> bool:
        return facts.target is not None and bool(facts.target.leaks)

    def asked(self, known: Known, facts: Facts) -> bool:
        return True


class _Columns(Question):
    name, flag, type, form = "columns", "--set columns.NAME=KIND", "kinds", "kinds"
    text = "Which columns have the wrong type?"
    why = "The type decides how a column reaches the model: numbers may be codes, text may be dates."
    after = _TABLE

    def default(self, known: Known, facts: Facts) -> Default | None:
        return Default({}, "as read from the values")

    def check(self, value: Any, known: Known, facts: Facts) -> dict[str, str]:
        for name, kind in value.items():
            _column(name, facts, "--set columns.")
            one_of(kind, COLUMN_KINDS, "a column type", f"--set columns.{name}=")
        return dict(value)

    def asked(self, known: Known, facts: Facts) -> bool:
        return False


class _Problem(Question):
    name, flag = "problem", "--problem NAME"
    text = "What kind of problem is it?"
    why = "It decides the last layer, the loss and which metrics make sense."
    after = (*_TABLE, "target")

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


class _OneColumn(Question):
    after = _ROW

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        flag = self.flag.split()[0]
        if value in known.get("target", ()):
            raise UsageError(f"{value!r} is the target; it cannot also be the {flag[2:]} column.")
        return value if value == NONE else _column(value, facts, f"{flag} ")

    @staticmethod
    def offered(found: Mapping[str, str], yes: str, none: Choice, known: Known) -> Sequence[Choice]:
        targets = known.get("target", ())
        return [none, *(Choice(name, f"{yes} {name}", why) for name, why in found.items() if name not in targets)]


class _Group(_OneColumn):
    name, flag = "group", "--group COLUMN"
    text = "Do several rows belong to the same person or thing?"
    why = "Their rows must not be split between training and validation, or scores will be too optimistic."

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        none = Choice(NONE, "no: every row is independent", "rows are split at random")
        return self.offered(facts.require_table().groups, "yes, by", none, known)

    def default(self, known: Known, facts: Facts) -> Default | None:
        return Default(NONE, "rows are taken as independent")

    def asked(self, known: Known, facts: Facts) -> bool:
        return len(self.choices(known, facts)) > 1


class _Time(_OneColumn):
    name, flag = "time", "--time COLUMN"
    text = "Will the model predict rows later than those it was trained on?"
    why = "Then the most recent rows become validation and test sets, as in real use."

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        none = Choice(NONE, "no: past and future rows are alike", "rows are split at random")
        return self.offered(facts.require_table().times, "yes, in the order of", none, known)

    def default(self, known: Known, facts: Facts) -> Default | None:
        table = facts.require_table()
        if known.get("group"):
            return Default(NONE, "groups are kept together instead")
        ordered = table.time if table.time not in known.get("target", ()) else NONE
        unordered = "the rows are not in order of time" if table.times else "no column holds dates"
        return Default(ordered, "the rows of the file are in its order" if ordered else unordered)

    def asked(self, known: Known, facts: Facts) -> bool:
        return not known.get("group") and len(self.choices(known, facts)) > 1


class _Validation(Question):
    name, flag = "validation", "--validation SCHEME"
    text = "How should models be validated?"
    why = "On rows that they were not trained on; apart from these, a test set stays sealed until the end."
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
    form = "text"
    usual: ClassVar[Default]
    low: ClassVar[float]
    high: ClassVar[float]

    def default(self, known: Known, facts: Facts) -> Default | None:
        return self.usual

    def check(self, value: Any, known: Known, facts: Facts) -> Any:
        if not self.low <= value <= self.high:
            unit = "a whole number" if self.type == "integer" else "a share of the rows"
            raise UsageError(
                f"{self.flag.split()[0]} is out of range.",
                expected=f"{unit} from {self.low:g} to {self.high:g}",
                received=f"{value:g}",
            )
        return value

    def asked(self, known: Known, facts: Facts) -> bool:
        return False


class _TestSize(_Number):
    name, flag, type = "test_size", "--test-size F", "share"
    text = "Which share of the rows becomes the test set?"
    why = "It is opened once, at the very end."
    usual, low, high = Default(0.2, "a fifth of the rows"), 0.05, 0.5


class _ValidationSize(_TestSize):
    name, flag = "validation_size", "--set validation_size=F"
    text = "Which share of the rows becomes the validation set?"
    why = "Only with holdout."


class _BatchSize(_Number):
    name, flag, type = "batch_size", "--batch-size N", "integer"
    text = "How many rows make one batch?"
    why = "Small batches need little tuning and fit any machine."
    usual, low, high = Default(32, "needs little tuning"), 1, 4096


class _Seed(_Number):
    name, flag, type = "seed", "--seed N", "integer"
    text = "Which seed makes the run repeatable?"
    why = "The same seed gives the same split and the same initial weights."
    usual, low, high = Default(0, "any number is as good"), 0, 2**31 - 1


QUESTIONS: tuple[Question, ...] = (
    _Data(), _Target(), Rare(), Extremes(), _Ignore(), _Leaks(), _Columns(), _Problem(), _Loss(), _Positive(),
    _Order(), _Metric(),
    _Group(), _Time(),
    _Validation(), _Directory(), _TestSize(), _ValidationSize(), _BatchSize(), _Seed(),
)  # fmt: skip

BY_NAME: Mapping[str, Question] = MappingProxyType({question.name: question for question in QUESTIONS})
