"""Measure before the first trial: the first loss, one memorised batch, predictions without inputs or true labels.

Source: Karpathy, A Recipe for Training Neural Networks (2019), steps 2 and 3; `stages.baseline` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.jobs import Sanity
from modelwizard.contract.results import Sane
from modelwizard.engine import trainer
from modelwizard.evidence.losses import first_loss, row_floor
from modelwizard.evidence.sanity import distinct, memorised
from modelwizard.files import write_bytes
from modelwizard.training import memory, space, trials
from modelwizard.training.inspection import last_layer
from modelwizard.training.records import packed
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Fold, Part, Workshop, relative

BATCH = 32
# The biases of ordered classes part slowly: each moves by the learning rate, whatever the inputs.
MOST_STEPS = 2500
EPOCHS = 8  # of the runs that must not learn anything
ROWS = 20_000  # on which the first loss is computed at most

Floats = NDArray[np.floating]


def sanity(workshop: Workshop, job: Sanity, watcher: Watcher) -> Sane:
    """Measure with the hyperparameters of the baseline, every regulariser off; leave out what there is no time for."""
    values = space.bare(trials.open_space(workshop)) | job.hyperparameters
    bench = _Bench(workshop, values, job.batch_size, watcher)
    first = bench.measure(bench.first_loss, job.seed, "_first_loss")
    batch = bench.measure(bench.one_batch, job.seed, "_by_heart")
    predictions = {
        "zeroed": bench.measure(bench.without_inputs, job.seed, "_zero_input"),
        "shuffled": bench.measure(bench.shuffled_labels, job.seed, "_shuffled"),
    }
    made = {name: p for name, p in predictions.items() if p is not None}
    path = workshop.project.runs / "sanity.npz"
    rows = np.concatenate([fold.validation.rows for fold in workshop.folds()])
    write_bytes(path, packed({"rows": rows, **made}))
    late = {"memorise": batch is None, "zero_input": "zeroed" not in made, "shuffled_labels": "shuffled" not in made}
    return Sane(
        initial_loss=first[0],
        expected_loss=first[1],
        batch_loss=batch[0] if batch else None,
        batch_baseline=batch[1] if batch else None,
        predictions=relative(workshop.project, path),
        left_out=[name for name, left in late.items() if left],
        looks=len(made),
    )


@dataclass
class _Bench:
    """What the measurements share: the project, its hyperparameters, rows of a step, and the deadline."""

    workshop: Workshop
    values: Mapping[str, Any]
    batch: int
    watcher: Watcher

    def measure(self, one: Any, seed: int, name: str) -> Any:
        """Return one measurement, made with a seed of its own."""
        self.watcher.check()
        drawn = derive(seed, name)
        keras.utils.set_random_seed(drawn)
        found = one(drawn)
        memory.release()
        return found

    def first_loss(self, _seed: int) -> tuple[float, float]:
        """Return the loss before the first step and that of the baseline, for which the last bias stands.

        The last layer's weights are set to zero for it, so that the two agree to the third digit.
        """
        fold = self.workshop.folds()[0]
        model, _ = trials.build(self.workshop, self.values, fold.encoding)
        part = fold.train.take(np.arange(min(len(fold.train), ROWS)))
        kernel = getattr(last_layer(model), "kernel", None)
        if kernel is not None:
            kernel.assign(np.zeros(kernel.shape))
        return self._loss(fold, model, part), self._expected(part)

    def one_batch(self, seed: int) -> tuple[float, float] | tuple[None, None] | None:
        """Return the loss after training on one batch alone, and that of the best constant.

        Both are above that of a perfect prediction. Where model, labels and loss fit together and the gradient
        reaches every layer, nearly nothing is left of it.

        Returns:
            (None, None) where all rows have the same target; None where the time was too short.
        """
        fold = self.workshop.folds()[0]
        few = fold.train.take(distinct(list(fold.train.x.values()), BATCH))
        task = self.workshop.project.settings.problem
        # Room and speed enough to memorise; names that the model does not have change nothing. Thresholds of ordered
        # classes have to part by their biases alone, which takes long steps.
        rate = 0.02 if self.workshop.problem.ordered else 0.005
        roomy = {**self.values, "layers": 2, "units": 128, "learning_rate": rate}
        model, _ = trials.build(self.workshop, roomy, fold.encoding)
        floor = float(row_floor(task.type, task.loss, few.y).mean())
        constant = self._expected(few) - floor
        if constant <= 0:
            return None, None
        reached: list[float] = []

        def on_epoch(_epoch: int, row: dict[str, float], _outputs: Floats) -> bool:
            reached.append(row["train_loss"] - floor)
            return memorised(reached[-1], constant) or self.watcher.late()

        with blame(self.workshop.project.folder, "train on one batch", self.workshop.builder):
            trainer.train(
                model,
                (few.x, few.y),
                epochs=MOST_STEPS,
                batch_size=len(few),
                seed=seed,
                on_epoch=on_epoch,
                execution="graph",
                record=False,
            )
        best = float(np.nanmin(reached))
        return None if not memorised(best, constant) and self.watcher.late() else (best, constant)

    def without_inputs(self, seed: int) -> Floats | None:
        """Return predictions after training on inputs that are all zero: no better than the baseline's."""

        def blind(part: Part) -> Part:
            return replace(part, x={name: np.zeros_like(block) for name, block in part.x.items()})

        return self._predicted(seed, ((blind(fold.train), blind(fold.validation)) for fold in self.workshop.folds()))

    def shuffled_labels(self, seed: int) -> Floats | None:
        """Return predictions after training on shuffled labels: true ones must not be predicted any better."""

        def shuffled(fold: Fold) -> Part:
            order = np.random.default_rng([seed, fold.number]).permutation(len(fold.train))
            return replace(fold.train, y=fold.train.y[order], truth=fold.train.truth[order])

        return self._predicted(seed, ((shuffled(fold), fold.validation) for fold in self.workshop.folds()))

    def _predicted(self, seed: int, parts: Iterable[tuple[Part, Part]]) -> Floats | None:
        """Return canonical predictions of all validation rows; None when the time is too short for every fold."""
        predicted: list[Floats] = []
        for fold, (train, held) in zip(self.workshop.folds(), parts, strict=True):
            if self.watcher.late():
                return None
            model, _ = trials.build(self.workshop, self.values, fold.encoding)
            begun: list[int] = []
            with blame(self.workshop.project.folder, "train the model", self.workshop.builder):
                run = trainer.train(
                    model,
                    (train.x, train.y),
                    (held.x, held.y),
                    epochs=EPOCHS,
                    batch_size=self.batch,
                    seed=seed,
                    on_epoch=lambda epoch, *_, begun=begun: begun.append(epoch),
                    stop=lambda begun=begun: bool(begun) and self.watcher.late(),
                    execution="graph",
                )
            assert run.outputs is not None
            predicted.append(fold.encoding.decode(run.outputs[-1]))
        return np.concatenate(predicted)

    def _expected(self, part: Part) -> float:
        """Return the loss of the best constant prediction on some rows."""
        task = self.workshop.project.settings.problem
        return first_loss(task.type, task.loss, part.y)

    def _loss(self, fold: Fold, model: Any, part: Part) -> float:
        """Return the mean loss of a model on some rows, without penalties."""
        outputs: list[Any] = [
            keras.ops.convert_to_numpy(model({n: v[i : i + 4096] for n, v in part.x.items()}, training=False))
            for i in range(0, len(part), 4096)
        ]
        return float(self.workshop.losses(fold.encoding, part, np.concatenate(outputs)).mean())
