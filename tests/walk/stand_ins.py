"""A worker that trains nothing and a person who says little: a whole walk in a second, with the curves one wants."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import logit

from modelwizard import words
from modelwizard.contract import wire
from modelwizard.contract.events import OnEvent, TrialEnded
from modelwizard.contract.jobs import (
    AnyJob,
    Check,
    Final,
    Inspect,
    Job,
    Polish,
    Prepare,
    Probe,
    References,
    Sanity,
    Search,
    Test,
    Train,
)
from modelwizard.contract.messages import Text
from modelwizard.contract.results import (
    Checked,
    Dimension,
    Equality,
    Finding,
    Fitted,
    Gain,
    Inspection,
    Nothing,
    Polished,
    Probed,
    Produced,
    Reference,
    Sane,
    Searched,
)
from modelwizard.contract.trials import Experiment, Summary
from modelwizard.errors import WorkerError
from modelwizard.files import file_sha256, write_bytes, write_folder
from modelwizard.project import Project
from modelwizard.reporter import Judgement, Watch


def _range(name: str, default: float, least: float, most: float, step: float, *, log: bool = False) -> Dimension:
    sampling = "log" if log else "linear"
    return Dimension(
        name=name,
        default=default,
        min=least,
        max=most,
        step=step,
        sampling=sampling,
        regulariser=name == "dropout",
    )


SPACE = [
    _range("layers", 2, 1, 6, 1),
    _range("units", 64, 16, 1024, 2, log=True),
    _range("dropout", 0.2, 0.0, 0.6, 0.1),
    Dimension(name="weight_decay", default=1e-2, values=[0.0, 1e-3, 1e-2, 3e-2], regulariser=True),
]


class Person:
    """Keeps what it is told; answers every question alike.

    Args:
        answer: What it says when it is asked. Defaults to yes.
    """

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.heard: list[str] = []
        self.judged: list[Judgement] = []

    def stage(self, name: str, explanation: Sequence[Text] = ()) -> None:
        self.heard += [name, *(words.say(line) for line in explanation)]

    def say(self, text: Text) -> None:
        self.heard.append(words.say(text))

    note = warn = say

    def table(self, title: Text, columns: Sequence[Text], rows: Sequence[Sequence[Text]], *, note: Text = "") -> None:
        self.heard += [words.say(cell) for line in ([title, note], columns, *rows) for cell in line]

    @contextmanager
    def watch(self, watch: Watch) -> Generator[OnEvent]:
        yield lambda event: self.heard.append(type(event).__name__)

    @contextmanager
    def waiting(self, text: Text) -> Generator[None]:
        yield

    def judge(self, judgement: Judgement) -> None:
        self.heard += [words.say(told) for told in (judgement.headline, *judgement.reasons, *judgement.advice)]
        self.judged.append(judgement)

    def confirm(self, text: Text, *, why: Text = "", default: bool = True, flag: str = "--yes") -> bool:
        self.heard += [words.say(text), words.say(why)]
        return self.answer


class Worker:
    """Speaks the worker's jobs for a binary project; how good a network gets is a formula.

    Args:
        skill: How far predictions follow the truth, 0 being not at all.
        rise: How much confidence the last epochs add beyond what is true: the validation loss turns upward.
        dies_in: Name of a run in which the process dies.
        test_skill: The same on test rows. Defaults to that of the validation rows.
        polish_t: Paired t of the last polish.
    """

    def __init__(
        self,
        skill: float = 2.0,
        rise: float = 14.0,
        dies_in: str = "",
        test_skill: float | None = None,
        polish_t: float = 0.0,
    ) -> None:
        self.skill, self.rise, self.dies_in = skill, rise, dies_in
        self.test_skill = skill if test_skill is None else test_skill
        self.polish_t = polish_t
        self.project: Path | None = None
        self.jobs: list[Job[Any]] = []
        self.trained: list[str] = []
        self.findings: list[Finding] = []
        self.warm = False

    def start(self) -> None:
        """Nothing to warm up."""

    def ready(self) -> dict[str, str]:
        """Be there at once."""
        return {}

    def close(self) -> None:
        """Nothing to end."""

    def run(self, job: Job[Any], on_event: OnEvent | None = None) -> Any:
        """Answer a job, over the wire both ways."""
        self.jobs.append(job)
        there: Job[Any] = wire.decode(wire.encode(job), AnyJob)
        answer: Callable[..., Any] = getattr(self, f"_{type(job).__name__.lower()}")
        made = answer(Project.open(self.project or "."), there, on_event or (lambda _: None))
        return wire.decode(wire.encode(made), job.answer())

    def _judging(self, project: Project) -> tuple[np.ndarray, np.ndarray]:
        kfold = project.settings.split.scheme == "kfold"
        return self._truth(project, "validation", *(["train"] if kfold else []))

    def _truth(self, project: Project, *parts: str) -> tuple[np.ndarray, np.ndarray]:
        rows = np.flatnonzero(np.isin(project.parts(), parts))
        return rows, (np.random.default_rng(1).random((len(project.parts()), 1)) < 0.4)[rows].astype(float)

    def _prepare(self, project: Project, job: Prepare, on_event: OnEvent) -> Nothing:
        return Nothing()

    def _inspect(self, project: Project, job: Inspect, on_event: OnEvent) -> Inspection:
        return Inspection(SPACE, project.counts(), project.code_hashes())

    def _check(self, project: Project, job: Check, on_event: OnEvent) -> Checked:
        return Checked(self.findings)

    def _references(self, project: Project, job: References, on_event: OnEvent) -> Fitted:
        rows, y = self._judging(project)
        p = np.stack([np.full_like(y, 0.4), np.clip(0.4 + 0.1 * (y - 0.4), 0, 1)])
        write_bytes(project.runs / "references.npz", packed(rows=rows, names=np.array(["dumb", "linear"]), p=p))
        every, truth = self._truth(project, "train", "validation")
        write_bytes(project.runs / "targets.npz", packed(rows=every, y=truth))
        return Fitted([Reference("dumb", 0.5, 0.1), Reference("linear", 0.7, 0.1)])

    def _sanity(self, project: Project, job: Sanity, on_event: OnEvent) -> Sane:
        return Sane(looks=2)

    def _train(self, project: Project, job: Train, on_event: OnEvent) -> Summary:
        return self._trial(project, job.experiment)

    def _trial(self, project: Project, asked: Experiment) -> Summary:
        run, epochs = asked.run, asked.epochs
        if run == self.dies_in:
            raise WorkerError("The worker was killed, most likely because the computer ran out of memory.")
        self.trained.append(run)
        rows, y = self._judging(project)
        seed = int(run[-3:]) if asked.stage == "finalize" else len(run)  # probes differ in their seed
        rng = np.random.default_rng(seed)
        hints = self.skill * (y - 0.5) + rng.normal(size=y.shape)
        grow = 1 - np.exp(-np.arange(1, epochs + 1) / 4)
        confident = 1 + self.rise * np.maximum(0, np.arange(epochs) - epochs / 2) / epochs
        outputs = (logit(0.4) + hints[None] * (grow * confident)[:, None, None]).astype(np.float16)
        train = 0.65 * np.exp(-np.arange(epochs) / 10) * 0.99 + 0.05
        p = 1 / (1 + np.exp(-outputs.astype(float)[..., 0]))
        val = -np.where(y[:, 0] > 0, np.log(p), np.log(1 - p)).mean(axis=1)
        history = io.StringIO()
        table = csv.writer(history)
        table.writerow(["epoch", "loss", "train_loss", "val_loss"])
        table.writerows([e, t, t, v] for e, (t, v) in enumerate(zip(train, val, strict=True)))
        best = int(val.argmin())
        summary = asked.summary(
            epochs_run=epochs,
            best_epoch=best,
            best_epochs=(best,),
            train_loss=float(train[best]),
            val_loss=float(val[best]),
            score=0.5 + 0.1 * self.skill,
            parameters=100 * int(asked.hyperparameters.get("units", 32)),
            seconds=0.01,
            looks=epochs,
            predictions=f"runs/{run}/predictions.npz",
            code=project.code_hashes(),
            scheme=project.settings.split.scheme,
        )
        arrays = packed(
            outputs=outputs,
            epochs=np.arange(epochs),
            rows=rows,
            fold=(np.arange(len(rows)) % max(1, project.settings.split.folds)).astype(np.int16),
            offset=np.zeros(1),
            scale=np.ones(1),
        )
        files = {
            "history.csv": history.getvalue().encode(),
            "predictions.npz": arrays,
            "settings.json": wire.encode({"summary": summary}),
        }
        write_folder(project.run_folder(run), files)
        return summary

    def _search(self, project: Project, job: Search, on_event: OnEvent) -> Searched:
        done = {entry.run for entry in job.done}
        for index in range(1, job.trials + 1):
            run = f"{job.stage}-{index:03d}"
            if run not in done:
                values = {"layers": 1, "units": 32, "dropout": 0.05 * index}
                asked = Experiment(
                    run=run,
                    stage=job.stage,
                    hyperparameters=values,
                    epochs=job.epochs,
                    batch_size=job.batch_size,
                    seed=index,
                    patience=job.patience,
                )
                on_event(TrialEnded(summary=self._trial(project, asked)))
        return Searched("trials")

    def _probe(self, project: Project, job: Probe, on_event: OnEvent) -> Probed:
        known = [entry.run for entry in job.done]
        names = [f"finalize-{i:03d}" for i in range(1, job.seeds + 1)]
        for name in names:
            if name not in known:
                asked = Experiment(
                    run=name,
                    stage="finalize",
                    hyperparameters=job.hyperparameters,
                    epochs=job.training.epochs,
                    batch_size=job.training.batch_size,
                    seed=job.training.seed,
                    patience=job.patience,
                )
                on_event(TrialEnded(summary=self._trial(project, asked)))
        return Probed(names, 12)

    def _polish(self, project: Project, job: Polish, on_event: OnEvent) -> Polished:
        t = self.polish_t
        return Polished(kept=t >= 1, learning_rate=1e-4, gain=0.004, t=t, control=Gain(0.004, t), looks=6)

    def _final(self, project: Project, job: Final, on_event: OnEvent) -> Produced:
        write_bytes(project.model_path, b"a model")
        return Produced(
            model="model.keras",
            sha256=file_sha256(project.model_path),
            epochs=12,
            wanted_epochs=12,
            training=job.training,
            best_epochs=[11],
            members=3,
            parameters=3200,
            equality=Equality(100, 1e-7),
            seconds=1.0,
        )

    def _test(self, project: Project, job: Test, on_event: OnEvent) -> Nothing:
        rows, y = self._truth(project, "test")
        p = 1 / (
            1 + np.exp(-(logit(0.4) + self.test_skill * (y - 0.5) + np.random.default_rng(9).normal(size=y.shape)))
        )
        write_bytes(
            project.test_path,
            packed(rows=rows, y=y, p=p, dumb=np.full_like(y, 0.4), model=np.array(file_sha256(project.model_path))),
        )
        return Nothing()


def packed(**arrays: np.ndarray) -> bytes:
    """Return arrays as the bytes of an .npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # pyright: ignore[reportArgumentType]
    return stream.getvalue()
