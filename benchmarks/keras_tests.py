"""Keras's own tests with `mw.fit` in the place of `fit`: which fail with it alone, and why calls did not run compiled.

    pip download keras==3.15.1 --no-binary keras --no-deps     # the wheel has no tests
    python benchmarks/keras_tests.py keras-3.15.1.tar.gz [PART ...] [-k EXPRESSION] [--jobs N] [--json FILE]

PART is a part of the path of a test file, such as `trainers/` or `early_stopping`; without one, all files that train
(150) run, for hours on two cores. Tests that need a package that is not installed (JAX, TensorBoard) fail either way.
Each file has a process of its own for each way, on the Keras of the source package. A file with a test that passes with
one of them only is run twice more, and the test is named if that was no chance. Each process loads this file as a
plugin of pytest, too.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

FIT, MW = "fit", "mw.fit"
COMPILED, RAISED = "ran compiled", "ended in an error"
WAY, REPORT = "KERAS_TESTS_WAY", "KERAS_TESTS_REPORT"  # environment variables that the plugin reads

Outcomes = dict[str, str]


def main() -> None:
    """Run the tests both ways and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="Keras's source package, packed or unpacked")
    parser.add_argument("parts", nargs="*", help="parts of the paths of test files; all that train")
    parser.add_argument("-k", default="", help="expression of pytest that chooses tests")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time; one a core")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds that a file may take; 1800")
    parser.add_argument("--json", type=Path, help="file for all outcomes and counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = unpacked(options.source, Path(folder))
        files = [str(file.relative_to(root)) for file in chosen(root, options.parts)]
        run = functools.partial(run_file, root, chosen=options.k, timeout=options.timeout)
        with ThreadPoolExecutor(options.jobs) as pool:
            found = {way: list(pool.map(functools.partial(run, way), files)) for way in (FIT, MW)}
            outcomes = {
                way: {name: how for each, _ in runs for name, how in each.items()} for way, runs in found.items()
            }
            calls = sum((counts for _, counts in found[MW]), Counter[str]())
            only = {way: alone(outcomes, way) for way in (FIT, MW)}
            luck = unsteady(run, pool, only[FIT] | only[MW], outcomes)
    show(outcomes, {way: names - luck for way, names in only.items()}, calls, luck)
    if options.json:
        options.json.write_text(json.dumps({"outcomes": outcomes, "calls": calls}, indent=1))


def unpacked(source: Path, folder: Path) -> Path:
    """Return the folder that holds the package `keras`."""
    if source.is_file():
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        source = next(folder.iterdir())
    if not (source / "keras" / "src").is_dir():
        raise SystemExit(f"{source} holds no folder keras/src: give the source package of Keras, packed or unpacked.")
    return source.resolve()


def chosen(root: Path, parts: list[str]) -> list[Path]:
    """List the test files that train, or those that the parts name; the longest first, so that processes end alike."""
    files = [file for file in (root / "keras").rglob("*_test.py") if not parts or any(p in str(file) for p in parts)]
    trains = [file for file in files if any(word in file.read_text() for word in (".fit(", "run_layer_test"))]
    return sorted(trains, key=lambda file: -file.stat().st_size)


def run_file(root: Path, way: str, test: str, *, chosen: str, timeout: int) -> tuple[Outcomes, Counter[str]]:
    """Run the tests of a file; return outcome by name, and how calls of `fit` ran."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        here = Path(__file__).parent
        path = os.pathsep.join([str(root), str(here), str(here.parent)])
        environment = os.environ | {"PYTHONPATH": path, WAY: way, REPORT: str(report), "KERAS_BACKEND": "tensorflow"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", Path(__file__).stem, "-p", "no:cacheprovider", test]
        command += ["-k", chosen] if chosen else []
        try:
            output = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=timeout).stdout
        except subprocess.TimeoutExpired:
            output = b"out of time"
        if not report.exists():
            print(f"{test} by {way}: {output[-500:].decode(errors='replace')}", file=sys.stderr)
            return {test: "crashed"}, Counter()
        told = json.loads(report.read_text())
        return told["outcomes"], Counter(told["calls"])


def alone(outcomes: dict[str, Outcomes], way: str) -> set[str]:
    """Name the tests that pass one way only."""
    other = outcomes[MW if way == FIT else FIT]
    return {name for name, how in outcomes[way].items() if how == "passed" and other.get(name) != "passed"}


def unsteady(run: Any, pool: ThreadPoolExecutor, names: set[str], outcomes: dict[str, Outcomes]) -> set[str]:
    """Name those of the tests that end otherwise when their files run again."""
    again = [(way, file) for file in {name.partition("::")[0] for name in names} for way in (FIT, MW) for _ in "12"]
    ended = pool.map(lambda job: (job[0], run(*job)[0]), again)
    return {name for way, told in ended for name in names & told.keys() if told[name] != outcomes[way].get(name)}


def show(outcomes: dict[str, Outcomes], only: dict[str, set[str]], calls: Counter[str], luck: set[str]) -> None:
    """Print the comparison as Markdown."""
    print(f"| | {FIT} | {MW} |\n|---|---|---|")
    for how in ("passed", "failed", "skipped", "crashed"):
        print(f"| {how} | {' | '.join(str(Counter(outcomes[way].values())[how]) for way in (FIT, MW))} |")
    for way, names in only.items():
        print(f"\n{len(names)} pass with {way} alone" + "".join(f"\n- {name}" for name in sorted(names)))
    if luck:
        print(f"\n{len(luck)} end now so, now so" + "".join(f"\n- {name}" for name in sorted(luck)))
    print(f"\n| {calls.total()} calls of {MW} | |\n|---|---|")
    for reason, count in sorted(calls.items(), key=lambda item: (item[0] != COMPILED, -item[1])):
        print(f"| {reason} | {count} |")


# What follows runs inside of pytest.

_outcomes: Outcomes = {}
_calls: Counter[str] = Counter()


def pytest_configure() -> None:
    """Put `mw.fit` in the place of `fit`, if this is its run."""
    if os.environ.get(WAY) == MW:
        replace()


def pytest_runtest_logreport(report: Any) -> None:
    """Note how a test ended."""
    if report.when == "call" or report.outcome != "passed":
        _outcomes[re.sub("0x[0-9a-f]+", "0x", report.nodeid)] = report.outcome  # addresses differ from run to run


def pytest_sessionfinish() -> None:
    """Write the report, if the script asked for one."""
    if REPORT in os.environ:
        Path(os.environ[REPORT]).write_text(json.dumps({"outcomes": _outcomes, "calls": _calls}))


def replace() -> None:
    """Let every model train by `mw.fit`, and count how."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    import modelwizard as mw
    from modelwizard.engine import api

    original = TensorFlowTrainer.fit

    def handed(model: Any, reason: str, arguments: dict[str, Any]) -> Any:
        _calls[reason] += 1
        return original(model, **arguments)

    @functools.wraps(original)  # with its module, by which a `fit` of the user's own is known
    def fit(self: Any, *args: Any, **settings: Any) -> Any:
        before = _calls.total()
        try:
            history = mw.fit(self, *args, **settings)
        except BaseException:
            _calls[RAISED] += _calls.total() == before
            raise
        _calls[COMPILED] += _calls.total() == before
        return history

    api._by_keras = handed  # pyright: ignore[reportPrivateUsage]
    TensorFlowTrainer.fit = fit


if __name__ == "__main__":
    main()
