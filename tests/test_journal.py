"""The journal survives kills, refuses a second writer and notices every edit."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from modelwizard.errors import ProjectError
from modelwizard.journal import START, Journal, Looks, looks

Lines = list[str]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    book = Journal(tmp_path / "journal.jsonl")
    with book.writing():
        book.append("created", name="churn")
        for i in range(1, 4):
            book.append("trial", stage="baseline", run=f"baseline-{i:02d}", looks=10, score=0.8 + i / 100)
        book.append("verdict", stage="baseline", verdict="passed")
    return book


def test_lines_are_chained_and_numbered(journal: Journal) -> None:
    entries = journal.entries()
    assert [e["seq"] for e in entries] == [1, 2, 3, 4, 5]
    assert entries[0]["prev"] == START
    assert all(b["prev"] == a["hash"] for a, b in pairwise(entries))
    assert journal.verify().ok


def test_entries_are_chosen_by_kind_and_stage(journal: Journal) -> None:
    assert [e["run"] for e in journal.entries("trial")] == ["baseline-01", "baseline-02", "baseline-03"]
    assert [e["kind"] for e in journal.entries(stage="baseline")] == ["trial", "trial", "trial", "verdict"]
    assert journal.entries("opened") == []


def test_numbers_that_json_cannot_hold_become_null(journal: Journal) -> None:
    journal.append("trial", run="x", score=math.nan, deep={"loss": [math.inf, 1.0]})
    last = json.loads(journal.path.read_text().splitlines()[-1])
    assert last["score"] is None
    assert last["deep"] == {"loss": [None, 1.0]}
    assert journal.verify().ok


def test_a_kind_outside_the_vocabulary_is_a_bug(journal: Journal) -> None:
    with pytest.raises(ValueError, match="no kind"):
        journal.append("note", text="hello")


def change(lines: Lines) -> Lines:
    return [*lines[:2], lines[2].replace("0.82", "0.92"), *lines[3:]]


def rehash(lines: Lines) -> Lines:
    """Change a line and give it the hash that belongs to the new content."""
    from modelwizard.journal import _hash

    entry = json.loads(lines[2]) | {"score": 0.99}
    return [*lines[:2], json.dumps(entry | {"hash": _hash(entry)}), *lines[3:]]


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
    journal.append("decision", text="go on")
    assert [e["seq"] for e in journal.entries()] == [1, 2, 3, 4, 5, 6]
    assert journal.verify().ok
    assert journal.path.with_name("journal.jsonl.torn").read_bytes() == torn + b"\n"


def test_a_line_that_lost_only_its_end_is_kept(journal: Journal) -> None:
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))
    assert len(journal.entries()) == 5
    journal.append("decision", text="go on")
    assert len(journal.entries()) == 6
    assert journal.verify().ok


def test_a_journal_of_one_torn_line_starts_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.write_bytes(b'{"seq": 1, "ki')
    journal.append("created")
    assert [e["seq"] for e in journal.entries()] == [1]


def test_the_memory_of_the_end_may_lag_one_line_behind(journal: Journal) -> None:
    """A kill between the line and the memory of it is no contradiction."""
    head = journal.path.parent / "runs" / ".head"
    before = head.read_bytes()
    journal.append("decision", text="one more")
    head.write_bytes(before)
    assert journal.verify().ok


def test_a_clone_without_the_memory_of_the_end_verifies(journal: Journal) -> None:
    (journal.path.parent / "runs" / ".head").unlink()
    assert journal.verify().ok


def test_a_second_writer_is_told_who_holds_the_project(journal: Journal) -> None:
    with journal.writing(), pytest.raises(ProjectError, match="Another modelwizard process") as caught:
        Journal(journal.path).append("decision")
    assert "process" in str(caught.value.received)
    Journal(journal.path).append("decision")  # free again


def test_a_killed_writer_leaves_no_lock(journal: Journal) -> None:
    code = f"""
import os, signal
from pathlib import Path
from modelwizard.journal import Journal
with Journal(Path({str(journal.path)!r})).writing() as book:
    book.append("decision", text="before the kill")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    journal.append("decision", text="after the kill")
    assert [e["text"] for e in journal.entries("decision")] == ["before the kill", "after the kill"]
    assert journal.verify().ok


def test_looks_are_summed_over_all_lines() -> None:
    entries = [
        {"kind": "trial", "looks": 40},
        {"kind": "look", "looks": 1},
        {"kind": "verdict"},
        {"kind": "opened"},
        {"kind": "trial", "looks": None},
        {"kind": "read", "by": "status"},
    ]
    assert looks(entries) == Looks(validation=41, test=1, read=1)
