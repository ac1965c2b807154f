"""What a training step costs by `model.fit`, by `model.fit` with steps_per_execution=32, and by `mw.fit`.

    python benchmarks/training_speed.py [--models mlp64,gru] [--batches 1,32] [--epochs 1,10,100] [--quick] [--jax]
                                        [--rounds 3] [--json FILE] [--plot FILE]
    python benchmarks/training_speed.py --calls [--models mlp64,gru] [--epochs 3,10] [--rounds 3] [--cpu]

Microseconds per step are the best later epoch of all rounds; the ways take turns in each round, so that other work on
the machine hits them alike. Seconds to finish E epochs are the first epoch of a fresh model (tracing and compiling
included) plus E - 1 times the later epoch; `mw.fit` is told E and chooses by itself. Results print as Markdown.

With --calls, whole calls in fresh processes that take turns, at batch 32, metrics included: by `model.fit`; by `mw.fit`
with nothing kept; by the second fresh model of that process; in another process, with what the first one left on disk.
On a busy machine, --cpu counts the processor seconds of the process instead: those of all its threads.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import modelwizard as mw

RANDOM = np.random.default_rng(0)
Data = tuple[Any, np.ndarray]
WAYS = ("model.fit", "32 steps", "mw.fit")


@dataclass(frozen=True)
class Network:
    """A model to time.

    Args:
        build: Returns it, compiled; `steps` is `steps_per_execution`.
        data: Draws rows for it.
        steps: Steps of an epoch, so that one by `model.fit` takes about a second at most.
    """

    build: Callable[[int], keras.Model]
    data: Callable[[int], Data]
    steps: int = 256


@dataclass(frozen=True)
class Timing:
    """Seconds of one training.

    Args:
        first: First epoch, with all that comes before it.
        later: Best later epoch; NaN when there was none.
    """

    first: float
    later: float


def finish(inputs: Any, outputs: Any, loss: str, steps: int) -> keras.Model:
    """Compile a model."""
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(1e-3), loss, steps_per_execution=steps)
    return model


def bits(rows: int) -> np.ndarray:
    """Draw binary targets."""
    return RANDOM.integers(0, 2, (rows, 1)).astype("float32")


def numbers(*shape: int) -> np.ndarray:
    """Draw standard normal numbers."""
    return RANDOM.normal(size=shape).astype("float32")


def mlp(width: int, dropout: float = 0.0, norm: bool = False) -> Network:
    """Describe a dense network on 20 columns."""

    def build(steps: int) -> keras.Model:
        hidden = inputs = keras.Input((20,))
        for _ in range(2):
            hidden = layers.Dense(width, activation="relu")(hidden)
            hidden = layers.BatchNormalization()(hidden) if norm else hidden
            hidden = layers.Dropout(dropout)(hidden) if dropout else hidden
        return finish(inputs, layers.Dense(1, activation="sigmoid")(hidden), "binary_crossentropy", steps)

    return Network(build, lambda rows: (numbers(rows, 20), bits(rows)))


def wide(steps: int) -> keras.Model:
    """Build a net on 30 numbers and 10 categories of 1000 levels, each embedded in 8 numbers."""
    number, category = keras.Input((30,), name="number"), keras.Input((10,), dtype="int32", name="category")
    embedded = layers.Flatten()(layers.Embedding(1000, 8)(category))
    hidden = layers.Concatenate()([number, embedded])
    for width in (128, 64):
        hidden = layers.Dropout(0.1)(layers.Dense(width, activation="relu")(hidden))
    outputs = layers.Dense(1, activation="sigmoid")(hidden)
    return finish({"number": number, "category": category}, outputs, "binary_crossentropy", steps)


def wide_data(rows: int) -> Data:
    """Draw rows for `wide`."""
    categories = RANDOM.integers(0, 1000, (rows, 10)).astype("int32")
    return {"number": numbers(rows, 30), "category": categories}, bits(rows)


def gru(steps: int) -> keras.Model:
    """Build a GRU on 48 steps of 4 numbers."""
    inputs = keras.Input((48, 4))
    return finish(inputs, layers.Dense(1)(layers.GRU(32)(inputs)), "mse", steps)


def conv1d(steps: int) -> keras.Model:
    """Build two convolutions over 128 steps of 4 numbers."""
    inputs = keras.Input((128, 4))
    hidden = layers.MaxPooling1D(2)(layers.Conv1D(32, 5, activation="relu")(inputs))
    hidden = layers.GlobalAveragePooling1D()(layers.Conv1D(32, 5, activation="relu")(hidden))
    return finish(inputs, layers.Dense(1, activation="sigmoid")(hidden), "binary_crossentropy", steps)


def conv2d(steps: int) -> keras.Model:
    """Build the convolutional net of the Keras MNIST example, without dropout."""
    inputs = keras.Input((28, 28, 1))
    hidden = layers.MaxPooling2D(2)(layers.Conv2D(32, 3, activation="relu")(inputs))
    hidden = layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(64, 3, activation="relu")(hidden)))
    outputs = layers.Dense(10, activation="softmax")(hidden)
    return finish(inputs, outputs, "sparse_categorical_crossentropy", steps)


def bag(steps: int) -> keras.Model:
    """Build a mean of the embeddings of 200 tokens out of 5000, with a dense layer."""
    inputs = keras.Input((200,), dtype="int32")
    hidden = layers.GlobalAveragePooling1D()(layers.Embedding(5000, 32)(inputs))
    hidden = layers.Dense(32, activation="relu")(hidden)
    return finish(inputs, layers.Dense(1, activation="sigmoid")(hidden), "binary_crossentropy", steps)


NETWORKS: dict[str, Network] = {
    "mlp64": mlp(64),
    "mlp256": mlp(256),
    "mlp64 dropout norm": mlp(64, 0.2, True),
    "mlp256 dropout norm": mlp(256, 0.2, True),
    "wide and embedding": Network(wide, wide_data),
    "gru": Network(gru, lambda rows: (numbers(rows, 48, 4), numbers(rows, 1)), 48),
    "conv1d": Network(conv1d, lambda rows: (numbers(rows, 128, 4), bits(rows)), 64),
    "conv2d": Network(conv2d, lambda rows: (numbers(rows, 28, 28, 1), RANDOM.integers(0, 10, rows)), 32),
    "bag of embeddings": Network(bag, lambda rows: (RANDOM.integers(0, 5000, (rows, 200)).astype("int32"), bits(rows))),
}


class Clock(keras.callbacks.Callback):
    """Notes when epochs end, and stops after `limit` of them."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.ends: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look at the clock."""
        self.ends.append(time.perf_counter())
        self.model.stop_training = len(self.ends) >= self.limit


