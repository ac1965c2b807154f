"""The words: messages to sentences, numbers to text. Whatever a person reads of a stage, a check or the evidence.

A sentence stands in `en/FILE.toml` under its key; the id of a message is `FILE.KEY`. In a sentence,

- `{score:figure}` is a value and how it is written (see `FORMS`; without a form it is written as it is);
- `{trials:count trial}` is "1 trial" or "3 trials", `{n:count class classes}` where the plural is another word;
- `[[ against {reference:figure}]]` is left out when a value in it is unknown: None, NaN, "" or an empty list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, cast

from modelwizard.contract.messages import VERBATIM, Message, restored
from modelwizard.words.numbers import chance, count, duration, figure, finite, listed, span

FORMS: Mapping[str, Callable[[Any], str]] = {
    "figure": figure,
    "span": span,
    "chance": chance,
    "duration": duration,
    "list": lambda names: listed([str(name) for name in names]),
    "percent": lambda x: f"{x:.0%}",
    "percent1": lambda x: f"{x:.1%}",
    "whole": lambda x: f"{x:,.0f}",
    "short": lambda x: f"{x:.3g}",
    "quoted": lambda x: f"'{x}'",
    "names": lambda names: ", ".join(name if name == "…" else f"'{name}'" for name in names),
}

_FIELD = re.compile(r"\{(\w+)(?::([^{}]+))?\}")
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


def say(what: Message | Mapping[str, Any] | str, *, sentence: bool = False) -> str:
    """Return a message as text.

    Args:
        what: The message, or as a journal holds it.
        sentence: Whether to begin with a capital letter and end with a full stop. Defaults to no.

    Raises:
        KeyError: The message has no sentence, or a value that its sentence names is missing.
    """
    told = restored(what)
    text = str(told.values["text"]) if told.id == VERBATIM else _filled(sentences(told.id), told.values)
    if not sentence:
        return text
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ":", "…")) else f"{text}."


def sentences(id: str) -> str:
    """Return the sentence of a message's id, its fields unfilled."""
    file, _, key = id.partition(".")
    return _catalogue(file)[key]


def _filled(text: str, values: Mapping[str, Any]) -> str:
    def optional(match: re.Match[str]) -> str:
        names = [field[0] for field in _FIELD.findall(match[1])]
        return match[1] if all(_known(values.get(name)) for name in names) else ""

    return _FIELD.sub(lambda match: _written(values[match[1]], match[2]), _OPTIONAL.sub(optional, text))


def _written(value: Any, form: str | None) -> str:
    if isinstance(value, Message | Mapping):
        return say(cast("Message | Mapping[str, Any]", value))
    if form is None:
        return str(value)
    name, *more = form.split(" ")
    return count(int(value), *more) if name == "count" else FORMS[name](value)


def _known(value: Any) -> bool:
    return value not in (None, "", [], ()) and (not isinstance(value, float) or finite(value))


@cache
def _catalogue(file: str) -> dict[str, str]:
    text = resources.files("modelwizard.words").joinpath(f"en/{file}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
