"""The pages of the rules: complete, in the fixed vocabulary, and quick to ask for."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from modelwizard.checks.catalogue import PAGES, codes, explain
from modelwizard.checks.finding import CAUSES, SEVERITIES, SYMPTOMS
from modelwizard.errors import UsageError


@pytest.mark.parametrize("code", codes())
def test_page_is_complete(code: str) -> None:
    page = PAGES[code]
    assert re.fullmatch(r"MW[1-5]\d\d", code)
    assert page.cause in CAUSES + SYMPTOMS
    assert page.severity in SEVERITIES
    assert 0 <= page.weight <= 100
    assert all((page.title, page.looks, page.why, page.fix, page.source))
    assert not page.title.endswith(".")


def test_every_cause_has_a_rule() -> None:
    assert set(CAUSES) - {p.cause for p in PAGES.values()} == set()


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
