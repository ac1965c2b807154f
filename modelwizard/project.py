"""A project on disk: where its files are, what they say, and which stage is next."""

from __future__ import annotations

import csv
import math
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from modelwizard.contract.entries import Entry, Forced, Verdict
from modelwizard.contract.trials import Summary
from modelwizard.errors import DataError, ProjectError
from modelwizard.files import file_sha256, read_json
from modelwizard.settings import FILE, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STAGES = ("baseline", "overfit", "regularize", "finalize")
CODE = ("model.py", "data.py", "preprocessing.py")
MORE_CODE = ("reading.py", "blocks.py", "strings.py", "export.py")  # where a project has them
PARTS = ("train", "validation", "test", "unused")


@dataclass(frozen=True)
class RunData:
    """What one run left behind.

    Args:
        run: Name of the run.
        summary: Its summary, as the worker reported it.
        history: One mapping per epoch, in order.
        outputs: (epochs kept, n, k) floats as stored: `evidence.predictions.unpack` makes predictions of them.
        epochs: (epochs kept,) which epoch each of `outputs` belongs to, from 0.
        rows: (n,) positions in the data file.
        fold: (n,) number of the fold whose model predicted the row; 0 under hold-out.
        offset: (k,) added after `scale` to reach the target's own units.
        scale: (k,) see `offset`.
    """

    run: str
    summary: Summary
    history: tuple[Mapping[str, float], ...]
    outputs: NDArray[np.floating]
    epochs: NDArray[np.integer]
    rows: NDArray[np.integer]
    fold: NDArray[np.integer]
    offset: NDArray[np.floating]
    scale: NDArray[np.floating]


@dataclass(frozen=True)
class Targets:
    """True targets of the training and validation rows.

    Args:
        rows: (n,) positions in the data file, ascending.
        y: (n,) class numbers or (n, k) values in their own units.
        group: (n,) labels, equal for rows that are not independent of each other; None when all are. Defaults to None.
    """

    rows: NDArray[np.integer]
    y: NDArray[Any]
    group: NDArray[np.integer] | None = None


@dataclass(frozen=True)
class References:
    """Validation predictions of the references.

    Args:
        rows: (n,) positions in the data file.
        names: Names of the references: `dumb`, `linear`, `trees`.
        p: (names, n, k) predictions in canonical form.
    """

    rows: NDArray[np.integer]
    names: tuple[str, ...]
    p: NDArray[np.floating]


@dataclass(frozen=True)
class Tested:
    """Test rows after they were opened.

    Args:
        rows: (n,) positions in the data file.
        y: True targets.
        p: (n, k) predictions of the final model.
        dumb: (n, k) predictions of the baseline.
        model: SHA-256 of the model.keras that predicted.
        group: (n,) labels, equal for rows that are not independent of each other; None when all are. Defaults to None.
    """

    rows: NDArray[np.integer]
    y: NDArray[Any]
    p: NDArray[np.floating]
    dumb: NDArray[np.floating]
    model: str
    group: NDArray[np.integer] | None = None


