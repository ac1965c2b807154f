"""What may be asked, as frozen data: text, why, choices, default, check, when. Nothing here reads a file.

`QUESTIONS` is the order of the walk. An answer that was given (flag, `--set`, file, environment) removes its
question; a question whose `when` says no does not exist; one whose `asked` says no takes its default and can
be changed on the review screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from modelwizard.conversation import Choice
from modelwizard.wizard import accepted, offers
from modelwizard.wizard.accepted import NONE, Known
from modelwizard.wizard.facts import Facts
from modelwizard.wizard.offers import Default


def _no_choices(known: Known, facts: Facts) -> Sequence[Choice]:
    return ()


def _no_default(known: Known, facts: Facts) -> Default | None:
    return None


def _as_is(value: Any, known: Known, facts: Facts) -> Any:
    return value


def _always(known: Known, facts: Facts) -> bool:
    return True


def _never(known: Known, facts: Facts) -> bool:
    return False


def _own_data(known: Known, facts: Facts) -> bool:
    # An example says itself what it is about.
    return not str(known.get("data", "")).startswith(EXAMPLE)


@dataclass(frozen=True)
class Question:
    """One question of `modelwizard new`.

    Args:
        name: Its key in `--set`, in an answers file and in `MODELWIZARD_<NAME>`.
        text: The question.
        why: Why it is asked, in one line.
        flag: The flag that answers it.
        type: `text`, `list`, `integer`, `share` (a number between 0 and 1) or `kinds` (column → kind).
        form: How it is asked: `choose`, `choose many`, `text`, `file`, or `kinds`.
        choices: What may be chosen.
        default: What Enter gives; None when nothing can be offered.
        check: Returns the cleaned answer or raises `UsageError`.
        when: Whether the question exists at all.
        asked: Whether a person is asked; else the default is taken.
        essential: Whether somebody must answer it, when nobody can be asked and `--yes` was not given.
        show: Name of the screen to show before it is asked.
        after: Questions whose change makes an answer to this one stale.
    """

    name: str
    text: str
    why: str
    flag: str
    type: str = "text"
    form: str = "choose"
    choices: Callable[[Known, Facts], Sequence[Choice]] = _no_choices
    default: Callable[[Known, Facts], Default | None] = _no_default
    check: Callable[[Any, Known, Facts], Any] = _as_is
    when: Callable[[Known, Facts], bool] = _always
    asked: Callable[[Known, Facts], bool] = _always
    essential: Callable[[Known, Facts], bool] = _never
    show: str = ""
    after: tuple[str, ...] = ()


_TABLE = ("data", "format")
_ROW = ("data", "format", "target", "columns", "problem")

QUESTIONS: tuple[Question, ...] = (
    Question(
        "data",
        "Where are your data?",
        "One row an example, one column a property, one of them to predict: CSV, Parquet, JSON lines or Excel.",
        "--data PATH",
        form="file",
        essential=_always,
    ),
    Question(
        "target",
        "Which column should be predicted?",
        "The model learns to say this column from the others.",
        "--target COLUMN",
        type="list",
        form="columns",
        choices=offers.columns_offered,
        default=offers.target_default,
        check=accepted.existing_columns,
        essential=_own_data,
        show="profile",
        after=_TABLE,
    ),
    Question(
        "ignore",
        "Which columns should be left out?",
        "Columns that you will not know when you predict, or must not use.",
        "--ignore COLUMN",
        type="list",
        form="choose many",
        choices=offers.features_offered,
        default=offers.always((), "every column is used unless you say otherwise"),
        check=accepted.ignored_columns,
        asked=_never,
        after=(*_TABLE, "target"),
    ),
    Question(
        "leaks",
        "Leave out columns that give the target away?",
        "One that is known only after the fact makes every score look good and the model useless.",
        "--set leaks=COLUMN",
        type="list",
        form="choose many",
        choices=offers.leaks_offered,
        default=offers.leaks_default,
        check=accepted.ignored_columns,
        when=offers.leaks_seen,
        after=(*_TABLE, "target", "ignore"),
    ),
    Question(
        "columns",
        "Which columns are of another kind than shown?",
        "The kind decides how a column reaches the model; numbers may be codes, text may be dates.",
        "--set columns.NAME=KIND",
        type="kinds",
        form="kinds",
        default=offers.always({}, "as read from the values"),
        check=accepted.column_kinds,
        asked=_never,
        after=_TABLE,
    ),
    Question(
        "problem",
        "What kind of answer is wanted?",
        "It decides the last layer, the loss and what a good score means.",
        "--problem NAME",
        choices=offers.problems_offered,
        default=offers.problem_default,
        check=accepted.possible_problem,
        after=(*_TABLE, "target"),
    ),
    Question(
        "loss",
        "Which loss should be trained?",
        "Training makes this number small; both fit values between 0 and 1.",
        "--set loss=NAME",
        choices=offers.losses_offered,
        default=offers.usual("loss"),
        check=accepted.of_problem("loss"),
        asked=offers.several_losses,
        after=_ROW,
    ),
    Question(
        "positive",
        "Which label is the one to find?",
        "It counts as 1: the model's output is the probability of this label.",
        "--positive LABEL",
        choices=offers.labels_offered,
        default=offers.positive_default,
        check=accepted.known_label,
        when=offers.two_labels,
        asked=offers.label_unclear,
        after=_ROW,
    ),
    Question(
        "order",
        "In which order do the classes stand, from the lowest to the highest?",
        "The model learns from which step on a row is above; a wrong order makes that impossible.",
        "--set 'order=LOW < MIDDLE < HIGH'",
        form="text",
        default=offers.order_default,
        check=accepted.in_order,
        when=offers.ordered,
        after=_ROW,
    ),
    Question(
        "metric",
        "Which score should decide?",
        "Every verdict compares models by this one; the loss is only what training can follow.",
        "--metric NAME",
        choices=offers.metrics_offered,
        default=offers.usual("metric"),
        check=accepted.of_problem("metric"),
        show="head",
        after=_ROW,
    ),
    Question(
        "group",
        "Do several rows belong to the same person or thing?",
        "Such rows must not be in training and validation at once, or the score flatters.",
        "--group COLUMN",
        choices=offers.groups_offered,
        default=offers.always(NONE, "rows are taken as independent"),
        check=accepted.column_or_none("--group"),
        asked=lambda known, facts: len(offers.groups_offered(known, facts)) > 1,
        after=_ROW,
    ),
    Question(
        "time",
        "Will the model predict rows later than those it learned from?",
        "Then the latest rows must judge it, as in real use.",
        "--time COLUMN",
        choices=offers.times_offered,
        default=offers.time_default,
        check=accepted.column_or_none("--time"),
        asked=lambda known, facts: not known.get("group") and len(offers.times_offered(known, facts)) > 1,
        after=_ROW,
    ),
    Question(
        "validation",
        "How should models be judged along the way?",
        "Rows that the model has not seen; a test set is sealed apart from them until the end.",
        "--validation SCHEME",
        choices=offers.schemes_offered,
        default=offers.scheme_default,
        check=accepted.known_scheme,
        after=(*_ROW, "group", "time"),
    ),
    Question(
        "directory",
        "Where should the project go?",
        "A new folder with a small Keras project that is yours to edit.",
        "DIR",
        form="text",
        default=offers.directory_default,
        after=("data",),
    ),
    Question(
        "test_size",
        "Which share of the rows is sealed for the test?",
        "They are read once, at the very end.",
        "--test-size F",
        type="share",
        form="text",
        default=offers.always(0.2, "a fifth of the rows"),
        check=accepted.between(0.05, 0.5, "--test-size F", "a share of the rows"),
        asked=_never,
    ),
    Question(
        "validation_size",
        "Which share of the rows judges trials?",
        "Only with holdout.",
        "--set validation_size=F",
        type="share",
        form="text",
        default=offers.always(0.2, "a fifth of the rows"),
        check=accepted.between(0.05, 0.5, "--set validation_size=F", "a share of the rows"),
        asked=_never,
    ),
    Question(
        "batch_size",
        "How many rows make one training step?",
        "Small batches need little tuning and fit any machine.",
        "--batch-size N",
        type="integer",
        form="text",
        default=offers.always(32, "needs little tuning"),
        check=accepted.between(1, 4096, "--batch-size N", "a whole number"),
        asked=_never,
    ),
    Question(
        "seed",
        "Which seed makes the run repeatable?",
        "The same seed gives the same split and the same first weights.",
        "--seed N",
        type="integer",
        form="text",
        default=offers.always(0, "any number is as good"),
        check=accepted.between(0, 2**31 - 1, "--seed N", "a whole number"),
        asked=_never,
    ),
)

EXAMPLE = "example:"
"""What stands before the name of a bundled example where a file could stand."""

FORMAT = ("delimiter", "encoding", "decimal", "thousands", "missing", "sheet")
"""Settings of the data file that are sniffed and never asked; `--set` and answers files may give them."""

BY_NAME: Mapping[str, Question] = MappingProxyType({question.name: question for question in QUESTIONS})
