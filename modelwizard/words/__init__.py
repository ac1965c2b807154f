"""The words: messages to sentences, numbers to text. Whatever a person reads of a stage, a check or the evidence.

A sentence stands in `en/FILE.toml` under its key; the id of a message is `FILE.KEY`. In a sentence,

- `{score:figure}` is a value and how it is written (see `FORMS`; without a form it is written as it is);
- `{trials:count trial}` is "1 trial" or "3 trials", `{n:count class classes}` where the plural is another word
  (`_` stands for a space);
- `{metric:title metrics}` is the name that `en/metrics.toml` gives to a value, `{se:like raw}` a number with as many
  decimals as the value `raw`;
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
from modelwizard.words.numbers import alike, chance, count, duration, figure, finite, listed, number, span


def _number(form: str) -> Callable[[Any], str]:
    return lambda x: format(number(x) + 0.0, form) if finite(x) else "–"


FORMS: Mapping[str, Callable[[Any], str]] = {
    "figure": figure,
    "span": span,
    "shares": lambda interval: " to ".join(_number(".1%")(end) for end in interval),
    "chance": chance,
    "duration": duration,
    "list": lambda items: listed([say(item) for item in items]),
    "parts": lambda items: "; ".join(say(item) for item in items),
    "comma": lambda items: ", ".join(say(item) for item in items),
    "percent": _number(".0%"),
    "percent1": _number(".1%"),
    "whole": _number(",.0f"),
    "short": _number(".3g"),
    "two": _number(".2f"),
    "one": lambda x: _number(".1f")(round(number(x), 1)),
    "tiny": lambda x: _number(".1e")(x) if x else "0",
    "times": lambda n: "once" if n == 1 else f"{n:,} times",
    "date": lambda utc: str(utc)[:10],
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
    return as_sentence(text) if sentence else text


def as_sentence(text: str) -> str:
    """Return a text with a capital first, unless it begins with code or a run's name, and a stop at its end."""
    begin = capital(text) if text.split(" ")[0].rstrip(":,;").isalpha() else text
    return begin if begin.endswith((".", "!", "?", ":", "…", "`")) else f"{begin}."


def capital(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def rendered(value: Any) -> Any:
    """Return plain values with every message in them as text: what `--json` prints and pages show."""
    if isinstance(value, Message):
        return say(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value)
        return say(items) if set(items) == {"id", "values"} else {k: rendered(v) for k, v in items.items()}
    if isinstance(value, list | tuple):
        return [rendered(item) for item in cast("list[Any]", value)]
    return value


def title(file: str, name: object) -> str:
    """Return what a person reads for a name of the code, such as `roc_auc` in `metrics`; the name where none is given.

    Args:
        file: The file of names: `metrics`, `references`, `stages`, `questions`.
        name: The name.
    """
    return named(file).get(str(name), str(name))


def named(file: str) -> dict[str, str]:
    """Return a file of names as it is: `glossary`, `metrics`, `references`, `stages` or `questions`."""
    return _catalogue(file)


def sentences(id: str) -> str:
    """Return the sentence of a message's id, its fields unfilled; of a rule's page, the evidence."""
    file, _, key = id.partition(".")
    found: Any = _catalogue(file)[key]
    return found if isinstance(found, str) else str(found["evidence"])


def _filled(text: str, values: Mapping[str, Any]) -> str:
    def optional(match: re.Match[str]) -> str:
        names = [field[0] for field in _FIELD.findall(match[1])]
        return match[1] if all(_known(values.get(name)) for name in names) else ""

    return _FIELD.sub(lambda match: _written(values, *match.groups()), _OPTIONAL.sub(optional, text))


def _written(values: Mapping[str, Any], field: str, form: str | None) -> str:
    value = values[field]
    if isinstance(value, Message | Mapping):
        return say(cast("Message | Mapping[str, Any]", value))
    if form is None:
        return str(value)
    name, *more = form.split(" ")
    match name:
        case "count":
            return count(int(value), *(word.replace("_", " ") for word in more))
        case "title":
            return title(more[0], value)
        case "like":
            return alike([values[more[0]], value])[1]
        case _:
            return FORMS[name](value)


def _known(value: Any) -> bool:
    return value not in (None, "", [], ()) and (not isinstance(value, float) or finite(value))


@cache
def _catalogue(file: str) -> dict[str, str]:
    text = resources.files("modelwizard.words").joinpath(f"en/{file}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
