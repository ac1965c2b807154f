"""The search space: found by building the model, restricted for a stage, explained as plain values."""

from __future__ import annotations

from typing import Any

import keras_tuner
import pytest

from modelwizard.training import space


def tabular(hp: Any) -> None:
    """Name the hyperparameters of the generated model."""
    hp.Choice("l2", [0.0, 1e-4, 1e-2], default=0.0)
    hp.Int("units", 16, 1024, step=2, sampling="log", default=64)
    hp.Float("dropout", 0.0, 0.6, step=0.1, default=0.1)
    hp.Int("layers", 1, 6, default=2)
    hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)


def per_layer(hp: Any) -> None:
    """Name one width per layer: most of them do not exist in the default model."""
    for i in range(hp.Int("layers", 1, 4, default=1)):
        hp.Int(f"units_{i}", 8, 512, default=32)


def branches(hp: Any) -> None:
    """Name hyperparameters that exist in one branch only, with and without a conditional scope."""
    if hp.Choice("kind", ["mlp", "wide", "deep"]) == "deep":
        hp.Int("depth", 2, 9)
    with hp.conditional_scope("kind", ["wide"]):
        hp.Int("width", 100, 900)
    if hp.Boolean("norm"):
        hp.Float("momentum", 0.1, 0.9)


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (tabular, ["l2", "units", "dropout", "layers", "learning_rate"]),
        (per_layer, ["layers", "units_0", "units_1", "units_2", "units_3"]),
        (branches, ["kind", "width", "norm", "depth", "momentum"]),
    ],
)
def test_every_hyperparameter_is_found(build: Any, names: list[str]) -> None:
    found = space.discover(build)
    assert sorted(hp.name for hp in found.space) == sorted(names)


def test_values_that_the_model_refuses_do_not_hide_the_others() -> None:
    def picky(hp: Any) -> None:
        if hp.Int("layers", 1, 6, default=2) == 6:
            raise ValueError("too deep")
        if hp.Choice("kind", ["a", "b", "c"]) == "b":
            raise ValueError("no b")
        hp.Boolean("norm")

    assert [hp.name for hp in space.discover(picky).space] == ["layers", "kind", "norm"]


def test_a_model_that_fails_with_its_defaults_fails() -> None:
    def broken(_: Any) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        space.discover(broken)


def test_the_values_of_a_found_space_are_the_defaults() -> None:
    assert space.discover(tabular).values == {
        "l2": 0.0,
        "units": 64,
        "dropout": 0.1,
        "layers": 2,
        "learning_rate": 1e-3,
    }


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda hp: hp.Float("dropout", 0.0, 0.5), 0.0),
        (lambda hp: hp.Float("l2", 1e-6, 1e-2, sampling="log"), 0.0),
        (lambda hp: hp.Choice("weight_decay", [0.001, 0.01]), 0.0),
        (lambda hp: hp.Boolean("noise_on"), False),
        (lambda hp: hp.Choice("noise", ["none", "gauss"], default="gauss"), "none"),
        (lambda hp: hp.Choice("noise", ["gauss", "salt"]), "not one"),
        (lambda hp: hp.Float("label_smoothing", 0.0, 0.2), 0.0),
        (lambda hp: hp.Float("input_dropout", 0.0, 0.2), "not one"),
        (lambda hp: hp.Int("units", 1, 9), "not one"),
        (lambda hp: hp.Fixed("l1", 1e-4), 0.0),
    ],
)
def test_regularisers_are_known_by_name_and_switched_off(make: Any, expected: Any) -> None:
    hp = keras_tuner.HyperParameters()
    make(hp)
    values = space.bare(hp)
    assert list(values.values()) == ([] if expected == "not one" else [expected])


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"layers": [1, 3]}, (1, 3)),
        ({"layers": [2, 99]}, (2, 6)),
        ({"layers": [9, 12]}, (6, 6)),
        ({"layers": [0, 0]}, (1, 1)),
        ({"unknown": [1, 2]}, (1, 6)),
    ],
)
def test_bounds_only_ever_narrow(bounds: dict[str, list[float]], expected: tuple[int, int]) -> None:
    narrowed = space.restrict(space.discover(tabular), bounds)
    layers = next(hp for hp in narrowed.space if hp.name == "layers")
    assert (layers.min_value, layers.max_value) == expected
    assert expected[0] <= layers.default <= expected[1]


def test_choices_are_cut_and_the_nearest_is_left() -> None:
    found = space.discover(tabular)
    cut = {hp.name: hp for hp in space.restrict(found, {"l2": (0.0, 1e-3)}).space}
    assert list(cut["l2"].values) == [0.0, 1e-4]
    cut = {hp.name: hp for hp in space.restrict(found, {"l2": (1.0, 2.0)}).space}
    assert list(cut["l2"].values) == [1e-2]


def test_a_space_is_told_in_plain_values() -> None:
    rows = {row.name: row for row in space.described(space.discover(tabular))}
    assert (rows["units"].max, rows["units"].sampling, rows["units"].values) == (1024, "log", None)
    assert (rows["l2"].max, rows["l2"].values) == (None, [0.0, 1e-4, 1e-2])
    assert [name for name, row in rows.items() if row.regulariser] == ["l2", "dropout"]
