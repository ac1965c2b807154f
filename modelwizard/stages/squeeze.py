"""What the probes say before the production model is trained: a temperature, a threshold, and how far seeds scatter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from modelwizard.evidence import calibration, noise, scores, thresholds
from modelwizard.evidence.arrays import Floats
from modelwizard.evidence.calibration import Temperature
from modelwizard.evidence.noise import Noise
from modelwizard.evidence.thresholds import Threshold
from modelwizard.problems import PROBLEMS
from modelwizard.stages.inputs import Run, Validation
from modelwizard.stages.verdict import figure, plain


@dataclass(frozen=True)
class Squeeze:
    """What was decided on held-out predictions of the probes, with the evidence for it.

    Args:
        metric: The person's metric.
        noise: Scatter of the score over the probes' seeds.
        temperature: What a temperature would do; None where nothing is a probability.
        threshold: What a threshold would do; None where the metric does not depend on one.
    """

    metric: str
    noise: Noise
    temperature: Temperature | None = None
    threshold: Threshold | None = None

    @property
    def divide_by(self) -> float:
        """The temperature that is exported: 1 unless one helps."""
        return self.temperature.value if self.temperature is not None and self.temperature.kept else 1.0

    @property
    def say_from(self) -> float:
        """The threshold that predictions use: 0.5 unless another one helps."""
        return thresholds.HALF if self.threshold is None else self.threshold.value

    @property
    def looks(self) -> dict[str, int]:
        """Looks at held-out rows by their purpose: one for the temperature, one for each threshold that was tried."""
        tried = {"temperature": int(self.temperature is not None)}
        return tried if self.threshold is None else {**tried, "threshold": self.threshold.tried}

    def record(self) -> dict[str, Any]:
        """Return plain JSON values for the journal."""
        return plain({name: value for name, value in asdict(self).items() if value is not None})

    def sentences(self) -> tuple[str, ...]:
        """Say what was decided, and why, one sentence each."""
        return tuple(s for s in (self.of_temperature(), self.of_threshold(), self.of_noise()) if s)

    def of_temperature(self) -> str:
        """Say whether a temperature was kept, and why."""
        found = self.temperature
        if found is None:
            return ""
        if not found.kept:
            return f"no temperature: on held-out rows it does not help by more than noise ({_t(found.t)})"
        how = "too sure of itself" if found.value > 1 else "not sure enough"
        return (
            f"temperature {found.value:.2f}: the averaged prediction was {how}; held-out log loss "
            f"{figure(found.before)} became {figure(found.after)} on rows that did not choose it ({_t(found.t)})"
        )

    def of_threshold(self) -> str:
        """Say from which probability a label is said, and why."""
        found = self.threshold
        if found is None:
            return ""
        title = scores.SCORES[self.metric].title
        if found.value == thresholds.HALF:
            return f"labels are said from probability 0.5 on: no other threshold proved better ({_t(found.t)})"
        return (
            f"labels are said from probability {figure(found.value)} on: {title} gains {figure(found.gain)} over 0.5 "
            f"on rows that did not choose it ({_t(found.t)})"
        )

    def of_noise(self) -> str:
        """Say how far seeds alone move the score."""
        return told(self.noise, self.metric)


def told(found: Noise, metric: str) -> str:
    """Return how far seeds alone move a score, as a sentence; nothing for a single seed."""
    if not math.isfinite(found.floor):
        return ""
    return (
        f"seeds alone move {scores.SCORES[metric].title} by {figure(found.sd)} (standard deviation of {found.seeds}): "
        f"gaps between single trials below {figure(found.floor)} mean nothing"
    )


def _t(value: float) -> str:
    return f"t = {round(value, 1) + 0.0:.1f}"


def restore(record: Mapping[str, Any]) -> Squeeze:
    """Return what `record` wrote."""
    forms: dict[str, Any] = {"noise": Noise, "temperature": Temperature, "threshold": Threshold}
    parts: dict[str, Any] = {}
    for name, form in forms.items():
        if record.get(name) is not None:
            parts[name] = form(**{k: math.nan if v is None else v for k, v in record[name].items()})
    return Squeeze(str(record["metric"]), **parts)


def decide(validation: Validation, probes: Sequence[Run], others: Sequence[Run] = (), *, seed: int = 0) -> Squeeze:
    """Fit what goes on top of the averaged networks, on held-out predictions of networks that are averaged alike.

    The probes differ in their seed alone, as the production networks do; they predict rows that they were not trained
    on. First the temperature, then the threshold of the tempered probabilities; each is kept only if rows that did
    not choose it say that it helps. Both are chosen on rows that also chose the epochs: a small part of the gain is
    luck, which the threshold's corrected score takes out and the temperature's does not.

    Args:
        validation: The rows that the probes predict.
        probes: Runs of the chosen settings with different seeds.
        others: Runs of other settings, averaged with too few probes: a single network is surer of itself than an
            average is, and its temperature would blur the average. Defaults to none.
        seed: Seed of splits.
    """
    each = [run.predictions(run.best_epoch(validation) or 0) for run in (*probes, *others)]
    scatter = noise.floor([validation.score(p) for p in each[: len(probes)]])
    if not PROBLEMS[validation.problem].classifies:
        return Squeeze(validation.metric, scatter)
    p = np.mean(each, axis=0)
    widen = validation.inflation
    heat = calibration.temperature(validation.problem, validation.y, p, groups=validation.units, widen=widen, seed=seed)
    found = Squeeze(validation.metric, scatter, heat)
    if not thresholds.matters(validation.problem, validation.metric):
        return found
    return Squeeze(validation.metric, scatter, heat, _threshold(validation, _tempered(validation, p, found), seed))


def _tempered(validation: Validation, p: Floats, found: Squeeze) -> Floats:
    return calibration.tempered(validation.problem, p, found.divide_by) if found.divide_by != 1 else p


def _threshold(validation: Validation, p: Floats, seed: int) -> Threshold:
    return thresholds.choose(
        validation.problem,
        validation.metric,
        validation.y,
        p,
        groups=validation.units,
        strata=validation.strata,
        widen=validation.inflation,
        seed=seed,
    )
