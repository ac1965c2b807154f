"""The networks of the production model, trained for a number of epochs that was learned elsewhere, without looking."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.engine import trainer
from modelwizard.errors import ProjectError, WorkerError
from modelwizard.training import memory, pacing, trials
from modelwizard.training.experiment import Watcher
from modelwizard.training.user_code import blame
from modelwizard.training.workshop import Part, Workshop
from modelwizard.worker.pool import Task, share

ANNEALED, MORE = 1.25, 2
"""Epochs of a network whose learning rate falls to zero: so many for each one that a trial with a slower fall took to
its best, and so many more, without which a fall over one to five epochs leaves it undertrained (benchmarks/README.md).
"""


@dataclass(frozen=True)
class Order:
    """One network that is to be trained.

    Args:
        epochs: Epochs.
        seed: Seed of the weights, of the order of rows and of dropout.
        member: Which network it is, from 1, for the telling.
        members: How many there are.
    """

    epochs: int
    seed: int
    member: int
    members: int


def planned(workshop: Workshop, best: int, epochs: int) -> tuple[int, int]:
    """Return for how many epochs networks are trained, and over how many their learning rate falls.

    A trial that was best long before its end was so at a high learning rate, where it is luck how good the weights of
    an epoch are. So the rate falls to zero over a few more epochs than these; where that is no shorter than the trial's
    own length, or where `build_model` knows nothing of a fall, networks stop where the trial was best.
    Source: Hägele et al. 2024 (a fall to zero gains most of what a longer training at a high rate does not).

    Args:
        workshop: The project.
        best: Epochs until the trials were best.
        epochs: Epochs over which the learning rate of the trials fell.
    """
    length = round(ANNEALED * best) + MORE
    return (length, length) if length < epochs and trials.anneals(workshop) else (best, epochs)


def train(
    workshop: Workshop, request: Mapping[str, Any], watcher: Watcher, encoding: Any, part: Part, order: Order
) -> tuple[Any, trainer.Run]:
    """Train one network on all rows that are handed in, for a number of epochs.

    Args:
        workshop: The project.
        request: `hyperparameters` and `training`, whose `epochs` are those over which the learning rate falls: a
            network that stops before their end stops where the trial's best epoch was.
        watcher: Who is told.
        encoding: How the rows are encoded.
        part: The rows.
        order: Which network.

    Raises:
        ProjectError: The loss became infinite, or the project's code fails.
    """
    watcher.check()
    keras.utils.set_random_seed(order.seed)
    batch = min(int(request["training"]["batch_size"]), len(part))
    steps = max(order.epochs, int(request["training"]["epochs"])) * -(-len(part) // batch)
    network, _ = trials.build(workshop, request["hyperparameters"], encoding, steps)

    def on_epoch(epoch: int, row: dict[str, float], _: NDArray[np.floating]) -> bool:
        watcher.check()
        facts = {"run": f"model {order.member} of {order.members}", "stage": "finalize"}
        facts |= {"epoch": epoch + 1, "epochs": order.epochs}
        watcher.progress(epoch + 1 == order.epochs, **facts, **trials.told(row), score=None)
        return False

    with blame(workshop.project.folder, "train the model", workshop.builder):
        run = trainer.train(
            network,
            (part.x, part.y),
            epochs=order.epochs,
            batch_size=batch,
            seed=order.seed,
            on_epoch=on_epoch,
            record=False,
            repeats=order.members - order.member + 1,
            room=workshop.rows,
        )
    if run.status == "nan":
        raise ProjectError(
            "The loss became infinite while the final model was trained.",
            fix="choose a trial with a lower learning rate, or clip gradients in model.py (clipnorm=1.0)",
        )
    memory.release()
    return network, run


def save(workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> dict[str, Any]:
    """Train one production network and leave its weights in a file, for the process that exports it.

    Args:
        workshop: The project.
        request: As for `train`, and `order`, the fields of an `Order`, and `weights`, the path of the file.
        watcher: Who is told.

    Returns:
        `train_loss` of the last epoch, and `seconds` that another one like it takes, with the program compiled.
    """
    begin = time.monotonic()
    encoding, part = workshop.production
    network, run = train(workshop, request, watcher, encoding, part, Order(**request["order"]))
    network.save_weights(request["weights"])
    seconds = time.monotonic() - begin - pacing.compiling([row["seconds"] for row in run.history])
    return {"train_loss": float(run.history[-1]["train_loss"]), "seconds": seconds}


def side_by_side(
    workshop: Workshop, request: Mapping[str, Any], watcher: Watcher, epochs: int, seeds: Sequence[int], workers: int
) -> list[tuple[Any, float]]:
    """Train production networks in several processes, as many of them as would end before the watcher's deadline.

    Args:
        workshop: The project.
        request: As for `train`.
        watcher: Who is told.
        epochs: Epochs of each.
        seeds: One for each network.
        workers: Number of processes; each trains one network at least.

    Returns:
        Each network with its last training loss, in the order of the seeds.

    Raises:
        ProjectError: The loss became infinite, or the project's code fails.
        WorkerError: A process died twice.
    """
    longest = 0.0

    def tasks() -> Iterator[Task]:
        for i, seed in enumerate(seeds, start=1):
            if i > workers and time.monotonic() + longest > watcher.deadline:
                return
            path = workshop.project.runs / f".member-{i}.weights.h5"
            settings = {name: request[name] for name in ("hyperparameters", "training")}
            order = vars(Order(epochs, seed, i, len(seeds)))
            yield Task(str(path), {"job": "member", **settings, "order": order, "weights": str(path)})

    encoding, _ = workshop.production
    found: dict[str, tuple[Any, float]] = {}
    for task, made in share(workshop.project, watcher, tasks(), workers):
        if isinstance(made, WorkerError):
            raise made
        longest = max(longest, made["seconds"])
        network, _ = trials.build(workshop, request["hyperparameters"], encoding)
        network.load_weights(task.name)
        Path(task.name).unlink()
        found[task.name] = network, made["train_loss"]
    return [found[name] for name in sorted(found)]
