"""`modelwizard features` with a scripted worker: what helps is written on a yes, and nothing without one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from stand_ins import Person, Worker

from modelwizard import walk
from modelwizard.contract.entries import Compared, Edited, Look, Trial, Written
from modelwizard.contract.events import OnEvent
from modelwizard.contract.jobs import Importance
from modelwizard.contract.messages import message
from modelwizard.contract.results import Effect, Effects, Inspection, Proposal, Proposals
from modelwizard.contract.trials import Experiment, Summary
from modelwizard.errors import GateError, ProjectError, UsageError
from modelwizard.journal import Journal
from modelwizard.options import StageOptions
from modelwizard.project import Project
from modelwizard.reporter import Watch

OPTIONS = StageOptions()
L = TypeVar("L")
GOOD = Proposal(name="good", op="ratio", code='columns["good"] = 1', share=0.1, t=9.0)
BAD = msgspec.structs.replace(GOOD, name="bad", code='columns["bad"] = 1')


class Tinkerer(Worker):
    """A worker whose networks gain by the feature `good`, lose by `bad`, and do as well without the column `idle`."""

    breaks = False
    proposes: tuple[Proposal, ...] = (GOOD, BAD)

    def _propose(self, project: Project, job: Any, on_event: OnEvent) -> list[Proposals]:
        return [Proposals(one.name, ((one,),), (one,)) for one in self.proposes]

    def _importance(self, project: Project, job: Importance, on_event: OnEvent) -> Effects:
        told = {"idle": 0.1, "needed": 30.0, "good": 20.0}
        gone = " ".join(line for lines in job.experiment.additions for line in lines)
        return Effects([[Effect(n, t, t)] for n, t in told.items() if f'del columns["{n}"]' not in gone], 3)

    def _trial(self, project: Project, asked: Experiment) -> Summary:
        lines = " ".join(line for fold in asked.additions for line in fold)
        skill = self.skill
        self.skill = skill + 2.0 * ("good" in lines) - 1.0 * ("bad" in lines)
        try:
            return super()._trial(project, asked)
        finally:
            self.skill = skill

    def _inspect(self, project: Project, job: Any, on_event: OnEvent) -> Inspection:
        if self.breaks and "good" in (project.folder / "data.py").read_text():
            raise ProjectError("data.py fails.")
        return super()._inspect(project, job, on_event)


@pytest.fixture
def folder(make_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A project with a passed baseline."""
    made = Path(shutil.copytree(make_project("binary", 900).parent, tmp_path / "work")) / "project"
    walk.run_stage(made, "baseline", OPTIONS, Person(), Worker())  # type: ignore[arg-type]
    return made


def features(folder: Path, worker: Worker | None = None, options: StageOptions = OPTIONS, **person: bool) -> dict:
    return walk.run_features(folder, options, Person(**person), worker or Tinkerer())  # type: ignore[arg-type]


def lines(folder: Path, form: type[L]) -> list[L]:
    return Journal(folder / "journal.jsonl").of(form, "features")


def test_what_helps_is_written_and_what_does_not_is_left(folder: Path) -> None:
    before = (folder / "data.py").read_text()
    found = features(folder)
    assert found["written"]
    assert found["code"] == [GOOD.code, 'del columns["idle"]']
    assert found["after"] > found["before"]
    text = (folder / "data.py").read_text()
    assert f'    {GOOD.code}\n    del columns["idle"]\n    return columns\n' in text
    assert "bad" not in text.replace(before, "")
    kept = {tuple(entry.names): entry.accepted for entry in lines(folder, Compared)}
    assert kept == {("good",): True, ("bad",): False, ("idle",): True, ("good", "idle"): True}


def test_every_decision_is_recorded_with_its_evidence(folder: Path) -> None:
    features(folder)
    first = lines(folder, Compared)[0]
    assert first.features == [msgspec.to_builtins(GOOD)]
    assert first.gain
    assert first.se
    assert first.gain > first.se > 0
    assert first.t == pytest.approx(first.gain / first.se)
    assert lines(folder, Written)[-1].code_lines == [GOOD.code, 'del columns["idle"]']
    audit = walk.audit(folder)
    assert audit["ok"]
    counted = [*lines(folder, Trial), *lines(folder, Look)]
    assert audit["by_stage"]["features"] == sum(entry.looks for entry in counted)
    assert sum(audit["by_stage"].values()) == audit["looks"]["validation"]


