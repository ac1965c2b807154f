"""One trial: an experiment trained on every fold, its curves and predictions kept, its summary told."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.events import failed
from modelwizard.contract.trials import Experiment, Summary
from modelwizard.engine import trainer
from modelwizard.errors import Interrupted, ModelWizardError, ProjectError
from modelwizard.evidence.scores import score as metric_score
from modelwizard.training import memory, records, space
from modelwizard.training.median_stopping import hopeless
from modelwizard.training.records import Fitted
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Fold, Part, Workshop

Floats = NDArray[np.floating]

BRIEF = 10.0
"""Seconds of a single fit under a time budget that are not spent on compiling by XLA."""


def build(
    workshop: Workshop, hyperparameters: Mapping[str, Any], encoding: Any, steps: int | None = None
) -> tuple[Any, dict[str, Any]]:
    """Build the project's model and check what the stages rely on.

    Args:
        workshop: The project.
        hyperparameters: Values for `build_model`; others take their defaults.
        encoding: The shapes of the inputs.
        steps: Optimizer steps that are planned, for a `build_model` that lets the learning rate fall over them.
            Defaults to none: the rate stays.

    Returns:
        The compiled model, and the values of all hyperparameters it named.

    Raises:
        ProjectError: `build_model` fails, or returns something that cannot be trained for this problem.
    """
    hp = keras_tuner.HyperParameters()
    hp.values = dict(hyperparameters)
    with blame(workshop.project.folder, "build the model"), workshop.watching("build_model"):
        planned = {"steps": steps} if anneals(workshop) else {}
        model = workshop.code.model.build_model(hp, encoding, **planned)
    where = workshop.code.line_of(workshop.code.model, "build_model")
    if not isinstance(model, keras.Model):
        raise ProjectError(
            f"{where}: build_model() does not return a model.",
            expected="a compiled keras.Model",
            received=type(model).__name__,
            fix="end build_model() with `return model`",
        )
    if not model.compiled:
        raise ProjectError(
            f"{where}: build_model() returns a model that is not compiled.",
            fix="call model.compile(optimizer=…, loss=…) before returning it",
        )
    shape = getattr(model, "output_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[-1] != workshop.outputs:
        task = workshop.project.settings.problem
        raise ProjectError(
            f"{where}: the model's output does not fit the problem.",
            expected=f"one output of {workshop.outputs} unit{'s' * (workshop.outputs > 1)} ({task.type})",
            received=f"output of shape {shape}",
            fix=f"give the last layer {workshop.outputs} unit{'s' * (workshop.outputs > 1)}",
        )
    used = {item.name for item in hp.space}
    return model, {name: value for name, value in hp.values.items() if name in used}


def anneals(workshop: Workshop) -> bool:
    """Say whether the project's `build_model` takes the planned steps, to let the learning rate fall over them."""
    return "steps" in inspect.signature(workshop.code.model.build_model).parameters


def open_space(workshop: Workshop) -> keras_tuner.HyperParameters:
    """Return all hyperparameters of the project's model, with their defaults as values."""
    encoding = workshop.folds()[0].encoding

    def build(hp: keras_tuner.HyperParameters) -> Any:
        # The very object is handed on: what it collects is the space.
        with blame(workshop.project.folder, "build the model"):
            return workshop.code.model.build_model(hp, encoding)

    return space.discover(build)


def run(workshop: Workshop, experiment: Experiment, watcher: Watcher) -> Summary:
    """Train an experiment on its folds and write its run folder.

    Before the watcher's deadline every fold gets its share of the time, and one epoch at least: a trial that is cut has
    predictions of all rows.

    A run that was finished before with the same experiment, code, data and split is not trained again: a kill between
    its end and the line in the journal loses nothing.

    Returns:
        The run's summary.

    Raises:
        Interrupted: A person asked to stop; nothing is written.
        ProjectError: The project's code fails.
    """
    kept = records.adopt(workshop, experiment)
    if kept is not None:
        return kept
    begin = time.monotonic()
    fits: list[Fitted] = []
    folds = workshop.folds(experiment.repeats)
    for i, fold in enumerate(folds, start=1):
        until = begin + (watcher.deadline - begin) * i / len(folds)
        like = sum(_shapes(other) == _shapes(fold) for other in folds[i - 1 :])
        fits.append(fit(workshop, experiment, fold, watcher, len(folds), until, like))
        fits[-1].model = None
        memory.release()
        if fits[-1].run.status == "nan":
            break
    return records.write(workshop, experiment, fits, len(folds), time.monotonic() - begin)


