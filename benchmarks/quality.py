"""How good a net the wizard buys in a minute, beside what others buy: test scores on real tables with fixed splits.

    python benchmarks/quality.py --data DIR --results FILE.jsonl                       # what is missing in FILE
    python benchmarks/quality.py --data DIR --results FILE.jsonl --tables titanic,credit_g --rivals wizard,hgb --seeds 0
    python benchmarks/quality.py --data DIR --results FILE.jsonl --rivals flaml --rival-python flaml=PYTHON
    python benchmarks/quality.py --results FILE.jsonl --report --plot quality.png

DIR holds one folder a table: the file, card.json and split.npz. Everybody gets the rows of train and validation for
fitting and predicts the rows of test. Each run is a process of its own on two threads and adds one line to FILE; a line
that is there is not measured again, so that a long benchmark can be done in pieces.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quality_rivals import RIVALS, report

THREADS = 2
PATIENCE = 240.0
"""Seconds over twice the time limit after which a run is stopped."""
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def main() -> None:
    """Measure what is missing, or report what is there."""
    options = arguments()
    if options.report or options.plot:
        rows = list(chosen(lines(options.results), options))
        for limit in options.seconds:
            print(report.markdown(rows, limit), flush=True)
        if options.plot:
            report.plot(rows, options.seconds[0], options.plot)
        return
    pythons = dict(pair.split("=", 1) for pair in options.rival_python)
    done = {key(line) for line in lines(options.results) if line["status"] != "failed" or not options.again}
    for table, rival, seed, limit in plan(options):
        if (table, rival, seed, limit) in done:
            continue
        began = datetime.now(UTC).isoformat(timespec="seconds")
        load = round(os.getloadavg()[0], 1)
        result = measure(options.data / table, rival, seed, limit or 60.0, pythons.get(rival, sys.executable))
        line = {"table": table, "rival": rival, "seed": seed, "limit": limit, **result, "utc": began, "load": load}
        with options.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        said = f"{result['score']:.5g} {result['metric']}" if "score" in result else result.get("message", "")[-300:]
        print(f"{table:20} {rival:12} seed {seed} {result['status']:8} {result['seconds']:6.1f} s  {said}", flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the tables")
    parser.add_argument("--results", type=Path, default=Path("quality.jsonl"), help="one line a run; added to")
    parser.add_argument("--tables", type=words, help="default: all of --data")
    parser.add_argument("--rivals", type=words, help=f"of {', '.join(RIVALS)}; default: those not optional")
    parser.add_argument("--seeds", type=lambda text: [int(word) for word in words(text)], default=[0, 1, 2])
    parser.add_argument("--seconds", type=lambda text: [float(word) for word in words(text)], default=[60.0])
    parser.add_argument("--rival-python", action="append", default=[], metavar="NAME=PATH", help="its own interpreter")
    parser.add_argument("--again", action="store_true", help="measure failed runs again")
    parser.add_argument("--report", action="store_true", help="print the tables in Markdown")
    parser.add_argument("--plot", type=Path, help="draw the normalised scores into a file (matplotlib)")
    options = parser.parse_args()
    unknown = set(options.rivals or ()) - set(RIVALS)
    if unknown:
        parser.error(f"unknown rivals {', '.join(sorted(unknown))}; known are {', '.join(RIVALS)}")
    if not (options.data or options.report or options.plot):
        parser.error("--data is needed to measure")
    return options


def words(text: str) -> list[str]:
    """Divide words at commas."""
    return [word for word in text.split(",") if word]


def lines(path: Path) -> list[dict[str, Any]]:
    """Read the results; the last line of a run counts."""
    if not path.exists():
        return []
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return list({key(line): line for line in found}.values())


def key(line: dict[str, Any]) -> tuple[str, str, int, float | None]:
    """Name a run."""
    return line["table"], line["rival"], line["seed"], line["limit"]


def chosen(rows: list[dict[str, Any]], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Keep the lines that the command line asks for."""
    for row in rows:
        if options.tables and row["table"] not in options.tables:
            continue
        if row["seed"] in options.seeds and (not options.rivals or row["rival"] in options.rivals):
            yield row


def plan(options: argparse.Namespace) -> Iterator[tuple[str, str, int, float | None]]:
    """Yield the runs: table by table, so that an unfinished benchmark has whole tables; say what is left out."""
    from quality_rivals.tables import SkippedError, read

    tables = options.tables or sorted(path.parent.name for path in options.data.glob("*/card.json"))
    rivals = options.rivals or [name for name, rival in RIVALS.items() if not rival.optional]
    for table in tables:
        try:
            read(options.data / table)
        except SkippedError as reason:
            print(f"{table:20} left out: {reason}", flush=True)
            continue
        for seed in options.seeds:
            for rival in rivals:
                for limit in options.seconds if RIVALS[rival].timed else [None]:
                    yield table, rival, seed, limit


def measure(folder: Path, rival: str, seed: int, seconds: float, python: str) -> dict[str, Any]:
    """Run a rival in a process of its own, on two threads, and stop it when it takes far too long."""
    from quality_rivals.run import MARK

    request = json.dumps({"folder": str(folder.resolve()), "rival": rival, "seconds": seconds, "seed": seed})
    environment = {**os.environ, **dict.fromkeys(VARIABLES, str(THREADS)), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {"PYTHONPATH": str(Path(__file__).parent), "PYTHONHASHSEED": str(seed), "CUDA_VISIBLE_DEVICES": "-1"}
    command = [*pinned(), python, "-m", "quality_rivals.run", request]
    began = time.monotonic()
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=environment, start_new_session=True, **pipes)
    try:
        out, error = process.communicate(timeout=2 * seconds + PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        out, error = "", f"stopped after {2 * seconds + PATIENCE:g} s"
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    line = next((line for line in out.splitlines() if line.startswith(MARK)), None)
    if line is None:
        return {"status": "failed", "seconds": round(time.monotonic() - began, 1), "message": error[-1500:]}
    return json.loads(line.removeprefix(MARK))


def pinned() -> list[str]:
    """Return the words that hold a process and its children to two cores, where the system has them."""
    from shutil import which

    cores = sorted(os.sched_getaffinity(0))[:THREADS] if hasattr(os, "sched_getaffinity") else []
    return ["taskset", "-c", ",".join(map(str, cores))] if cores and which("taskset") else []


if __name__ == "__main__":
    main()
