"""One network of the production model: trained for a number of epochs that was learned elsewhere, without looking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.errors import ProjectError
from modelwizard.worker import memory, trials
from modelwizard.worker.engine import trainer
from modelwizard.worker.experiment import Watcher
from modelwizard.worker.user_code import blame
from modelwizard.worker.workshop import Part, Workshop


def train(
    workshop: Workshop,
    request: Mapping[str, Any],
    watcher: Watcher,
    encoding: Any,
    part: Part,
    epochs: int,
    seed: int,
    member: int,
    members: int,
) -> tuple[Any, trainer.Run]:
    """Train one network on all rows that are handed in, for a number of epochs.

    Args:
        workshop: The project.
        request: `hyperparameters` and `training`, whose `epochs` are those over which the learning rate falls: a
            network that stops before their end stops where the trial's best epoch was.
        watcher: Who is told.
        encoding: How the rows are encoded.
        part: The rows.
        epochs: Epochs.
        seed: Seed of the weights, of the order of rows and of dropout.
        member: Which network it is, from 1, for the telling.
        members: How many there are.

    Raises:
        ProjectError: The loss became infinite, or the project's code fails.
    """
    watcher.check()
    keras.utils.set_random_seed(seed)
    batch = min(int(request["training"]["batch_size"]), len(part))
    steps = max(epochs, int(request["training"]["epochs"])) * -(-len(part) // batch)
    network, _ = trials.build(workshop, request["hyperparameters"], encoding, steps)

    def on_epoch(epoch: int, row: dict[str, float], _: NDArray[np.floating]) -> bool:
        watcher.check()
        facts = {"run": f"model {member} of {members}", "stage": "finalize", "epoch": epoch + 1, "epochs": epochs}
        watcher.progress(epoch + 1 == epochs, **facts, **trials.told(row), score=None)
        return False

    with blame(workshop.project.folder, "train the model", workshop.builder):
        run = trainer.train(
            network,
            (part.x, part.y),
            epochs=epochs,
            batch_size=batch,
            seed=seed,
            on_epoch=on_epoch,
            record=False,
            repeats=members - member + 1,
        )
    if run.status == "nan":
        raise ProjectError(
            "The loss became infinite while the final model was trained.",
            fix="choose a trial with a smaller learning rate, or clip gradients in model.py (clipnorm=1.0)",
        )
    memory.release()
    return network, run
