"""The order in which a person reads findings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelwizard.checks.ranking import rank
from modelwizard.contract.results import Checked, Finding, Skipped


def finding(code: str, cause: str, severity: Any) -> Finding:
    return Finding(code, cause, severity, "Title", code, "why", "fix", "where")


A = finding("MW101", "wrong-last-activation", "error")
B = finding("MW104", "wrong-last-activation", "error")
C = finding("MW119", "labels-encoding-mismatch", "error")
D = finding("MW401", "missing-normalization", "warning")
E = finding("MW521", "missing-normalization", "warning")
T = finding("MW306", "bad-batch-size", "tip")
NAN = finding("MW502", "nan-loss", "warning")
FLAT = finding("MW503", "no-learning", "tip")
RATE = finding("MW302", "bad-learning-rate", "tip")


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
def test_rank(given: list[Finding], codes: list[str]) -> None:
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
