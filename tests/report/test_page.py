"""report.html at every point of the walk, for every problem type, whatever is missing and whatever names hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from walked import EXPORTED, Walked

from modelwizard import report
from modelwizard.contract.entries import Edited, Forced, Look, Opened, Switched, Trial, Verdict
from modelwizard.contract.results import Gain, Polished
from modelwizard.contract.trials import Training
from modelwizard.evidence import noise
from modelwizard.evidence.calibration import Temperature
from modelwizard.evidence.thresholds import Threshold
from modelwizard.journal import Journal
from modelwizard.problems import PROBLEMS
from modelwizard.project import STAGES, Project
from modelwizard.report import charts, portraits, trial_charts
from modelwizard.report.markup import Markup, element
from modelwizard.stages.squeeze import Squeeze

VOID = {"meta", "br", "hr", "col", "link"}
MakeProject = Callable[..., Path]


class Page(HTMLParser):
    """Reads a page and remembers what must be true of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(folder: Path) -> Page:
    path = report.write(Project.open(folder))
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def well_made(page: Page) -> None:
    """Assert what holds for every page: whole, self-contained, readable without seeing."""
    assert page.wrong == []
    assert page.open == []
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "link", "iframe", "object", "base", "form"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "http" not in (resources.files("modelwizard.report") / "style.css").read_text(encoding="utf-8")
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert all(svg.get("role") == "img" and len(svg.get("aria-label") or "") > 20 for svg in page.all("svg"))
    assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
    assert all(table.get("aria-label") for table in page.all("table"))
    assert {a["href"][1:] for a in page.all("a") if a["href"]} <= set(ids)
    text = page.text.replace("NaN or infinite", "").replace("look for NaN in the data", "")  # what sentences speak of
    assert "nan" not in re.findall(r"[a-z]+", text.lower())
    assert "None" not in re.findall(r"\w+", page.text)


