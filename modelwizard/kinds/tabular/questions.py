"""What a table is asked about: its target, which columns are left out or are of another type, groups and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelwizard.conversation import BACK, Choice, Conversation, Prompt
from modelwizard.errors import UsageError
from modelwizard.kinds.facts import Facts
from modelwizard.kinds.question import ALL, EXAMPLE, NONE, OTHER, Default, Known, Question, meant, one_of
from modelwizard.kinds.tabular.ways import Extremes, Rare
from modelwizard.settings import COLUMN_KINDS

MANY = 10
"""Columns beyond which only the suggested one is listed at first."""


def _column(value: str, facts: Facts, prefix: str) -> str:
    names = [column.name for column in facts.require_data().columns]
    return one_of(meant(value, names), names, "a column of the data", prefix)


class _Target(Question):
    name, flag, type, show = "target", "--target COLUMN", "list", "data"
    text = "Which column should be predicted?"
    why = "The model learns to predict this column from the others."
    help = "What to predict; repeatable for several columns."
    after = ("data",)

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        columns = facts.require_data().columns
        return [Choice(c.name, f"{c.name} ({c.kind}, {c.distinct:,} distinct values)") for c in columns]

    def default(self, known: Known, facts: Facts) -> Default | None:
        data = facts.require_data()
        return Default(data.targets, data.targets_reason) if data.targets else None

    def check(self, value: Any, known: Known, facts: Facts) -> tuple[str, ...]:
        chosen = tuple(_column(name, facts, "--target ") for name in dict.fromkeys(value))
        if not chosen:
            raise UsageError("A model needs at least one column to predict.", fix="--target COLUMN")
        return chosen

    def essential(self, known: Known) -> bool:
        return not str(known.get("data", "")).startswith(EXAMPLE)  # an example says itself what it is about

    def put(self, prompt: Prompt, talk: Conversation, default: Default | None, facts: Facts) -> Any:
        """Offer the suggested column or columns, all columns, or several of one's own."""
        suggested = tuple(default.value) if default else ()
        first = ", ".join(suggested)
        together = f"these {len(suggested)} together: {first}" if len(suggested) > 1 else first
        choices = prompt.choices
        if len(choices) > MANY and suggested:
            # The list of all columns would push the profile off the screen.
            choices = (Choice(first, together, default.reason if default else ""), Choice(ALL, "another column…"))
        elif len(suggested) > 1:
            choices = (Choice(first, together), *choices)
        choices = (*choices, Choice(OTHER, "several columns…", "you mark them in a list"))
        value = talk.ask(replace(prompt, choices=choices, default=first))
        if value == ALL:
            one = suggested[0] if len(suggested) == 1 else None
            value = talk.ask(replace(prompt, default=one, why="", back=True))
        if value == OTHER:
            return talk.ask(replace(prompt, form="choose many", default=suggested, why="", back=True))
        if value is BACK:
            return BACK
        return suggested if value == first else (value,)


class _Ignore(Question):
    name, flag, type, form = "ignore", "--ignore COLUMN", "list", "choose many"
    text = "Which columns should be left out?"
    why = "Columns that you will not know when you predict, or must not use."
    help = "A column to leave out; repeatable."
    after = ("data", "target")
    usual, silent = Default((), "every column is used unless you say otherwise"), True

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        from modelwizard.kinds.tabular.screen import summary

        columns = (c for c in facts.require_data().columns if c.name not in known.get("target", ()))
        return [Choice(c.name, f"{c.name}: {c.kind}", summary(c)) for c in columns]

    def check(self, value: Any, known: Known, facts: Facts) -> tuple[str, ...]:
        chosen = tuple(_column(name, facts, "--ignore ") for name in dict.fromkeys(value))
        if both := set(chosen) & set(known.get("target", ())):
            raise UsageError(f"{both.pop()!r} is the target; it cannot be ignored.", fix="choose one of the two")
        return chosen


