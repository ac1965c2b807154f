"""Faults of last layer, loss, labels and metrics."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from checks_corpus.planting import LABELED, Fault, ids, one_hot

FAULTS = (
    Fault("softmax of one unit", ("wrong-last-activation",), ("binary",), lambda r: replace(r, activation="softmax")),
    Fault("no sigmoid", ("wrong-last-activation",), ("binary", "multilabel"), lambda r: replace(r, activation=None)),
    Fault("no softmax", ("wrong-last-activation",), ("multiclass",), lambda r: replace(r, activation=None)),
    Fault("relu under cross-entropy", ("wrong-last-activation",), LABELED, lambda r: replace(r, activation="relu")),
    Fault("tanh under cross-entropy", ("wrong-last-activation",), ("binary",), lambda r: replace(r, activation="tanh")),
    Fault(
        "sigmoid for classes", ("wrong-last-activation",), ("multiclass",), lambda r: replace(r, activation="sigmoid")
    ),
    Fault(
        "softmax for labels", ("wrong-last-activation",), ("multilabel",), lambda r: replace(r, activation="softmax")
    ),
    Fault("sigmoid for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="sigmoid")),
    Fault("tanh for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="tanh")),
    Fault("relu for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="relu")),
    Fault("softmax for amounts", ("wrong-last-activation",), ("amount",), lambda r: replace(r, activation="softmax")),
    Fault(
        "mse for labels",
        ("wrong-loss",),
        LABELED,
        lambda r: replace(r, loss="mse", y=one_hot(r) if r.task == "multiclass" else r.y),
    ),
    Fault(
        "mae for labels",
        ("wrong-loss",),
        ("binary", "multiclass"),
        lambda r: replace(r, loss="mae", y=one_hot(r) if r.task == "multiclass" else r.y),
    ),
    Fault(
        "binary loss for classes",
        ("wrong-loss",),
        ("multiclass",),
        lambda r: replace(r, loss="binary_crossentropy", y=one_hot(r)),
    ),
    Fault(
        "categorical loss for one unit",
        ("wrong-loss",),
        ("binary",),
        lambda r: replace(r, loss="categorical_crossentropy"),
    ),
    Fault(
        "categorical loss for labels",
        ("wrong-loss",),
        ("multilabel",),
        lambda r: replace(r, loss="categorical_crossentropy"),
    ),
    Fault("cross-entropy for amounts", ("wrong-loss",), ("amount",), lambda r: replace(r, loss="binary_crossentropy")),
    Fault(
        "logits that are none",
        ("wrong-loss", "wrong-last-activation", "redundant-activation"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ),
    Fault(
        "logits that are none, binary",
        ("wrong-loss", "wrong-last-activation", "redundant-activation"),
        ("binary",),
        lambda r: replace(r, loss=keras.losses.BinaryCrossentropy(from_logits=True)),
    ),
    Fault(
        "numbers for categorical",
        ("labels-encoding-mismatch", "wrong-loss"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), loss="categorical_crossentropy"),
    ),
    Fault(
        "one-hot for sparse",
        ("labels-encoding-mismatch", "wrong-loss"),
        ("multiclass",),
        lambda r: replace(r, y=one_hot(r), loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "labels from 1",
        ("labels-encoding-mismatch",),
        ("multiclass",),
        lambda r: replace(r, y=ids(r) + 1, loss="sparse_categorical_crossentropy"),
    ),
    Fault("labels -1 and 1", ("labels-encoding-mismatch",), ("binary",), lambda r: replace(r, y=2 * r.y - 1)),
    Fault("labels 1 and 2", ("labels-encoding-mismatch",), ("binary",), lambda r: replace(r, y=r.y + 1)),
    Fault(
        "labels scaled",
        ("labels-encoding-mismatch",),
        ("multiclass",),
        lambda r: replace(r, y=(ids(r) / 255).astype("float32"), loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "labels cast to one value",
        ("labels-encoding-mismatch",),
        ("binary", "multiclass"),
        lambda r: replace(
            r,
            y=np.zeros(len(r.x), dtype="int32"),
            loss="binary_crossentropy" if r.task == "binary" else "sparse_categorical_crossentropy",
        ),
    ),
    Fault(
        "words as labels",
        ("labels-encoding-mismatch",),
        ("binary",),
        lambda r: replace(r, y=np.where(r.y > 0, "yes", "no")),
    ),
    Fault(
        "one unit for classes",
        ("wrong-output-units", "labels-encoding-mismatch"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=1, activation="sigmoid", loss="binary_crossentropy"),
    ),
    Fault(
        "one linear unit for classes",
        ("wrong-output-units", "wrong-loss", "labels-encoding-mismatch"),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=1, activation=None, loss="mse"),
    ),
    Fault(
        "a unit missing",
        ("wrong-output-units",),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=r.units - 1, loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "units to spare",
        ("wrong-output-units",),
        ("multiclass",),
        lambda r: replace(r, y=ids(r), units=r.units * 4, loss="sparse_categorical_crossentropy"),
    ),
    Fault(
        "one unit for two targets",
        ("wrong-output-units",),
        ("amount", "multilabel"),
        lambda r: replace(r, units=1),
        only=("pair", "labels", "energy_efficiency", "emotions"),
    ),
    Fault(
        "two units for one target",
        ("wrong-output-units",),
        ("amount", "binary"),
        lambda r: replace(r, units=2),
        only=("amount", "binary", "waves", "diabetes_sk", "breast_cancer"),
    ),
    Fault("accuracy of amounts", ("wrong-metric",), ("amount",), lambda r: replace(r, metrics=("accuracy",))),
    Fault(
        "Accuracy()",
        ("wrong-metric",),
        ("binary", "multiclass"),
        lambda r: replace(r, metrics=(keras.metrics.Accuracy(),)),
    ),
    Fault(
        "binary accuracy of classes",
        ("wrong-metric",),
        ("multiclass",),
        lambda r: replace(r, y=one_hot(r), loss="categorical_crossentropy", metrics=("binary_accuracy",)),
    ),
)
