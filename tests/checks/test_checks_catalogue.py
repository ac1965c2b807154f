"""The pages of the rules: complete, in the fixed vocabulary, and quick to ask for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from modelwizard import checks
from modelwizard.checks.catalogue import codes, explain, page
from modelwizard.checks.finding import SEVERITIES, SYMPTOMS
from modelwizard.errors import UsageError

CAUSES = (
    "wrong-last-activation", "wrong-loss", "labels-encoding-mismatch", "wrong-output-units", "wrong-metric",
    "missing-normalization", "missing-target-scaling", "bad-learning-rate", "wrong-optimizer", "bad-batch-size",
    "epochs-too-few", "missing-hidden-activation", "wrong-hidden-activation", "redundant-activation",
    "bad-weight-init", "wrong-layer-units", "wrong-architecture", "missing-regularization", "over-regularization",
    "data-leakage", "train-test-mismatch", "insufficient-data", "class-imbalance", "label-noise", "nan-in-data",
    "wrong-input-type", "frozen-layer",
)  # fmt: skip
"""Why something is wrong."""


@pytest.mark.parametrize("code", codes())
def test_page_is_complete(code: str) -> None:
    it = page(code)
    assert re.fullmatch(r"MW[1-9]\d\d", code)
    assert it.cause in CAUSES + SYMPTOMS
    assert it.severity in SEVERITIES
    assert 0 <= it.weight <= 100
    assert all(isinstance(text, str) and text for text in (it.title, it.looks, it.why, it.fix, it.source))
    assert bool(it.evidence) == (code[2] != "6")  # those of a project's own code are in findings.toml
    assert not it.title.endswith(".")


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    pytest.importorskip("keras")
    from modelwizard.checks.case import RULES
    from modelwizard.checks.rules import ROOMS

    assert ROOMS  # importing the rules fills the list
    assert sorted(RULES) == [code for code in codes() if code[2] in "12345"]


FIELD = re.compile(r"\{(\w+)")


@pytest.mark.parametrize("path", sorted((Path(checks.__file__).parent / "rules").glob("*.py")), ids=lambda p: p.stem)
def test_sentences_name_what_rules_measure(path: Path) -> None:
    wrong: list[str] = []
    for function in ast.parse(path.read_text(encoding="utf-8")).body:
        codes = [d.args[0].value for d in getattr(function, "decorator_list", ()) if d.func.id.endswith("rule")]
        calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "hit"]
        given = [[k.arg or ast.unparse(k.value) for k in call.keywords] for call in calls]
        measured = {name for names in given for name in names} - {"fix", "severity", "soft"}
        measured |= {"low", "high"} if any(name.endswith(".ends") for name in measured) else set()
        if not codes or not calls or "values" in measured:
            continue  # no rule, or one whose values are gathered elsewhere: the tables of the rules render those
        sentence = page(codes[0]).evidence
        named, needed = set(FIELD.findall(sentence)), set(FIELD.findall(re.sub(r"\[\[.*?\]\]", "", sentence)))
        if not needed <= measured or {name for name in measured if name.isidentifier()} - named:
            wrong.append(f"{codes[0]}: {sorted(measured)} for {sentence!r}")
    assert wrong == []


def test_every_cause_has_a_rule() -> None:
    assert set(CAUSES) - {page(code).cause for code in codes()} == set()


@pytest.mark.parametrize("given", ["MW101", "mw101", "101", " MW101 "])
def test_explain_finds_the_page(given: str) -> None:
    text = explain(given)
    assert text.startswith("MW101  Softmax over a single unit")
    assert 'mute = ["MW101"]' in text


def test_explain_names_the_neighbours_of_a_code_that_does_not_exist() -> None:
    with pytest.raises(UsageError) as raised:
        explain("MW199")
    assert "MW101" in (raised.value.expected or "")


def test_pages_load_without_keras() -> None:
    code = "import sys; from modelwizard.checks.catalogue import explain; explain('MW101'); print(list(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"'keras'", "'tensorflow'", "'numpy'"} & set(done.stdout.strip("[]\n").split(", "))
