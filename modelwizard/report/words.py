"""How numbers, stages and verdicts are written on the page."""

from __future__ import annotations

from modelwizard.contract.entries import Entry
from modelwizard.evidence.scores import SCORES
from modelwizard.words.numbers import (
    alike as alike,
)
from modelwizard.words.numbers import (
    chance as chance,
)
from modelwizard.words.numbers import (
    count as count,
)
from modelwizard.words.numbers import (
    duration as duration,
)
from modelwizard.words.numbers import (
    figure as figure,
)
from modelwizard.words.numbers import (
    finite as finite,
)
from modelwizard.words.numbers import (
    listed as listed,
)
from modelwizard.words.numbers import (
    number as number,
)
from modelwizard.words.numbers import (
    span as span,
)
from modelwizard.words.numbers import (
    whole as whole,
)

QUESTIONS = {
    "baseline": "Does a small network see anything at all?",
    "overfit": "Is the network large enough to overfit?",
    "regularize": "What generalises best, corrected for having searched?",
    "finalize": "Does the test set, opened once, agree?",
}
TITLES = {
    "baseline": "Baseline",
    "overfit": "Overfit",
    "regularize": "Regularize",
    "finalize": "Finalize",
    "protocol": "Repeated K-fold",
    "features": "Features",
}
SIGNS = {
    "passed": "✓",
    "failed": "✗",
    "cannot tell": "?",
    "forced": "!",
    "consistent": "✓",
    "suspect": "!",
    "unreliable": "✗",
    "better": "↑",
}
TONES = {
    "passed": "good",
    "consistent": "good",
    "better": "good",
    "failed": "bad",
    "unreliable": "bad",
    "cannot tell": "doubt",
    "suspect": "doubt",
    "forced": "doubt",
}
NAMES = {
    "dumb": "common sense (looks at no input)",
    "linear": "linear model",
    "trees": "boosted trees",
}


def clause(name: str, one: str, many: str) -> str:
    """Return the begin of a sentence: "The linear model wins", "Boosted trees win"."""
    return f"{name[:1].upper()}{name[1:]} {many}" if name.endswith("s") else f"The {name} {one}"


def metric(name: str) -> str:
    """Return a metric's title for a person."""
    return SCORES[name].title if name in SCORES else name


def loss(name: str) -> str:
    """Return a loss's name as words."""
    return {"mse": "mean squared error"}.get(name, name.replace("_", " "))


def moment(entry: Entry) -> str:
    """Return when a line of the journal was written, to the minute."""
    return entry.utc[:16].replace("T", " ") or "–"
