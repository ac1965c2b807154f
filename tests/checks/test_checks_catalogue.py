"""The pages of the rules: complete, in the fixed vocabulary, and quick to ask for."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from modelwizard.checks.catalogue import codes, explain, page
from modelwizard.checks.finding import CAUSES, SEVERITIES, SYMPTOMS
from modelwizard.errors import UsageError


@pytest.mark.parametrize("code", codes())
def test_page_is_complete(code: str) -> None:
    it = page(code)
    assert re.fullmatch(r"MW[1-9]\d\d", code)
    assert it.cause in CAUSES + SYMPTOMS
    assert it.severity in SEVERITIES
    assert 0 <= it.weight <= 100
    assert all(isinstance(text, str) and text for text in (it.title, it.looks, it.why, it.fix, it.source))
    assert not it.title.endswith(".")


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    pytest.importorskip("keras")
    from modelwizard.checks.case import RULES
    from modelwizard.checks.rules import ROOMS

    assert ROOMS  # importing the rules fills the list
    assert sorted(RULES) == [code for code in codes() if code[2] in "12345"]


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
