"""The lines of the journal, one type a kind; on disk a line has its `kind`, and hashes that `journal` adds.

Fields that a journal of another version has besides are passed over; those that it lacks have their defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from modelwizard.contract.messages import Message
from modelwizard.contract.results import Polished, Produced
from modelwizard.contract.trials import Summary

Text = str | Message


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag=str.lower):
    """A line.

    Args:
        seq: Its number, from 1; the journal fills it in.
        utc: When it was written; the journal fills it in.
        stage: The stage that it belongs to. Defaults to none.
        looks: Evaluations of the validation rows that it stands for. Defaults to none.
    """

    seq: int = 0
    utc: str = ""
    stage: str = ""
    looks: int = 0


class Created(Line, frozen=True, kw_only=True):
    """What the project started from."""

    code: dict[str, str] = {}
    project: str = ""
    problem: str = ""
    target: list[str] = []
    metric: str = ""
    data: dict[str, Any] = {}
    split: dict[str, Any] = {}


class Look(Line, frozen=True, kw_only=True):
    """Evaluations of validation rows that belong to no trial.

    Args:
        purpose: What they were for.
        code: SHA-256 of each file of code, where the purpose depends on it.
        runs: Names of the runs that were looked at, where it depends on those.
    """

    purpose: str = ""
    code: dict[str, str] = {}
    runs: list[str] = []


class Trial(Summary, frozen=True, kw_only=True, tag_field="kind", tag="trial"):
    """A trial that has ended."""

    seq: int = 0
    utc: str = ""


class Verdict(Line, frozen=True, kw_only=True):
    """The end of a stage; `stages.verdict.Verdict` says what its fields mean.

    Args:
        reason: Why it was forced; `project.verdicts` puts it there from the line that says so.
    """

    verdict: str
    headline: Text = ""
    numbers: dict[str, Any] = {}
    reasons: list[Text] = []
    advice: list[Text] = []
    reason: Text | None = None


class Forced(Line, frozen=True, kw_only=True):
    """A gate that was passed by force.

    Args:
        gate: The stage that could start.
        found: The verdict that was overruled, or the codes of the rules.
        reason: Why, in the person's words.
    """

    gate: str = ""
    found: str | list[str] | None = None
    reason: Text | None = None


class Edited(Line, frozen=True, kw_only=True):
    """Files of the project's code changed, after so many looks at validation rows."""

    files: list[str] = []
    code: dict[str, str] = {}
    after_looks: int = 0


class Sealed(Line, frozen=True, kw_only=True):
    """What the test should show, written down before; `stages.finalize.Expected` says what its fields mean."""

    model_sha256: str = ""
    metric: str = ""
    score: float | None = None
    se: float | None = None
    test_se: float | None = None
    interval: tuple[float | None, float | None] = (None, None)
    detectable: float | None = None
    margin: float | None = None
    informative: bool = False
    headline: Text = ""
    threshold: float = 0.5
    units: int = 0


class Opened(Line, frozen=True, kw_only=True):
    """The test rows were opened; `reused`: not for the first time."""

    reason: Text | None = None
    reused: bool = False


class Read(Line, frozen=True, kw_only=True):
    """A person was shown validation scores that they had not seen, by a command."""

    by: str = ""


class Finding(Line, frozen=True, kw_only=True):
    """A rule found something in the code with these hashes.

    Args:
        rule: Code of the rule.
        severity: `error` or `warning`.
        where: File and line, or layer.
        evidence: What was seen.
        code: SHA-256 of each file of code.
    """

    rule: str
    severity: str = "warning"
    where: str = ""
    evidence: Text = ""
    code: dict[str, str] = {}


class Exported(Produced, frozen=True, kw_only=True, tag_field="kind", tag="decision"):
    """The production model was made.

    Args:
        squeeze: What was put on top of the networks; see `stages.squeeze`.
        polish: What the last pass at batch size 1 did, where it was tried.
    """

    findings: list[Any] = []  # noqa: RUF012, the first edition wrote sentences here
    squeeze: dict[str, Any] | None = None
    polish: Polished | None = None
    seq: int = 0
    utc: str = ""
    stage: str = ""
    looks: int = 0


class Switched(Line, frozen=True, kw_only=True, tag="decision"):
    """Rows are judged by another scheme from here, such as `kfold`."""

    protocol: str
    folds: int = 0
    repeats: int = 0


class Compared(Line, frozen=True, kw_only=True, tag="decision"):
    """Features were tried; `stages.features.Judged` says what its fields mean."""

    action: str
    title: Text = ""
    names: list[str] = []
    gain: float | None = None
    se: float | None = None
    t: float | None = None
    accepted: bool = False
    score: float | None = None
    runs: list[str] = []
    features: list[Any] = []


class Written(Line, frozen=True, kw_only=True, tag="decision"):
    """Lines of code were written into files of the project."""

    written: bool
    files: list[str] = []
    code_lines: list[str] = []


Entry = (
    Created
    | Look
    | Trial
    | Verdict
    | Forced
    | Edited
    | Sealed
    | Opened
    | Read
    | Finding
    | Exported
    | Switched
    | Compared
    | Written
)
_KINDS: Mapping[str, type[Entry]] = {
    str(form.__struct_config__.tag): form
    for form in (Created, Look, Trial, Verdict, Forced, Edited, Sealed, Opened, Read, Finding)
}
_DECISIONS: Mapping[str, type[Entry]] = {
    "model": Exported,
    "protocol": Switched,
    "action": Compared,
    "written": Written,
}
"""What a decision is of, by a key that only such a line has."""


def entry(line: Mapping[str, Any]) -> Entry | None:
    """Return a line as a value; None for one of a kind that is not known, or whose fields are something else."""
    form = _KINDS.get(str(line.get("kind")))
    if line.get("kind") == "decision":
        form = next((form for key, form in _DECISIONS.items() if key in line), None)
    if form is None:
        return None
    try:
        return msgspec.convert(line, form)
    except msgspec.ValidationError:
        return None


def kind(entry: Entry) -> str:
    """Return the kind of a line."""
    return str(type(entry).__struct_config__.tag)
