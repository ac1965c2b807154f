"""Projects that the first edition wrote are read as before: finished, in the middle, killed while writing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from modelwizard.cli import cli
from modelwizard.journal import Journal

JOURNALS = Path(__file__).parent / "journals"
LAYERS = {
    "finished": ("project", "finished"),
    "middle": ("project", "middle"),
    "killed": ("project", "middle", "killed"),
}
"""The folders that make each project, one over the other: what two of them share is kept once."""

BASELINE = (
    "The net beats the dumb baseline: log loss 0.434 ± 0.056 against 1.1, "
    "loss gain 0.665 (90 % interval 0.617 to 0.712, p < 0.0001)."
)
OVERFIT = (
    "Capacity is enough: training loss is 4.2% of the baseline's and validation has not turned upward (rise -0.4%), "
    "with 2 layers of 64 units, 60 epochs."
)
REGULARIZE = (
    "No trial beats the overfitting model: log loss 0.173 ± 0.184 (best raw 0.085), loss 0.133 higher, p = 0.95."
)
FINALIZE = "Test log loss 0.120 (95 % interval -0.071 to 0.311) agrees with the expected 0.173, z = -0.4."
HEADLINES = {
    "finished": (BASELINE, OVERFIT, REGULARIZE, FINALIZE),
    "middle": (BASELINE, OVERFIT),
    "killed": (BASELINE, OVERFIT),
}
STATUS: dict[str, dict[str, Any]] = {
    "finished": {
        "verdicts": ["passed", "passed", "forced", "consistent"],
        "next": None,
        "looks": {"validation": 1793, "test": 1, "read": 4},
        "account": "1,793 looks · best raw 0.085 · corrected 0.173 ± 0.094 · optimism 0.088",
    },
    "middle": {
        "verdicts": ["passed", "passed", None, None],
        "next": "regularize",
        "looks": {"validation": 214, "test": 0, "read": 2},
        "account": "214 looks · best raw 0.434 · corrected 0.434 ± 0.028 · optimism 0.000",
    },
    "killed": {
        "verdicts": ["passed", "passed", None, None],
        "next": "regularize",
        "looks": {"validation": 631, "test": 0, "read": 2},
        "account": "631 looks · best raw 0.434 · corrected 0.434 ± 0.028 · optimism 0.000",
    },
}
AUDIT: dict[str, dict[str, Any]] = {
    "finished": {
        "entries": 29,
        # The network itself is not kept here.
        "problems": ["model.keras is gone; the test score in the journal belongs to it"],
        "by_stage": {"baseline": 34, "overfit": 180, "regularize": 1143, "finalize": 436},
        "forced": [f"accepted as it is: {REGULARIZE}"],
        "test_openings": ["2026-11-28T21:43:36.826Z"],
    },
    "middle": {
        "entries": 11,
        "problems": [],
        "by_stage": {"baseline": 34, "overfit": 180, "regularize": 0, "finalize": 0},
        "forced": [],
        "test_openings": [],
    },
    "killed": {
        "entries": 14,
        "problems": [],
        "by_stage": {"baseline": 34, "overfit": 180, "regularize": 417, "finalize": 0},
        "forced": [],
        "test_openings": [],
    },
}
REPORT = {
    "finished": (
        f"accepted as it is: {REGULARIZE}",
        "test log loss 0.120",
        "On 30 test rows, opened once, the final model reaches log loss 0.120",
        "29 lines, intact",
        "regularize-006",
    ),
    "middle": ("log loss 0.434 against 1.1", "11 lines, intact", "overfit-03"),
    # 14 lines and one more: who opens the report reads validation scores that nobody had read.
    "killed": ("log loss 0.434 against 1.1", "15 lines, intact", "regularize-003"),
}

Make = Callable[[str], Path]
every = pytest.mark.parametrize("name", list(LAYERS))


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return what lays out one of the projects and goes into its folder."""

    def laid_out(name: str) -> Path:
        for layer in LAYERS[name]:
            shutil.copytree(JOURNALS / layer, tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "400")
        return tmp_path

    return laid_out


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def trials_of(name: str) -> dict[str, Any]:
    lines = (JOURNALS / name / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["run"]: line for line in map(json.loads, lines) if line["kind"] == "trial"}


@every
def test_status_says_what_the_first_edition_said(name: str, make: Make) -> None:
    make(name)
    state, expected = json.loads(run("status", "--json").stdout), STATUS[name]
    stages = [stage for stage in state["stages"].values() if stage]
    assert [stage and stage["verdict"] for stage in state["stages"].values()] == expected["verdicts"]
    assert [stage["headline"] for stage in stages] == list(HEADLINES[name])
    assert {key: state[key] for key in ("next", "looks", "account")} == {
        key: expected[key] for key in ("next", "looks", "account")
    }
    assert state["data"] == {"rows": 150, "train": 90, "validation": 30, "test": 30}
    assert state["changed"] == state["findings"] == []

    shown = run("status").stdout
    assert all(headline in shown for headline in HEADLINES[name])
    assert expected["account"] in shown
    assert ("modelwizard regularize" in shown) == (name != "finished")


