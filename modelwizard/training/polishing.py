"""The last polish on trial: would the networks that are going to be exported gain by a pass at batch size 1?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.jobs import Order, Polish
from modelwizard.contract.results import Gain, Polished
from modelwizard.engine import polish
from modelwizard.evidence import kfold, resampling
from modelwizard.training import division, members
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Fold, Workshop

Floats = NDArray[np.floating]


@dataclass
class Losses:
    """Validation row losses of one network: as it was, after the polish, after the control arm.

    `polish.polish` asks for them in this order.
    """

    workshop: Workshop
    fold: Fold
    seen: list[Floats] = field(default_factory=list[Floats])

    def __call__(self, outputs: NDArray[Any]) -> Floats:
        """Return the loss of each row from the network's outputs, and keep it."""
        self.seen.append(self.workshop.losses(self.fold.encoding, self.fold.validation, outputs))
        return self.seen[-1]


def judge(workshop: Workshop, job: Polish, watcher: Watcher) -> Polished:
    """Polish networks trained as the production networks will be, but on training rows alone, and look who gains.

    Several seeds under hold-out, whose losses are averaged row by row; one network a fold under K-fold. The rate is
    the largest that does not raise the first network's training loss, and the same for all.
    """
    folds, scheme = workshop.folds(), workshop.project.settings.split.scheme
    epochs, length = members.planned(workshop, job.epochs, job.training.epochs)
    training = msgspec.structs.replace(job.training, epochs=length)
    seeds = job.seeds if scheme == "holdout" else 1
    jobs = [(fold, seed) for fold in folds for seed in range(1, seeds + 1)]
    rate: float | None = None
    found: list[Losses] = []
    for number, (fold, repeat) in enumerate(jobs, start=1):
        seed = derive(training.seed, "polish", fold.number, repeat)
        order = Order(epochs, seed, number, len(jobs))
        network, _ = members.train(workshop, job.hyperparameters, training, watcher, fold.encoding, fold.train, order)
        losses = Losses(workshop, fold)
        with blame(workshop.project.folder, "polish the model (`polish = false` leaves that out)", workshop.builder):
            done = polish.polish(
                network,
                (fold.train.x, fold.train.y),
                (fold.validation.x, fold.validation.y),
                losses,
                seed=seed,
                rates=None if rate is None else (rate,),
            )
        if done.polished is None:
            return Polished(kept=False, looks=len(found) * 2)
        rate = done.polished.learning_rate
        found.append(losses)
    plain, polished, control = (_pooled([losses.seen[arm] for losses in found], scheme) for arm in range(3))
    rows = _pooled([losses.fold.validation.rows for losses in found], scheme).astype(np.int64)
    groups = division.groups(workshop.project, rows, len(rows))
    widen = kfold.inflation(len(folds))
    ours, theirs = (resampling.difference(plain, arm, groups, widen=widen) for arm in (polished, control))
    return Polished(
        kept=ours.t >= polish.KEEP_FROM,
        learning_rate=rate,
        gain=ours.value,
        t=ours.t,
        control=Gain(theirs.value, theirs.t),
        looks=len(found) * 2,
    )


def _pooled(values: list[NDArray[Any]], scheme: str) -> NDArray[Any]:
    """Average what several seeds say of the same rows; join what several folds say of different ones."""
    return np.mean(values, axis=0) if scheme == "holdout" else np.concatenate(values)
