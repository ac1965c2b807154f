"""What a person sees: a real terminal around the real command, at 80 x 24 and at 30 x 10."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from modelwizard.wizard import kept

ENTER, CTRL_B, CTRL_C, CLEAR = "\r", "\x02", "\x03", "\x15"
DEADLINE = 60.0  # seconds; reached only when something is wrong


class Screen:
    """A command in a terminal that can be looked at."""

    def __init__(self, command: list[str], folder: Path, rows: int, columns: int, environ: dict[str, str]) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=2000)
        self._stream = pyte.ByteStream(self.screen)
        keep = {name: value for name, value in os.environ.items() if not name.startswith("MODELWIZARD")}
        keep = {name: value for name, value in keep.items() if name not in ("NO_COLOR", "COLUMNS", "ACCESSIBLE")}
        self.process = pexpect.spawn(
            command[0],
            command[1:],
            cwd=folder,
            dimensions=(rows, columns),
            env={**keep, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **environ},
            timeout=DEADLINE,
        )
        self.raw = b""

    def _read(self) -> bool:
        try:
            chunk = self.process.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += chunk
        self._stream.feed(chunk)
        return True

    @property
    def text(self) -> str:
        """Everything that is or was on the screen, one string without line ends."""
        past = ["".join(line[at].data for at in sorted(line)) for line in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*past, *self.screen.display])

    @property
    def seen(self) -> str:
        """What is on the screen now, its lines joined as a wrapped text."""
        return "".join(self.screen.display)

    def until(self, words: str, times: int = 1) -> Screen:
        """Read until the words stand on the screen so often (line breaks do not count)."""
        end, wanted = time.monotonic() + DEADLINE, "".join(words.split())
        while "".join(self.seen.split()).count(wanted) < times:
            alive = self._read()
            found = "".join(self.seen.split()).count(wanted) >= times
            if not found and (not alive or time.monotonic() > end):
                pytest.fail(f"{words!r} never came; the screen:\n{self.text}")
        return self

    def press(self, keys: str) -> Screen:
        self.process.send(keys)
        return self

    def end(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + DEADLINE
        while self._read():
            if time.monotonic() > end:
                pytest.fail(f"the command did not end; the screen:\n{self.text}")
        self.process.close()
        return self.process.exitstatus if self.process.exitstatus is not None else -(self.process.signalstatus or 0)


Start = Callable[..., Screen]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = [f"{n % 40},{'ab'[n % 2]},{'yes' if n * 7 % 10 < 4 else 'no'}" for n in range(100)]
    (tmp_path / "shop.csv").write_text("age,shop,left\n" + "\n".join(rows) + "\n")
    return tmp_path


@pytest.fixture
def start(shop: Path) -> Iterator[Start]:
    running: list[Screen] = []

    def begin(*words: str, rows: int = 24, columns: int = 80, shell: str = "", **environ: str) -> Screen:
        command = ["/bin/sh", "-c", shell] if shell else [sys.executable, "-m", "modelwizard", *words]
        running.append(Screen(command, shop, rows, columns, environ))
        return running[-1]

    yield begin
    for screen in running:
        screen.process.close(force=True)


def test_the_happy_path(start: Start, shop: Path) -> None:
    screen = start("new", "--no-run")
    screen.until("Where are your data?").press(ENTER)
    screen.until("Which column should be predicted?")
    assert "100 rows, 3 columns" in screen.text
    screen.press(ENTER).until("What kind of problem is it?").press(ENTER)
    screen.until("Which metric should decide?")
    assert 'Dense(1, activation="sigmoid")' in screen.text
    assert "binary_crossentropy" in screen.text
    screen.press(ENTER).until("How should models be validated").press(ENTER)
    screen.until("Where should the project go?").press(ENTER)
    screen.until("Is this right?")
    assert "2 distinct values: no, yes" in screen.text
    screen.press(ENTER).until("modelwizard baseline")
    assert screen.end() == 0
    assert "modelwizard new shop --data shop.csv --target left" in screen.text.replace("\n", "")
    assert (shop / "shop" / "model.py").is_file()
    assert "Traceback" not in screen.text


def test_going_back_and_a_bad_value(start: Start, shop: Path) -> None:
    screen = start("new", "--no-run", "--data", "shop.csv", "--target", "left", "--metric", "f1")
    screen.until("What kind of problem is it?").press(ENTER)
    screen.until("How should models be validated").press(CTRL_B)
    screen.until("? What kind of problem is it? (arrows, Enter)").press(ENTER)
    screen.until("How should models be validated", times=2).press(ENTER)
    screen.until("Where should the project go?").press(CLEAR + "json" + ENTER)
    screen.until("would hide the module 'json'").until("Where should the project go?", times=2)
    screen.press(CLEAR + "better" + ENTER).until("Is this right?").press(ENTER)
    assert screen.end() == 0
    assert (shop / "better" / "model.py").is_file()


def test_ctrl_c_leaves_the_answers_and_nothing_else(start: Start, shop: Path) -> None:
    screen = start("new")
    screen.until("Where are your data?").press(ENTER)
    screen.until("Which column should be predicted?").press(CTRL_C)
    assert screen.end() == 130
    assert "Interrupted; no project was written" in screen.text
    assert "Traceback" not in screen.text
    assert sorted(path.name for path in shop.iterdir()) == [kept.NAME, "shop.csv"]
    screen = start("new", "--no-run")
    screen.until("Continue with these answers?").press("y")
    screen.until("Which column should be predicted?").press(CTRL_C)
    assert screen.end() == 130


def test_a_narrow_screen_loses_nothing(start: Start, shop: Path) -> None:
    screen = start("new", "small", "--no-run", rows=10, columns=30)
    screen.until("Where are your data?").press(ENTER)
    screen.until("Which column should be predicted?").press(ENTER)
    screen.until("What kind of problem is it?").until("2 distinct values: no, yes").press(ENTER)
    screen.until("Which metric should decide?").press(ENTER)
    screen.until("How should models be validated").press(ENTER)
    screen.until("Is this right?").press(ENTER)
    assert screen.end() == 0
    assert max(len(line) for line in screen.text.splitlines()) <= 30
    assert (shop / "small" / "model.py").is_file()


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"ACCESSIBLE": "1"}])
def test_plain_screens_only_grow_at_the_end(start: Start, shop: Path, environ: dict[str, str]) -> None:
    screen = start("new", "plain", "--no-run", "--data", "shop.csv", "--metric", "f1", **environ)
    screen.until("Which column should be predicted?").until(":").press("left\n")
    screen.until("What kind of problem is it?").press("1\n")
    screen.until("How should models be validated").press("\n")
    screen.until("Is this right?").press("1\n")
    assert screen.end() == 0
    assert b"\x1b" not in screen.raw
    assert (shop / "plain" / "model.py").is_file()


def test_results_can_go_into_a_file_while_somebody_answers(start: Start, shop: Path) -> None:
    words = "new out --data shop.csv --target left --metric f1 --validation auto --no-run --json"
    screen = start(shell=f"{sys.executable} -m modelwizard {words} > made.json")
    screen.until("What kind of problem is it?").press(ENTER)
    screen.until("Is this right?").press(ENTER)
    assert screen.end() == 0
    assert json.loads((shop / "made.json").read_text())["project"] == "out"


def test_a_screen_has_colours(start: Start) -> None:
    screen = start("table", "count")
    assert screen.end() == 0
    assert "exponential" in screen.text
    assert b"\x1b[" in screen.raw
