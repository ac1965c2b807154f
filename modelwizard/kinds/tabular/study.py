"""A table that was read, and what it says in the light of the answers so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from modelwizard.errors import ModelWizardError
from modelwizard.evidence.losses import first_loss
from modelwizard.files import file_sha256
from modelwizard.kinds.facts import Column, DataFacts, Guess, Profile, TargetFacts
from modelwizard.kinds.once import Once
from modelwizard.kinds.question import EXAMPLE, steps
from modelwizard.kinds.tabular.amounts import check_infinite
from modelwizard.kinds.tabular.columns import describe, override
from modelwizard.kinds.tabular.copies import told
from modelwizard.kinds.tabular.examples import EXAMPLES
from modelwizard.kinds.tabular.infer import infer, suggest_target
from modelwizard.kinds.tabular.outcomes import Choices, for_task
from modelwizard.kinds.tabular.profile import profile
from modelwizard.kinds.tabular.read import learn, sniff
from modelwizard.kinds.tabular.rows import row_hashes, rows_of
from modelwizard.kinds.tabular.target import check_target
from modelwizard.problems.target import Target
from modelwizard.settings import DataSettings, Format
from modelwizard.splitting.split import Rows

Known = Mapping[str, Any]
SNIFFED = ("delimiter", "encoding", "header", "sheet")
"""What else is found depends on these."""


class Table(NamedTuple):
    """A table, how it is read, and what can be chosen about its target."""

    form: Format
    frame: pd.DataFrame
    choices: Choices = Choices()


class Study:
    """A table; each step is taken once as long as the answers it rests on stay the same.

    Args:
        path: The file.
        reading: What a person knows better about how it is written, by the names of `Format`.

    Raises:
        DataError: The file cannot be read, or holds no table.
    """

    def __init__(self, path: Path, reading: Mapping[str, Any]) -> None:
        self._path = path
        form = sniff(path, **{name: value for name, value in reading.items() if name in SNIFFED})
        form = replace(form, **{name: value for name, value in reading.items() if name not in SNIFFED})
        self._read = Table(*learn(path, form))
        self._sha256 = file_sha256(path)
        self._once = Once()

    def _table(self, known: Known) -> Table:
        """Return the table as the task needs it: with what its target needs to have mended, or a person decided."""
        task = columns, targets, problem, ways = _task(known)
        if not columns and not targets:
            return self._read
        form, frame, _ = self._read
        return self._once(
            "task", task, lambda: Table(*for_task(self._path, form, frame, dict(columns), targets, problem, dict(ways)))
        )

    def facts(self, known: Known) -> DataFacts:
        """Return what a person should see before the questions about columns."""
        return self._once("facts", (known["data"], _task(known), _kinds(known)), lambda: self._facts(known))

    def _facts(self, known: Known) -> DataFacts:
        table, columns, found = self._table(known), self._columns(known), self._profile(known)
        targets, why = suggest_target(table.frame, columns)
        if known["data"].startswith(EXAMPLE):
            targets, why = EXAMPLES[known["data"].removeprefix(EXAMPLE)].targets, "the target of this example"
        source = DataSettings(
            **vars(table.form),
            path=self._path.as_posix(),
            rows=len(table.frame),
            sha256=self._sha256,
            dates=MappingProxyType({c.name: c.format for c in columns if c.kind == "date" and c.format}),
        )
        return DataFacts(source=source, columns=tuple(columns), targets=targets, targets_reason=why, **vars(found))

    def target_facts(self, known: Known) -> TargetFacts:
        """Return what a person should know about the target that was named."""
        guess, target = self._guess(known), self.target(known)
        found, before = self._with_target(known), self._profile(known)
        told = {"leak", *(caution.code for caution in before.cautions)}
        return TargetFacts(
            **vars(guess),
            choices=MappingProxyType(self._table(known).choices._asdict()),
            labels=tuple(zip(target.classes, target.counts, strict=True)) if target.classes else (),
            positive=target.classes[1] if target.type.chooses_positive else "",
            positive_reason=target.positive_reason,
            positive_evident=target.positive_evident,
            leaks=MappingProxyType({name: leak.sentence for leak in found.leaks for name in leak.columns}),
            initial_loss=MappingProxyType(_initial(target)),
            warnings=tuple(caution.sentence for caution in found.cautions if caution.code not in told),
        )

    def target(self, known: Known) -> Target:
        """Check the target; the positive label that is offered anyway makes no other target."""
        problem = known.get("problem") or self._guess(known).problem
        table, key = self._table(known), (_task(known), problem)
        check = lambda *more: check_target(table.frame, known["target"], problem, table.form, *more)  # noqa: E731
        target: Target = self._once("target", key, check)
        positive, order = known.get("positive") if target.type.chooses_positive else None, ()
        if target.type.ordered and "order" in known:
            order = steps(known["order"])
        if positive in (None, *target.classes[1:]) and order in ((), target.classes):
            return target
        return self._once("turned", (*key, positive, order), lambda: check(positive, order))

    def rows(self, known: Known) -> Rows:
        """Return which rows must not be parted, their order, what is told of copies; refuse infinite features."""
        (form, frame, _), columns, target = self._table(known), self._columns(known), self.target(known)
        group, time = known.get("group") or "", known.get("time") or ""

        def find() -> Rows:
            check_infinite(frame, columns, form)
            copies = told(frame, columns, target, form, group, time)
            return replace(rows_of(frame, columns, target.names, form, group, time), copies=copies)

        return self._once("rows", (_task(known), _kinds(known), target, group, time), find)

    def hashes(self) -> Sequence[str]:
        """Return 16 hex digits for each row, of its raw content."""
        return self._once("hashes", (), lambda: row_hashes(self._read.frame).tolist())

    def _columns(self, known: Known) -> list[Column]:
        (form, frame, _), task, kinds = self._table(known), _task(known), _kinds(known)
        described = self._once("described", task, lambda: describe(frame, form))
        return self._once("columns", (task, kinds), lambda: override(frame, form, described, dict(kinds)))

    def _profile(self, known: Known) -> Profile:
        (form, frame, _), columns = self._table(known), self._columns(known)
        return self._once("profile", (_task(known), _kinds(known)), lambda: profile(frame, columns, form))

    def _guess(self, known: Known) -> Guess:
        return self._once("guess", _task(known), lambda: self._feasible(known["target"], self._table(known)))

    @staticmethod
    def _feasible(targets: Sequence[str], table: Table) -> Guess:
        """Infer the problem; where the likeliest cannot be learned from these rows, offer the next that can."""
        guess = infer(table.frame, targets, table.form)
        refused: dict[str, ModelWizardError] = {}
        for problem, reason in {guess.problem: guess.reason, **guess.alternatives}.items():
            try:
                check_target(table.frame, targets, problem, table.form)
            except ModelWizardError as error:
                refused[problem] = error
                continue
            if not refused:
                return guess
            others = {name: why for name, why in guess.alternatives.items() if name not in (problem, *refused)}
            why = f"{reason}; {guess.problem} is ruled out: {refused[guess.problem].what.rstrip('.')}"
            return replace(guess, problem=problem, reason=why, alternatives=others, metric="")
        raise refused[guess.problem]

    def _with_target(self, known: Known) -> Profile:
        """Profile the table with its target, columns that leak still in it."""
        before = {name: value for name, value in known.items() if name != "leaks"}
        (form, frame, _), columns, target = self._table(known), self._columns(before), self.target(known)
        find = lambda: profile(frame, columns, form, target)  # noqa: E731
        return self._once("with target", (_task(known), _kinds(before), target), find)


def _task(known: Known) -> tuple[Any, ...]:
    """Return what the reading of the table rests on: kinds of columns, targets, problem, and what is done to faults."""
    ways = tuple((name, known[name]) for name in ("rare", "extremes") if known.get(name))
    return tuple(known.get("columns", {}).items()), tuple(known.get("target", ())), known.get("problem"), ways


def _kinds(known: Known) -> tuple[tuple[str, str], ...]:
    """Return the columns that are of another kind than found, those left out among them."""
    left_out = dict.fromkeys((*known.get("ignore", ()), *known.get("leaks", ())), "ignore")
    return tuple({**known.get("columns", {}), **left_out}.items())


def _initial(target: Target) -> dict[str, float]:
    """Return the loss expected before training, where the target is trained on as it is."""
    if target.type.scaling:
        return {}
    y, name = target.y[target.known], target.problem
    return {f"{name}/{loss}": first_loss(name, loss, y) for loss in target.type.losses}
