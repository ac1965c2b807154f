"""A guided model-development wizard for the terminal, built on Keras.

`fit` and `check` are for every Keras 3 user; they load TensorFlow when they are first asked for, so that
`import modelwizard` stays instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelwizard import cache

if TYPE_CHECKING:
    from modelwizard.checks.api import check as check
    from modelwizard.engine.api import fit as fit

__version__ = "0.1.0"
__all__ = ["__version__", "check", "fit"]

cache.watch()


def __getattr__(name: str) -> object:
    """Load `fit` and `check` on first use (PEP 562): they import Keras."""
    if name == "fit":
        from modelwizard.engine.api import fit

        return fit
    if name == "check":
        from modelwizard.checks.api import check

        return check
    raise AttributeError(f"module 'modelwizard' has no attribute {name!r}")
