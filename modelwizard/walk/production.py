"""The way to model.keras: probes, what is decided on their held-out predictions, the last polish, the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard.stages import squeeze
from modelwizard.stages.squeeze import Squeeze
from modelwizard.stages.verdict import figure
from modelwizard.walk.regularize import PATIENCE
from modelwizard.walk.session import Session


def produce(session: Session, seeds: int) -> tuple[dict[str, Any], Squeeze]:
    """Train the production model of the best settings and export it as model.keras.

    Args:
        session: The stage at work.
        seeds: Networks that are trained and averaged, and probes before them.

    Returns:
        What was made, as the journal holds it, and what was decided on the way.
    """
    hyperparameters, training = session.experiment("3-regularize.toml")
    request = {
        "hyperparameters": hyperparameters,
        "training": {**training, "seed": training.get("seed", session.seed)},
        "patience": PATIENCE,
        "seeds": seeds,
        "time_budget": session.options.time_budget,
    }
    probes = _probe(session, request)
    found = _squeeze(session, probes["runs"])
    polish = _polish(session, {**request, "epochs": probes["epochs"]}, probes["runs"])
    made = _export(session, request, found, polish)
    session.journal.append(
        "decision",
        stage="finalize",
        **{k: v for k, v in made.items() if k != "stage"},
        squeeze=found.record(),
        polish=polish,
    )
    members = f"{made['members']} networks" if made["members"] > 1 else "one network"
    session.write_experiment(
        "4-finalize.toml",
        f"The production model: {members} of these settings, averaged in model.keras.",
        hyperparameters,
        {**training, "stop_after": made["epochs"]},
        {"threshold": found.say_from} if found.threshold else None,
    )
    session.reporter.say(
        f"model.keras: {members}, {made['epochs']} epochs each, {made['parameters']:,} parameters; saved, loaded "
        f"again, and equal on {made['equality']['rows']:,} rows within {made['equality']['largest']:.1e}"
    )
    return made, found


def _probe(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    """Train the settings where rows are held out, several times; each is a trial of the journal."""
    with session.reporter.watch(session.watch("Probes", trials=request["seeds"], done=0)) as on_event:

        def keep(event: Mapping[str, Any]) -> None:
            if event["event"] == "trial":
                session.record(event)
            on_event(event)

        return session.child.run({"job": "probe", **request, "done": session.trials("finalize")}, keep)


def _squeeze(session: Session, runs: Sequence[str]) -> Squeeze:
    """Decide on temperature and threshold, and count the looks that this takes."""
    entries = [entry for entry in session.trials("finalize") if entry["run"] in runs]
    validation = session.validation(entries[0])
    found = squeeze.decide(validation, [session.run(entry) for entry in entries], seed=session.seed)
    for purpose, count in found.looks.items():
        _look(session, purpose, count, runs)
    for sentence in found.sentences():
        session.reporter.say(sentence[:1].upper() + sentence[1:])
    return found


def _polish(session: Session, request: Mapping[str, Any], runs: Sequence[str]) -> dict[str, Any] | None:
    """Try the last polish where modelwizard.toml asks for it."""
    if not session.project.settings.training.polish:
        return None
    with session.reporter.watch(session.watch("Last polish, on trial", trials=1, done=0)) as on_event:
        found = session.child.run({"job": "polish", **request}, on_event)
    _look(session, "polish", found["looks"], runs)
    session.reporter.say(_told(found))
    return found


def _told(found: Mapping[str, Any]) -> str:
    """Say what the polish did to held-out rows, beside its control arm."""
    if found["learning_rate"] is None:
        return "Last polish: left out, every learning rate raised the training loss"
    what = "kept" if found["kept"] else "left out, it does not help by more than noise"
    control, rate = found["control"], found["learning_rate"]
    return (
        f"Last polish at batch size 1, learning rate {rate:g}: {what}; held-out loss lower by "
        f"{figure(found['gain'])} (t = {found['t']:.1f}); batches of 32 at 32 times that rate: "
        f"{figure(control['gain'])} (t = {control['t']:.1f})"
    )


def _export(
    session: Session, request: Mapping[str, Any], found: Squeeze, polish: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Train the production networks and write model.keras."""
    folds = session.scheme == "kfold"
    with session.reporter.watch(session.watch("Production", trials=1, done=0)) as on_event:
        return session.child.run(
            {
                "job": "final",
                **request,
                "done": session.trials("finalize"),
                "average": True,
                "strategy": session.project.settings.training.production if folds else "retrain",
                "temperature": found.divide_by,
                "polish": polish["learning_rate"] if polish and polish["kept"] else None,
            },
            on_event,
        )


def _look(session: Session, purpose: str, count: int, runs: Sequence[str]) -> None:
    """Record looks at the held-out predictions of some runs; the same look at the same runs counts once."""
    known = session.journal.entries("look", "finalize")
    if count and not any(e["purpose"] == purpose and e.get("runs") == list(runs) for e in known):
        session.journal.append(
            "look", stage="finalize", purpose=purpose, looks=count, metric=session.metric, runs=list(runs)
        )
