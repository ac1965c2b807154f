"""A drawing is a piece of the page: its colours, no file of its own, the same each time."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from modelwizard.contract.entries import Trial
from modelwizard.contract.trials import Training
from modelwizard.report.charts import Standing, curves, standings
from modelwizard.report.drawing import ROLES, draw
from modelwizard.report.trial_charts import trials


def plot(label: str = "x") -> str:
    def paint(axes: Any) -> None:
        axes.plot([1, 2, 3], [3, 1, 2], "o-", color=ROLES["train"])
        axes.set_xlabel(label)

    return draw("one", 'a plot of "x"', paint)


def test_a_drawing_takes_colours_and_font_from_the_page() -> None:
    svg = plot()
    assert "var(--train)" in svg
    assert "font-family" not in svg
    assert not re.findall(r"#[0-9a-f]{6}", svg.replace("#one-", ""))
    assert "http" not in svg
    assert "<style" not in svg


def test_a_drawing_is_the_same_each_time() -> None:
    assert plot() == plot()


def test_ids_carry_the_name_of_the_drawing_and_exist() -> None:
    svg = plot()
    ids = set(re.findall(r'\bid="([^"]+)"', svg))
    assert ids
    assert all(name.startswith("one-") for name in ids)
    assert {m[1:] for m in re.findall(r'href="([^"]+)"', svg)} | set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids


@pytest.mark.parametrize("label", ["price in $ and $", "<script>alert(1)</script>", "温度 °C", 'id="x" url(#y)'])
def test_text_stays_text(label: str) -> None:
    svg = plot(label)
    assert label in "".join(ElementTree.fromstring(svg).itertext())
    assert "<script" not in svg


def test_alt_text_is_escaped() -> None:
    assert 'aria-label="a plot of &quot;x&quot;"' in plot()
    assert 'role="img"' in plot()


HISTORY = [{"train_loss": 1 / e, "val_loss": 0.5 + (e - 5) ** 2 / 100} for e in range(1, 12)]


@pytest.mark.parametrize(
    ("border", "crossed", "words"),
    [(5, True, "border: epoch 5"), (5, False, "best: epoch 5"), (None, False, None)],
)
def test_the_border_is_marked(border: int | None, crossed: bool, words: str | None) -> None:
    made = curves("c", "run: loss", HISTORY, border=border, crossed=crossed)
    assert made
    assert ("epoch 5" in made) == (border is not None)
    assert words is None or words in made
    assert ("var(--shade)" in made) == crossed


def test_a_curve_needs_two_epochs() -> None:
    assert curves("c", "run: loss", HISTORY[:1]) is None
    assert curves("c", "run: loss", []) is None
    assert curves("c", "run: loss", [{"val_loss": float("nan")}] * 5) is None


def test_standings_say_each_score_in_words() -> None:
    rows = [Standing("trees", 0.9, role="reference"), Standing("net", 0.85, (0.8, 0.9)), Standing("lost", float("nan"))]
    made = standings("s", "Scores", rows, "ROC AUC")
    assert "trees 0.900; net 0.850 (95% interval 0.800 to 0.900)." in made
    assert "lost" not in made


def entry(score: float | None) -> Trial:
    status = "completed" if score is not None else "nan"
    return Trial(
        run="x", stage="regularize", hyperparameters={}, training=Training(8, 32, 0), score=score, status=status
    )


@pytest.mark.parametrize(
    ("scores", "higher", "best", "words"),
    [
        ([0.7, 0.8, 0.75], True, "0.800", []),
        ([0.7, 0.8, 0.75], False, "0.700", []),
        ([None, 0.8], True, "0.800", ["× 1 failed"]),
        ([0.5] * 20 + [0.51] * 20 + [900.0], False, "0.500", ["1 far worse lie outside the plot"]),
    ],
)
def test_trials_are_drawn_with_the_best_so_far(
    scores: list[float | None], higher: bool, best: str, words: list[str]
) -> None:
    made = trials([entry(s) for s in scores], "rmse", higher, {"corrected": 0.6, "se": 0.1}, float("nan"))
    assert made
    assert f"best raw RMSE {best}, corrected 0.600" in made
    assert all(word in made for word in words)


def test_a_search_without_a_score_has_no_plot() -> None:
    assert trials([entry(None)], "rmse", False, {}, float("nan")) is None
