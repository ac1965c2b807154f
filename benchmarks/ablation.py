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
from quality_rivals.features import filled, kinds
from quality_rivals.scores import score
from quality_rivals.simple import dumb
from quality_rivals.tables import Task, read, typed
from quality_rivals.wizard import predictions
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder

TABLES = ("communities", "wine_white", "telco_churn", "segment", "energy_efficiency")
EPOCHS = 32

Edit = tuple[str, str, str]

EDITS: dict[str, tuple[Edit, ...]] = {
    "full": (),
    "no bins": (("preprocessing.py", "MOST_BINNED = 8_000_000", "MOST_BINNED = 0"),),
    "8 bins": (("preprocessing.py", "BINS = 32", "BINS = 8"),),
    "periodic for bins": (("model.py", 'parts.append(embed(inputs["bins"]))', "parts.append(periodic(inputs))"),),
    "no smooth clipping": (("preprocessing.py", "scaled / ops.sqrt(1 + ops.square(scaled / 3))", "scaled"),),
    "constant learning rate": (("model.py", "    if steps:", "    if False:"),),
    "no weight decay": (("model.py", "1e-1], default=1e-2)", "1e-1], default=0.0)"),),
    "no dropout": (("model.py", "step=0.1, default=0.2)", "step=0.1, default=0.0)"),),
    "half the width": (("model.py", "default=128)", "default=64)"),),
    "2 layers": (("model.py", "6, default=3)", "6, default=2)"),),
    "ReLU for SiLU": (("model.py", 'activation="silu"', 'activation="relu"'),),
    "Mish for SiLU": (("model.py", 'activation="silu"', 'activation="mish"'),),
    "SELU for SiLU": (
        ("model.py", 'activation="silu"', 'activation="selu"'),
        ("model.py", 'kernel_initializer="he_normal"', 'kernel_initializer="lecun_normal"'),
    ),
    "with a scale per input": (("model.py", "    penalty = ", '    x = scaled(x, "f", "ones")\n    penalty = '),),
    "with warm-up": (
        (
            "model.py",
            "CosineDecay(learning_rate, steps)",
            "CosineDecay(0.0, steps - steps // 10, warmup_target=learning_rate, warmup_steps=steps // 10)",
        ),
    ),
    "with an average of weights": (("model.py", "=weight_decay)", "=weight_decay, use_ema=True)"),),
    "with label smoothing": (("model.py", ", loss=loss)", ", loss=smoothed(loss))"),),
    "with 8 members on one trunk": (
        (
            "model.py",
            "    for _ in range(hp.Int(",
            '    x = scaled(keras.layers.RepeatVector(8)(x), "kf", "random_normal")\n    for _ in range(hp.Int(',
        ),
        (
            "model.py",
            'units, activation="silu", kernel_initializer="he_normal", kernel_regularizer=penalty)(x)\n',
            'units, use_bias=False, kernel_initializer="he_normal", kernel_regularizer=penalty)(x)\n'
            '        x = keras.layers.Activation("silu")(scaled(x, "kf", "ones", "kf"))\n',
        ),
        (
            "model.py",
            "        x = keras.layers.Dropout(dropout)(x)\n",
            '        x = keras.layers.Dropout(dropout)(x)\n    x = scaled(x, "kf", "ones")\n',
        ),
        (
            "model.py",
            "    model = keras.Model(inputs, outputs, name",
            "    loss = of_each(loss)\n    model = keras.Model(inputs, outputs, name",
        ),
        (
            "model.py",
            "(encoded[id(encoding)])\n        if",
            "(encoded[id(encoding)])\n        y = ops.mean(y, axis=1)\n        if",
        ),
    ),
}
"""What takes one ingredient out, or puts one in: file, text and replacement. The members are those of TabM (Gorishniy
et al. 2025), each with scales of its own before and after every layer, and a loss of its own; one head serves all."""

MEANS = "with target means"
"""Adds columns to the rows instead, where there are categories; only when named."""

