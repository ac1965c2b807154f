"""Checks before the first trial: the first loss, one batch by heart, no skill without inputs or with shuffled labels.

Source: Karpathy, A Recipe for Training Neural Networks (2019), steps 2 and 3; judged by `evidence.sanity`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.jobs import Sanity
from modelwizard.contract.results import Sane
from modelwizard.engine import trainer
from modelwizard.evidence.losses import row_floor, row_loss
from modelwizard.evidence.sanity import BY_HEART, CHANCE, chance, distinct, first_loss_fits, learned_by_heart, skilled
from modelwizard.files import write_bytes
from modelwizard.training import memory, trials
from modelwizard.training.inspection import last_layer
from modelwizard.training.records import packed
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Fold, Part, Workshop, relative
from modelwizard.tuning import space

BATCH = 32
MOST_STEPS = 1500
EPOCHS = 8  # of the runs that must not learn anything
NO_TIME = "Left out: the time budget does not do for it."
ROWS = 20_000  # on which the first loss is computed at most

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Check:
    """What one check found.

    Args:
        name: `initial_loss`, `memorise`, `zero_input` or `shuffled_labels`.
        passed: Whether all is well; None when it could not be carried out.
        value: The number that was measured.
        expected: The number it is compared with.
        evidence: Both in a sentence.
        fix: What to look at when it failed.
    """

    name: str
    passed: bool | None
    value: float | None
    expected: float | None
    evidence: str
    fix: str | None


def sanity(workshop: Workshop, job: Sanity, watcher: Watcher) -> Sane:
    """Run all checks with the hyperparameters of the baseline; those that there is no time for are left out."""
    found = trials.open_space(workshop)
    given = space.bare(found) | job.hyperparameters
    bench = Bench(workshop, given, {hp.name for hp in found.space}, job.batch_size, watcher)
    checks: list[Check] = []
    for check in (_first_loss, _by_heart, _zero_input, _shuffled):
        watcher.check()
        drawn = derive(job.seed, check.__name__)
        keras.utils.set_random_seed(drawn)
        checks.append(check(bench, drawn))
        memory.release()
    path = workshop.project.runs / "sanity.npz"
    rows = np.concatenate([fold.validation.rows for fold in bench.folds])
    write_bytes(path, packed({"rows": rows, **bench.predictions}))
    return Sane(
        initial_loss=checks[0].value,
        expected_loss=checks[0].expected,
        batch_loss=checks[1].value,
        batch_baseline=None if checks[1].expected is None else checks[1].expected / BY_HEART,
        predictions=relative(workshop.project, path),
        left_out=[check.name for check in checks if check.evidence == NO_TIME],
        looks=len(bench.predictions),
    )


@dataclass
class Bench:
    """What the checks share.

    Args:
        workshop: The project.
        values: Hyperparameters, every regulariser off.
        names: Names of all hyperparameters.
        batch: Rows of a step.
        watcher: Knows the deadline.
        predictions: What was predicted for the validation rows, by name.
    """

    workshop: Workshop
    values: Mapping[str, Any]
    names: set[str]
    batch: int
    watcher: Watcher
    predictions: dict[str, Floats] = field(default_factory=dict[str, Floats])

    @property
    def folds(self) -> Sequence[Fold]:
        """All folds of the first repeat."""
        return self.workshop.folds()

    @property
    def fold(self) -> Fold:
        """The first fold, which stands for the others where validation rows play no part."""
        return self.folds[0]


def _first_loss(bench: Bench, seed: int) -> Check:
    """Compare the loss before the first step with the dumb baseline's, which the bias of the last layer stands for.

    The last layer's weights are set to zero for the measurement, so that the two agree to the third digit.
    """
    workshop, fold = bench.workshop, bench.fold
    task = workshop.project.settings.problem
    model, _ = trials.build(workshop, bench.values, fold.encoding)
    part = fold.train.take(np.arange(min(len(fold.train), ROWS)))
    expected = workshop.problem.first_loss(task.loss, part.y)
    built = _loss(workshop, fold, model, part)
    layer = last_layer(model)
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return Check("initial_loss", None, built, expected, "The last layer has no weights to set to zero.", None)
    kernel.assign(np.zeros(kernel.shape))
    value = _loss(workshop, fold, model, part)
    passed = first_loss_fits(value, expected)
    return Check(
        "initial_loss",
        passed,
        value,
        expected,
        f"Before the first step the loss is {value:.4f} with the last layer's weights at zero ({built:.4f} as built); "
        f"always predicting the dumb baseline costs {expected:.4f}.",
        None
        if passed
        else "start the last layer's bias at the dumb baseline, as the generated model.py does; "
        "check that labels, last activation and loss belong together",
    )


def _by_heart(bench: Bench, seed: int) -> Check:
    """Learn one batch by heart: model, labels and loss fit together, and the gradient reaches every layer."""
    workshop, fold = bench.workshop, bench.fold
    task = workshop.project.settings.problem
    few = fold.train.take(distinct(list(fold.train.x.values()), BATCH))
    # Room and speed enough to learn by heart; names that the model does not have change nothing.
    roomy = {**bench.values, "layers": 2, "units": 128, "learning_rate": 0.005}
    model, _ = trials.build(workshop, roomy, fold.encoding)
    floor = float(_floor(workshop, few))
    dumb = workshop.problem.first_loss(task.loss, few.y) - floor
    if dumb <= 0:
        return Check("memorise", None, None, None, "The rows of the batch have one and the same target.", None)
    goal = BY_HEART * dumb
    reached: list[float] = []

    def on_epoch(_: int, row: dict[str, float], __: Floats) -> bool:
        reached.append(row["train_loss"] - floor)
        return learned_by_heart(reached[-1], dumb) or bench.watcher.late()

    with blame(workshop.project.folder, "train on one batch", workshop.builder):
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
    passed = learned_by_heart(best, dumb)
    if not passed and bench.watcher.late():
        return Check("memorise", None, None, None, NO_TIME, None)
    return Check(
        "memorise",
        passed,
        best,
        goal,
        f"{len(few)} rows were learned by heart in {len(reached)} steps: the loss fell from {dumb:.3g} to {best:.3g}."
        if passed
        else f"{len(few)} rows could not be learned by heart: the loss stayed at {best:.3g} of {dumb:.3g} after "
        f"{len(reached)} steps.",
        None
        if passed
        else "look for a layer that blocks the gradient, a loss that does not fit the labels, a "
        "learning rate far off, or inputs that are all alike",
    )


def _zero_input(bench: Bench, seed: int) -> Check:
    """Train without inputs: what is left must not beat the dumb baseline."""

    def blind(part: Part) -> Part:
        return replace(part, x={name: np.zeros_like(block) for name, block in part.x.items()})

    found = _skill(bench, seed, "zeroed", lambda fold: (blind(fold.train), blind(fold.validation)))
    if found is None:
        return Check("zero_input", None, None, None, NO_TIME, None)
    better, value, dumb = found
    passed = not better
    return Check(
        "zero_input",
        passed,
        value,
        dumb,
        f"With all inputs at zero the validation loss is {value:.4f}, the dumb baseline's is {dumb:.4f}.",
        None if passed else "training and validation targets differ as if the rows were sorted: check the split",
    )


def _shuffled(bench: Bench, seed: int) -> Check:
    """Train on shuffled labels: true validation labels must not be predicted better than by the dumb baseline."""

    def shuffled(fold: Fold) -> tuple[Part, Part]:
        order = np.random.default_rng([seed, fold.number]).permutation(len(fold.train))
        return replace(fold.train, y=fold.train.y[order], truth=fold.train.truth[order]), fold.validation

    share = chance(sum(len(fold.train) for fold in bench.folds) // len(bench.folds))
    found = _skill(bench, seed, "shuffled", shuffled, share)
    if found is None:
        return Check("shuffled_labels", None, None, None, NO_TIME, None)
    better, value, dumb = found
    passed = not better
    return Check(
        "shuffled_labels",
        passed,
        value,
        dumb,
        f"Trained on shuffled labels, the validation loss is {value:.4f}; the dumb baseline's is {dumb:.4f}.",
        None if passed else "validation labels reach the network on a way of their own: look for a leak in data.py",
    )


def _skill(
    bench: Bench, seed: int, name: str, prepare: Callable[[Fold], tuple[Part, Part]], share: float = CHANCE
) -> tuple[bool, float, float] | None:
    """Train for a few epochs on every fold and test the last epoch's validation loss against the dumb baseline's.

    Args:
        bench: What the checks share.
        seed: Of initial weights and order.
        name: Under which the predictions are kept.
        prepare: Makes the training and validation part of a fold.
        share: Share of the dumb baseline's loss that must be gained. Defaults to `CHANCE`.

    Returns:
        Whether it is better, the loss, the dumb baseline's loss; None when the time does not do for all folds.
    """
    workshop = bench.workshop
    task = workshop.project.settings.problem
    predicted: list[Floats] = []
    own: list[Floats] = []
    dumb: list[Floats] = []
    for fold in bench.folds:
        if bench.watcher.late():
            return None
        train, held = prepare(fold)
        scale = np.ravel(fold.encoding.target_scale)
        p = _last(bench, fold, train, held, seed)
        constant = workshop.problem.constant(task.loss, train.truth)
        constant = np.pad(constant, (0, workshop.outputs - len(constant)))
        predicted.append(p)
        own.append(row_loss(task.type, task.loss, held.truth, p, scale))
        dumb.append(row_loss(task.type, task.loss, held.truth, np.tile(constant, (len(held), 1)), scale))
    bench.predictions[name] = np.concatenate(predicted)
    better = skilled(np.concatenate(dumb), np.concatenate(own), share=share)
    return better, float(np.concatenate(own).mean()), float(np.concatenate(dumb).mean())


def _last(bench: Bench, fold: Fold, train: Part, held: Part, seed: int) -> Floats:
    """Return canonical validation predictions after the last of a few epochs."""
    model, _ = trials.build(bench.workshop, bench.values, fold.encoding)
    begun: list[int] = []
    with blame(bench.workshop.project.folder, "train the model", bench.workshop.builder):
        run = trainer.train(
            model,
            (train.x, train.y),
            (held.x, held.y),
            epochs=EPOCHS,
            batch_size=bench.batch,
            seed=seed,
            on_epoch=lambda epoch, *_: begun.append(epoch),
            stop=lambda: bool(begun) and bench.watcher.late(),
            execution="graph",
        )
    assert run.outputs is not None
    return fold.encoding.decode(run.outputs[-1])


def _loss(workshop: Workshop, fold: Fold, model: Any, part: Part) -> float:
    """Return the mean loss of a model on some rows, without penalties."""
    task = workshop.project.settings.problem
    outputs: list[Any] = [
        keras.ops.convert_to_numpy(model({n: v[i : i + 4096] for n, v in part.x.items()}, training=False))
        for i in range(0, len(part), 4096)
    ]
    p = fold.encoding.decode(np.concatenate(outputs))
    return float(row_loss(task.type, task.loss, part.truth, p, np.ravel(fold.encoding.target_scale)).mean())


def _floor(workshop: Workshop, part: Part) -> float:
    """Return the loss of a perfect prediction, on the scale that is trained on."""
    task = workshop.project.settings.problem
    return float(row_floor(task.type, task.loss, part.y).mean())
