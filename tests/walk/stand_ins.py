"""A worker that trains nothing and a person who says little: a whole walk in a second, with the curves one wants."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import logit

from modelwizard import words
from modelwizard.contract.messages import Text
from modelwizard.errors import WorkerError
from modelwizard.files import file_sha256, write_bytes, write_folder
from modelwizard.project import Project
from modelwizard.reporter import Judgement, OnEvent, Watch


def _range(name: str, default: float, least: float, most: float, step: float, *, log: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "default": default,
        "min": least,
        "max": most,
        "step": step,
        "values": None,
        "sampling": "log" if log else "linear",
        "regulariser": name == "dropout",
    }


SPACE = [
    _range("layers", 2, 1, 6, 1),
    _range("units", 64, 16, 1024, 2, log=True),
    _range("dropout", 0.2, 0.0, 0.6, 0.1),
    {**_range("weight_decay", 1e-2, 0, 0, 0), "values": [0.0, 1e-3, 1e-2, 3e-2], "regulariser": True},
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
        yield lambda event: self.heard.append(str(event["event"]))

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
        self.jobs: list[Mapping[str, Any]] = []
        self.trained: list[str] = []
        self.findings: list[dict[str, str]] = []

    def start(self) -> None:
        """Nothing to warm up."""

    def ready(self) -> dict[str, str]:
        """Be there at once."""
        return {}

    def close(self) -> None:
        """Nothing to end."""

    def run(self, job: Mapping[str, Any], on_event: OnEvent | None = None) -> dict[str, Any]:
        self.jobs.append(job)
        answer: Callable[..., dict[str, Any]] = getattr(self, f"_{job['job']}")
        return answer(Project.open(self.project or "."), job, on_event or (lambda _: None))

    def _judging(self, project: Project) -> tuple[np.ndarray, np.ndarray]:
        kfold = project.settings.split.scheme == "kfold"
        return self._truth(project, "validation", *(["train"] if kfold else []))

    def _truth(self, project: Project, *parts: str) -> tuple[np.ndarray, np.ndarray]:
        rows = np.flatnonzero(np.isin(project.parts(), parts))
        return rows, (np.random.default_rng(1).random((len(project.parts()), 1)) < 0.4)[rows].astype(float)

    def _prepare(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        return {}

    def _inspect(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        return {"space": SPACE, "rows": project.counts(), "code": project.code_hashes()}

    def _check(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        return {"findings": self.findings, "passed": [], "skipped": []}

    def _references(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        rows, y = self._judging(project)
        p = np.stack([np.full_like(y, 0.4), np.clip(0.4 + 0.1 * (y - 0.4), 0, 1)])
        write_bytes(project.runs / "references.npz", packed(rows=rows, names=np.array(["dumb", "linear"]), p=p))
        every, truth = self._truth(project, "train", "validation")
        write_bytes(project.runs / "targets.npz", packed(rows=every, y=truth))
        scores = {"dumb": 0.5, "linear": 0.7}
        return {
            "references": [{"name": n, "title": n, "score": s, "loss": 0.6, "seconds": 0.1} for n, s in scores.items()]
        }

    def _sanity(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        return {"looks": 2}

    def _train(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        if job["run"] == self.dies_in:
            raise WorkerError("The worker was killed, most likely because the computer ran out of memory.")
        self.trained.append(job["run"])
        rows, y = self._judging(project)
        epochs = job["training"]["epochs"]
        seed = int(job["run"][-3:]) if job["stage"] == "finalize" else len(job["run"])  # probes differ in their seed
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
        summary = {
            "run": job["run"],
            "stage": job["stage"],
            "hyperparameters": dict(job["hyperparameters"]),
            "training": dict(job["training"]),
            "status": "completed",
            "message": None,
            "epochs_run": epochs,
            "best_epoch": best,
            "best_epochs": [best],
            "train_loss": float(train[best]),
            "val_loss": float(val[best]),
            "score": 0.5 + 0.1 * self.skill,
            "parameters": 100 * int(job["hyperparameters"].get("units", 32)),
            "seconds": 0.01,
            "looks": epochs,
            "predictions": f"runs/{job['run']}/predictions.npz",
            "code": project.code_hashes(),
        }
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
            "settings.json": b'{"summary": {}}',
        }
        write_folder(project.run_folder(job["run"]), files)
        return summary

    def _search(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        done = {entry["run"] for entry in job["done"]}
        for index in range(1, job["trials"] + 1):
            run = f"regularize-{index:03d}"
            if run not in done:
                values = {"layers": 1, "units": 32, "dropout": 0.05 * index}
                one = {**job, "run": run, "hyperparameters": values, "training": {**job["training"], "seed": index}}
                on_event({"event": "trial", **self._train(project, one, on_event)})
        return {"finished": job["trials"], "new": job["trials"] - len(done), "stopped": "trials"}

    def _probe(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        known = [entry["run"] for entry in job["done"]]
        names = [f"finalize-{i:03d}" for i in range(1, job["seeds"] + 1)]
        for name in names:
            if name not in known:
                one = {**job, "run": name, "stage": "finalize"}
                on_event({"event": "trial", **self._train(project, one, on_event)})
        return {"runs": names, "best_epochs": [11] * len(names), "epochs": 12}

    def _polish(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        arm = {"gain": 0.004, "t": self.polish_t}
        return {"kept": self.polish_t >= 1, "learning_rate": 1e-4, **arm, "control": arm, "looks": 6, "seconds": 1.0}

    def _final(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        write_bytes(project.model_path, b"a model")
        return {
            "model": "model.keras",
            "sha256": file_sha256(project.model_path),
            "epochs": 12,
            "wanted_epochs": 12,
            "training": job["training"],
            "members": 3,
            "parameters": 3200,
            "temperature": job["temperature"],
            "equality": {"rows": 100, "largest": 1e-7},
        }

    def _test(self, project: Project, job: Any, on_event: OnEvent) -> dict[str, Any]:
        rows, y = self._truth(project, "test")
        p = 1 / (
            1 + np.exp(-(logit(0.4) + self.test_skill * (y - 0.5) + np.random.default_rng(9).normal(size=y.shape)))
        )
        write_bytes(
            project.test_path,
            packed(rows=rows, y=y, p=p, dumb=np.full_like(y, 0.4), model=np.array(file_sha256(project.model_path))),
        )
        return {"rows": len(rows)}


def packed(**arrays: np.ndarray) -> bytes:
    """Return arrays as the bytes of an .npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # pyright: ignore[reportArgumentType]
    return stream.getvalue()