HELPERS = """

def periodic(inputs: dict[str, Any]) -> Any:
    \"\"\"Turn each number into a vector by learned frequencies (PBLD: Holzmüller et al. 2024, without its bias).\"\"\"
    x, features = inputs["numeric"], inputs["numeric"].shape[-1]
    start = keras.initializers.RandomNormal(stddev=0.5)
    x = keras.layers.EinsumDense("nf,fk->nfk", (features, 16), kernel_initializer=start)(x)
    x = ops.concatenate([ops.sin(6.2832 * x), ops.cos(6.2832 * x)], axis=2)
    x = keras.layers.EinsumDense("nfk,fke->nfe", (features, EMBEDDED), "relu", bias_axes="fe")(x)
    return keras.layers.Flatten()(x)


def scaled(x: Any, axes: str, start: str, bias: str | None = None) -> Any:
    \"\"\"Multiply by a learned number for each entry of the last axes, that start at 1 or around it.\"\"\"
    first = keras.initializers.RandomNormal(1.0, 0.5) if start == "random_normal" else start
    shape = x.shape[1:] if axes == "kf" else x.shape[-1:]
    return keras.layers.EinsumDense(f"n{axes},{axes}->n{axes}", shape, kernel_initializer=first, bias_axes=bias)(x)


def smoothed(loss: str) -> Any:
    \"\"\"Let a tenth of each label be of any class, where there are classes.\"\"\"
    kinds = {"binary_crossentropy": keras.losses.BinaryCrossentropy}
    kinds["categorical_crossentropy"] = keras.losses.CategoricalCrossentropy
    return kinds[loss](label_smoothing=0.1) if data.PROBLEM["type"] in ("binary", "multiclass") else loss


def of_each(name: str) -> Any:
    \"\"\"Take the mean over members of each one's loss.\"\"\"
    single = keras.losses.get(name)

    def loss(y: Any, p: Any) -> Any:  # Keras drops the last axis of p where it is 1
        targets = ops.broadcast_to(ops.reshape(y, (-1, 1, *p.shape[2:])), ops.shape(p))
        losses = single(targets, p)
        return ops.mean(losses, axis=-1) if len(losses.shape) > 1 else losses

    return loss
"""
"""What the edits of model.py call."""

TRAIN = """
import json, sys
import keras, numpy as np, pandas as pd
from keras_tuner import HyperParameters
import data
from export import export_model
from model import build_model
from preprocessing import Encoding
from modelwizard.engine import trainer

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
    wanted = [(t, v, s) for s in options.seeds for t in options.tables for v in options.variants]
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
    if variant == MEANS:
        train, test = with_target_means(train, test, task)
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        train.to_csv(made / "rows.csv", index=False)
        test[task.features(test)].to_csv(made / "new_rows.csv", index=False)
        words = [word for target in task.targets for word in ("--target", target)]
        words += ["--positive", task.classes[1]] if task.problem == "binary" else []
        words += ["--problem", task.problem, "--set", "time=", "--validation", "holdout", "--test-size", "0.05"]
        run(made, "-m", "modelwizard", "new", "project", "--data", "rows.csv", *words, "--yes", "--no-run")
        for file, old, new in EDITS.get(variant, ()):
            path = made / "project" / file
            text = path.read_text()
            if text.count(old) != 1:
                raise ValueError(f"{file} holds {old!r} {text.count(old)} times: the variant {variant} is stale")
            path.write_text(text.replace(old, new))
        with (made / "project" / "model.py").open("a") as model:
            model.write(HELPERS)
        told = json.loads(run(made / "project", "-c", TRAIN, str(seed), str(EPOCHS)).splitlines()[-1])
        run(made / "project", "predict.py", str(made / "new_rows.csv"), str(made / "predicted.csv"))
        p = predictions(pd.read_csv(made / "predicted.csv"), task)
    floor = score(train, test, dumb(train, test, task, 0.0, seed), task)
    return {"metric": task.metric, "score": float(score(train, test, p, task)), "dumb": float(floor), **told}


def with_target_means(train: pd.DataFrame, test: pd.DataFrame, task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the target's mean at each category: out of fold in the rows for fitting (scikit-learn's TargetEncoder)."""
    x, new = typed(train, test, task)
    _, names, _ = kinds(x)
    if not names:
        raise ValueError(f"{task.name} has no categories: the variant {MEANS} does not apply")
    kind = task.problem if task.classifies else "continuous"
    encoder = TargetEncoder(target_type=kind, cv=KFold(5, shuffle=True, random_state=0))
    found = (
        encoder.fit_transform(filled(x[names]), np.ravel(task.answers(train))),
        encoder.transform(filled(new[names])),
    )
    both = [pd.DataFrame(values).add_prefix("mean ").map(lambda value: f"{value:.6g}") for values in found]
    return pd.concat([train, both[0]], axis=1), pd.concat([test, both[1]], axis=1)


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
    options = parser.parse_args()
    unknown = set(options.variants) - {*EDITS, MEANS}
    if unknown:
        parser.error(f"unknown variants {', '.join(sorted(unknown))}; known are {', '.join([*EDITS, MEANS])}")
    return options


if __name__ == "__main__":
    main()
