"""The project's own modules, imported afresh after every edit; what fails in them is told with file, line and fix."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import traceback
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from modelwizard.contract.events import LOG
from modelwizard.errors import ModelWizardError, ProjectError, first_line
from modelwizard.training.project_code import NEEDED, DataCode, ExportCode, ModelCode, PreprocessingCode


@dataclass(frozen=True)
class UserCode:
    """The modules of a project, by the contract of `project_code`.

    Args:
        folder: The project's folder.
        data: data.py.
        preprocessing: preprocessing.py.
        model: model.py.
        export: export.py; model.py in a project of the first edition.
    """

    folder: Path
    data: DataCode
    preprocessing: PreprocessingCode
    model: ModelCode
    export: ExportCode

    @staticmethod
    def load(folder: Path) -> UserCode:
        """Import the project's modules as their files are now.

        Raises:
            ProjectError: A file is missing, is not Python, fails when imported, or lacks what the stages call.
        """
        _forget(folder)
        modules: dict[str, Any] = {}
        for name, needed in NEEDED.items():
            first_edition = name == "export" and hasattr(modules["model"], "export_model")
            modules[name] = modules["model"] if first_edition else import_module(folder, name)
            for what in needed:
                _require(modules[name], what)
        return UserCode(folder, **modules)

    @property
    def modules(self) -> tuple[Any, ...]:
        """Every module of the project that was imported, its own helpers included."""
        inside = f"{self.folder}{os.sep}"
        files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
        return tuple(sys.modules[name] for name, file in files.items() if file and file.startswith(inside))

    @staticmethod
    def line_of(module: Any, name: str) -> str:
        """Return `file:line` where a function of a module begins."""
        code = getattr(getattr(module, name), "__code__", None)
        return f"{module.__name__}.py:{code.co_firstlineno}" if code else f"{module.__name__}.py"


def _require(module: ModuleType, what: str) -> None:
    """Refuse a module that lacks a function, a class or a method which the stages call."""
    found: Any = module
    for part in what.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise ProjectError(
            f"{module.__name__}.py has no {what}().",
            expected=f"{what} as it was generated: the stages call it",
            fix=f"restore {what} in {module.__name__}.py (git has the first version)",
        )


def import_module(folder: Path, name: str) -> ModuleType:
    """Import one module of the project.

    Raises:
        ProjectError: Its file is missing or fails.
    """
    if not (folder / f"{name}.py").is_file():
        raise ProjectError(f"{name}.py is missing.", expected=str(folder / f"{name}.py"), fix="restore it from git")
    with blame(folder, f"import {name}.py"):
        return importlib.import_module(name)


@contextlib.contextmanager
def blame(folder: Path, doing: str, culprit: str = "") -> Generator[None]:
    """Turn what the project's code raises into an error that names its file and line.

    Args:
        folder: The project's folder.
        doing: What was tried, in words that fit behind "cannot".
        culprit: `file:line` to name when no line of the project is in the traceback, for what the project made and
            Keras refuses later. Defaults to none: such errors are ours, and pass unchanged.
    """
    try:
        yield
    except (ModelWizardError, MemoryError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        where = _where(folder, error) or culprit or None
        if where is None or type(error).__name__ == "ResourceExhaustedError":
            raise
        traceback.print_exception(error, file=sys.stderr)  # kept in the log
        sys.stderr.flush()
        raise ProjectError(
            f"{where}: the project's code fails (cannot {doing}).",
            received=first_line(error),
            fix=_fix(error, where),
        ) from error


def _where(folder: Path, error: BaseException) -> str | None:
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        return f"{Path(error.filename).relative_to(folder)}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
    frames = [f for f in frames if "site-packages" not in Path(f.filename).parts]
    return f"{Path(frames[-1].filename).relative_to(folder)}:{frames[-1].lineno}" if frames else None


def _fix(error: BaseException, where: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"pip install {error.name.partition('.')[0]}, or take the import out of {where}"
    if isinstance(error, SyntaxError):
        return f"correct the line: {(error.text or '').strip() or where}"
    return f"correct {where}; the whole traceback is in {LOG}"


@contextlib.contextmanager
def replaced(modules: Iterable[Any], stand_ins: Sequence[tuple[Any, Any]]) -> Generator[None]:
    """Let modules have stand-ins for some of their values, whatever their names there, inside the block.

    Args:
        modules: The modules.
        stand_ins: Values, each with what stands in for it.
    """
    places = [
        (module, name, value, other)
        for module in modules
        for name, value in list(vars(module).items())
        for original, other in stand_ins
        if value is original
    ]
    for module, name, _, other in places:
        setattr(module, name, other)
    try:
        yield
    finally:
        for module, name, value, _ in places:
            setattr(module, name, value)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the top-level modules of one folder before anything installed under the same name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        file = self.folder / f"{fullname}.py"
        if path is not None or not file.is_file():
            return None
        return importlib.util.spec_from_file_location(fullname, file, loader=_Loader(fullname, str(file)))


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the text of a file as it is now: cached bytecode goes by the second and misses quick edits."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return compile(self.get_data(path), path, "exec", dont_inherit=True)


def _forget(folder: Path) -> None:
    """Drop every module that came from a project, and look into this one first from now on."""
    old = [finder for finder in sys.meta_path if isinstance(finder, _Finder)]
    homes = [finder.folder for finder in old] + [folder]
    for finder in old:
        sys.meta_path.remove(finder)
    inside = tuple(f"{home}{os.sep}" for home in homes)
    for name, module in list(sys.modules.items()):
        file: Any = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(inside) and "site-packages" not in file:
            del sys.modules[name]
    for name in NEEDED:
        sys.modules.pop(name, None)  # an installed module of the same name would win over the project's
    sys.path[:] = [p for p in sys.path if not any(p == str(home) for home in homes)] + [str(folder)]
    importlib.invalidate_caches()
    sys.meta_path.insert(0, _Finder(folder))
