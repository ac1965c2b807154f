"""Where a project may go: names that work as folders everywhere and hide no module, folders that can be written."""

from __future__ import annotations

import os
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from modelwizard.errors import UsageError

# What Windows refuses in a name; a project should survive being moved there.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}


def folder_name(text: str) -> str:
    """Return a usable folder name made from some text: `Telco churn (2019)` becomes `telco-churn-2019`."""
    cleaned = re.sub(r"[^\w]+", "-", text.strip().lower()).strip("-_")
    cleaned = cleaned or "data"
    return f"{cleaned}-model" if cleaned == "data" or shadowed(cleaned) or cleaned in _RESERVED else cleaned


def shadowed(name: str) -> str:
    """Return where a module of that name lives, or nothing when there is none.

    Started from the folder above, Python would find the project where it looks for the module.
    """
    if name in sys.stdlib_module_names or name == "test":
        return "Python's own library"
    if not name.isidentifier():
        return ""
    here = {"", ".", os.getcwd()}
    spec = PathFinder.find_spec(name, [entry for entry in sys.path if entry not in here])
    return "an installed package" if spec is not None and spec.origin else ""


def new_folder(text: str, *, overwrite: bool = False) -> Path:
    """Return the absolute folder of a new project, after checking that it can be made.

    Args:
        text: The folder as a person typed it.
        overwrite: Whether a project that stands there may be replaced. Defaults to False.

    Raises:
        UsageError: When the name is unusable or hides a module, the folder exists, or cannot be written.
    """
    if not text.strip():
        raise UsageError("A project needs a folder.", expected="a name such as churn", received="nothing")
    directory = Path(os.path.abspath(Path(text.strip()).expanduser()))
    _check_name(directory.name, text)
    if directory == Path.cwd() or directory in Path.cwd().parents:
        raise UsageError(
            "The project cannot be the current folder.",
            received=text,
            fix="name a new folder inside it: modelwizard new churn",
        )
    if directory.is_file() or directory.is_symlink():
        raise UsageError(
            f"{directory.name!r} exists and is not a folder.", received=str(directory), fix="choose another name"
        )
    if directory.is_dir() and any(directory.iterdir()):
        _check_replaceable(directory, overwrite)
    ancestor = next(parent for parent in directory.parents if parent.exists())
    if not ancestor.is_dir() or not os.access(ancestor, os.W_OK | os.X_OK):
        raise UsageError(
            f"{ancestor} is not writable.",
            expected="a folder with write permission",
            received=str(directory),
            fix="choose another folder",
        )
    return directory


def _check_name(name: str, text: str) -> None:
    bad = _FORBIDDEN.search(name)
    reason = (
        f"it contains {bad[0]!r}" if bad
        else "a name needs a letter or a digit" if not re.search(r"\w", name)
        else "it starts with '-' or '.'" if name[0] in "-."
        else "it ends with a dot or a space" if name[-1] in ". "
        else "Windows reserves it" if name.split(".")[0].lower() in _RESERVED
        else f"it is longer than 100 characters ({len(name)})" if len(name) > 100
        else ""
    )  # fmt: skip
    if reason:
        raise UsageError(
            "Not a valid folder name.", expected="a name such as churn-2024", received=f"{text!r}: {reason}"
        )
    owner = shadowed(name)
    if owner:
        raise UsageError(
            f"A folder called {name!r} would hide the module {name!r} of {owner}.",
            expected="a name that is not a module's",
            received=repr(text),
            fix=f"{name}-model",
        )


def _check_replaceable(directory: Path, overwrite: bool) -> None:
    if not overwrite:
        raise UsageError(
            f"{directory.name!r} exists and is not empty.",
            expected="a new folder",
            received=str(directory),
            fix="choose another name, or --overwrite to replace the project in it",
        )
    if not (directory / "modelwizard.toml").is_file():
        raise UsageError(
            f"{directory.name!r} is not a modelwizard project, so it is not overwritten.",
            expected="a folder with a modelwizard.toml",
            received=str(directory),
            fix="choose another name",
        )