def run_safely(workshop: Workshop, experiment: Experiment, watcher: Watcher) -> Summary:
    """Train an experiment; what fails becomes a summary with status `failed`, so that a search goes on.

    Raises:
        Interrupted: A person asked to stop.
    """
    begin = time.monotonic()
    try:
        return run(workshop, experiment, watcher)
    except Interrupted:
        raise
    except Exception as error:
        if not isinstance(error, ModelWizardError):
            import traceback

            traceback.print_exc()
        event = failed(error)
        message = " ".join(str(part) for part in (event.what, event.received) if part)
        memory.release()
        return records.failed(workshop, experiment, message, time.monotonic() - begin)


def _shapes(fold: Fold) -> tuple[Any, ...]:
    """Return what decides the shapes of a fold's network: a word or a category more makes it another one."""
    blocks = sorted((name, values.shape[1:]) for name, values in fold.train.x.items())
    return (*blocks, *getattr(fold.encoding, "cardinalities", ()))


def fit(
    workshop: Workshop,
    experiment: Experiment,
    fold: Fold,
    watcher: Watcher,
    folds: int = 1,
    until: float = math.inf,
    like: int = 1,
) -> Fitted:
    """Train on one fold, telling of every epoch.

    Args:
        workshop: The project.
        experiment: What to train.
        fold: Where.
        watcher: Who is told, and who may stop it.
        folds: How many folds there are, for the telling. Defaults to 1.
        until: Moment (`time.monotonic`) after which no further epoch begins. Defaults to never.
        like: Folds still to come whose networks have the same shapes, this one included; they share a compilation.
            Defaults to 1.
    """
    watcher.check()
    seed = derive(experiment.seed, "fit", fold.number)
    rows = sample(fold.train, experiment.fraction, seed)
    batch = min(experiment.batch_size, len(rows))
    keras.utils.set_random_seed(seed)
    steps = experiment.epochs * -(-len(rows) // batch)
    model, values = build(workshop, experiment.hyperparameters, fold.encoding, steps)
    metric, problem = workshop.project.settings.problem.metric, workshop.problem.name
    scores: list[float] = []
    losses: list[float] = []

    def on_epoch(epoch: int, row: dict[str, float], outputs: Floats) -> bool:
        watcher.check()
        scores.append(metric_score(problem, metric, fold.validation.truth, fold.encoding.decode(outputs)))
        watcher.progress(experiment.run, epoch + 1, experiment.epochs)
        losses.append(row["val_loss"])
        return folds == 1 and hopeless(losses, experiment.epochs, experiment.bar)

    with blame(workshop.project.folder, "train the model", workshop.builder):
        trained = trainer.train(
            model,
            (rows.x, rows.y),
            (fold.validation.x, fold.validation.y),
            epochs=experiment.epochs,
            batch_size=batch,
            seed=seed,
            patience=experiment.wait,
            on_epoch=on_epoch,
            execution="graph" if _brief(experiment, until) else "auto",
            stop=lambda: bool(scores) and time.monotonic() > until,
            repeats=like * alike(experiment.trials),
            room=workshop.rows,
        )
    return Fitted(fold, model, rows.truth, trained, scores, values, int(model.count_params()))


def alike(trials: int) -> int:
    """Guess how many trials of a search have a network of the same shape, which share a compilation.

    The square root of their number: a search over a few depths and widths returns to each some times, one over many
    hardly ever; five at most, since in a search that is limited by time their number is an upper limit only. Nothing is
    counted while it runs, so that a search that is resumed goes on as it would have.
    """
    return min(5, max(1, round(math.sqrt(trials))))


def _brief(experiment: Experiment, until: float) -> bool:
    """Say whether a fit has no time for the compiler: few seconds, and no further trial to use what it makes."""
    return experiment.trials == 1 and until - time.monotonic() < BRIEF


def sample(part: Part, fraction: float | None, seed: int) -> Part:
    """Return a share of the rows, drawn without replacement; all of them when no share is given."""
    if fraction is None or fraction >= 1:
        return part
    count = max(2, round(fraction * len(part)))
    return part.take(np.sort(np.random.default_rng(seed).permutation(len(part))[:count]))
