"""A whole walk with a scripted worker: gates, records, resuming, the one opening of the test rows."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from stand_ins import Person, Worker

from modelwizard import walk, words
from modelwizard.contract.entries import Edited, Exported, Forced, Look, Sealed, Trial, kind
from modelwizard.contract.entries import Finding as FindingLine
from modelwizard.contract.events import OnEvent, TrialEnded
from modelwizard.contract.jobs import Check, Final, Inspect, Prepare, Probe, References, Sanity, Search, Test
from modelwizard.contract.messages import message
from modelwizard.contract.results import Dimension, Finding, Inspection, Nothing, Searched
from modelwizard.contract.trials import Experiment, Summary
from modelwizard.errors import GateError, Interrupted, TestOpenedError, WorkerError
from modelwizard.evidence.scores import score
from modelwizard.journal import Journal
from modelwizard.options import StageOptions
from modelwizard.project import Project
from modelwizard.reporter import Watch
from modelwizard.walk.plan import Plan
from modelwizard.walk.regularize import BATCHES

TRIALS = StageOptions(trials=4)
STAGES = ("baseline", "overfit", "regularize", "finalize")


@pytest.fixture
def folder(make_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A project of 900 rows that nobody else writes to."""
    return Path(shutil.copytree(make_project("binary", 900).parent, tmp_path / "work")) / "project"


def step(
    folder: Path, stage: str, worker: Worker | None = None, options: StageOptions = TRIALS, **person: bool
) -> dict:
    return walk.run_stage(folder, stage, options, Person(**person), worker or Worker())  # type: ignore[arg-type]


ACCEPTED = message("walk.accepted")


def kinds(folder: Path) -> list[str]:
    return [kind(entry) for entry in Journal(folder / "journal.jsonl").entries()]


def test_a_walk_to_the_end(folder: Path) -> None:
    found = [step(folder, stage)["verdict"] for stage in STAGES]
    assert found == ["passed", "passed", "passed", "consistent"]
    state = walk.status(folder)
    assert state["next"] is None
    assert state["looks"]["test"] == 1
    assert state["stages"]["regularize"]["trials"] == 4
    assert state["stages"]["overfit"]["capacity"]["epochs"] >= 15
    assert words.say(state["account"]).startswith(f"{state['looks']['validation']} looks · best raw ")
    assert walk.audit(folder)["problems"] == []
    (folder / "model.keras").write_bytes(b"another model")
    assert walk.audit(folder)["problems"] == [message("story.other_model")]
    assert sorted(p.name for p in (folder / "experiments").iterdir()) == [
        "1-baseline.toml",
        "2-overfit.toml",
        "3-regularize.toml",
        "4-finalize.toml",
    ]


def test_every_experiment_file_can_be_read_again(folder: Path) -> None:
    for stage in STAGES:
        step(folder, stage)
    for path in (folder / "experiments").iterdir():
        table = tomllib.loads(path.read_text())
        assert set(table["training"]) >= {"epochs", "batch_size", "seed"}, path.name


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_stage_waits_for_the_one_before(folder: Path, stage: str) -> None:
    with pytest.raises(GateError, match="has not been run"):
        step(folder, stage)
    assert kinds(folder) == ["created"]


def test_a_failed_baseline_holds_the_walk_until_it_is_forced(folder: Path) -> None:
    assert step(folder, "baseline", Worker(skill=0.0))["verdict"] in ("failed", "cannot tell")
    with pytest.raises(GateError, match="baseline ended with"):
        step(folder, "overfit", Worker(skill=0.0))
    step(folder, "overfit", options=StageOptions(trials=4, force=True, reason="noisy labels"))
    forced = Journal(folder / "journal.jsonl").of(Forced)
    assert [(e.stage, e.reason) for e in forced] == [("baseline", "noisy labels")]
    assert walk.status(folder)["stages"]["baseline"]["verdict"] == "forced"


@pytest.mark.parametrize("answer", [True, False])
def test_an_open_verdict_of_regularize_may_be_accepted(folder: Path, answer: bool) -> None:
    step(folder, "baseline")
    step(folder, "overfit")
    word = step(folder, "regularize", Worker(skill=1.9))["verdict"]
    assert word in ("cannot tell", "failed")
    if answer:
        step(folder, "finalize", answer=True)
        assert Journal(folder / "journal.jsonl").of(Forced)[-1].reason == ACCEPTED
    else:
        with pytest.raises(GateError):
            step(folder, "finalize", answer=False)


