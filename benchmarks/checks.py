"""Measure the checks: faults named among the first three findings, false alarms on healthy models, seconds.

python benchmarks/checks.py                          # generated data only
python benchmarks/checks.py --data DIR               # real tables too: DIR/NAME/{card.json,data.csv}
python benchmarks/checks.py --static                 # without training copies
python benchmarks/checks.py --projects DIR           # projects that the wizard wrote too: DIR/NAME/model.py
python benchmarks/checks.py --part healthy --verbose
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import keras_tuner
import numpy as np
import pandas as pd
from checks_corpus import (
    asked_signals,
    asked_tables,
    forum_again,
    forum_signals,
    forum_sound,
    forum_tables,
    forum_training,
    fresh_signals,
    fresh_sound,
    fresh_tables,
    healthy_pictures,
    healthy_sequences,
    healthy_tables,
    recipes,
)
from checks_corpus.asked import ASKED
from checks_corpus.faults import plant
from checks_corpus.forum import Entry, forum, sound

from modelwizard.checks.api import inspect

HEALTHY = (*healthy_pictures.PROGRAMS, *healthy_sequences.PROGRAMS, *healthy_tables.PROGRAMS)
# importing them enters their programs in the lists
QUESTIONS = (
    asked_tables,
    asked_signals,
    forum_tables,
    forum_training,
    forum_signals,
    forum_sound,
    fresh_signals,
    fresh_sound,
)
FIRST = 3
TABLES = {
    "binary": ("breast_cancer", "titanic", "telco_churn", "mammography", "credit_g", "adult"),
    "multiclass": ("digits", "segment", "wine_white", "penguins", "soybean"),
    "multilabel": ("emotions", "yeast"),
    "amount": ("diabetes_sk", "california_housing", "auto_mpg", "abalone", "energy_efficiency", "communities"),
}


def load(folder: Path, rows: int = 1500) -> dict[str, tuple[str, Any, Any]]:
    """Return real tables, standardised and one-hot encoded.

    Args:
        folder: Holds one folder a table, with card.json and data.csv.
        rows: Rows a table at most, drawn at random.
    """
    found: dict[str, tuple[str, Any, Any]] = {}
    for task, names in TABLES.items():
        for name in names:
            card = json.loads((folder / name / "card.json").read_text())
            frame = pd.read_csv(folder / name / card["file"], na_values=card["na_tokens"])
            frame = frame.sample(min(rows, len(frame)), random_state=0)
            target = frame[card["targets"]]
            features = frame.drop(columns=[*card["targets"], *[c for c in card["drop"] if c in frame]])
            found[name] = (task, _features(features), _target(task, target))
    return found


def _features(frame: pd.DataFrame) -> Any:
    few = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c]) or frame[c].nunique() <= 30]
    table = pd.get_dummies(frame[few], dummy_na=False).astype("float32")
    table = table.loc[:, table.notna().mean() > 0.5]
    table = (table - table.mean()) / table.std().replace(0, 1)
    return table.fillna(0).to_numpy("float32")


def _target(task: str, frame: pd.DataFrame) -> Any:
    if task in ("binary", "multiclass"):
        codes = np.unique(frame.iloc[:, 0].astype(str), return_inverse=True)[1]
        return codes.astype("float32") if task == "binary" else codes
    values = frame.to_numpy("float32")
    return values[:, 0] if values.shape[1] == 1 else values


def judge(program: Callable[[], tuple[Any, Any, Any, dict[str, Any]]], train: bool) -> tuple[list[Any], float, str]:
    """Check one program; return findings, seconds, and the text of an exception of ours."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    model, x, y, fit = program()
    started = time.perf_counter()
    try:
        report = inspect(model, x, y, fit=fit, train=train)
    except Exception as error:
        return [], time.perf_counter() - started, f"{type(error).__name__}: {error}"
    failed = [s.reason for s in report.skipped if s.reason.startswith("the rule failed")]
    return list(report.findings), time.perf_counter() - started, "; ".join(failed)


