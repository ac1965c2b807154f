"""What the worker is asked for; one JSON object a line on the way there.

A job's type says what comes back: `child.run(Inspect())` is an `Inspection`.
"""

from __future__ import annotations

from typing import Generic, TypeVar, get_args

from msgspec import Struct

from modelwizard.contract.results import (
    Checked,
    Effects,
    Fitted,
    Inspection,
    Made,
    Nothing,
    Paced,
    Polished,
    Predicted,
    Probed,
    Produced,
    Proposals,
    Sane,
    Searched,
)
from modelwizard.contract.trials import Experiment, Hyperparameters, Summary, Training

R = TypeVar("R")
Number = int | float


class Job(Struct, Generic[R], frozen=True, kw_only=True, tag_field="job", tag=str.lower):
    """A request to the worker; R is the type of its result.

    Args:
        project: The project's folder; the client fills it in.
        time_budget: Seconds that the job may take. Defaults to as long as it takes.
    """

    project: str = ""
    time_budget: float | None = None

    def answer(self) -> type[R]:
        """Return the type of the job's result."""
        return get_args(vars(type(self))["__orig_bases__"][0])[0]


class Stop(Job[Nothing], frozen=True):
    """Leave the job that runs after the epoch in flight; what ends is that job."""


class Inspect(Job[Inspection], frozen=True):
    """Load and encode the rows and build the model once."""


class References(Job[Fitted], frozen=True):
    """Fit models of other kinds on the same rows."""


class Sanity(Job[Sane], frozen=True):
    """Check that the baseline's model learns what is there, and nothing that is not."""

    hyperparameters: Hyperparameters
    batch_size: int
    seed: int


class Train(Job[Summary], frozen=True):
    """Train one experiment; when it is `safe`, a failure becomes a summary, so that a search goes on."""

    experiment: Experiment
    safe: bool = False


class Pace(Job[Paced], frozen=True):
    """Measure what a trial of a search costs, in the process that will train the first one with the values `first`."""

    seed: int
    trials: int
    epochs: int
    batch_size: int
    first: Hyperparameters = {}


class Prepare(Job[Nothing], frozen=True):
    """Start `workers` processes before they are needed and have them read the rows; done at once.

    One of them measures the `pace` besides.
    """

    workers: int
    pace: Pace


class Reserve(Struct, frozen=True):
    """What must be left of a search's time: seconds, and time for as many `networks` like the best trial's."""

    seconds: float = 0.0
    networks: float = 0.0


class Search(Job[Searched], frozen=True):
    """Run the trials of a stage that are not finished yet.

    Args:
        stage: The stage.
        trials: Trials in all.
        seed: Base of its seeds.
        epochs: Epochs of a trial, unless they are searched.
        batch_size: Rows of a step, unless they are searched.
        patience: See `Experiment`.
        choices: Values of `epochs` and `batch_size`, where these are searched.
        done: Finished trials.
        first: Values of the first trials.
        bounds: Lowest and highest value of some hyperparameters.
        reserve: What must be left of the time budget.
        workers: Trials side by side.
    """

    stage: str
    trials: int
    seed: int
    epochs: int
    batch_size: int
    patience: int | None = None
    choices: dict[str, list[int]] = {}
    done: list[Summary] = []
    first: list[Hyperparameters] = []
    bounds: dict[str, tuple[Number, Number]] = {}
    reserve: Reserve = Reserve()
    workers: int = 1


class Chosen(Job[R], frozen=True):
    """A job that trains the settings that were chosen.

    Args:
        hyperparameters: Values for `build_model`.
        training: How trials of these settings are trained.
        patience: See `Experiment`.
        seeds: Networks that are trained.
        done: Trials that need not be trained again.
    """

    hyperparameters: Hyperparameters
    training: Training
    patience: int | None = None
    seeds: int = 3
    done: list[Summary] = []


class Probe(Chosen[Probed], frozen=True):
    """Train the chosen settings where validation rows are held out: several seeds, each on every fold."""


class Polish(Chosen[Polished], frozen=True, kw_only=True):
    """Try a last pass at batch size 1 on networks that are trained for `epochs`, as production networks will be."""

    epochs: int


class Final(Chosen[Produced], frozen=True, kw_only=True):
    """Train the production networks and write model.keras.

    Args:
        runs: Names of the runs in `done` that stand for the probes.
        workers: Networks trained side by side.
        strategy: `retrain`: on all rows outside the test set; `folds`: the average of the fold models instead.
        temperature: What the logits of the averaged prediction are divided by.
        polish: Learning rate of a last pass at batch size 1, if there is one.
    """

    runs: list[str]
    workers: int = 1
    strategy: str = "retrain"
    temperature: float = 1.0
    polish: float | None = None


class Order(Struct, frozen=True):
    """One production network: its epochs, its seed, and which of how many it is, from 1."""

    epochs: int
    seed: int
    member: int
    members: int


class Member(Job[Made], frozen=True):
    """Train one production network and leave its `weights` in the file of that path.

    The learning rate falls over the epochs of `training`.
    """

    hyperparameters: Hyperparameters
    training: Training
    order: Order
    weights: str


class Propose(Job[list[Proposals]], frozen=True):
    """Propose features from training rows."""

    seed: int


class Importance(Job[Effects], frozen=True):
    """Train an experiment and say which columns its networks use."""

    experiment: Experiment


class Check(Job[Checked], frozen=True):
    """Apply the rules to the model of the last experiment file; `train`: train a copy and watch it."""

    train: bool = True


class Test(Job[Nothing], frozen=True):
    """Open the test rows and predict them; `force` opens them for another model than the first one."""

    __test__ = False  # the name starts with "Test", and pytest would collect it
    force: bool = False


class Predict(Job[Predicted], frozen=True):
    """Predict a file of raw rows and write the predictions as .csv, .parquet or .jsonl, by the ending of `output`.

    `shift`: compare the rows with those of training; `force`: predict rows that are unlike those of the data file, too.
    """

    input: str
    output: str
    shift: bool = True
    force: bool = False


AnyJob = (
    Stop | Inspect | References | Sanity | Train | Pace | Prepare | Search | Probe | Polish | Final | Member
    | Propose | Importance | Check | Test | Predict
)  # fmt: skip