def test_a_killed_worker_loses_only_the_trial_in_flight(folder: Path) -> None:
    step(folder, "baseline")
    step(folder, "overfit")
    with pytest.raises(WorkerError):
        step(folder, "regularize", Worker(dies_in="regularize-003"))
    again = Worker()
    assert step(folder, "regularize", again)["numbers"]["trials"] == 4
    assert again.trained == ["regularize-003", "regularize-004"]
    runs = [e.run for e in Journal(folder / "journal.jsonl").of(Trial, "regularize")]
    assert runs == [f"regularize-{i:03d}" for i in (1, 2, 3, 4)]


def test_another_round_adds_its_trials(folder: Path) -> None:
    for stage in ("baseline", "overfit", "regularize"):
        step(folder, stage)
    assert step(folder, "regularize", options=StageOptions(trials=3))["numbers"]["trials"] == 7


@pytest.mark.parametrize(("answer", "searched"), [("false", {"epochs"}), ("true", {"epochs", "batch_size"})])
def test_the_batch_size_is_searched_only_when_asked_for(folder: Path, answer: str, searched: set[str]) -> None:
    path = folder / "modelwizard.toml"
    path.write_text(path.read_text().replace("tune_batch_size = false", f"tune_batch_size = {answer}"))
    worker = Worker()
    for stage in ("baseline", "overfit", "regularize"):
        step(folder, stage, worker)
    [job] = [job for job in worker.jobs if isinstance(job, Search)]
    assert set(job.choices) == searched
    assert all(getattr(job, name) in values for name, values in job.choices.items())
    assert job.choices.get("batch_size", BATCHES) == BATCHES


@pytest.mark.parametrize(("scheme", "strategy"), [("holdout", "retrain"), ("kfold", "folds")])
def test_the_folds_own_networks_are_exported_when_asked_for(folder: Path, scheme: str, strategy: str) -> None:
    path = folder / "modelwizard.toml"
    text = path.read_text().replace('scheme = "holdout"', f'scheme = "{scheme}"')
    path.write_text(text.replace("[training]\n", '[training]\nproduction = "folds"\n'))
    worker = Worker()
    for stage in STAGES:
        step(folder, stage, worker)
    assert [job.strategy for job in worker.jobs if isinstance(job, Final)] == [strategy]


def test_the_same_stage_again_looks_no_second_time(folder: Path) -> None:
    step(folder, "baseline")
    before = walk.status(folder)["looks"]["validation"]
    step(folder, "baseline")
    assert walk.status(folder)["looks"]["validation"] == before


def test_the_test_rows_are_opened_once(folder: Path) -> None:
    for stage in STAGES:
        step(folder, stage)
    with pytest.raises(TestOpenedError, match="a second test"):
        step(folder, "finalize")
    again = step(folder, "finalize", options=StageOptions(force=True, reason="a new seed"))
    assert words.say(again["headline"]).startswith("Reused test")
    assert walk.audit(folder)["looks"]["test"] == 2


def test_the_expectation_is_sealed_before_the_test_is_opened(folder: Path) -> None:
    for stage in STAGES:
        step(folder, stage)
    last = kinds(folder)[-5:]
    assert last == ["decision", "sealed", "opened", "verdict", "read"]


def test_saying_no_keeps_the_test_rows_sealed(folder: Path) -> None:
    for stage in STAGES[:3]:
        step(folder, stage)
    with pytest.raises((Interrupted, GateError)):
        step(folder, "finalize", answer=False)
    assert "opened" not in kinds(folder)


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "modelwizard.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(("metric", "moves"), [("f1", True), ("roc_auc", False)])
def test_a_threshold_is_chosen_where_the_metric_has_one_and_paid_for(folder: Path, metric: str, moves: bool) -> None:
    edit(folder, 'metric = "roc_auc"', f'metric = "{metric}"')
    worker = Worker(skill=1.0)
    for stage in STAGES[:3]:
        step(folder, stage, worker)
    numbers = step(folder, "finalize", worker)["numbers"]
    journal = Journal(folder / "journal.jsonl")
    assert numbers["noise"]["seeds"] == 3
    looks = {e.purpose: e.looks for e in journal.of(Look, "finalize")}
    assert looks["temperature"] == 1
    assert ("threshold" in looks) == ("threshold" in numbers) == moves
    sealed = journal.of(Sealed)[0]
    table = tomllib.loads((folder / "experiments" / "4-finalize.toml").read_text())
    if moves:
        assert sealed.threshold == numbers["threshold"]["value"] == table["prediction"]["threshold"] < 0.5
        assert (sealed.score or 0) < numbers["threshold"]["raw"]
        rows = np.load(folder / "runs" / "test.npz")
        said = (rows["p"] >= sealed.threshold).astype(float)
        assert numbers["test"] == pytest.approx(score("binary", "f1", rows["y"], said))
        assert sum(np.array(numbers["confusion"])[:, 1]) == said.sum()
    else:
        assert sealed.threshold == 0.5
        assert "prediction" not in table


