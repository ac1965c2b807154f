"""What comes back from the worker's jobs; `jobs` says from which."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from modelwizard.contract.messages import Message
from modelwizard.contract.trials import Training

Number = int | float


class Nothing(Struct, frozen=True):
    """The result of a job whose work is in the project's files."""


class Dimension(Struct, frozen=True, kw_only=True):
    """A hyperparameter of model.py: its range and step when it is a number, else its values.

    `sampling` is `linear` or `log`, where `step` is a factor; `conditional`: other values decide whether it is there.
    """

    name: str
    default: Any
    min: Number | None = None
    max: Number | None = None
    step: Number | None = None
    sampling: str | None = None
    values: list[Any] | None = None
    regulariser: bool = False
    conditional: bool = False


class Inspection(Struct, frozen=True):
    """What a project is, as its own code makes it: search space, rows of each part, SHA-256 of each file of code."""

    space: list[Dimension]
    rows: dict[str, int]
    code: dict[str, str]


class Reference(Struct, frozen=True):
    """A model of another kind (`dumb`, `linear`, `trees`), its score on validation rows and seconds of fitting."""

    name: str
    score: float
    seconds: float


class Fitted(Struct, frozen=True):
    """The models that were fitted, and the names of those that there was no time for; predictions are in `runs`."""

    references: list[Reference]
    left_out: list[str] = []


class Sane(Struct, frozen=True, kw_only=True):
    """What the sanity checks measured; NaN or None where one was not carried out.

    Args:
        initial_loss: Loss before the first step, with the last layer's weights at zero.
        expected_loss: Loss of the baseline, which that should be.
        batch_loss: Loss of one batch that was trained on alone.
        batch_baseline: Loss of the baseline on that batch.
        predictions: File of validation predictions without inputs and with shuffled labels, relative to the project.
        left_out: Names of the checks that there was no time for.
        looks: Evaluations of the validation rows.
    """

    initial_loss: float | None = None
    expected_loss: float | None = None
    batch_loss: float | None = None
    batch_baseline: float | None = None
    predictions: str = ""
    left_out: list[str] = []
    looks: int = 0


class Paced(Struct, frozen=True):
    """What a trial of the model's defaults costs.

    Args:
        start: Seconds before its epochs, over all folds.
        epoch: Seconds of one epoch, over all folds.
        compile: Seconds of tracing and compiling, where this is still to be done. Defaults to 0.
    """

    start: float
    epoch: float
    compile: float = 0.0

    def epochs(self, seconds: float) -> float:
        """Return how many epochs some seconds do for."""
        return (seconds - self.start - self.compile) / max(self.epoch, 1e-6)


class Searched(Struct, frozen=True):
    """Why a search ended: all its `trials` are done, `time`, `failures` in a row, or its space is `exhausted`.

    `message` is what the last trial said, if it failed.
    """

    stopped: str
    message: str | Message | None = None


class Probed(Struct, frozen=True):
    """The names of the probes' runs, and the epochs of production that follow from their best epochs."""

    runs: list[str]
    epochs: int


class Gain(Struct, frozen=True):
    """By how much the mean validation loss is lower, and the same in paired standard errors."""

    gain: float
    t: float


class Polished(Struct, frozen=True, kw_only=True):
    """What a last pass at batch size 1 did to held-out rows.

    Args:
        kept: Whether it helps by more than noise.
        learning_rate: Its learning rate; None when every rate raised the training loss.
        gain: By how much the mean validation loss is lower.
        t: The same in paired standard errors.
        control: The same of batches of 32 at 32 times the rate.
        looks: Evaluations of the validation rows.
    """

    kept: bool
    learning_rate: float | None = None
    gain: float = 0.0
    t: float = 0.0
    control: Gain = Gain(0.0, 0.0)
    looks: int = 0


class Equality(Struct, frozen=True):
    """On how many rows the exported model and its networks were compared, and their largest difference.

    The difference is in units of the target's scale.
    """

    rows: int
    largest: float


