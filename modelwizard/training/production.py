"""The model that is kept: trained on training and validation rows, exported as one file of raw columns, reloaded."""

from __future__ import annotations

import inspect
import math
import os
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from modelwizard.contract.events import TrialEnded
from modelwizard.contract.findings import Found, found
from modelwizard.contract.jobs import Final, Order, Probe
from modelwizard.contract.results import Equality, Probed, Produced
from modelwizard.contract.running import Runners
from modelwizard.contract.trials import Experiment, Summary, number
from modelwizard.engine import polish, trainer
from modelwizard.errors import ProjectError
from modelwizard.evidence.calibration import tempered
from modelwizard.evidence.kfold import production_epochs
from modelwizard.files import file_sha256, sync_folder
from modelwizard.training import findings, trials
from modelwizard.training import members as networks
from modelwizard.training.prediction import predict_columns
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Part, Workshop, relative

STAGE = "finalize"
TOLERANCE = 1e-5  # of the target's scale, between training-time and exported predictions
COMPARED = 2000  # rows on which they are compared at most
LOSS_GUARD = 1.5  # times the largest training loss of the probes that the final one may reach
LEAST = 0.5  # share of its epochs that a network is trained for even if a time budget does not do for it

Member = tuple[Any, Any]


def probe(workshop: Workshop, job: Probe, watcher: Watcher) -> Probed:
    """Train the chosen settings where validation rows are held out: several seeds, each on every fold.

    Probes find the number of epochs, and their held-out predictions say what may go on top of the networks. These
    runs are looks at validation rows. A probe that would not end within the time budget does not begin, and one that
    is at work ends there.

    Raises:
        ProjectError: No probe could be trained.
    """
    probes = _probe(workshop, job, watcher)
    return Probed([one.run for one in probes], _epochs([epoch for one in probes for epoch in one.best_epochs]))


def final(workshop: Workshop, job: Final, watcher: Watcher, runners: Runners) -> Produced:
    """Make model.keras.

    How long the production networks are trained on training and validation rows together follows from the median of
    the probes' best epochs (`members.planned`): one best epoch varies by a third to most of its mean over splits, the
    median of several does not. Where the watcher's deadline leaves no room for one network, all are trained for fewer
    epochs, and the learning rate falls over these.

    Raises:
        ProjectError: The exported model does not predict what the networks predict.
    """
    begin = time.monotonic()
    retrain = job.strategy == "retrain"
    probes = [summary for summary in job.done if summary.run in job.runs]
    best = [epoch for probe in probes for epoch in probe.best_epochs]
    wanted, length = _epochs(best), job.training.epochs
    if retrain:
        wanted, length = networks.planned(workshop, wanted, length)
    epochs, share = wanted, _affordable(workshop, probes, wanted, watcher) if retrain else 1.0
    if share < 1:
        epochs = max(1, round(share * wanted))
        length = max(epochs, round(share * length))
    job = replace(job, training=replace(job.training, epochs=length))
    if retrain:
        members, losses = _retrained(workshop, job, watcher, runners, epochs)
    else:
        members, losses = _folds(workshop, job, watcher, probes[0])
    equality = export(workshop, members, job.temperature)
    probed = [probe.train_loss or 0.0 for probe in probes]
    return Produced(
        model=relative(workshop.project, workshop.project.model_path),
        sha256=file_sha256(workshop.project.model_path),
        epochs=epochs,
        wanted_epochs=wanted,
        training=job.training,
        best_epochs=best,
        members=len(members),
        parameters=sum(int(network.count_params()) for network, _ in members),
        equality=equality,
        findings=findings.rows([*workshop.found, *_guard(losses, probed)], workshop.muted),
        seconds=round(time.monotonic() - begin, 2),
    )


def _epochs(best: Sequence[int]) -> int:
    """Return the epochs of production from best epochs counted from 0."""
    return production_epochs([epoch + 1 for epoch in best])


