"""Stage 1: the baseline, models of other kinds, and a small network from model.py, on the same validation rows."""

from __future__ import annotations

from typing import Any

from modelwizard.contract.entries import Trial
from modelwizard.contract.jobs import References, Sanity
from modelwizard.contract.messages import Message, message
from modelwizard.contract.results import Fitted, Reference, Sane
from modelwizard.evidence import scores
from modelwizard.stages import baseline
from modelwizard.stages.inputs import Validation
from modelwizard.stages.verdict import Verdict
from modelwizard.walk.session import Session
from modelwizard.words.numbers import figure

REFERENCES, SANITY = 0.3, 0.55
"""Shares of a time budget after which the references and the sanity checks end; the network has the rest."""


def walk(session: Session) -> Verdict:
    """Train the baseline experiment and judge it."""
    session.reporter.stage(
        "baseline", (message("baseline.references_are_fitted"), message("baseline.network_is_trained"))
    )
    hyperparameters, training = session.experiment("1-baseline.toml")
    found = session.child.run(References(time_budget=session.seconds_left(REFERENCES)))
    session.look("baseline", "references", len(found.references) - 1)
    _show(session, found.references)
    sanity = session.child.run(
        Sanity(
            hyperparameters=hyperparameters,
            batch_size=training.batch_size,
            seed=training.seed,
            time_budget=session.seconds_left(SANITY),
        )
    )
    session.look("baseline", "sanity", sanity.looks)
    floor = next(r.score for r in found.references if r.name == "dumb")
    entry = session.train(
        "baseline", hyperparameters, training, session.watch(message("baseline.watch"), baseline=floor)
    )
    validation = session.validation(entry)
    references = predictions(session, validation)
    return baseline.judge(
        validation,
        [session.run(entry)],
        references.pop("dumb"),
        references,
        sanity,
        _unlearned(session, validation, sanity),
        seed=session.seed,
        notes=_left_out(found, sanity, entry),
    )


def _left_out(found: Fitted, sanity: Sane, entry: Trial) -> list[Message]:
    """Say what was left out for lack of time."""
    names = [message("baseline.rival_name", name=name) for name in found.left_out]
    names += [message(f"baseline.sanity_{name}") for name in sanity.left_out]
    notes = [message("baseline.left_out", names=names)] if names else []
    if entry.status == "stopped":
        wanted = entry.training.epochs
        notes.append(message("baseline.training_was_cut", epochs=entry.epochs_run, wanted=wanted))
    return notes


def predictions(session: Session, validation: Validation) -> dict[str, Any]:
    """Return the predictions of the references in the order of the validation rows."""
    stored = session.project.references()
    where = _places(stored.rows, validation)
    return {name: p[where] for name, p in zip(stored.names, stored.p, strict=True)}


def _places(rows: Any, validation: Validation) -> Any:
    """Return where the validation rows stand among some rows of the data file."""
    import numpy as np

    order = np.argsort(rows)
    return order[np.searchsorted(rows, np.asarray(validation.rows), sorter=order)]


def _show(session: Session, references: list[Reference]) -> None:
    """Show what models of other kinds reach."""
    way = "higher" if scores.direction(session.metric) == "max" else "lower"
    session.reporter.table(
        message("baseline.references"),
        [message("walk.model"), message("walk.metric", metric=session.metric), message("walk.seconds")],
        [[message("baseline.rival_name", name=r.name), figure(r.score), f"{r.seconds:.1f}"] for r in references],
        note=message(f"walk.{way}_is_better"),
    )


def _unlearned(session: Session, validation: Validation, found: Sane) -> dict[str, Any]:
    """Return what networks predicted that had no inputs, or no true labels, as far as there was time for them."""
    import numpy as np

    path = session.project.folder / found.predictions
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as stored:
        where = _places(stored["rows"], validation)
        return {name: stored[name][where] for name in ("zeroed", "shuffled") if name in stored.files}
