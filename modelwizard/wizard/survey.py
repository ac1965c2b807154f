"""What the data say, for the questions: a kind of data reads them, the rows are divided, a folder is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from modelwizard import kinds
from modelwizard.kinds import Data, Kind
from modelwizard.kinds.facts import Facts
from modelwizard.kinds.once import Once
from modelwizard.kinds.question import EXAMPLE
from modelwizard.wizard.places import folder_name

if TYPE_CHECKING:
    from modelwizard.splitting.split import Split

MOST_FILES = 9
USUAL: Mapping[str, Any] = MappingProxyType({"validation": "auto", "test_size": 0.2, "validation_size": 0.2, "seed": 0})
"""The questions' defaults that the split rests on before a person has answered them."""


class Survey:
    """Reads data and divides rows; each step once as long as the answers it rests on stay the same.

    Args:
        say: Told what takes a moment.
        place: The folder that the command was started in.
    """

    def __init__(self, say: Callable[[str], None], place: Path) -> None:
        self._say = say
        self._place = place
        self._once = Once()
        self._scratch: TemporaryDirectory[str] | None = None

    def learn(self, known: Mapping[str, Any]) -> Facts:
        """Return the facts that follow from the answers so far.

        Raises:
            DataError: When nothing can be learned from the file or the target.
        """
        files = self._once("files", (), self._nearby)
        if "data" not in known:
            return Facts(kinds.every()[0].name, files, examples)
        kind, path, data = self._data(known)
        facts = Facts(kind.name, files, examples, self._folder(path), data.facts(known))
        if "target" not in known:
            return facts
        facts = replace(facts, target=data.target_facts(known))
        if "problem" not in known or "time" not in known:
            return facts
        split = self.divide(known)
        reason = _sentence(split.settings.reason)
        return replace(facts, scheme=split.settings.scheme, split_reason=reason, split_notes=split.notes)

    def divide(self, known: Mapping[str, Any]) -> Split:
        """Divide the rows into parts, as the answers want it."""
        from modelwizard.splitting.split import split

        _, _, data = self._data(known)
        chosen = {name: known.get(name, usual) for name, usual in USUAL.items()}
        chosen |= {name: known.get(name) or "" for name in ("group", "time")}
        target, rows = data.target(known), data.rows(known)
        return self._once("split", (target, rows, *chosen.values()), lambda: split(target, rows, **chosen))

    def hashes(self, known: Mapping[str, Any]) -> Sequence[str]:
        """Return the hash of each row."""
        return self._data(known)[2].hashes()

    def bundled(self, known: Mapping[str, Any]) -> dict[str, str]:
        """Return the data as a file of the project, when they are an example."""
        if not known["data"].startswith(EXAMPLE):
            return {}
        path = self._data(known)[1]
        return {path.name: path.read_bytes().decode()}

    def _nearby(self) -> tuple[str, ...]:
        folders = [self._place, self._place / "data"]
        paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
        data = [path for path in paths if any(kind.recognises(path) for kind in kinds.every())]
        return tuple(path.relative_to(self._place).as_posix() for path in data[:MOST_FILES])

    def _folder(self, path: Path) -> str:
        """Return a folder name after the data that is free here."""
        name = folder_name(path.stem if path.stem.lower() not in ("data", "train") else path.parent.name)
        free = (f"{name}-{number}" if number > 1 else name for number in range(1, 1000))
        return next(one for one in free if not (self._place / one).exists())

    def _data(self, known: Mapping[str, Any]) -> tuple[Kind, Path, Data]:
        reading = {name: value for name, value in known.items() if any(name in k.reading for k in kinds.every())}
        key = (known["data"], tuple(reading.items()))
        return self._once("data", key, lambda: self._read(known["data"], reading))

    def _read(self, data: str, reading: Mapping[str, Any]) -> tuple[Kind, Path, Data]:
        kind, path = self._found(data)
        if path.is_file():
            self._say(f"Reading {path.name} …")
        return kind, path, kind.open(path, reading)

    def _found(self, data: str) -> tuple[Kind, Path]:
        """Return data and their kind; an example is written where it can be read, and reaches the project later."""
        if data.startswith(EXAMPLE):
            name = data.removeprefix(EXAMPLE)
            kind = next((kind for kind in kinds.every() if name in kind.examples()), kinds.every()[0])
            self._scratch = self._scratch or TemporaryDirectory(prefix="modelwizard-")
            return kind, kind.write_example(name, Path(self._scratch.name))
        path = (self._place / Path(data).expanduser()).resolve()
        return next((kind for kind in kinds.every() if kind.recognises(path)), kinds.every()[0]), path


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def examples() -> Mapping[str, str]:
    """Return the bundled examples: name → what it is."""
    return {name: title for kind in kinds.every() for name, title in kind.examples().items()}
