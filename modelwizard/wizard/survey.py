"""What the data say, for the questions: the findings of the data room in the words that the questions use."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from modelwizard import kinds
from modelwizard.answers import Source, Splitting
from modelwizard.errors import ModelWizardError
from modelwizard.files import file_sha256
from modelwizard.wizard.decided import Parts
from modelwizard.wizard.facts import ColumnFacts, Facts, TableFacts, TargetFacts
from modelwizard.wizard.places import folder_name
from modelwizard.wizard.question import EXAMPLE, FORMAT, steps

if TYPE_CHECKING:
    import pandas as pd

    from modelwizard.kinds.tabular.columns import Column
    from modelwizard.kinds.tabular.infer import Guess
    from modelwizard.kinds.tabular.outcomes import Choices
    from modelwizard.kinds.tabular.profile import Profile
    from modelwizard.kinds.tabular.sniff import Format
    from modelwizard.kinds.tabular.target import Target
    from modelwizard.splitting.split import Split

MOST_FILES = 9
USUAL: Mapping[str, Any] = MappingProxyType({"validation": "auto", "test_size": 0.2, "validation_size": 0.2, "seed": 0})
"""The questions' defaults that the split rests on before a person has answered them."""


@dataclass(frozen=True)
class Table:
    """A file as it was read."""

    path: Path
    form: Format
    frame: pd.DataFrame
    sha256: str
    choices: Choices | None = None


