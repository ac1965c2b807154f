"""Layers that learned from rows they were not handed are named; honest ones and a person's own constants are not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modelwizard.training import adapted, watching
from modelwizard.words import say

RNG = np.random.default_rng(3)
HONEST, BOTH = slice(0, 300), slice(0, 400)  # of 500 rows: training, validation, and the rest of the file
ALL, HELD = slice(0, 500), slice(300, 400)


def numbers() -> np.ndarray[Any, Any]:
    values = RNG.lognormal(size=(500, 2)).astype(np.float32)
    values[:, 1] = np.round(10 * values[:, 1])  # whole numbers, so that quantiles of several sets coincide
    return values


def words() -> np.ndarray[Any, Any]:
    common = RNG.choice(["red", "green", "Blue!"], size=500)
    rare = [f"w{i % 97}" if i < 300 else f"late{i // 20}" for i in range(500)]
    return np.array([[f"{a} {b}"] for a, b in zip(common, rare, strict=True)], dtype=object)


NUMBERS, WORDS = numbers(), words()
HOLES = np.where(RNG.random((500, 1)) < 0.2, np.nan, NUMBERS[:, :1])


def judge(
    layer: Any, values: np.ndarray[Any, Any], others: bool = True, nested: bool = False, **options: Any
) -> list[tuple[str, str]]:
    """Check one layer behind one column, in a model inside a model when asked."""
    import keras

    raw = keras.Input(values.shape[1:], name="a_column", dtype="string" if values.dtype == object else "float32")
    inside = raw if not hasattr(layer, "fill") else layer.fill(raw)
    output = layer.layer(inside) if hasattr(layer, "layer") else layer(raw)
    model = keras.Model({"a_column": raw}, {"out": output})
    if nested:
        again = keras.Input(values.shape[1:], name="a_column", dtype=raw.dtype)
        model = keras.Model({"a_column": again}, model({"a_column": again}))
    parts = [{"a_column": values[part]} for part in (HONEST, HELD, slice(400, 500))]
    told = adapted.check(model, parts[0], parts[1], parts[2] if others else None, **options)
    return [(one.code, say(one.evidence)) for one in told]


def normal(rows: slice) -> Any:
    import keras

    layer = keras.layers.Normalization(name="scale")
    layer.adapt(NUMBERS[rows])
    return layer


def robust(rows: slice) -> Any:
    """Scale as the generated code does: quantiles of what is not missing, gaps filled by the centre."""
    import keras

    low, centre, high = np.nanquantile(HOLES[rows], [0.25, 0.5, 0.75], axis=0).astype(np.float32)
    layer = keras.layers.Normalization(mean=centre, variance=(high - low) ** 2, name="scale")
    return SimpleNamespace(layer=layer, fill=lambda x: keras.ops.where(keras.ops.isfinite(x), x, centre))


def bins(rows: slice) -> Any:
    import keras

    layer = keras.layers.Discretization(num_bins=6, name="bins")
    layer.adapt(NUMBERS[rows])
    return layer


def lookup(rows: slice) -> Any:
    import keras

    return keras.layers.StringLookup(vocabulary=np.unique(WORDS[rows].astype(str)).tolist(), name="lookup")


def text(rows: slice, **options: Any) -> Any:
    import keras

    layer = keras.layers.TextVectorization(name="text", **options)
    layer.adapt(WORDS[rows])
    return layer


def weights(rows: slice) -> Any:
    """Learn the words from the training rows, but their weights from others."""
    import keras

    vocabulary = text(HONEST).get_vocabulary()[2:]
    texts = [set(value.lower().replace("!", "").split()) for value in WORDS[rows, 0]]
    idf = [np.log(1 + len(texts) / (1 + sum(word in one for one in texts))) for word in vocabulary]
    return keras.layers.TextVectorization(output_mode="tf_idf", vocabulary=vocabulary, idf_weights=idf, name="text")


LEARNED: list[tuple[str, Callable[[slice], Any], np.ndarray[Any, Any], str]] = [
    ("normal", normal, NUMBERS, "mean and variance of {}"),
    ("robust", robust, HOLES, "median and quartiles of {}"),
    ("bins", bins, NUMBERS, "the bins of {}"),
    ("weights", weights, WORDS, "TF-IDF weights of the layer 'text' (from 'a_column') are those of {}"),
]
CASES = [pytest.param(*case[1:], id=case[0]) for case in LEARNED]
SETS = {"training and validation rows together": BOTH, "all rows of the file": ALL}


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize(("learn", "values", "told"), CASES)
def test_state_of_other_rows_is_found(
    learn: Callable[[slice], Any], values: np.ndarray[Any, Any], told: str, nested: bool
) -> None:
    assert judge(learn(HONEST), values, nested=nested) == []
    for source, rows in SETS.items():
        ((code, found),) = judge(learn(rows), values, nested=nested)
        assert code == "MW601"
        assert told.format(source) in found
    ((_, found),) = judge(learn(BOTH), values, others=False)
    assert told.format("training and validation rows together") in found


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize(
    ("learn", "options", "entry"),
    [
        (lookup, {}, "late"),
        (text, {}, "late15"),
        (text, {"ngrams": 2, "standardize": None}, "Blue! late15"),
        (text, {"split": None}, "late"),
    ],
    ids=["lookup", "words", "pairs", "unsplit"],
)
def test_words_of_other_rows_are_found(
    learn: Callable[..., Any], options: dict[str, Any], entry: str, nested: bool
) -> None:
    assert judge(learn(HONEST, **options), WORDS, nested=nested) == []
    for rows in (BOTH, ALL):
        ((code, found),) = judge(learn(rows, **options), WORDS, nested=nested)
        assert code == "MW602"
        assert "(from 'a_column') has entries of validation rows that no training row holds" in found
        assert entry[:4] in found
    assert not judge(learn(ALL, **options), WORDS, others=False), "it might be a person's own list"


def test_words_of_test_rows_alone_are_found() -> None:
    ((_, found),) = judge(lookup(np.r_[0:300, 400:500]), WORDS)  # type: ignore[arg-type]
    assert "entries of other rows of the file" in found


def test_constants_are_a_persons_own() -> None:
    import keras

    layers = keras.layers
    late = sorted({word for value in WORDS[:400, 0] for word in [value]})
    assert judge(layers.Normalization(mean=[1.0, 10.0], variance=[4.0, 100.0]), NUMBERS) == []
    middle = float(np.median(NUMBERS[BOTH, 1]))
    assert judge(layers.Normalization(mean=[1.0, middle], variance=[4.0, 100.0]), NUMBERS) == []
    assert judge(layers.Normalization(mean=0.0, variance=1.0), NUMBERS) == []
    assert judge(layers.Discretization(bin_boundaries=[1.0, 2.0, 10.0]), NUMBERS) == []
    assert judge(layers.StringLookup(vocabulary=[*late, "a word that no row has"]), WORDS) == []
    assert judge(layers.StringLookup(vocabulary=late), WORDS, spelled=set(late)) == []
    assert judge(layers.StringLookup(vocabulary=late), WORDS) != []


def test_a_model_that_takes_other_inputs_is_not_judged() -> None:
    import keras

    raw = keras.Input((2,), name="raw")
    model = keras.Model(raw, normal(BOTH)(raw))
    assert adapted.check(model, {"x": NUMBERS}, {"x": NUMBERS}) == []
    assert adapted.check(None, {"x": NUMBERS}, {"x": NUMBERS}) == []
    parts = [{"raw": NUMBERS[rows]} for rows in (HONEST, HELD)]
    (found,) = adapted.check(model, *parts, where="model.py", names=["height", "count"])
    assert found.where == "model.py"
    assert say(found.evidence).startswith("the layer 'scale' scales 'height'")


def test_loading_by_itself_is_noted() -> None:
    data = SimpleNamespace(read_rows=lambda path: f"table of {path}")
    data.load = lambda *parts: (data.read_rows("file"), parts)
    user = SimpleNamespace(own=data.load)
    before = (data.load, data.read_rows, user.own)
    with watching.watching(data, user, allowed=("train",)) as found:
        assert data.load("train") == ("table of file", ("train",))
    assert found == []
    with contextlib.suppress(ZeroDivisionError), watching.watching(data, user, allowed=("train",)) as found:
        user.own("train", "validation")
        data.read_rows("file")
        raise ZeroDivisionError
    assert [one.parts for one in found] == [("validation",), ()]
    assert all(one.where.startswith("test_adapted.py:") for one in found)
    assert (data.load, data.read_rows, user.own) == before


def test_words_that_the_code_spells_out(tmp_path: Path) -> None:
    code = '"""Prose of no matter."""\nA = ["one", "two words"]\nB = list("xy")\nC = 7\n'
    (tmp_path / "data.py").write_text(code, encoding="utf-8")
    found = watching.literals(tmp_path)
    assert {"one", "two words", "two", "words", "x", "y", "7"} <= found
    assert not {"Prose", "matter."} & found


LEAKS = [
    pytest.param("", "", [], id="as-generated"),
    pytest.param(
        "blocks.numbers(self.raw, self.features, rows)",
        "blocks.numbers(self.raw, self.features, data.load('train', 'validation'))",
        ["robust_scale"],
        id="numbers",
    ),
    pytest.param(
        "strings.categories(self.features, rows)",
        "strings.categories(self.features, data.Rows({**rows.x, 'city': everything()}, rows.y, rows.rows))",
        ["lookup_city"],
        id="categories",
    ),
    pytest.param(
        "strings.texts(self.features, rows)",
        "strings.texts(self.features, data.load('train', 'validation'))",
        ["words_remark"],
        id="texts",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "layers"), LEAKS)
def test_leaks_planted_in_a_project_are_found(
    make_project: Callable[..., Path], old: str, new: str, layers: list[str]
) -> None:
    from modelwizard.project import Project
    from modelwizard.training.workshop import Workshop

    folder = make_project("binary", 60)  # of 30 cities, some are in validation rows alone
    strings, path = folder / "strings.py", folder / "preprocessing.py"
    rare = strings.read_text(encoding="utf-8")
    assert "RARE = 3" in rare
    strings.write_text(rare.replace("RARE = 3", "RARE = 1"), encoding="utf-8")
    code = path.read_text(encoding="utf-8")
    assert old in code
    code = code.replace(old, new) if old else code
    path.write_text(code + "\n\ndef everything():\n    return data.load('train', 'validation').x['city']\n")
    shop = Workshop(Project.open(folder))
    (fold,) = shop.folds()
    table = shop.code.data.to_columns(shop.code.data.read_rows(shop.project.data_path))
    others = np.setdiff1d(np.arange(len(shop.parts)), np.concatenate([fold.train.rows, fold.validation.rows]))
    found = adapted.check(
        fold.encoding.model,
        fold.train.raw,
        fold.validation.raw,
        {name: values[others] for name, values in table.items()},
        names=fold.encoding.columns["numeric"],
        spelled=watching.literals(folder),
    )
    assert [one.evidence.values["layer"] for one in found] == layers, found
    assert len(found) == len(layers)


def test_a_layer_shared_by_columns_is_not_judged() -> None:
    import keras

    columns = {name: keras.Input((1,), name=name, dtype="string") for name in ("left", "right")}
    both = lookup(BOTH)
    model = keras.Model(columns, {name: both(column) for name, column in columns.items()})
    parts = [dict.fromkeys(columns, WORDS[rows]) for rows in (HONEST, HELD)]
    assert adapted.check(model, *parts) == []


def test_whole_numbers_are_looked_up_too() -> None:
    import keras

    raw = keras.Input((1,), name="year", dtype="int64")
    years = np.repeat(np.arange(2000, 2010), 50).reshape(-1, 1)
    for last, told in ((2006, 0), (2008, 1)):
        model = keras.Model({"year": raw}, keras.layers.IntegerLookup(vocabulary=list(range(2000, last)))(raw))
        assert len(adapted.check(model, *({"year": years[rows]} for rows in (HONEST, HELD)))) == told
