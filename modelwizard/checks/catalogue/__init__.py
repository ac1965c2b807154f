"""The pages of all rules: what each looks for, why, and what to write instead. Loads without Keras.

MW1xx the contract of last layer, loss, labels and metrics · MW2xx structure · MW3xx settings · MW4xx data ·
MW5xx what training shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from modelwizard.checks.catalogue import contract, data, dynamics, labels, maps, sanity, settings, structure
from modelwizard.checks.catalogue.page import Page
from modelwizard.errors import UsageError

ROOMS = (contract, labels, structure, maps, settings, data, dynamics, sanity)
PAGES: Mapping[str, Page] = MappingProxyType({page.code: page for room in ROOMS for page in room.PAGES})
FAMILIES = {"1": "contract", "2": "structure", "3": "settings", "4": "data", "5": "dynamics"}


def codes() -> list[str]:
    """Return the codes of all rules in order."""
    return sorted(PAGES)


def known(code: str) -> str:
    """Return the code of a rule as it is written here.

    Args:
        code: Code of a rule, upper or lower case, with or without `MW`.

    Raises:
        UsageError: There is no such rule.
    """
    wanted = code.strip().upper()
    wanted = wanted if wanted.startswith("MW") else f"MW{wanted}"
    if wanted not in PAGES:
        near = [c for c in codes() if c[:3] == wanted[:3]] or codes()
        raise UsageError(
            "There is no such rule.", expected=", ".join(near), received=code, fix=f"modelwizard explain {near[0]}"
        )
    return wanted


def explain(code: str) -> str:
    """Return the page of one rule as plain text, for `modelwizard explain MW101`.

    Args:
        code: Code of a rule, upper or lower case, with or without `MW`.

    Raises:
        UsageError: There is no such rule.
    """
    page = PAGES[known(code)]
    lines = [
        f"{page.code}  {page.title}",
        f"{FAMILIES[page.code[2]]} · {page.severity} · cause: {page.cause}",
        "",
        f"Looks at  {page.looks}",
        f"Why       {page.why}",
        f"Write     {page.fix}",
        f"Source    {page.source}",
        "",
        f'Silence it in modelwizard.toml with: [checks] mute = ["{page.code}"]',
    ]
    return "\n".join(lines)