def _affordable(workshop: Workshop, probes: Sequence[Summary], epochs: int, watcher: Watcher) -> float:
    """Return the share of its epochs that one network has time for, at the pace of the probes and for more rows."""
    if math.isinf(watcher.deadline):
        return 1.0
    histories = [workshop.project.read_run(probe.run).history for probe in probes]
    epoch = min(float(np.median([row["seconds"] for row in history])) for history in histories)  # of all folds
    folds = workshop.folds()
    seconds = epoch / len(folds) * epochs * workshop.rows / len(folds[0].train)
    return min(1.0, max(LEAST, (watcher.deadline - time.monotonic()) / max(seconds, 1e-6)))


def export(workshop: Workshop, members: Sequence[Member], temperature: float = 1.0) -> Equality:
    """Write model.keras, load it again, and compare its predictions of raw rows with those of the networks.

    Args:
        workshop: The project.
        members: Trained networks with their encodings.
        temperature: What the logits of the averaged prediction are divided by. Defaults to 1.

    Returns:
        The rows, and the largest difference in units of the target's scale or of the mean prediction where that is
        larger.

    Raises:
        ProjectError: It is not small.
    """
    project = workshop.project
    beside = project.runs / ".exported.keras"  # a kill leaves it there, and the next export writes over it
    try:
        exporter = workshop.code.export.export_model
        culprit = workshop.code.line_of(workshop.code.export, "export_model")
        with blame(project.folder, "export the model", culprit):
            known = "temperature" in inspect.signature(exporter).parameters
            temperature = temperature if known else 1.0
            exporter(list(members), **({"temperature": temperature} if temperature != 1.0 else {})).save(beside)
        with blame(project.folder, "load the exported model", culprit):
            loaded = keras.models.load_model(beside)
        equality = _compare(workshop, members, loaded, temperature)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, project.model_path)
        sync_folder(project.folder)
    finally:
        beside.unlink(missing_ok=True)
    return equality


def _probe(workshop: Workshop, job: Probe, watcher: Watcher) -> list[Summary]:
    """Train several seeds where validation rows are held out, or take up what was trained before."""
    begin = time.monotonic()
    probes: list[Summary] = []
    for i in range(1, job.seeds + 1):
        training = replace(job.training, seed=derive(job.training.seed, "probe", i))
        experiment = training.experiment(STAGE, job.hyperparameters, patience=job.patience, trials=job.seeds)
        known = next((s for s in job.done if _same(workshop, s, experiment)), None)
        if known is None and _no_time_for(i, begin, watcher):
            break
        if known is None:
            numbers = [number(s.run) for s in (*job.done, *probes)]
            experiment = replace(experiment, run=f"{STAGE}-{max(numbers, default=0) + 1:03d}")
            known = trials.run(workshop, experiment, watcher)
            watcher.emit(TrialEnded(summary=known))
        probes.append(known)
    usable = [probe for probe in probes if probe.best_epochs]
    if not usable:
        raise ProjectError(
            "The chosen model could not be trained again.",
            received=str(probes[-1].message),
            fix="look at its hyperparameters: a lower learning rate keeps the loss finite",
        )
    return usable


def _no_time_for(number: int, begin: float, watcher: Watcher) -> bool:
    """Say whether training number 2 or later would end after the deadline, if it took as long as those before."""
    now = time.monotonic()
    return number > 1 and now + (now - begin) / (number - 1) > watcher.deadline


def _same(workshop: Workshop, summary: Summary, experiment: Experiment) -> bool:
    """Say whether a finished probe is this experiment with the present code."""
    values, given = summary.hyperparameters, experiment.hyperparameters
    return (
        summary.training == experiment.training
        and summary.patience == experiment.patience
        and summary.code == workshop.project.code_hashes()
        and summary.scheme == workshop.project.settings.split.scheme
        and all(values[name] == given[name] for name in values.keys() & given.keys())
        and bool(summary.best_epochs)
    )


