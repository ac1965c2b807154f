"""What the probes say before the production model is trained: a temperature, a threshold, and how far seeds scatter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from modelwizard.contract.messages import Message, message
from modelwizard.contract.results import Polished
from modelwizard.contract.wire import plain
from modelwizard.evidence import calibration, noise, thresholds
from modelwizard.evidence.calibration import Temperature
from modelwizard.evidence.noise import Noise
from modelwizard.evidence.thresholds import Threshold
from modelwizard.problems import PROBLEMS
from modelwizard.stages.inputs import Run, Validation


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

    def told(self) -> dict[str, Message]:
        """Say what was decided, and why: of the `temperature`, the `threshold` and the `noise`, as far as known."""
        found: dict[str, Message] = {}
        if (heat := self.temperature) is not None:
            key = "no_temperature" if not heat.kept else "too_sure" if heat.value > 1 else "not_sure_enough"
            values = {"value": heat.value, "before": heat.before, "after": heat.after, "t": heat.t}
            found["temperature"] = message(f"squeeze.{key}", **values)
        if (cut := self.threshold) is not None:
            key = "default_threshold" if cut.value == thresholds.HALF else "threshold"
            found["threshold"] = message(f"squeeze.{key}", metric=self.metric, value=cut.value, gain=cut.gain, t=cut.t)
        for sentence in told(self.noise, self.metric):
            found["noise"] = sentence
        return found


def told(found: Noise, metric: str) -> list[Message]:
    """Say how much seeds alone move a score; nothing for a single seed."""
    if not math.isfinite(found.floor):
        return []
    return [message("squeeze.noise", metric=metric, sd=found.sd, seeds=found.seeds, floor=found.floor)]


def polished(found: Polished) -> Message:
    """Say what the last polish did to held-out rows, beside its control arm."""
    if found.learning_rate is None:
        return message("squeeze.polish_failed")
    return message(
        "squeeze.polish_kept" if found.kept else "squeeze.polish_left_out",
        rate=found.learning_rate,
        gain=found.gain,
        t=found.t,
        control=found.control.gain,
        control_t=found.control.t,
    )


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
    scatter = noise.pooled([[validation.score(p) for p in each[: len(probes)]]])
    if not PROBLEMS[validation.problem].classifies:
        return Squeeze(validation.metric, scatter)
    p = np.mean(each, axis=0)
    widen = validation.inflation
    heat = calibration.temperature(validation.problem, validation.y, p, groups=validation.units, widen=widen, seed=seed)
    found = Squeeze(validation.metric, scatter, heat)
    if not thresholds.matters(validation.problem, validation.metric):
        return found
    if found.divide_by != 1:
        p = calibration.tempered(validation.problem, p, found.divide_by)
    cut = thresholds.choose(
        validation.problem,
        validation.metric,
        validation.y,
        p,
        groups=validation.units,
        strata=validation.strata,
        widen=widen,
        seed=seed,
    )
    return Squeeze(validation.metric, scatter, heat, cut)
