"""The screens of `modelwizard new`: the data, the last layer, the review, the files. Words only, no terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard import kinds
from modelwizard.conversation import NARROW, Page
from modelwizard.kinds.facts import Facts
from modelwizard.kinds.question import Question
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.given import Given

PHRASES: Mapping[str, str] = {
    "README.md": "what was chosen and why; the commands",
    "modelwizard.toml": "your answers; edit them freely",
    "data.py": "reads the rows; add_features() is yours",
    "reading.py": "how the file is read, and what is mended in it",
    "preprocessing.py": "from columns to the inputs of the network",
    "blocks.py": "how numbers become inputs",
    "strings.py": "how categories and words do, where there are any",
    "model.py": "build_model(hp): the network, yours to edit",
    "export.py": "one model from raw columns to predictions",
    "train.py": "trains one experiment, without modelwizard",
    "predict.py": "raw rows in, predictions out, without modelwizard",
    "split.csv": "which row is for training, validation or test",
    "requirements.txt": "the versions in use today",
    "pyproject.toml": "settings of ruff, pyright and pytest",
    ".gitignore": "what git should not keep",
    "tests/test_project.py": "tests of the split, the training and the saved model",
    "experiments/1-baseline.toml": "the first experiment",
}


def show(page: Page, name: str, known: Mapping[str, Any], facts: Facts) -> None:
    """Show the screen of that name: `data` or `head`."""
    if name == "data" and facts.data is not None:
        kinds.of(facts.kind).show(page, facts.data)
    elif name == "head":
        for warning in facts.require_target().warnings:
            page.warn(warning)
        head(page, known, facts)


def head(page: Page, known: Mapping[str, Any], facts: Facts) -> None:
    """Show the last layer and the loss that belong to the problem, with the reason."""
    row, loss = PROBLEMS[known["problem"]], known.get("loss") or PROBLEMS[known["problem"]].loss
    units = row.outputs(len(known["target"]), len(facts.require_target().labels))
    labels = row.labels + (f"; 1 is {known['positive']!r}" if known.get("positive") else "")
    first = facts.require_target().initial_loss.get(f"{row.name}/{loss}")
    lines = [
        ("last layer", row.layer(units)),
        ("loss", loss),
        ("labels", labels),
        ("first loss", f"{first:.4g} expected before training: {row.initial_loss}" if first else row.initial_loss),
        ("to beat", row.baseline),
    ]
    page.card(f"{row.name}: {row.title}", lines, note=row.why)


def worded(value: Any) -> str:
    """Return an answer in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {kind}" for name, kind in value.items()) or "as read"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value) if value != "" else "none"


def review(page: Page, questions: Sequence[Question], answers: Mapping[str, Given], facts: Facts) -> None:
    """Show every answer with its reason, what was neither asked nor given in one line, and what the split does."""
    known = {name: answer.value for name, answer in answers.items()}
    rows: list[tuple[str, str, str]] = []
    usual: list[str] = []
    for question in questions:
        answer, value = answers[question.name], worded(answers[question.name].value)
        if question.name == "validation" and facts.scheme and answer.value == "auto":
            value = f"auto: {facts.scheme}"
        if answer.source == "default" and not question.asked(known, facts):
            usual.append(f"{question.name} {value}")
        else:
            rows.append((question.name, value, answer.reason))
    if page.width < NARROW:
        page.table("Your answers", ("answer", "value"), [row[:2] for row in rows])
    else:
        page.table("Your answers", ("answer", "value", "because"), rows)
    page.note(f"Defaults: {', '.join(usual)}.")
    for note in facts.split_notes:
        page.note(note)


def tree(page: Page, root: str, files: Sequence[str]) -> None:
    """Show the files of a project, a phrase beside each where there is room."""
    wide = page.width >= NARROW
    page.tree(root, [(path, _phrase(path) if wide else "") for path in files])


def _phrase(path: str) -> str:
    return PHRASES.get(path) or ("the example's data" if path.endswith(".csv") else "")
