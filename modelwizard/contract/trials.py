"""What is trained, and what it came to: values that the wizard, the worker, the journal and the runs on disk share."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from modelwizard.contract.messages import Message

Hyperparameters = dict[str, Any]
Status = Literal["completed", "stopped", "nan", "failed"]


class Training(msgspec.Struct, frozen=True, omit_defaults=True):
    """The table [training] of an experiment file.

    Args:
        epochs: Epochs at most; the learning rate falls over them.
        batch_size: Rows of a step.
        seed: Seed of weights, of the order of rows and of dropout.
        stop_after: Epochs after which `train.py` ends. Defaults to all.
    """

    epochs: int
    batch_size: int
    seed: int
    stop_after: int | None = None

    def experiment(self, stage: str, hyperparameters: Hyperparameters, run: str = "", **more: Any) -> Experiment:
        """Return an experiment that is trained so; `more` are further fields of it, such as `patience`."""
        asked: dict[str, Any] = {"epochs": self.epochs, "batch_size": self.batch_size, "seed": self.seed, **more}
        return Experiment(run=run, stage=stage, hyperparameters=hyperparameters, **asked)


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """What to train.

    Args:
        run: Name of the run, and of its folder.
        stage: The stage that asks.
        hyperparameters: Values by name; those not named take their defaults in model.py.
        epochs: Epochs at most.
        batch_size: Rows of a step.
        seed: Base of the seeds of its fits.
        patience: Epochs without a better validation loss after which a fit ends (see `wait`), or None for all epochs.
        repeats: How often folds are drawn anew under K-fold. Defaults to 1.
        fraction: Share of the training rows to train on, or None for all.
        trials: Trials that share the room for predictions. Defaults to 1.
        bar: What the trial must reach at each share of its training, or it is ended (see
            `training.median_stopping`). Defaults to nothing.
        additions: Lines added to `add_features` in memory, for each fold or for all. Defaults to none.
    """

    run: str
    stage: str
    hyperparameters: Hyperparameters
    epochs: int
    batch_size: int
    seed: int
    patience: int | None = None
    repeats: int = 1
    fraction: float | None = None
    trials: int = 1
    bar: tuple[float, ...] = ()
    additions: tuple[tuple[str, ...], ...] = ()

    @property
    def wait(self) -> int | None:
        """Epochs to wait for a better validation loss: half of all, if that is more than the patience.

        A falling learning rate brings much of its gain at the end.
        """
        return None if self.patience is None else max(self.patience, self.epochs // 2)

    @property
    def training(self) -> Training:
        """The table [training] of its experiment file."""
        return Training(self.epochs, self.batch_size, self.seed)

    def summary(self, **known: Any) -> Summary:
        """Return its summary, made of what is asked for and of what is known by now."""
        asked = {name: getattr(self, name) for name in _ASKED}
        return Summary(**{**asked, **known})


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial came to.

    Args:
        run: Name of the run, and of its folder.
        stage: The stage that asked.
        hyperparameters: All values that the model was built with.
        training: How it was trained.
        status: `stopped`: by a time budget, before its end; `nan`: the loss did not stay finite.
        message: Why it has no score. Defaults to None.
        epochs_run: Epochs of the longest fold. Defaults to 0.
        best_epoch: Epoch of the lowest validation loss over all folds, from 0; None without any.
        best_epochs: The same of each fold. Defaults to none.
        loss: Mean training loss while the best epoch ran, with penalties and dropout.
        train_loss: Training loss after the best epoch, as a prediction, without penalties.
        val_loss: Validation loss after the best epoch.
        score: The metric after the best epoch.
        parameters: Number of weights.
        seconds: How long it took; None when its process died.
        looks: Evaluations of validation rows: one for each epoch.
        fraction: Share of the training rows, or None for all.
        patience: See `Experiment`.
        predictions: Where the predictions of validation rows are, relative to the project; None when there are none.
        code: SHA-256 of each file of the project's code.
        scheme: Scheme of the split: `holdout` or `kfold`.
        additions: See `Experiment`.
    """

    run: str
    stage: str
    hyperparameters: Hyperparameters
    training: Training
    status: Status = "completed"
    message: str | Message | None = None
    epochs_run: int = 0
    best_epoch: int | None = None
    best_epochs: tuple[int, ...] = ()
    loss: float | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    score: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    looks: int = 0
    fraction: float | None = None
    patience: int | None = None
    predictions: str | None = None
    code: dict[str, str] = {}
    scheme: str = ""
    additions: tuple[tuple[str, ...], ...] = ()


_ASKED = [name for name in (*Experiment.__struct_fields__, "training") if name in Summary.__struct_fields__]


def number(run: str) -> int:
    """Return the number of a trial, counted from 1, from the name of its run."""
    return int(run.rpartition("-")[2])
