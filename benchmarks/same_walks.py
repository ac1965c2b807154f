"""Whether two versions walk alike: the journals of the same examples, side by side.

    python benchmarks/same_walks.py make FOLDER [EXAMPLE ...]     walk the examples into FOLDER, six trials each
    python benchmarks/same_walks.py compare BEFORE AFTER          trials, scores and verdicts that differ

Run `make` with the older version in one folder and with the newer one in another, with the same seed.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

EXAMPLES = ("churn", "tumours", "iris", "tickets", "songs", "diabetes", "occupancy", "buildings", "repairs", "rentals")
TOLERANCE = 1e-6
TRIAL = ("status", "epochs_run", "best_epoch", "loss", "train_loss", "val_loss", "score", "parameters", "looks")
NO_RESULT = (
    "seconds",
    "headline",
    "model_sha256",
    "found",
    "reasons",
    "advice",
    "text",
)  # times, words and file hashes

NAMES = {"linear model": "linear", "boosted trees": "trees"}
"""Titles in journals of the first edition, and the names that stand there now."""


def make(folder: Path, names: tuple[str, ...]) -> None:
    """Walk examples with the modelwizard of this environment."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        began = time.monotonic()
        wizard = [sys.executable, "-m", "modelwizard"]
        new = [*wizard, "new", name, "--example", name, "--yes", "--no-run", "--overwrite"]
        run = [*wizard, "run", "--project", name, "--trials", "6", "--yes"]
        for words in (new, run):
            with (folder / f"{name}.{words[3]}.txt").open("w", encoding="utf-8") as file:
                done = subprocess.run(words, cwd=folder, stdout=file, stderr=subprocess.STDOUT, check=False)
        print(f"{name}: exit code {done.returncode}, {time.monotonic() - began:.0f} s", flush=True)


def compare(before: Path, after: Path) -> int:
    """Print what differs, example by example, and return how many examples differ."""
    differing = 0
    for path in sorted(before.glob("*/journal.jsonl")):
        name = path.parent.name
        other = after / name / "journal.jsonl"
        if not other.is_file():
            continue
        a, b = results(path), results(other)
        told = [f"  {key}: {a.get(key, 'absent')} → {b.get(key, 'absent')}" for key in {**a, **b} if differs(a, b, key)]
        differing += bool(told)
        print(f"{name}: {len(a)} values, {len(told)} differ" if told else f"{name}: {len(a)} values, the same")
        print(*told[:40], sep="\n", end="\n" if told else "")
    return differing


def results(path: Path) -> dict[str, Any]:
    """Return every result of a journal under a name: what was trained, what it reached, what was judged."""
    found: dict[str, Any] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["kind"] == "trial":
            place = f"trial {entry['run']}"
            found |= {f"{place} {key}": entry.get(key) for key in TRIAL}
            found |= dict(leaves(f"{place} hyperparameters", entry["hyperparameters"]))
            found |= dict(leaves(f"{place} training", entry["training"]))
        elif entry["kind"] == "verdict":
            found[f"verdict {entry['stage']}"] = entry["verdict"]
            found |= dict(leaves(f"verdict {entry['stage']}", entry["numbers"]))
        elif entry["kind"] == "sealed":
            found |= dict(
                leaves("expected of the test", {k: entry[k] for k in ("score", "se", "interval", "threshold")})
            )
    return found


def leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the values inside a value, with where they stand."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in NO_RESULT:
                yield from leaves(f"{place} {NAMES.get(key, key)}", inner)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(f"{place} {i}", inner)
    else:
        yield place, NAMES.get(value, value) if isinstance(value, str) else value


def differs(a: Mapping[str, Any], b: Mapping[str, Any], key: str) -> bool:
    """Say whether two results differ by more than rounding."""
    x, y = a.get(key), b.get(key)
    if isinstance(x, int | float) and isinstance(y, int | float):
        return not math.isclose(x, y, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return x != y


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "make":
        make(Path(sys.argv[2]), tuple(sys.argv[3:]) or EXAMPLES)
    elif len(sys.argv) == 4 and sys.argv[1] == "compare":
        sys.exit(compare(Path(sys.argv[2]), Path(sys.argv[3])) > 0)
    else:
        sys.exit(__doc__)
