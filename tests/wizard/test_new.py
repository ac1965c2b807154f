"""The walk of `modelwizard new` from the first question to the written project, with a scripted person."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from modelwizard import kinds, scaffold
from modelwizard.conversation import BACK
from modelwizard.errors import Interrupted, UsageError
from modelwizard.kinds.question import OTHER
from modelwizard.wizard import kept
from modelwizard.wizard import new as wizard
from modelwizard.wizard.given import Given, collect

WRITE, CHANGE, FILES, STOP = wizard.WRITE, wizard.CHANGE, wizard.FILES, wizard.STOP
ENTER = [...] * 7  # data, target, problem, metric, time, validation, directory
NO_RUN = False


def flags(**values: Any) -> dict[str, Given]:
    return {name: Given(value, "flag") for name, value in values.items()}


def new(talk: Any, survey: Any, place: Path, run_stage: Any = None, **order: Any) -> dict[str, Any]:
    return wizard.new(wizard.Order(place=place, **order), talk, survey, run_stage)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_enter_all_the_way_writes_a_project(script: Any, survey: Any, place: Path) -> None:
    made = new(script(*ENTER, WRITE), survey, place)
    assert files(place) == {f"churn/{name}" for name in made["files"]}
    settings = tomllib.loads((place / "churn" / "modelwizard.toml").read_text())
    assert settings["problem"]["classes"] == ["no", "yes"]
    assert settings["columns"]["customer"] == "identifier"
    assert "churn" not in settings["columns"]
    assert made["next"] == "baseline"
    assert made["head"] == {"units": 1, "activation": "sigmoid", "loss": "binary_crossentropy"}


def test_the_end_names_the_tree_the_repeating_command_and_the_next_one(script: Any, survey: Any, place: Path) -> None:
    talk = script(*ENTER, WRITE)
    made = new(talk, survey, place)
    assert talk.told[-3:] == ["Next:", "cd churn", "modelwizard baseline"]
    assert made["command"] in talk.told
    assert all(name in talk.told for name in made["files"])


def test_the_command_repeats_the_project_without_questions(script: Any, survey: Any, place: Path) -> None:
    first = new(script("churn.csv", OTHER, ["churn"], ..., "f1", "since", "kfold", "one", WRITE), survey, place)
    words = shlex.split(first["command"].replace(" one ", " two "))
    assert words[:3] == ["modelwizard", "new", "two"]
    given = {
        "directory": "two",
        "data": "churn.csv",
        "target": ("churn",),
        "problem": "binary",
        "metric": "f1",
        "positive": "yes",
        "time": "since",
        "validation": "kfold",
    }
    asked = {words[at][2:]: words[at + 1] for at in range(3, len(words) - 1, 2)}
    assert asked == {name: v[0] if name == "target" else v for name, v in given.items() if name != "directory"}
    second = new(script(attended=False), survey, place, given=flags(**given), yes=True)
    for name in first["files"]:
        texts = [(place / folder / name).read_text() for folder in ("one", "two")]
        assert texts[0].replace("one", "two") == texts[1].replace("one", "two"), name
    assert second["command"] == first["command"].replace(" one ", " two ")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"data": "a b.csv"}, "--data 'a b.csv'"),
        ({"data": "example:wine"}, "--example wine"),
        ({"time": ""}, "--set time="),
        ({"ignore": ("age", "plan")}, "--ignore age --ignore plan"),
        ({"columns": {"plan": "text"}}, "--set columns.plan=text"),
        ({"missing": ("?", "")}, "--set missing=?,"),
        ({"positive": "-1"}, "--positive -1"),
        ({"test_size": 0.3}, "--test-size 0.3"),
        ({"validation_size": 0.1}, "--set validation_size=0.1"),
    ],
)
def test_the_command_says_each_answer_so_that_it_is_read_again(answers: dict[str, Any], words: str) -> None:
    from modelwizard.wizard.decided import command

    text = command({"directory": Given("d", "flag"), **flags(**answers)})
    assert shlex.split(words) == shlex.split(text)[3:-1]


def test_an_example_brings_its_data(script: Any, survey: Any, place: Path) -> None:
    made = new(script(attended=False), survey, place, given=flags(data="example:wine", directory="w"), ask=False)
    assert (place / "w" / "wine.csv").read_text() == "a,b\n1,2\n"
    assert tomllib.loads((place / "w" / "modelwizard.toml").read_text())["data"]["path"] == "wine.csv"
    assert made["files"][-1] == "wine.csv"


def test_any_answer_can_be_changed_on_the_review_screen(script: Any, survey: Any, place: Path) -> None:
    talk = script(*ENTER, CHANGE, "batch_size", "16", CHANGE, "directory", "elsewhere", FILES, WRITE)
    made = new(talk, survey, place)
    assert made["project"] == "elsewhere"
    assert tomllib.loads((place / "elsewhere" / "modelwizard.toml").read_text())["training"]["batch_size"] == 16
    assert "--batch-size 16" in made["command"]


def test_the_review_can_go_back_to_the_last_question(script: Any, survey: Any, place: Path) -> None:
    talk = script(*ENTER, BACK, "other", WRITE)
    assert new(talk, survey, place)["project"] == "other"


def test_the_list_of_files_is_what_is_written(script: Any, survey: Any, place: Path) -> None:
    made = new(script(attended=False), survey, place, given=flags(data="churn.csv", target=("churn",)), ask=False)
    assert set(made["files"]) == {*kinds.of("tabular").templates, *scaffold.COMMON, *wizard.WRITTEN}


@pytest.mark.parametrize("at", range(8))
def test_ctrl_c_anywhere_writes_nothing_and_keeps_what_was_said(script: Any, survey: Any, place: Path, at: int) -> None:
    with pytest.raises(Interrupted) as raised:
        new(script(*ENTER[:at], KeyboardInterrupt), survey, place)
    assert raised.value.exit_code == 130
    assert files(place) == ({kept.NAME} if at else set())
    if at:
        names = ["data", "target", "problem", "metric", "time", "validation", "directory"]
        assert list(tomllib.loads((place / kept.NAME).read_text())) == names[:at]


def test_stopping_on_the_review_screen_keeps_everything(script: Any, survey: Any, place: Path) -> None:
    with pytest.raises(Interrupted):
        new(script(*ENTER, STOP), survey, place)
    assert len(tomllib.loads((place / kept.NAME).read_text())) == 7


def test_the_next_walk_goes_on_where_the_last_one_stopped(script: Any, survey: Any, place: Path) -> None:
    with pytest.raises(Interrupted):
        new(script(..., "plan", KeyboardInterrupt), survey, place)
    talk = script(True, *[...] * 6, WRITE)
    made = new(talk, survey, place)
    assert talk.asked[0] == "Continue with these answers?"
    assert "Which column should be predicted?" not in talk.asked
    assert made["target"] == ["plan"]
    assert not (place / kept.NAME).exists()


def test_going_back_reaches_answers_of_last_time(script: Any, survey: Any, place: Path) -> None:
    with pytest.raises(Interrupted):
        new(script(..., "plan", KeyboardInterrupt), survey, place)
    talk = script(True, BACK, "churn", *[...] * 5, WRITE)
    assert new(talk, survey, place)["target"] == ["churn"]


def test_kept_answers_may_be_refused(script: Any, survey: Any, place: Path) -> None:
    with pytest.raises(Interrupted):
        new(script(..., "plan", KeyboardInterrupt), survey, place)
    made = new(script(False, *ENTER, WRITE), survey, place)
    assert made["target"] == ["churn"]
    assert not (place / kept.NAME).exists()


def test_kept_answers_that_no_longer_fit_are_asked_again(script: Any, survey: Any, place: Path) -> None:
    (place / kept.NAME).write_text('data = "missing.csv"\ntarget = ["churn"]\n')
    talk = script(True, *[...] * 6, WRITE)
    assert new(talk, survey, place)["target"] == ["churn"]
    assert any("There is no such file" in line for line in talk.told)


def test_a_damaged_file_of_kept_answers_is_no_obstacle(script: Any, survey: Any, place: Path) -> None:
    (place / kept.NAME).write_text("data = [")
    assert new(script(*ENTER, WRITE), survey, place)["written"]


def test_kept_answers_do_not_change_a_script(script: Any, survey: Any, place: Path) -> None:
    (place / kept.NAME).write_text('metric = "f1"\n')
    given = flags(data="churn.csv", target=("churn",))
    assert new(script(attended=False), survey, place, given=given, yes=True)["metric"] == "roc_auc"


def test_a_folder_that_cannot_be_written_does_not_forget_the_answers(
    script: Any, survey: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise UsageError("The disk is full.")

    monkeypatch.setattr(scaffold, "write", full)
    with pytest.raises(UsageError):
        new(script(*ENTER, WRITE), survey, place)
    assert files(place) == {kept.NAME}


def test_a_dry_run_shows_and_writes_nothing(script: Any, survey: Any, place: Path) -> None:
    talk = script(attended=False)
    made = new(talk, survey, place, given=flags(data="churn.csv"), yes=True, dry_run=True)
    assert not made["written"]
    assert files(place) == set()
    assert "model.py" in talk.told
    assert any('Dense(1, activation="sigmoid")' in line for line in talk.told)


def test_overwriting_needs_to_be_said(script: Any, survey: Any, place: Path) -> None:
    given = flags(data="churn.csv", directory="churn")
    new(script(attended=False), survey, place, given=given, yes=True)
    (place / "churn" / "notes.txt").touch()
    with pytest.raises(UsageError, match="exists"):
        new(script(attended=False), survey, place, given=given, yes=True)
    new(script(attended=False), survey, place, given=given | flags(metric="f1"), yes=True, overwrite=True)
    assert 'metric = "f1"' in (place / "churn" / "modelwizard.toml").read_text()
    assert (place / "churn" / "notes.txt").exists()


@pytest.mark.parametrize(
    ("replies", "order", "ran"),
    [
        ([*ENTER, WRITE, True], {}, True),
        ([*ENTER, WRITE, False], {}, False),
        ([*ENTER, WRITE], {"run": False}, False),
        ([*ENTER, WRITE], {"run": True}, True),
        ([], {"yes": True, "given": flags(data="churn.csv")}, False),
        ([], {"yes": True, "given": flags(data="churn.csv"), "run": True}, True),
    ],
)
def test_the_first_stage_is_offered_to_a_person_only(
    script: Any, survey: Any, place: Path, replies: list[Any], order: dict[str, Any], ran: bool
) -> None:
    def run_stage(folder: Path) -> dict[str, Any]:
        assert folder == place / "churn"
        return {"verdict": "passed"}

    made = new(script(*replies), survey, place, run_stage, **order)
    assert made.get("stage") == ({"verdict": "passed"} if ran else None)


def test_the_worker_warms_up_when_somebody_is_asked(script: Any, survey: Any, place: Path) -> None:
    warm: list[int] = []
    order = wizard.Order(place=place)
    wizard.new(order, script(*ENTER, WRITE), survey, warm_up=lambda: warm.append(1))
    assert warm == [1]
    order = wizard.Order(place=place, given=flags(data="churn.csv", directory="b"), yes=True)
    wizard.new(order, script(attended=False), survey, warm_up=lambda: warm.append(2))
    assert warm == [1]


def test_what_leaks_is_left_out_unless_said_otherwise(script: Any, survey: Any, place: Path) -> None:
    given = flags(data="churn.csv", target=("plan",), directory="a")
    made = new(script(attended=False), survey, place, given=given, yes=True)
    assert tomllib.loads((place / "a" / "modelwizard.toml").read_text())["columns"]["age"] == "ignore"
    assert any("Left out: age" in warning for warning in made["warnings"])
    given |= collect({"directory": "b"}, ["leaks="], None, {})
    made = new(script(attended=False), survey, place, given=given, yes=True)
    assert tomllib.loads((place / "b" / "modelwizard.toml").read_text())["columns"]["age"] == "numeric"
    assert any("Still used: age" in warning for warning in made["warnings"])


def test_a_flag_that_is_not_needed_is_told(script: Any, survey: Any, place: Path) -> None:
    talk = script(attended=False)
    new(talk, survey, place, given=flags(data="churn.csv", target=("plan",), positive="pro"), yes=True)
    assert "--positive LABEL is not needed here and was not used." in talk.told


def test_rows_kept_together_are_not_also_ordered_by_time(script: Any, survey: Any, place: Path) -> None:
    talk = script(*[...] * 6, WRITE)
    new(talk, survey, place, given=flags(group="plan"))
    assert not any("later than" in text for text in talk.asked)