class Survey:
    """Reads, describes, infers and divides; each step once as long as the answers it rests on stay the same.

    Args:
        say: Told what takes a moment.
        place: The folder that the command was started in.
    """

    def __init__(self, say: Callable[[str], None], place: Path) -> None:
        self._say = say
        self._place = place
        self._found: dict[str, tuple[Hashable, Any]] = {}
        self._scratch: TemporaryDirectory[str] | None = None

    def learn(self, known: Mapping[str, Any]) -> Facts:
        """Return the facts that follow from the answers so far.

        Raises:
            DataError: When nothing can be learned from the file or the target.
        """
        facts = Facts(files=self._once("files", (), self._nearby), examples=examples)
        if "data" not in known:
            return facts
        table = self._once("facts", (self._key(known), known["data"]), lambda: self._table_facts(known))
        facts = replace(facts, table=table, folder=self._folder(known))
        if "target" not in known:
            return facts
        facts = replace(facts, target=self._target_facts(known))
        if "problem" not in known or "time" not in known:
            return facts
        split = self._split(known)
        return replace(facts, scheme=split.scheme, split_reason=_sentence(split.reason))

    def divide(self, known: Mapping[str, Any]) -> Parts:
        """Divide the rows into parts, as the answers want it."""
        split = self._split(known)
        settings = Splitting(
            scheme=split.scheme,
            test_size=known["test_size"],
            validation_size=known["validation_size"],
            group=known["group"],
            time=known["time"],
            folds=split.folds,
            repeats=split.repeats,
            seed=known["seed"],
            reason=split.reason,
        )
        return Parts(settings, split.parts.tolist(), split.hashes.tolist(), split.notes)

    # -- steps -------------------------------------------------------------------------------------------------

    def _once(self, step: str, key: Hashable, find: Callable[[], Any]) -> Any:
        """Return what a step found before for the same key, else find it."""
        before = self._found.get(step)
        if before is None or before[0] != key:
            self._found[step] = (key, find())
        return self._found[step][1]

    def _nearby(self) -> tuple[str, ...]:
        folders = [self._place, self._place / "data"]
        paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
        known = [kinds.of(name) for name in kinds.KINDS]
        tables = [path for path in paths if any(kind.recognises(path) for kind in known)]
        return tuple(path.relative_to(self._place).as_posix() for path in tables[:MOST_FILES])

    def _folder(self, known: Mapping[str, Any]) -> str:
        """Return a folder name after the data that is free here."""
        path = self._table(known).path
        name = folder_name(path.stem if path.stem.lower() not in ("data", "train") else path.parent.name)
        free = (f"{name}-{number}" if number > 1 else name for number in range(1, 1000))
        return next(one for one in free if not (self._place / one).exists())

    def _table(self, known: Mapping[str, Any]) -> Table:
        overrides = {name: known[name] for name in FORMAT if name in known}
        key = (known["data"], tuple(overrides.items()))
        table = self._once("table", key, lambda: self._read(known["data"], overrides))
        columns, targets = known.get("columns", {}), known.get("target", ())
        ways = {name: known[name] for name in ("rare", "extremes") if known.get(name)}
        task = (tuple(columns.items()), targets, known.get("problem"), tuple(ways.items()))
        if not columns and not targets:
            return table
        return self._once("task", (id(table), task), lambda: _for_task(table, columns, targets, task[2], ways))

    def _read(self, data: str, overrides: Mapping[str, Any]) -> Table:
        from modelwizard.kinds.tabular import read

        if data.startswith(EXAMPLE):
            path = self._written(data.removeprefix(EXAMPLE))
        else:
            path = (self._place / Path(data).expanduser()).resolve()
        sniffed = ("delimiter", "encoding", "header", "sheet")  # what else is found depends on these
        form = read.sniff(path, **{name: value for name, value in overrides.items() if name in sniffed})
        form = replace(form, **{name: value for name, value in overrides.items() if name not in sniffed})
        self._say(f"Reading {path.name} …")
        return Table(path, *read.learn(path, form), file_sha256(path))

    def _written(self, example: str) -> Path:
        """Write an example where it can be read; it reaches the project only with all its other files."""
        from modelwizard.kinds.tabular.examples import write_example

        self._scratch = self._scratch or TemporaryDirectory(prefix="modelwizard-")
        return write_example(example, Path(self._scratch.name))

    def bundled(self, known: Mapping[str, Any]) -> dict[str, str]:
        """Return the data as a file of the project, when they are an example."""
        if not known["data"].startswith(EXAMPLE):
            return {}
        path = self._table(known).path
        return {path.name: path.read_bytes().decode()}

    def _key(self, known: Mapping[str, Any]) -> Hashable:
        """Return a value that changes when the file does, or a column's kind."""
        return (id(self._table(known)), tuple({**known.get("columns", {}), **self._left_out(known)}.items()))

    @staticmethod
    def _left_out(known: Mapping[str, Any]) -> dict[str, str]:
        return dict.fromkeys((*known.get("ignore", ()), *known.get("leaks", ())), "ignore")

    def _columns(self, known: Mapping[str, Any]) -> list[Column]:
        from modelwizard.kinds.tabular.columns import describe, override

        table = self._table(known)
        described = self._once("described", id(table), lambda: describe(table.frame, table.form))
        kinds = {**known.get("columns", {}), **self._left_out(known)}
        return self._once(
            "columns",
            self._key(known),
            lambda: override(table.frame, table.form, described, kinds) if kinds else described,
        )

    def _profile(self, known: Mapping[str, Any]) -> Profile:
        from modelwizard.kinds.tabular.profile import profile

        table, columns = self._table(known), self._columns(known)
        return self._once("profile", self._key(known), lambda: profile(table.frame, columns, table.form))

    def _guess(self, known: Mapping[str, Any]) -> Guess:
        table = self._table(known)
        return self._once("guess", (id(table), known["target"]), lambda: _feasible(table, known["target"]))

    def _target(self, known: Mapping[str, Any]) -> Target:
        """Check the target; the positive label that is offered anyway makes no other target."""
        from modelwizard.kinds.tabular.target import check_target

        table, problem = self._table(known), known.get("problem") or self._guess(known).problem
        key = (id(table), known["target"], problem)
        target = self._once("target", key, lambda: check_target(table.frame, known["target"], problem, table.form))
        positive, order = known.get("positive") if target.type.chooses_positive else None, ()
        if target.type.ordered and "order" in known:
            order = steps(known["order"])
        if positive in (None, *target.classes[1:]) and order in ((), target.classes):
            return target
        return self._once(
            "turned",
            (*key, positive, order),
            lambda: check_target(table.frame, known["target"], problem, table.form, positive, order),
        )

    def _with_target(self, known: Mapping[str, Any]) -> Profile:
        """Profile the table with its target, columns that leak still in it."""
        from modelwizard.kinds.tabular.profile import profile

        before = {name: value for name, value in known.items() if name != "leaks"}
        table, columns, target = self._table(known), self._columns(before), self._target(known)
        key = (self._key(before), id(target))
        return self._once("with target", key, lambda: profile(table.frame, columns, table.form, target))

    def _split(self, known: Mapping[str, Any]) -> Split:
        from modelwizard.splitting.split import split

        table, columns, target = self._table(known), self._columns(known), self._target(known)
        chosen = {name: known.get(name, usual) for name, usual in USUAL.items()}
        chosen |= {name: known.get(name) or None for name in ("group", "time")}
        key = (self._key(known), id(target), tuple(chosen.values()))
        return self._once("split", key, lambda: split(table.frame, columns, target, table.form, **chosen))

    # -- in the words of the questions ------------------------------------------------------------------------------

    def _table_facts(self, known: Mapping[str, Any]) -> TableFacts:
        from modelwizard.kinds.tabular.infer import suggest_target

        table, columns, found = self._table(known), self._columns(known), self._profile(known)
        suggestion = suggest_target(table.frame, columns)
        targets, why = suggestion.targets, suggestion.reason
        if known["data"].startswith(EXAMPLE):
            from modelwizard.kinds.tabular.examples import EXAMPLES

            targets, why = EXAMPLES[known["data"].removeprefix(EXAMPLE)].targets, "the target of this example"
        odd = {name for caution in found.cautions for name in caution.columns}
        source = Source(
            path=table.path,
            kind=table.form.kind,
            delimiter=table.form.delimiter,
            encoding=table.form.encoding,
            decimal=table.form.decimal,
            thousands=table.form.thousands,
            missing=table.form.missing,
            sheet=table.form.sheet,
            dates=MappingProxyType({c.name: c.format for c in columns if c.kind == "date" and c.format}),
            mended=table.form.mended,
            rows=len(table.frame),
            sha256=table.sha256,
        )
        return TableFacts(
            source,
            tuple(
                ColumnFacts(c.name, c.kind, c.reason, c.missing, c.distinct, _summary(c), c.name in odd)
                for c in columns
            ),
            duplicates=found.duplicates,
            targets=targets,
            targets_reason=why,
            groups=found.groups,
            times=found.times,
            time=found.time,
            warnings=tuple(caution.sentence for caution in found.cautions),
        )

    def _target_facts(self, known: Mapping[str, Any]) -> TargetFacts:
        guess, target = self._guess(known), self._target(known)
        found, before = self._with_target(known), self._profile(known)
        told = {caution.code for caution in before.cautions}
        leaks = {name: leak.sentence for leak in found.leaks for name in leak.columns}
        return TargetFacts(
            problem=guess.problem,
            reason=guess.reason,
            alternatives=MappingProxyType({other.problem: other.reason for other in guess.alternatives}),
            impossible=guess.impossible,
            metric=guess.metric or "",
            metric_reason=guess.metric_reason,
            choices=MappingProxyType(choices._asdict() if (choices := self._table(known).choices) else {}),
            labels=tuple(zip(target.classes, target.counts, strict=True)) if target.classes else (),
            positive=target.classes[1] if target.type.chooses_positive else "",
            positive_reason=target.positive_reason,
            positive_evident=target.positive_evident,
            leaks=MappingProxyType(leaks),
            initial_loss=MappingProxyType(_initial(target)),
            warnings=tuple(c.sentence for c in found.cautions if c.code not in ("leak", *told)),
        )


