"""What each ingredient of the default net brings: the generated project with one ingredient taken out at a time.

    python benchmarks/ablation.py --data DIR --results FILE.jsonl [--tables wine_white,segment] [--seeds 0,1,2]
    python benchmarks/ablation.py --results FILE.jsonl --report

DIR holds one folder a table: the file, card.json and split.npz. Each variant is a project of its own, written by
`modelwizard new` and edited as a person would edit it; its default hyperparameters are trained on the training rows,
the best epoch is chosen on the validation rows, and the rows of test are scored. No search, no average.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from quality_rivals.scores import score
from quality_rivals.simple import dumb
from quality_rivals.tables import read
from quality_rivals.wizard import predictions

TABLES = ("communities", "wine_white", "telco_churn", "segment", "energy_efficiency")
EPOCHS = 32

EDITS: dict[str, tuple[str, str, str]] = {
    "full": ("model.py", "", ""),
    "no bins": ("preprocessing.py", "MOST_BINNED = 8_000_000", "MOST_BINNED = 0"),
    "8 bins": ("preprocessing.py", "BINS = 32", "BINS = 8"),
    "no smooth clipping": ("preprocessing.py", "scaled / ops.sqrt(1 + ops.square(scaled / 3))", "scaled"),
    "constant learning rate": ("model.py", "    if steps:", "    if False:"),
    "no weight decay": ("model.py", "1e-1], default=1e-2)", "1e-1], default=0.0)"),
    "no dropout": ("model.py", "step=0.1, default=0.2)", "step=0.1, default=0.0)"),
    "ReLU for SiLU": ("model.py", 'activation="silu"', 'activation="relu"'),
    "Mish for SiLU": ("model.py", 'activation="silu"', 'activation="mish"'),
    "SELU for SiLU": (
        "model.py",
        'activation="silu", kernel_initializer="he_normal"',
        'activation="selu", kernel_initializer="lecun_normal"',
    ),
    "periodic for bins": ("model.py", 'parts.append(embed(inputs["bins"]))', "parts.append(periodic(inputs))"),
    "2 layers of 64": ("model.py", "default=128)", "default=64)"),
    "with a scale per input": (
        "model.py",
        "    penalty = ",
        '    x = keras.layers.EinsumDense("nf,f->nf", (x.shape[-1],), kernel_initializer="ones")(x)\n    penalty = ',
    ),
    "with warm-up": (
        "model.py",
        "CosineDecay(learning_rate, steps)",
        "CosineDecay(0.0, steps - steps // 10, warmup_target=learning_rate, warmup_steps=steps // 10)",
    ),
    "with an average of weights": (
        "model.py",
        "weight_decay=weight_decay)",
        "weight_decay=weight_decay, use_ema=True)",
    ),
}
"""File, text and replacement that take one ingredient out, or put one in."""

PERIODIC = """

def periodic(inputs: dict[str, Any]) -> Any:
    \"\"\"Turn each number into a vector by learned frequencies (PBLD: Holzmüller et al. 2024, without its bias).\"\"\"
    x, features = inputs["numeric"], inputs["numeric"].shape[-1]
    start = keras.initializers.RandomNormal(stddev=0.5)
    x = keras.layers.EinsumDense("nf,fk->nfk", (features, 16), kernel_initializer=start)(x)
    x = ops.concatenate([ops.sin(6.2832 * x), ops.cos(6.2832 * x)], axis=2)
    x = keras.layers.EinsumDense("nfk,fke->nfe", (features, EMBEDDED), "relu", bias_axes="fe")(x)
    return keras.layers.Flatten()(x)
"""

TRAIN = """
import json, sys
import keras, numpy as np, pandas as pd
from keras_tuner import HyperParameters
import data
from model import build_model, export_model
from preprocessing import Encoding
from modelwizard.worker.engine import trainer

