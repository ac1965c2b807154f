"""Which columns could be added to a table, and which stand in for each other, as `modelwizard features` asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwizard.contract.results import Proposal
from modelwizard.kinds.tabular.interactions import CYCLES, calendar, clusters, interactions, logarithms

Array = NDArray[Any]
Floats = NDArray[np.floating]
Kinds = Mapping[str, str]

MOST = 6
"""Interactions that are proposed, at most."""


class TableFeatures:
    """Features of tables: what is made of numbers and of dates."""

    def numbers(self, kinds: Kinds, made: Collection[str]) -> list[str]:
        """Return which of the columns that leave `add_features` are numbers."""
        return [name for name in made if kinds.get(name, "numeric") == "numeric"]

    def helped(
        self, kinds: Kinds, numbers: Mapping[str, Floats], raw: Mapping[str, Array], y: Array, problem: str, seed: int
    ) -> tuple[Proposal, ...]:
        """Return features of two columns that explain what a model without them leaves of the target."""
        worded = [name for name, kind in kinds.items() if kind in ("categorical", "boolean") and name in raw]
        labels = {name: raw[name].reshape(-1) for name in worded}
        dated = _dated(kinds, numbers)
        return tuple(interactions(numbers, labels, y, problem, dated=dated, most=MOST, seed=seed))

    def unhelped(self, kinds: Kinds, numbers: Mapping[str, Floats]) -> dict[str, tuple[Proposal, ...]]:
        """Return features that the inputs alone speak for, by what they are."""
        dated = _dated(kinds, numbers)
        return {
            "dates": tuple(calendar(numbers, dated)),
            "logarithms": tuple(logarithms(numbers, dated=dated)),
        }

    def clusters(
        self, blocks: Mapping[str, Array], columns: Mapping[str, Sequence[str]], names: Sequence[str]
    ) -> list[list[str]]:
        """Return columns, correlated numbers (beyond 0.8) together."""
        numbers = [name for name in columns["numeric"] if name in names]
        places = [columns["numeric"].index(name) for name in numbers]
        found = clusters(blocks["numeric"][:, places], numbers) if numbers else []
        return found + [[name] for name in names if name not in numbers]


def _dated(kinds: Kinds, numbers: Mapping[str, Floats]) -> list[str]:
    """Return the numbers that are parts of dates."""
    parts = [f"{name}.{part}" for name, kind in kinds.items() if kind == "date" for part in ("days", *CYCLES)]
    return [name for name in parts if name in numbers]
