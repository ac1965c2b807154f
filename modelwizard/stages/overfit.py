"""Stage 2: was the border of overfitting crossed, and which is the smallest model that crossed it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modelwizard.contract.messages import Message, message
from modelwizard.evidence.overfitting import Overfitting, resolvable
from modelwizard.stages.inputs import Run, Validation
from modelwizard.stages.ladder import MEMORISED, Step, Stop, step
from modelwizard.stages.verdict import Verdict, Word


@dataclass(frozen=True)
class Subset:
    """The check that the largest model can memorise a small part of the training rows.

    Args:
        rows: Rows of the part: min(1000, 10 %).
        train_loss: Its last training loss, inference mode.
        baseline_loss: Loss of the constant prediction on the same rows.
    """

    rows: int
    train_loss: float
    baseline_loss: float

    @property
    def memorised(self) -> bool:
        """Whether its loss fell below 5 % of the baseline's."""
        return self.train_loss < MEMORISED * self.baseline_loss


def subset_rows(train_rows: int) -> int:
    """Return how many rows the subset check trains on: a tenth, between 32 and 1000."""
    return min(train_rows, max(32, min(1000, train_rows // 10)))


def judge(
    validation: Validation,
    runs: Sequence[Run],
    baseline_loss: float,
    stop: Stop | None = None,
    subset: Subset | None = None,
    *,
    seed: int = 0,
) -> Verdict:
    """Judge every rung and keep the smallest model that crossed the border.

    Args:
        validation: The rows that judge.
        runs: The rungs in the order they were trained.
        baseline_loss: Mean excess loss of the constant prediction, in the unit of the training losses.
        stop: Why the climb ended.
        subset: The subset check, where it was made.
        seed: Seed of the splits.
    """
    steps = [step(validation, run, baseline_loss, runs[i - 1] if i else None, seed=seed) for i, run in enumerate(runs)]
    smallest = min(
        (float(resolvable(run.losses(validation), validation.units)) for run in runs[-1:] if len(run) > 1),
        default=math.nan,
    )
    return verdict(steps, stop, subset, smallest)


def verdict(
    steps: Sequence[Step], stop: Stop | None = None, subset: Subset | None = None, resolved: float = math.nan
) -> Verdict:
    """Return the verdict from judged rungs.

    Passed when a rung is proven (loss or metric), when the training rows are memorised without harm (benign
    interpolation: capacity is enough), or when the optimisation limit is reached although the same model memorises a
    subset (data-rich or noise-limited: overfitting is out of reach). Cannot tell when the budget ended the climb.

    Args:
        steps: The rungs.
        stop: Why the climb ended.
        subset: The subset check.
        resolved: Smallest rise that the validation rows would show, as a share of the best loss.
    """
    proven = [item for item in steps if item.kind != "none"]
    if proven:
        return _proven(min(proven, key=_size), steps)
    memorised = [item for item in steps if item.memorised]
    if memorised:
        return _memorised(min(memorised, key=_size), steps)
    usable = [item for item in steps if not item.diverged]
    if not usable:
        return Verdict(
            "overfit",
            "failed",
            message("overfit.diverged", runs=len(steps)),
            {"rise": math.nan, "capacity": None, "runs": len(steps)},
            (message("overfit.no_curve"),),
            (message("overfit.lower_learning_rate"),),
        )
    return _unproven(max(usable, key=_size), steps, stop, subset, resolved)


def _size(item: Step) -> tuple[float, int]:
    """Order rungs by parameters, then epochs."""
    return (item.parameters, item.capacity.epochs)


def _numbers(item: Step, curve: Overfitting, steps: Sequence[Step]) -> dict[str, Any]:
    """Return the values of `status --json` and of the report."""
    return {
        "rise": curve.rise,
        "interval": list(curve.interval),
        "p_value": curve.p_value,
        "best_epoch": curve.best_epoch + 1,
        "capacity": asdict(item.capacity),
        "kind": item.kind,
        "run": item.run,
        "parameters": item.parameters,
        "train_share": item.train_share,
        "runs": len(steps),
        "steps": [
            {
                "run": each.run,
                **asdict(each.capacity),
                "parameters": each.parameters,
                "kind": each.kind,
                "reason": each.loss.reason,
                "rise": each.loss.rise,
                "train_share": each.train_share,
                "seconds": each.seconds,
            }
            for each in steps
        ],
    }


def _curve(item: Step) -> tuple[str, Overfitting]:
    """Return which curve carries the proof: the loss, else the metric."""
    return ("metric", item.metric) if item.kind == "metric overfit" and item.metric else ("loss", item.loss)


def _proven(item: Step, steps: Sequence[Step]) -> Verdict:
    """Return the verdict of the smallest rung that crossed the border."""
    name, curve = _curve(item)
    headline = message(
        f"overfit.proven_by_{name}",
        rise=curve.rise,
        epoch=curve.best_epoch + 1,
        interval=list(curve.interval),
        p_value=curve.p_value,
        size=item.capacity.told(),
    )
    reasons = [message("overfit.training_fell", share=item.train_share)]
    if item.kind == "confidence overfit":
        reasons.append(message("overfit.confidence"))
    proven = sum(s.kind != "none" for s in steps)
    reasons.append(message("overfit.smallest", proven=proven, runs=len(steps)))
    advice = (message("overfit.next", size=item.capacity.told()),)
    return Verdict("overfit", "passed", headline, _numbers(item, curve, steps), tuple(reasons), advice)


def _memorised(item: Step, steps: Sequence[Step]) -> Verdict:
    """Return the verdict of a model that memorised the training rows without harm."""
    told = {"share": item.train_share, "rise": item.loss.rise, "size": item.capacity.told()}
    return Verdict(
        "overfit",
        "passed",
        message("overfit.memorised", **told),
        _numbers(item, item.loss, steps),
        (message("overfit.benign"),),
        (message("overfit.next_little_dropout"),),
    )


def _unproven(item: Step, steps: Sequence[Step], stop: Stop | None, subset: Subset | None, resolved: float) -> Verdict:
    """Return the verdict when the border was not crossed, and say which of the reasons it is."""
    why = stop.why if stop else None
    reasons = [message("overfit.stopped", why=stop.told)] if stop else []
    if math.isfinite(resolved) and resolved > 0:  # 0: no curve was long enough to measure its noise
        reasons.append(message("overfit.detectable", rise=resolved))
    if subset is not None:
        share = subset.train_loss / subset.baseline_loss if subset.baseline_loss > 0 else math.nan
        reasons.append(message("overfit.subset", rows=subset.rows, share=share))
    elif why in ("budget", "cap", "optimisation limit"):
        reasons.append(message("overfit.subset_left_out"))
    word: Word = "cannot tell"
    if subset is not None and not subset.memorised:
        key, advice = "not_memorised", ["why_not_memorised"]
    elif why == "optimisation limit" and subset is not None:
        word, key, advice = "passed", "out_of_reach", ["next_without_dropout"]
        reasons.append(message("overfit.data_rich"))
    else:
        key = {"budget": "not_within_budget", "cap": "not_by_largest"}.get(why or "", "not_crossed")
        advice = ["continue", "go_on_with_size"]
    headline = message(f"overfit.{key}", rows=subset.rows if subset else None, **_seen(item))
    told = tuple(message(f"overfit.{name}") for name in advice)
    return Verdict("overfit", word, headline, _numbers(item, item.loss, steps), tuple(reasons), told)


def _seen(item: Step) -> dict[str, Message]:
    """Return what a headline says of a rung: its size, and how far validation rose."""
    known = math.isfinite(item.loss.interval[0])
    rise = message("overfit.rise", rise=item.loss.rise, interval=list(item.loss.interval))
    return {"size": item.capacity.told(), "seen": rise if known else message("overfit.unknown_curve")}
