"""What a short training showed. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Run:
    """One short training.

    Args:
        losses: Mean loss of each stretch of steps, in order.
        skill: Share of the best constant's loss, as far as it lies above a perfect one's, that is gone on the rows
            trained on; None where there is no such constant. 0 is a constant prediction, 1 is perfect.
        held_skill: The same on rows held back; None where there are too few.
        steps: Optimizer steps that were made.
        finite: Whether every loss was a finite number.
    """

    losses: tuple[float, ...] = ()
    skill: float | None = None
    held_skill: float | None = None
    steps: int = 0
    finite: bool = True

    @property
    def score(self) -> float:
        """The skill that decides: on rows held back where there are any; -1 for a loss that is not finite."""
        if not self.finite:
            return -1.0
        best = self.held_skill if self.held_skill is not None else self.skill
        return -1.0 if best is None else max(best, -1.0)


@dataclass(frozen=True)
class Trial:
    """The same training with one thing changed.

    Args:
        code: The rule that names the cause when the change helps.
        change: What was changed, in words.
        run: How it went.
    """

    code: str
    change: str
    run: Run


@dataclass(frozen=True)
class Sanity:
    """What the sanity checks showed; None and () where one was not carried out.

    Args:
        heart: Loss reached on one batch after training on nothing else, the best constant's, the rows and the steps.
        blind: For each input, the loss with this input at zero over the loss as it is, on rows held back.
        validation: Loss on rows held back, on the person's validation rows, the best constant's there, and the rows.
        predicted: Class numbers and probabilities of the rows held back.
    """

    heart: tuple[float, float, int, int] | None = None
    blind: tuple[tuple[str, float], ...] = ()
    validation: tuple[float, float, float, int] | None = None
    predicted: tuple[Any, Any] | None = None


@dataclass(frozen=True)
class Probe:
    """All that the short training showed.

    Args:
        crash: Message of the exception that stopped it, "" without one.
        base: The training as it was asked for.
        complete: Whether all steps of the person's training were made.
        start: Loss before the first step.
        constant: Loss of the best constant prediction; None where it is not defined.
        trials: The trainings with one thing changed.
        majority_share: Share of rows for which the most frequent prediction was made, after training.
        output_spread: Standard deviation of the outputs over rows, after training; the largest over columns.
        dead: Share of dead ReLU units per layer, after training.
        saturated: Share of saturated sigmoid and tanh outputs per layer, after training.
        first_over_last: Gradient over weight norm, first layer over last, before the first step.
        gradient: Global gradient norm over the norm of all weights, before the first step.
        unmoved: Layers whose weights got no gradient.
        still: Layers whose weights are exactly what they were before training, although they are to be trained.
        step: How far the first step moves the weights, over their size; None where it could not be measured.
        sanity: What the sanity checks showed.
    """

    crash: str = ""
    base: Run = Run()
    complete: bool = True
    start: float | None = None
    constant: float | None = None
    trials: tuple[Trial, ...] = ()
    majority_share: float = 0.0
    output_spread: float = 1.0
    dead: tuple[tuple[str, float], ...] = ()
    saturated: tuple[tuple[str, float], ...] = ()
    first_over_last: float = 1.0
    gradient: float = 0.0
    unmoved: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    step: float | None = None
    sanity: Sanity = field(default_factory=Sanity)

    def trial(self, code: str) -> Trial | None:
        """Return the best trial of one rule, None when it was not run."""
        return max((t for t in self.trials if t.code == code), key=lambda t: t.run.score, default=None)

    @property
    def stuck(self) -> bool:
        """Whether the training as it is does not even fit the rows that it trains on."""
        return self.base.finite and self.base.skill is not None and self.base.skill < 0.05

    def gain(self, code: str) -> float:
        """Return how much of a constant's loss a change took away beyond the base training; 0 when not tried.

        It is read on rows held back; where the training is stuck and the changed one beats a constant there, on the
        rows trained on: the change is about fitting at all, and a net that fits may go on to overfit.
        """
        found = self.trial(code)
        if found is None:
            return 0.0
        if self.stuck and found.run.score >= 0.1:
            return max(found.run.score, found.run.skill or 0.0)
        return found.run.score - max(self.base.score, 0.0)

    def mends(self, code: str) -> bool | None:
        """Whether a change clearly helped; None when it was not tried.

        A change helps when what is reached beats a constant by 10 % and at least 30 % of the loss that the base
        training left is gone, or half of the loss on the rows trained on, of which a stuck training removed nothing.
        """
        found = self.trial(code)
        if found is None:
            return None
        reached, before = found.run.score, max(self.base.score, -0.2)
        fits = self.stuck and (found.run.skill or 0.0) >= 0.5
        return reached >= 0.1 and (fits or (1 - reached) <= 0.7 * (1 - before))