@pytest.mark.parametrize(("asked", "t", "rate"), [("false", 9.0, None), ("true", 0.5, None), ("true", 2.0, 1e-4)])
def test_the_last_polish_is_kept_only_by_paired_evidence(folder: Path, asked: str, t: float, rate: object) -> None:
    edit(folder, "polish = false", f"polish = {asked}")
    worker = Worker(polish_t=t)
    for stage in STAGES:
        step(folder, stage, worker)
    assert [job.polish for job in worker.jobs if isinstance(job, Final)] == [rate]
    purposes = [e.purpose for e in Journal(folder / "journal.jsonl").of(Look, "finalize")]
    assert ("polish" in purposes) == (asked == "true")


def test_an_overconfident_model_gets_a_temperature(folder: Path) -> None:
    """The stand-in's predictions are far surer than they are right."""
    worker = Worker(skill=6.0, rise=0.0)
    for stage in STAGES:
        step(folder, stage, worker, options=StageOptions(trials=4, force=True, reason="a test"))
    heat = [job.temperature for job in worker.jobs if isinstance(job, Final)]
    found = Journal(folder / "journal.jsonl").of(Exported)[-1].squeeze["temperature"]
    assert heat == [found["value"]]
    assert heat[0] != 1
    assert found["after"] < found["before"]


def test_a_second_finalize_looks_at_its_probes_no_second_time(folder: Path) -> None:
    for stage in STAGES:
        step(folder, stage)
    before = walk.status(folder)["looks"]["validation"]
    step(folder, "finalize", options=StageOptions(force=True, reason="a lecture"))
    assert walk.status(folder)["looks"]["validation"] == before


def test_a_kill_between_opening_and_verdict_goes_on_with_the_same_opening(folder: Path) -> None:
    class Dying(Worker):
        def _test(self, *job: object) -> Nothing:
            raise WorkerError("killed")

    for stage in STAGES[:3]:
        step(folder, stage)
    with pytest.raises(WorkerError):
        step(folder, "finalize", Dying())
    after = Worker()
    step(folder, "finalize", after)
    assert after.trained == []
    assert kinds(folder).count("opened") == 1


def test_an_edit_is_noticed_and_recorded(folder: Path) -> None:
    step(folder, "baseline")
    (folder / "model.py").write_text((folder / "model.py").read_text() + "\n# mine\n")
    person = Person()
    walk.run_stage(folder, "overfit", TRIALS, person, Worker())  # type: ignore[arg-type]
    edited = Journal(folder / "journal.jsonl").of(Edited)
    assert [e.files for e in edited] == [["model.py"]]
    assert edited[0].after_looks > 0
    assert any("model.py changed" in line for line in person.heard)


def test_a_changed_line_is_found(folder: Path) -> None:
    step(folder, "baseline")
    path = folder / "journal.jsonl"
    lines = path.read_text().splitlines()
    entry = json.loads(lines[2])
    entry["looks" if "looks" in entry else "stage"] = 1
    path.write_text("\n".join([*lines[:2], json.dumps(entry), *lines[3:]]) + "\n")
    found = walk.audit(folder)
    assert not found["ok"]
    assert "Line 3" in found["problems"][0]