@pytest.fixture(scope="module")
def walked(make_project: MakeProject) -> Callable[..., Path]:
    """Return a folder with a walk of one problem type up to one stage; a fresh copy of it each time."""
    made: dict[tuple[str, str | None], Path] = {}

    def walk(problem: str, upto: str | None = "finalize") -> Path:
        if (problem, upto) not in made:
            trials = 8 if problem == "binary" else 4  # 8 are enough to say what moved the score
            made[problem, upto] = Walked(make_project(problem), trials=trials).upto(upto)
        source = made[problem, upto]
        copy = source.parent / f"copy-{len(list(source.parent.iterdir()))}"
        shutil.copytree(source, copy)
        return copy

    return walk


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the plots out, which take most of the time, where only the words matter."""

    def draw(name: str, alt: str, *_: object, **__: object) -> Markup:
        return element("svg", role="img", aria_label=alt)

    for module in (charts, portraits, trial_charts):
        monkeypatch.setattr(module, "draw", draw)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_finished_walk_of_every_problem_type(problem: str, walked: Callable[..., Path]) -> None:
    folder = walked(problem)
    page = read(folder)
    well_made(page)
    for words in (
        PROBLEMS[problem].why.replace("`", ""),
        "48 validation rows",
        "boosted trees",
        "on the same rows",
        "Optimism",
        "Expected and found",
        "looks · best raw",
        "The test rows were opened.",
        "Calibration" if PROBLEMS[problem].classifies else "Predicted against true values",
    ):
        assert words in page.text
    assert len(page.all("svg")) >= 8
    again = (folder / "report.html").read_bytes()
    read(folder)
    assert (folder / "report.html").read_bytes() == again


@pytest.mark.parametrize(
    ("upto", "there", "absent"),
    [
        (None, ["Nothing has been trained yet.", "Next: modelwizard baseline."], ["Capacity", "too optimistic"]),
        ("baseline", ["So far the small network reaches", "Next: modelwizard overfit."], ["The capacity ladder"]),
        ("overfit", ["The capacity ladder", "border: epoch", "still sealed"], ["Score of each trial"]),
        ("regularize", ["Score of each trial", "So far the best trial reaches", "no number on this page has seen"],
         ["Expected and found"]),
        ("finalize", ["Expected and found", "matrix at decision threshold 0.5", "Calibration"], ["still sealed"]),
    ],
)  # fmt: skip
def test_every_point_of_the_walk(
    upto: str | None, there: list[str], absent: list[str], walked: Callable[..., Path]
) -> None:
    page = read(walked("binary", upto))
    well_made(page)
    assert [words for words in there if words not in page.text] == []
    assert [words for words in absent if words in page.text] == []
    missing = len(STAGES) - (STAGES.index(upto) + 1 if upto else 0)
    assert page.text.count("Not run yet.") == missing


def test_a_project_without_a_journal(make_project: MakeProject) -> None:
    page = read(make_project("regression"))
    well_made(page)
    assert "Nothing has been trained yet." in page.text


@pytest.mark.usefixtures("undrawn")
def test_folds_are_named(make_project: MakeProject) -> None:
    folder = make_project("multiclass")
    text = (folder / "modelwizard.toml").read_text(encoding="utf-8")
    text = text.replace('scheme = "holdout"', 'scheme = "kfold"')
    (folder / "modelwizard.toml").write_text(text, encoding="utf-8")
    page = read(Walked(folder, folds=5, trials=4).upto("finalize"))
    well_made(page)
    assert "5 folds" in page.text
    assert "out-of-fold rows" in page.text


def trial(stage: str, run: str, **known: Any) -> Trial:
    return Trial(
        **{"hyperparameters": {"units": 8}, "training": Training(9, 32, 1), "stage": stage, "run": run, **known}
    )


def test_a_search_in_flight(walked: Callable[..., Path]) -> None:
    folder = walked("binary", "overfit")
    journal = Journal(folder / "journal.jsonl")
    for i, score in enumerate((0.7, 0.8, None), start=1):
        journal.append(
            trial("regularize", f"regularize-{i:03d}", score=score, looks=4, hyperparameters={"units": 8 * i})
        )
    page = read(folder)
    well_made(page)
    assert "3 trials recorded, no verdict yet" in page.text
    assert "Score of each trial" in page.text


@pytest.mark.usefixtures("undrawn")
def test_runs_that_were_deleted_are_said_to_be_gone(walked: Callable[..., Path]) -> None:
    folder = walked("binary")
    shutil.rmtree(folder / "runs")
    page = read(folder)
    well_made(page)
    assert "the folders in runs/ are gone" in page.text
    assert "its folder in runs/ is gone" in page.text
    assert "runs/test.npz is gone" in page.text
    assert "Expected and found" in page.text


@pytest.mark.usefixtures("undrawn")
def test_split_and_data_that_moved(walked: Callable[..., Path]) -> None:
    folder = walked("binary", "baseline")
    (folder / "split.csv").write_text("part\nhello\n")
    page = read(folder)
    well_made(page)
    assert "split.csv is not the file it was" in page.text
    assert "split.csv cannot be read" in page.text


POLISH = Polished(kept=True, learning_rate=1e-4, gain=0.002, t=1.5, control=Gain(0.001, 1.1))
SQUEEZE = Squeeze(
    "f1",
    noise.pooled([[0.5, 0.52, 0.51]]),
    Temperature(1.8, 0.5, 0.45, 2.0),
    Threshold(0.31, 0.31, 0.6, 0.07, 2.1, 102),
).record()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Forced(stage="overfit", gate="regularize", found="cannot tell", reason="too much data"),
         ["Forced, although", "too much data", "what the gate requires was not shown"]),
        (Edited(files=["model.py"], after_looks=74),
         ["model.py changed after 74 looks", "No correction can see what a person learned"]),
        (Look(stage="overfit", purpose="hindsight", looks=3), ["Overfit: hindsight, 3 looks."]),
        (Look(stage="finalize", purpose="threshold", looks=102),
         ["decision thresholds tried", "102 looks"]),
        (replace(EXPORTED, polish=POLISH),
         ["learning rate 0.0001: kept"]),
        (replace(EXPORTED, squeeze=SQUEEZE),
         ["Temperature 1.80: the averaged prediction was over", "Decision threshold 0.310: F1", "polish = true"]),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("undrawn")
def test_what_happened_is_told(line: Any, words: list[str], walked: Callable[..., Path]) -> None:
    folder = walked("binary", "overfit")
    Journal(folder / "journal.jsonl").append(line)
    page = read(folder)
    well_made(page)
    assert [w for w in words if w not in page.text] == []


@pytest.mark.usefixtures("undrawn")
def test_a_switch_to_k_fold_gives_the_number_to_quote(walked: Callable[..., Path]) -> None:
    folder = walked("binary")
    journal = Journal(folder / "journal.jsonl")
    last = journal.of(Verdict)[-1]
    journal.append(Switched(stage="finalize", protocol="kfold", folds=5, repeats=3))
    journal.append(trial("protocol", "protocol-01", score=0.8, looks=12, scheme="kfold"))
    protocol = {"folds": 5, "repeats": 3, "trials": 1, "run": "protocol-01", "score": 0.8, "corrected": 0.79,
                "se": 0.01,
                "headline": "By 3 x 5-fold on 180 rows: this is the number to quote."}  # fmt: skip
    journal.append(replace(last, verdict="unreliable", numbers={**last.numbers, "protocol": protocol}))
    page = read(folder)
    well_made(page)
    assert page.text.count("this is the number to quote") >= 2
    for words in (
        "repeated K-fold validates from now on, 3 × 5-fold.",
        "protocol-01",
        "cannot be trusted",
        "Repeated K-fold112",
    ):
        assert words in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_reused_test_says_so_everywhere(walked: Callable[..., Path]) -> None:
    folder = walked("binary")
    Journal(folder / "journal.jsonl").append(Opened(stage="finalize", reason="new rows", reused=True))
    page = read(folder)
    assert page.text.lower().count("reused test") >= 4
    assert "opened again: reused test. Reason: new rows" in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_changed_line_of_the_journal_stands_above_all(walked: Callable[..., Path]) -> None:
    folder = walked("binary", "baseline")
    path = folder / "journal.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"verdict": "passed"', '"verdict": "better"'))
    page = read(folder)
    assert "The journal is not intact." in page.text
    assert "was changed after it was written" in page.text


@pytest.mark.parametrize(
    ("trees", "se", "words"),
    [
        (0.99, 0.01, "Boosted trees win on the same rows, 0.990 against 0.900"),
        (0.91, 0.01, "Boosted trees are ahead on the same rows, 0.910 against 0.900, by less than"),
        (
            0.80,
            0.01,
            "The network is ahead of the linear model and boosted trees on the same rows: 0.900 against 0.800 at best.",
        ),
        (0.89, 0.01, "0.900 against 0.890 at best, by less than its own error of ± 0.020."),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_other_models_are_said_to_win_when_they_do(
    trees: float, se: float, words: str, walked: Callable[..., Path]
) -> None:
    folder = walked("binary", None)
    numbers = {"score": 0.92, "corrected": 0.9, "se": se, "reference": 0.5,
               "references": {"linear model": 0.7, "boosted trees": trees}}  # fmt: skip
    Journal(folder / "journal.jsonl").append(Verdict(stage="baseline", verdict="passed", numbers=numbers))
    assert words in read(folder).text


EVIL = "<script>alert('x')</script>\"><img src=x onerror=y>"


def test_whatever_a_project_holds_stays_text(walked: Callable[..., Path]) -> None:
    folder = walked("multiclass")
    path = folder / "modelwizard.toml"
    quoted = "'''" + EVIL.replace("'", "’") + "'''"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'(?m)^name = ".*"', f"name = {quoted}", text)
    text = re.sub(r'(?m)^reason = ".*"', f"reason = {quoted}", text)
    text = text.replace('"high"', quoted).replace('"target"', quoted).replace("amount =", '"<script>amount</script>" =')
    path.write_text(text, encoding="utf-8")
    journal = Journal(folder / "journal.jsonl")
    journal.append(Forced(stage="overfit", reason=EVIL, found=EVIL))
    journal.append(Edited(files=[EVIL], after_looks=1))
    journal.append(Look(stage=EVIL, purpose=EVIL, looks=1))
    journal.append(trial("regularize", EVIL, score=0.1, hyperparameters={EVIL: EVIL}))
    journal.append(trial("regularize", "failed", status="failed", message=EVIL))
    journal.append(trial("overfit", EVIL, hyperparameters={"layers": EVIL}))
    numbers = {"run": EVIL, EVIL: EVIL, "corrected": 0.5, "se": 0.1, "effects": [{"name": EVIL, "share": 0.5}]}
    journal.append(
        Verdict(stage="regularize", verdict=EVIL, headline=EVIL, numbers=numbers, reasons=[EVIL], advice=[f"`{EVIL}`"])
    )
    journal.append(replace(EXPORTED, model=EVIL))
    page = read(folder)
    well_made(page)
    assert "<script>alert(" in page.text


def luminance(colour: str) -> float:
    """Return the relative luminance of #rgb or #rrggbb; WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("theme", "position"), [("light", 0), ("dark", 1), ("print", 2)])
def test_text_and_lines_stand_out_from_the_paper(theme: str, position: int) -> None:
    css = (resources.files("modelwizard.report") / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w+);", blocks[position]))
    for ground in ("paper", "soft"):
        for role in ("ink", "muted", "good", "bad", "doubt", "train", "validation", "test", "reference"):
            light, dark = sorted((luminance(colours[role]), luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (theme, role, ground)
