"""The user's folder of compiled programs: where it is, how large it may grow, how XLA is told of it.

Everything in it can be made again: what cannot be read or written is not there, and never an error.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# "off" keeps nothing on disk; anything else is the folder to use.
SWITCH = "MODELWIZARD_CACHE"
# Bytes that programs may take; the ones that were not used for longest go first.
LIMIT = 256_000_000
# XLA fails where it cannot write, so it is not told of a disk that is nearly full.
SPARE = 512_000_000
# Versions of TensorFlow that keep programs of XLA for processors: a flag that one does not know ends the process.
KEEPING = ("2.21.",)
_FLAG = "--tf_xla_persistent_cache_directory="
_SUM = hashlib.sha256().digest_size


def folder() -> Path | None:
    """Return the folder, which may not exist yet, or None where it is switched off."""
    chosen = os.environ.get(SWITCH, "")
    if chosen.lower() in ("off", "no", "0"):
        return None
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("modelwizard")


def read(path: Path) -> bytes | None:
    """Return what `write` wrote, or None if it is not there or damaged."""
    try:
        content = path.read_bytes()
        if content[:_SUM] == hashlib.sha256(content[_SUM:]).digest():
            os.utime(path)
            return content[_SUM:]
        path.unlink()
    except OSError:
        pass
    return None


def write(path: Path, content: bytes) -> None:
    """Write a file with a checksum, and delete the oldest ones where all of them take too much room."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(hashlib.sha256(content).digest() + content)
        beside.replace(path)
        files = sorted(_files(), key=lambda found: found[1].st_mtime, reverse=True)
        total = 0
        for found, facts in files:
            total += facts.st_size
            if total > LIMIT:
                found.unlink(missing_ok=True)


def size() -> int:
    """Return the bytes of all programs that are kept."""
    return sum(facts.st_size for _, facts in _files())


def clear() -> None:
    """Delete all programs; processes that run make theirs again."""
    for path, _ in list(_files()):
        path.unlink(missing_ok=True)


def _files() -> Iterator[tuple[Path, os.stat_result]]:
    root = folder()
    for path in (root / "programs").glob("*/*") if root else ():
        with contextlib.suppress(OSError):  # another process may have deleted it
            yield path, path.stat()


# XLA's own folder: one a process, so that a damaged file of another one can never meet XLA, which would fail.


def watch() -> None:
    """Tell XLA of its folder when TensorFlow is imported: it reads its flags once, before it first computes."""
    if "tensorflow" in sys.modules:
        tell_xla()
    else:
        sys.meta_path.insert(0, _Importing())


class _Importing:
    """Finds no module; notices that TensorFlow is imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Notice the first import of TensorFlow."""
        if name == "tensorflow" and self in sys.meta_path:
            sys.meta_path.remove(self)
            tell_xla()


def tell_xla() -> None:
    """Set the flag by which XLA reads and writes programs in a folder, unless a person has set flags."""
    root = folder()
    given = os.environ.get("TF_XLA_FLAGS", "")
    if root is None or not (given == "" or given.startswith(f"{_FLAG}{root / 'running'}")) or " " in str(root):
        return
    import shutil
    from importlib.metadata import PackageNotFoundError, version

    own = root / "running" / str(os.getpid())
    try:
        if not version("tensorflow").startswith(KEEPING):
            return
        _sweep(root / "running")
        own.mkdir(parents=True, exist_ok=True)
        (own / "probe").write_bytes(b"")
        (own / "probe").unlink()
        if shutil.disk_usage(own).free < SPARE:
            return
    except (PackageNotFoundError, OSError):
        return
    os.environ["TF_XLA_FLAGS"] = f"{_FLAG}{own}"
    atexit.register(shutil.rmtree, own, ignore_errors=True)


def of_xla() -> Path | None:
    """Return the folder that XLA was told of in this process, or None."""
    root, given = folder(), os.environ.get("TF_XLA_FLAGS", "")
    own = root and root / "running" / str(os.getpid())
    return own if own and given == f"{_FLAG}{own}" else None


def flags() -> list[str]:
    """Return the flags of XLA that a person has set."""
    own = of_xla()
    return [os.environ.get("XLA_FLAGS", ""), "" if own else os.environ.get("TF_XLA_FLAGS", "")]


def _sweep(running: Path) -> None:
    """Delete the folders of processes that are gone; Windows cannot tell."""
    import shutil

    for left in running.glob("*") if os.name == "posix" else ():
        try:
            os.kill(int(left.name), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (OSError, ValueError):
            continue