def test_an_unreliable_hold_out_is_followed_by_repeated_k_fold(folder: Path) -> None:
    for stage in STAGES[:3]:
        step(folder, stage)
    ended = step(folder, "finalize", Worker(test_skill=-1.0))
    assert ended["verdict"] == "unreliable"
    found = ended["numbers"]["protocol"]
    assert (found["folds"], found["repeats"], found["trials"]) == (5, 3, 4)
    low, high = found["by_fold"]
    assert low < found["score"] < high
    chosen = tomllib.loads((folder / "experiments" / "3-regularize.toml").read_text())
    trial = next(e for e in Journal(folder / "journal.jsonl").of(Trial) if e.run == found["run"])
    assert chosen["hyperparameters"] == trial.hyperparameters
    settings = tomllib.loads((folder / "modelwizard.toml").read_text())
    assert settings["split"]["scheme"] == "kfold"
    assert settings["columns"]["amount"] == "numeric"
    assert ended["reasons"][-1]["id"] == "finalize.kfold"
    # What comes after is judged on the rows of the new protocol alone.
    assert step(folder, "regularize", options=StageOptions(trials=2))["numbers"]["trials"] >= 2


FINDING = Finding(
    code="MW101",
    cause="wrong-last-activation",
    severity="error",
    title="Softmax over a single unit",
    evidence="1 unit",
    why="it is always 1",
    fix="sigmoid",
    where="model.py:7",
)


def test_an_error_of_the_rules_holds_a_stage_until_it_is_forced(folder: Path) -> None:
    worker = Worker()
    worker.findings = [FINDING]
    with pytest.raises(GateError, match="MW101"):
        step(folder, "baseline", worker)
    assert worker.trained == []
    step(folder, "baseline", worker, StageOptions(force=True, reason="a lecture on mistakes"))
    assert Journal(folder / "journal.jsonl").of(Forced)[0].found == ["MW101"]


def test_a_warning_of_the_rules_is_told_and_the_stage_goes_on(folder: Path) -> None:
    worker, person = Worker(), Person()
    worker.findings = [replace(FINDING, severity="warning")]
    walk.run_stage(folder, "baseline", TRIALS, person, worker)  # type: ignore[arg-type]
    said = "MW101 Softmax over a single unit always says 1: 1 unit (model.py:7)"
    assert said in person.heard
    assert list(person.judged[-1].findings) == [said]
    told = {"code": "MW101", "severity": "warning", "stage": "baseline", "text": said.removeprefix("MW101 ")}
    assert walk.status(folder)["findings"] == [told]
    assert any(said in words.say(sentence) for sentence in walk.audit(folder)["story"])
    assert said in walk.report(folder).read_text(encoding="utf-8")
    step(folder, "overfit", worker)
    assert len(Journal(folder / "journal.jsonl").of(FindingLine)) == 1


def test_a_finding_is_gone_when_its_cause_is(folder: Path) -> None:
    worker = Worker()
    worker.findings = [replace(FINDING, severity="warning")]
    step(folder, "baseline", worker)
    settings = folder / "modelwizard.toml"
    kept = settings.read_text()
    settings.write_text(f'{kept}\n[checks]\nmute = ["MW101"]\n' if "[checks]" not in kept else
                        kept.replace("mute = []", 'mute = ["MW101"]'))  # fmt: skip
    assert walk.status(folder)["findings"] == []
    settings.write_text(kept)
    assert len(walk.status(folder)["findings"]) == 1
    (folder / "model.py").write_text((folder / "model.py").read_text() + "\n# mended\n")
    assert walk.status(folder)["findings"] == []


def test_run_walks_all_that_remains(folder: Path) -> None:
    done = walk.run_all(folder, StageOptions(trials=4), Person(), Worker())  # type: ignore[arg-type]
    assert list(done) == list(STAGES)
    assert walk.next_stage(folder) is None


HOUR = StageOptions(trials=4, time_budget=3600)


def kfold(folder: Path) -> None:
    edit(folder, 'scheme = "holdout"', 'scheme = "kfold"')


def everything(folder: Path, worker: Worker, options: StageOptions = HOUR) -> dict[str, dict]:
    return walk.run_all(folder, options, Person(), worker)  # type: ignore[arg-type]


def test_the_first_rung_is_the_baseline_s_own_run(folder: Path) -> None:
    worker = Worker()
    step(folder, "baseline", worker)
    numbers = step(folder, "overfit", worker)["numbers"]
    assert numbers["steps"][0]["run"] == "baseline-01"
    journal = Journal(folder / "journal.jsonl")
    sizes = [(e.hyperparameters, e.training) for e in journal.of(Trial)]
    assert all(size not in sizes[:i] for i, size in enumerate(sizes))
    assert numbers["runs"] == len(journal.of(Trial))
    assert walk.status(folder)["looks"]["validation"] == sum(e.looks for e in journal.entries())


