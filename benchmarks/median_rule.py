"""What the median rule costs and saves: trials run to their end, then ended by the rule afterwards, in many orders.

    python benchmarks/median_rule.py --data DIR [--tables wine_white,segment] [--trials 24] [--orders 1000]

DIR holds one folder a table: the file, card.json and split.npz. On each table a search of the regularize stage is run
with the rule switched off. Its curves are then replayed: in every order of the trials, each is ended where the rule
would have ended it, given those before it. An error is an order in which the trial that ends best of all is ended.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from quality_rivals.tables import read

from modelwizard.contract.events import Event, TrialEnded
from modelwizard.contract.jobs import Search
from modelwizard.project import Project
from modelwizard.training import median_stopping
from modelwizard.training.median_stopping import Curve
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop
from modelwizard.tuning.search import search
from modelwizard.walk.regularize import EPOCHS, LENGTHS, PATIENCE
from modelwizard.worker.pool import WarmWorkers

TABLES = "wine_white,telco_churn,segment,communities"


def main() -> None:
    """Print a line a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--orders", type=int, default=1000)
    options = parser.parse_args()
    print("| table | trials | ended early | epochs saved | best one ended | rise of the best loss, in its sd |")
    print("|-|-|-|-|-|-|")
    for table in options.tables.split(","):
        curves = trained(options.data / table, options.trials)
        found = np.array([replayed(curves, np.random.default_rng(i)) for i in range(options.orders)])
        ended, saved, error, rise = found.mean(axis=0)
        print(f"| {table} | {len(curves)} | {ended:.0%} | {saved:.0%} | {error:.1%} | {rise:.3f} |", flush=True)


def trained(folder: Path, trials: int) -> list[Curve]:
    """Run a search on a table, no trial ended by the rule, and return the validation losses of its trials."""
    rows, _, task = read(folder)
    with tempfile.TemporaryDirectory() as place:
        rows.to_csv(Path(place) / "rows.csv", index=False)
        words = [word for name in task.targets for word in ("--target", name)]
        words += ["--positive", task.classes[1]] if task.problem == "binary" else []
        words += ["--problem", task.problem, "--validation", "holdout", "--set", "time=", "--yes", "--no-run"]
        command = [sys.executable, "-m", "modelwizard", "new", "project", "--data", "rows.csv", *words]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
        project = Project.open(Path(place) / "project")
        job = Search(
            stage="regularize",
            trials=trials,
            seed=1,
            epochs=EPOCHS,
            batch_size=32,
            patience=PATIENCE,
            choices={"epochs": [round(EPOCHS * length) for length in LENGTHS]},
            first=[{}],
            bounds={"layers": (1, 3), "units": (16, 128)},  # as a walk has them: no larger than the defaults
        )
        usual, median_stopping.FEWEST = median_stopping.FEWEST, sys.maxsize  # no median is ever taken
        planned: dict[str, int] = {}

        def hear(event: Event) -> None:
            if isinstance(event, TrialEnded) and event.summary.predictions:
                planned[event.summary.run] = event.summary.training.epochs

        with contextlib.redirect_stdout(io.StringIO()):
            search(Workshop(project), job, Watcher(hear, lambda: None), WarmWorkers())
        median_stopping.FEWEST = usual
        return [([row["val_loss"] for row in project.read_run(n).history], epochs) for n, epochs in planned.items()]


def replayed(curves: list[Curve], rng: np.random.Generator) -> tuple[float, float, float, float]:
    """End trials as the rule would have in a random order.

    Returns:
        The share of trials ended, the share of epochs saved, whether the best trial of all was ended before its best
        epoch, and by how many standard deviations of the trials' best losses the best loss that is left is higher.
    """
    seen: list[Curve] = []
    ended = saved = 0
    for i in rng.permutation(len(curves)):
        losses, planned = curves[i]
        wanted = median_stopping.bar(seen, planned)
        stop = next(
            (n for n in range(1, len(losses)) if median_stopping.hopeless(losses[:n], planned, wanted)), len(losses)
        )
        ended += stop < len(losses)
        saved += len(losses) - stop
        seen.append((losses[:stop], planned))
    best = np.array([min(filter(math.isfinite, losses), default=math.inf) for losses, _ in curves])
    left = min(min(losses) for losses, _ in seen)
    usual = best[np.isfinite(best)]
    total = sum(len(losses) for losses, _ in curves)
    return ended / len(curves), saved / total, float(left > usual.min()), float((left - usual.min()) / usual.std())


if __name__ == "__main__":
    main()