class Finding(Struct, frozen=True):
    """One thing that is wrong, or worth a thought, with its cure, as `modelwizard check --json` shows it.

    Args:
        code: Stable code of the rule, such as MW101.
        cause: A word of the fixed vocabulary of causes and symptoms.
        severity: `error` (cannot work), `warning` (something is wrong) or `tip` (a matter of taste or a thought).
        title: One sentence.
        evidence: The measured facts, with the threshold they were held against.
        why: The reason, with its source.
        fix: The code line to write.
        where: `file:line` where the file is known, else the layer or argument.
    """

    code: str
    cause: str
    severity: Literal["error", "warning", "tip"]
    title: str
    evidence: str | Message
    why: str
    fix: str
    where: str


class Produced(Struct, frozen=True, kw_only=True):
    """The production model.

    Args:
        model: Its file, relative to the project.
        sha256: SHA-256 of the file.
        epochs: Epochs that each network was trained for.
        wanted_epochs: Epochs that it would have been trained for with more time.
        training: How it was trained: `epochs` are those over which the learning rate falls.
        best_epochs: Best epochs of the probes, from 0.
        members: Networks that are averaged.
        parameters: Weights of all of them.
        equality: How its predictions compare with those of the networks.
        findings: What was found on the way.
        seconds: How long it took.
    """

    model: str
    sha256: str
    epochs: int
    wanted_epochs: int
    training: Training
    best_epochs: list[int]
    members: int
    parameters: int
    equality: Equality
    seconds: float
    findings: list[Finding] = []


class Made(Struct, frozen=True):
    """The last training loss of a production network, and the seconds that another takes, with the program compiled."""

    train_loss: float
    seconds: float


class Proposal(Struct, frozen=True):
    """A feature that the training rows speak for.

    Args:
        name: Its name.
        op: How it is made, such as `ratio`.
        code: The line that makes it.
        share: Share that it explains of what a model without interactions leaves; 0 where nothing was measured.
        t: The same in standard errors.
    """

    name: str
    op: str
    code: str
    share: float = 0.0
    t: float = 0.0


class Proposals(Struct, frozen=True):
    """Features of one kind: for each fold, from its own training rows, and `written`, from all outside the test set."""

    title: str
    folds: tuple[tuple[Proposal, ...], ...]
    written: tuple[Proposal, ...]


class Effect(Struct, frozen=True):
    """By how much the held-out loss rises when a column is shuffled; t is in standard errors."""

    name: str
    gain: float
    t: float


class Effects(Struct, frozen=True):
    """What shuffling does to each column, correlated ones side by side; evaluations of validation rows that it took."""

    clusters: list[list[Effect]]
    looks: int


class Skipped(Struct, frozen=True):
    """A rule that could not be applied, and why."""

    code: str
    reason: str


class Checked(Struct, frozen=True):
    """What the rules found, the most certain and harmful first; the codes of those that found nothing."""

    findings: list[Finding]
    passed: list[str] = []
    skipped: list[Skipped] = []


class Shifted(Struct, frozen=True):
    """An input of new rows that is distributed otherwise than in training.

    Args:
        name: Its name.
        what: `numbers`, `words`, or `missing`: how many cells are.
        p: P-value of the two-sample test.
        size: The difference as a share of the rows, from 0 to 1.
        before: Median, or share of the category that differs most, or of missing cells, in training.
        after: The same of the new rows.
        value: That category.
    """

    name: str
    what: Literal["numbers", "words", "missing"]
    p: float
    size: float
    before: float
    after: float
    value: str = ""


class Predicted(Struct, frozen=True):
    """A file of predictions.

    Args:
        rows: Its rows.
        output: Its path.
        columns: Its columns.
        notes: In sentences, how the rows are unlike those of the data file.
        shift: Inputs that are distributed otherwise than in training; None if that was not looked at.
    """

    rows: int
    output: str
    columns: list[str]
    notes: list[str] = []
    shift: list[Shifted] | None = None
