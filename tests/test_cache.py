"""The user's folder of compiled programs: bounded, checked, switched off, and XLA told of it only where it is known."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from modelwizard import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.SWITCH, str(tmp_path))
    monkeypatch.setenv("TF_XLA_FLAGS", "")
    monkeypatch.setattr(cache.atexit, "register", lambda *_, **__: None)
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    path = folder / "programs" / "a" / "one"
    cache.write(path, b"content")
    assert cache.read(path) == b"content"
    assert cache.size() == path.stat().st_size
    cache.clear()
    assert cache.read(path) is None
    assert cache.size() == 0


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 40])
def test_a_damaged_file_is_absent_and_goes(folder: Path, damage: bytes) -> None:
    path = folder / "programs" / "a" / "one"
    cache.write(path, b"content")
    path.write_bytes(damage)
    assert cache.read(path) is None
    assert not path.exists()


def test_the_oldest_files_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [folder / "programs" / "ab"[i % 2] / str(i) for i in range(5)]
    monkeypatch.setattr(cache, "LIMIT", 3 * (32 + 100))
    for i, path in enumerate(paths[:4]):
        cache.write(path, b"x" * 100)
        os.utime(path, (i, i))
        if i == 2:
            assert cache.read(paths[0])  # used again
    cache.write(paths[4], b"x" * 100)
    assert [path.name for path in paths if path.exists()] == ["0", "3", "4"]


def test_a_folder_that_cannot_be_written_keeps_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv(cache.SWITCH, str(folder / "file"))
    path = folder / "file" / "programs" / "a" / "one"
    cache.write(path, b"content")
    assert cache.read(path) is None
    cache.tell_xla()
    assert os.environ["TF_XLA_FLAGS"] == ""


@pytest.mark.parametrize(("said", "off"), [("off", True), ("0", True), ("", False), ("/tmp/elsewhere", False)])
def test_it_can_be_switched_off(said: str, off: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.SWITCH, said)
    assert (cache.folder() is None) is off


@pytest.mark.parametrize(
    ("given", "version", "told"),
    [
        ("", "2.21.0", True),
        ("", "2.18.1", False),  # an unknown flag would end the process
        ("--tf_xla_auto_jit=2", "2.21.0", False),  # a person's own
        ("INHERITED", "2.21.0", True),
    ],
)
def test_xla_is_told_of_a_folder(
    given: str, version: str, told: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited = f"--tf_xla_persistent_cache_directory={folder}/running/1"
    given = inherited if given == "INHERITED" else given
    monkeypatch.setenv("TF_XLA_FLAGS", given)
    monkeypatch.setattr("importlib.metadata.version", lambda _: version)
    cache.tell_xla()
    assert (cache.of_xla() == folder / "running" / str(os.getpid())) is told
    assert os.environ["TF_XLA_FLAGS"] == (f"--tf_xla_persistent_cache_directory={cache.of_xla()}" if told else given)


def test_folders_of_processes_that_are_gone_are_deleted(folder: Path) -> None:
    gone, here = folder / "running" / "99999999", folder / "running" / str(os.getppid())
    for path in (gone, here):
        path.mkdir(parents=True)
    cache.tell_xla()
    assert here.exists()
    assert gone.exists() is (os.name != "posix")


def test_it_waits_for_the_import_of_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(cache, "tell_xla", lambda: told.append(True))
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    cache.watch()
    finder: Any = sys.meta_path[0]
    assert finder.find_spec("numpy") is None
    assert not told
    assert finder.find_spec("tensorflow") is None
    assert (told, sys.meta_path) == ([True], [])
    monkeypatch.setitem(sys.modules, "tensorflow", ModuleType("tensorflow"))
    cache.watch()
    assert told == [True, True]
