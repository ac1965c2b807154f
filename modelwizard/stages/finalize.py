"""Stage 4: what to expect before the test rows are opened, and what one opening says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwizard.contract.entries import Sealed
from modelwizard.contract.messages import Message, message, restored
from modelwizard.contract.wire import plain
from modelwizard.evidence import calibration, intervals, resampling, scores, testing, thresholds
from modelwizard.evidence.arrays import ArrayLike, Floats, matrix
from modelwizard.evidence.intervals import Interval
from modelwizard.evidence.testing import Agreement
from modelwizard.problems import PROBLEMS
from modelwizard.stages.inputs import Validation
from modelwizard.stages.squeeze import Squeeze
from modelwizard.stages.verdict import Verdict, Word


@dataclass(frozen=True)
class Expected:
    """Sealed in the journal before the test rows are opened; plain JSON values.

    Args:
        metric: The person's metric.
        score: The corrected validation score.
        se: Its standard error.
        test_se: Standard error expected on the test rows.
        interval: 95 % interval for the test score.
        detectable: Smallest true drop that the test would show with 80 % power.
        margin: Smallest drop that matters.
        informative: Whether the loss of half of the gain over the baseline would be seen.
        headline: One sentence for the person.
        threshold: Decision threshold; its choice is part of `score`. Defaults to 0.5.
        units: Independent units behind `score`: rows, groups, or blocks of time. Defaults to unknown, taken for many.
    """

    metric: str
    score: float
    se: float
    test_se: float
    interval: tuple[float, float]
    detectable: float
    margin: float
    informative: bool
    headline: Message
    threshold: float = thresholds.HALF
    units: int = 0

    def record(self) -> dict[str, Any]:
        """Return plain JSON values for the journal."""
        return plain(vars(self))


def restore(sealed: Sealed) -> Expected:
    """Return the expectation that the journal holds."""
    stored: dict[str, Any] = {name: getattr(sealed, name) for name in Expected.__dataclass_fields__}
    values: dict[str, Any] = {name: math.nan if value is None else value for name, value in stored.items()}
    values["interval"] = tuple(math.nan if end is None else end for end in sealed.interval)
    values["headline"] = restored(sealed.headline)
    return Expected(**values)


def expect(
    metric: str,
    corrected: float,
    se: float,
    baseline: float,
    validation_rows: int,
    test_rows: int,
    threshold: float = thresholds.HALF,
    units: int = 0,
) -> Expected:
    """State the expected test score, its interval and the minimum detectable gap.

    The test error is the validation error scaled by sqrt(validation rows / test rows). Assumes test rows of the same
    kind, and a final model that is about as good as the one that was chosen (trained on more rows, it is usually a
    little better).

    Args:
        metric: The person's metric.
        corrected: The corrected validation score.
        se: Its standard error.
        baseline: The baseline's score on validation rows.
        validation_rows: Rows behind `corrected`.
        test_rows: Rows of the test set.
        threshold: Decision threshold. Defaults to 0.5.
        units: Independent units behind `corrected`; the test is expected to hold as many a row. Defaults to unknown.
    """
    item = scores.SCORES[metric]
    reference = baseline if math.isfinite(baseline) else corrected
    test_se = se * math.sqrt(validation_rows / test_rows) if test_rows else math.inf
    later = round(units * test_rows / max(validation_rows, 1))
    df = testing.freedom(se, units, test_se, later) if units and test_rows else math.inf
    half, drop = testing.reach(se, test_se, df), testing.detectable(se, test_se, df)
    # No error and no share is below 0, and no share above 1; R² may be below 0.
    high = corrected + half if item.direction == "min" else min(corrected + half, 1.0)
    interval = (max(corrected - half, item.lowest), high)
    margin = testing.margin(corrected, reference, bounded=item.bounded)
    informative = drop <= max(2 * margin, 0.5 * abs(corrected - reference))
    headline = message(
        "finalize.expected" if informative else "finalize.expected_of_few_rows",
        rows=test_rows,
        metric=metric,
        score=corrected,
        interval=list(interval),
        detectable=drop,
    )
    return Expected(metric, corrected, se, test_se, interval, drop, margin, informative, headline, threshold, units)


def judge(
    expected: Expected,
    test: Validation,
    p: ArrayLike,
    constant: ArrayLike,
    *,
    squeeze: Squeeze | None = None,
    reused: bool = False,
    folds: bool = False,
    seed: int = 0,
) -> Verdict:
    """Judge the one opening of the test rows.

    Args:
        expected: What was sealed before.
        test: The test rows: problem, loss, metric, targets, groups.
        p: Canonical predictions of the exported model, (n, k).
        constant: (k,) prediction of the baseline, fitted on rows outside the test set.
        squeeze: What was decided on held-out predictions beforehand. Defaults to nothing.
        reused: Whether the test rows had been opened before; the verdict then says so.
        folds: Whether the search was validated by K-fold, so that it cannot be advised. Defaults to no.
        seed: Seed of the bootstrap.
    """
    values = matrix(p)
    base = test.constant(constant)
    plain_enough = expected.threshold == thresholds.HALF or not np.isfinite(values).all()
    judged = values if plain_enough else thresholds.decided(values, expected.threshold)
    found = intervals.score(test.problem, test.metric, test.y, judged, groups=test.units, seed=seed)
    spread = resampling.mean(test.metric_costs(judged), test.units)
    se = spread.se if math.isfinite(spread.se) else expected.test_se
    agreement = testing.judge(
        expected.score,
        expected.se,
        found.value,
        se,
        direction=test.direction,
        smallest=expected.margin,
        df=testing.freedom(expected.se, expected.units, se, spread.units) if expected.units else math.inf,
    )
    numbers: dict[str, Any] = {
        **_scores(test, found, agreement, expected),
        "reference": test.score(base),
        **_skill(test, base, values),
        "rows": len(values),
        "reused": reused,
        **({} if squeeze is None else squeeze.record()),
        **_details(test, values, expected.threshold),
    }
    word: Word = agreement.verdict if math.isfinite(found.value) else "unreliable"
    reasons = (*_reasons(expected, agreement, numbers, reused), *(squeeze.told().values() if squeeze else ()))
    headline = message(
        "finalize.headline",
        test=message("finalize.reused_test" if reused else "finalize.test"),
        metric=test.metric,
        score=found.value,
        interval=numbers["interval"],
        compared=message(f"finalize.{word}"),
        expected=expected.score,
        z=agreement.z,
    )
    return Verdict("finalize", word, headline, numbers, reasons, _advice(word, folds=folds))


def _scores(test: Validation, found: Interval, agreement: Agreement, expected: Expected) -> dict[str, Any]:
    """Return the test score beside what was expected."""
    return {
        "metric": test.metric,
        "direction": test.direction,
        "test": found.value,
        "interval": [found.low, found.high],
        "interval_method": found.method,
        "z": agreement.z,
        "gap": agreement.gap,
        "p_value": agreement.p_value,
        "expected": expected.score,
        "expected_interval": list(expected.interval),
        "detectable": agreement.detectable,
    }


def _skill(test: Validation, base: Floats, p: Floats) -> dict[str, Any]:
    """Return by how much the mean loss is below the baseline's, and as a share of it."""
    gain = resampling.mean(test.losses(base) - test.losses(p), test.units)
    whole = float(test.losses(base).mean())
    whole = whole if whole > 0 else math.nan
    low, high = gain.interval(0.95)
    return {"gain": gain.value, "skill": gain.value / whole, "skill_interval": [low / whole, min(high / whole, 1.0)]}