seed, epochs = int(sys.argv[1]), int(sys.argv[2])
train, held = data.load("train"), data.load("validation")
encoding = Encoding(train)
x, y = encoding.encode(train.x), encoding.encode_target(train.y)
keras.utils.set_random_seed(seed)
network = build_model(HyperParameters(), encoding, epochs * -(-len(train.y) // 32))
validation = (encoding.encode(held.x), encoding.encode_target(held.y))
run = trainer.train(network, (x, y), validation, epochs=epochs, seed=seed, patience=epochs // 2, record=False)
export_model([(network, encoding)]).save("model.keras")
print(json.dumps({"best_epoch": run.best_epoch, "seconds": sum(row["seconds"] for row in run.history)}))
"""


def main() -> None:
    """Measure what is missing, or report what is there."""
    options = arguments()
    rows = [json.loads(line) for line in options.results.read_text().splitlines()] if options.results.exists() else []
    if options.report:
        print(report(rows))
        return
    done = {(row["table"], row["variant"], row["seed"]) for row in rows}
    wanted = [(t, v, s) for s in options.seeds for t in options.tables for v in EDITS if v in options.variants]
    for table, variant, seed in wanted:
        if (table, variant, seed) in done:
            continue
        row = {"table": table, "variant": variant, "seed": seed, **measure(options.data / table, variant, seed)}
        with options.results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{table:20s} {variant:24s} {row['score']:.5g}  {row['seconds']:.1f} s", flush=True)


def measure(folder: Path, variant: str, seed: int) -> dict[str, Any]:
    """Write the project, take one ingredient out, train, and score the rows of test."""
    train, test, task = read(folder)
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        train.to_csv(made / "rows.csv", index=False)
        test[task.features(test)].to_csv(made / "new_rows.csv", index=False)
        words = [word for target in task.targets for word in ("--target", target)]
        words += ["--positive", task.classes[1]] if task.problem == "binary" else []
        words += ["--problem", task.problem, "--set", "time=", "--validation", "holdout", "--test-size", "0.05"]
        run(made, "-m", "modelwizard", "new", "project", "--data", "rows.csv", *words, "--yes", "--no-run")
        file, old, new = EDITS[variant]
        path = made / "project" / file
        if old and path.read_text().count(old) != 1:
            raise ValueError(
                f"{file} holds {old!r} {path.read_text().count(old)} times: the variant {variant} is stale"
            )
        path.write_text(path.read_text().replace(old, new) + (PERIODIC if "periodic(" in new else ""))
        told = json.loads(run(made / "project", "-c", TRAIN, str(seed), str(EPOCHS)).splitlines()[-1])
        run(made / "project", "predict.py", str(made / "new_rows.csv"), str(made / "predicted.csv"))
        p = predictions(pd.read_csv(made / "predicted.csv"), task)
    floor = score(train, test, dumb(train, test, task, 0.0, seed), task)
    return {"metric": task.metric, "score": float(score(train, test, p, task)), "dumb": float(floor), **told}


def run(folder: Path, *words: str) -> str:
    """Run Python in a folder; return what it printed."""
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:3])}: {done.stderr[-1500:]}")
    return done.stdout


def report(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table: mean score of each variant, and the mean share of the way from dumb to full."""
    frame = pd.DataFrame(rows)
    means = frame.pivot_table(index="variant", columns="table", values="score", sort=False)
    floor = frame.groupby("table")["dumb"].mean()[means.columns]
    share = (means - floor) / (means.loc["full"] - floor)
    lines = ["| variant | " + " | ".join(means.columns) + " | mean share |", "|-" * (len(means.columns) + 2) + "|"]
    for name, line in means.iterrows():
        cells = [f"{value:.4g}" for value in line]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {np.nanmean(share.loc[name]):.3f} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--tables", type=lambda text: text.split(","), default=TABLES)
    parser.add_argument("--variants", type=lambda text: text.split(","), default=list(EDITS))
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")], default=[0])
    parser.add_argument("--report", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