@dataclass(frozen=True)
class Project:
    """One generated project.

    Args:
        folder: Its folder, absolute.
        settings: Its answers.
    """

    folder: Path
    settings: Settings

    @staticmethod
    def open(start: Path | str = ".") -> Project:
        """Find the project that a folder belongs to, looking upwards as git does.

        Raises:
            ProjectError: There is none, or its settings cannot be used.
        """
        here = Path(start).expanduser().resolve()
        for folder in (here, *here.parents):
            if (folder / FILE).is_file():
                return Project(folder, Settings.load(folder / FILE))
        raise ProjectError(
            f"{here} is not inside a modelwizard project.",
            expected=f"a folder with {FILE}, or one below it",
            fix="cd into the project, give --project DIR, or make one: modelwizard new",
        )

    @property
    def runs(self) -> Path:
        """Folder of the runs."""
        return self.folder / "runs"

    @property
    def journal_path(self) -> Path:
        """The journal."""
        return self.folder / "journal.jsonl"

    @property
    def split_path(self) -> Path:
        """Which row belongs to which part."""
        return self.folder / "split.csv"

    @property
    def model_path(self) -> Path:
        """The finalized model."""
        return self.folder / "model.keras"

    @property
    def test_path(self) -> Path:
        """Predictions on the test rows; there once they were opened."""
        return self.runs / "test.npz"

    @property
    def data_path(self) -> Path:
        """The data file."""
        return self.folder / self.settings.data.path  # an absolute path replaces the folder

    def run_folder(self, run: str) -> Path:
        """Return the folder of a run, whether it exists or not."""
        if not run or Path(run).name != run or run.startswith("."):
            raise ProjectError("Not a valid run name.", expected="a plain name", received=repr(run))
        return self.runs / run

    def code_hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each file of code that decides what is trained; "" for one that is missing."""
        more = [name for name in MORE_CODE if (self.folder / name).is_file()]
        paths = {name: self.folder / name for name in (*CODE, *more)}
        return {name: file_sha256(path) if path.is_file() else "" for name, path in paths.items()}

    def changed(self) -> tuple[str, ...]:
        """Say in plain sentences what changed since the project was made."""
        files = ((self.data_path, self.settings.data.sha256), (self.split_path, self.settings.split.sha256))
        found: list[str] = []
        for path, expected in files:
            if not path.is_file():
                found.append(f"{path.name} is gone: {path} does not exist.")
            elif expected and file_sha256(path) != expected:
                found.append(f"{path.name} is not the file it was when the project was made: its content changed.")
        return tuple(found)

    def require_unchanged(self) -> None:
        """Refuse to go on with another data file or another split.

        Raises:
            DataError: Either changed or is gone.
        """
        for sentence in self.changed():
            raise DataError(
                sentence,
                expected="the same rows in the same parts, or no score can be compared with the ones before",
                fix="put the file back, or make a new project from the new data: modelwizard new",
            )

    def parts(self) -> NDArray[np.str_]:
        """Return the part of each data row, in file order: `train`, `validation`, `test` or `unused`."""
        import numpy as np

        return np.array(self._split("part"))

    def row_hashes(self) -> NDArray[np.str_]:
        """Return the hash of each data row's content, in file order."""
        import numpy as np

        return np.array(self._split("hash"))

    def counts(self) -> dict[str, int]:
        """Return how many rows each part has."""
        parts = self._split("part")
        return {part: parts.count(part) for part in PARTS}

    def _split(self, column: str) -> list[str]:
        """Read one column of split.csv, making sure that every row has a part."""
        try:
            with self.split_path.open(encoding="utf-8", newline="") as file:
                header, *rows = [row for row in csv.reader(file) if row]
            part, wanted = header.index("part"), header.index(column)
            strange = next((i for i, row in enumerate(rows, start=2) if row[part] not in PARTS), None)
            values = [row[wanted] for row in rows]
        except (OSError, ValueError, IndexError) as error:
            raise ProjectError(
                "split.csv cannot be read.",
                expected="the columns part and hash, and one line per data row",
                received=str(error),
                fix="restore the file from git: the split is made once",
            ) from error
        if strange is not None:
            raise ProjectError(
                f"split.csv, line {strange}: not a part of the split.",
                expected=f"one of {', '.join(PARTS)}",
                received=repr(rows[strange - 2][part]),
                fix="restore the file from git: the split is made once",
            )
        return values

    def read_run(self, run: str) -> RunData:
        """Read what a run left behind.

        Raises:
            ProjectError: It is not there or not readable.
        """
        folder = self.run_folder(run)
        stored = self._arrays(folder / "predictions.npz", f"the run {run}")
        with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
            history = tuple({k: _number(v) for k, v in row.items()} for row in csv.DictReader(file))
        names = ("outputs", "epochs", "rows", "fold", "offset", "scale")
        return RunData(run, self._summary(folder / "settings.json"), history, *(stored[name] for name in names))

    def _summary(self, path: Path) -> Summary:
        try:
            return msgspec.convert(read_json(path)["summary"], Summary)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            where = path.relative_to(self.folder)
            fix = f"delete {where.parent}: the run is trained again"
            raise ProjectError(f"{where} is not what a run leaves.", received=str(error), fix=fix) from error

    def targets(self) -> Targets:
        """Read the true targets of the training and validation rows."""
        stored = self._arrays(self.runs / "targets.npz", "the targets")
        return Targets(stored["rows"], stored["y"], stored.get("group"))

    def references(self) -> References:
        """Read the predictions of the baseline, the linear model and the boosted trees."""
        stored = self._arrays(self.runs / "references.npz", "the references")
        return References(stored["rows"], tuple(str(n) for n in stored["names"]), stored["p"])

    def test(self) -> Tested:
        """Read the predictions on the test rows."""
        stored = self._arrays(self.test_path, "the test predictions")
        known = (stored[name] for name in ("rows", "y", "p", "dumb"))
        return Tested(*known, model=str(stored["model"]), group=stored.get("group"))

    def _arrays(self, path: Path, what: str) -> dict[str, NDArray[Any]]:
        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except FileNotFoundError as error:
            fix = "run the stage that makes them again: modelwizard baseline"
            raise ProjectError(f"There is no {path.relative_to(self.folder)} for {what}.", fix=fix) from error
        except (OSError, ValueError, EOFError) as error:
            where = path.relative_to(self.folder)
            raise ProjectError(f"{where} cannot be read.", received=str(error), fix=f"delete {where}") from error


def verdicts(entries: Iterable[Entry]) -> dict[str, Verdict | None]:
    """Return the last verdict of each stage, or None; a later `forced` line of the stage makes it `forced`."""
    last: dict[str, Verdict | None] = dict.fromkeys(STAGES)
    for entry in entries:
        if entry.stage not in last:
            continue
        if isinstance(entry, Verdict):
            last[entry.stage] = entry
        elif isinstance(entry, Forced):
            known = last[entry.stage] or Verdict(stage=entry.stage, verdict="")
            last[entry.stage] = msgspec.structs.replace(known, verdict="forced", reason=entry.reason or "")
    return last


def next_stage(entries: Iterable[Entry]) -> str | None:
    """Return the first stage whose gate is not passed, or None at the end of the walk."""
    for stage, verdict in verdicts(entries).items():
        if verdict is None or (stage != "finalize" and verdict.verdict not in ("passed", "forced")):
            return stage
    return None


def _number(text: str | None) -> float:
    return float(text) if text else math.nan


def typed(command: str, folder: Path) -> str:
    """Return a command as it has to be typed here: outside the project it needs `--project`."""
    here = Path.cwd()
    if here.is_relative_to(folder):
        return command
    near = folder.relative_to(here) if folder.is_relative_to(here) else folder
    return f"{command} --project {shlex.quote(str(near))}"