def test_nothing_is_written_without_a_yes(folder: Path) -> None:
    before = (folder / "data.py").read_bytes()
    found = features(folder, answer=False)
    assert not found["written"]
    assert found["confirmed"]
    assert (folder / "data.py").read_bytes() == before
    assert not lines(folder, Written)


def test_nobody_there_to_be_asked_means_no(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> bool:
        raise UsageError("nobody")

    monkeypatch.setattr(Person, "confirm", ask)
    assert not features(folder)["written"]


def test_asked_again_nothing_is_counted_twice(folder: Path) -> None:
    first = features(folder, answer=False)
    lines = len(Journal(folder / "journal.jsonl").entries())
    again = features(folder, answer=False)
    assert again["code"] == first["code"]
    assert again["looks"] == first["looks"]
    assert len(Journal(folder / "journal.jsonl").entries()) == lines


def test_a_file_that_does_not_load_is_put_back(folder: Path) -> None:
    before = (folder / "data.py").read_bytes()
    worker = Tinkerer()
    worker.breaks = True
    with pytest.raises(ProjectError):
        features(folder, worker)
    assert (folder / "data.py").read_bytes() == before


def test_where_nothing_helps_nothing_is_asked(folder: Path) -> None:
    worker = Tinkerer()
    worker.proposes = (BAD,)
    worker._importance = lambda *_: Effects([], 0)  # type: ignore[method-assign]
    found = features(folder, worker)
    assert found["code"] == []
    assert found["after"] == found["before"]
    assert not found["written"]


def test_the_edit_is_a_new_branch_for_the_next_stage(folder: Path) -> None:
    features(folder)
    walk.run_stage(folder, "overfit", replace(OPTIONS, trials=4), Person(), Worker())  # type: ignore[arg-type]
    edits = Journal(folder / "journal.jsonl").of(Edited)
    assert [entry.files for entry in edits] == [["data.py"]]


def test_a_limit_of_trials_is_kept(folder: Path) -> None:
    worker = Tinkerer()
    features(folder, worker, replace(OPTIONS, trials=8))
    assert len(worker.trained) <= 8


def test_without_a_baseline_there_is_nothing_to_compare_with(make_project: Callable[..., Path], tmp_path: Path) -> None:
    made = Path(shutil.copytree(make_project("binary", 900).parent, tmp_path / "work")) / "project"
    with pytest.raises(GateError, match="baseline has not been run"):
        features(made)


def test_a_walk_with_features_goes_on_to_its_end(folder: Path) -> None:
    for stage in ("overfit", "regularize"):
        walk.run_stage(folder, stage, replace(OPTIONS, trials=4), Person(), Worker())  # type: ignore[arg-type]
    assert "looks.features_not_tried" in [told.id for told in walk.status(folder)["advice"]]
    features(folder)
    assert "looks.features_not_tried" not in [told.id for told in walk.status(folder)["advice"]]
    done = walk.run_stage(folder, "finalize", OPTIONS, Person(), Worker(skill=4.0))  # type: ignore[arg-type]
    assert done["verdict"] in ("consistent", "better", "suspect")
    page = walk.report(folder).read_text(encoding="utf-8")
    assert "written into data.py" in page


def test_a_network_is_starred_only_if_it_is_the_best_so_far(folder: Path) -> None:
    seen: list[float | None] = []

    class Watching(Person):
        def watch(self, watch: Watch) -> AbstractContextManager[OnEvent]:
            if watch.title != message("features.watch_importance"):
                seen.append(watch.best)
            return super().watch(watch)

    walk.run_features(folder, OPTIONS, Watching(), Tinkerer())  # type: ignore[arg-type]
    known = [best for best in seen if best is not None]
    assert seen[0] is None
    assert len(known) == len(seen) - 1
    assert known == sorted(known)  # ROC AUC: what is best never falls
    assert known[-1] > known[0]
