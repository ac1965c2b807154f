"""Small nets for simulations: many trials of one split trained at once, in NumPy, and single nets through the engine.

Error rates need thousands of trained nets; stacking the trials of a split into one array (trial, inputs, units) makes
that minutes instead of hours. The nets are ordinary: one hidden ReLU layer, Adam, batches of 32, decoupled L2.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, softmax


@dataclass(frozen=True)
class Table:
    """A real table as arrays: float inputs (n, d), canonical targets, the problem and its loss and metric."""

    name: str
    problem: str
    x: np.ndarray
    y: np.ndarray

    @property
    def loss(self) -> str:
        """The Keras loss of the problem."""
        return {"binary": "binary_crossentropy", "multiclass": "sparse_categorical_crossentropy"}.get(
            self.problem, "mse"
        )

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that are simulated."""
        return {"binary": ("roc_auc", "accuracy"), "multiclass": ("accuracy", "log_loss")}.get(self.problem, ("rmse",))

    @property
    def outputs(self) -> int:
        """Output units."""
        return int(self.y.max()) + 1 if self.problem == "multiclass" else 1

    def constant(self, rows: np.ndarray) -> np.ndarray:
        """Return the best constant prediction of these rows."""
        if self.problem == "multiclass":
            return np.bincount(self.y[rows], minlength=self.outputs) / len(rows)
        return self.y[rows].mean(axis=0)


def read(folder: Path, most_rows: int = 12_000) -> Table:
    """Read a table beside its card; words become indicators, numbers are standardised, targets as well."""
    card = json.loads((folder / "card.json").read_text())
    frame = pd.read_csv(folder / card["file"], na_values=card["na_tokens"], low_memory=False)
    frame = frame.drop(columns=card["drop"]).sample(frac=1, random_state=0).head(most_rows)
    target = frame.pop(card["targets"][0])
    words = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    frame = frame.drop(columns=[name for name in words if frame[name].nunique() > 30])
    wide = pd.get_dummies(frame, dtype=float).fillna(frame.median(numeric_only=True))
    x = wide.to_numpy(float)
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    if card["problem"] == "regression":
        y = target.to_numpy(float)[:, None]
        return Table(card["name"], "regression", np.clip(x, -5, 5), (y - y.mean()) / y.std())
    codes = pd.Categorical(target).codes.astype(int)
    y = codes if card["problem"] == "multiclass" else codes[:, None].astype(float)
    return Table(card["name"], card["problem"], np.clip(x, -5, 5), y)


@dataclass(frozen=True)
class Plan:
    """Settings of the trials of one split; arrays (trials,). Units 0 is a linear model."""

    units: np.ndarray
    rate: np.ndarray
    decay: np.ndarray
    epochs: int


def draw(rng: np.random.Generator, trials: int, epochs: int, most_units: int = 32) -> Plan:
    """Draw a random search: units, learning rate and decay, each on a logarithmic scale."""
    return Plan(
        np.round(2 ** rng.uniform(2, np.log2(most_units), trials)).astype(int),
        10 ** rng.uniform(-3.3, -1.5, trials),
        10 ** rng.uniform(-4, 0, trials),
        epochs,
    )