def test_the_numbers_of_the_verdicts_are_those_that_were_written(make: Make) -> None:
    make("finished")
    stages = json.loads(run("status", "--json").stdout)["stages"]
    assert stages["baseline"]["score"] == 0.4340601344097366
    assert stages["baseline"]["reference"] == 1.09861228866811
    assert stages["overfit"]["capacity"] == {"layers": 2, "units": 64, "epochs": 60}
    assert stages["regularize"]["corrected"] == 0.17293919008397812
    assert stages["finalize"]["test"] == 0.12030950918473875
    assert stages["finalize"]["interval"] == [-0.0705119214250509, 0.3111309397945284]


@every
def test_the_chain_of_an_old_journal_holds(name: str, make: Make) -> None:
    folder, expected = make(name), AUDIT[name]
    assert Journal(folder / "journal.jsonl").verify().ok
    found = json.loads(run("audit", "--json", code=1 if expected["problems"] else 0).stdout)
    assert found["problems"] == expected["problems"]
    assert found["edits"] == []
    assert [entry["reason"] for entry in found["forced"]] == expected["forced"]
    assert {key: found[key] for key in ("entries", "by_stage", "test_openings")} == {
        key: expected[key] for key in ("entries", "by_stage", "test_openings")
    }
    assert found["looks"] == STATUS[name]["looks"]


@every
def test_a_changed_line_of_an_old_journal_is_found(name: str, make: Make) -> None:
    journal = make(name) / "journal.jsonl"
    text = journal.read_text(encoding="utf-8")
    assert text.count('"looks": 60') >= 1
    journal.write_text(text.replace('"looks": 60', '"looks": 6', 1), encoding="utf-8")
    assert not json.loads(run("audit", "--json", code=1).stdout)["ok"]


@every
def test_the_report_tells_an_old_journal(name: str, make: Make) -> None:
    folder = make(name)
    run("report")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "</html>" in page
    assert [words for words in REPORT[name] if words not in page] == []
    assert "<p>.</p>" not in page


def test_what_is_finished_has_no_next_stage_and_no_second_test(make: Make) -> None:
    folder = make("finished")
    before = (folder / "journal.jsonl").read_bytes()
    assert "Every stage is done" in run("next").output
    refused = json.loads(run("finalize", "--json", code=4).stdout)["error"]
    assert "2026-11-28" in refused["what"]
    assert refused["received"] == FINALIZE
    assert "--force" in refused["fix"]
    assert (folder / "journal.jsonl").read_bytes() == before


def test_the_line_that_a_kill_tore_is_set_aside(make: Make) -> None:
    folder = make("killed")
    journal = folder / "journal.jsonl"
    whole, _, torn = journal.read_bytes().rpartition(b"\n")
    assert torn.startswith(b'{"seq": 15, ')
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn)
    run("status")
    assert journal.read_bytes().endswith(torn)  # reading changes nothing
    with Journal(journal).writing():
        pass
    assert journal.read_bytes() == whole + b"\n"
    assert (folder / "journal.jsonl.torn").read_bytes() == torn + b"\n"
    assert json.loads(run("audit", "--json").stdout)["entries"] == 14


@pytest.mark.slow
@pytest.mark.parametrize(("name", "trials", "first"), [("middle", 2, 1), ("killed", 4, 4)])
def test_an_old_project_walks_on(name: str, trials: int, first: int, make: Make) -> None:
    folder = make(name)
    before = len(Journal(folder / "journal.jsonl").entries())
    command = ["regularize", "--trials", str(trials), "--yes", "--json"]
    done = subprocess.run([sys.executable, "-m", "modelwizard", *command], capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 3), done.stderr
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    trial, same = lines[before], trials_of("finished")[f"regularize-{first:03d}"]
    assert (trial["run"], trial["hyperparameters"]) == (same["run"], same["hyperparameters"])
    assert trial["score"] == pytest.approx(same["score"], rel=0.05)  # processors round differently
    assert [line["verdict"] for line in lines if line["kind"] == "verdict" and line["stage"] == "regularize"]
    state = json.loads(run("status", "--json").stdout)
    assert [state["stages"][stage]["headline"] for stage in ("baseline", "overfit")] == [BASELINE, OVERFIT]
    assert state["stages"]["regularize"]["verdict"] in ("passed", "failed", "cannot tell", "forced")
    assert json.loads(run("audit", "--json").stdout)["ok"]
    run("report")
    assert (folder / "journal.jsonl.torn").is_file() == (name == "killed")
