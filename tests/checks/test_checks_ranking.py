"""The order in which a person reads findings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelwizard.checks.ranking import Ranked, rank
from modelwizard.contract.results import Checked, Finding, Skipped


def finding(code: str, cause: str, severity: Any, weight: int) -> Ranked:
    return Ranked(Finding(code, cause, severity, "Title", code, "why", "fix", "where"), weight)


A = finding("MW101", "wrong-last-activation", "error", 99)
B = finding("MW104", "wrong-last-activation", "error", 95)
C = finding("MW119", "labels-encoding-mismatch", "error", 90)
D = finding("MW401", "missing-normalization", "warning", 79)
E = finding("MW521", "missing-normalization", "warning", 85)
T = finding("MW306", "bad-batch-size", "tip", 6)
NAN = finding("MW502", "nan-loss", "warning", 64)
FLAT = finding("MW503", "no-learning", "tip", 42)
RATE = finding("MW302", "bad-learning-rate", "tip", 74)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ([T, D, A], ["MW101", "MW401", "MW306"]),
        ([A, B, C], ["MW101", "MW119", "MW104"]),  # different causes first
        ([NAN, D], ["MW401"]),  # an exploding loss from unscaled input is one finding
        ([NAN], ["MW502"]),
        ([FLAT, D], ["MW401"]),
        ([FLAT, RATE], ["MW302", "MW503"]),  # a tip explains nothing away
        ([D, E], ["MW521"]),  # a suspicion and its proof are one finding
    ],
)
def test_rank(given: list[Ranked], codes: list[str]) -> None:
    assert [f.code for f in rank(given)] == codes


def test_what_is_folded_away_stays_in_the_evidence() -> None:
    (only,) = rank([NAN, D])
    assert "the loss becomes nan or infinite (MW502)" in only.evidence


def test_report_has_the_fixed_json_shape() -> None:
    report = Checked(rank([A]), ["MW102"], [Skipped("MW501", "train=False")])
    assert msgspec.to_builtins(report) == {
        "findings": [
            {
                "code": "MW101",
                "cause": "wrong-last-activation",
                "severity": "error",
                "title": "Title",
                "evidence": "MW101",
                "why": "why",
                "fix": "fix",
                "where": "where",
            }
        ],
        "passed": ["MW102"],
        "skipped": [{"code": "MW501", "reason": "train=False"}],
    }