def _retrained(
    workshop: Workshop, job: Final, watcher: Watcher, runners: Runners, epochs: int
) -> tuple[list[Member], list[float]]:
    """Train on training and validation rows together, once per seed."""
    encoding, part = workshop.production
    seeds = [derive(job.training.seed, "production", i) for i in range(1, job.seeds + 1)]
    workers = min(job.workers, job.seeds)
    if workers > 1 and not job.polish:
        runner = runners.runner(workshop.project.folder, watcher, workers)
        made = networks.side_by_side(workshop, job, watcher, runner, epochs, seeds)
        return [(network, encoding) for network, _ in made], [loss for _, loss in made]
    members: list[Member] = []
    losses: list[float] = []
    begin = time.monotonic()
    for i, seed in enumerate(seeds, start=1):
        if _no_time_for(i, begin, watcher):
            break
        network, run = _member(workshop, job, watcher, encoding, part, Order(epochs, seed, i, job.seeds))
        members.append((network, encoding))
        losses.append(run.history[-1]["train_loss"])
    return members, losses


def _folds(workshop: Workshop, job: Final, watcher: Watcher, probe: Summary) -> tuple[list[Member], list[float]]:
    """Train the networks of a probe's folds again, each for its own best epoch, with the encoding of its fold.

    The seeds are those of the probe, so that nothing has to be looked up in the validation rows again.
    """
    folds = workshop.folds()
    members: list[Member] = []
    losses: list[float] = []
    begin = time.monotonic()
    for i, (fold, best) in enumerate(zip(folds, probe.best_epochs, strict=True), start=1):
        if _no_time_for(i, begin, watcher):
            break
        order = Order(best + 1, derive(probe.training.seed, "fit", fold.number), i, len(folds))
        network, run = _member(workshop, job, watcher, fold.encoding, fold.train, order)
        members.append((network, fold.encoding))
        losses.append(run.history[-1]["train_loss"])
    return members, losses


def _member(
    workshop: Workshop, job: Final, watcher: Watcher, encoding: Any, part: Part, order: Order
) -> tuple[Any, trainer.Run]:
    """Train one network of the production model, and polish it where the polish was found to help."""
    network, run = networks.train(workshop, job.hyperparameters, job.training, watcher, encoding, part, order)
    if job.polish:
        network = polish.descend(network, (part.x, part.y), job.polish, seed=order.seed)
    return network, run


def _compare(workshop: Workshop, members: Sequence[Member], loaded: Any, temperature: float) -> Equality:
    """Compare predictions of the exported model on raw rows with those of the networks on encoded rows."""
    rows = workshop.load("train", "validation")
    rows = workshop.select(rows, np.arange(min(COMPARED, len(rows.rows))))
    encodings = {id(encoding): encoding for _, encoding in members}  # most often one
    parts = {key: workshop.part(encoding, rows) for key, encoding in encodings.items()}
    expected = np.mean([_predict(network, encoding, parts[id(encoding)]) for network, encoding in members], axis=0)
    if temperature != 1:
        expected = tempered(workshop.problem.name, expected, temperature)
    with blame(workshop.project.folder, "predict raw rows with the exported model"):
        found = predict_columns(loaded, rows.x)
    scale = np.maximum(np.ravel(members[0][1].target_scale), np.abs(expected).mean(axis=0))
    largest = float(np.max(np.abs(found - expected) / scale))
    if not largest <= TOLERANCE:
        raise ProjectError(
            "The exported model and the trained networks disagree on the same rows.",
            expected=f"differences up to {TOLERANCE:g} of the target's scale",
            received=f"{largest:.3g}",
            fix="check export_model() in export.py, and that preprocessing.py is the same inside and outside",
        )
    return Equality(len(rows.rows), largest)


def _predict(network: Any, encoding: Any, part: Part) -> NDArray[np.floating]:
    return encoding.decode(keras.ops.convert_to_numpy(network(part.x, training=False)))


def _guard(losses: Sequence[float], probes: Sequence[float]) -> list[Found]:
    """Say when the final networks learned much less than the probes did."""
    if max(losses) <= LOSS_GUARD * max(probes) or max(probes) <= 0:
        return []
    return [found("MW608", "production", "model.keras", final=max(losses), trials=max(probes))]