class _Leaks(_Ignore):
    name, flag, help, silent = "leaks", "--set leaks=COLUMN", "", False
    text = "Leave out columns that give the target away?"
    why = "A column that is known only after the fact makes every score look good and the model useless."
    after = ("data", "target", "ignore")

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        return [Choice(name, name, sentence) for name, sentence in facts.require_target().leaks.items()]

    def default(self, known: Known, facts: Facts) -> Default | None:
        # All of them: a model that is too good by mistake costs more than one that is a little worse.
        return Default(tuple(facts.require_target().leaks), "each predicts the target almost alone")

    def exists(self, known: Known, facts: Facts) -> bool:
        return facts.target is not None and bool(facts.target.leaks)


class _Columns(Question):
    name, flag, type = "columns", "--set columns.NAME=KIND", "kinds"
    text = "Which columns have the wrong type?"
    why = "The type decides how a column reaches the model: numbers may be codes, text may be dates."
    after = ("data",)
    usual, silent = Default({}, "as read from the values"), True

    def check(self, value: Any, known: Known, facts: Facts) -> dict[str, str]:
        for name, kind in value.items():
            _column(name, facts, "--set columns.")
            one_of(kind, COLUMN_KINDS, "a column type", f"--set columns.{name}=")
        return dict(value)

    def put(self, prompt: Prompt, talk: Conversation, default: Default | None, facts: Facts) -> Any:
        """Ask for one column and its kind; the other overrides stay."""
        columns = facts.require_data().columns
        choices = tuple(Choice(c.name, f"{c.name}: {c.kind}", c.reason) for c in columns)
        name = talk.ask(replace(prompt, choices=choices, default=None, back=True))
        if name is BACK:
            return BACK
        kinds = tuple(Choice(kind, kind) for kind in COLUMN_KINDS)
        now = next(c.kind for c in columns if c.name == name)
        kind = talk.ask(Prompt(f"What is {name}?", choices=kinds, default=now, back=True))
        return BACK if kind is BACK else {**(default.value if default else {}), name: kind}


class _OneColumn(Question):
    after = ("data", "target", "columns", "problem")

    def check(self, value: Any, known: Known, facts: Facts) -> str:
        flag = self.flag.split()[0]
        if value in known.get("target", ()):
            raise UsageError(f"{value!r} is the target; it cannot also be the {flag[2:]} column.")
        return value if value == NONE else _column(value, facts, f"{flag} ")

    @staticmethod
    def offered(found: Mapping[str, str], yes: str, no: str, known: Known) -> Sequence[Choice]:
        targets = known.get("target", ())
        some = (Choice(name, f"{yes} {name}", why) for name, why in found.items() if name not in targets)
        return [Choice(NONE, no, "rows are split at random"), *some]

    def asked(self, known: Known, facts: Facts) -> bool:
        return len(self.choices(known, facts)) > 1


class _Group(_OneColumn):
    name, flag = "group", "--group COLUMN"
    text = "Do several rows belong to the same person or thing?"
    why = "Their rows must not be split between training and validation, or scores will be too optimistic."
    help = "Rows with equal values in this column stay together."
    usual = Default(NONE, "rows are taken as independent")

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        return self.offered(facts.require_data().groups, "yes, by", "no: every row is independent", known)


class _Time(_OneColumn):
    name, flag = "time", "--time COLUMN"
    text = "Will the model predict rows later than those it was trained on?"
    why = "Then the most recent rows become validation and test sets, as in real use."
    help = "Split by time: the most recent rows become validation and test sets."

    def choices(self, known: Known, facts: Facts) -> Sequence[Choice]:
        no = "no: past and future rows are alike"
        return self.offered(facts.require_data().times, "yes, in the order of", no, known)

    def default(self, known: Known, facts: Facts) -> Default | None:
        data = facts.require_data()
        if known.get("group"):
            return Default(NONE, "groups are kept together instead")
        ordered = data.time if data.time not in known.get("target", ()) else NONE
        unordered = "the rows are not in order of time" if data.times else "no column holds dates"
        return Default(ordered, "the rows of the file are in its order" if ordered else unordered)

    def asked(self, known: Known, facts: Facts) -> bool:
        return not known.get("group") and super().asked(known, facts)


QUESTIONS = (_Target(), Rare(), Extremes(), _Ignore(), _Leaks(), _Columns())
"""What is asked before the problem type."""
DIVISIONS = (_Group(), _Time())
"""What is asked behind it."""
