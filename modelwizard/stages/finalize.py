"""Stage 4: what to expect before the test rows are opened, and what one opening says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from modelwizard.contract.entries import Sealed
from modelwizard.evidence import calibration, intervals, resampling, scores, testing, thresholds
from modelwizard.evidence.arrays import ArrayLike, Floats, matrix
from modelwizard.evidence.testing import Agreement
from modelwizard.problems import PROBLEMS
from modelwizard.stages.inputs import Validation
from modelwizard.stages.squeeze import Squeeze
from modelwizard.stages.verdict import Verdict, figure, plain, span


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
        informative: Whether the test can be informative about such a drop.
        headline: One sentence for the person.
        threshold: Probability from which a label is said; its choice is part of `score`. Defaults to 0.5.
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
    headline: str
    threshold: float = thresholds.HALF
    units: int = 0

    def record(self) -> dict[str, Any]:
        """Return plain JSON values for the journal."""
        return plain(asdict(self))


def restore(sealed: Sealed) -> Expected:
    """Return the expectation that the journal holds."""
    stored: dict[str, Any] = {name: getattr(sealed, name) for name in Expected.__dataclass_fields__}
    values: dict[str, Any] = {name: math.nan if value is None else value for name, value in stored.items()}
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
        baseline: The dumb baseline's score on validation rows.
        validation_rows: Rows behind `corrected`.
        test_rows: Rows of the test set.
        threshold: Probability from which a label is said. Defaults to 0.5.
        units: Independent units behind `corrected`; the test is expected to hold as many a row. Defaults to unknown.
    """
    item = scores.SCORES[metric]
    reference = baseline if math.isfinite(baseline) else corrected
    test_se = se * math.sqrt(validation_rows / test_rows) if test_rows else math.inf
    later = round(units * test_rows / max(validation_rows, 1))
    df = testing.freedom(se, units, test_se, later) if units and test_rows else math.inf
    found = testing.expect(corrected, se, test_se, baseline=reference, bounded=item.bounded, df=df)
    low, high = found.interval
    # No error and no share is below 0, and no share above 1; R² may be below 0.
    interval = (max(low, item.lowest), high if item.direction == "min" else min(high, 1.0))
    headline = (
        f"Expected on {test_rows:,} test rows: {item.title} {figure(corrected)}, 95 % interval {span(interval)}; "
        f"a drop below {figure(found.detectable)} would probably go unnoticed."
    )
    if not found.informative:
        headline += " Losing half of the gain over the dumb baseline would not be seen: too few rows."
    return Expected(
        metric,
        corrected,
        se,
        test_se,
        interval,
        found.detectable,
        found.margin,
        found.informative,
        headline,
        threshold,
        units,
    )


def judge(
    expected: Expected,
    test: Validation,
    p: ArrayLike,
    constant: ArrayLike,
    *,
    squeeze: Squeeze | None = None,
    reused: bool = False,
    seed: int = 0,
) -> Verdict:
    """Judge the one opening of the test rows.

    Args:
        expected: What was sealed before.
        test: The test rows: problem, loss, metric, targets, groups.
        p: Canonical predictions of the exported model, (n, k).
        constant: (k,) prediction of the dumb baseline, fitted on rows outside the test set.
        squeeze: What was decided on held-out predictions beforehand. Defaults to nothing.
        reused: Whether the test rows had been opened before; the verdict then says so.
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
    gain = resampling.mean(test.losses(base) - test.losses(values), test.units)
    base_loss = float(test.losses(base).mean())
    low, high = gain.interval(0.95)
    numbers: dict[str, Any] = {
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
        "reference": test.score(base),
        "gain": gain.value,
        "skill": gain.value / base_loss if base_loss > 0 else math.nan,
        "skill_interval": [low / base_loss, min(high / base_loss, 1.0)] if base_loss > 0 else [math.nan, math.nan],
        "rows": len(values),
        "reused": reused,
        **({} if squeeze is None else squeeze.record()),
        **_details(test, values, expected.threshold),
    }
    word = agreement.verdict if math.isfinite(found.value) else "unreliable"
    reasons = (*_reasons(expected, agreement, numbers, reused), *(squeeze.sentences() if squeeze else ()))
    return Verdict("finalize", word, _headline(test, numbers, agreement, word, reused), numbers, reasons, _advice(word))


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


def _headline(test: Validation, numbers: Mapping[str, Any], found: Agreement, word: str, reused: bool) -> str:
    """Say in one sentence what the test shows."""
    title = scores.SCORES[test.metric].title
    kind = "Reused test" if reused else "Test"
    says = {
        "consistent": "agrees with",
        "suspect": "is worse than",
        "unreliable": "is far worse than",
        "better": "is better than",
    }[word]
    return (
        f"{kind} {title} {figure(numbers['test'])} (95 % interval {span(numbers['interval'])}) {says} the expected "
        f"{figure(numbers['expected'])}, z = {round(numbers['z'], 1) + 0.0:.1f}."
    )


def _reasons(expected: Expected, found: Agreement, numbers: Mapping[str, Any], reused: bool) -> tuple[str, ...]:
    """Say what the verdict rests on."""
    reasons = [
        f"the test is {figure(abs(found.gap))} {'worse' if found.gap > 0 else 'better'} than the corrected "
        f"validation score; drops from {figure(found.detectable)} on would have shown (80 % power)"
    ]
    if math.isfinite(numbers["skill"]):
        low, high = numbers["skill_interval"]
        reasons.append(
            f"skill {numbers['skill']:.1%} of the dumb baseline's loss, 95 % interval {low:.1%} to {high:.1%}"
        )
    if found.z >= testing.SUSPECT and found.gap < expected.margin:
        reasons.append(f"the gap is more than noise, but smaller than what matters ({figure(expected.margin)})")
    if reused:
        reasons.append("the test rows had been opened before: this score is no longer an unbiased estimate")
    return tuple(reasons)


def _advice(word: str) -> tuple[str, ...]:
    """Return what to do next; the causes of a drop in the order in which they are cheap to rule out."""
    if word == "consistent":
        return ("use it: `modelwizard predict INPUT -o OUTPUT`",)
    if word == "better":
        return (
            "several networks averaged and trained on more rows usually do somewhat better than the one that was "
            "validated: good news, if the gap is of that kind",
            "if it is larger than that, look for leaks into training and for easier test rows: `modelwizard audit`",
        )
    causes = (
        "rule out in this order: duplicates or groups across the splits, test rows of another kind, shifted shares, "
        "preprocessing that saw validation rows, many looks at few rows, a final training that went wrong: "
        "`modelwizard audit`"
    )
    switch = (
        "the test rows are spent; switch to repeated K-fold, whose corrected out-of-fold score is the new headline: "
        "`modelwizard new --validation kfold`"
    )
    return (causes, switch) if word == "unreliable" else (causes,)
