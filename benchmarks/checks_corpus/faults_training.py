"""Faults of scales, rates, hidden layers, splits and data."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
from keras import layers

from checks_corpus.planting import ALL, Fault, adam, held_out, ordered, rare, sgd, stretched, with_nan

FAULTS = (
    Fault(
        "raw scales", ("missing-normalization",), ALL, lambda r: replace(r, x=stretched(r.x)), bodies=("mlp", "conv")
    ),
    Fault(
        "scaled twice",
        ("missing-normalization",),
        ("multiclass", "binary", "amount"),
        lambda r: replace(r, x=(r.x / 255).astype("float32") * (0.01 if r.x.ndim == 2 else 1)),
        bodies=("mlp", "conv"),
    ),
    Fault("raw target", ("missing-target-scaling",), ("amount",), lambda r: replace(r, y=r.y * 80_000 + 200_000)),
    Fault("tiny target", ("missing-target-scaling",), ("amount",), lambda r: replace(r, y=r.y * 1e-4)),
    Fault("Adam at 0.5", ("bad-learning-rate",), ALL, lambda r: replace(r, optimizer=adam(0.5))),
    Fault("Adam at 1e-7", ("bad-learning-rate",), ALL, lambda r: replace(r, optimizer=adam(1e-7))),
    Fault("SGD at 20", ("bad-learning-rate",), ("binary", "multiclass"), lambda r: replace(r, optimizer=sgd(20.0))),
    Fault("SGD at 1e-6", ("bad-learning-rate",), ALL, lambda r: replace(r, optimizer=sgd(1e-6))),
    Fault(
        "Adadelta at its default",
        ("bad-learning-rate", "wrong-optimizer"),
        ("binary", "multiclass", "amount"),
        lambda r: replace(r, optimizer=lambda: keras.optimizers.Adadelta()),
    ),
    Fault(
        "plain SGD for text",
        ("wrong-optimizer", "bad-learning-rate"),
        ("binary",),
        lambda r: replace(r, optimizer=sgd(0.01)),
        bodies=("words",),
    ),
    Fault(
        "all rows in a batch",
        ("bad-batch-size", "epochs-too-few"),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_fit(batch_size=len(r.x), epochs=10),
    ),
    Fault(
        "one short epoch",
        ("epochs-too-few",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_fit(epochs=1, batch_size=256),
    ),
    Fault(
        "no hidden activation",
        ("missing-hidden-activation",),
        ALL,
        lambda r: r.with_options(act=None),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "hidden softmax",
        ("wrong-hidden-activation",),
        ALL,
        lambda r: r.with_options(act="softmax"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "hidden exponential",
        ("wrong-hidden-activation",),
        ("binary", "multiclass"),
        lambda r: r.with_options(act="exponential"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "eight hidden sigmoids",
        ("wrong-hidden-activation",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(act="sigmoid", widths=(32,) * 8),
        bodies=("mlp",),
    ),
    Fault(
        "recurrent softmax",
        ("wrong-hidden-activation",),
        ("amount",),
        lambda r: r.with_options(act="softmax"),
        bodies=("recurrent",),
    ),
    Fault(
        "activation twice",
        ("redundant-activation",),
        ("binary", "multiclass"),
        lambda r: r.with_options(extra="relu"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "softmax twice",
        ("redundant-activation", "wrong-last-activation"),
        ("multiclass",),
        lambda r: replace(r, tail=(lambda: layers.Activation("softmax"),)),
    ),
    Fault(
        "sigmoid twice",
        ("redundant-activation", "wrong-last-activation"),
        ("binary",),
        lambda r: replace(r, tail=(lambda: layers.Activation("sigmoid"),)),
    ),
    Fault(
        "zero weights",
        ("bad-weight-init",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(init="zeros"),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "equal weights",
        ("bad-weight-init",),
        ("binary", "multiclass"),
        lambda r: r.with_options(init="ones"),
        bodies=("mlp",),
    ),
    Fault(
        "huge weights",
        ("bad-weight-init",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(init=keras.initializers.RandomNormal(stddev=10.0)),
        bodies=("mlp", "conv"),
    ),
    Fault(
        "positive weights",
        ("bad-weight-init",),
        ("binary", "multiclass"),
        lambda r: r.with_options(init=keras.initializers.RandomUniform(0.0, 1.0)),
        bodies=("mlp",),
    ),
    Fault(
        "a hidden layer of one unit",
        ("wrong-layer-units",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(widths=(64, 1)),
        bodies=("mlp",),
    ),
    Fault(
        "a window of 15", ("wrong-layer-units",), ("multiclass",), lambda r: r.with_options(kernel=15), bodies=("conv",)
    ),
    Fault(
        "Flatten forgotten",
        ("wrong-architecture",),
        ("multiclass",),
        lambda r: r.with_options(flat=False),
        bodies=("conv",),
    ),
    Fault(
        "sequences returned",
        ("wrong-architecture",),
        ("amount",),
        lambda r: r.with_options(sequences=True),
        bodies=("recurrent",),
    ),
    Fault(
        "channels first",
        ("wrong-architecture",),
        ("multiclass",),
        lambda r: replace(r.with_options(pool=False), x=np.moveaxis(r.x, -1, 1)),
        bodies=("conv",),
        only=("pictures",),
    ),
    Fault(
        "normalised output",
        ("wrong-architecture",),
        ("binary", "multiclass", "amount"),
        lambda r: replace(r, tail=(lambda: layers.BatchNormalization(),)),
    ),
    Fault(
        "dropout behind the output",
        ("over-regularization", "wrong-architecture"),
        ("binary", "multiclass", "amount"),
        lambda r: replace(r, tail=(lambda: layers.Dropout(0.5),)),
    ),
    Fault(
        "dropout of 0.9",
        ("over-regularization",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(dropout=0.9),
    ),
    Fault(
        "a penalty of 1",
        ("over-regularization",),
        ("binary", "multiclass", "amount"),
        lambda r: r.with_options(penalty=keras.regularizers.L2(1.0)),
        bodies=("mlp",),
    ),
    Fault(
        "validation rows learned",
        ("data-leakage",),
        ("binary", "multiclass", "amount"),
        lambda r: replace(held_out(r, lambda x, y: (x, y)), x=r.x, y=r.y),
    ),
    Fault(
        "target among the features",
        ("data-leakage",),
        ("binary", "amount"),
        lambda r: replace(r, x=np.hstack([r.x, r.y.reshape(len(r.y), -1)[:, :1]]).astype("float32")),
        bodies=("mlp",),
    ),
    Fault(
        "validation rows not scaled",
        ("train-test-mismatch",),
        ("binary", "multiclass", "amount"),
        lambda r: held_out(r, lambda x, y: (x * 255, y)),
        bodies=("mlp", "conv"),
    ),
    Fault("split of sorted rows", ("train-test-mismatch",), ("binary", "multiclass"), ordered),
    Fault(
        "twelve rows",
        ("insufficient-data",),
        ("binary", "multiclass"),
        lambda r: replace(r, x=r.x[:12], y=r.y[:12]).with_fit(batch_size=4, epochs=50),
        bodies=("mlp",),
    ),
    Fault(
        "a rare class",
        ("class-imbalance",),
        ("binary",),
        lambda r: replace(r, **dict(zip(("x", "y"), rare(r), strict=True))),
        bodies=("mlp",),
    ),
    Fault(
        "labels shuffled apart",
        ("label-noise",),
        ("binary", "multiclass"),
        lambda r: replace(r, y=np.random.default_rng(3).permutation(r.y)),
        bodies=("mlp",),
    ),
    Fault(
        "NaN in the inputs",
        ("nan-in-data",),
        ALL,
        lambda r: replace(r, x=with_nan(r.x)),
        bodies=("mlp", "conv", "recurrent"),
    ),
    Fault("NaN in the target", ("nan-in-data",), ("amount",), lambda r: replace(r, y=with_nan(r.y[..., None])[..., 0])),
    Fault(
        "fractions for an embedding",
        ("wrong-input-type",),
        ("binary",),
        lambda r: replace(r, x=(r.x / 200.0)),
        bodies=("words",),
    ),
    Fault(
        "too small a vocabulary",
        ("wrong-input-type", "wrong-layer-units"),
        ("binary",),
        lambda r: r.with_options(vocabulary=50),
        bodies=("words",),
    ),
    Fault(
        "objects as inputs",
        ("wrong-input-type",),
        ("binary", "amount"),
        lambda r: replace(r, x=r.x.astype(object)),
        bodies=("mlp",),
    ),
    Fault("frozen", ("frozen-layer",), ("binary", "multiclass", "amount"), lambda r: replace(r, freeze=True)),
)
