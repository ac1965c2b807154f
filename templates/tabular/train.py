"""Train one experiment with plain Keras, without modelwizard: `python train.py experiments/1-baseline.toml`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import keras
from keras_tuner import HyperParameters
from sklearn.metrics import mean_poisson_deviance

import data
from export import export_model
from model import build_model
from preprocessing import Encoding


def main(experiment: str) -> None:
    """Train on the training rows, watch the validation rows, save the model beside the experiment file."""
    settings = tomllib.loads(Path(experiment).read_text(encoding="utf-8"))
    training = settings["training"]
    keras.utils.set_random_seed(training["seed"])

    train, validation = data.load("train"), data.load("validation")
    encoding = Encoding(train)
    x, y = encoding.encode(train.x), encoding.encode_target(train.y)
    held_x, held_y = encoding.encode(validation.x), encoding.encode_target(validation.y)

    hp = HyperParameters()
    hp.values = dict(settings["hyperparameters"])
    steps = training["epochs"] * -(-len(train.y) // training["batch_size"])
    model = build_model(hp, encoding, steps)
    model.summary()
    # No EarlyStopping: the learning rate falls to zero over all epochs. `stop_after` is the epoch at which the
    # stages found the smallest validation loss.
    model.fit(
        x,
        y,
        validation_data=(held_x, held_y),
        batch_size=training["batch_size"],
        epochs=training.get("stop_after", training["epochs"]),
    )
    # modelwizard: if keras_score
    predicted = encoding.decode(model.predict(held_x, verbose=0))
    print("validation rmse:", float(keras.metrics.RootMeanSquaredError()(validation.y, predicted)))
    # modelwizard: end
    # modelwizard: if sklearn_score
    predicted = model.predict(held_x, verbose=0)
    score = mean_poisson_deviance(validation.y, predicted)
    print("validation poisson_deviance:", score)
    # modelwizard: end
    path = Path(experiment).with_suffix(".keras")
    export_model([(model, encoding)]).save(path)
    print(f"saved {path}: raw columns in, predictions out")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} EXPERIMENT.toml")
    main(sys.argv[1])
