"""What is found in a project's own code reaches the person: planted in real projects, walked, read on the screen."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelwizard import walk
from modelwizard.options import StageOptions
from modelwizard.terminal.screen import Terminal
from modelwizard.words import say
from modelwizard.worker.client import Child

Edit = tuple[str, str, str]

ENCODING: Edit = (
    "preprocessing.py",
    "blocks.numbers(self.raw, self.features, rows)",
    "blocks.numbers(self.raw, self.features, data.load('train', 'validation'))",
)
ITSELF = "MW603 Code loads rows that it was not given: Encoding"
LOADED = f"{ITSELF} loads the train and validation rows by itself (data.load) (preprocessing.py:"
SCALED = "MW601 A layer learned from rows that it must not know: the layer 'robust_scale' scales 'amount', "
OTHERS = "by the median and quartiles of training and validation rows together, not of the training rows"
READ: Edit = (
    "data.py",
    "    return columns\n",
    "    mean = read_rows(HERE / FORMAT['path'])['size, in m²'].mean()\n"
    "    columns['over'] = columns['size, in m²'] - mean\n    return columns\n",
)
READS = f"{ITSELF} reads a whole data file by itself (data.read_rows) (data.py:"
COUNTED: Edit = (
    "data.py",
    "def add_features(",
    "MEAN = pd.read_csv(HERE / FORMAT['path'])['size, in m²'].mean()\n\n\ndef add_features(",
)
OVER: Edit = (
    "data.py",
    "    return columns\n",
    "    columns['over'] = columns['size, in m²'] - MEAN\n    return columns\n",
)
STATISTICS = (
    "MW604 Features are made with statistics of the whole file: 'over' of training rows change when validation and "
    "test rows are replaced (data.py)"
)
WORDS: Edit = (
    "preprocessing.py",
    "strings.categories(self.features, rows)",
    "strings.categories(self.features, rows._replace(\n"
    "            x={**rows.x, 'city': data.load('train', 'validation').x['city']}))",
)
RARE: Edit = ("strings.py", "RARE = 3", "RARE = 1")
ENTRIES = (
    "MW602 A vocabulary holds words of rows that it must not know: the vocabulary of the layer 'lookup_city' "
    "(from 'city') has entries of validation rows that no training row holds: 'city "
)
HEAD: Edit = ("model.py", 'activation="sigmoid"', 'activation="hard_sigmoid"')
HEADS = "MW605 The last layer is not the one for this type of problem: the activation of the last layer is hard_sigmoid"
CONSTANT: Edit = (
    "preprocessing.py",
    "        grouped = {",
    "        parts = [p._replace(tensor=p.tensor * 0) if p.block == 'text' else p for p in parts]\n        grouped = {",
)
CONSTANTS = "MW607 A block of inputs never changes: 'text' holds one and the same number in all training rows"
SHUFFLED: Edit = (
    "preprocessing.py",
    "    def encode_target(self, y: np.ndarray) -> np.ndarray:",
    "    def encode_target(self, y: np.ndarray) -> np.ndarray:\n"
    "        y = np.random.default_rng(0).permutation(y) if len(y) > 150 else y",
)
PRODUCTION = "MW608 The production training did not go as the trials did: the final training loss is"


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as started:
        yield started


def plant(folder: Path, *edits: Edit) -> None:
    for name, old, new in edits:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def screen(folder: Path, child: Child, stage: str, options: StageOptions | None = None) -> str:
    """Run a stage and return what stands on the screen, its lines joined."""
    for experiment in (folder / "experiments").glob("*.toml"):
        experiment.write_text(experiment.read_text().replace("epochs = 50", "epochs = 4"))
    stream = io.StringIO()
    child.project = folder
    walk.run_stage(folder, stage, options or StageOptions(), Terminal(stream, yes=True), child)
    return " ".join(stream.getvalue().split())


def test_leaks_are_told_at_once_at_the_end_and_later(make_project: Callable[..., Path], child: Child) -> None:
    folder = make_project("binary", 120)
    plant(folder, ENCODING, COUNTED, OVER, CONSTANT)
    told = screen(folder, child, "baseline")
    for sentence in (LOADED, SCALED, OTHERS, STATISTICS):
        assert told.count(sentence) == 2, told  # when it was found, and with the verdict
    assert told.count(CONSTANTS) == 1  # a fourth one waits for the end
    found = walk.status(folder)["findings"]
    assert sorted(one["code"] for one in found) == ["MW601", "MW603", "MW604", "MW607"]
    assert {(one["severity"], one["stage"]) for one in found} == {("warning", "baseline")}
    page = walk.report(folder).read_text(encoding="utf-8")
    assert all(page.count(one["code"]) == 2 for one in found)  # at the top, and with the stage
    assert sum("found at baseline" in say(sentence) for sentence in walk.audit(folder)["story"]) == 4
    for name, old, new in (ENCODING, COUNTED, OVER, CONSTANT):
        plant(folder, (name, new, old))
    assert walk.status(folder)["findings"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        pytest.param([ENCODING], SCALED, id="encoding"),
        pytest.param([READ], READS, id="reads the file"),
        pytest.param([COUNTED, OVER], STATISTICS, id="statistics of the file"),
        pytest.param([RARE, WORDS], ENTRIES, id="vocabulary"),
        pytest.param([HEAD], HEADS, id="head"),
        pytest.param([CONSTANT], CONSTANTS, id="constant block"),
    ],
)
def test_each_kind_is_told(edits: list[Edit], sentence: str, make_project: Callable[..., Path], child: Child) -> None:
    folder = make_project("binary", 120)
    plant(folder, *edits)
    assert sentence in screen(folder, child, "baseline")


@pytest.mark.slow
def test_a_production_training_that_went_otherwise_is_told(make_project: Callable[..., Path], child: Child) -> None:
    folder = make_project("binary")
    plant(folder, SHUFFLED)
    assert "MW6" not in screen(folder, child, "baseline")
    told = screen(folder, child, "finalize", StageOptions(force=True, reason="a test"))
    assert told.count(PRODUCTION) == 2, told
    assert [one["code"] for one in walk.status(folder)["findings"]] == ["MW608"]
