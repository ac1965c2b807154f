"""The words that a person may ask about: `modelwizard explain dropout`."""

from __future__ import annotations

import re
from difflib import get_close_matches

from modelwizard.errors import UsageError
from modelwizard.words import named


def define(word: str) -> tuple[str, str]:
    """Return a term as the glossary writes it, and what it means.

    Args:
        word: The term in any case, with or without hyphens and spaces, singular or plural.

    Raises:
        UsageError: The glossary does not hold it; near terms are named.
    """
    terms = named("glossary")
    plain = {_plain(term): term for term in terms}
    wanted = _plain(word)
    found = plain.get(wanted) or plain.get(wanted.removesuffix("s"))
    if found:
        return found, terms[found]
    near = [plain[key] for key in get_close_matches(wanted, plain, 3)]
    within = [term for term in terms if wanted in _plain(term) or _plain(term) in wanted]
    nearest = list(dict.fromkeys([*within, *near]))
    raise UsageError(
        "There is no such rule or word.",
        expected="the code of a rule, such as MW101, or one of: " + ", ".join(nearest or terms),
        received=word,
        fix=f'modelwizard explain "{nearest[0]}"' if nearest else None,
    )


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]", "", word.lower())
