"""The networks of the production model, trained for a number of epochs that was learned elsewhere, without looking."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras

from modelwizard.contract import running
from modelwizard.contract.jobs import Final, Member, Order
from modelwizard.contract.results import Made
from modelwizard.contract.running import Runner
from modelwizard.contract.trials import Hyperparameters, Training
from modelwizard.engine import trainer
from modelwizard.errors import ProjectError, WorkerError
from modelwizard.training import memory, pacing, trials
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Part, Workshop

ANNEALED, MORE = 1.25, 2
"""Epochs of a network whose learning rate falls to zero: so many for each one that a trial with a slower fall took to
its best, and so many more, without which a fall over one to five epochs leaves it undertrained (benchmarks/README.md).
"""


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
    workshop: Workshop,
    values: Hyperparameters,
    training: Training,
    watcher: Watcher,
    encoding: Any,
    part: Part,
    order: Order,
) -> tuple[Any, trainer.Run]:
    """Train one network on all rows that are handed in, for a number of epochs.

    Args:
        workshop: The project.
        values: Values for `build_model`.
        training: Its `epochs` are those over which the learning rate falls: a network that stops before their end
            stops where the trial's best epoch was.
        watcher: Who is told.
        encoding: How the rows are encoded.
        part: The rows.
        order: Which network.

    Raises:
        ProjectError: The loss became infinite, or the project's code fails.
    """
    watcher.check()
    keras.utils.set_random_seed(order.seed)
    batch = min(training.batch_size, len(part))
    steps = max(order.epochs, training.epochs) * -(-len(part) // batch)
    network, _ = trials.build(workshop, values, encoding, steps)

    def on_epoch(epoch: int, *_: Any) -> bool:
        watcher.check()
        watcher.progress(f"model {order.member} of {order.members}", epoch + 1, order.epochs)
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


def save(workshop: Workshop, job: Member, watcher: Watcher) -> Made:
    """Train one production network and leave its weights in a file, for the process that exports it."""
    begin = time.monotonic()
    encoding, part = workshop.production
    network, run = train(workshop, job.hyperparameters, job.training, watcher, encoding, part, job.order)
    network.save_weights(job.weights)
    seconds = time.monotonic() - begin - pacing.compiling([row["seconds"] for row in run.history])
    return Made(float(run.history[-1]["train_loss"]), seconds)


def side_by_side(
    workshop: Workshop, job: Final, watcher: Watcher, runner: Runner[Member], epochs: int, seeds: Sequence[int]
) -> list[tuple[Any, float]]:
    """Train production networks in several processes, as many of them as would end before the watcher's deadline.

    Args:
        workshop: The project.
        job: What is trained.
        watcher: Who is told.
        runner: Where it is trained; each of its processes trains one network at least.
        epochs: Epochs of each network.
        seeds: One for each network.

    Returns:
        Each network with its last training loss, in the order of the seeds.

    Raises:
        ProjectError: The loss became infinite, or the project's code fails.
        WorkerError: A process died twice.
    """
    longest = 0.0

    def jobs() -> Iterator[Member]:
        for i, seed in enumerate(seeds, start=1):
            if i > runner.slots and time.monotonic() + longest > watcher.deadline:
                return
            yield Member(
                hyperparameters=job.hyperparameters,
                training=job.training,
                order=Order(epochs, seed, i, len(seeds)),
                weights=str(workshop.project.runs / f".member-{i}.weights.h5"),
            )

    encoding, _ = workshop.production
    found: dict[int, tuple[Any, float]] = {}
    for member, made in running.run(runner, jobs()):
        if isinstance(made, WorkerError):
            raise made
        longest = max(longest, made.seconds)
        network, _ = trials.build(workshop, job.hyperparameters, encoding)
        network.load_weights(member.weights)
        Path(member.weights).unlink()
        found[member.order.member] = network, made.train_loss
    return [found[i] for i in sorted(found)]
