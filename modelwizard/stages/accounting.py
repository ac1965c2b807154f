"""The account of looks at validation data: how often, and what the best raw score is worth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from modelwizard.contract.entries import Edited, Entry, Read, Trial, Verdict
from modelwizard.contract.messages import Message, message
from modelwizard.evidence import noise, optimism, resampling, scores
from modelwizard.evidence.arrays import Floats, Ints
from modelwizard.evidence.noise import Noise
from modelwizard.evidence.optimism import Correction
from modelwizard.stages.inputs import Pool, Run, Validation
from modelwizard.words.numbers import number


def correct(validation: Validation, runs: Sequence[Run], *, threshold: bool = False, seed: int = 0) -> Correction:
    """Return the corrected score of "lowest loss within a trial, best metric among trials", over all runs.

    With `threshold` the best decision threshold is chosen on top, and paid for. Assumptions and source:
    `optimism.bbc_metric`. The standard error is widened by `kfold.inflation` for folds.
    """
    pool = Pool(runs)
    found = optimism.bbc_metric(
        validation.problem,
        validation.metric,
        validation.y,
        pool,
        losses=pool.losses(validation),
        trial=pool.trial,
        groups=validation.units,
        threshold=threshold,
        seed=seed,
    )
    return replace(found, se=found.se * validation.inflation)


def finals(validation: Validation, runs: Sequence[Run]) -> Floats:
    """Return the metric's pseudo-values at each trial's best epoch, (trials, n), lower better."""
    return np.stack([validation.metric_costs(run.predictions(run.best_epoch(validation) or 0)) for run in runs])


def paired_error(costs: Floats, groups: Ints | None = None) -> float:
    """Return the typical standard error of the difference between the best trial and another, 0 for one trial."""
    best = costs[costs.mean(axis=1).argmin()]
    errors = [resampling.mean(row - best, groups).se for row in costs]
    found = [error for error in errors if error > 0]
    return float(np.median(found)) if found else 0.0


def seed_noise(validation: Validation, runs: Sequence[Run]) -> Noise:
    """Return how far the score scatters between runs of equal settings; unknown when no settings were run twice."""
    alike: dict[str, list[float]] = {}
    for run in runs:
        score = validation.score(run.predictions(run.best_epoch(validation) or 0))
        settings = sorted({**run.hyperparameters, **run.training}.items())
        alike.setdefault(repr(settings), []).append(score)
    return noise.pooled(alike.values())


def account(metric: str, looks: int, *verdicts: Mapping[str, Any]) -> Message | None:
    """Return "412 looks · best raw 0.846 · corrected 0.838 ± 0.011 · optimism 0.008".

    Args:
        metric: The person's metric.
        looks: Looks at validation rows.
        *verdicts: Recorded numbers of verdicts; the first that knows all of these scores counts.

    Returns:
        None where no verdict knows them.
    """
    for numbers in verdicts:
        raw, corrected, se = (number(numbers.get(name)) for name in ("score", "corrected", "se"))
        if math.isfinite(raw + corrected + se):
            optimism = scores.gain(metric, raw, corrected)
            return message("looks.line", looks=looks, raw=raw, corrected=corrected, se=se, optimism=optimism)
    return None


def best_trial(metric: str, entries: Iterable[Trial]) -> Trial | None:
    """Return the trial with the best score, None without any."""
    scored = [(entry, entry.score) for entry in entries if entry.score is not None]
    return scored[scores.best(metric, [score for _, score in scored])][0] if scored else None


def unread(entries: Iterable[Entry], *shown: type[Verdict | Trial]) -> bool:
    """Say whether validation scores were recorded since a person last read any.

    Args:
        entries: The journal's lines.
        *shown: Kinds of lines whose scores are about to be shown.
    """
    new = False
    for entry in entries:
        if isinstance(entry, Read):
            new = False
        elif isinstance(entry, shown):
            score = entry.numbers.get("score") if isinstance(entry, Verdict) else entry.score
            new = new or score is not None
    return new


def adapted(entries: Iterable[Entry]) -> tuple[int, int]:
    """Return how many trials of the search use code that was edited after a person had read a score, and all trials."""
    read, edited, many, trials = False, False, 0, 0
    for entry in entries:
        read = read or isinstance(entry, Read)
        edited = edited or (read and isinstance(entry, Edited))
        if isinstance(entry, Trial) and entry.stage == "regularize":
            trials += 1
            many += edited
    return many, trials
