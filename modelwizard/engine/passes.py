"""Which rows an epoch takes: a whole pass over the data, or so many batches of a pass that the next epoch goes on with.

As the `EpochIterator` of Keras (`trainers/epoch_iterator.py`, alike from 3.10 to 3.15) goes through arrays.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np

from modelwizard.engine.arrays import Array

RAN_OUT = (
    "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least"
    " `steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your dataset."
)


class Passes:
    """The order of the rows, one epoch after the other.

    Args:
        count: Rows of the data.
        batch_size: Rows of a batch; None for 32, or for so many that `steps` batches hold all rows.
        steps: Batches of an epoch; None for a whole pass. An epoch ends with a pass, earlier than asked for if need be.
        at_once: Batches that Keras runs in one call (`steps_per_execution`), whose number is rounded up.
        shuffle: True draws a new order for each pass, "batch" one within batches.
        random: Draws it.

    Attributes:
        batch: Rows of a batch.
        steps: Batches of an epoch, as callbacks are told.
    """

    def __init__(
        self,
        count: int,
        batch_size: int | None,
        steps: int | None,
        at_once: int,
        shuffle: bool | str,
        random: np.random.Generator,
    ) -> None:
        limit = keras.config.max_steps_per_epoch()
        if limit and (not steps or limit < steps):
            warnings.warn(f"Limiting steps_per_epoch to {limit}", stacklevel=2)
            steps = limit
        self.batch = batch_size or (-(-count // steps) if steps else 32)
        self.steps = steps or -(-count // self.batch)
        self._count, self._at_once, self._shuffle, self._random = count, at_once, shuffle, random
        self._calls = -(-self.steps // at_once)
        self._order: Array = np.zeros(0, np.int32)

    @property
    def most(self) -> int:
        """Batches that an epoch takes at most."""
        return min(self._calls * self._at_once, -(-self._count // self.batch))

    def restart(self) -> None:
        """Let the next epoch begin a pass."""
        self._order = self._order[:0]

    def next(self, stopped: bool = False) -> Array:
        """Return the rows of the next epoch, int32 in their order; of its first call alone where it was `stopped`."""
        if not len(self._order):
            self._order = self._drawn()
        each = self._at_once * self.batch
        if len(self._order) <= (self._calls - 1) * each and not stopped:
            warnings.warn(RAN_OUT, stacklevel=2)
        end = each if stopped else self._calls * each
        rows, self._order = self._order[:end], self._order[end:]
        return rows

    def _drawn(self) -> Array:
        order = np.arange(self._count, dtype=np.int32)
        if self._shuffle == "batch":
            for begin in range(0, self._count, self.batch):
                self._random.shuffle(order[begin : begin + self.batch])
        elif self._shuffle:
            self._random.shuffle(order)
        return order
