"""Stage 2: was the border of overfitting crossed, and which is the smallest model that crossed it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modelwizard.evidence.overfitting import Overfitting, resolvable
from modelwizard.stages.inputs import Run, Validation
from modelwizard.stages.ladder import Capacity, Experiment, Ladder, Step, Stop, capacity, propose, step
from modelwizard.stages.verdict import Verdict, chance

__all__ = [
    "Capacity",
    "Experiment",
    "Ladder",
    "Step",
    "Stop",
    "Subset",
    "capacity",
    "judge",
    "propose",
    "step",
    "verdict",
]

SUBSET_MEMORISED = 0.05
WITHIN = {"budget": " within the budget", "cap": " by the largest model allowed"}


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
        return self.train_loss < SUBSET_MEMORISED * self.baseline_loss


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
            f"Training diverged in all {len(steps)} runs.",
            {"rise": math.nan, "capacity": None, "runs": len(steps)},
            ("losses became NaN or infinite before a curve could be judged",),
            ("lower the default of `learning_rate` in `model.py`, then `modelwizard overfit`",),
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
    share = f"{curve.rise:.1%}" if name == "loss" else f"{curve.rise:.3f}"
    low, high = (f"{v:.1%}" if name == "loss" else f"{v:.3f}" for v in curve.interval)
    headline = (
        f"Overfits within this budget: validation {name} is {share} worse at the end than at epoch "
        f"{curve.best_epoch + 1} (90 % interval {low} to {high}, {chance(curve.p_value)}), with {item.capacity.text()}."
    )
    reasons = [f"training loss went on falling, to {item.train_share:.1%} of the baseline's"]
    if item.kind == "confidence overfit":
        reasons.append(
            "confidence overfit: the loss got worse, the metric did not; early stopping or a temperature may do, "
            "with no less capacity"
        )
    reasons.append(f"smallest of {sum(s.kind != 'none' for s in steps)} proven among {len(steps)} runs")
    return Verdict(
        "overfit",
        "passed",
        headline,
        _numbers(item, curve, steps),
        tuple(reasons),
        (f"next: `modelwizard regularize`, with at most {item.capacity.text()}",),
    )


def _memorised(item: Step, steps: Sequence[Step]) -> Verdict:
    """Return the verdict of a model that knows the training rows by heart without harm."""
    headline = (
        f"Capacity is enough: training loss is {item.train_share:.1%} of the baseline's and validation has not "
        f"turned upward (rise {item.loss.rise:.1%}), with {item.capacity.text()}."
    )
    return Verdict(
        "overfit",
        "passed",
        headline,
        _numbers(item, item.loss, steps),
        ("the training rows are memorised and validation does not suffer: benign interpolation",),
        ("next: `modelwizard regularize`; expect little from dropout",),
    )


def _unproven(item: Step, steps: Sequence[Step], stop: Stop | None, subset: Subset | None, resolved: float) -> Verdict:
    """Return the verdict when the border was not crossed, and say which of the reasons it is."""
    reasons = [] if stop is None else [f"stopped: {stop.text}"]
    low, high = item.loss.interval
    seen = f"rise {item.loss.rise:.1%}, 90 % interval {low:.1%} to {high:.1%}" if math.isfinite(low) else "no curve"
    if math.isfinite(resolved):
        reasons.append(f"these validation rows would show a rise of {resolved:.1%} (80 % power)")
    limit = stop is not None and stop.why == "optimisation limit"
    if subset is not None:
        share = subset.train_loss / subset.baseline_loss if subset.baseline_loss > 0 else math.nan
        reasons.append(f"on {subset.rows:,} rows the same model reaches {share:.1%} of the baseline's training loss")
    if stop is not None and subset is None and stop.why in ("budget", "cap", "optimisation limit"):
        reasons.append("left out: whether a small part of the rows can be memorised")
    if subset is not None and not subset.memorised:
        return Verdict(
            "overfit",
            "cannot tell",
            f"Even {subset.rows:,} rows cannot be memorised with {item.capacity.text()} ({seen}).",
            _numbers(item, item.loss, steps),
            tuple(reasons),
            (
                "equal inputs with different targets, inputs that are not scaled, or too low a learning rate: "
                "`modelwizard check`",
            ),
        )
    numbers = _numbers(item, item.loss, steps)
    if limit and subset is not None:
        return Verdict(
            "overfit",
            "passed",
            f"Overfitting is out of reach: larger models no longer learn more, and validation has not turned upward "
            f"({seen}), with {item.capacity.text()}.",
            numbers,
            (*reasons, "data-rich or limited by label noise: capacity is enough"),
            ("next: `modelwizard regularize`, tuned for validation gain, without dropout by default",),
        )
    return Verdict(
        "overfit",
        "cannot tell",
        f"The border was not crossed{WITHIN.get(stop.why if stop else '', '')} ({seen}), with {item.capacity.text()}.",
        numbers,
        tuple(reasons),
        (
            "climb on: `modelwizard overfit --time-budget 30m`",
            'or go on with this size: `modelwizard regularize --force --reason "too much data to overfit"`',
        ),
    )
