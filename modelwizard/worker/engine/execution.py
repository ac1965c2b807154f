"""Which way a model is trained: XLA, a plain compiled loop, or `model.fit`."""

from __future__ import annotations

from modelwizard.worker.engine.program import Program

# Steps from which compiling with XLA pays for a small dense network.
XLA_FROM_STEPS = 8000


def choose(wanted: str, program: Program, steps: int) -> str:
    """Return "xla" or "graph" for a training of `steps` steps."""
    if wanted != "auto":
        return wanted
    convolutions = any(name.startswith(("Conv", "DepthwiseConv")) for name in program.graph.operations)
    return "graph" if convolutions or steps < XLA_FROM_STEPS else "xla"
