"""Words that only the page needs."""

from __future__ import annotations

from modelwizard.contract.entries import Entry
from modelwizard.words import capital, title


def clause(name: str, one: str, many: str) -> str:
    """Return the start of a sentence: "The linear model wins", "Boosted trees win"."""
    return f"{capital(name)} {many}" if name.endswith("s") else f"The {name} {one}"


def metric(name: str) -> str:
    """Return a metric's title for a person."""
    return title("metrics", name)


def loss(name: str) -> str:
    """Return a loss's name as words."""
    return {"mse": "mean squared error"}.get(name, name.replace("_", " "))


def moment(entry: Entry) -> str:
    """Return when a line of the journal was written, to the minute."""
    return entry.utc[:16].replace("T", " ") or "–"
