"""Columns of any names walk to the end: each has a layer name of its own, and none that Keras or the project uses."""

from __future__ import annotations

import ast
from importlib import resources
from types import SimpleNamespace
from typing import Any

import pytest

OPS = SimpleNamespace(cast=None, where=None)


def layer_names(columns: list[str]) -> dict[str, str]:
    """Run the function of the template, which belongs to a project's blocks.py, without Keras."""
    source = resources.files("modelwizard.templates").joinpath("tabular/blocks.py").read_text(encoding="utf-8")
    node = next(node for node in ast.parse(source).body if getattr(node, "name", "") == "layer_names")
    space: dict[str, Any] = {"ops": OPS, "Any": Any}
    exec(compile(ast.Module([node], []), "blocks.py", "exec"), space)
    return space["layer_names"](dict.fromkeys(columns))


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (["age", "income per head", "a/b"], ["age", "income_per_head", "a_b"]),
        (["Discount", "Discount %", "discount"], ["Discount", "Discount_", "discount"]),
        (["class", "__class__", "Class"], ["class", "class_", "Class"]),
        (["😀", "😎", ""], ["column", "column_", "column__"]),
        (["a b", "a_b", "a/b", "a_b_"], ["a_b", "a_b_", "a_b__", "a_b___"]),
        (["cast", "where_3", "wherever"], ["column_cast", "column_where_3", "wherever"]),
        (["lookup_city", "city", "robust_scale"], ["column_lookup_city", "city", "column_robust_scale"]),
        (["größe", "数"], ["größe", "数"]),
    ],
)
def test_columns_that_differ_have_layer_names_that_differ(columns: list[str], names: list[str]) -> None:
    assert layer_names(columns) == dict(zip(columns, names, strict=True))
