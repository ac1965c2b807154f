"""The screens of `modelwizard new`: the data, the last layer, the review, the files. Words only, no terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwizard.conversation import Page
from modelwizard.problems import PROBLEMS
from modelwizard.wizard.facts import ColumnFacts, Facts, TableFacts
from modelwizard.wizard.given import Given
from modelwizard.wizard.question import Question

MOST_COLUMNS = 24  # lines of the profile; what is suspicious is shown whatever its place
NARROW = 60  # columns of a terminal below which tables say less

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
    """Show the screen of that name: `profile` or `head`."""
    if name == "profile" and facts.table is not None:
        profile(page, facts.table)
    elif name == "head":
        for warning in facts.require_target().warnings:
            page.warn(warning)
        head(page, known, facts)


def profile(page: Page, table: TableFacts) -> None:
    """Show a file: size, columns with their kinds, what is missing, what is suspicious."""
    page.heading(f"{table.source.path.name}: {table.rows:,} rows, {len(table.columns)} columns")
    page.note(_format(table))
    shown, left = _notable(table.columns)
    if page.width < NARROW:
        page.table("", ("column", "type"), [(c.name, c.kind + _mark(c)) for c in shown])
    else:
        head = ("column", "type", "missing", "distinct", "values")
        page.table("", head, [_row(column, table.rows) for column in shown])
    if left:
        kinds = {kind: sum(c.kind == kind for c in left) for kind in dict.fromkeys(c.kind for c in left)}
        page.note(f"and {len(left)} more: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    for warning in table.warnings:
        page.warn(warning)
    page.note("A wrong type can be changed on the review screen, or with --set columns.NAME=TYPE.")


def _row(column: ColumnFacts, rows: int) -> tuple[str, ...]:
    share = column.missing / max(rows, 1)
    missing = f"{column.missing:,} ({'<1%' if share < 0.005 else f'{share:.0%}'})" if column.missing else ""
    return column.name, column.kind + _mark(column), missing, f"{column.distinct:,}", column.summary


def _mark(column: ColumnFacts) -> str:
    return " !" if column.odd else ""


def _notable(columns: Sequence[ColumnFacts]) -> tuple[list[ColumnFacts], list[ColumnFacts]]:
    """Split columns into those to show and those to count, in file order: warnings first, then the first ones."""
    ranked = sorted(range(len(columns)), key=lambda at: (not columns[at].odd, at))
    chosen = set(ranked[:MOST_COLUMNS])
    if len(columns) > MOST_COLUMNS:
        chosen = {len(columns) - 1, *ranked[: MOST_COLUMNS - 1]}  # the target is often the last column
    shown = [column for at, column in enumerate(columns) if at in chosen]
    return shown, [column for at, column in enumerate(columns) if at not in chosen]


def _format(table: TableFacts) -> str:
    source = table.source
    parts = [
        {"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet", "excel": "Excel"}.get(source.kind, source.kind)
    ]
    if source.kind == "csv":
        signs = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
        parts += [f"{signs.get(source.delimiter, repr(source.delimiter))} between cells", source.encoding]
    parts += [f"sheet {source.sheet}"] if source.sheet else []
    parts += ["decimal comma"] if source.decimal == "," else []
    words = [repr(word) for word in source.missing if word.strip()]
    parts += [f"missing values written as {', '.join(words)}"] if words else []
    parts += [f"{table.duplicates:,} duplicate rows"] if table.duplicates else []
    return "; ".join(parts) + "."


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
    """Show every answer with its reason; what was neither asked nor given in one line."""
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


def tree(page: Page, root: str, files: Sequence[str]) -> None:
    """Show the files of a project, a phrase beside each where there is room."""
    wide = page.width >= NARROW
    page.tree(root, [(path, _phrase(path) if wide else "") for path in files])


def _phrase(path: str) -> str:
    return PHRASES.get(path) or ("the example's data" if path.endswith(".csv") else "")
