"""Which trial comes next: proposals depend on seed, number and finished trials alone."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras_tuner
import numpy as np

from modelwizard.contract.trials import Summary
from modelwizard.training.seeds import derive
from modelwizard.training.space import Values, bare, kind, regulariser
from modelwizard.tuning.smoothing import FEWEST, steadiest

COLLISIONS = 50
"""Draws that were tried before, in a row, after which a space counts as exhausted."""

TURNS = ("tune", "move", "tune", "explore")
"""What a trial after the given ones does, in turn: from the best trial so far change numbers that need no new program
(learning rate, regularisers, epochs), change anything, or leave it for a point of the whole space."""

HURRIED = ("tune", "tune", "tune", "move")
"""The turns of a search that is over before another program has paid for its compilation."""

CHEAP = ("learning_rate", "epochs", "batch_size")

OPENING = 3
"""Trials before a longest one without regularisers may be proposed."""

LAST, APART = 0.25, 0.25
"""What counts as still learning: the best epoch in this last share of a training, losses this far apart at most."""

STEP = 0.15
"""Standard deviation of a step, as a share of a range; a value that a step leaves as it was takes a longer one."""


class Oracle:
    """Proposes the given points, then by turns steps from the best one and points of a Halton sequence, none twice.

    Once only, as soon as the best trial is one that was still learning when it ended, it proposes that trial's values
    without any regulariser and for the longest time: where the border of overfitting is not in sight, neither is held
    back for anything (Chollet, ch. 4.5: first develop a model that overfits).

    Nothing is written to disk: the journal is the record, and the oracle is rebuilt from it. Since a proposal depends
    on seed, number and the trials before it only, a search that was killed goes on exactly as it would have.

    Steps change one to three values at a time (random local search; Bergstra & Bengio 2012 on why few of them matter).
    With many trials the luckiest is seldom the best, so that steps start from the one that is best among its neighbours
    (`smoothing.py`).
    Halton points cover each range more evenly than independent draws (Halton 1960; permuted digits: Braaten & Weller
    1979), which the Deep Learning Tuning Playbook recommends for exploration.

    Args:
        space: What is searched.
        seed: Base of the sequence.
        first: Values of the first trials; names that are missing take their defaults.
        turns: What trials after them do, in turn. Defaults to `TURNS`.
        unregularised: Whether there is time for the long trial without regularisers. Defaults to True.
    """

    def __init__(
        self,
        space: keras_tuner.HyperParameters,
        seed: int,
        first: Sequence[Mapping[str, Any]] = (),
        turns: Sequence[str] = TURNS,
        *,
        unregularised: bool = True,
    ) -> None:
        self.space = space
        self.seed = derive("oracle", seed)
        self.turns = turns
        self.unregularised = unregularised
        self.first = [self.complete(values) for values in first]
        self.tried: list[Values] = []
        self._best: tuple[float, Values] | None = None
        self._learning = False  # whether the best trial was
        self._known: list[tuple[float, Values]] = []  # the loss of each trial that has one

    def propose(self, index: int) -> Values | None:
        """Return the values of the trial of that number, counted from 0, or None when all were tried."""
        values = self._next(index)
        if values is not None:
            self.tried.append(values)
        return values

    def report(self, values: Values, val_loss: float | None, *, learning: bool = False) -> None:
        """Tell how a trial ended; a loss that is no finite number is a failure, never a value to compare with.

        Args:
            values: Its values.
            val_loss: Its best validation loss.
            learning: Whether it was still learning when it ended; see `still_learning`. Defaults to False.
        """
        if val_loss is not None and math.isfinite(val_loss):
            self._known.append((float(val_loss), values))
            if self._best is None or val_loss < self._best[0]:
                self._best = (val_loss, values)
                self._learning = learning

    def replay(self, finished: Iterable[Summary]) -> None:
        """Learn what was tried before: run summaries in the order of their numbers."""
        for summary in finished:
            values = self.complete(summary.hyperparameters)
            self.tried.append(values)
            self.report(values, summary.val_loss, learning=still_learning(summary))

    def complete(self, values: Mapping[str, Any]) -> Values:
        """Return values for every active hyperparameter: those given, and defaults for the others."""
        hps = keras_tuner.HyperParameters()
        hps.values = {hp.name: values[hp.name] for hp in self.space.space if hp.name in values}
        for hp in self.space.space:
            hps.merge([hp], overwrite=False)
        return {hp.name: hps.values[hp.name] for hp in hps.space if hps.is_active(hp)}

    def _next(self, index: int) -> Values | None:
        given = next((values for values in self.first if values not in self.tried), None)
        values = self._without_regularisers(index) or given
        if values is not None:
            return values
        turn = self.turns[(index - len(self.first)) % len(self.turns)] if self._best else "explore"
        start = self._incumbent() if turn != "explore" else {}
        for attempt in range(COLLISIONS):
            values = self._step(index, start, turn, attempt) if start else self._draw(index, attempt)
            if values not in self.tried:
                return values
        return None

    def _without_regularisers(self, index: int) -> Values | None:
        """Return the best values without regularisers and with most epochs, if its trial calls for it and none was."""
        free = {hp.name: hp for hp in self.space.space if kind(hp) != "Fixed"}
        due = self.unregularised and self._learning and index >= OPENING
        if self._best is None or not due or "epochs" not in free or kind(free["epochs"]) != "Choice":
            return None
        changes = {name: value for name, value in bare(self.space).items() if name in free}
        changes["epochs"] = max(free["epochs"].values)
        values = self.complete(self._best[1] | changes)
        return None if any(changes.items() <= tried.items() for tried in self.tried) else values

    def _step(self, index: int, start: Values, turn: str, attempt: int) -> Values:
        """Return some values with one to three of them changed."""
        rng = np.random.default_rng([self.seed, index, attempt])
        values = self.complete(start)
        free = [hp for hp in self.space.space if hp.name in values and kind(hp) != "Fixed"]
        cheap = [hp for hp in free if hp.name in CHEAP or regulariser(hp)]
        pool = cheap if cheap and turn == "tune" else free
        for i in rng.permutation(len(pool))[: rng.integers(1, 4)]:
            values[pool[i].name] = _moved(pool[i], values[pool[i].name], rng)
        return self.complete(values)

    def _incumbent(self) -> Values:
        """Return the values that steps start from."""
        assert self._best is not None
        if len(self._known) < FEWEST:
            return self._best[1]
        losses, tried = zip(*self._known, strict=True)
        free = [hp for hp in self.space.space if kind(hp) != "Fixed"]
        points = [[_place(hp, values.get(hp.name, hp.default)) for hp in free] for values in tried]
        return tried[steadiest(points, losses)]

    def _draw(self, index: int, attempt: int) -> Values:
        space = self.space.space
        # Other attempts at the same number lie far out in the sequence, where no number of a trial will come.
        point = halton(index + 100_003 * attempt, len(space), self.seed)
        hps = keras_tuner.HyperParameters()
        for hp, position in zip(space, point, strict=True):
            hps.merge([hp])
            if hps.is_active(hp):
                hps.values[hp.name] = hp.prob_to_value(position)
        return {name: value for name, value in hps.values.items() if hps.is_active(name)}


def still_learning(summary: Summary) -> bool:
    """Say whether a trial ended before it had learned all it could: the end was best, and not by heart.

    Args:
        summary: Of a run. Its best epochs must lie in the last quarter of its training on average, its validation
            loss at most a quarter above its training loss; both shares are ours.
    """
    best, train, held = summary.best_epochs, summary.train_loss, summary.val_loss
    if not best or train is None or held is None:
        return False
    late = np.mean(best) + 1 >= (1 - LAST) * summary.training.epochs
    return bool(late and held - train <= APART * abs(train))


def _moved(hp: Any, value: Any, rng: np.random.Generator) -> Any:
    """Return a value near another one: never that value itself, unless the range holds no other."""
    start = _place(hp, value)
    for i in range(10):
        place = start + rng.normal(0.0, STEP * (1 + i / 2))
        moved = hp.prob_to_value(min(max(place, 0.0), 1 - 1e-9))
        if moved != value:
            return moved
    return value


def _place(hp: Any, value: Any) -> float:
    """Return where a value lies in its range, from 0 to 1; in the middle, if an edit of the model has taken it out."""
    try:
        return min(max(float(hp.value_to_prob(value)), 0.0), 1.0)
    except ValueError:
        return 0.5


def halton(index: int, dimensions: int, seed: int) -> list[float]:
    """Return point number `index` of a Halton sequence whose digits are permuted, in [0, 1)^dimensions."""
    point: list[float] = []
    for dimension, base in enumerate(_primes(dimensions)):
        value, weight, rest = 0.0, 1.0, index
        for level in range(math.ceil(32 / math.log2(base))):
            weight /= base
            rest, digit = divmod(rest, base)
            value += weight * float(_permutation(base, dimension, level, seed)[digit])
        point.append(min(value, 1 - 1e-9))
    return point


def _permutation(base: int, dimension: int, level: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng([seed, dimension, level]).permutation(base)


@functools.cache
def _primes(count: int) -> tuple[int, ...]:
    """Return the first prime numbers, the bases of a Halton sequence."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % p for p in found):
            found.append(number)
        number += 1
    return tuple(found)