def test_a_baseline_of_few_epochs_is_no_rung(folder: Path) -> None:
    path = folder / "experiments" / "1-baseline.toml"
    path.write_text(path.read_text().replace("epochs = 30", "epochs = 10"))
    worker = Worker()
    step(folder, "baseline", worker)
    assert step(folder, "overfit", worker)["numbers"]["steps"][0]["run"] == "overfit-01"


@pytest.mark.parametrize("scheme", ["holdout", "kfold"])
def test_a_time_budget_is_handed_to_every_job_that_takes_time(folder: Path, scheme: str) -> None:
    if scheme == "kfold":
        kfold(folder)
    worker = Worker()
    done = everything(folder, worker, StageOptions(time_budget=3600, workers=2))
    assert list(done) == list(STAGES)
    limits = {
        type(job): job.time_budget for job in worker.jobs if not isinstance(job, Inspect | Prepare | Check | Test)
    }
    assert None not in limits.values()
    assert (limits[References] or 0) < (limits[Sanity] or 0) < 0.2 * 3600
    assert (limits[Search] or 0) > 3000
    [search] = [job for job in worker.jobs if isinstance(job, Search)]
    assert search.reserve.networks == 2.5
    assert (limits[Final] or 0) < 3600 * 0.98


def test_the_best_trial_stands_for_a_probe_where_time_is_short(folder: Path) -> None:
    class Slow(Worker):
        def _trial(self, *asked: Any) -> Summary:
            return replace(super()._trial(*asked), seconds=500.0)

    worker = Slow()
    everything(folder, worker, StageOptions(trials=4, time_budget=1900, workers=1))
    [final] = [job for job in worker.jobs if isinstance(job, Final)]
    assert [run.partition("-")[0] for run in final.runs] == ["regularize"]
    assert not [job for job in worker.jobs if isinstance(job, Probe)]
    journal = Journal(folder / "journal.jsonl")
    [look] = [e for e in journal.of(Look) if e.purpose == "temperature"]
    others = sorted((e for e in journal.of(Trial) if e.run not in final.runs), key=lambda e: e.val_loss or 0)
    assert look.runs == [*final.runs, *(e.run for e in others[:2])]  # judged with the next best, as an average


def test_a_search_begins_with_the_defaults_the_baseline_a_short_a_brisk_a_careful_and_a_wide_trial(
    folder: Path,
) -> None:
    worker = Worker()
    everything(folder, worker, TRIALS)
    [search] = [job for job in worker.jobs if isinstance(job, Search)]
    usual, baseline, short, brisk, careful, wide = search.first
    assert usual == {"layers": 2, "units": 64, "dropout": 0.2, "weight_decay": 1e-2}
    assert (baseline["layers"], baseline["units"], baseline["dropout"]) == (1, 32, 0.0)
    assert short == {**usual, "epochs": min(search.choices["epochs"])}
    assert 4 * short["epochs"] == search.epochs
    assert brisk == {**usual, "dropout": 0.1}  # half of it; there is no learning rate to double
    assert careful == {**usual, "dropout": 0.5, "weight_decay": 3e-2}  # the choice that is nearest to ten times
    most = search.bounds["units"][1]  # twice the 32 units of the overfitting model
    assert wide == {**usual, "units": most, "dropout": 0.3, "epochs": 2 * search.epochs}


@pytest.mark.parametrize("value", [0.2, "some", True])
def test_a_search_leaves_alone_what_a_person_has_fixed(folder: Path, value: object) -> None:
    class Fixed(Worker):
        def _inspect(self, *job: Any) -> Inspection:
            facts = super()._inspect(*job)
            fixed = Dimension(name="dropout", default=value)
            return replace(facts, space=[*(h for h in facts.space if h.name != "dropout"), fixed])

    worker = Fixed()
    everything(folder, worker, TRIALS)
    [search] = [job for job in worker.jobs if isinstance(job, Search)]
    assert [first["dropout"] for first in search.first[2:]] == [value] * 4


