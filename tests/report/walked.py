"""Projects as a walk leaves them, made without training: drawn predictions, judged by the real stages."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modelwizard.contract.entries import Created, Exported, Look, Opened, Sealed, Trial, Verdict
from modelwizard.contract.results import Equality
from modelwizard.contract.trials import Training
from modelwizard.contract.wire import encode
from modelwizard.evidence import scores
from modelwizard.evidence.losses import row_loss
from modelwizard.evidence.predictions import Stored, pack, unpack
from modelwizard.journal import Journal
from modelwizard.problems import PROBLEMS
from modelwizard.project import STAGES, Project
from modelwizard.stages import accounting, baseline, finalize, influence, ladder, overfit, regularize
from modelwizard.stages.inputs import Run, Validation

OUTPUTS = {"multiclass": 3, "multilabel": 2, "vector": 2, "ordinal": 2}
EPOCHS = 18
EXPORTED = Exported(
    stage="finalize",
    model="model.keras",
    sha256="ab" * 32,
    epochs=7,
    wanted_epochs=7,
    training=Training(7, 32, 1),
    best_epochs=[6, 7, 9],
    members=3,
    parameters=1600,
    equality=Equality(256, 1.2e-7),
    seconds=12.0,
)


@dataclass
class Walked:
    """A project in the making: `upto` writes the stages up to one into it."""

    folder: Path
    folds: int = 1
    seed: int = 0
    trials: int = 5

    def __post_init__(self) -> None:
        self.project = Project.open(self.folder)
        self.journal = Journal(self.project.journal_path)
        self.task = self.project.settings.problem
        self.rng = np.random.default_rng(self.seed)
        counts = self.project.counts()
        self.rows = np.flatnonzero(self.project.parts() != "test")
        judged = self.rows if self.folds > 1 else np.flatnonzero(self.project.parts() == "validation")
        self.judged = np.asarray(judged)
        self.signal = self.rng.normal(size=(sum(counts.values()), OUTPUTS.get(self.task.type, 1)))
        self.y = self._truth()
        self.row = PROBLEMS[self.task.type]
        known = np.asarray(self.y[self.rows])
        scaled = self.task.type in ("regression", "vector", "positive")
        self.offset = known.mean(axis=0) * (self.task.type != "positive") if scaled else np.zeros(self.width)
        self.scale = (known.mean(axis=0) if self.task.type == "positive" else known.std(axis=0)) if scaled else None
        self.validation = Validation(
            self.task.type, self.task.loss, self.task.metric, self.y[self.judged], rows=self.judged, scale=self.scale,
            folds=self.folds,
        )  # fmt: skip
        self.dumb = PROBLEMS[self.task.type].constant(self.task.loss, known)
        self.runs: dict[str, Run] = {}

    @property
    def width(self) -> int:
        return OUTPUTS.get(self.task.type, 1)

    def _truth(self) -> Any:
        noisy = 1.2 * self.signal + 0.8 * self.rng.normal(size=self.signal.shape)
        match self.task.type:
            case "binary" | "multilabel":
                return (noisy > 0).astype(float)
            case "multiclass":
                return noisy.argmax(axis=1)
            case "ordinal":
                return (noisy[:, :1] > [-0.7, 0.7]).astype(float)
            case "bounded":
                return 1 / (1 + np.exp(-noisy))
            case "positive":
                return 40 * np.exp(0.5 * noisy)
            case "count":
                return self.rng.poisson(np.exp(0.5 * noisy + 1)).astype(float)
            case _:
                return 1000 + 200 * noisy

    def predict(self, strength: float, noise: float, rows: Any) -> Any:
        """Return canonical predictions that follow the signal with some strength, and some noise of their own."""
        s = strength * self.signal[rows] + noise * self.rng.normal(size=self.signal[rows].shape)
        match self.task.type:
            case "binary" | "multilabel" | "bounded":
                return 1 / (1 + np.exp(-1.5 * s))
            case "ordinal":
                return 1 / (1 + np.exp(-1.5 * (s[:, :1] - [-0.7, 0.7])))
            case "multiclass":
                e = np.exp(1.5 * s)
                return e / e.sum(axis=1, keepdims=True)
            case "positive":
                return 40 * np.exp(0.5 * s)
            case "count":
                return np.exp(0.5 * s + 1)
            case _:
                return 1000 + 200 * s

    def upto(self, stage: str | None) -> Path:
        """Write the walk up to a stage and return the project's folder."""
        self.journal.append(Created(project=self.project.settings.name, code=self.project.code_hashes()))
        for name in STAGES[: STAGES.index(stage) + 1] if stage else ():
            verdict = getattr(self, name)()
            self.journal.append(Verdict(**verdict.record()))
        return self.folder

    def trial(
        self,
        stage: str,
        number: int,
        values: Mapping[str, Any],
        *,
        over: float = 0.0,
        strength: float = 1.0,
        **more: Any,
    ) -> Run:
        """Write the folder of a run and its line in the journal, and return it for the judge.

        Args:
            stage: The stage.
            number: Number of the run within its stage.
            values: Its hyperparameters.
            over: How far predictions drift from the truth after the best epoch.
            strength: How well it follows the signal at its best.
            **more: Other fields of the journal's line.
        """
        run = f"{stage}-{number:02d}"
        reach = np.minimum(np.arange(1, EPOCHS + 1) / 6, 1.0)
        drift = np.maximum(np.arange(EPOCHS) - 6, 0) / EPOCHS
        p = np.stack([
            self.predict(strength * r * (1 + 2 * over * d), 0.2 + 4 * over * d, self.judged)
            for r, d in zip(reach, drift, strict=True)
        ])  # fmt: skip
        scale = np.ones(self.width) if self.scale is None else self.scale
        outputs = pack(p, self.row.activation, self.offset, scale)
        canonical = unpack(outputs, self.row.activation, self.offset, scale)
        losses = np.array([row_loss(self.task.type, self.task.loss, self.validation.y, q, self.scale).mean()
                           for q in canonical])  # fmt: skip
        held = [scores.score(self.task.type, self.task.metric, self.validation.y, q) for q in canonical]
        start = losses[0]
        train = start - (start - self.validation.floor()) * (1 - np.exp(-np.arange(EPOCHS) / (9 - 6 * over)))
        best = int(losses.argmin())
        history = [
            {"epoch": e, "loss": train[e] * 1.1, "train_loss": train[e], "val_loss": losses[e], "seconds": 0.1,
             f"train_{self.task.metric}": held[e], f"val_{self.task.metric}": held[e]}
            for e in range(EPOCHS)
        ]  # fmt: skip
        trial = Trial(
            run=run, stage=stage, hyperparameters=dict(values), training=Training(EPOCHS, 32, 1), epochs_run=EPOCHS,
            best_epoch=best, loss=history[best]["loss"], train_loss=train[best], val_loss=losses[best],
            score=held[best], parameters=100 * int(values.get("units", 8)), seconds=1.5, looks=EPOCHS,
            predictions=f"runs/{run}/predictions.npz", **more,
        )  # fmt: skip
        folder = self.project.run_folder(run)
        folder.mkdir(parents=True)
        (folder / "settings.json").write_bytes(encode({"summary": trial}))
        with (folder / "history.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(history[0]))
            writer.writeheader()
            writer.writerows(history)
        arrays = {"outputs": outputs, "rows": self.judged, "offset": self.offset, "scale": scale}
        fold = np.arange(len(self.judged)) % self.folds
        np.savez(folder / "predictions.npz", fold=fold, epochs=np.arange(EPOCHS), **arrays)
        self.journal.append(trial)
        stored = Stored(outputs, self.row.activation, self.offset, scale)
        self.runs[run] = Run(run, values, stored, train, parameters=trial.parameters or 0, epochs=EPOCHS, seconds=1.5)
        return self.runs[run]

    def baseline(self) -> Any:
        dumb = self.validation.constant(self.dumb)
        others = {
            "linear": self.predict(0.9, 0.1, self.judged),
            "trees": self.predict(1.2, 0.05, self.judged),
        }
        np.savez(self.project.runs / "targets.npz", rows=self.rows, y=self.y[self.rows])
        p = np.stack([dumb, *others.values()])
        np.savez(self.project.runs / "references.npz", rows=self.judged, names=["dumb", "linear", "trees"], p=p)
        self.journal.append(Look(stage="baseline", purpose="references", looks=2))
        run = self.trial("baseline", 1, {"layers": 1, "units": 16, "dropout": 0.0})
        return baseline.judge(self.validation, [run], dumb, others)

    def overfit(self) -> Any:
        base = float(self.validation.losses(self.validation.constant(self.dumb)).mean())
        rungs = [(1, 16, 0.0), (1, 32, 0.1), (2, 64, 0.5)]
        runs = [
            self.trial("overfit", i, {"layers": layers, "units": units, "dropout": 0.0}, over=over)
            for i, (layers, units, over) in enumerate(rungs, start=1)
        ]
        return overfit.judge(self.validation, runs, base, ladder.Stop("proven", "the border was crossed"))

    def regularize(self) -> Any:
        runs = []
        for i in range(1, self.trials + 1):
            values = {"layers": 1 + i % 2, "units": 2 ** (3 + i % 4), "dropout": i % 5 / 10, "l2": [0.0, 1e-4][i % 2],
                      "learning_rate": 10 ** -(2 + i / 4)}  # fmt: skip
            runs.append(self.trial("regularize", i, values, over=0.1, strength=1 + 0.05 * (i % 5)))
        name = f"regularize-{self.trials + 1:02d}"
        message = "The loss is NaN or infinite."
        self.journal.append(
            Trial(run=name, stage="regularize", hyperparameters={"units": 8}, training=Training(EPOCHS, 32, 1),
                  status="nan", message=message, epochs_run=1, looks=1)
        )  # fmt: skip
        ranges = {"dropout": influence.Range(0, 0.5), "learning_rate": influence.Range(1e-4, 1e-2, log=True)}
        return regularize.judge(self.validation, runs, self.runs["overfit-03"], ranges, baseline_score=0.6)

    def finalize(self) -> Any:
        self.trial("finalize", 1, {"layers": 1, "units": 16, "dropout": 0.2})
        self.journal.append(EXPORTED)
        found = accounting.correct(
            self.validation, [run for name, run in self.runs.items() if name.startswith("regularize")]
        )
        rows = np.flatnonzero(self.project.parts() == "test")
        reference = self.validation.score(self.validation.constant(self.dumb))
        expected = finalize.expect(self.task.metric, found.corrected, found.se, reference, found.units, len(rows))
        self.journal.append(Sealed(stage="finalize", model_sha256="ab" * 32, **expected.record()))
        self.journal.append(Opened(stage="finalize"))
        test = Validation(self.task.type, self.task.loss, self.task.metric, self.y[rows], rows=rows)
        p, dumb = self.predict(1.0, 0.2, rows), test.constant(self.dumb)
        np.savez(self.project.test_path, rows=rows, y=self.y[rows], p=p, dumb=dumb, model="ab" * 32)
        return finalize.judge(expected, test, p, self.dumb)