def _details(test: Validation, p: Floats, threshold: float) -> dict[str, Any]:
    """Return the confusion matrix and the calibration of labels, or the residuals of amounts."""
    kind = PROBLEMS[test.problem]
    if kind.classifies:
        curve = {"calibration": _calibration(*kind.events(test.y, p))}
        if not kind.one_label:
            return curve
        table = kind.confusion(test.y, p, threshold)
        return {"confusion": table.tolist(), **curve}
    rest = matrix(test.y) - p
    at = [0.05, 0.25, 0.5, 0.75, 0.95]
    return {"residuals": {"quantiles": dict(zip(map(str, at), np.quantile(rest, at, axis=0).tolist(), strict=True))}}


def _calibration(hit: Floats, sure: Floats) -> dict[str, Any]:
    """Return the reliability curve as plain values."""
    found = calibration.reliability(hit, sure)
    return {
        "predicted": found.predicted.tolist(),
        "observed": found.observed.tolist(),
        "rows": found.rows.tolist(),
        "error": found.error,
    }


def _reasons(expected: Expected, found: Agreement, numbers: Mapping[str, Any], reused: bool) -> list[Message]:
    """Say what the verdict rests on."""
    way = "worse" if found.gap > 0 else "better"
    reasons = [message(f"finalize.gap_{way}", gap=abs(found.gap), detectable=found.detectable)]
    if math.isfinite(numbers["skill"]):
        reasons.append(message("finalize.skill", skill=numbers["skill"], interval=numbers["skill_interval"]))
    if found.z >= testing.SUSPECT and found.gap < expected.margin:
        reasons.append(message("finalize.small_gap", margin=expected.margin))
    return [*reasons, message("finalize.seen_before")] if reused else reasons


def _advice(word: Word, *, folds: bool) -> tuple[Message, ...]:
    """Return what to do next; the causes of a drop in the order in which they are cheap to rule out."""
    keys = {
        "consistent": ("use",),
        "better": ("better_is_usual", "better_or_leak"),
        "suspect": ("causes",),
        "unreliable": ("causes", "test_is_used_up" if folds else "switch_to_kfold"),
    }
    return tuple(message(f"finalize.{key}") for key in keys[word])