def test_a_search_in_a_hurry_has_no_wide_trial(folder: Path) -> None:
    worker = Worker()
    everything(folder, worker, StageOptions(trials=4, time_budget=100, workers=1))
    [search] = [job for job in worker.jobs if isinstance(job, Search)]
    assert len(search.first) == 5


def test_without_a_time_budget_three_probes_are_trained(folder: Path) -> None:
    worker = Worker()
    everything(folder, worker, TRIALS)
    [final] = [job for job in worker.jobs if isinstance(job, Final)]
    assert final.runs == ["finalize-001", "finalize-002", "finalize-003"]
    assert all(job.time_budget is None for job in worker.jobs)


def test_a_search_that_time_ended_cannot_tell_and_the_best_trial_before_it_is_finalized(folder: Path) -> None:
    class Late(Worker):
        def _search(self, project: Project, job: Search, on_event: OnEvent) -> Searched:
            asked = Experiment(
                run="regularize-001",
                stage="regularize",
                hyperparameters={"units": 32},
                epochs=job.epochs,
                batch_size=job.batch_size,
                seed=1,
            )
            message = "Stopped before every fold was trained."
            on_event(TrialEnded(summary=asked.summary(status="stopped", message=message, scheme="holdout")))
            return Searched("time")

    worker, person = Late(), Person()
    done = walk.run_all(folder, HOUR, person, worker)  # type: ignore[arg-type]
    assert done["regularize"]["verdict"] == "cannot tell"
    assert done["regularize"]["headline"]["id"] == "regularize.late"
    assert [reason["id"] for reason in done["regularize"]["reasons"]] == ["regularize.late_reason"]
    assert any("is the best one before it" in line for line in person.heard)
    [final] = [job for job in worker.jobs if isinstance(job, Final)]
    assert final.runs[0].partition("-")[0] in ("baseline", "overfit")
    assert done["finalize"]["verdict"] in ("consistent", "better", "suspect")


def test_settings_to_finalize_come_from_the_best_trial_when_no_search_was_made(folder: Path) -> None:
    step(folder, "baseline")
    step(folder, "finalize", options=StageOptions(force=True, reason="a lecture"))
    table = tomllib.loads((folder / "experiments" / "4-finalize.toml").read_text())
    assert table["hyperparameters"]["units"] == 32


def test_run_goes_on_past_what_a_later_stage_can_live_with(folder: Path) -> None:
    worker = Worker(skill=0.6, rise=0.0)  # too weak to tell on these rows
    done = everything(folder, worker, TRIALS)
    assert done["baseline"]["verdict"] == "cannot tell"
    assert "finalize" in done
    forced = Journal(folder / "journal.jsonl").of(Forced)
    assert forced[0].stage == "baseline"
    assert forced[0].reason == ACCEPTED


def test_run_ends_at_a_baseline_without_any_power(folder: Path) -> None:
    done = everything(folder, Worker(skill=-3.0), TRIALS)
    assert list(done) == ["baseline"]
    assert done["baseline"]["verdict"] == "failed"


def test_a_plan_leaves_the_search_more_than_half(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("modelwizard.walk.plan.time.monotonic", lambda: now[0])
    plan = Plan(60.0, 0.0)
    now[0] = 6.0
    plan.started()
    baseline = plan.options("baseline", StageOptions()).time_budget
    now[0] += baseline or 0
    overfit = plan.options("overfit", StageOptions()).time_budget
    now[0] += overfit or 0
    search = plan.options("regularize", StageOptions())
    assert (baseline, overfit) == (pytest.approx(10.2), pytest.approx(7.65))
    assert (search.time_budget or 0) - search.reserve > 0.5 * 60
    now[0] = 100.0
    assert plan.options("finalize", StageOptions()).time_budget == 1.0
    assert Plan(None).options("overfit", StageOptions()) == StageOptions()


def test_no_screen_of_a_budgeted_walk_promises_more_time_than_there_is(folder: Path) -> None:
    seen: list[Watch] = []

    class Watching(Person):
        def watch(self, watch: Watch) -> AbstractContextManager[OnEvent]:
            seen.append(watch)
            return super().watch(watch)

    walk.run_all(folder, HOUR, Watching(), Worker())  # type: ignore[arg-type]
    assert seen
    assert all(0 < (one.time_budget or 0) <= 3600 for one in seen)
