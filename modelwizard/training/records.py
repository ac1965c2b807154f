"""What a run leaves on disk: frozen settings, curves, and validation predictions of every epoch."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.messages import Message
from modelwizard.contract.trials import Experiment, Summary
from modelwizard.contract.wire import plain
from modelwizard.engine import trainer
from modelwizard.errors import ProjectError
from modelwizard.evidence.predictions import kept_epochs, pack
from modelwizard.evidence.scores import score as metric_score
from modelwizard.files import read_json, write_folder
from modelwizard.project import Project
from modelwizard.training.workshop import Fold, Workshop, relative

Floats = NDArray[np.floating]


@dataclass
class Fitted:
    """One fold after training.

    Args:
        fold: The fold.
        model: The network with its best weights.
        truth: Canonical targets of the rows it was trained on.
        run: Curves and outputs, as the engine recorded them.
        scores: Validation score at each epoch's end.
        hyperparameters: All values the model was built with.
        parameters: Number of weights.
    """

    fold: Fold
    model: Any
    truth: NDArray[Any]
    run: trainer.Run
    scores: list[float]
    hyperparameters: dict[str, Any]
    parameters: int


def fingerprint(workshop: Workshop, experiment: Experiment) -> dict[str, Any]:
    """Return all that decides what a run becomes: two runs of one fingerprint are the same run."""
    settings = workshop.project.settings
    return plain(
        {
            "experiment": experiment,
            "code": workshop.stamp,
            "data": settings.data.sha256,
            "split": settings.split.sha256,
            "metric": settings.problem.metric,
        }
    )


def adopt(workshop: Workshop, experiment: Experiment) -> Summary | None:
    """Return the summary of a finished run of this very experiment, or None."""
    folder = workshop.project.run_folder(experiment.run)
    if not (folder / "settings.json").is_file():
        return None
    try:
        stored = read_json(folder / "settings.json")
        summary = msgspec.convert(stored["summary"], Summary)
    except (ProjectError, msgspec.ValidationError):
        return None
    same = stored.get("fingerprint") == fingerprint(workshop, experiment)
    return summary if same and summary.status in ("completed", "nan") else None


def write(workshop: Workshop, experiment: Experiment, fits: Sequence[Fitted], folds: int, seconds: float) -> Summary:
    """Write the folder of a run, whole or not at all.

    Args:
        workshop: The project.
        experiment: What was trained.
        fits: The folds that were trained, in order.
        folds: How many folds there should be.
        seconds: How long it took.

    Returns:
        The run's summary.
    """
    epochs = max(fit.run.epochs_run for fit in fits)
    status = next((fit.run.status for fit in fits if fit.run.status != "completed"), "completed")
    whole = len(fits) == folds and epochs > 0 and all(fit.run.outputs is not None for fit in fits)
    if status == "nan" or not whole:
        message = "The loss is NaN or infinite." if status == "nan" else "Stopped before every fold was trained."
        summary = _summary(workshop, experiment, fits, seconds, status=status, message=message)
        return _store(workshop, experiment, summary, _history(workshop, fits, []))
    pooled = Pooled(workshop, fits, epochs)
    history = _history(workshop, fits, pooled.scores)
    losses = np.array([row["val_loss"] for row in history])
    if not np.isfinite(losses).any():
        message = "The validation loss is NaN or infinite at every epoch."
        summary = _summary(workshop, experiment, fits, seconds, status="nan", message=message)
        return _store(workshop, experiment, summary, history)
    best = int(np.nanargmin(losses))
    row = history[best]
    kept = kept_epochs(epochs, best, len(pooled.rows), workshop.outputs, experiment.trials)
    summary = _summary(
        workshop,
        experiment,
        fits,
        seconds,
        status=status,
        best_epoch=best,
        best_epochs=tuple(fit.run.best_epoch for fit in fits),
        loss=row["loss"],
        train_loss=row["train_loss"],
        val_loss=row["val_loss"],
        score=pooled.scores[best],
        predictions=relative(workshop.project, workshop.project.run_folder(experiment.run) / "predictions.npz"),
    )
    return _store(workshop, experiment, summary, history, pooled.arrays(kept))


def failed(workshop: Workshop, experiment: Experiment, message: str | Message, seconds: float) -> Summary:
    """Write the folder of a run that could not be trained, and return its summary."""
    summary = _summary(workshop, experiment, [], seconds, status="failed", message=message)
    return _store(workshop, experiment, summary, [])


class Pooled:
    """Validation predictions of all folds together, in the order of repeats and data rows.

    Args:
        workshop: The project.
        fits: Every fold after training.
        epochs: The most epochs that any of them ran; a fold that ended earlier stays as it was at its end.
    """

    def __init__(self, workshop: Workshop, fits: Sequence[Fitted], epochs: int) -> None:
        held = [fit.fold.validation for fit in fits]
        rows = np.concatenate([part.rows for part in held])
        fold = np.concatenate([np.full(len(part), fit.fold.number) for fit, part in zip(fits, held, strict=True)])
        repeat = np.concatenate([np.full(len(part), fit.fold.repeat) for fit, part in zip(fits, held, strict=True)])
        order = np.lexsort((rows, repeat))
        self.rows, self.fold = rows[order].astype(np.int32), fold[order].astype(np.int16)
        self._fits, self._order, self._workshop, self._epochs = fits, order, workshop, epochs
        self._truth = np.concatenate([part.truth for part in held])[order]
        # One pair of scales for storage, whatever each fold's encoding learned.
        self._offset = np.mean([np.ravel(fit.fold.encoding.target_offset) for fit in fits], axis=0)
        self._scale = np.mean([np.ravel(fit.fold.encoding.target_scale) for fit in fits], axis=0)
        task = workshop.project.settings.problem
        one = len(fits) == 1
        # With one fold the scores were computed while it trained.
        self.scores: list[float] = (
            list(fits[0].scores)
            if one
            else [metric_score(task.type, task.metric, self._truth, self.epoch(e)) for e in range(epochs)]
        )

    def epoch(self, epoch: int) -> Floats:
        """Return canonical predictions (n, k) after an epoch, counted from 0."""
        parts: list[Floats] = []
        for fit in self._fits:
            assert fit.run.outputs is not None
            parts.append(fit.fold.encoding.decode(fit.run.outputs[min(epoch, fit.run.epochs_run - 1)]))
        return np.concatenate(parts)[self._order]

    def arrays(self, kept: NDArray[np.integer]) -> dict[str, NDArray[Any]]:
        """Return what predictions.npz holds."""
        activation = self._workshop.problem.activation
        outputs = [pack(self.epoch(int(e)), activation, self._offset, self._scale) for e in kept]
        arrays = {"outputs": np.stack(outputs), "rows": self.rows, "fold": self.fold, "epochs": kept.astype(np.int32)}
        return {**arrays, "offset": self._offset, "scale": self._scale}


def _summary(
    workshop: Workshop, experiment: Experiment, fits: Sequence[Fitted], seconds: float, **known: Any
) -> Summary:
    """Return what is known of a run whatever its end, and what else is."""
    epochs = max((fit.run.epochs_run for fit in fits), default=0)
    return experiment.summary(
        hyperparameters=fits[0].hyperparameters if fits else experiment.hyperparameters,
        parameters=fits[0].parameters if fits else None,
        epochs_run=epochs,
        looks=epochs,
        seconds=round(seconds, 3),
        code=workshop.project.code_hashes(),
        scheme=workshop.project.settings.split.scheme,
        **known,
    )


def _history(workshop: Workshop, fits: Sequence[Fitted], scores: Sequence[float]) -> list[dict[str, float]]:
    """Return one row per epoch: losses as means over the folds weighted by their rows, scores of the pooled rows."""
    task = workshop.project.settings.problem
    train = [_train_scores(task.type, task.metric, fit) for fit in fits]
    rows: list[dict[str, float]] = []
    for epoch in range(max((fit.run.epochs_run for fit in fits), default=0)):
        at = [fit.run.history[min(epoch, fit.run.epochs_run - 1)] for fit in fits if fit.run.epochs_run]
        trained = [len(fit.fold.train) for fit in fits if fit.run.epochs_run]
        held = [len(fit.fold.validation) for fit in fits if fit.run.epochs_run]
        row: dict[str, float] = {"epoch": epoch}
        for name, weights in (("loss", trained), ("train_loss", trained), ("val_loss", held)):
            row[name] = float(np.average([r.get(name, math.nan) for r in at], weights=weights))
        row["seconds"] = float(sum(fit.run.history[epoch]["seconds"] for fit in fits if epoch < fit.run.epochs_run))
        row[f"train_{task.metric}"] = float(np.mean([s[min(epoch, len(s) - 1)] for s in train if s] or [math.nan]))
        row[f"val_{task.metric}"] = scores[epoch] if epoch < len(scores) else math.nan
        rows.append(row)
    return rows


def _train_scores(problem: str, metric: str, fit: Fitted) -> list[float]:
    """Return the metric on the engine's sample of training rows, after each epoch."""
    outputs, sample = fit.run.train_outputs, fit.run.sample
    if outputs is None or sample is None:
        return []
    # The sample is drawn from the rows that were trained on, which may be a share of the fold's.
    truth = fit.truth[sample]
    return [metric_score(problem, metric, truth, fit.fold.encoding.decode(p)) for p in outputs]


