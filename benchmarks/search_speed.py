"""How fast a search is: the wizard's regularize trials against a plain keras-tuner script on the same project.

    python benchmarks/search_speed.py --data DIR [--tables titanic,…] [--trials 50] [--rival-trials 10]

DIR holds one folder a table, with data.csv and card.json (its targets). Both sides search the space of the generated
model.py with the same epochs, batch size and patience, in processes that start fresh, one after the other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EPOCHS, PATIENCE, BATCH = 60, 12, 32
BOUNDS = {"layers": (1, 3), "units": (16, 128)}  # what stage 2 leaves of the space on tables of this size
TABLES = "titanic,credit_g,energy_efficiency,wine_white"

# What a user of keras-tuner would write for the same project.
RIVAL = """
import json, sys, time
began = time.perf_counter()
sys.path.insert(0, ".")
import keras, keras_tuner
import data, model
from preprocessing import Encoding

class Tuner(keras_tuner.RandomSearch):
    def _configure_tensorboard_dir(self, *args, **kwargs):  # TensorFlow 2.21 comes without tensorboard
        pass

train, validation = data.load("train"), data.load("validation")
encoding = Encoding(train)

def build(hp):
    hp.Int("units", *BOUNDS["units"], step=2, sampling="log", default=64)  # known before, so build_model keeps it
    hp.Int("layers", *BOUNDS["layers"], default=2)
    return model.build_model(hp, encoding)

tuner = Tuner(build, objective=keras_tuner.Objective("val_loss", "min"),
              max_trials=int(sys.argv[1]), seed=1, directory="rival", overwrite=True)
tuner.oracle.verbose = 0
tuner.search(encoding.encode(train.x), encoding.encode_target(train.y),
             validation_data=(encoding.encode(validation.x), encoding.encode_target(validation.y)),
             epochs=EPOCHS, batch_size=BATCH, verbose=0, callbacks=[keras.callbacks.EarlyStopping(patience=PATIENCE)])
scores = [trial.score for trial in tuner.oracle.trials.values() if trial.score is not None]
print("RESULT", json.dumps({"trials": len(scores), "best": min(scores), "seconds": time.perf_counter() - began}))
"""


def make(folder: Path, table: Path) -> Path:
    """Make a project of one table with a hold-out, by the command that a person would type."""
    card = json.loads((table / "card.json").read_text())
    words = [word for target in card["targets"] for word in ("--target", target)]
    words += [word for column in card.get("drop", []) for word in ("--ignore", column)]
    command = [sys.executable, "-m", "modelwizard", "new", str(folder / table.name), "--data", str(table / "data.csv")]
    subprocess.run([*command, *words, "--validation", "holdout", "--yes", "--no-run"], check=True, capture_output=True)
    return folder / table.name


def wizard(project: Path, trials: int) -> dict[str, Any]:
    """Search with the wizard's worker."""
    from modelwizard.contract.events import Event, TrialEnded
    from modelwizard.contract.jobs import Search
    from modelwizard.worker.client import Child

    began = time.perf_counter()
    scores: list[float] = []

    def keep(event: Event) -> None:
        if isinstance(event, TrialEnded) and event.summary.val_loss is not None:
            scores.append(event.summary.val_loss)

    plan = {"epochs": EPOCHS, "batch_size": BATCH, "patience": PATIENCE, "bounds": BOUNDS}
    with Child(project) as child:
        child.run(Search(stage="regularize", trials=trials, seed=1, **plan), keep)
    return {"trials": len(scores), "best": min(scores), "seconds": time.perf_counter() - began}


def rival(project: Path, trials: int) -> dict[str, Any]:
    """Search with plain keras-tuner."""
    settings = f"{EPOCHS = }; {PATIENCE = }; {BATCH = }; {BOUNDS = }"
    done = subprocess.run(
        [sys.executable, "-c", settings + RIVAL, str(trials)], cwd=project, capture_output=True, text=True
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT")), None)
    if line is None:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(line.removeprefix("RESULT"))


def main() -> None:
    """Measure every table and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--rival-trials", type=int, default=10, help="fewer, since only their rate is compared")
    options = parser.parse_args()
    print("| table | trials | wizard, trials a minute | keras-tuner | ratio | best val loss: wizard | keras-tuner |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.tables.split(","):
            project = make(Path(folder), options.data / name)
            ours, theirs = wizard(project, options.trials), rival(project, options.rival_trials)
            fast, slow = (60 * r["trials"] / r["seconds"] for r in (ours, theirs))
            counts = f"{ours['trials']} / {theirs['trials']}"
            bests = f"{ours['best']:.4f} | {theirs['best']:.4f}"
            print(f"| {name} | {counts} | {fast:.0f} | {slow:.1f} | {fast / slow:.1f} | {bests} |", flush=True)


if __name__ == "__main__":
    main()