def timed(network: Network, way: str, data: Data, batch: int, epochs: int, watched: int) -> Timing:
    """Train a fresh model for `watched` of `epochs` epochs and time them."""
    clock = Clock(watched)
    settings: dict[str, Any] = {"batch_size": batch, "epochs": epochs, "verbose": 0, "callbacks": [clock]}
    model = network.build(32 if way == "32 steps" else 1)
    begin = time.perf_counter()
    if way == "mw.fit":
        mw.fit(model, *data, **settings)
    else:
        model.fit(*data, **settings)
    laps = np.diff([begin, *clock.ends])
    return Timing(float(laps[0]), float(min(laps[1:], default=np.nan)))


def measure(name: str, batch: int, epochs: list[int], rounds: int) -> dict[str, Any]:
    """Time all ways for one network and batch size, taking turns."""
    network = NETWORKS[name]
    steps = network.steps if batch < 256 else max(16, network.steps // 8)
    data = network.data(steps * batch)
    runs: dict[tuple[str, int], list[Timing]] = {}
    for _ in range(rounds):
        for way in WAYS:
            # What model.fit does in an epoch does not depend on how many are planned.
            for planned in epochs if way == "mw.fit" else [max(epochs)]:
                watched = 1 if planned == 1 else 4
                runs.setdefault((way, planned), []).append(timed(network, way, data, batch, planned, watched))
    row: dict[str, Any] = {"network": name, "batch": batch, "steps": steps}
    for way in WAYS:
        longest = runs[way, max(epochs)]
        row[f"{way}, µs per step"] = min(t.later for t in longest) / steps * 1e6
        for planned in epochs:
            timings = runs.get((way, planned), longest)
            later = min((t.later for t in timings), default=0.0) if planned > 1 else 0.0
            row[f"{way}, s for {planned}"] = min(t.first for t in timings) + (planned - 1) * later
    return row


def scan_limit(width: int, batch: int, steps: int) -> float | None:
    """Time a hand-written JAX scan of the dense network, in µs per step; None without JAX."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    sizes = [(20, width), (width, width), (width, 1)]
    weights = [(numbers(*size) * 0.1, np.zeros(size[1], "float32")) for size in sizes]
    x, y = jnp.asarray(numbers(steps * batch, 20)), jnp.asarray(bits(steps * batch))

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for kernel, bias in weights[:-1]:
            x = jax.nn.relu(x @ kernel + bias)
        logits = x @ weights[-1][0] + weights[-1][1]
        return jnp.mean(jnp.logaddexp(0, logits) - y * logits)

    def step(state: Any, index: Any) -> Any:
        weights, first, second, i = state
        gradient = jax.grad(loss)(weights, x[index], y[index])
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**i) / (1 - 0.9**i)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, first, second)
        return (weights, first, second, i + 1), None

    zeros = jax.tree.map(np.zeros_like, weights)
    order = jnp.asarray(RANDOM.permutation(steps * batch).reshape(steps, batch))
    epoch = jax.jit(lambda state, order: jax.lax.scan(step, state, order)[0])
    best = np.inf
    for _ in range(6):
        begin = time.perf_counter()
        jax.block_until_ready(epoch((weights, zeros, zeros, 1.0), order))
        best = min(best, time.perf_counter() - begin)
    return best / steps * 1e6


def table(rows: list[dict[str, Any]], epochs: list[int]) -> str:
    """Return the results as a Markdown table with ratios to `model.fit`."""
    head = ["network", "batch", *(f"{way} µs" for way in WAYS), "ratio"]
    head += [f"{planned} epochs: {' / '.join(WAYS)} s (ratio)" for planned in epochs]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        steps = [row[f"{way}, µs per step"] for way in WAYS]
        cells = [row["network"], str(row["batch"]), *(f"{value:.0f}" for value in steps), f"{steps[0] / steps[2]:.1f}"]
        for planned in epochs:
            seconds = [row[f"{way}, s for {planned}"] for way in WAYS]
            cells.append(" / ".join(f"{value:.2f}" for value in seconds) + f" ({seconds[0] / seconds[2]:.1f})")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Describe where this ran."""
    devices = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return {
        "processor": next(
            (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
            platform.processor(),
        ),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "gpus": [device.get("device_name", "GPU") for device in devices],
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw µs per step over the batch size, one panel a network."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(row["network"] for row in rows))
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    figure, axes = pyplot.subplots(lines, columns, figsize=(4 * columns, 2.6 * lines), squeeze=False, sharey=True)
    for axis, name in zip(axes.flat, names, strict=False):
        mine = [row for row in rows if row["network"] == name]
        batches = [row["batch"] for row in mine]
        for way in WAYS:
            axis.loglog(batches, [row[f"{way}, µs per step"] for row in mine], "o-", label=way)
        if all(row.get("scan, µs per step") for row in mine):
            axis.loglog(batches, [row["scan, µs per step"] for row in mine], "k:", label="scan by hand (JAX)")
        axis.set_title(name)
        axis.set_xticks(batches, [str(batch) for batch in batches])
        axis.minorticks_off()
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("µs a step")
    for axis in axes[-1]:
        axis.set_xlabel("batch size")
    lines_of_all = axes.flat[0].get_legend_handles_labels()
    axes.flat[len(names) - 1].legend(*lines_of_all, fontsize="small", loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


CALLS = ("model.fit", "nothing kept", "in memory", "on disk")


def call(name: str, epochs: int, way: str, models: int, clock: Callable[[], float]) -> list[float]:
    """Return the seconds of whole calls with fresh models, one after the other."""
    network, seconds = NETWORKS[name], list[float]()
    steps = 625 if network.steps == 256 else network.steps
    x, y = network.data(32 * steps)
    for _ in range(models):
        model = network.build(1)
        model.compile(keras.optimizers.Adam(1e-3), model.loss, metrics=["accuracy"])
        begin = clock()
        if way == "model.fit":
            model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
        else:
            mw.fit(model, x, y, batch_size=32, epochs=epochs, verbose=0)
        seconds.append(clock() - begin)
    return seconds


def calls(names: list[str], epochs: list[int], rounds: int, clock: str) -> None:
    """Print a table of whole calls: medians in seconds, and the median of the rounds' ratios to `model.fit`."""
    print(f"| network | epochs | {' | '.join(CALLS)} |\n|{'---|' * (len(CALLS) + 2)}")
    for name, planned in ((name, planned) for name in names for planned in epochs):
        found: list[list[float]] = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                told = {**os.environ, "MODELWIZARD_CACHE": folder}
                laps: list[float] = []
                for way, models in (("model.fit", 1), ("mw.fit", 2), ("mw.fit", 1)):
                    words = [sys.executable, __file__, "--call", name, str(planned), way, str(models), clock]
                    done = subprocess.run(words, env=told, capture_output=True, text=True, check=True)
                    laps += json.loads(done.stdout.splitlines()[-1])
                found.append(laps)
        cells = [f"{statistics.median(lap[0] for lap in found):.2f}"]
        for i in range(1, len(CALLS)):
            ratio = statistics.median(lap[0] / lap[i] for lap in found)
            cells.append(f"{statistics.median(lap[i] for lap in found):.2f} ({ratio:.1f})")
        print(f"| {name} | {planned} | {' | '.join(cells)} |", flush=True)
    print(json.dumps(machine(), ensure_ascii=False))


def main() -> None:
    """Run the benchmark."""
    if sys.argv[1:2] == ["--call"]:
        name, planned, way, models, clock = sys.argv[2:]
        return print(call(name, int(planned), way, int(models), getattr(time, clock)))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(NETWORKS))
    parser.add_argument("--batches", default="1,2,8,32,256")
    parser.add_argument("--epochs", default=None, help="default: 1,10,100; for --calls 3,10")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--calls", action="store_true", help="whole calls in fresh processes")
    parser.add_argument("--cpu", action="store_true", help="with --calls: processor seconds")
    parser.add_argument("--quick", action="store_true", help="three networks, batches 1 and 32, one round")
    parser.add_argument("--jax", action="store_true", help="also time a hand-written JAX scan of the plain networks")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    if asked.quick:
        asked.models, asked.batches, asked.rounds = "mlp64,mlp64 dropout norm,conv2d", "1,32", 1
    epochs = [int(value) for value in (asked.epochs or ("3,10" if asked.calls else "1,10,100")).split(",")]
    if asked.calls:
        return calls(asked.models.split(","), epochs, asked.rounds, "process_time" if asked.cpu else "perf_counter")
    # The first functions of a process cost more than all later ones, whoever makes them.
    warm = mlp(8)
    for way in WAYS:
        timed(warm, way, warm.data(64), 32, 2, 2)
    rows = []
    for name in asked.models.split(","):
        for batch in (int(value) for value in asked.batches.split(",")):
            rows.append(measure(name, batch, epochs, asked.rounds))
            print(table(rows[-1:], epochs).splitlines()[-1], flush=True)
            if asked.jax and name in ("mlp64", "mlp256"):
                rows[-1]["scan, µs per step"] = scan_limit(int(name[3:]), batch, rows[-1]["steps"])
                print(f"    hand-written scan: {rows[-1]['scan, µs per step']} µs per step", flush=True)
    facts = machine()
    print(f"\n{table(rows, epochs)}\n\n{json.dumps(facts, ensure_ascii=False)}")
    if asked.json:
        asked.json.write_text(json.dumps({"machine": facts, "rows": rows}, indent=1, ensure_ascii=False))
    if asked.plot:
        plot(rows, asked.plot)


if __name__ == "__main__":
    main()
