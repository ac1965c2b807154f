"""Templates and facts → the text of a file."""

from __future__ import annotations

import pytest

from modelwizard.composing import blocks, compose

TEMPLATE = """\
import json
import numpy as np

# modelwizard: if a or b
A_OR_B = 1
# modelwizard: else
NEITHER = 1
# modelwizard: end


def f():
    # modelwizard: body
    # modelwizard: if a
    one = np.ones(1)
    # modelwizard: end
    return 1
    # modelwizard: end
"""


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"a"}, "import numpy as np\n\nA_OR_B = 1\n\n\ndef f():\n    one = np.ones(1)\n    return 1\n"),
        ({"b", "c"}, "\nA_OR_B = 1\n\n\ndef f():\n    return 1\n"),
        (set(), "\nNEITHER = 1\n\n\ndef f():\n    return 1\n"),
    ],
)
def test_blocks_are_kept_by_facts_and_idle_imports_go(facts: set[str], expected: str) -> None:
    assert compose(TEMPLATE, facts, {}) == expected


def test_a_block_of_another_file_takes_the_place_of_one() -> None:
    other = blocks(
        "x = 1\n# modelwizard: body\n# modelwizard: if b\nreturn 2\n# modelwizard: end\n# modelwizard: end\n"
    )
    assert compose(TEMPLATE, {"b"}, other).endswith("def f():\nreturn 2\n")
    assert compose(TEMPLATE, {"a"}, other).endswith("def f():\n")


def test_an_empty_block_takes_code_away() -> None:
    assert blocks("# modelwizard: body\n# modelwizard: end\n") == {"body": ""}
