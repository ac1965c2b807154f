"""The real worker on real projects: every problem type to the end, edits, leaks, failures, kills."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from modelwizard.contract.events import LOG, Event, OnEvent, Progress, Proposed, TrialEnded
from modelwizard.contract.jobs import (
    Final,
    Inspect,
    Polish,
    Predict,
    Probe,
    References,
    Sanity,
    Search,
    Test,
    Train,
)
from modelwizard.contract.results import Produced, Searched
from modelwizard.contract.trials import Experiment, Summary, Training
from modelwizard.errors import (
    DataError,
    Interrupted,
    ProjectError,
    TestOpenedError,
    WorkerError,
)
from modelwizard.evidence.calibration import tempered
from modelwizard.evidence.predictions import unpack
from modelwizard.evidence.sanity import MEMORISED
from modelwizard.evidence.scores import gain, score
from modelwizard.files import file_sha256
from modelwizard.problems import PROBLEMS
from modelwizard.project import Project
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop
from modelwizard.tuning.search import search as run_search
from modelwizard.worker.client import Child
from modelwizard.worker.pool import WarmWorkers

pytestmark = pytest.mark.slow

SMALL = {"layers": 1, "units": 16}
TRAINING = Training(epochs=3, batch_size=32, seed=1)
BASELINE = Experiment(run="baseline-01", stage="baseline", hyperparameters=SMALL, epochs=3, batch_size=32, seed=1)
PROBE = Probe(hyperparameters=SMALL, training=TRAINING, seeds=1)
SEARCH = Search(
    stage="regularize",
    trials=3,
    seed=5,
    epochs=3,
    batch_size=32,
    bounds={"units": (16, 32), "layers": (1, 2)},
)
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as started:
        yield started


@pytest.fixture
def project(make_project: Make, child: Child) -> Project:
    """A binary project whose files a test may edit."""
    child.project = make_project("binary")
    return Project.open(child.project)


def edit(project: Project, name: str, old: str, new: str) -> None:
    text = (project.folder / name).read_text()
    assert old in text, f"{name} no longer holds {old!r}"
    (project.folder / name).write_text(text.replace(old, new))


def refuse(project: Project, when: str, message: str) -> None:
    """Make build_model fail for some hyperparameters."""
    failing = f'    if {when}:\n        raise OSError("{message}")\n    model.compile('
    edit(project, "model.py", "    model.compile(", failing)


def search(child: Child, **more: Any) -> tuple[Searched, list[Summary]]:
    """Run a search and return its result and its trials."""
    found: list[Event] = []
    result = child.run(replace(SEARCH, **more), found.append)
    return result, ended(found)


def ended(events: Sequence[Event]) -> list[Summary]:
    """Return the trials that were heard of."""
    return [event.summary for event in events if isinstance(event, TrialEnded)]


def final(child: Child, probe: Probe = PROBE, on_event: OnEvent | None = None, **more: Any) -> Produced:
    """Train the probes and then the production networks."""
    events: list[Event] = []
    runs = child.run(probe, events.append).runs
    known = [*probe.done, *ended(events)]
    settings = {name: getattr(probe, name) for name in ("hyperparameters", "training", "patience", "seeds")}
    return child.run(Final(**{**settings, "runs": runs, "done": known, **more}), on_event)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_type_walks_to_the_end(problem: str, make_project: Make, child: Child, tmp_path: Path) -> None:
    child.project = make_project(problem)
    project = Project.open(child.project)
    task = project.settings.problem

    facts = child.run(Inspect())
    assert facts.rows == {"train": 144, "validation": 48, "test": 48, "unused": 0}

    references = {one.name: one.score for one in child.run(References()).references}
    assert gain(task.metric, references["linear"], references["dumb"]) > 0
    stored = project.references()
    assert stored.p.shape[:2] == (3, 48)

    sane = child.run(Sanity(hyperparameters=SMALL, batch_size=32, seed=0))
    assert sane.initial_loss == pytest.approx(sane.expected_loss, rel=0.01, abs=0.005)
    assert sane.batch_loss is not None
    assert sane.batch_baseline is not None
    assert sane.batch_loss < MEMORISED * sane.batch_baseline
    assert (sane.left_out, sane.looks) == ([], 2)

    events: list[Event] = []
    summary = child.run(Train(experiment=BASELINE), events.append)
    assert summary.status == "completed"
    assert summary.hyperparameters["dropout"] == 0  # not named, and this stage has no regularisation
    assert events[-1] == Progress(run="baseline-01", epoch=3, epochs=3)
    run, targets = project.read_run("baseline-01"), project.targets()
    y = targets.y[np.searchsorted(targets.rows, run.rows)]
    p = unpack(run.outputs[summary.best_epoch], PROBLEMS[problem].activation, run.offset, run.scale)
    assert score(problem, task.metric, y, p) == pytest.approx(summary.score, rel=0.02, abs=0.01)
    assert run.history[summary.best_epoch or 0]["val_loss"] == pytest.approx(summary.val_loss)

    made = final(child, replace(PROBE, seeds=2))
    assert made.members == 2
    assert made.equality.largest < 1e-5
    assert made.sha256 == file_sha256(project.model_path)

    child.run(Test())
    before = project.test_path.stat().st_mtime_ns
    child.run(Test())  # a kill after the opening: no second look
    assert project.test_path.stat().st_mtime_ns == before
    assert len(project.test().rows) == 48
    assert (project.parts()[project.test().rows] == "test").all()

    raw = pd.read_csv(project.data_path, dtype=str).drop(columns=list(task.target)).head(7)
    raw.to_csv(tmp_path / "new.csv", index=False)
    told = child.run(Predict(input=str(tmp_path / "new.csv"), output=str(tmp_path / "out.csv")))
    predicted = pd.read_csv(tmp_path / "out.csv")
    assert told.rows == len(predicted) == 7
    assert set(task.target) <= set(predicted.columns)
    if problem == "binary":
        assert set(predicted["target"]) <= {"no", "yes"}


@pytest.mark.parametrize("rule", ["", "group", "time"])
def test_folds_are_pooled_and_keep_their_rules(rule: str, make_project: Make, child: Child) -> None:
    child.project = make_project("regression")
    project = Project.open(child.project)
    edit(project, "modelwizard.toml", 'scheme = "holdout"', 'scheme = "kfold"')
    edit(project, "modelwizard.toml", "test_size", "folds = 3\ntest_size")
    columns = {"group": ("test_size", 'group = "city"\ntest_size'), "time": ("test_size", 'time = "since"\ntest_size')}
    if rule:
        edit(project, "modelwizard.toml", *columns[rule])
    child.run(References())
    child.run(Sanity(hyperparameters=SMALL, batch_size=32, seed=0))
    child.run(Train(experiment=replace(BASELINE, repeats=2)))
    run, targets = project.read_run("baseline-01"), project.targets()
    assert np.isin(project.parts()[run.rows], ["train", "validation"]).all()
    raw = pd.read_csv(project.data_path, dtype=str)
    if rule == "time":  # the first block only trains, and there is one order of time
        assert sorted(set(run.fold)) == [0, 1, 2]
        moments = pd.to_datetime(raw["since"])[run.rows].to_numpy()
        ends = [moments[run.fold == fold].max() for fold in range(3)]
        assert ends == sorted(ends)
    else:
        assert len(run.rows) == 2 * 192
        assert sorted(set(run.fold)) == [0, 1, 2, 3, 4, 5]
    assert (targets.group is None) == (rule == "")
    if rule == "group":
        for repeat in range(2):
            inside = run.fold // 3 == repeat
            folds = pd.Series(run.fold[inside]).groupby(raw["city"].to_numpy()[run.rows[inside]]).nunique()
            assert folds.max() == 1
    for strategy, members in (("retrain", 1), ("folds", 3)):
        made = final(child, replace(PROBE, patience=2), strategy=strategy)
        assert made.members == members
        assert made.equality.largest < 1e-5


def test_an_edited_model_and_data_are_what_is_trained_next(project: Project, child: Child) -> None:
    before = child.run(Inspect())
    twice = '    columns["twice"] = columns["amount"] * 2\n    return columns\n'
    edit(project, "data.py", "    return columns\n", twice)
    edit(
        project,
        "model.py",
        "    dropout = hp.Float(",
        '    x = keras.layers.Dense(hp.Int("first", 3, 9), activation=hp.Choice("act", ["relu", "tanh"]))(x)\n'
        "    dropout = hp.Float(",
    )
    after = child.run(Inspect())
    assert {h.name for h in after.space} - {h.name for h in before.space} == {"first", "act"}
    assert {n for n, h in after.code.items() if before.code[n] != h} == {"model.py", "data.py"}
    _, trials = search(child)
    assert all(3 <= trial.hyperparameters["first"] <= 9 for trial in trials)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("model.py", "def build_model(", "def build_model((", (r"model\.py:\d+", "SyntaxError")),
        ("model.py", "def build_model(", "def make_model(", ("has no build_model", "git")),
        ("model.py", 'keras.layers.Dense(1, activation="sigmoid"', 'keras.layers.Dense(2, activation="sigmoid"', ("",)),
        ("model.py", "    return model\n", "    return None\n", (r"model\.py:\d+", "does not return a model")),
        ("model.py", "    model.compile(", "    str(", (r"model\.py:\d+", "Try:")),
        ("model.py", "    return model\n", "    return undefined\n", (r"model\.py:\d+", "NameError")),
        ("model.py", 'loss="binary_crossentropy"', 'loss="no_such_loss"', (r"model\.py:\d+", "no_such_loss")),
        ("data.py", "import pandas as pd", "import nothing_like_it", ("pip install nothing_like_it",)),
        ("data.py", "    return columns\n", "    return columns['gone']\n", (r"data\.py:\d+", "KeyError")),
        ("preprocessing.py", "    def encode(", "    def encoded(", ("has no Encoding.encode",)),
        ("preprocessing.py", "class Encoding", "class Coding", ("has no Encoding",)),
    ],
    ids=["syntax", "renamed", "outputs", "none", "uncompiled", "name", "loss", "import", "feature", "method", "class"],
)
def test_a_broken_edit_is_told_with_its_line(
    project: Project, child: Child, name: str, old: str, new: str, words: tuple[str, ...]
) -> None:
    edit(project, name, old, new)
    with pytest.raises(ProjectError) as caught:
        child.run(Train(experiment=replace(BASELINE, run="a-1")))
    assert all(re.search(word, str(caught.value)) for word in words), str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert not list(project.runs.glob("a-1*"))
    if "Error" in str(caught.value.received):
        assert "Traceback" in (project.folder / LOG).read_text()
    edit(project, name, new, old)
    child.run(Inspect())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("split.isin(parts)", 'split.isin([*parts, "test"])'),
        ("split.isin(parts)", "split.isin(parts) | True"),
        ("return Rows(to_columns(chosen), to_target(chosen), rows)",
         "return Rows(to_columns(table.iloc[240 - len(rows):]), to_target(chosen), rows)"),
    ],
    ids=["added", "all", "renumbered"],
)  # fmt: skip
def test_test_rows_in_a_fit_are_refused(project: Project, child: Child, old: str, new: str) -> None:
    edit(project, "data.py", old, new)
    with pytest.raises(ProjectError, match=r"data\.py:\d+: load\(\) returns \d+ test row"):
        child.run(Inspect())


def test_test_rows_in_preprocessing_are_refused(project: Project, child: Child) -> None:
    edit(project, "preprocessing.py", "    def inputs(", '    def __new__(cls, rows):\n        data.load("test")\n'
         "        return super().__new__(cls)\n\n    def inputs(")  # fmt: skip
    with pytest.raises(ProjectError, match="Encoding loads the test rows"):
        child.run(Inspect())


def test_another_model_may_not_see_the_test_rows(project: Project, child: Child) -> None:
    with pytest.raises(ProjectError, match="no finalized model"):
        child.run(Test())
    final(child)
    child.run(Test())
    made = final(child, replace(PROBE, hyperparameters={**SMALL, "units": 32}))
    with pytest.raises(TestOpenedError, match="opened before"):
        child.run(Test())
    child.run(Test(force=True))
    assert project.test().model == made.sha256


@pytest.mark.parametrize("problem", ["binary", "multiclass", "multilabel"])
def test_a_temperature_travels_inside_the_exported_model(problem: str, make_project: Make, child: Child) -> None:
    child.project = make_project(problem)
    project = Project.open(child.project)
    final(child)
    child.run(Test())
    sure = project.test().p
    made = final(child, temperature=2.0)
    child.run(Test(force=True))
    assert made.equality.largest < 1e-5
    np.testing.assert_allclose(project.test().p, tempered(problem, sure, 2.0), atol=1e-5)


def test_an_export_model_of_before_knows_no_temperature(project: Project, child: Child) -> None:
    edit(project, "export.py", "    temperature: float = 1.0,\n", "")
    edit(project, "export.py", "    if temperature != 1.0:", "    temperature = 1.0\n    if False:")
    assert final(child, temperature=2.0).equality.largest < 1e-5  # those of the networks as they are


@pytest.mark.parametrize(("least", "said"), [("0.0", {"yes"}), ("1.1", {"no"})])
def test_predictions_use_the_threshold_of_finalize(
    least: str, said: set[str], project: Project, child: Child, tmp_path: Path
) -> None:
    final(child)
    made = project.folder / "experiments" / "4-finalize.toml"
    made.write_text(f"[hyperparameters]\n[training]\nepochs = 1\n[prediction]\nthreshold = {least}\n")
    child.run(Predict(input=str(project.data_path), output=str(tmp_path / "out.csv")))
    assert set(pd.read_csv(tmp_path / "out.csv")["target"]) == said


def test_probes_are_trained_once_and_polished_on_trial(project: Project, child: Child) -> None:
    events: list[Event] = []
    probe = replace(PROBE, seeds=2)
    probed = child.run(probe, events.append)
    done = ended(events)
    assert [summary.run for summary in done] == probed.runs == ["finalize-001", "finalize-002"]
    polish = child.run(Polish(hyperparameters=SMALL, training=TRAINING, seeds=2, epochs=probed.epochs))
    assert polish.learning_rate in (1e-3, 1e-4, 1e-5)
    assert polish.looks == 4
    assert polish.kept == (polish.t >= 1)
    events.clear()
    again = replace(probe, done=done)
    plain = final(child, again, events.append)
    polished = final(child, again, events.append, polish=polish.learning_rate)
    assert not ended(events)
    assert plain.sha256 != polished.sha256


def test_production_networks_trained_side_by_side_are_those_trained_one_after_another(
    project: Project, child: Child, tmp_path: Path
) -> None:
    found: list[pd.DataFrame] = []
    for workers in (1, 2):
        assert final(child, replace(PROBE, seeds=3), workers=workers).members == 3
        assert child.run(Predict(input=str(project.data_path), output=str(tmp_path / "out.csv"))).shift == []
        found.append(pd.read_csv(tmp_path / "out.csv"))
    pd.testing.assert_frame_equal(*found, rtol=1e-3, atol=1e-4)
    assert not list(project.runs.glob(".member*"))


@pytest.mark.parametrize(
    ("seconds", "budget", "epochs"),
    [
        pytest.param(1e-3, 60.0, 10, id="there is time"),
        pytest.param(1e6, 60.0, 5, id="half of the epochs at least"),
        pytest.param(1e6, None, 10, id="no budget"),
    ],
)
def test_a_short_time_budget_makes_production_networks_shorter(
    seconds: float, budget: float | None, epochs: int, project: Project, child: Child
) -> None:
    probe = replace(child.run(Train(experiment=BASELINE)), best_epochs=(9,))
    history = project.runs / "baseline-01" / "history.csv"
    pd.read_csv(history).assign(seconds=seconds).to_csv(history, index=False)
    made = child.run(
        Final(
            hyperparameters=SMALL,
            training=replace(TRAINING, epochs=12),
            seeds=1,
            runs=[probe.run],
            done=[probe],
            time_budget=budget,
        )
    )
    assert (made.epochs, made.wanted_epochs) == (epochs, 10)
    assert made.training.epochs == round(12 * epochs / 10)


@pytest.mark.parametrize(
    ("best", "edits", "epochs", "length"),
    [
        pytest.param(10, (), 14, 14, id="a quarter and two more than until the best"),
        pytest.param(1, (), 3, 3, id="best at once"),
        pytest.param(27, (), 27, 30, id="best near the end"),
        pytest.param(
            10, ("steps: int | None = None", "*, more: int | None = None"), 10, 30, id="no fall that is planned"
        ),
    ],
)
def test_the_learning_rate_of_production_falls_to_its_end_near_the_best_epoch(
    best: int, edits: tuple[str, ...], epochs: int, length: int, project: Project, child: Child
) -> None:
    if edits:
        edit(project, "model.py", *edits)
        edit(project, "model.py", "if steps:", "if more:")
        edit(project, "model.py", "(learning_rate, steps)", "(learning_rate, more)")
    long = replace(TRAINING, epochs=30)
    probe = replace(child.run(Train(experiment=BASELINE)), training=long, best_epochs=(best - 1,))
    made = child.run(Final(hyperparameters=SMALL, training=long, seeds=1, runs=[probe.run], done=[probe]))
    assert (made.epochs, made.training.epochs) == (epochs, length)


def test_a_loss_of_the_persons_own_is_exported(project: Project, child: Child) -> None:
    own = 'loss=lambda y, p: keras.losses.get("binary_crossentropy")(y, p)'
    edit(project, "model.py", 'loss="binary_crossentropy"', own)
    assert final(child, replace(PROBE, seeds=2)).equality.largest < 1e-5


def test_an_export_that_predicts_otherwise_is_refused(project: Project, child: Child) -> None:
    edit(project, "export.py", "        outputs.append(y)", "        outputs.append(y * 0.999)")
    with pytest.raises(ProjectError, match="disagree"):
        final(child)
    assert not project.model_path.exists()


def test_another_data_file_stops_everything_but_prediction(project: Project, child: Child, tmp_path: Path) -> None:
    final(child)
    kept = tmp_path / "rows.csv"
    shutil.copy(project.data_path, kept)
    raw = pd.read_csv(kept)
    raw.assign(amount=3 * raw["amount"] + 9).to_csv(tmp_path / "other.csv", index=False)
    for look, names in ((True, ["amount"]), (False, [])):
        told = child.run(Predict(input=str(tmp_path / "other.csv"), output=str(tmp_path / "out.csv"), shift=look))
        assert [one.name for one in told.shift or []] == names
    project.data_path.write_text(project.data_path.read_text() + "\n")
    with pytest.raises(DataError, match="content changed"):
        child.run(Inspect())
    project.data_path.unlink()
    last = child.run(Predict(input=str(kept), output=str(tmp_path / "out.csv")))
    assert (last.rows, last.shift) == (240, None)  # nothing to compare with
    pd.read_csv(kept).drop(columns="amount").to_csv(kept, index=False)
    with pytest.raises(DataError, match=r"rows\.csv cannot be read") as caught:
        child.run(Predict(input=str(kept), output=str(tmp_path / "out.csv")))
    assert "amount" in str(caught.value.received)


def test_trials_that_fail_or_diverge_do_not_end_a_search(project: Project, child: Child) -> None:
    refuse(project, 'hp.get("layers") == 2', "two are too many")  # not the default, of which the space is read
    first = [{"layers": 2}, {"layers": 1, "learning_rate": 1e30}, {"layers": 1}]
    result, trials = search(child, first=first, bounds={"layers": (1, 3), "units": (16, 32)})
    assert [t.status for t in trials] == ["failed", "nan", "completed"]
    assert "two are too many" in str(trials[0].message)
    assert result == Searched("trials")


def test_failures_in_a_row_end_a_search_with_their_message(project: Project, child: Child) -> None:
    refuse(project, 'hp.get("units") == 32', "no room")
    result, trials = search(child, trials=9, bounds={"units": (32, 32)})
    assert [t.status for t in trials] == ["failed"] * 3
    assert result.stopped == "failures"
    assert "no room" in str(result.message)


def test_a_deadline_ends_the_trial_in_flight_after_one_epoch_at_least(project: Project) -> None:
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, Proposed):
            watcher.deadline = time.monotonic()  # it passes while the trial runs, on machines of any speed

    workshop, one = Workshop(project), replace(SEARCH, trials=1, epochs=1)
    watcher = Watcher(emit, lambda: None)
    assert run_search(workshop, one, watcher, WarmWorkers()).stopped == "trials"
    watcher.deadline = time.monotonic() + 1e6
    more = replace(SEARCH, trials=2, epochs=1_000_000, done=ended(events))  # a round that goes on keeps its epochs
    assert run_search(workshop, more, watcher, WarmWorkers()).stopped == "trials"
    last = ended(events)[-1]
    assert (last.status, last.epochs_run) == ("stopped", 1)
    assert last.predictions
    watcher.deadline = time.monotonic()
    late = replace(SEARCH, trials=50, done=ended(events))
    assert run_search(workshop, late, watcher, WarmWorkers()).stopped == "time"
    assert len(ended(events)) == 2


def facts(trials: list[Summary]) -> dict[str, tuple[Any, ...]]:
    return {t.run: (t.hyperparameters, t.training, t.status, t.epochs_run) for t in trials}


def test_two_processes_run_the_trials_that_one_would(project: Project, child: Child) -> None:
    # What comes after the given points depends on which trials have ended, and so on the clock.
    first = [{"units": 16}, {"units": 32}, {"layers": 1}, {"dropout": 0.1}]
    _, alone = search(child, trials=4, first=first)
    shutil.rmtree(project.runs)
    result, together = search(child, trials=4, first=first, workers=2)
    assert result == Searched("trials")
    assert facts(together) == facts(alone)
    assert {p.name for p in project.runs.glob("regularize-*")} == set(facts(alone))


def kill_after(trials: int, seen: list[Event], pid: Callable[[], int]) -> threading.Thread:
    """Kill a process a moment after so many trials were heard of."""

    def wait() -> None:
        deadline = time.monotonic() + 120
        while len(ended(seen)) < trials and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.15)
        os.kill(pid(), signal.SIGKILL)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_killed_search_goes_on_with_the_trial_it_lost(make_project: Make, tmp_path: Path) -> None:
    folder = make_project("binary")
    with Child(folder) as child:
        _, whole = search(child, trials=5, epochs=12)
        shutil.rmtree(folder / "runs")
        done: list[Summary] = []
        for killed_after in (1, 2):
            seen: list[Event] = []
            child.ready()
            process = child._process
            assert process is not None
            pid = process.pid
            kill_after(killed_after, seen, lambda pid=pid: pid)
            with pytest.raises(WorkerError, match="killed"):
                child.run(replace(SEARCH, trials=5, epochs=12, done=list(done)), seen.append)
            done += ended(seen)
        _, rest = search(child, trials=5, done=done, epochs=12)
    assert facts(done + rest) == facts(whole)
    assert len(done + rest) == 5
    assert not list((folder / "runs").glob(".attempts-*"))


def test_a_run_that_was_finished_but_not_recorded_is_not_trained_again(project: Project, child: Child) -> None:
    _, first = search(child, trials=2)
    begin = [(project.run_folder(t.run) / "predictions.npz").stat().st_mtime_ns for t in first]
    _, again = search(child, trials=2)
    assert [(project.run_folder(t.run) / "predictions.npz").stat().st_mtime_ns for t in again] == begin
    assert again == first


def test_a_trial_that_kills_the_process_each_time_has_failed(project: Project, child: Child) -> None:
    killing = '    if hp.get("units") == 17:\n        import os\n\n        os.kill(os.getpid(), 9)\n    model.compile('
    edit(project, "model.py", "    model.compile(", killing)
    first = [{"units": 17}]
    for _ in range(3):
        with pytest.raises(WorkerError, match="killed"):
            search(child, trials=2, first=first)
    _, trials = search(child, trials=2, first=first)
    assert [t.status for t in trials] == ["failed", "completed"]
    assert "killed 3 times" in str(trials[0].message)


def test_ctrl_c_keeps_what_was_finished(project: Project, child: Child) -> None:
    seen: list[Event] = []

    def press() -> None:
        while len(ended(seen)) < 1:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(Interrupted):
        child.run(replace(SEARCH, trials=40, epochs=30), seen.append)
    finished = {summary.run for summary in ended(seen)}
    assert {p.name for p in project.runs.glob("regularize-*")} == finished
    assert child.run(Inspect()).code  # the worker lives on


def test_a_worker_does_not_outlive_the_process_that_asked(make_project: Make, tmp_path: Path) -> None:
    folder = make_project("binary")
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(f"""
        from pathlib import Path
        from modelwizard.contract.jobs import Train
        from modelwizard.contract.trials import Experiment
        from modelwizard.worker.client import Child
        child = Child(Path({str(folder)!r}))
        child.ready()
        print(child._process.pid, flush=True)
        asked = Experiment(run="a-1", stage="overfit", hyperparameters={{}}, epochs=100000, batch_size=32, seed=1)
        child.run(Train(experiment=asked), lambda e: print("going", flush=True))
        """)
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline() == "going\n"
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()
    assert not (folder / "runs" / "a-1").exists()


@pytest.mark.parametrize(
    ("module", "text"),
    [("tensorflow", "raise ImportError('libcudart.so.12 is missing')"), ("keras_tuner", "import nothing_like_it")],
)
def test_a_machine_without_tensorflow_is_told_so(module: str, text: str, make_project: Make, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text(text)
    with (
        Child(make_project("binary"), {"PYTHONPATH": str(tmp_path)}) as child,
        pytest.raises(WorkerError, match="cannot be imported") as caught,
    ):
        child.run(Inspect())
    assert "pip install tensorflow" in str(caught.value.fix)
    assert text.split()[-1].strip("')") in str(caught.value.received)


def test_many_trials_do_not_fill_the_memory(project: Project, child: Child) -> None:
    """Without a purge each trial keeps 2 to 6 MB; 12 of them may cost a few MB in all."""

    def resident() -> float:
        assert child._process is not None
        text = Path(f"/proc/{child._process.pid}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+)", text)
        assert match
        return int(match[1]) / 1024

    bounds = {"units": (16, 16), "layers": (1, 2)}
    _, done = search(child, trials=10, bounds=bounds)
    before = resident()
    search(child, trials=34, done=done, bounds=bounds)
    assert resident() - before < 24 * 2
