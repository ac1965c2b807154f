"""What is said while trials run."""

from __future__ import annotations

import io
from typing import Any

import pytest
from msgspec.structs import replace

from modelwizard.contract import events
from modelwizard.contract.events import TrialEnded
from modelwizard.contract.messages import message
from modelwizard.contract.trials import Summary, Training
from modelwizard.reporter import Judgement, Watch
from modelwizard.terminal.progress import Progress, settings, trial_line
from modelwizard.terminal.screen import Terminal

TRIAL = Summary(
    run="overfit-01",
    stage="overfit",
    hyperparameters={},
    training=Training(9, 32, 0),
    score=0.8,
    val_loss=0.41,
    epochs_run=9,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watch(**changes: Any) -> Watch:
    return Watch(**{"title": "Ladder", "trials": 4, "metric": "roc_auc", "direction": "max", "baseline": 0.5} | changes)


@pytest.mark.parametrize(
    ("direction", "scores", "best", "records"),
    [
        ("max", [0.7, 0.8, 0.75], 0.8, [True, True, False]),
        ("min", [0.7, 0.8, 0.6], 0.6, [True, False, True]),
        ("max", [float("nan")], None, [False]),
    ],
)
def test_the_best_so_far(direction: str, scores: list[float], best: float | None, records: list[bool]) -> None:
    progress = Progress(watch(direction=direction))
    status = ["nan" if score != score else "completed" for score in scores]
    lines = [
        progress.take(TrialEnded(summary=replace(TRIAL, score=s, status=w)))
        for s, w in zip(scores, status, strict=True)
    ]
    assert [line.startswith("★") for line in lines] == records
    assert progress.best == best


def test_time_left_follows_from_what_is_done() -> None:
    clock = Clock()
    progress = Progress(watch(), clock)
    assert progress.left is None
    clock.now = 10
    progress.take(TrialEnded(summary=TRIAL))
    assert progress.left == 30
    progress.take(events.Progress(run="overfit-02", epoch=5, epochs=10))
    assert progress.fraction == pytest.approx(1.5 / 4)
    assert progress.headline() == "Ladder, trial 2 of 4, epoch 5 of 10"
    assert progress.standing() == "best ROC AUC 0.8, to beat 0.5, about 17 s left"


def test_a_time_budget_bounds_the_time_left() -> None:
    clock = Clock()
    progress = Progress(watch(trials=None, time_budget=60), clock)
    clock.now = 45
    assert progress.left == 15
    assert progress.fraction == 0.75


def test_many_planned_trials_do_not_stretch_a_time_budget() -> None:
    clock = Clock()
    progress = Progress(watch(trials=24, time_budget=12), clock)
    clock.now = 3
    progress.take(TrialEnded(summary=TRIAL))
    assert progress.left == 9
    assert progress.fraction == 0.25


def test_trials_done_before_count_as_done_but_cost_no_time() -> None:
    clock = Clock()
    progress = Progress(watch(done=2, best=0.9), clock)
    clock.now = 10
    assert progress.take(TrialEnded(summary=TRIAL)).startswith("✓")
    assert progress.left == 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seconds": 3.21, "best_epoch": 4}, "✓ overfit-01  roc_auc 0.8  val loss 0.41  best epoch 5 of 9  3.2 s"),
        ({"hyperparameters": {"layers": 2, "l2": 1e-5}}, "layers=2 l2=1e-05"),
        ({"status": "nan"}, "✗ overfit-01  the loss became NaN"),
        ({"status": "failed", "message": "out of memory"}, "✗ overfit-01  out of memory"),
        ({"status": "failed"}, "the reason is unknown"),
    ],
)
def test_one_line_a_trial(changes: dict[str, Any], words: str) -> None:
    assert words in trial_line(replace(TRIAL, **changes), "roc_auc")


def test_hyperparameters_in_a_few_words() -> None:
    assert settings({"units": 64, "rate": 0.00123456, "norm": True}) == "units=64 rate=0.00123 norm=True"


def test_a_pipe_gets_a_line_a_trial_and_a_beat_now_and_then() -> None:
    clock, stream = Clock(), io.StringIO()
    with Terminal(stream, clock=clock).watch(watch()) as on_event:
        for second in range(0, 100, 10):
            clock.now = second
            on_event(events.Progress(run="overfit-01", epoch=second, epochs=100))
        on_event(TrialEnded(summary=TRIAL))
        on_event(events.Proposed(run="overfit-02", hyperparameters={}))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert "epoch 30 of 100" in lines[0]
    assert lines[3].startswith("★ overfit-01")


def test_a_screen_gets_a_moving_part_that_goes_away() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Screen()
    talk = Terminal(stream, plain=False)
    with talk.watch(watch()) as on_event:
        on_event(events.Progress(run="overfit-01", epoch=1, epochs=4))
        on_event(TrialEnded(summary=TRIAL))
    assert "★ overfit-01" in stream.getvalue()
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is back


@pytest.mark.parametrize("plain", [True, False])
def test_waiting_is_seen(plain: bool) -> None:
    stream = io.StringIO()
    with Terminal(stream, plain=plain).waiting("Starting TensorFlow …"):
        pass
    assert ("Starting TensorFlow …" in stream.getvalue()) is plain


@pytest.mark.parametrize(
    ("verdict", "mark"), [("passed", "✓"), ("failed", "✗"), ("cannot tell", "?"), ("forced", "!"), ("consistent", "✓")]
)
def test_a_verdict_is_more_than_a_colour(verdict: str, mark: str) -> None:
    stream = io.StringIO()
    Terminal(stream).judge(
        Judgement(
            "overfit",
            verdict,
            message("overfit.no_curve"),
            {"score": 0.8312, "p_value": 0.001, "looks": 7},
            [message("overfit.training_fell", share=0.1)],
            [message("overfit.next_little_dropout")],
            "modelwizard regularize",
        )
    )
    assert stream.getvalue().splitlines() == [
        "",
        f"overfit: {mark} {verdict}",
        "The losses became NaN or infinite before a curve could be judged.",
        "",
        "score    0.831",
        "p value  0.001",
        "",
        "Why",
        "- the training loss went on falling, to 10.0% of the baseline's",
        "",
        "What to do",
        "- next: `modelwizard regularize`; expect little from dropout",
        "Next:",
        "  modelwizard regularize",
    ]