def _for_task(
    table: Table, columns: Mapping[str, str], targets: Sequence[str], problem: str | None, ways: Mapping[str, str]
) -> Table:
    from modelwizard.kinds.tabular.outcomes import for_task

    form, frame, choices = for_task(table.path, table.form, table.frame, columns, targets, problem, ways)
    return replace(table, form=form, frame=frame, choices=choices)


def _feasible(table: Table, targets: Sequence[str]) -> Guess:
    """Infer the problem; where the likeliest cannot be learned from these rows, offer the next that can.

    Raises:
        DataError: When none can be learned.
    """
    from modelwizard.kinds.tabular.infer import infer
    from modelwizard.kinds.tabular.target import check_target

    guess = infer(table.frame, targets, table.form)
    refused: dict[str, ModelWizardError] = {}
    for problem, reason in ((guess.problem, guess.reason), *((a.problem, a.reason) for a in guess.alternatives)):
        try:
            check_target(table.frame, targets, problem, table.form)
        except ModelWizardError as error:
            refused[problem] = error
            continue
        if not refused:
            return guess
        others = tuple(a for a in guess.alternatives if a.problem not in (problem, *refused))
        why = f"{reason}; {guess.problem} is ruled out: {refused[guess.problem].what.rstrip('.')}"
        return replace(guess, problem=problem, reason=why, alternatives=others, metric=None)
    raise refused[guess.problem]


def _summary(column: Column) -> str:
    """Return what a column holds in a few words: labels with the share of the first, else the reason of its kind."""
    if column.kind not in ("categorical", "boolean") or not column.examples:
        return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.4g}", column.reason)
    words = [word if len(word) <= 16 else f"{word[:15]}…" for word in column.examples[:3]]
    words[0] += f" {column.common:.0%}"
    return ", ".join(words) + (", …" if column.distinct > len(words) else "")


def _initial(target: Target) -> dict[str, float]:
    """Return the loss expected before training, where the target is trained on as it is."""
    if target.type.scaling:
        return {}
    from modelwizard.evidence.losses import first_loss

    y, name = target.y[target.known], target.problem
    return {f"{name}/{loss}": first_loss(name, loss, y) for loss in target.type.losses}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def examples() -> Mapping[str, str]:
    """Return the bundled examples: name → what it is."""
    return {name: title for kind in kinds.KINDS for name, title in kinds.of(kind).examples().items()}
