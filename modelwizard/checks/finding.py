"""How much a finding matters, and which words name symptoms. The findings themselves: `contract.results.Finding`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Severity = Literal["error", "warning", "tip"]

SYMPTOMS = (
    "no-learning", "slow-convergence", "constant-output", "vanishing-gradient", "exploding-gradient", "dying-relu",
    "saturated-activation", "nan-loss", "oscillating-loss", "underfitting", "overfitting", "crash",
)  # fmt: skip
"""What is seen while training, whatever the reason."""

SEVERITIES: Mapping[Severity, int] = {"error": 0, "warning": 1, "tip": 2}
