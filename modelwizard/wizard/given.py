"""Answers that were given without a prompt, and who wins: flag > `--set` > answers file > environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from modelwizard import toml
from modelwizard.errors import UsageError
from modelwizard.wizard.question import FORMAT
from modelwizard.wizard.questions import BY_NAME

KEYS: Mapping[str, str] = {
    **{name: question.type for name, question in BY_NAME.items()},
    **{name: {"missing": "list", "header": "integer"}.get(name, "text") for name in FORMAT},
}
"""Every key that an answers file may hold, with its type."""

_EXPECTED = {
    "text": "text in quotes",
    "list": "a list of texts",
    "integer": "a whole number",
    "share": "a number between 0 and 1",
    "kinds": 'a table, [columns] with lines such as "zip code" = "categorical"',
}


@dataclass(frozen=True)
class Given:
    """An answer and where it came from.

    Args:
        value: The answer, of the type its question wants.
        source: `flag`, `set`, `file`, `environment`, `default` or `person`.
        reason: What to say about it on the review screen.
    """

    value: Any
    source: str
    reason: str = ""


def collect(
    flags: Mapping[str, Any],
    settings: Iterable[str] = (),
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Given]:
    """Return the answers given without a prompt; of two for the same question the stronger one.

    Args:
        flags: Values of the flags; None and empty lists count as not given.
        settings: The `KEY=VALUE` texts of `--set`.
        file: An answers file (TOML).
        environ: The environment. Defaults to that of this process.

    Raises:
        UsageError: For an unknown key, a wrong type, or a file that cannot be read.
    """
    given = {**_environment(os.environ if environ is None else environ)}
    given |= {} if file is None else read_answers(file)
    for setting in settings:
        key, answer = _setting(setting)
        if key == "columns" and key in given:
            answer = Given({**given["columns"].value, **answer.value}, "set", answer.reason)
        given[key] = answer
    for key, value in flags.items():
        if value is not None and value != () and value != []:
            value = tuple(value) if isinstance(value, list | tuple) else value
            given[key] = Given(value, "flag", "given by a flag" if key != "directory" else "given")
    return given


def read_answers(file: Path, source: str = "file") -> dict[str, Given]:
    """Return the answers of a TOML file.

    Raises:
        UsageError: When the file is missing or no TOML, or holds an unknown key or a wrong type.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError("The answers file does not exist.", received=str(file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("The answers file cannot be read.", received=f"{file}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            "The answers file is not valid TOML.", expected='lines such as target = ["price"]', received=str(error)
        ) from None
    where = f"in {file.name}"
    return {key: Given(_typed(key, value, where), source, where) for key, value in table.items()}


def write_answers(answers: Mapping[str, Any]) -> str:
    """Return answers as the text of an answers file: what `read_answers` reads."""
    return toml.write({key: value for key, value in answers.items() if value != {}})


def _environment(environ: Mapping[str, str]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for variable, text in environ.items():
        key = variable.removeprefix("MODELWIZARD_").lower()
        # Other variables of that prefix may belong to other programs; an answers file is where a typing error is told.
        if variable.startswith("MODELWIZARD_") and key in KEYS and KEYS[key] != "kinds":
            given[key] = Given(_parsed(key, text, variable), "environment", f"from {variable}")
    return given


def _setting(setting: str) -> tuple[str, Given]:
    key, equals, text = setting.partition("=")
    key = key.strip()
    if not equals or not key:
        raise UsageError("`--set` needs a key and a value.", expected="--set KEY=VALUE", received=repr(setting))
    if key.startswith("columns."):
        return "columns", Given({key.removeprefix("columns."): text}, "set", "given by --set")
    if KEYS.get(key) == "kinds":
        raise UsageError(
            "`--set columns` sets one column at a time.", expected="--set columns.NAME=KIND", received=setting
        )
    _known(key, "--set")
    return key, Given(_parsed(key, text, "--set"), "set", "given by --set")


def _known(key: str, where: str) -> None:
    if key in KEYS:
        return
    near = get_close_matches(key, KEYS, 1)
    raise UsageError(
        f"{key!r} ({where}) is not a question of modelwizard.",
        expected="one of: " + ", ".join(KEYS),
        received=key,
        fix=f"did you mean {near[0]!r}?" if near else None,
    )


def _parsed(key: str, text: str, where: str) -> Any:
    """Return a text from a command line or the environment as the type that its question wants."""
    kind = KEYS[key]
    if kind == "list":
        return tuple(part.strip() for part in text.split(",") if part.strip() or key == "missing")
    if kind == "text":
        return text
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        raise UsageError(
            f"{key!r} ({where}) has the wrong type.", expected=_EXPECTED[kind], received=repr(text)
        ) from None


def _typed(key: str, value: Any, where: str) -> Any:
    """Return a value of an answers file after checking its type."""
    _known(key, where)
    kind = KEYS[key]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    is_kinds = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    right = {
        "text": isinstance(value, str),
        "list": is_texts or isinstance(value, str),
        "integer": isinstance(value, int) and is_number,
        "share": is_number,
        "kinds": is_kinds,
    }[kind]
    if not right:
        received = f"{value!r} ({_called(value)})"
        raise UsageError(f"{key!r} ({where}) has the wrong type.", expected=_EXPECTED[kind], received=received)
    if kind == "list":
        return tuple(value) if isinstance(value, list) else (value,)
    return value


def _called(value: object) -> str:
    names: dict[str, str] = {
        "bool": "true or false",
        "int": "a whole number",
        "float": "a number",
        "str": "text",
        "list": "a list",
        "dict": "a table",
    }
    return names.get(type(value).__name__, type(value).__name__)
