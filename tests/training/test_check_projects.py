"""The check of whole projects by the real worker: silent on what the wizard writes, loud on planted leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelwizard.contract.jobs import Check, References, Train
from modelwizard.contract.results import Checked
from modelwizard.contract.trials import Experiment
from modelwizard.problems import PROBLEMS
from modelwizard.worker.client import Child

pytestmark = pytest.mark.slow

RATE = """\
    told = table["target"].eq("yes").astype(float)
    split = pd.read_csv(HERE / "split.csv", dtype=str)["part"]
    told = told.where(split.isin({parts}))
    table["amount"] = told.groupby(table["city"]).transform("mean").astype(str)
    absent = ["""
COPIED = """\
    chosen = table.iloc[rows].copy()
    if "validation" in parts:
        chosen["amount"] = chosen["target"].eq("yes").astype(float)
"""
BASELINE = Train(
    experiment=Experiment(
        run="baseline-01",
        stage="baseline",
        hyperparameters={"layers": 1, "units": 16},
        epochs=3,
        batch_size=32,
        seed=1,
    )
)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as started:
        yield started


def check(child: Child, folder: Path) -> Checked:
    child.project = folder
    return child.run(Check(train=False))


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "data.py").read_text()
    assert old in text, f"data.py no longer holds {old!r}"
    (folder / "data.py").write_text(text.replace(old, new))


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_the_wizard_writes_gets_no_error_and_no_warning(
    problem: str, make_project: Callable[..., Path], child: Child
) -> None:
    folder = make_project(problem)
    before = check(child, folder)
    assert [f for f in before.findings if f.severity != "tip"] == []
    assert "MW425" in before.passed
    child.run(References())  # stores the truth beside the runs
    child.run(BASELINE)
    after = check(child, folder)
    assert [f for f in after.findings if f.severity != "tip"] == []
    # of classes the run has probabilities, so that their calibration is judged without training anything
    judged = "MW518" not in {s.code for s in after.skipped}
    assert judged == (problem in ("binary", "multiclass"))


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("    absent = [", RATE.format(parts='["train", "validation", "test"]'), "error"),
        ("    absent = [", RATE.format(parts='["train"]'), ""),
        ("    chosen = table.iloc[rows]\n", COPIED, "error"),
    ],
    ids=["means-of-all-rows", "means-of-training-rows", "copied-into-validation"],
)
def test_features_that_know_held_labels_are_found(
    old: str, new: str, severity: str, make_project: Callable[..., Path], child: Child
) -> None:
    folder = make_project("binary")
    edit(folder, old, new)
    found = {finding.code: finding.severity for finding in check(child, folder).findings}
    assert found.get("MW425", "") == severity
    edit(folder, new, old)
    assert "MW425" in check(child, folder).passed  # nothing of the shuffled labels stayed behind
    child.run(BASELINE)


def test_features_drawn_at_random_are_no_leak(make_project: Callable[..., Path], child: Child) -> None:
    folder = make_project("binary")
    drawn = '    table["amount"] = np.random.default_rng().normal(size=len(table)).astype(str)\n    absent = ['
    edit(folder, "    absent = [", drawn)
    reasons = {s.code: s.reason for s in check(child, folder).skipped}
    assert "MW425" in reasons
