"""The model that is kept: trained on training and validation rows, exported as one file of raw columns, reloaded."""

from __future__ import annotations

import inspect
import math
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.findings import Found, found
from modelwizard.engine import polish, trainer
from modelwizard.errors import ProjectError, UsageError
from modelwizard.evidence.calibration import tempered
from modelwizard.evidence.kfold import production_epochs
from modelwizard.files import file_sha256, sync_folder
from modelwizard.training import findings, trials
from modelwizard.training import members as networks
from modelwizard.training.experiment import Experiment, Watcher
from modelwizard.training.prediction import predict_columns
from modelwizard.training.seeds import derive
from modelwizard.training.user_code import blame
from modelwizard.training.workshop import Part, Workshop, relative
from modelwizard.tuning import search

STAGE = "finalize"
TOLERANCE = 1e-5  # of the target's scale, between training-time and exported predictions
COMPARED = 2000  # rows on which they are compared at most
LOSS_GUARD = 1.5  # times the largest training loss of the probes that the final one may reach
LEAST = 0.5  # share of its epochs that a network is trained for even if a time budget does not do for it

Member = tuple[Any, Any]
Summary = dict[str, Any]


def probe(workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> Summary:
    """Train the chosen settings where validation rows are held out: several seeds, each on every fold.

    Probes find the number of epochs, and their held-out predictions say what may go on top of the networks. These
    runs are looks at validation rows.

    Args:
        workshop: The project.
        request: `hyperparameters`, `training`, `patience`, `seeds`, `done` (summaries of probes that need not be
            trained again), `time_budget` (s; a probe that would not end within it does not begin, and one that is at
            work ends there).
        watcher: Who is told.

    Returns:
        The names of the `runs`, their `best_epochs` from 0, and the `epochs` that follow for production.

    Raises:
        ProjectError: No probe could be trained.
    """
    probes = _probe(workshop, request, watcher)
    best = [int(epoch) for one in probes for epoch in one["best_epochs"]]
    return {"runs": [one["run"] for one in probes], "best_epochs": best, "epochs": _epochs(best)}


def final(workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> Summary:
    """Make model.keras.

    How long the production networks are trained on training and validation rows together follows from the median of
    the probes' best epochs (`members.planned`): one best epoch varies by a third to most of its mean over splits, the
    median of several does not. Where the watcher's deadline leaves no room for one network, all are trained for fewer
    epochs, and the learning rate falls over these.

    Args:
        workshop: The project.
        request: As for `probe`, and `runs` (names of the runs in `done` that stand for the probes; default: those
            probes, trained if need be), `average`, `workers` (networks trained side by side; default 1), `strategy`
            (`retrain` or `folds`: the average of the fold models instead), `temperature` of the averaged prediction
            (default 1), `polish` (learning rate of a last pass at batch size 1, or None).
        watcher: Who is told.

    Raises:
        ProjectError: The exported model does not predict what the networks predict, or a probe failed.
    """
    begin = time.monotonic()
    strategy = str(request.get("strategy") or "retrain")
    if strategy not in ("retrain", "folds"):
        raise UsageError("No such strategy.", expected="retrain or folds", received=strategy)
    chosen = request.get("runs")
    probes = [s for s in request["done"] if s["run"] in chosen] if chosen else _probe(workshop, request, watcher)
    best = [int(epoch) for probe in probes for epoch in probe["best_epochs"]]
    epochs, training = _epochs(best), dict(request["training"])
    if strategy == "retrain":
        epochs, training["epochs"] = networks.planned(workshop, epochs, int(training["epochs"]))
    wanted = epochs
    share = _affordable(workshop, probes, epochs, watcher) if strategy == "retrain" else 1.0
    if share < 1:
        epochs = max(1, round(share * epochs))
        training["epochs"] = max(epochs, round(share * training["epochs"]))
    request = {**request, "training": training}
    if strategy == "retrain":
        members, losses = _retrained(workshop, request, watcher, epochs)
    else:
        members, losses = _folds(workshop, request, watcher, probes[0])
    temperature = float(request.get("temperature") or 1.0)
    facts = export(workshop, members, temperature)
    losses_of_probes = [float(probe["train_loss"]) for probe in probes]
    return {
        "model": relative(workshop.project, workshop.project.model_path),
        "sha256": file_sha256(workshop.project.model_path),
        "strategy": strategy,
        "epochs": epochs,
        "wanted_epochs": wanted,
        "training": training,
        "best_epochs": best,
        "members": len(members),
        "parameters": sum(int(network.count_params()) for network, _ in members),
        "train_loss": float(np.mean(losses)),
        "probe_train_losses": losses_of_probes,
        "temperature": facts.pop("temperature"),
        "equality": facts,
        "findings": findings.rows([*workshop.found, *_guard(losses, losses_of_probes)], workshop.muted),
        "seconds": round(time.monotonic() - begin, 2),
    }


def _epochs(best: Sequence[int]) -> int:
    """Return the epochs of production from best epochs counted from 0."""
    return production_epochs([epoch + 1 for epoch in best])


def _affordable(workshop: Workshop, probes: Sequence[Summary], epochs: int, watcher: Watcher) -> float:
    """Return the share of its epochs that one network has time for, at the pace of the probes and for more rows."""
    if math.isinf(watcher.deadline):
        return 1.0
    histories = [workshop.project.read_run(probe["run"]).history for probe in probes]
    epoch = min(float(np.median([row["seconds"] for row in history])) for history in histories)  # of all folds
    folds = workshop.folds()
    seconds = epoch / len(folds) * epochs * workshop.rows / len(folds[0].train)
    return min(1.0, max(LEAST, (watcher.deadline - time.monotonic()) / max(seconds, 1e-6)))


def export(workshop: Workshop, members: Sequence[Member], temperature: float = 1.0) -> dict[str, Any]:
    """Write model.keras, load it again, and compare its predictions of raw rows with those of the networks.

    Args:
        workshop: The project.
        members: Trained networks with their encodings.
        temperature: What the logits of the averaged prediction are divided by. Defaults to 1.

    Returns:
        rows, the largest difference in units of the target's scale or of the mean prediction where that is larger,
        whether it is small enough, and the temperature: 1 where the project's `export_model` knows of none.

    Raises:
        ProjectError: It is not.
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
        facts = _compare(workshop, members, loaded, temperature)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, project.model_path)
        sync_folder(project.folder)
    finally:
        beside.unlink(missing_ok=True)
    return {**facts, "temperature": temperature}


def _probe(workshop: Workshop, request: Mapping[str, Any], watcher: Watcher) -> list[Summary]:
    """Train several seeds where validation rows are held out, or take up what was trained before."""
    count, begin = int(request.get("seeds") or 3), time.monotonic()
    done: list[Summary] = list(request.get("done") or [])
    probes: list[Summary] = []
    for i in range(1, count + 1):
        experiment = _probe_of(request, i, count)
        known = next((s for s in done if _same(workshop, s, experiment)), None)
        if known is None and _no_time_for(i, begin, watcher):
            break
        if known is None:
            numbers = [search.number(s["run"]) for s in (*done, *probes)]
            experiment = experiment.changed(run=f"{STAGE}-{max(numbers, default=0) + 1:03d}")
            known = trials.run(workshop, experiment, watcher)
            watcher.emit("trial", **known)
        probes.append(known)
    usable = [probe for probe in probes if probe.get("best_epochs")]
    if not usable:
        raise ProjectError(
            "The chosen model could not be trained again.",
            received=str(probes[-1]["message"]),
            fix="look at its hyperparameters: a lower learning rate keeps the loss finite",
        )
    return usable


def _no_time_for(number: int, begin: float, watcher: Watcher) -> bool:
    """Say whether training number 2 or later would end after the deadline, if it took as long as those before."""
    now = time.monotonic()
    return number > 1 and now + (now - begin) / (number - 1) > watcher.deadline


def _probe_of(request: Mapping[str, Any], i: int, count: int) -> Experiment:
    training = request["training"]
    return Experiment(
        run="",
        stage=STAGE,
        hyperparameters=dict(request["hyperparameters"]),
        epochs=int(training["epochs"]),
        batch_size=int(training["batch_size"]),
        seed=derive(training["seed"], "probe", i),
        patience=request.get("patience"),
        trials=count,
    )


def _same(workshop: Workshop, summary: Mapping[str, Any], experiment: Experiment) -> bool:
    """Say whether a finished probe is this experiment with the present code."""
    values, scheme = summary["hyperparameters"], workshop.project.settings.split.scheme
    given = experiment.hyperparameters
    return (
        summary["training"] == experiment.training
        and summary.get("patience") == experiment.patience
        and summary.get("code") == workshop.project.code_hashes()
        and summary.get("scheme", scheme) == scheme
        and all(values[name] == given[name] for name in values.keys() & given.keys())
        and summary.get("best_epochs") is not None
    )


def _retrained(
    workshop: Workshop, request: Mapping[str, Any], watcher: Watcher, epochs: int
) -> tuple[list[Member], list[float]]:
    """Train on training and validation rows together, once per seed."""
    encoding, part = workshop.production
    count = int(request.get("seeds") or 3) if request.get("average", True) else 1
    workers = min(int(request.get("workers") or 1), count)
    if workers > 1 and not request.get("polish"):
        seeds = [_seed(request, i) for i in range(1, count + 1)]
        made = networks.side_by_side(workshop, request, watcher, epochs, seeds, workers)
        return [(network, encoding) for network, _ in made], [loss for _, loss in made]
    members: list[Member] = []
    losses: list[float] = []
    begin = time.monotonic()
    for i in range(1, count + 1):
        if _no_time_for(i, begin, watcher):
            break
        order = networks.Order(epochs, _seed(request, i), i, count)
        network, run = _member(workshop, request, watcher, encoding, part, order)
        members.append((network, encoding))
        losses.append(run.history[-1]["train_loss"])
    return members, losses


def _seed(request: Mapping[str, Any], number: int) -> int:
    return derive(request["training"]["seed"], "production", number)


def _folds(
    workshop: Workshop, request: Mapping[str, Any], watcher: Watcher, probe: Summary
) -> tuple[list[Member], list[float]]:
    """Train the networks of a probe's folds again, each for its own best epoch, with the encoding of its fold.

    The seeds are those of the probe, so that nothing has to be looked up in the validation rows again.
    """
    folds = workshop.folds()
    members: list[Member] = []
    losses: list[float] = []
    begin = time.monotonic()
    for i, (fold, best) in enumerate(zip(folds, probe["best_epochs"], strict=True), start=1):
        if _no_time_for(i, begin, watcher):
            break
        seed = derive(probe["training"]["seed"], "fit", fold.number)
        order = networks.Order(int(best) + 1, seed, i, len(folds))
        network, run = _member(workshop, request, watcher, fold.encoding, fold.train, order)
        members.append((network, fold.encoding))
        losses.append(run.history[-1]["train_loss"])
    return members, losses


def _member(
    workshop: Workshop,
    request: Mapping[str, Any],
    watcher: Watcher,
    encoding: Any,
    part: Part,
    order: networks.Order,
) -> tuple[Any, trainer.Run]:
    """Train one network of the production model, and polish it where the polish was found to help."""
    network, run = networks.train(workshop, request, watcher, encoding, part, order)
    if request.get("polish"):
        network = polish.descend(network, (part.x, part.y), float(request["polish"]), seed=order.seed)
    return network, run


def _compare(workshop: Workshop, members: Sequence[Member], loaded: Any, temperature: float) -> dict[str, Any]:
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
    return {"rows": len(rows.rows), "largest": largest, "passed": True}


def _predict(network: Any, encoding: Any, part: Part) -> NDArray[np.floating]:
    return encoding.decode(keras.ops.convert_to_numpy(network(part.x, training=False)))


def _guard(losses: Sequence[float], probes: Sequence[float]) -> list[Found]:
    """Say when the final networks learned much less than the probes did."""
    if max(losses) <= LOSS_GUARD * max(probes) or max(probes) <= 0:
        return []
    return [found("MW608", "production", "model.keras", final=max(losses), trials=max(probes))]
