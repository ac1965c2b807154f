"""Which way a training runs: XLA, a plain compiled loop, or `model.fit`; decided before it starts.

The plain loop costs a third of a second to prepare and on a CPU is rarely slower than `model.fit`; XLA costs half a
second to two more and then runs small steps two to ten times faster, except convolutions. On a GPU, where the plain
loop launches every operation by itself, XLA is tens of times faster. What is kept on disk is not asked: the same
training would run another way the second time, with other random masks. Gross errors of the estimate are noticed from
the clock at the end of an epoch, and set right.
"""

from __future__ import annotations

from typing import Protocol

from modelwizard.engine.cost import Cost

# How wrong an estimate must prove before the clock overrules it: far beyond the noise of a busy machine.
GROSS = 4.0


class Timed(Protocol):
    """What a choice must know of a program."""

    speeds: dict[str, float]
    xla_error: str | None

    def cost(self, batch: int) -> Cost:
        """Estimate a step and a compilation."""
        ...

    def compiled(self, batch: int) -> bool:
        """Say whether XLA has compiled the loaded shapes already."""
        ...


class Choice:
    """The way one training runs, at present in `mode`.

    Args:
        wanted: "auto", "xla" or "graph".
        program: What is trained.
        batch: Rows of a batch.
        steps: Steps planned.
        repeats: Trainings of the same shapes planned, this one included. Defaults to 1.
    """

    def __init__(self, wanted: str, program: Timed, batch: int, steps: int, repeats: int = 1) -> None:
        self._program, self._batch = program, batch
        self._cost = program.cost(batch) if wanted == "auto" else None
        self.mode = self._decide(self._cost, steps * repeats) if self._cost is not None else wanted

    def reconsider(self, steps: int) -> None:
        """Look at the clock before `steps` more steps."""
        cost, seen = self._cost, self._program.speeds
        if cost is None or self._program.xla_error is not None:
            return
        if self.mode == "graph" and cost.xla_fits and "xla" not in seen:
            surprise = seen.get("graph", 0.0) > GROSS * cost.step
            saved = steps * seen.get("graph", 0.0) * (1 - cost.xla_part)
            if surprise and saved > GROSS * cost.compile:
                self.mode = "xla"
        elif self.mode == "xla" and seen.get("xla", 0.0) > GROSS * seen.get("graph", cost.step):
            self.mode = "graph"

    def _decide(self, cost: Cost, steps: int) -> str:
        if not cost.xla_fits or self._program.xla_error is not None:
            return "graph"
        seen = self._program.speeds
        if seen.get("xla", 0.0) > GROSS * seen.get("graph", cost.step):
            return "graph"
        compile_seconds = 0.0 if self._program.compiled(self._batch) else cost.compile
        return "xla" if steps * cost.step * (1 - cost.xla_part) > cost.margin * compile_seconds else "graph"
