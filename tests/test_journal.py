"""The journal survives kills, refuses a second writer and notices every edit."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwizard.contract.entries import Created, Forced, Look, Opened, Read, Switched, Trial, Verdict, entry, kind
from modelwizard.contract.trials import Training
from modelwizard.errors import ProjectError
from modelwizard.journal import START, Journal, Looks, looks

Lines = list[str]


def trial(**known: Any) -> Trial:
    return Trial(**{"stage": "baseline", "hyperparameters": {}, "training": Training(9, 32, 0), "run": "x", **known})


def raw(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.path.read_text().splitlines()]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    book = Journal(tmp_path / "journal.jsonl")
    with book.writing():
        book.append(Created(project="churn"))
        for i in range(1, 4):
            book.append(trial(run=f"baseline-{i:02d}", looks=10, score=0.8 + i / 100))
        book.append(Verdict(stage="baseline", verdict="passed"))
    return book


def test_lines_are_chained_and_numbered(journal: Journal) -> None:
    assert [e.seq for e in journal.entries()] == [1, 2, 3, 4, 5]
    entries = raw(journal)
    assert entries[0]["prev"] == START
    assert all(b["prev"] == a["hash"] for a, b in pairwise(entries))
    assert journal.verify().ok


def test_entries_are_chosen_by_kind_and_stage(journal: Journal) -> None:
    assert [e.run for e in journal.of(Trial)] == ["baseline-01", "baseline-02", "baseline-03"]
    assert [kind(e) for e in journal.entries() if e.stage == "baseline"] == ["trial", "trial", "trial", "verdict"]
    assert journal.of(Trial, "overfit") == []
    assert journal.of(Opened) == []


def test_numbers_that_json_cannot_hold_become_null(journal: Journal) -> None:
    journal.append(trial(score=math.nan, hyperparameters={"rates": [np.float64(math.inf), np.int64(1)]}))
    last = raw(journal)[-1]
    assert last["score"] is None
    assert last["hyperparameters"] == {"rates": [None, 1]}
    assert journal.verify().ok


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"kind": "read", "by": "status", "mood": "good"}, Read(by="status")),  # a field of another version
        ({"kind": "forced"}, Forced()),  # a field that another version did not know
        ({"kind": "prophecy"}, None),
        ({"kind": "trial", "run": "x"}, None),
        ({"kind": "decision", "protocol": "kfold", "folds": 5}, Switched(protocol="kfold", folds=5)),
        ({"kind": "decision"}, None),
        ({}, None),
    ],
)
def test_lines_of_other_versions_are_read_as_far_as_they_are_understood(line: dict[str, Any], found: Any) -> None:
    assert entry(line) == found


def change(lines: Lines) -> Lines:
    return [*lines[:2], lines[2].replace("0.82", "0.92"), *lines[3:]]


def rehash(lines: Lines) -> Lines:
    """Change a line and give it the hash that belongs to the new content."""
    from modelwizard.journal import _hash

    line = json.loads(lines[2]) | {"score": 0.99}
    return [*lines[:2], json.dumps(line | {"hash": _hash(line)}), *lines[3:]]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (change, "Line 3 (trial baseline-02, written as number 3) was changed after it was written."),
        (rehash, "Line 4 (trial baseline-03, written as number 4) does not follow the line before it"),
        (lambda ls: [*ls[:1], *ls[2:]], "Line 2 is missing before line 2 (trial baseline-02"),
        (lambda ls: [*ls[:1], *ls[3:]], "Lines 2 to 3 are missing before line 2"),
        (lambda ls: ls[1:], "Line 1 is missing"),
        (lambda ls: ls[:-1], "The end is missing: 5 lines were written, the last one here is line 4."),
        (lambda ls: [ls[0], ls[2], ls[1], *ls[3:]], "stands in the wrong place"),
        (lambda ls: [*ls[:2], ls[1], *ls[2:]], "stands in the wrong place"),
        (lambda ls: [*ls[:3], "{}", *ls[3:]], "Line 4 is not a line of the journal"),
        (lambda ls: [*ls[:3], "not json", *ls[3:]], "Line 4 is not a line of the journal"),
    ],
    ids=[
        "changed",
        "rehashed",
        "removed",
        "two-removed",
        "first-removed",
        "cut",
        "moved",
        "copied",
        "empty",
        "garbage",
    ],
)
def test_every_edit_is_found(journal: Journal, edit: Callable[[Lines], Lines], sentence: str) -> None:
    lines = journal.path.read_text().splitlines()
    journal.path.write_text("\n".join(edit(lines)) + "\n")
    audit = journal.verify()
    assert not audit.ok
    assert any(sentence in problem for problem in audit.problems), audit.problems


def test_spaces_and_key_order_are_no_edit(journal: Journal) -> None:
    lines = [
        json.dumps(json.loads(line), sort_keys=True, indent=None) for line in journal.path.read_text().splitlines()
    ]
    journal.path.write_text("\r\n".join(lines) + "\r\n")
    assert journal.verify().ok


@pytest.mark.parametrize("cut", [1, 20, 150])
def test_a_torn_last_line_is_set_aside_and_the_chain_goes_on(journal: Journal, cut: int) -> None:
    whole = journal.path.read_bytes()
    torn = whole.splitlines()[-1][:cut]
    journal.path.write_bytes(whole + torn)
    assert len(journal.entries()) == 5
    journal.append(Read(by="status"))
    assert [e.seq for e in journal.entries()] == [1, 2, 3, 4, 5, 6]
    assert journal.verify().ok
    assert journal.path.with_name("journal.jsonl.torn").read_bytes() == torn + b"\n"


def test_a_line_that_lost_only_its_end_is_kept(journal: Journal) -> None:
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))
    assert len(journal.entries()) == 5
    journal.append(Read(by="status"))
    assert len(journal.entries()) == 6
    assert journal.verify().ok


def test_a_journal_of_one_torn_line_starts_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.write_bytes(b'{"seq": 1, "ki')
    journal.append(Created())
    assert [e.seq for e in journal.entries()] == [1]


def test_the_memory_of_the_end_may_lag_one_line_behind(journal: Journal) -> None:
    """A kill between the line and the memory of it is no contradiction."""
    head = journal.path.parent / "runs" / ".head"
    before = head.read_bytes()
    journal.append(Read(by="status"))
    head.write_bytes(before)
    assert journal.verify().ok


def test_a_clone_without_the_memory_of_the_end_verifies(journal: Journal) -> None:
    (journal.path.parent / "runs" / ".head").unlink()
    assert journal.verify().ok


def test_a_second_writer_is_told_who_holds_the_project(journal: Journal) -> None:
    with journal.writing(), pytest.raises(ProjectError, match="Another modelwizard process") as caught:
        Journal(journal.path).append(Read())
    assert "process" in str(caught.value.received)
    Journal(journal.path).append(Read())  # free again


def test_a_killed_writer_leaves_no_lock(journal: Journal) -> None:
    code = f"""
import os, signal
from pathlib import Path
from modelwizard.contract.entries import Read
from modelwizard.journal import Journal
with Journal(Path({str(journal.path)!r})).writing() as book:
    book.append(Read(by="before the kill"))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    journal.append(Read(by="after the kill"))
    assert [e.by for e in journal.of(Read)] == ["before the kill", "after the kill"]
    assert journal.verify().ok


def test_looks_are_summed_over_all_lines() -> None:
    entries = [trial(looks=40), Look(looks=1), Verdict(verdict="passed"), Opened(), trial(), Read(by="status")]
    assert looks(entries) == Looks(validation=41, test=1, read=1)
