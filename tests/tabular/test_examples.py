"""The bundled tables: the same bytes each time, read as what they say they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwizard.errors import UsageError
from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.examples import EXAMPLES, write_example
from modelwizard.kinds.tabular.infer import infer
from modelwizard.kinds.tabular.profile import profile
from modelwizard.kinds.tabular.read import read, sniff
from modelwizard.kinds.tabular.target import check_target
from modelwizard.problems import PROBLEMS

PROBLEM = {
    "churn": "binary",
    "tumours": "binary",
    "iris": "multiclass",
    "tickets": "multiclass",
    "songs": "multilabel",
    "diabetes": "regression",
    "occupancy": "bounded",
    "buildings": "vector",
    "repairs": "positive",
    "rentals": "count",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_it_says(name: str, tmp_path: Path) -> None:
    targets, path = EXAMPLES[name].targets, write_example(name, tmp_path)
    assert path == tmp_path / f"{name}.csv"
    form = sniff(path)
    frame = read(path, form)
    columns = describe(frame, form)
    assert infer(frame, targets, form).problem == PROBLEM[name]
    found = profile(frame, columns, form, check_target(frame, targets, PROBLEM[name], form))
    assert {caution.code for caution in found.cautions} <= {"identifier", "few-rows", "duplicates"}
    (tmp_path / "again").mkdir()
    assert write_example(name, tmp_path / "again").read_bytes() == path.read_bytes()


def test_each_problem_type_that_is_inferred_has_an_example() -> None:
    assert {*PROBLEM.values()} == {name for name, problem in PROBLEMS.items() if not problem.ordered}


def test_the_default_example_has_everything_a_table_can_have(tmp_path: Path) -> None:
    path = write_example("churn", tmp_path)
    columns = describe(read(path), sniff(path))
    assert {column.kind for column in columns} == {"identifier", "date", "categorical", "numeric", "boolean"}
    assert sum(column.missing > 0 for column in columns) >= 3


def test_an_unknown_example_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'chrun' is not an example") as error:
        write_example("chrun", tmp_path)
    assert error.value.fix == "--example churn"
