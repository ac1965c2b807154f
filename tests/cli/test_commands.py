"""Words to calls, errors to exit codes: every command, with a walk that only pretends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from modelwizard import walk, words
from modelwizard.cli import cli
from modelwizard.contract.messages import message
from modelwizard.errors import DataError, GateError, Interrupted, TestOpenedError, WorkerError
from modelwizard.options import StageOptions
from modelwizard.problems import PROBLEMS

STATUS: dict[str, Any] = {
    "project": "churn",
    "problem": "binary",
    "metric": "roc_auc",
    "data": {"rows": 7043, "train": 4226, "validation": 1408, "test": 1409},
    "head": {"units": 1, "activation": "sigmoid", "loss": "binary_crossentropy"},
    "stages": {
        "baseline": {"verdict": "passed", "headline": message("baseline.power"), "score": 0.83},
        "overfit": {"verdict": "cannot tell", "headline": "Validation never turned.", "capacity": {"layers": 3}},
        "regularize": None,
        "finalize": None,
    },
    "next": "overfit",
    "looks": {"validation": 412, "test": 0},
}
FINDING = {
    "code": "MW101",
    "cause": "wrong-last-activation",
    "severity": "error",
    "title": "Softmax over a single unit",
    "evidence": "Dense(1, softmax)",
    "why": "it always says 1",
    "fix": "use sigmoid",
    "where": "model.py:42",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    rows = [f"{n % 40},{'ab'[n % 2]},{'yes' if n * 7 % 10 < 4 else 'no'}" for n in range(100)]
    (tmp_path / "shop.csv").write_text("age,shop,left\n" + "\n".join(rows) + "\n")
    return tmp_path


@pytest.fixture
def project(place: Path) -> Path:
    result = run("new", "churn", "--data", "shop.csv", "--target", "left", "--no-input")
    assert result.exit_code == 0, result.output
    return place / "churn"


def run(*words: str) -> Any:
    return CliRunner().invoke(cli, list(words), catch_exceptions=False)


def pretend(monkeypatch: pytest.MonkeyPatch, name: str, answer: Any) -> list[Any]:
    """Replace a function of the walk by an answer or an error; return the arguments it was called with."""
    calls: list[Any] = []

    def act(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        if isinstance(answer, BaseException):
            raise answer
        return answer(*args) if callable(answer) else answer

    monkeypatch.setattr(walk, name, act)
    return calls


# -- what is there -------------------------------------------------------------------------------------------------

COMMANDS = [
    *("new", "baseline", "overfit", "regularize", "finalize", "next", "run", "features"),
    *("status", "check", "explain", "table", "report", "predict", "audit"),
]


def test_the_commands_in_the_order_of_the_walk() -> None:
    assert list(cli.commands) == COMMANDS
    help_text = run("--help").output
    places = [help_text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert "..." not in help_text.partition("Commands:")[2]  # nothing is cut off


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    for parameter in cli.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    assert len((cli.commands[name].help or "").splitlines()[0]) > 20


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "new",
            "--data --target --problem --metric --positive --group --time --ignore --batch-size --test-size "
            "--validation --seed --example --answers --set -y --yes --no-input --no-run --dry-run --overwrite --lang",
        ),
        *(
            (stage, "--project -y --yes --trials --time-budget --workers --seed --force --reason --json")
            for stage in ("baseline", "overfit", "regularize", "finalize", "next", "run")
        ),
        ("predict", "-o --output"),
        ("report", "--open"),
        ("status", "--json"),
        ("check", "--json"),
        ("table", "--json"),
    ],
)
def test_the_options_that_others_build_on(command: str, options: str) -> None:
    known = {flag for p in cli.commands[command].params for flag in (*p.opts, *p.secondary_opts)}
    assert set(options.split()) <= known


def test_the_help_names_every_problem_type() -> None:
    said = " ".join(run("new", "--help").output.split())
    assert all(f" {name}" in said.partition("--problem NAME")[2].partition("--metric")[0] for name in PROBLEMS)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['modelwizard', '--help']\n"
        "from modelwizard.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'keras_tuner', 'pandas', 'numpy', 'sklearn', 'questionary', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_project_is_made_without_keras(place: Path) -> None:
    code = (
        "import sys; sys.argv = 'modelwizard new churn --data shop.csv --target left --no-input'.split()\n"
        "from modelwizard.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'tensorflow', 'keras', 'keras_tuner', 'questionary', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (place / "churn" / "model.py").is_file()


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("new --no-input", 2, "--data PATH and --target COLUMN"),
        ("new --data shop.csv", 2, "--target COLUMN"),
        ("new --data none.csv --target left", 5, "none.csv"),
        ("new --data shop.csv --example churn", 2, "cannot both be given"),
        ("new --data shop.csv --target nobody -y", 2, "nobody"),
        ("new --data shop.csv --target left --problem bynary", 2, "--problem binary"),
        ("new json --data shop.csv --target left", 2, "would hide the module"),
        ("new a/b:c --data shop.csv --target left", 2, "Not a valid folder name"),
        ("new . --data shop.csv --target left", 2, "the current folder"),
        ("new --data shop.csv --answers none.toml", 2, "does not exist"),
        ("new --data shop.csv --set kolor=red", 2, "is not a question"),
        ("new --example no-such -y", 2, "is not an example"),
        ("new --lang xx", 2, "--lang"),
        ("new --batch-size x", 2, "--batch-size"),
        ("nwe", 2, "nwe"),
        ("table bynary", 2, "modelwizard table binary"),
        ("explain MW999", 2, "no such rule"),
        ("explain droput", 2, 'modelwizard explain "dropout"'),
        ("status", 1, "modelwizard.toml"),
        ("baseline --time-budget soon", 2, "no"),
        ("baseline --trials 0", 2, "--trials"),
        ("predict rows.csv --json", 2, "--output predictions.csv"),
    ],
)
def test_what_is_wrong_is_said_on_stderr(place: Path, words: str, code: int, said: str) -> None:
    before = sorted(place.rglob("*"))
    result = run(*words.split())
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert sorted(place.rglob("*")) == before
    if "--json" not in words:
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateError("The baseline was not passed."), 3),
        (TestOpenedError("The test rows were opened before."), 4),
        (DataError("The file has changed."), 5),
        (WorkerError("The worker was killed."), 1),
        (Interrupted("Interrupted."), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_of_a_stage_become_exit_codes(
    project: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    pretend(monkeypatch, "run_stage", error)
    result = run("overfit", "--project", str(project), "--json")
    assert result.exit_code == code
    said = json.loads(result.stdout)
    assert said["exit_code"] == code
    assert said["error"]["what"] in result.stderr


@pytest.mark.parametrize("words", ["table nothing --json", "table --jsn --json", "status --json"])
def test_an_error_is_one_json_object_when_json_is_wanted(place: Path, words: str) -> None:
    result = run(*words.split())
    assert json.loads(result.stdout)["exit_code"] == result.exit_code != 0
    assert result.stderr


def test_a_bug_is_a_short_message_and_a_saved_traceback(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "status", ZeroDivisionError("division by zero"))
    result = run("status", "--project", str(project))
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "ZeroDivisionError: division by zero" in result.stderr
    saved = Path(result.stderr.split("which is in ")[1].split()[0])
    assert "Traceback" in saved.read_text()
    saved.unlink()


@pytest.mark.parametrize("words", ["--help", "table", "table --json", "table nothing --json", "explain MW101"])
def test_a_terminal_without_unicode_ends_nothing(place: Path, words: str) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "modelwizard", *words.split()]
    done = subprocess.run(command, capture_output=True, env=environ, check=False)
    assert b"Traceback" not in done.stderr + done.stdout
    assert done.returncode == (2 if "nothing" in words else 0)
    if "--json" in words:
        assert done.stdout.isascii()
        json.loads(done.stdout)


# -- new ---------------------------------------------------------------------------------------------------------------


def test_new_says_everything_on_stderr_and_the_result_on_stdout(place: Path) -> None:
    result = run("new", "churn", "--data", "shop.csv", "-y", "--json")
    assert result.exit_code == 0
    made = json.loads(result.stdout)
    assert made["written"]
    assert made["problem"] == "binary"
    assert "Your project" in result.stderr
    assert 'Dense(1, activation="sigmoid")' in result.stderr
    assert (place / "churn" / "modelwizard.toml").is_file()


def test_the_command_that_new_prints_makes_the_same_project(place: Path) -> None:
    first = json.loads(run("new", "one", "--data", "shop.csv", "--positive", "no", "-y", "--json").stdout)
    words = first["command"].replace(" one ", " two ").split()
    assert words[0] == "modelwizard"
    assert run(*words[1:]).exit_code == 0
    for name in first["files"]:
        texts = [(place / folder / name).read_text() for folder in ("one", "two")]
        assert texts[0].replace("one", "two") == texts[1].replace("one", "two"), name


def test_answers_come_from_the_environment_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWIZARD_DATA", "shop.csv")
    monkeypatch.setenv("MODELWIZARD_TARGET", "left")
    monkeypatch.setenv("MODELWIZARD_METRIC", "f1")
    assert json.loads(run("new", "--no-input", "--json", "--metric", "brier").stdout)["metric"] == "brier"


def test_an_answers_file_is_enough(place: Path) -> None:
    (place / "a.toml").write_text('data = "shop.csv"\ntarget = "left"\n[columns]\nage = "categorical"\n')
    made = json.loads(run("new", "--answers", "a.toml", "--no-input", "--json").stdout)
    assert 'age = "categorical"' in (place / made["project"] / "modelwizard.toml").read_text()


def test_a_dry_run_writes_nothing(place: Path) -> None:
    result = run("new", "churn", "--data", "shop.csv", "-y", "--dry-run")
    assert result.exit_code == 0
    assert "model.py" in result.stderr
    assert not (place / "churn").exists()


def test_new_can_run_the_first_stage(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pretend(monkeypatch, "run_stage", {"stage": "baseline", "verdict": "failed"})
    result = run("new", "churn", "--data", "shop.csv", "-y", "--run")
    assert result.exit_code == 3
    assert calls[0][0][:2] == (place / "churn", "baseline")


# -- stages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        *((word, 0) for word in ("passed", "forced", "consistent", "better")),
        *((word, 3) for word in ("failed", "cannot tell", "suspect", "unreliable")),
    ],
)
def test_a_gate_that_is_not_passed_is_an_exit_code(
    project: Path, monkeypatch: pytest.MonkeyPatch, verdict: str, code: int
) -> None:
    pretend(monkeypatch, "run_stage", {"verdict": verdict})
    result = run("baseline", "--project", str(project), "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout) == {"verdict": verdict}


def test_options_reach_the_stage(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pretend(monkeypatch, "run_stage", {"verdict": "passed"})
    words = "-y --trials 5 --time-budget 1h30m --workers 2 --seed 9 --force --reason known --json"
    run("regularize", "--project", str(project), *words.split())
    folder, stage, options, _ = calls[0][0]
    assert (folder, stage) == (project, "regularize")
    assert options == StageOptions(True, 5, 5400.0, 2, 9, True, "known")


@pytest.mark.parametrize("words", ["--force", "--reason why"])
def test_force_and_reason_belong_together(project: Path, words: str) -> None:
    assert run("overfit", "--project", str(project), *words.split()).exit_code == 2


def test_next_runs_whatever_comes_next(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pretend(monkeypatch, "run_stage", {"verdict": "passed"})
    pretend(monkeypatch, "next_stage", "overfit")
    assert run("next", "--project", str(project)).exit_code == 0
    assert calls[0][0][1] == "overfit"


def test_next_at_the_end_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "next_stage", None)
    result = run("next", "--project", str(project), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"stage": None, "next": None}
    assert "Every stage is done" in result.stderr


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [(["passed", "passed", "passed", "consistent"], 0), (["passed", "cannot tell"], 3), (["failed"], 3), ([], 0)],
)
def test_run_ends_with_the_last_verdict(
    project: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[str], code: int
) -> None:
    names = ("baseline", "overfit", "regularize", "finalize")
    stages = {name: {"verdict": verdict} for name, verdict in zip(names, verdicts, strict=False)}
    calls = pretend(monkeypatch, "run_all", stages)
    pretend(monkeypatch, "next_stage", "overfit")
    result = run("run", "--project", str(project), "--time-budget", "2m", "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout) == {"stages": stages, "next": "overfit"}
    assert calls[0][0][1].time_budget == 120


def test_the_project_is_found_from_below(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pretend(monkeypatch, "status", STATUS)
    monkeypatch.chdir(project / "tests")
    assert run("status").exit_code == 0
    assert calls[0][0] == (project,)


# -- results -----------------------------------------------------------------------------------------------------------


def test_status(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "status", STATUS)
    result = run("status", "--project", str(project))
    assert result.stdout.splitlines() == [
        "",
        "churn: binary, scored by roc_auc",
        "7,043 rows: 4,226 train, 1,408 validation, 1,409 test. Last layer: 1 unit, sigmoid, binary_crossentropy.",
        "stage       verdict      what was found",
        "baseline    passed       The network beats the baseline.",
        "overfit     cannot tell  Validation never turned.",
        "regularize  not run yet",
        "finalize    not run yet",
        "The validation rows were used 412 times.",
        "The test rows were opened 0 times.",
        "Next:",
        f"  modelwizard overfit --project {project.name}",
    ]
    assert json.loads(run("status", "--project", str(project), "--json").stdout) == words.rendered(STATUS)


@pytest.mark.parametrize(("severity", "code"), [("error", 3), ("warning", 0), ("tip", 0)])
def test_check(project: Path, monkeypatch: pytest.MonkeyPatch, severity: str, code: int) -> None:
    found = {
        "findings": [{**FINDING, "severity": severity}],
        "passed": ["MW102"],
        "skipped": [{"code": "MW103", "reason": "no"}],
    }
    pretend(monkeypatch, "check", found)
    result = run("check", "--project", str(project))
    assert result.exit_code == code
    for part in ("MW101 Softmax over a single unit (model.py:42)", "seen: Dense(1, softmax)", "fix: use sigmoid"):
        assert part in result.stdout
    assert f"1 {severity}; 1 rule passed, 1 did not apply" in result.stdout
    assert json.loads(run("check", "--project", str(project), "--json").stdout) == found


@pytest.mark.parametrize(("ok", "code", "said"), [(True, 0, "journal is intact"), (False, 1, "line 3 was changed")])
def test_audit(project: Path, monkeypatch: pytest.MonkeyPatch, ok: bool, code: int, said: str) -> None:
    found = {
        "ok": ok,
        "entries": 9,
        "looks": {"validation": 4, "test": 1},
        "problems": [] if ok else ["line 3 was changed"],
        "story": [],
    }
    pretend(monkeypatch, "audit", found)
    result = run("audit", "--project", str(project))
    assert result.exit_code == code
    assert said in result.stdout
    assert json.loads(run("audit", "--project", str(project), "--json").stdout) == found


def test_predict_prints_rows_or_writes_them(project: Path, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    calls = pretend(monkeypatch, "predict", lambda *args: {"rows": 1, "text": "yes\n0.5\n"})
    words = ("predict", "shop.csv", "--project", str(project))
    assert run(*words).stdout == "yes\n0.5\n"
    assert json.loads(run(*words, "-o", "out.csv", "--json").stdout) == {"rows": 1}
    assert calls[1][0][:3] == (project, place / "shop.csv", place / "out.csv")


def test_report_names_its_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "report", project / "report.html")
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", lambda url: opened.append(url) or 0)
    assert json.loads(run("report", "--project", str(project), "--json").stdout)["report"].endswith("report.html")
    assert opened == []
    run("report", "--project", str(project), "--open")
    assert opened == [str(project / "report.html")]


def test_table() -> None:
    rows = json.loads(run("table", "--json").stdout)
    assert list(rows) == list(PROBLEMS)
    assert rows["regression"]["activation"] is None
    for row in rows.values():
        assert {"units", "activation", "loss", "metrics", "labels", "why"} <= set(row)
    assert list(json.loads(run("table", "count", "--json").stdout)) == ["count"]
    text = run("table").stdout
    assert all(any(line.split()[0] == name for line in text.splitlines()) for name in PROBLEMS)
    assert "Poisson" in run("table", "count").stdout


def test_explain() -> None:
    assert run("explain", "mw101").stdout.startswith("MW101")
    assert json.loads(run("explain", "MW101", "--json").stdout)["code"] == "MW101"
    assert run("explain", "decision", "threshold").stdout.startswith("Decision threshold\nThe probability above which")
    assert json.loads(run("explain", "kfold", "--json").stdout)["term"] == "k-fold"
