"""A message: something to tell a person, as an id and the values in it; `words` turns it into a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

VERBATIM = "verbatim"
"""Id of a message whose only value, `text`, is already a sentence: journals of the first edition hold such."""


class Message(msgspec.Struct, frozen=True):
    """Something to tell a person.

    Args:
        id: File and key of its sentence in `words/en`, such as `baseline.beats`.
        values: What the sentence names: plain JSON values, or further messages (as objects with `id` and `values`).
    """

    id: str
    values: dict[str, Any] = {}


def message(id: str, /, **values: Any) -> Message:
    """Return a message.

    Args:
        id: File and key of its sentence, such as `baseline.beats`.
        **values: What the sentence names; None leaves the optional parts out that name it.
    """
    return Message(id, values)


def restored(stored: str | Mapping[str, Any] | Message) -> Message:
    """Return a message as a journal holds it: an object, or a whole sentence in journals of the first edition."""
    if isinstance(stored, Message):
        return stored
    if isinstance(stored, str):
        return Message(VERBATIM, {"text": stored})
    return Message(str(stored["id"]), dict(stored.get("values") or {}))


Text = str | Message
"""What a person is told: a text as it is, or a message that is turned into a sentence where it is shown."""
