"""The way to model.keras: probes, what is decided on their held-out predictions, the last polish, the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard.contract.messages import message
from modelwizard.errors import ProjectError
from modelwizard.evidence.kfold import production_epochs
from modelwizard.stages import squeeze
from modelwizard.stages.squeeze import Squeeze
from modelwizard.walk import findings
from modelwizard.walk.plan import workers
from modelwizard.walk.regularize import MEMBERS, PATIENCE
from modelwizard.walk.session import Session, best_of

MOST = 6
"""Networks that are averaged at most when there is time for more than usual."""


def produce(session: Session, seeds: int) -> tuple[dict[str, Any], Squeeze]:
    """Train the production model of the best settings and export it as model.keras.

    Args:
        session: The stage at work.
        seeds: Networks that are trained and averaged, and probes before them.

    Returns:
        What was made, as the journal holds it, and what was decided on the way.
    """
    hyperparameters, training = _settings(session)
    request = {
        "hyperparameters": hyperparameters,
        "training": {**training, "seed": training.get("seed", session.seed)},
        "patience": PATIENCE,
        "seeds": seeds,
    }
    probes = _probe(session, request) if session.options.time_budget is None else _stand_in(session, request)
    found = _squeeze(session, probes["runs"])
    polish = _polish(session, {**request, "epochs": probes["epochs"]}, probes["runs"])
    made = _export(session, {**request, "runs": probes["runs"]}, found, polish)
    told = made.pop("findings", ())
    session.journal.append(
        "decision",
        stage="finalize",
        **{k: v for k, v in made.items() if k != "stage"},
        squeeze=found.record(),
        polish=polish,
    )
    findings.record(session, "finalize", told)
    session.write_experiment(
        "4-finalize.toml",
        message("finalize.experiment", members=made["members"]),
        hyperparameters,
        {**training, **made["training"], "stop_after": made["epochs"]},
        {"threshold": found.say_from} if found.threshold else None,
    )
    session.reporter.say(
        message(
            "finalize.model",
            members=made["members"],
            epochs=made["epochs"],
            wanted=made["wanted_epochs"] if made["epochs"] < made["wanted_epochs"] else None,
            parameters=made["parameters"],
            **{name: made["equality"][name] for name in ("rows", "largest")},
        )
    )
    return made, found


def _settings(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings that the search chose, or those of the best trial so far where it has chosen none."""
    if (session.project.folder / "experiments" / "3-regularize.toml").exists():
        return session.experiment("3-regularize.toml")
    best = best_of(_judged(session), session.metric)
    if best is None:
        raise ProjectError("No trial has settings that could be used.", fix="modelwizard baseline")
    session.reporter.warn(message("finalize.no_trial_of_search", run=best["run"]))
    return dict(best["hyperparameters"]), {**best["training"], "stop_after": best["best_epoch"] + 1}


def _judged(session: Session) -> list[dict[str, Any]]:
    """Return the trials that judged the present rows with the present code."""
    code = session.project.code_hashes()
    names = {run.name for run in session.usable("baseline", "overfit", "regularize")}
    return [
        e for e in session.trials() if e["run"] in names and e.get("code") == code and e["scheme"] == session.scheme
    ]


def _stand_in(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    """Let the trial that had these settings stand for the probes: under a time budget, networks gain more than probes.

    Where there is no such trial, one probe is trained.
    """
    settings, training = request["hyperparameters"], request["training"]
    known = [
        e
        for e in _judged(session)
        if e.get("best_epochs")
        and e["hyperparameters"] == settings
        and all(training[name] == value for name, value in e["training"].items())
    ]
    if not known:
        return _probe(session, {**request, "seeds": 1, "time_budget": _training_time(session)})
    best = [int(epoch) + 1 for epoch in known[-1]["best_epochs"]]
    return {"runs": [known[-1]["run"]], "epochs": production_epochs(best)}


def _training_time(session: Session) -> float | None:
    """Return the seconds that networks may be trained for, before what exporting and testing need."""
    left = session.seconds_left()
    return None if left is None else max(0.1, left - session.options.reserve)


def _probe(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    """Train the settings where rows are held out, several times; each is a trial of the journal."""
    with session.reporter.watch(
        session.watch(message("finalize.watch_probes"), trials=request["seeds"], done=0)
    ) as on_event:

        def keep(event: Mapping[str, Any]) -> None:
            if event["event"] == "trial":
                session.record(event)
            on_event(event)

        return session.child.run({"job": "probe", **request, "done": session.trials("finalize")}, keep)


def _squeeze(session: Session, runs: Sequence[str]) -> Squeeze:
    """Decide on temperature and threshold, and count the looks that this takes.

    Where one training stands for the probes, the next best trials are averaged with it.
    """
    entries = [entry for entry in session.trials() if entry["run"] in runs]
    beside = sorted((e for e in _judged(session) if e["run"] not in runs), key=lambda e: e["val_loss"])
    others = beside[: max(0, MEMBERS - len(entries))]
    validation = session.validation(entries[0])
    probes, rest = ([session.run(entry) for entry in some] for some in (entries, others))
    found = squeeze.decide(validation, probes, rest, seed=session.seed)
    for purpose, count in found.looks.items():
        _look(session, purpose, count, [run.name for run in (*probes, *rest)])
    for told in found.told().values():
        session.reporter.say(told)
    return found


def _polish(session: Session, request: Mapping[str, Any], runs: Sequence[str]) -> dict[str, Any] | None:
    """Try the last polish where modelwizard.toml asks for it."""
    if not session.project.settings.training.polish:
        return None
    if session.options.time_budget is not None:
        session.reporter.note(message("finalize.polish_takes_too_long"))
        return None
    with session.reporter.watch(session.watch(message("finalize.watch_polish"), trials=1, done=0)) as on_event:
        found = session.child.run({"job": "polish", **request}, on_event)
    _look(session, "polish", found["looks"], runs)
    session.reporter.say(squeeze.polished(found))
    return found


def _export(
    session: Session, request: Mapping[str, Any], found: Squeeze, polish: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Train the production networks and write model.keras."""
    folds = session.scheme == "kfold"
    with session.reporter.watch(session.watch(message("finalize.watch_production"), trials=1, done=0)) as on_event:
        return session.child.run(
            {
                "job": "final",
                **request,
                "done": session.trials(),
                "time_budget": _training_time(session),
                "average": True,
                "seeds": request["seeds"] if session.options.time_budget is None else MOST,
                "workers": workers(session.options),
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
