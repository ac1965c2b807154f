"""Train one experiment with plain Keras, without modelwizard: `python train.py experiments/1-baseline.toml`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import keras
from keras_tuner import HyperParameters

import data
from model import build_model, export_model
from preprocessing import Encoding


def main(experiment: str) -> None:
    """Train on the training rows, watch the validation rows, save the model beside the experiment file."""
    settings = tomllib.loads(Path(experiment).read_text(encoding="utf-8"))
    training = settings["training"]
    keras.utils.set_random_seed(training["seed"])

    train, validation = data.load("train"), data.load("validation")
    encoding = Encoding(train)
    hp = HyperParameters()
    hp.values = dict(settings["hyperparameters"])
    steps = training["epochs"] * -(-len(train.y) // training["batch_size"])
    model = build_model(hp, encoding, steps)
    model.summary()
    model.fit(
        encoding.encode(train.x),
        encoding.encode_target(train.y),
        validation_data=(encoding.encode(validation.x), encoding.encode_target(validation.y)),
        batch_size=training["batch_size"],
        epochs=training.get("stop_after", training["epochs"]),
    )
    path = Path(experiment).with_suffix(".keras")
    export_model([(model, encoding)]).save(path)
    print(f"saved {path}: raw columns in, predictions out")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} EXPERIMENT.toml")
    main(sys.argv[1])
