"""TOML: values -> text -> values; a person's file changed in place."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from modelwizard import toml


@pytest.mark.parametrize(
    "values",
    [
        {
            "seed": 0,
            "share": 1e-05,
            "yes": True,
            "names": ["a", ""],
            "columns": {"zip code": "categorical", "": "text"},
        },
        {"data": {"path": "a.csv", "dates": {"since": "%Y"}}, "a.b": {"c d": 1.0}},
        {"line\nbreak": "x\ty\x00\x1f\x7f", 'quote "': {"\x7f": "'\\", "é,京": "\r\n"}},
    ],
)
def test_what_is_written_is_read(values: dict[str, Any]) -> None:
    assert tomllib.loads(toml.write(values, head=["modelwizard new 'a\nb\x7f'"])) == values


def test_the_look_of_a_file() -> None:
    text = toml.write({"a": 1, "data": {"b": ["x", "y"], "dates": {"d e": "f"}}}, head=["top"], about={"data": ["why"]})
    assert text == '# top\na = 1\n\n# why\n[data]\nb = ["x", "y"]\n\n[data.dates]\n"d e" = "f"\n'


def test_a_change_leaves_every_other_line_alone() -> None:
    text = '# mine\n[split]\nscheme = "holdout" # for now\nfolds=0\n\n# below\n[training]\nseed = 0\n'
    changed = toml.change(text, "split", {"scheme": "kfold", "folds": 5, "reason": "few rows"})
    assert changed == text.replace("holdout", "kfold").replace("folds=0\n", 'folds=5\nreason = "few rows"\n')
