"""Steps that are taken once as long as what they rest on stays the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


class Once:
    """What steps found last, each with what it rested on."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Hashable, Any]] = {}

    def __call__(self, step: str, key: Hashable, find: Callable[[], Any]) -> Any:
        """Return what a step found before for the same key, else find it.

        Args:
            step: Its name.
            key: What it rests on.
            find: Takes the step.
        """
        before = self._found.get(step)
        if before is None or before[0] != key:
            self._found[step] = (key, find())
        return self._found[step][1]