def _store(
    workshop: Workshop,
    experiment: Experiment,
    summary: Summary,
    history: Sequence[Mapping[str, float]],
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> Summary:
    settings = {"summary": summary, "fingerprint": fingerprint(workshop, experiment)}
    text = json.dumps(plain(settings), indent=1, ensure_ascii=False, allow_nan=False)
    files = {"settings.json": text.encode(), "history.csv": _csv(history)}
    if arrays:
        files["predictions.npz"] = packed(arrays)
    write_folder(workshop.project.run_folder(experiment.run), files)
    return summary


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of a compressed .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _csv(history: Sequence[Mapping[str, float]]) -> bytes:
    if not history:
        return b"epoch\n"
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows([{k: "" if isinstance(v, float) and math.isnan(v) else v for k, v in r.items()} for r in history])
    return buffer.getvalue().encode()


def attempts(project: Project, run: str) -> int:
    """Count an attempt at a run and return how many began; `forget` ends the count when the run ends by itself."""
    path = project.runs / f".attempts-{run}"
    count = int(path.read_text() or 0) + 1 if path.is_file() else 1
    path.parent.mkdir(exist_ok=True)
    path.write_text(str(count))
    return count


def forget(project: Project, run: str) -> None:
    """Forget the attempts at a run."""
    (project.runs / f".attempts-{run}").unlink(missing_ok=True)
