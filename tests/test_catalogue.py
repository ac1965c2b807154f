"""The catalogue of sentences against the code: each id exists, each sentence is used, each field is given."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import modelwizard
from modelwizard import words
from modelwizard.errors import UsageError
from modelwizard.evidence.scores import SCORES
from modelwizard.project import STAGES
from modelwizard.words.glossary import define

PACKAGE = Path(modelwizard.__file__).parent
NAMES = {"glossary", "metrics", "questions", "references", "stages"}
"""Files of names: `words.title` looks them up."""
SENTENCES = {
    f"{path.stem}.{key}": text
    for path in sorted((PACKAGE / "words" / "en").glob("*.toml"))
    if path.stem not in NAMES
    for key, text in tomllib.loads(path.read_text(encoding="utf-8")).items()
}


ANY = r"\.\w+"
"""End of a pattern whose whole key is put together."""


class Use(NamedTuple):
    """A call of `message` or `sentences`: where, a pattern of its id, the values given (None: not listed)."""

    where: str
    pattern: str
    values: set[str] | None


def uses() -> Iterator[Use]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name == "words":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Call) and name in ("message", "sentences"):
                given = {keyword.arg for keyword in node.keywords}
                values = None if None in given or name == "sentences" else {name for name in given if name}
                for pattern in patterns(node.args[0]):
                    yield Use(f"{path.relative_to(PACKAGE)}:{node.lineno}", pattern, values)


def patterns(id: ast.expr) -> list[str]:
    """Return regular expressions of the ids that an expression may give."""
    if isinstance(id, ast.Constant):
        return [re.escape(str(id.value))]
    if isinstance(id, ast.IfExp):
        return [*patterns(id.body), *patterns(id.orelse)]
    if isinstance(id, ast.JoinedStr):
        parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in id.values]
        return ["".join(parts)]
    raise AssertionError(f"the id of a message is written where it is used: {ast.unparse(id)}")


USES = list(uses())


def named_fields(text: str) -> tuple[set[str], set[str]]:
    """Return the fields of a sentence, and those of them that must be given."""
    field = r"\{(\w+)[:}]"
    return set(re.findall(field, text)), set(re.findall(field, re.sub(r"\[\[.*?\]\]", "", text)))


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.where} {use.pattern}")
def test_every_message_has_a_sentence_and_gives_what_it_names(use: Use) -> None:
    found = [text for id, text in SENTENCES.items() if re.fullmatch(use.pattern, id)]
    assert found
    if use.values is None or use.pattern.endswith(ANY):
        return  # which of many sentences it is, only the stage's own tests know: they read all that a verdict says
    required = set[str]().union(*(named_fields(text)[1] for text in found))
    assert required <= use.values
    assert use.values <= set[str]().union(*(named_fields(text)[0] for text in found))


def test_every_sentence_is_used() -> None:
    """A key that the code puts together stands as a text of its own somewhere, such as "cannot tell"."""
    texts = {
        node.value.replace(" ", "_")
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    known = {
        id
        for use in USES
        for id in SENTENCES
        if re.fullmatch(use.pattern, id) and (not use.pattern.endswith(ANY) or id.partition(".")[2] in texts)
    }
    assert set(SENTENCES) - known == set()


@pytest.mark.parametrize("id", SENTENCES)
def test_sentences_are_well_formed(id: str) -> None:
    text = SENTENCES[id]
    forms = re.findall(r"\{\w+:(\w+)", text)
    assert not set(forms) - {*words.FORMS, "count", "title", "like"}
    assert text.count("[[") == text.count("]]")
    assert "  " not in text
    assert text == text.strip()


PROSE = ("stages", "walk", "evidence/advice.py")
"""Rooms whose sentences stand in the catalogue; an error is worded where it is raised."""


@pytest.mark.parametrize("room", PROSE)
def test_no_sentence_stands_in_the_code(room: str) -> None:
    paths = [PACKAGE / room] if room.endswith(".py") else sorted((PACKAGE / room).glob("*.py"))
    found = [f"{path.name}:{node.lineno} {node.value}" for path in paths for node in prose(path)]
    assert found == []


def prose(path: Path) -> Iterator[ast.Constant]:
    """Yield the texts of four words or more, besides docstrings and errors."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        call = node.func if isinstance(node, ast.Call) else None
        name = call.id if isinstance(call, ast.Name) else ""
        if isinstance(node, ast.Raise) or name.endswith("Error"):
            left_out |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield from [node] if len(re.findall(r"[A-Za-z]{2,} ", node.value)) >= 3 else []


CUT = ("removeprefix", "removesuffix", "partition", "rpartition", "startswith", "endswith", "replace", "split", "find")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_parses_a_sentence(path: Path) -> None:
    """Methods that take texts apart are not applied to what `say` returns, nor to headlines, reasons and advice."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CUT:
            source = ast.unparse(node.func.value)
            assert not re.search(r"\b(say|headline|reasons?|advice|evidence|told)\b", source), f"line {node.lineno}"


@pytest.mark.parametrize(
    ("word", "term"), [("K-fold", "k-fold"), ("kfold", "k-fold"), ("looks", "look"), ("Test Set", "test set")]
)
def test_a_word_is_found_however_it_is_written(word: str, term: str) -> None:
    assert define(word)[0] == term


@pytest.mark.parametrize(("word", "near"), [("imbalance", "class imbalance"), ("droput", "dropout")])
def test_an_unknown_word_gets_near_ones(word: str, near: str) -> None:
    with pytest.raises(UsageError) as raised:
        define(word)
    assert near in str(raised.value.fix)


def test_every_name_has_its_words() -> None:
    assert set(words.named("metrics")) == set(SCORES)
    assert {*STAGES, "features"} == set(words.named("questions")) == set(words.named("stages")) - {"protocol"}


def test_the_glossary_is_short_and_in_order() -> None:
    terms = words.named("glossary")
    assert list(terms) == sorted(terms)
    assert len(terms) <= 25
    for text in terms.values():
        assert 1 <= len(re.findall(r"[.!?](?: |$)", text)) <= 2