def project(folder: Path) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Return the model of a project as the wizard wrote it, with its encoded rows."""
    kept = Path.cwd()
    names = ("data", "preprocessing", "model")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        data, preprocessing, model = (importlib.import_module(name) for name in names)
        train, held = data.load("train"), data.load("validation")
        encoding = preprocessing.Encoding(train)
        fit = {
            "batch_size": 32,
            "epochs": 20,
            "validation_data": (encoding.encode(held.x), encoding.encode_target(held.y)),
        }
        made = model.build_model(keras_tuner.HyperParameters(), encoding)
        return made, encoding.encode(train.x), encoding.encode_target(train.y), fit
    finally:
        os.chdir(kept)
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)


def _show(findings: list[Any], limit: int = 4) -> str:
    return ", ".join(f"{f.code} {f.severity} {f.cause}" for f in findings[:limit]) or "nothing"


@dataclass(frozen=True)
class Case:
    """A broken program as the measurement sees it."""

    name: str
    causes: tuple[str, ...]
    make: Callable[[], Any]


def planted(working: dict[str, recipes.Recipe], each: int) -> list[Case]:
    """Return the programs with a planted fault."""
    return [Case(b.name, b.causes, lambda r=b.recipe: (r.build(), r.x, r.y, r.fit)) for b in plant(working, each)]


def measure_broken(programs: list[Case], train: bool, verbose: bool) -> dict[str, Any]:
    """Return the rate of faults named among the first findings, by cause."""
    rows: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    seconds: list[float] = []
    for program in programs:
        found, spent, trouble = judge(program.make, train)
        named = any(f.cause in program.causes for f in found[:FIRST])
        alarmed = any(f.cause in program.causes and f.severity != "tip" for f in found[:FIRST])
        rows[program.causes[0]].append((named, alarmed))
        seconds.append(spent)
        if trouble or not named or verbose:
            print(
                f"{'named ' if named else 'MISSED'} {program.name} {program.causes}: {_show(found)} {trouble}",
                flush=True,
            )
    return {"rows": rows, "seconds": seconds}


def measure_healthy(programs: list[tuple[str, Callable[[], Any]]], train: bool, verbose: bool) -> dict[str, Any]:
    """Return the rate of healthy programs with an error or a warning."""
    alarms: list[bool] = []
    tips: list[int] = []
    seconds: list[float] = []
    for name, program in programs:
        found, spent, trouble = judge(program, train)
        loud = [f for f in found if f.severity != "tip"]
        alarms.append(bool(loud))
        tips.append(len(found) - len(loud))
        seconds.append(spent)
        if loud or trouble or verbose:
            evidence = "; ".join(f.evidence for f in loud)
            print(f"{'ALARM ' if loud else 'silent'} {name}: {_show(found)} | {evidence} {trouble}", flush=True)
    return {"alarms": alarms, "tips": tips, "seconds": seconds}


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of real tables; without it generated data only")
    parser.add_argument("--projects", type=Path, help="folder of projects that the wizard wrote")
    parser.add_argument("--static", action="store_true", help="do not train copies")
    parser.add_argument("--each", type=int, default=2, help="programs a fault is planted in (default 2)")
    parser.add_argument(
        "--part", choices=("asked", "forum", "again", "fresh", "broken", "healthy", "all"), default="all"
    )
    parser.add_argument("--verbose", action="store_true", help="a line for every program")
    given = parser.parse_args()
    working = recipes.synthetic()
    tables = load(given.data) if given.data else {}
    working |= recipes.real(tables)
    train = not given.static
    if given.part in ("asked", "all"):
        questions = [Case(a.name, a.causes, a.make) for a in ASKED]
        _print_broken("asked", measure_broken(questions, train, given.verbose))
    if given.part in ("forum", "all"):
        _forum("forum", forum, sound, train, given.verbose)
    if given.part in ("again", "all"):
        _forum("forum, second batch", forum_again.BROKEN, forum_again.RIGHT, train, given.verbose)
    if given.part in ("fresh", "all"):
        _forum("fresh", fresh_tables.BROKEN, fresh_tables.RIGHT, train, given.verbose)
    if given.part in ("broken", "all"):
        _print_broken("planted", measure_broken(planted(working, given.each), train, given.verbose))
    if given.part in ("healthy", "all"):
        twins = [(f"twin {n}", lambda r=r: (r.build(), r.x, r.y, r.fit)) for n, r in working.items()]
        examples = [(p.__name__, p) for p in HEALTHY]
        if given.projects:
            written = sorted(p.parent.resolve() for p in given.projects.glob("*/model.py"))
            made = [(p.name, lambda p=p: project(p)) for p in written]
            _print_healthy("projects of the wizard", measure_healthy(made, train, given.verbose))
        _print_healthy("healthy twins", measure_healthy(twins, train, given.verbose))
        _print_healthy("healthy examples", measure_healthy(examples, train, given.verbose))


def _forum(title: str, broken: Entry, right: Entry, train: bool, verbose: bool) -> None:
    posts = [Case(a.name, a.causes, a.make) for a in broken.programs]
    _print_broken(f"{title}: broken", measure_broken(posts, train, verbose))
    made = [(a.name, a.make) for a in right.programs]
    _print_healthy(f"{title}: sound", measure_healthy(made, train, verbose))


def _print_broken(title: str, result: dict[str, Any]) -> None:
    print(f"\n{title}\n\n| cause | programs | named in the first 3 | by an error or warning |\n|---|---|---|---|")
    total: list[tuple[bool, bool]] = []
    for cause, found in sorted(result["rows"].items()):
        total += found
        print(f"| {cause} | {len(found)} | {sum(n for n, _ in found)} | {sum(a for _, a in found)} |")
    named, alarmed = sum(n for n, _ in total), sum(a for _, a in total)
    print(f"| **all** | {len(total)} | {named} ({named / len(total):.1%}) | {alarmed} ({alarmed / len(total):.1%}) |")
    _print_seconds(result["seconds"])


def _print_healthy(title: str, result: dict[str, Any]) -> None:
    alarms = result["alarms"]
    print(
        f"\n{title}: {sum(alarms)} of {len(alarms)} with an error or warning ({np.mean(alarms):.1%}), "
        f"{np.mean(result['tips']):.1f} tips each"
    )
    _print_seconds(result["seconds"])


def _print_seconds(seconds: list[float]) -> None:
    print(f"seconds: median {np.median(seconds):.2f}, 90 % {np.quantile(seconds, 0.9):.2f}, longest {max(seconds):.2f}")


if __name__ == "__main__":
    main()
