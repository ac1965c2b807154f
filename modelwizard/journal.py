"""The record of a project: every look at held-out rows and every decision, appended, flushed and chained by hashes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from filelock import FileLock, Timeout

from modelwizard.contract.entries import Entry, Opened, Read
from modelwizard.contract.entries import entry as as_entry
from modelwizard.contract.wire import plain
from modelwizard.errors import ProjectError
from modelwizard.files import sync_folder, write_json

E = TypeVar("E")
START = "0" * 64
"""What the first line names as the hash of the line before it."""


@dataclass(frozen=True)
class Audit:
    """What a check of the chain found.

    Args:
        ok: Whether nothing was found.
        entries: How many lines were read.
        problems: What was found, one plain sentence each.
    """

    ok: bool
    entries: int
    problems: tuple[str, ...]


class Looks(NamedTuple):
    """How often held-out rows were looked at: each epoch of each trial is one look at the validation rows.

    `read` counts how often a person was shown validation scores that they had not seen yet.
    """

    validation: int
    test: int
    read: int = 0


class _Line(NamedTuple):
    number: int
    entry: dict[str, Any] | None


class Journal:
    """An append-only file of JSON lines, each with the hash of the line before.

    Example:
        with journal.writing():
            journal.append(Verdict(stage="baseline", verdict="passed"))

    Args:
        path: The file; need not exist yet. A folder `runs` beside it holds the lock and the memory of the last line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = path.parent / "runs" / ".head"
        self._lock = path.parent / "runs" / ".lock"
        self._last: tuple[int, str] | None = None

    @contextlib.contextmanager
    def writing(self) -> Generator[Journal]:
        """Be the only process that writes, until the block ends or the process dies.

        Raises:
            ProjectError: Another process is writing.
        """
        if self._last is not None:
            yield self
            return
        with _locked(self._lock):
            self._set_torn_line_aside()
            lines = self._lines()
            last = lines[-1].entry if lines else None
            self._last = (last["seq"], last["hash"]) if last and "hash" in last else (len(lines), START)
            try:
                yield self
            finally:
                self._last = None

    def append(self, entry: E) -> E:
        """Add a line and flush it to the disk before returning; NaN and infinities become null.

        Returns:
            The line as it was written, with its number and time.
        """
        if self._last is None:
            with self.writing():
                return self.append(entry)
        seq, prev = self._last[0] + 1, self._last[1]
        utc = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = plain(entry)
        line: dict[str, Any] = {"seq": seq, "utc": utc, "kind": fields["kind"], **fields, "prev": prev}
        line |= {"seq": seq, "utc": utc}
        line["hash"] = _hash(line)
        new = not self.path.exists()
        _append(self.path, (json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8"))
        if new:
            sync_folder(self.path.parent)
        self._last = (seq, line["hash"])
        # Written after the line: a kill in between leaves the memory one line behind, which is no contradiction.
        write_json(self._head, {"seq": seq, "hash": line["hash"]})
        return msgspec.structs.replace(entry, seq=seq, utc=utc)  # type: ignore[type-var]

    def entries(self) -> list[Entry]:
        """Return the lines in order; a torn last line and what is no line of a journal are left out."""
        found = (as_entry(line.entry) for line in self._lines() if line.entry is not None)
        return [entry for entry in found if entry is not None]

    def of(self, form: type[E], *stages: str) -> list[E]:
        """Return the lines of one kind in order: of some stages, or of all."""
        return [e for e in self.entries() if isinstance(e, form) and (not stages or getattr(e, "stage", "") in stages)]

    def verify(self) -> Audit:
        """Check the chain.

        Returns:
            The lines that were changed, removed, added or moved, in plain words.
        """
        lines = self._lines()
        problems: list[str] = []
        for line in lines:
            if line.entry is None or not {"seq", "prev", "hash", "kind"} <= line.entry.keys():
                problems.append(f"Line {line.number} is not a line of the journal: it was damaged or added by hand.")
            elif _hash(line.entry) != line.entry["hash"]:
                problems.append(f"Line {line.number} ({_what(line.entry)}) was changed after it was written.")
        whole = [(n, e) for n, e in lines if e is not None and {"seq", "prev", "hash"} <= e.keys()]
        problems += _order(whole)
        problems += self._end(whole)
        return Audit(not problems, len(lines), tuple(problems))

    def _end(self, whole: list[tuple[int, dict[str, Any]]]) -> list[str]:
        """Compare with the memory of the last line, which notices that lines were cut off at the end."""
        if not self._head.is_file():
            return []
        try:
            head = json.loads(self._head.read_text(encoding="utf-8"))
            seq, hash_ = int(head["seq"]), str(head["hash"])
        except (ValueError, KeyError, TypeError):
            return ["runs/.head, the memory of the last line, is damaged."]
        last = max((e["seq"] for _, e in whole), default=0)
        if last < seq:
            return [f"The end is missing: {seq} lines were written, the last one here is line {last}."]
        if all(e["hash"] != hash_ for _, e in whole):
            return [f"Line {seq} is not the line that was written last: it was replaced."]
        return []

    def _lines(self) -> list[_Line]:
        if not self.path.is_file():
            return []
        texts = self.path.read_bytes().split(b"\n")
        tail = texts.pop()  # what stands behind the last line end: nothing, or a line that was torn or edited
        lines = [_Line(n, _parse(text)) for n, text in enumerate(texts, start=1) if text.strip()]
        if tail.strip() and (entry := _parse(tail)) is not None:
            lines.append(_Line(len(texts) + 1, entry))
        return lines

    def _set_torn_line_aside(self) -> None:
        """Move a last line that was cut by a kill or a full disk into a file of its own."""
        content = self.path.read_bytes() if self.path.is_file() else b""
        whole, _, tail = content.rpartition(b"\n")
        if not tail:
            return
        if _parse(tail) is not None:
            _append(self.path, b"\n")  # only the line end was lost
            return
        _append(self.path.with_name(self.path.name + ".torn"), tail + b"\n")
        with self.path.open("r+b") as file:
            file.truncate(len(whole) + 1 if whole else 0)
            os.fsync(file.fileno())


def looks(entries: Iterable[Entry]) -> Looks:
    """Count the looks: what each line says it took of the validation rows, openings of the test rows, readings."""
    validation, test, read = 0, 0, 0
    for entry in entries:
        validation += entry.looks
        test += isinstance(entry, Opened)
        read += isinstance(entry, Read)
    return Looks(validation, test, read)


def _order(whole: list[tuple[int, dict[str, Any]]]) -> list[str]:
    """Name the places where a line does not follow the one before it."""
    problems: list[str] = []
    before: list[tuple[int, dict[str, Any]]] = [(0, {"seq": 0, "hash": START}), *whole]
    for (_, previous), (number, entry) in pairwise(before):
        gap = entry["seq"] - previous["seq"]
        if gap > 1:
            first, last = previous["seq"] + 1, entry["seq"] - 1
            lines = f"Line {first} is" if first == last else f"Lines {first} to {last} are"
            problems.append(f"{lines} missing before line {number} ({_what(entry)}): removed or moved.")
        elif gap < 1:
            problems.append(f"Line {number} ({_what(entry)}) stands in the wrong place: it was moved or copied.")
        elif entry["prev"] != previous["hash"]:
            problems.append(f"Line {number} ({_what(entry)}) does not follow the line before it: one was replaced.")
    return problems


def _what(entry: Mapping[str, Any]) -> str:
    name = entry.get("run") or entry.get("stage") or ""
    return f"{entry.get('kind', '?')} {name}".strip() + f", written as number {entry.get('seq')}"


def _hash(entry: Mapping[str, Any]) -> str:
    """Hash a line without its own hash, in a form that does not depend on the order of keys or on spaces."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _parse(text: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _append(path: Path, content: bytes) -> None:
    # One write of the whole line: a kill leaves all of it or none in nearly every case, the rest is set aside.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        while content:
            content = content[os.write(handle, content) :]
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(path: Path) -> Generator[None]:
    """Hold the lock of a project; the system gives it back when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the lock: on Windows nobody else can read the locked file itself.
    lock, holder = FileLock(path), path.with_name(path.name + ".holder")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ProjectError(
            "Another modelwizard process is working on this project.",
            received=holder.read_text(encoding="utf-8") if holder.is_file() else None,
            fix="wait until it ends, or stop it; nothing was changed here",
        ) from None
    try:
        holder.write_text(f"process {os.getpid()}, since {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}", "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