class Nets:
    """Trials of one split, trained together; `outputs(x)` are canonical predictions (trials, n, k)."""

    def __init__(self, table: Table, plan: Plan, seed: int) -> None:
        self.problem, self.plan = table.problem, plan
        self.rng = np.random.default_rng(seed)
        trials, inputs, most = len(plan.units), table.x.shape[1], max(int(plan.units.max()), 1)
        live = np.arange(most)[None, :] < plan.units[:, None]  # units beyond a trial's width stay at zero
        draws = self.rng.normal(size=(trials, inputs, most)) * np.sqrt(2 / inputs)
        linear = plan.units.max() == 0
        shape = (trials, inputs if linear else most, table.outputs)
        glorot = np.sqrt(2 / (shape[1] + shape[2])) * self.rng.normal(size=shape)
        self.weights = [glorot * 0] if linear else [draws * live[:, None, :], glorot * live[:, :, None]]
        self.biases = [np.zeros((trials, 1, w.shape[2])) for w in self.weights]
        self.weights = [w.astype(np.float32) for w in self.weights]
        self.biases = [b.astype(np.float32) for b in self.biases]
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in (*self.weights, *self.biases)]
        self.steps = 0

    def _forward(self, x: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        hidden = [np.broadcast_to(x, (len(self.weights[0]), *x.shape))]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            hidden.append(np.maximum(hidden[-1] @ weight + bias, 0))
        logits = hidden[-1] @ self.weights[-1] + self.biases[-1]
        if self.problem == "multiclass":
            return hidden, softmax(logits, axis=-1)
        return hidden, expit(logits) if self.problem == "binary" else logits

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Return canonical predictions of every trial."""
        return self._forward(x.astype(np.float32))[1]

    def epoch(self, x: np.ndarray, y: np.ndarray, batch: int = 32) -> None:
        """Train every trial for one epoch, all in the same order of rows."""
        order = self.rng.permutation(len(x))
        target = np.eye(self.weights[-1].shape[2])[y] if self.problem == "multiclass" else y
        for start in range(0, len(x) - batch + 1, batch):
            rows = order[start : start + batch]
            self._step(x[rows].astype(np.float32), target[rows].astype(np.float32))

    def _step(self, x: np.ndarray, target: np.ndarray) -> None:
        hidden, p = self._forward(x)
        delta = (p - target) / len(x)  # the canonical link: the same gradient for all three losses
        gradients: list[np.ndarray] = []
        biases: list[np.ndarray] = []
        for layer in range(len(self.weights) - 1, -1, -1):
            gradients.insert(0, hidden[layer].transpose(0, 2, 1) @ delta)
            biases.insert(0, delta.sum(axis=1, keepdims=True))
            if layer:
                delta = (delta @ self.weights[layer].transpose(0, 2, 1)) * (hidden[layer] > 0)
        self.steps += 1
        rate = self.plan.rate[:, None, None].astype(np.float32)
        decay = (self.plan.rate * self.plan.decay)[:, None, None].astype(np.float32)
        parameters = [*self.weights, *self.biases]
        for i, gradient in enumerate([*gradients, *biases]):
            first, second = self.moments[i]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            change = first / (1 - 0.9**self.steps) / (np.sqrt(second / (1 - 0.999**self.steps)) + 1e-7)
            parameters[i] -= rate * change + (decay * parameters[i] if i < len(self.weights) else 0)


@dataclass(frozen=True)
class Curves:
    """Predictions of every trial after every epoch, and losses on training rows.

    Args:
        p: (trials, epochs, n, k) on the rows that were asked for.
        train: (trials, epochs) mean training loss.
    """

    p: np.ndarray
    train: np.ndarray


def train(table: Table, plan: Plan, rows: np.ndarray, watched: np.ndarray, seed: int) -> Curves:
    """Train the trials on `rows` and predict the rows `watched` after each epoch."""
    from modelwizard.evidence.losses import row_loss

    nets = Nets(table, plan, seed)
    predictions, losses = [], []
    for _ in range(plan.epochs):
        nets.epoch(table.x[rows], table.y[rows])
        predictions.append(nets.outputs(table.x[watched]))
        mine = nets.outputs(table.x[rows])
        losses.append([row_loss(table.problem, table.loss, table.y[rows], p).mean() for p in mine])
    return Curves(np.stack(predictions, axis=1), np.array(losses).T)


def train_by_engine(table: Table, plan: Plan, rows: np.ndarray, watched: np.ndarray, seed: int) -> Curves:
    """Do the same with Keras models through the engine, one trial after the other (imports TensorFlow)."""
    import keras

    from modelwizard.engine import trainer

    activation = {"binary": "sigmoid", "multiclass": "softmax"}.get(table.problem)
    stacks, losses = [], []
    for trial in range(len(plan.units)):
        keras.utils.set_random_seed(seed * 1000 + trial)
        units = int(plan.units[trial])
        inputs = keras.Input((table.x.shape[1],))
        hidden = keras.layers.Dense(units, activation="relu")(inputs) if units else inputs
        model = keras.Model(inputs, keras.layers.Dense(table.outputs, activation=activation)(hidden))
        optimizer = keras.optimizers.AdamW(plan.rate[trial], weight_decay=plan.decay[trial])
        model.compile(optimizer=optimizer, loss=table.loss)
        run = trainer.train(
            model,
            (table.x[rows].astype("float32"), table.y[rows].astype("float32")),
            (table.x[watched].astype("float32"), table.y[watched].astype("float32")),
            epochs=plan.epochs,
            seed=seed,
            repeats=100,
        )
        stacks.append(run.outputs)
        losses.append([row["train_loss"] for row in run.history])
    return Curves(np.stack(stacks), np.array(losses))
